//! Money that its owner gives up.
//!
//! | movement | available(a) | unclaimed |
//! |---|---|---|
//! | given up on leaving | −x | +x |
//!
//! The key is the id of the command that said so.

use crate::{
    domain::ledger::{Account, Kind, Movement, MovementKind},
    store::ledger::{self, Posted},
};
use chassis::{Fault, Unit};
use proto::{AccountId, CommandId, Lamports};

/// Moves the whole balance of an account, which is locked, to what belongs to nobody.
///
/// # Errors
/// The database, or a balance that is another than it was under the lock.
pub async fn give_up(
    unit: &mut Unit,
    command: CommandId,
    account: AccountId,
    lamports: Lamports,
) -> Result<(), Fault> {
    let movement = Movement::transfer(
        command.uuid(),
        MovementKind::GivenUp,
        Account::available(account),
        Account::house(Kind::Unclaimed),
        lamports,
        account.uuid(),
    )?;
    match ledger::post(unit, &[movement]).await?.first() {
        Some(Posted::Now | Posted::Before) => Ok(()),
        other => Err(Fault::bug(format!("the balance of {account} was not given up: {other:?}"))),
    }
}
