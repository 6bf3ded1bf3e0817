//! The wallets whose agreement makes a signal.

use crate::domain::tracking::Address;
use chassis::Fault;
use proto::{notifier::SmartWallet, timestamp};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// Puts a wallet on the list, or gives one that is there another label.
///
/// # Errors
/// The database.
pub async fn add(
    conn: &mut PgConnection,
    address: &Address,
    label: &str,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO notifier.smart_wallet (address, label, listed_at) VALUES ($1, $2, $3)
         ON CONFLICT (address) DO UPDATE SET label = EXCLUDED.label",
        address.as_str(),
        label,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a wallet off the list; false if it is not there.
///
/// # Errors
/// The database.
pub async fn remove(conn: &mut PgConnection, address: &Address) -> Result<bool, Fault> {
    let removed = sqlx::query!("DELETE FROM notifier.smart_wallet WHERE address = $1", address.as_str());
    Ok(removed.execute(conn).await?.rows_affected() == 1)
}

/// Wallets in the order of their addresses, after one of them.
///
/// # Errors
/// The database.
pub async fn page(db: impl PgExecutor<'_>, after: &str, limit: i64) -> Result<Vec<SmartWallet>, Fault> {
    let rows = sqlx::query!(
        "SELECT address, label, listed_at FROM notifier.smart_wallet WHERE address > $1 ORDER BY address LIMIT $2",
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SmartWallet {
            address: row.address,
            label: row.label,
            listed_at: Some(timestamp(row.listed_at)),
        })
        .collect())
}
