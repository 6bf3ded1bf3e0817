//! What may be forgotten.

use chassis::Pool;
use time::{Duration, OffsetDateTime};

/// Telegram keeps an update for a day at most; a week leaves room for doubt.
const UPDATES: Duration = Duration::days(7);

/// Threads and notices that nobody will ask for again.
const NOTICES: Duration = Duration::days(30);

/// Deletes a bounded number of rows of each kind; what is left goes the next time.
///
/// # Errors
/// The database.
pub async fn keep(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM gateway.seen_update WHERE update_id IN
            (SELECT update_id FROM gateway.seen_update WHERE seen_at < $1 LIMIT 5000)",
        now - UPDATES
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM gateway.draft WHERE (account_id, kind) IN
            (SELECT account_id, kind FROM gateway.draft WHERE expires_at < $1 LIMIT 5000)",
        now
    )
    .execute(pool)
    .await?;
    // A used slip lives on as its request.
    sqlx::query!(
        "DELETE FROM gateway.slip WHERE id IN (SELECT id FROM gateway.slip WHERE expires_at < $1 LIMIT 5000)",
        now - UPDATES
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM gateway.delivery WHERE notification_id IN
            (SELECT notification_id FROM gateway.delivery
             WHERE created_at < $1 AND state NOT IN ('waiting', 'sending') LIMIT 5000)",
        now - NOTICES
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM gateway.thread WHERE (account_id, key) IN
            (SELECT account_id, key FROM gateway.thread WHERE touched_at < $1 LIMIT 5000)",
        now - NOTICES
    )
    .execute(pool)
    .await?;
    Ok(())
}
