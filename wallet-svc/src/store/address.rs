//! What is known about our addresses on chain: how far each was read, and what lies there.

use super::{addresses_in, pubkey, signature};
use crate::keys::KeyOwner;
use chassis::Fault;
use proto::{AccountId, Lamports};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;

/// An address whose history is due to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub address: Pubkey,
    /// Whose.
    pub owner: KeyOwner,
    /// Newest transaction that was dealt with.
    pub cursor: Option<Signature>,
    /// When this was asked: its history is read after that.
    pub asked_at: OffsetDateTime,
}

/// What lies at an address according to what was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Which.
    pub address: Pubkey,
    /// How much.
    pub lamports: Lamports,
}

/// Addresses that are due, the longest waiting first.
///
/// # Errors
/// The database.
pub async fn due(executor: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Due>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT address, owner, cursor, now AS "asked_at!" FROM wallet.address, wallet.db_clock() AS now
           WHERE due_at <= now ORDER BY due_at LIMIT $1"#,
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                address: pubkey(&row.address)?,
                owner: KeyOwner::from_id(row.owner),
                cursor: row.cursor.as_deref().map(signature).transpose()?,
                asked_at: row.asked_at,
            })
        })
        .collect()
}

/// Everything up to this transaction was dealt with.
///
/// # Errors
/// The database.
pub async fn move_cursor(conn: &mut PgConnection, address: &Pubkey, cursor: &Signature) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.address SET cursor = $2 WHERE address = $1",
        &address.to_bytes(),
        cursor.as_ref()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The history of an address was dealt with as it stood at `read_at`, or could not be read. It
/// is due again after `hot` while somebody looks at it, else after `cold`.
///
/// # Errors
/// The database.
pub async fn done(
    conn: &mut PgConnection,
    address: &Pubkey,
    read_at: Option<OffsetDateTime>,
    hot: Duration,
    cold: Duration,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.address
         SET read_at = coalesce($2, read_at),
             due_at = now + make_interval(secs => CASE WHEN hot_until > now THEN $3::float8 ELSE $4::float8 END)
         FROM wallet.db_clock() AS now
         WHERE address = $1",
        &address.to_bytes(),
        read_at,
        hot.as_secs_f64(),
        cold.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody looks at these accounts' addresses for about this long.
///
/// # Errors
/// The database.
pub async fn watch(conn: &mut PgConnection, accounts: &[AccountId], hot_for: Duration) -> Result<(), Fault> {
    let owners: Vec<_> = accounts.iter().map(|account| account.uuid()).collect();
    sqlx::query!(
        "UPDATE wallet.address SET hot_until = greatest(hot_until, now + make_interval(secs => $2)), due_at = least(due_at, now)
         FROM wallet.db_clock() AS now
         WHERE address IN (SELECT address FROM wallet.address WHERE owner = ANY($1) ORDER BY address FOR NO KEY UPDATE)",
        &owners,
        hot_for.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Something may have come to these addresses: they are due now and read often for this long.
/// Returns how many of them are ours.
///
/// # Errors
/// The database.
pub async fn hint(
    executor: impl PgExecutor<'_>,
    addresses: &[Pubkey],
    hot_for: Duration,
) -> Result<u64, Fault> {
    let hinted = sqlx::query!(
        "UPDATE wallet.address SET hot_until = greatest(hot_until, now + make_interval(secs => $2)), due_at = least(due_at, now)
         FROM wallet.db_clock() AS now
         WHERE address IN (SELECT address FROM wallet.address WHERE address = ANY($1) ORDER BY address FOR NO KEY UPDATE)",
        &addresses_in(addresses),
        hot_for.as_secs_f64(),
    )
    .execute(executor)
    .await?;
    Ok(hinted.rows_affected())
}

/// Addresses that are read often now, those for longest first.
///
/// # Errors
/// The database.
pub async fn hot(executor: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Pubkey>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT address FROM wallet.address WHERE hot_until > wallet.db_clock() ORDER BY hot_until DESC, address LIMIT $1",
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(|bytes| pubkey(bytes)).collect()
}

/// Makes due now those of these addresses that were not read since. Returns how many.
///
/// # Errors
/// The database.
pub async fn hurry(
    executor: impl PgExecutor<'_>,
    addresses: &[Pubkey],
    since: OffsetDateTime,
) -> Result<u64, Fault> {
    let hurried = sqlx::query!(
        "UPDATE wallet.address SET due_at = wallet.db_clock()
         WHERE address IN (
             SELECT address FROM wallet.address
             WHERE address = ANY($1) AND (read_at IS NULL OR read_at < $2)
             ORDER BY address FOR NO KEY UPDATE)",
        &addresses_in(addresses),
        since,
    )
    .execute(executor)
    .await?;
    Ok(hurried.rows_affected())
}

/// Books what came to addresses or left them; the ledger's `chain` account moves by the sum in
/// the same transaction.
///
/// # Errors
/// The database; a balance below zero is a violated constraint.
pub async fn book(conn: &mut PgConnection, changes: &[(Pubkey, Lamports)]) -> Result<(), Fault> {
    let (addresses, amounts): (Vec<Vec<u8>>, Vec<i64>) =
        changes.iter().map(|(address, change)| (address.to_bytes().to_vec(), change.get())).unzip();
    let locked = sqlx::query_scalar!(
        "SELECT address FROM wallet.address WHERE address = ANY($1) ORDER BY address FOR NO KEY UPDATE",
        &addresses,
    )
    .fetch_all(&mut *conn)
    .await?;
    if addresses.iter().any(|address| !locked.contains(address)) {
        return Err(Fault::bug("booked at an address that is not ours"));
    }
    sqlx::query!(
        "UPDATE wallet.address AS a SET lamports = lamports + change
         FROM (SELECT address, sum(amount)::bigint AS change FROM unnest($1::bytea[], $2::bigint[]) AS t (address, amount)
               GROUP BY address) AS c
         WHERE a.address = c.address",
        &addresses,
        &amounts,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What lies at one address according to what was posted.
///
/// # Errors
/// The database.
pub async fn balance(executor: impl PgExecutor<'_>, address: &Pubkey) -> Result<Lamports, Fault> {
    let lamports =
        sqlx::query_scalar!("SELECT lamports FROM wallet.address WHERE address = $1", &address.to_bytes())
            .fetch_optional(executor)
            .await?;
    Ok(Lamports::new(lamports.unwrap_or_default()))
}

/// The treasury and every address where something lies or is being swept.
///
/// # Errors
/// The database.
pub async fn with_money(executor: impl PgExecutor<'_>) -> Result<Vec<Balance>, Fault> {
    let rows = sqlx::query!(
        "SELECT address, lamports FROM wallet.address
         WHERE lamports > 0 OR owner = '00000000-0000-0000-0000-000000000000'
            OR EXISTS (SELECT FROM wallet.sweep s WHERE s.address = address.address AND s.ended_at IS NULL)
         ORDER BY address",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Balance { address: pubkey(&row.address)?, lamports: Lamports::new(row.lamports) }))
        .collect()
}
