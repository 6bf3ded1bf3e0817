//! A withdrawal of `A` with the fee `F`.
//!
//! | movement | available(a) | held(a) | withdrawals_in_flight | chain | network_fees |
//! |---|---|---|---|---|---|
//! | held: asked for | −A | +A | | | |
//! | leaves: its message is committed | | −A | +A | | |
//! | paid: finalized | | | −A | +(A − F) | +F |
//! | given back before it left | +A | −A | | | |
//! | given back, never paid | +A | | −A | | |
//!
//! Each has a key of its own under the withdrawal's id, so posting it twice is posting it once.

use super::{CHAIN, IN_FLIGHT, NETWORK_FEES, key, network_fee, post};
use crate::{
    domain::{
        ledger::{Account, Movement, MovementKind, Short},
        withdrawal::State,
    },
    store::{
        ledger::{self, Posted},
        withdrawal::Withdrawal,
    },
};
use chassis::{Fault, Unit};
use proto::{AccountId, Lamports, WithdrawalId};
use uuid::Uuid;

/// Reserves a withdrawal, or says what the account has.
///
/// # Errors
/// The database, or the same withdrawal with another amount.
pub async fn hold(
    unit: &mut Unit,
    id: WithdrawalId,
    account: AccountId,
    lamports: Lamports,
) -> Result<Result<(), Short>, Fault> {
    let movement = Movement::transfer(
        key(id.uuid(), "held"),
        MovementKind::WithdrawalHeld,
        Account::available(account),
        Account::held(account),
        lamports,
        id.uuid(),
    )?;
    let posted = ledger::post(unit, &[movement]).await?;
    let short = posted.iter().find_map(|posted| match posted {
        Posted::Short(short) => Some(*short),
        Posted::Now | Posted::Before => None,
    });
    Ok(short.map_or(Ok(()), Err))
}

/// The message that pays these withdrawals is being committed. Nothing moves for those of an earlier attempt.
///
/// # Errors
/// The database.
pub async fn leave(unit: &mut Unit, withdrawals: &[Withdrawal]) -> Result<(), Fault> {
    let leaves = |one: &Withdrawal| {
        let (id, held) = (one.id.uuid(), Account::held(one.account));
        Movement::transfer(
            key(id, "signed"),
            MovementKind::WithdrawalSigned,
            held,
            IN_FLIGHT,
            one.lamports,
            id,
        )
    };
    let movements = withdrawals.iter().map(leaves).collect::<Result<Vec<_>, _>>()?;
    post(unit, &movements).await
}

/// The transaction of these withdrawals is finalized, and the network took `fee` for it.
///
/// # Errors
/// The database.
pub async fn pay(
    unit: &mut Unit,
    withdrawals: &[Withdrawal],
    transaction: Uuid,
    fee: Lamports,
) -> Result<(), Fault> {
    let mut movements = Vec::with_capacity(2 * withdrawals.len() + 1);
    for one in withdrawals {
        let id = one.id.uuid();
        let paid = |name, to, lamports| {
            Movement::transfer(key(id, name), MovementKind::WithdrawalPaid, IN_FLIGHT, to, lamports, id)
        };
        movements.push(paid("paid", CHAIN, one.arrives()?)?);
        movements.push(paid("fee", NETWORK_FEES, one.fee)?);
    }
    movements.push(network_fee::from_withdrawals(transaction, fee)?);
    post(unit, &movements).await
}

/// A withdrawal will not happen: its money goes back from wherever it is.
///
/// # Errors
/// The database.
pub async fn give_back(unit: &mut Unit, withdrawal: &Withdrawal) -> Result<(), Fault> {
    let from = match withdrawal.state {
        State::Requested | State::Held | State::Approved => Account::held(withdrawal.account),
        _ => IN_FLIGHT,
    };
    let id = withdrawal.id.uuid();
    let movement = Movement::transfer(
        key(id, "returned"),
        MovementKind::WithdrawalReturned,
        from,
        Account::available(withdrawal.account),
        withdrawal.lamports,
        id,
    )?;
    post(unit, &[movement]).await
}
