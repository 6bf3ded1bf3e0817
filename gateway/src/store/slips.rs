//! What previews offered.

use crate::commands::RequestKind;
use proto::{AccountId, CommandId};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// A slip: what its button will do when its owner presses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Becomes the command's id.
    pub id: CommandId,
    /// Who may use it.
    pub account: AccountId,
    /// Which command.
    pub kind: RequestKind,
    /// The command, encoded.
    pub body: Vec<u8>,
    /// After this the preview is too old to be agreed to.
    pub expires_at: OffsetDateTime,
}

/// Keeps a slip.
///
/// # Errors
/// The database.
pub async fn insert(db: impl PgExecutor<'_>, slip: &Slip, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO gateway.slip (id, account_id, kind, body, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        slip.id.uuid(),
        slip.account.uuid(),
        slip.kind.name(),
        slip.body,
        now,
        slip.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds a slip.
///
/// # Errors
/// The database.
pub async fn find(db: impl PgExecutor<'_>, id: CommandId) -> sqlx::Result<Option<Slip>> {
    let row =
        sqlx::query!("SELECT account_id, kind, body, expires_at FROM gateway.slip WHERE id = $1", id.uuid())
            .fetch_optional(db)
            .await?;
    Ok(row.and_then(|row| {
        Some(Slip {
            id,
            account: AccountId::new(row.account_id),
            kind: RequestKind::of_name(&row.kind)?,
            body: row.body,
            expires_at: row.expires_at,
        })
    }))
}
