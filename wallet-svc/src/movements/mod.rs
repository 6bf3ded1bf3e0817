//! Every movement of money: one file per kind, with its entries in a table.
//!
//! In the tables `a` is a user, `r` a room; a column is an account, a cell what is added to it. A line sums to zero.
//! `chain` mirrors what lies at our addresses with the sign turned, so money that arrives makes it smaller.

pub mod capital;
pub mod deposit;
pub mod leaving;
pub mod network_fee;
pub mod payout;
pub mod refund;
pub mod stake;
pub mod withdrawal;

use crate::{
    domain::ledger::{Account, Kind, Movement, MovementError},
    store::ledger::{self, Posted},
};
use chassis::{Fault, Unit};
use uuid::Uuid;

const CAPITAL: Account = Account::house(Kind::Capital);
const CHAIN: Account = Account::house(Kind::Chain);
const IN_FLIGHT: Account = Account::house(Kind::WithdrawalsInFlight);
const NETWORK_FEES: Account = Account::house(Kind::NetworkFees);

impl From<MovementError> for Fault {
    fn from(error: MovementError) -> Self {
        Self::bug(error.to_string())
    }
}

/// The key of one movement of an aggregate that has several.
fn key(aggregate: Uuid, movement: &str) -> Uuid {
    Uuid::new_v5(&aggregate, movement.as_bytes())
}

/// Posts what cannot be short unless something is wrong.
async fn post(unit: &mut Unit, movements: &[Movement]) -> Result<(), Fault> {
    for posted in ledger::post(unit, movements).await? {
        if let Posted::Short(short) = posted {
            return Err(Fault::bug(format!("{:?} is short", short.account)));
        }
    }
    Ok(())
}
