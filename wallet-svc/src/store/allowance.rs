//! What the rules of a withdrawal look back at: what left lately, and how long an address is known.

use chassis::Fault;
use proto::{AccountId, Lamports};
use solana_pubkey::Pubkey;
use sqlx::PgExecutor;
use std::time::Duration;

/// Sums that count against the caps: what left within 24 hours, and everything that may still leave. A withdrawal
/// that waits counts for as long as it waits, else a day's worth of held ones would leave beside a day's worth of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Of the account to one address.
    pub address: Lamports,
    /// Of the account.
    pub account: Lamports,
    /// Of everybody.
    pub total: Lamports,
}

/// What was withdrawn in the last 24 hours or is about to be.
///
/// # Errors
/// The database.
pub async fn last_day(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    address: &Pubkey,
) -> Result<Day, Fault> {
    let day = sqlx::query!(
        r#"SELECT coalesce(sum(lamports) FILTER (WHERE account_id = $1 AND address = $2), 0)::bigint AS "address!",
                  coalesce(sum(lamports) FILTER (WHERE account_id = $1), 0)::bigint AS "account!",
                  coalesce(sum(lamports), 0)::bigint AS "total!"
           FROM wallet.withdrawal
           WHERE state IN ('REQUESTED', 'HELD', 'APPROVED', 'SIGNED', 'SUBMITTED', 'EXPIRED')
              OR (state = 'FINALIZED' AND ended_at > wallet.db_clock() - interval '24 hours')"#,
        account.uuid(),
        &address.to_bytes(),
    )
    .fetch_one(executor)
    .await?;
    let sum = Lamports::new;
    Ok(Day { address: sum(day.address), account: sum(day.account), total: sum(day.total) })
}

/// Since when an account withdraws to an address, by the clock of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acquaintance {
    /// A withdrawal was finalized.
    pub known: bool,
    /// The first of them was finalized longer ago than asked for.
    pub trusted: bool,
}

/// How well the account knows this address.
///
/// # Errors
/// The database.
pub async fn acquaintance(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    address: &Pubkey,
    trusted_after: Duration,
) -> Result<Acquaintance, Fault> {
    let row = sqlx::query!(
        r#"SELECT count(*) > 0 AS "known!",
                  coalesce(min(ended_at) <= wallet.db_clock() - make_interval(secs => $3), false) AS "trusted!"
           FROM wallet.withdrawal WHERE account_id = $1 AND address = $2 AND state = 'FINALIZED'"#,
        account.uuid(),
        &address.to_bytes(),
        trusted_after.as_secs_f64(),
    )
    .fetch_one(executor)
    .await?;
    Ok(Acquaintance { known: row.known, trusted: row.trusted })
}
