//! Stakes and payouts: one file per kind of money movement, with its entries in a table.
//!
//! In the tables `a` is a user, `r` a room; a column is an account, a cell what is added to it.

pub mod payout;
pub mod stake;

use crate::domain::ledger::MovementError;
use chassis::Fault;

impl From<MovementError> for Fault {
    fn from(error: MovementError) -> Self {
        Self::bug(error.to_string())
    }
}
