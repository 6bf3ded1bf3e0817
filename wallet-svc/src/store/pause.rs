//! What stops withdrawals: one row per cause.

use crate::domain::pause::Cause;
use chassis::Fault;
use proto::{timestamp, wallet};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// A pause in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub cause: Cause,
    /// In words, for operators.
    pub reason: String,
    /// Since when.
    pub since: OffsetDateTime,
}

impl Pause {
    /// For messages.
    #[must_use]
    pub fn wire(&self) -> wallet::Pause {
        wallet::Pause {
            cause: self.cause.word().to_owned(),
            reason: self.reason.clone(),
            since: Some(timestamp(self.since)),
        }
    }
}

/// Whether withdrawals are paused, for whatever cause.
///
/// # Errors
/// The database.
pub async fn paused(executor: impl PgExecutor<'_>) -> Result<bool, Fault> {
    let paused = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM wallet.pause) AS "paused!""#);
    Ok(paused.fetch_one(executor).await?)
}

/// All pauses, the oldest first.
///
/// # Errors
/// The database.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Pause>, Fault> {
    let rows = sqlx::query!("SELECT cause, reason, since FROM wallet.pause ORDER BY since, cause");
    let pauses = rows.fetch_all(executor).await?.into_iter().map(|row| {
        let cause = Cause::from_word(&row.cause).ok_or_else(|| Fault::bug("an unknown cause is stored"))?;
        Ok(Pause { cause, reason: row.reason, since: row.since })
    });
    pauses.collect()
}

/// Pauses withdrawals. True if they were not paused for this cause; a pause that stands keeps its reason.
///
/// # Errors
/// The database.
pub async fn begin(conn: &mut PgConnection, cause: Cause, reason: &str) -> Result<bool, Fault> {
    let begun = sqlx::query!(
        "INSERT INTO wallet.pause (cause, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        cause.word(),
        reason
    );
    let begun = begun.execute(conn).await?.rows_affected() == 1;
    if begun {
        metrics::counter!("wallet_pauses_total", "cause" => cause.word()).increment(1);
    }
    Ok(begun)
}

/// Ends the pause of one cause. True if there was one.
///
/// # Errors
/// The database.
pub async fn end(conn: &mut PgConnection, cause: Cause) -> Result<bool, Fault> {
    let ended = sqlx::query!("DELETE FROM wallet.pause WHERE cause = $1", cause.word());
    Ok(ended.execute(conn).await?.rows_affected() == 1)
}
