//! Commands about the chain, as the writer obeys them: what is decided at once is decided here,
//! the rest is left to the jobs.

use super::{ChainSettings, postings};
use crate::{
    domain::{
        ledger::Account,
        withdrawal::{Facts, Request, Rules, State, decide, destination, held_until, withdrawable},
    },
    store::{self, withdrawal::Withdrawal},
};
use chassis::{Delivery, Fault, Unit};
use proto::{
    AccountId, CommandId, Lamports, Refusal, RoomId, WithdrawalId,
    common::{Outcome, RefusalCode},
    receipt_memo,
    wallet::{AnchorReceipt, ReceiptAnchored, RequestWithdrawal, RequestWithdrawalDone, WatchDeposits},
};
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Reserves a withdrawal, or refuses it. The outcome of a reserved one follows when the chain
/// has been asked about its destination.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn request_withdrawal<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    message: &RequestWithdrawal,
    settings: &ChainSettings,
) -> Result<(), Fault> {
    let id = WithdrawalId::from(CommandId::new(delivery.id));
    if let Some(known) = store::withdrawal::get(&mut *unit.conn(), id).await? {
        if known.state != State::Requested {
            let done = RequestWithdrawalDone { withdrawal: Some(known.wire()) };
            unit.answer(Outcome::done(id.uuid().as_bytes(), &done));
        }
        return Ok(());
    }
    let account = AccountId::try_from_bytes(&message.account_id)?;
    let request = Request { address: message.address.clone(), amount: Lamports::new(message.lamports) };
    let rules = &settings.withdrawals;
    let available = Account::available(account);
    let locked = store::ledger::lock(unit, &BTreeSet::from([available, Account::held(account)])).await?;
    let Some(available) = locked.get(available) else {
        unit.refuse(delivery, &Refusal::new(RefusalCode::AccountUnknown));
        return Ok(());
    };
    let facts = facts(unit.conn(), account, &request, available, rules).await?;
    let accepted = match decide(&request, &facts, rules) {
        Ok(accepted) => accepted,
        Err(refusal) => {
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
    };
    if let Err(short) = postings::withdrawal_held(unit, id, account, accepted.amount).await? {
        return Err(Fault::bug(format!("{:?} is short after it was found sufficient", short.account)));
    }
    let requested_at = unit.now().await?;
    let withdrawal = Withdrawal {
        id,
        account,
        address: accepted.address,
        lamports: accepted.amount,
        fee: accepted.fee,
        state: State::Requested,
        requested_at,
        held_until: held_until(requested_at, accepted.hold),
        chain_tx: None,
        alone: false,
        signature: None,
        version: 1,
    };
    store::withdrawal::insert(unit.conn(), &withdrawal).await
}

/// What the rules need to know about a request.
pub(super) async fn facts(
    conn: &mut PgConnection,
    account: AccountId,
    request: &Request,
    available: Lamports,
    rules: &Rules,
) -> Result<Facts, Fault> {
    let address = destination(&request.address).ok();
    let (ours, known_address) = match &address {
        Some(address) => (
            store::key::is_ours(&mut *conn, address).await?,
            store::withdrawal::knows_address(&mut *conn, account, address).await?,
        ),
        None => (false, false),
    };
    let day = store::withdrawal::last_day(&mut *conn, account).await?;
    Ok(Facts {
        paused: store::reconciliation::withdrawals_paused(&mut *conn).await?,
        available,
        fresh_deposits: store::deposit::credited_within(&mut *conn, account, rules.deposit_age).await?,
        ours,
        known_address,
        account_day: day.account,
        total_day: day.total,
    })
}

/// What an account may withdraw now, for screens.
///
/// # Errors
/// The database.
pub async fn withdrawable_now(
    conn: &mut PgConnection,
    account: AccountId,
    available: Lamports,
    settings: &ChainSettings,
) -> Result<Lamports, Fault> {
    let fresh = store::deposit::credited_within(conn, account, settings.withdrawals.deposit_age).await?;
    withdrawable(available, fresh).map_err(|error| Fault::bug(error.to_string()))
}

/// Notes a receipt to be written on chain, or tells again where it is.
///
/// # Errors
/// The database, or a receipt that breaks its contract.
pub async fn anchor_receipt(unit: &mut Unit, message: &AnchorReceipt) -> Result<(), Fault> {
    let room = RoomId::try_from_bytes(&message.room_id)?;
    let memo = receipt_memo(message)?;
    match store::receipt::anchored(&mut *unit.conn(), room).await? {
        Some(anchored) => unit.event(&ReceiptAnchored::from(anchored)),
        None => store::receipt::request(unit.conn(), room, &memo).await?,
    }
    Ok(())
}

/// Reads the addresses of these accounts often for a while.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn watch_deposits(
    unit: &mut Unit,
    messages: &[&WatchDeposits],
    settings: &ChainSettings,
) -> Result<(), Fault> {
    let accounts = messages.iter().map(|message| AccountId::try_from_bytes(&message.account_id));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    store::address::watch(unit.conn(), &accounts, settings.pace.hot_for).await
}
