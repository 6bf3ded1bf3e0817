//! Sweeps of deposit addresses to the treasury.

use super::pubkey;
use chassis::Fault;
use proto::Lamports;
use solana_pubkey::Pubkey;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// What one address gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub address: Pubkey,
    /// How much.
    pub lamports: Lamports,
    /// Alone: a sweep of it has failed.
    pub alone: bool,
}

/// A sweep whose last attempt is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its transaction.
    pub chain_tx: Uuid,
    /// What lies at its addresses now.
    pub sources: Vec<Source>,
}

/// Addresses worth sweeping that no live sweep touches.
///
/// # Errors
/// The database.
pub async fn candidates(
    executor: impl PgExecutor<'_>,
    min: Lamports,
    limit: i64,
) -> Result<Vec<Source>, Fault> {
    let rows = sqlx::query!(
        "SELECT address, lamports, sweep_alone FROM wallet.address AS a
         WHERE lamports >= $1 AND owner <> '00000000-0000-0000-0000-000000000000'
           AND (sweep_after IS NULL OR sweep_after < wallet.db_clock())
           AND NOT EXISTS (SELECT FROM wallet.sweep s WHERE s.address = a.address AND s.ended_at IS NULL)
         ORDER BY address LIMIT $2",
        min.get(),
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Source {
                address: pubkey(&row.address)?,
                lamports: Lamports::new(row.lamports),
                alone: row.sweep_alone,
            })
        })
        .collect()
}

/// Begins a sweep, or another attempt at it with the amounts of now.
///
/// # Errors
/// The database; an address in another live sweep is a violated constraint.
pub async fn begin(conn: &mut PgConnection, chain_tx: Uuid, sources: &[Source]) -> Result<(), Fault> {
    let (addresses, lamports): (Vec<Vec<u8>>, Vec<i64>) =
        sources.iter().map(|source| (source.address.to_bytes().to_vec(), source.lamports.get())).unzip();
    sqlx::query!(
        "INSERT INTO wallet.sweep (chain_tx_id, address, lamports)
         SELECT $1, address, lamports FROM unnest($2::bytea[], $3::bigint[]) AS t (address, lamports)
         ON CONFLICT (chain_tx_id, address) DO UPDATE SET lamports = EXCLUDED.lamports WHERE sweep.ended_at IS NULL",
        chain_tx,
        &addresses,
        &lamports,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A sweep whose last attempt is dead and that has to be sent again.
///
/// # Errors
/// The database.
pub async fn dead(executor: impl PgExecutor<'_>) -> Result<Option<Dead>, Fault> {
    let rows = sqlx::query!(
        "SELECT s.chain_tx_id, s.address, a.lamports FROM wallet.sweep s JOIN wallet.address a USING (address)
         WHERE s.ended_at IS NULL AND s.chain_tx_id = (
             SELECT d.chain_tx_id FROM wallet.sweep d
             WHERE d.ended_at IS NULL AND NOT EXISTS (
                 SELECT FROM wallet.chain_tx c WHERE c.id = d.chain_tx_id AND c.state <> 'DEAD')
             LIMIT 1)
         ORDER BY s.address",
    )
    .fetch_all(executor)
    .await?;
    let Some(chain_tx) = rows.first().map(|row| row.chain_tx_id) else { return Ok(None) };
    let source = |address: &[u8], lamports| {
        Ok::<_, Fault>(Source { address: pubkey(address)?, lamports: Lamports::new(lamports), alone: false })
    };
    let sources = rows.iter().map(|row| source(&row.address, row.lamports)).collect::<Result<_, _>>()?;
    Ok(Some(Dead { chain_tx, sources }))
}

/// Ends a sweep and returns what it moved, or would have.
///
/// # Errors
/// The database.
pub async fn end(conn: &mut PgConnection, chain_tx: Uuid) -> Result<Vec<Source>, Fault> {
    let rows = sqlx::query!(
        "UPDATE wallet.sweep SET ended_at = wallet.db_clock() WHERE chain_tx_id = $1 AND ended_at IS NULL
         RETURNING address, lamports",
        chain_tx,
    )
    .fetch_all(conn)
    .await?;
    let mut sources = rows
        .into_iter()
        .map(|row| {
            Ok(Source { address: pubkey(&row.address)?, lamports: Lamports::new(row.lamports), alone: false })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    sources.sort_by_key(|source| source.address.to_bytes());
    Ok(sources)
}

/// After a failure on chain: these addresses wait and are then swept one by one.
///
/// # Errors
/// The database.
pub async fn set_apart(conn: &mut PgConnection, sources: &[Source], pause: Duration) -> Result<(), Fault> {
    let addresses: Vec<Vec<u8>> = sources.iter().map(|source| source.address.to_bytes().to_vec()).collect();
    sqlx::query!(
        "UPDATE wallet.address SET sweep_alone = true, sweep_after = wallet.db_clock() + make_interval(secs => $2)
         WHERE address = ANY($1)",
        &addresses,
        pause.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
