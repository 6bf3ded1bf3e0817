//! Commands about the chain, as the writer obeys them: what is decided at once is decided here,
//! the rest is left to the jobs.

use super::ChainSettings;
use crate::{
    audit,
    domain::{
        ledger::{Account, Kind},
        pause::Cause,
        withdrawal::{Facts, Request, Rules, State, Totp, decide, destination, held_until, withdrawable},
    },
    movements,
    store::{self, allowance, withdrawal::Withdrawal},
    totp::Authenticators,
};
use chassis::{Delivery, Fault, Unit};
use proto::{
    AccountId, CommandId, Lamports, Refusal, RoomId, WithdrawalId,
    common::{Outcome, RefusalCode},
    receipt_leaf, receipt_memo,
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
    authenticators: &Authenticators,
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
    let locked = store::ledger::lock(unit, &request_locks(account)).await?;
    let Some(available) = locked.get(available) else {
        unit.refuse(delivery, &Refusal::new(RefusalCode::AccountUnknown));
        return Ok(());
    };
    let code = match authenticators.examine(unit, delivery.id, account, &message.totp_code).await? {
        Ok(code) => code,
        Err(refusal) => {
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
    };
    let facts = facts(unit.conn(), account, &request, available, code.says, rules).await?;
    let decision = decide(&request, &facts, rules);
    if decision.reaches_total {
        let reason = format!("withdrawals of 24 hours reach {} SOL", rules.total_day_cap);
        store::pause::begin(unit.conn(), Cause::DailyCap, &reason).await?;
    }
    let accepted = match decision.verdict {
        Ok(accepted) => accepted,
        Err(refusal) => {
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
    };
    if let Err(short) = movements::withdrawal::hold(unit, id, account, accepted.amount).await? {
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
        approvals: 0,
        approvals_needed: i16::try_from(accepted.approvals_needed).unwrap_or(i16::MAX),
        reason: None,
        rejected_by: None,
    };
    authenticators.use_up(unit, account, &code).await?;
    store::withdrawal::insert(unit.conn(), &withdrawal).await?;
    audit::requested(unit, &withdrawal);
    Ok(())
}

/// What a request locks: the account's money, and the row at which requests of all accounts queue, so that no two of
/// them see the same rest of the cap that they share.
pub(crate) fn request_locks(account: AccountId) -> BTreeSet<Account> {
    BTreeSet::from([
        Account::available(account),
        Account::held(account),
        Account::house(Kind::WithdrawalsInFlight),
    ])
}

/// What the rules need to know about a request.
pub(super) async fn facts(
    conn: &mut PgConnection,
    account: AccountId,
    request: &Request,
    available: Lamports,
    totp: Totp,
    rules: &Rules,
) -> Result<Facts, Fault> {
    // An address that is none is refused before anything that is looked up for it counts.
    let address = destination(&request.address).unwrap_or_default();
    let acquaintance = allowance::acquaintance(&mut *conn, account, &address, rules.trusted_after).await?;
    let day = allowance::last_day(&mut *conn, account, &address).await?;
    Ok(Facts {
        paused: store::pause::paused(&mut *conn).await?,
        available,
        fresh_deposits: store::deposit::credited_within(&mut *conn, account, rules.deposit_age).await?,
        ours: store::key::is_ours(&mut *conn, &address).await?,
        known_address: acquaintance.known,
        trusted_address: acquaintance.trusted,
        address_day: day.address,
        account_day: day.account,
        total_day: day.total,
        totp,
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
    let (memo, leaf) = (receipt_memo(message)?, receipt_leaf(message)?);
    match store::receipt::anchored(&mut *unit.conn(), room).await? {
        Some(anchored) => unit.event(&ReceiptAnchored::from(anchored)),
        None => store::receipt::request(unit.conn(), room, &memo, &leaf).await?,
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
