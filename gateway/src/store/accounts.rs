//! Who is who.

use proto::AccountId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A user who accepted the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Opaque identity, the only one other services know.
    pub id: AccountId,
    /// Chosen language.
    pub language: String,
}

/// The account of a Telegram user.
///
/// # Errors
/// The database.
pub async fn find(db: impl PgExecutor<'_>, telegram_user_id: i64) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        "SELECT account_id, language FROM gateway.account WHERE telegram_user_id = $1",
        telegram_user_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Account { id: AccountId::new(row.account_id), language: row.language }))
}

/// Keeps a new account. False: the user has one already, and this one is dropped.
///
/// # Errors
/// The database.
pub async fn insert(
    db: impl PgExecutor<'_>,
    telegram_user_id: i64,
    chat_id: i64,
    account: &Account,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO gateway.account (telegram_user_id, account_id, chat_id, language, accepted_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (telegram_user_id) DO NOTHING",
        telegram_user_id,
        account.id.uuid(),
        chat_id,
        account.language,
        now
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
