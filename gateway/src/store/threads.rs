//! Messages that later notices about the same thing edit.

use proto::AccountId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Names the message of a thread, before anything is told in it.
///
/// # Errors
/// The database.
pub async fn begin(
    db: impl PgExecutor<'_>,
    account: AccountId,
    key: &str,
    message_id: i32,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO gateway.thread (account_id, key, message_id, version, touched_at) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (account_id, key) DO NOTHING",
        account.uuid(),
        key,
        message_id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Claims a thread for a state that is not older than the one it shows. The outer `None`: it shows
/// a newer one, so nothing is to be said. The inner one: it has no message yet.
///
/// # Errors
/// The database.
pub async fn claim(
    db: impl PgExecutor<'_>,
    account: AccountId,
    key: &str,
    version: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Option<i32>>> {
    let row = sqlx::query!(
        "INSERT INTO gateway.thread AS t (account_id, key, version, touched_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id, key) DO UPDATE SET version = EXCLUDED.version, touched_at = EXCLUDED.touched_at
            WHERE t.version <= EXCLUDED.version
         RETURNING message_id",
        account.uuid(),
        key,
        version,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.message_id))
}

/// Names the message that shows a thread from now on.
///
/// # Errors
/// The database.
pub async fn name(
    db: impl PgExecutor<'_>,
    account: AccountId,
    key: &str,
    message_id: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE gateway.thread SET message_id = $3 WHERE account_id = $1 AND key = $2",
        account.uuid(),
        key,
        message_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The message that shows a thread, if there is one.
///
/// # Errors
/// The database.
pub async fn message(db: impl PgExecutor<'_>, account: AccountId, key: &str) -> sqlx::Result<Option<i32>> {
    let row = sqlx::query!(
        "SELECT message_id FROM gateway.thread WHERE account_id = $1 AND key = $2",
        account.uuid(),
        key
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.message_id))
}
