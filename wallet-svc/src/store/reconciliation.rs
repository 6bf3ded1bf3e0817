//! Comparisons of ledger and chain.

use super::{addresses_in, height_in, height_out};
use crate::domain::ledger::Kind;
use chassis::Fault;
use proto::Lamports;
use solana_pubkey::Pubkey;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

/// The last comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The finalized slot that was looked at.
    pub slot: u64,
    /// What lay at our addresses.
    pub chain: Lamports,
    /// What the chain had more than the ledger; less if negative.
    pub drift: Lamports,
    /// When.
    pub at: OffsetDateTime,
}

/// The last comparison, none before the first.
///
/// # Errors
/// The database.
pub async fn last(executor: impl PgExecutor<'_>) -> Result<Option<Compared>, Fault> {
    let row = sqlx::query!("SELECT slot, chain, drift, compared_at FROM wallet.reconciliation")
        .fetch_optional(executor)
        .await?;
    row.map(|row| {
        Ok(Compared {
            slot: height_out(row.slot)?,
            chain: Lamports::new(row.chain),
            drift: Lamports::new(row.drift),
            at: row.compared_at,
        })
    })
    .transpose()
}

/// Stores a comparison.
///
/// # Errors
/// The database.
pub async fn store(
    conn: &mut PgConnection,
    slot: u64,
    chain: Lamports,
    drift: Lamports,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.reconciliation (slot, chain, drift, compared_at) VALUES ($1, $2, $3, wallet.db_clock())
         ON CONFLICT (one) DO UPDATE
            SET slot = EXCLUDED.slot, chain = EXCLUDED.chain, drift = EXCLUDED.drift, compared_at = EXCLUDED.compared_at",
        height_in(slot)?,
        chain.get(),
        drift.get(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the ledger holds of the addresses that were read, around the slot they were read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// The balance of the ledger's `chain` account: what lies at all addresses, negative.
    pub chain_account: Lamports,
    /// What was posted as lying at all other addresses.
    pub elsewhere: Lamports,
    /// What was posted of later slots: what came to the addresses less what left them.
    pub posted_later: Lamports,
    /// Fees of transactions that landed up to the slot and were not posted; negative.
    pub not_posted: Lamports,
    /// Attempts built before the reading that can still land, so nobody can tell.
    pub unknown: i64,
}

/// Sums up what happened around a slot whose balances were read at `read_at`.
///
/// # Errors
/// The database.
pub async fn around(
    executor: impl PgExecutor<'_>,
    slot: u64,
    read_at: OffsetDateTime,
    read: &[Pubkey],
) -> Result<Around, Fault> {
    let row = sqlx::query!(
        r#"SELECT
            (SELECT coalesce(sum(balance), 0) FROM wallet.ledger_account WHERE kind = $4)::bigint AS "chain_account!",
            (SELECT coalesce(sum(lamports), 0) FROM wallet.address WHERE NOT address = ANY($3))::bigint AS "elsewhere!",
            ((SELECT coalesce(sum(lamports), 0) FROM wallet.deposit
              WHERE state = 'CREDITED' AND slot > $1 AND address = ANY($3))
             + (SELECT coalesce(sum(s.lamports), 0) FROM wallet.sweep s JOIN wallet.chain_tx c ON c.id = s.chain_tx_id
                WHERE c.state = 'FINALIZED' AND c.slot > $1 AND NOT s.address = ANY($3))
             - (SELECT coalesce(sum(w.lamports - w.fee), 0)
                FROM wallet.withdrawal w JOIN wallet.chain_tx c ON c.id = w.chain_tx_id
                WHERE w.state = 'FINALIZED' AND c.state = 'FINALIZED' AND c.slot > $1)
             - (SELECT coalesce(sum(fee), 0) FROM wallet.chain_tx
                WHERE slot > $1 AND fee_posted_at IS NOT NULL))::bigint AS "posted_later!",
            (SELECT -coalesce(sum(fee), 0) FROM wallet.chain_tx
             WHERE slot <= $1 AND fee_posted_at IS NULL)::bigint AS "not_posted!",
            (SELECT count(*) FROM wallet.chain_tx
             WHERE state IN ('BUILT', 'SIGNED', 'SUBMITTED') AND built_at <= $2) AS "unknown!""#,
        height_in(slot)?,
        read_at,
        &addresses_in(read),
        Kind::Chain.number(),
    )
    .fetch_one(executor)
    .await?;
    Ok(Around {
        chain_account: Lamports::new(row.chain_account),
        elsewhere: Lamports::new(row.elsewhere),
        posted_later: Lamports::new(row.posted_later),
        not_posted: Lamports::new(row.not_posted),
        unknown: row.unknown,
    })
}

/// Slots after one and up to another in which something was posted.
///
/// # Errors
/// The database.
pub async fn busy_slots(executor: impl PgExecutor<'_>, after: u64, to: u64) -> Result<Vec<u64>, Fault> {
    let slots = sqlx::query_scalar!(
        r#"SELECT slot AS "slot!" FROM wallet.deposit WHERE state = 'CREDITED' AND slot > $1 AND slot <= $2
           UNION SELECT slot FROM wallet.chain_tx WHERE slot > $1 AND slot <= $2 ORDER BY 1"#,
        height_in(after)?,
        height_in(to)?,
    )
    .fetch_all(executor)
    .await?;
    slots.into_iter().map(height_out).collect()
}
