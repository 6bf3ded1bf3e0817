//! Sealed keys. A row is never changed.

use super::{addresses_in, pubkey};
use crate::keys::{KeyOwner, SealedKey};
use chassis::Fault;
use solana_pubkey::Pubkey;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;

/// Stores the key of an owner who has none, and begins to watch its address, often for the time
/// given. Returns the owner's address, which is that of an earlier key if there is one.
///
/// # Errors
/// The database.
pub async fn add(conn: &mut PgConnection, key: &SealedKey, hot_for: Duration) -> Result<Pubkey, Fault> {
    let (owner, address) = (key.owner.id(), key.address.to_bytes());
    let stored = sqlx::query!(
        "INSERT INTO wallet.key (owner, address, sealed) VALUES ($1, $2, $3) ON CONFLICT (owner) DO NOTHING",
        owner,
        &address,
        key.sealed,
    )
    .execute(&mut *conn)
    .await?;
    if stored.rows_affected() == 1 {
        sqlx::query!(
            "INSERT INTO wallet.address (address, owner, hot_until, due_at)
             SELECT $1, $2, now + make_interval(secs => $3), now FROM wallet.db_clock() AS now",
            &address,
            owner,
            hot_for.as_secs_f64(),
        )
        .execute(&mut *conn)
        .await?;
        return Ok(key.address);
    }
    let earlier =
        sqlx::query_scalar!("SELECT address FROM wallet.key WHERE owner = $1", owner).fetch_one(conn).await?;
    pubkey(&earlier)
}

/// The key of an owner.
///
/// # Errors
/// The database.
pub async fn of_owner(executor: impl PgExecutor<'_>, owner: KeyOwner) -> Result<Option<SealedKey>, Fault> {
    let row = sqlx::query!("SELECT address, sealed FROM wallet.key WHERE owner = $1", owner.id())
        .fetch_optional(executor)
        .await?;
    row.map(|row| Ok(SealedKey { owner, address: pubkey(&row.address)?, sealed: row.sealed })).transpose()
}

/// The keys of addresses, in no particular order; those that are not ours are left out.
///
/// # Errors
/// The database.
pub async fn of_addresses(
    executor: impl PgExecutor<'_>,
    addresses: &[Pubkey],
) -> Result<Vec<SealedKey>, Fault> {
    let rows = sqlx::query!(
        "SELECT owner, address, sealed FROM wallet.key WHERE address = ANY($1)",
        &addresses_in(addresses),
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let owner = KeyOwner::from_id(row.owner);
            Ok(SealedKey { owner, address: pubkey(&row.address)?, sealed: row.sealed })
        })
        .collect()
}

/// Whether an address is a deposit address or the treasury.
///
/// # Errors
/// The database.
pub async fn is_ours(executor: impl PgExecutor<'_>, address: &Pubkey) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM wallet.key WHERE address = $1) AS "found!""#,
        &address.to_bytes(),
    );
    Ok(found.fetch_one(executor).await?)
}
