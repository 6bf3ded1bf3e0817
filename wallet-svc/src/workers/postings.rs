//! What happens on chain, as movements of the ledger. Each has a key of its own, so posting it
//! twice is posting it once.
//!
//! A withdrawal of `A` with the fee `F`: `available → held` when it is asked for, `held → in
//! flight` when its message is committed; once it is finalized `A − F` leaves the chain and `F`
//! becomes network fees, out of which the network is paid.

use crate::{
    domain::{
        ledger::{Account, Kind, Movement, MovementError, MovementKind, Short},
        withdrawal::State,
    },
    store::{
        ledger::{self, Posted},
        withdrawal::Withdrawal,
    },
};
use chassis::{Db, Fault, Unit};
use proto::{AccountId, DepositId, Lamports, WithdrawalId};
use std::collections::BTreeSet;
use uuid::Uuid;

const CHAIN: Account = Account::house(Kind::Chain);
const CAPITAL: Account = Account::house(Kind::Capital);
const NETWORK_FEES: Account = Account::house(Kind::NetworkFees);
const IN_FLIGHT: Account = Account::house(Kind::WithdrawalsInFlight);

fn bug(error: MovementError) -> Fault {
    Fault::bug(error.to_string())
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

async fn arrive(unit: &mut Unit, id: DepositId, to: Account, lamports: Lamports) -> Result<(), Fault> {
    let movement = Movement::transfer(id.uuid(), MovementKind::Deposit, CHAIN, to, lamports, id.uuid());
    post(unit, &[movement.map_err(bug)?]).await
}

/// Credits a user's deposit. Returns the available balance with it.
pub(super) async fn deposit(
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

/// Credits what operators sent to the treasury.
pub(super) async fn capital(unit: &mut Unit, id: DepositId, lamports: Lamports) -> Result<(), Fault> {
    arrive(unit, id, CAPITAL, lamports).await
}

/// Books money that is there without anybody having sent it.
pub(super) async fn unclaimed(unit: &mut Unit, id: DepositId, lamports: Lamports) -> Result<(), Fault> {
    arrive(unit, id, Account::house(Kind::Unclaimed), lamports).await
}

/// Reserves a withdrawal, or says what the account has.
pub(super) async fn withdrawal_held(
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
    );
    let posted = ledger::post(unit, &[movement.map_err(bug)?]).await?;
    let short = posted.iter().find_map(|posted| match posted {
        Posted::Short(short) => Some(*short),
        Posted::Now | Posted::Before => None,
    });
    Ok(short.map_or(Ok(()), Err))
}

/// The message that pays these withdrawals is being committed.
pub(super) async fn withdrawals_leave(unit: &mut Unit, withdrawals: &[Withdrawal]) -> Result<(), Fault> {
    let leave = |one: &Withdrawal| {
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
    let movements = withdrawals.iter().map(leave).collect::<Result<Vec<_>, _>>().map_err(bug)?;
    post(unit, &movements).await
}

/// The transaction of these withdrawals is finalized, and the network took `fee` for it.
pub(super) async fn withdrawals_paid(
    unit: &mut Unit,
    withdrawals: &[Withdrawal],
    transaction: Uuid,
    fee: Lamports,
) -> Result<(), Fault> {
    let mut movements = Vec::with_capacity(2 * withdrawals.len() + 1);
    for one in withdrawals {
        let id = one.id.uuid();
        let mut pay = |name, to, lamports| {
            let movement =
                Movement::transfer(key(id, name), MovementKind::WithdrawalPaid, IN_FLIGHT, to, lamports, id);
            movement.map(|movement| movements.push(movement)).map_err(bug)
        };
        pay("paid", CHAIN, one.arrives()?)?;
        pay("fee", NETWORK_FEES, one.fee)?;
    }
    movements.push(network_fee(transaction, NETWORK_FEES, fee)?);
    post(unit, &movements).await
}

/// A withdrawal will not happen: its money goes back from wherever it is.
pub(super) async fn withdrawal_returns(unit: &mut Unit, withdrawal: &Withdrawal) -> Result<(), Fault> {
    let from = match withdrawal.state {
        State::Requested | State::Held | State::Approved => Account::held(withdrawal.account),
        _ => IN_FLIGHT,
    };
    let id = withdrawal.id.uuid();
    let to = Account::available(withdrawal.account);
    let movement = Movement::transfer(
        key(id, "returned"),
        MovementKind::WithdrawalReturned,
        from,
        to,
        withdrawal.lamports,
        id,
    );
    post(unit, &[movement.map_err(bug)?]).await
}

/// Takes a network fee out of `capital`. False where that is short.
pub(super) async fn capital_network_fee(
    unit: &mut Unit,
    transaction: Uuid,
    fee: Lamports,
) -> Result<bool, Fault> {
    let posted = ledger::post(unit, &[network_fee(transaction, CAPITAL, fee)?]).await?;
    Ok(!posted.iter().any(|posted| matches!(posted, Posted::Short(_))))
}

/// One transaction lands at most once, so its id is key enough.
fn network_fee(transaction: Uuid, from: Account, fee: Lamports) -> Result<Movement, Fault> {
    let key = key(transaction, "network fee");
    Movement::transfer(key, MovementKind::NetworkFee, from, CHAIN, fee, transaction).map_err(bug)
}

/// What `capital` has, outside any decision.
pub(super) async fn capital_balance(db: &Db) -> Result<Lamports, Fault> {
    let balances = ledger::balances(db.pool(), &[CAPITAL]).await?;
    Ok(balances.get(&CAPITAL).copied().unwrap_or_default())
}
