//! Limits that people set for themselves, as they are obeyed, asked for and applied to deposits. Stakes are decided
//! against them with their hold, in `movements::stake`.

use crate::{
    domain::{
        ledger::Account,
        limit::{Flow, Kind, Limit, Rules, excess},
    },
    store::{self, limit as rows},
};
use chassis::{
    Delivery, Fault, Unit,
    grpc::Unanswered,
    settings::{Invalid, Reader},
};
use proto::{
    AccountId, DepositId, Lamports, LamportsError, Malformed, Refusal,
    common::RefusalCode,
    timestamp,
    wallet::{
        CoolOff, CoolOffDone, ExcludeSelf, ExcludeSelfDone, GetLimitsRequest, GetLimitsResponse, SetLimit,
        SetLimitDone,
    },
};
use sqlx::PgConnection;
use std::{collections::BTreeSet, time::Duration};
use time::OffsetDateTime;

/// Declares and reads the rules.
///
/// # Errors
/// A variable is wrong.
pub fn declare(r: &mut Reader) -> Result<Rules, Invalid> {
    let loosen = r
        .setting("LIMIT_LOOSEN_AFTER", "How long a looser limit of one's own waits.")
        .between(Duration::from_secs(1), Duration::from_secs(366 * 86_400))
        .mainnet_no_less()
        .or(Duration::from_secs(86_400));
    let days = r
        .setting("COOL_OFF_MAX_DAYS", "The longest break that somebody can take, in days.")
        .between(1, 366)
        .mainnet_no_less()
        .or(42);
    let months = r
        .setting("EXCLUSION_MIN_MONTHS", "The shortest self-exclusion, in months.")
        .between(1, 120)
        .mainnet_no_less()
        .or(6);
    let (loosen, days, months) = (loosen?, days?, months?);
    Ok(Rules {
        loosen_after: time::Duration::try_from(loosen).unwrap_or(time::Duration::MAX),
        cool_off_max_days: days,
        exclusion_min_months: months,
    })
}

/// An account that may set limits, under its lock and watched from now on; else the refusal has been told.
async fn open<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    account_id: &[u8],
) -> Result<Option<(AccountId, OffsetDateTime)>, Fault> {
    let account = AccountId::try_from_bytes(account_id)?;
    let available = Account::available(account);
    if store::ledger::lock(unit, &BTreeSet::from([available])).await?.get(available).is_none() {
        unit.refuse(delivery, &Refusal::new(RefusalCode::AccountUnknown));
        return Ok(None);
    }
    let now = unit.now().await?;
    let known = rows::rules(unit.conn(), &[account.uuid()]).await?;
    if known.get(&account).is_some_and(|player| player.closed) {
        unit.refuse(delivery, &Refusal::new(RefusalCode::AccountClosed));
        return Ok(None);
    }
    Ok(Some((account, now)))
}

/// Sets one limit, or asks for a looser one.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn set_limit<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    message: &SetLimit,
    rules: &Rules,
) -> Result<(), Fault> {
    // It was obeyed before, and its owner may have set another limit since.
    if delivery.repeat {
        return Ok(());
    }
    let kind = Kind::from_wire(message.kind()).ok_or(Malformed("kind of a limit"))?;
    let Some((account, now)) = open(unit, delivery, &message.account_id).await? else { return Ok(()) };
    let wanted = match message.lamports.map(Lamports::try_positive).transpose() {
        Ok(wanted) => wanted,
        Err(_) => {
            let refusal = Refusal::new(RefusalCode::LimitInvalid).with("min", 0).with("max", i64::MAX);
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
    };
    rows::watch(unit.conn(), account, now).await?;
    let player = rows::players(unit.conn(), &[account.uuid()], now).await?.remove(&account);
    let player = player.ok_or_else(|| Fault::bug("a watched account is not watched"))?;
    let limit = player.limits.get(&kind).copied().unwrap_or_default().set(wanted, now, rules.loosen_after);
    rows::set(unit.conn(), account, kind, &limit).await?;
    let used = used(unit.conn(), account, &player, kind, now).await?;
    unit.done(delivery, &SetLimitDone { limit: Some(limit.wire(kind, used)) });
    Ok(())
}

/// Keeps an account from playing for some days.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn cool_off<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    message: &CoolOff,
    rules: &Rules,
) -> Result<(), Fault> {
    if delivery.repeat {
        return Ok(());
    }
    let Some((account, now)) = open(unit, delivery, &message.account_id).await? else { return Ok(()) };
    match rules.cool_off(message.days, now) {
        Ok(until) => {
            rows::watch(unit.conn(), account, now).await?;
            let until = rows::cool_off(unit.conn(), account, until).await?;
            unit.done(delivery, &CoolOffDone { until: Some(timestamp(until)) });
        }
        Err(refusal) => unit.refuse(delivery, &refusal),
    }
    Ok(())
}

/// Keeps an account from playing for months.
///
/// # Errors
/// The database, or a message that breaks its contract.
pub async fn exclude_self<M: Sync>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    message: &ExcludeSelf,
    rules: &Rules,
) -> Result<(), Fault> {
    if delivery.repeat {
        return Ok(());
    }
    let Some((account, now)) = open(unit, delivery, &message.account_id).await? else { return Ok(()) };
    match rules.exclusion(message.months, now) {
        Ok(until) => {
            rows::watch(unit.conn(), account, now).await?;
            let until = rows::exclude(unit.conn(), account, until).await?;
            unit.done(delivery, &ExcludeSelfDone { until: Some(timestamp(until)) });
        }
        Err(refusal) => unit.refuse(delivery, &refusal),
    }
    Ok(())
}

/// A new account of somebody whose exclusion goes on.
///
/// # Errors
/// The database.
pub async fn begin_excluded(unit: &mut Unit, account: AccountId, until: OffsetDateTime) -> Result<(), Fault> {
    store::ledger::lock(unit, &BTreeSet::from([Account::available(account)])).await?;
    let now = unit.now().await?;
    rows::watch(unit.conn(), account, now).await?;
    rows::exclude(unit.conn(), account, until).await.map(drop)
}

/// Whether the owner of an account has left it: what arrives then is nobody's. Under the account's lock, so that
/// nobody leaves between the question and the credit.
///
/// # Errors
/// The database.
pub async fn has_left(unit: &mut Unit, account: AccountId) -> Result<bool, Fault> {
    store::ledger::lock(unit, &BTreeSet::from([Account::available(account)])).await?;
    let rules = rows::rules(unit.conn(), &[account.uuid()]).await?;
    Ok(rules.values().any(|player| player.closed))
}

/// Compares a deposit that was just credited with the limit; what exceeds it can only be withdrawn for a while.
///
/// # Errors
/// The database.
pub async fn deposited(
    unit: &mut Unit,
    account: AccountId,
    deposit: DepositId,
    lamports: Lamports,
) -> Result<(), Fault> {
    let now = unit.now().await?;
    let player = rows::rules(unit.conn(), &[account.uuid()]).await?.remove(&account);
    let Some(limit) = player.and_then(|player| player.limit(Kind::DepositDay, now)) else { return Ok(()) };
    let earlier = rows::deposits_of_day(unit.conn(), account, Some(deposit), now).await?;
    let pieces = excess(&earlier, Flow { at: now, lamports }, limit).map_err(beyond)?;
    if !pieces.is_empty() {
        rows::add_excess(unit.conn(), account, deposit, &pieces).await?;
    }
    Ok(())
}

/// What counts against a limit now.
async fn used(
    conn: &mut PgConnection,
    account: AccountId,
    player: &crate::domain::limit::Player,
    kind: Kind,
    now: OffsetDateTime,
) -> Result<Lamports, Fault> {
    match kind {
        Kind::DepositDay => {
            let deposits = rows::deposits_of_day(conn, account, None, now).await?;
            Lamports::checked_sum(deposits.into_iter().map(|flow| flow.lamports)).map_err(beyond)
        }
        Kind::StakeDay => Ok(player.window.staked),
        Kind::LossWeek => Lamports::try_from_wide(player.window.at_risk()).map_err(beyond),
    }
}

/// All limits of an account with what counts against those that are set.
///
/// # Errors
/// The database, or a question that breaks its contract.
pub async fn answer(
    conn: &mut PgConnection,
    request: &GetLimitsRequest,
) -> Result<GetLimitsResponse, Unanswered> {
    let account = AccountId::try_from_bytes(&request.account_id)?;
    let now: OffsetDateTime =
        sqlx::query_scalar!(r#"SELECT wallet.db_clock() AS "now!""#).fetch_one(&mut *conn).await?;
    let player = rows::players(conn, &[account.uuid()], now).await?.remove(&account).unwrap_or_default();
    let mut limits = Vec::new();
    for kind in Kind::ALL {
        let limit = player.limits.get(&kind).copied().unwrap_or_default().at(now);
        let used = match limit {
            Limit { lamports: None, .. } => Lamports::ZERO,
            Limit { .. } => used(conn, account, &player, kind, now).await?,
        };
        limits.push(limit.wire(kind, used));
    }
    let ahead = |until: Option<OffsetDateTime>| until.filter(|until| *until > now).map(timestamp);
    Ok(GetLimitsResponse {
        limits,
        cool_off_until: ahead(player.cool_off_until),
        excluded_until: ahead(player.excluded_until),
        banned: player.banned,
    })
}

/// Of an account's balance, what can only be withdrawn now.
///
/// # Errors
/// The database.
pub async fn withdraw_only_now(conn: &mut PgConnection, account: AccountId) -> Result<Lamports, Fault> {
    let now: OffsetDateTime =
        sqlx::query_scalar!(r#"SELECT wallet.db_clock() AS "now!""#).fetch_one(&mut *conn).await?;
    let player = rows::players(conn, &[account.uuid()], now).await?.remove(&account);
    Ok(player.unwrap_or_default().window.withdraw_only)
}

fn beyond(error: LamportsError) -> Fault {
    Fault::bug(error.to_string())
}
