//! What the network takes for carrying a transaction.
//!
//! | movement | chain | network_fees | capital |
//! |---|---|---|---|
//! | of a transaction that pays withdrawals | +x | −x | |
//! | of a sweep or a receipt | +x | | −x |
//!
//! One transaction lands at most once, so its id is key enough.

use super::{CAPITAL, CHAIN, NETWORK_FEES, key};
use crate::{
    domain::ledger::{Account, Movement, MovementError, MovementKind},
    store::ledger::{self, Posted},
};
use chassis::{Fault, Unit};
use proto::Lamports;
use uuid::Uuid;

/// Takes a fee out of `capital`. False where that is short; then nothing is posted.
///
/// # Errors
/// The database, or the same transaction with another fee.
pub async fn from_capital(unit: &mut Unit, transaction: Uuid, fee: Lamports) -> Result<bool, Fault> {
    let posted = ledger::post(unit, &[movement(transaction, CAPITAL, fee)?]).await?;
    Ok(!posted.iter().any(|posted| matches!(posted, Posted::Short(_))))
}

/// Takes a fee out of what users paid for their withdrawals, in one posting with these.
pub(super) fn from_withdrawals(transaction: Uuid, fee: Lamports) -> Result<Movement, MovementError> {
    movement(transaction, NETWORK_FEES, fee)
}

fn movement(transaction: Uuid, from: Account, fee: Lamports) -> Result<Movement, MovementError> {
    let key = key(transaction, "network fee");
    Movement::transfer(key, MovementKind::NetworkFee, from, CHAIN, fee, transaction)
}
