//! Webhooks and what is to be told there.

use super::notification::{manner, notice};
use crate::domain::manner::Manner;
use chassis::Fault;
use proto::{AccountId, NotificationId, notifier::Notice};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A webhook as its owner sees it.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where.
    pub url: String,
    /// Of the last call; empty when it succeeded.
    pub last_error: String,
    /// When a call last succeeded.
    pub last_success_at: Option<OffsetDateTime>,
}

/// An account's webhook.
///
/// # Errors
/// The database.
pub async fn of(db: impl PgExecutor<'_>, account: AccountId) -> Result<Option<Webhook>, Fault> {
    let row = sqlx::query_as!(
        Webhook,
        "SELECT url, last_error, last_success_at FROM notifier.webhook WHERE account_id = $1",
        account.uuid()
    );
    Ok(row.fetch_optional(db).await?)
}

/// Names an account's webhook, or none. What waits for the former is not told to the new one.
///
/// # Errors
/// The database.
pub async fn set(
    conn: &mut PgConnection,
    account: AccountId,
    url: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM notifier.webhook WHERE account_id = $1 AND url IS DISTINCT FROM $2",
        account.uuid(),
        url
    )
    .execute(&mut *conn)
    .await?;
    if let Some(url) = url {
        sqlx::query!(
            "INSERT INTO notifier.webhook (account_id, url, next_attempt_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            account.uuid(),
            url,
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Forgets the webhooks of accounts.
///
/// # Errors
/// The database.
pub async fn forget(conn: &mut PgConnection, accounts: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!("DELETE FROM notifier.webhook WHERE account_id = ANY($1)", accounts).execute(conn).await?;
    Ok(())
}

/// A webhook that is to be called.
#[derive(Clone, Debug)]
pub struct Due {
    /// Whose.
    pub account_id: Uuid,
    /// Where.
    pub url: String,
    /// Calls that failed since the last that did not.
    pub failures: i32,
}

/// Takes webhooks that have something to be told, for so long that nobody else calls them.
///
/// # Errors
/// The database.
pub async fn take(
    conn: &mut PgConnection,
    limit: i64,
    lease: Duration,
    now: OffsetDateTime,
) -> Result<Vec<Due>, Fault> {
    let due = sqlx::query_as!(
        Due,
        "WITH due AS (
             SELECT account_id FROM notifier.webhook w
             WHERE next_attempt_at <= $1 AND EXISTS (SELECT FROM notifier.webhook_call c WHERE c.account_id = w.account_id)
             ORDER BY next_attempt_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
         )
         UPDATE notifier.webhook w SET next_attempt_at = $3 FROM due WHERE w.account_id = due.account_id
         RETURNING w.account_id, w.url, w.failures",
        now,
        limit,
        now + lease
    );
    Ok(due.fetch_all(conn).await?)
}

/// Gives up what could not be told in time. Returns how many.
///
/// # Errors
/// The database.
pub async fn give_up(conn: &mut PgConnection, before: OffsetDateTime) -> Result<u64, Fault> {
    let late = sqlx::query!("DELETE FROM notifier.webhook_call WHERE created_at < $1", before);
    Ok(late.execute(conn).await?.rows_affected())
}

/// One thing to be told.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its place.
    pub number: i64,
    /// Whose.
    pub account: AccountId,
    /// Which notification.
    pub notification: NotificationId,
    /// Its category and lane.
    pub manner: Manner,
    /// What.
    pub notice: Notice,
    /// When it came.
    pub created_at: OffsetDateTime,
}

/// What is to be told next, in order.
///
/// # Errors
/// The database, or a stored notice that does not read back.
pub async fn calls(db: impl PgExecutor<'_>, account: Uuid, limit: i64) -> Result<Vec<Call>, Fault> {
    let rows = sqlx::query!(
        "SELECT c.number, c.account_id, n.id, n.lane, n.category, n.notice, n.created_at
         FROM notifier.webhook_call c JOIN notifier.notification n ON n.id = c.notification_id
         WHERE c.account_id = $1 ORDER BY c.number LIMIT $2",
        account,
        limit
    );
    let rows = rows.fetch_all(db).await?.into_iter().map(|row| {
        Ok(Call {
            number: row.number,
            account: AccountId::new(row.account_id),
            notification: NotificationId::new(row.id),
            manner: manner(row.lane, row.category)?,
            notice: notice(&row.notice)?,
            created_at: row.created_at,
        })
    });
    rows.collect()
}

/// What became of calls to one webhook.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was told.
    pub told: Vec<i64>,
    /// Why the next was not; empty if all were.
    pub error: String,
    /// When to call again.
    pub next_attempt_at: OffsetDateTime,
}

/// Writes down what became of calls, unless the webhook has another address by now.
///
/// # Errors
/// The database.
pub async fn conclude(
    conn: &mut PgConnection,
    due: &Due,
    outcome: &Outcome,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!("DELETE FROM notifier.webhook_call WHERE number = ANY($1)", &outcome.told)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "UPDATE notifier.webhook
         SET failures = CASE WHEN $3 = '' THEN 0 WHEN $4 THEN 1 ELSE failures + 1 END, last_error = $3,
             last_success_at = CASE WHEN $4 THEN $5 ELSE last_success_at END, next_attempt_at = $6
         WHERE account_id = $1 AND url = $2",
        due.account_id,
        due.url,
        outcome.error,
        !outcome.told.is_empty(),
        now,
        outcome.next_attempt_at
    )
    .execute(conn)
    .await?;
    Ok(())
}
