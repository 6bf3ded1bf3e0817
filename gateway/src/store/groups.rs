//! Groups that host rooms.

use sqlx::PgExecutor;
use std::collections::HashMap;
use time::OffsetDateTime;

/// Keeps the language of whoever brought the bot, or a room, into a group.
///
/// # Errors
/// The database.
pub async fn bind(
    db: impl PgExecutor<'_>,
    chat: i64,
    language: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO gateway.hosting_group (chat_id, language, bound_at) VALUES ($1, $2, $3)
         ON CONFLICT (chat_id) DO UPDATE SET language = EXCLUDED.language, bound_at = EXCLUDED.bound_at",
        chat,
        language,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The languages of groups, of those that have one.
///
/// # Errors
/// The database.
pub async fn languages(db: impl PgExecutor<'_>, chats: &[i64]) -> sqlx::Result<HashMap<i64, String>> {
    let rows =
        sqlx::query!("SELECT chat_id, language FROM gateway.hosting_group WHERE chat_id = ANY($1)", chats)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| (row.chat_id, row.language)).collect())
}
