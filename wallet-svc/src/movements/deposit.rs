//! Money that arrives on chain.
//!
//! | movement | chain | available(a) | unclaimed |
//! |---|---|---|---|
//! | a user's deposit | −x | +x | |
//! | money that nobody sent | −x | | +x |
//!
//! The key is the deposit's id, which follows from signature, instruction and address: a deposit that is read twice is
//! posted once.

use super::{CHAIN, post};
use crate::{
    domain::ledger::{Account, Kind, Movement, MovementKind},
    store::ledger,
};
use chassis::{Fault, Unit};
use proto::{AccountId, DepositId, Lamports};
use std::collections::BTreeSet;

/// Credits a user's deposit. Returns the available balance with it.
///
/// # Errors
/// The database, or the same deposit with another body.
pub async fn credit(
    unit: &mut Unit,
    id: DepositId,
    account: AccountId,
    lamports: Lamports,
) -> Result<Lamports, Fault> {
    let available = Account::available(account);
    arrive(unit, id, available, lamports).await?;
    let balances = ledger::lock(unit, &BTreeSet::from([available])).await?;
    Ok(balances.get(available).unwrap_or_default())
}

/// Books money that is there without anybody having sent it.
///
/// # Errors
/// The database, or the same deposit with another body.
pub async fn unclaimed(unit: &mut Unit, id: DepositId, lamports: Lamports) -> Result<(), Fault> {
    arrive(unit, id, Account::house(Kind::Unclaimed), lamports).await
}

/// Moves what arrived to whoever it belongs to.
pub(super) async fn arrive(
    unit: &mut Unit,
    id: DepositId,
    to: Account,
    lamports: Lamports,
) -> Result<(), Fault> {
    let movement = Movement::transfer(id.uuid(), MovementKind::Deposit, CHAIN, to, lamports, id.uuid())?;
    post(unit, &[movement]).await
}
