//! All SQL of schema `notifier`, one file per aggregate.

pub mod broadcast;
pub mod contact;
pub mod kept;
pub mod listing;
pub mod notification;
pub mod preferences;
pub mod price_alert;
pub mod queue;
pub mod scan;
pub mod signal;
pub mod smart_wallet;
pub mod statistics;
pub mod tracked;
pub mod webhook;

use chassis::Fault;
use sqlx::PgConnection;

/// Waits for the one turn to take notifications in, release or end them, and keeps it until the
/// end of the transaction. Nothing else is locked after the inbox and before it.
///
/// # Errors
/// The database.
pub async fn take_turn(conn: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query!("SELECT alone FROM notifier.turnstile FOR NO KEY UPDATE").fetch_one(conn).await?;
    Ok(())
}
