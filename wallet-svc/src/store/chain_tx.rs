//! Transactions that we sign, attempt by attempt.

use super::{height_in, height_out, signature};
use crate::{
    chain::Unsigned,
    domain::chain_tx::{AttemptState, Purpose},
};
use chassis::Fault;
use proto::Lamports;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// One message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The purpose that must happen at most once.
    pub id: Uuid,
    /// Which message for it, from 1.
    pub attempt: i32,
    /// What it is for.
    pub purpose: Purpose,
    /// The bytes that are signed.
    pub message: Vec<u8>,
    /// The last block height at which it can land.
    pub last_valid_height: u64,
    /// Its signatures, none before it was signed.
    pub signatures: Vec<Signature>,
    /// Where it stands.
    pub state: AttemptState,
    /// When the message was committed.
    pub built_at: OffsetDateTime,
}

/// Where an attempt that landed did so, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landing {
    /// The slot.
    pub slot: u64,
    /// What the network charged the treasury.
    pub fee: Lamports,
}

/// Why signatures were not stored.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The message has other signatures already. Ed25519 signatures of one key and message are
    /// equal, so somebody else's key or message is involved.
    #[error("the message has another signature already")]
    Conflict,
    /// The database.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

/// Commits an unsigned message as the next attempt of `id`. Returns its number.
///
/// # Errors
/// The database; an attempt that can still land is a violated constraint.
pub async fn build(
    conn: &mut PgConnection,
    id: Uuid,
    purpose: Purpose,
    unsigned: &Unsigned,
) -> Result<i32, Fault> {
    let attempt = sqlx::query_scalar!(
        "INSERT INTO wallet.chain_tx (id, attempt, purpose, message, last_valid_height, max_fee, state)
         SELECT $1, coalesce(max(attempt), 0) + 1, $2, $3, $4, $5, 'BUILT' FROM wallet.chain_tx WHERE id = $1
         RETURNING attempt",
        id,
        purpose.word(),
        unsigned.message,
        height_in(unsigned.last_valid_height)?,
        unsigned.fee.get(),
    )
    .fetch_one(conn)
    .await?;
    Ok(attempt)
}

/// Which attempt of a purpose would be the next one.
///
/// # Errors
/// The database.
pub async fn next_attempt(executor: impl PgExecutor<'_>, id: Uuid) -> Result<i32, Fault> {
    let last = sqlx::query_scalar!("SELECT max(attempt) FROM wallet.chain_tx WHERE id = $1", id);
    Ok(last.fetch_one(executor).await?.unwrap_or_default().saturating_add(1))
}

/// Attempts that can still land, the oldest first.
///
/// # Errors
/// The database.
pub async fn live(executor: impl PgExecutor<'_>) -> Result<Vec<Attempt>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, attempt, purpose, message, last_valid_height, signatures, state, built_at
         FROM wallet.chain_tx
         WHERE state IN ('BUILT', 'SIGNED', 'SUBMITTED') ORDER BY built_at, id",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let signatures = row.signatures.unwrap_or_default();
            Ok(Attempt {
                id: row.id,
                attempt: row.attempt,
                purpose: Purpose::from_word(&row.purpose)
                    .ok_or_else(|| Fault::bug("an unknown purpose is stored"))?,
                message: row.message,
                last_valid_height: height_out(row.last_valid_height)?,
                signatures: signatures.iter().map(|bytes| signature(bytes)).collect::<Result<_, _>>()?,
                built_at: row.built_at,
                state: AttemptState::from_word(&row.state)
                    .ok_or_else(|| Fault::bug("an unknown state is stored"))?,
            })
        })
        .collect()
}

/// Commits the signatures of a message. The same ones again change nothing.
///
/// # Errors
/// `Conflict` where the message has others.
pub async fn sign(
    conn: &mut PgConnection,
    id: Uuid,
    attempt: i32,
    signatures: &[Signature],
) -> Result<(), SignError> {
    let bytes: Vec<Vec<u8>> = signatures.iter().map(|signature| signature.as_ref().to_vec()).collect();
    sqlx::query!(
        "UPDATE wallet.chain_tx SET signatures = $3, state = 'SIGNED' WHERE id = $1 AND attempt = $2 AND state = 'BUILT'",
        id,
        attempt,
        &bytes,
    )
    .execute(&mut *conn)
    .await?;
    let stored = sqlx::query_scalar!(
        "SELECT signatures FROM wallet.chain_tx WHERE id = $1 AND attempt = $2",
        id,
        attempt
    )
    .fetch_one(conn)
    .await?;
    if stored.as_ref() == Some(&bytes) { Ok(()) } else { Err(SignError::Conflict) }
}

/// Notes that an endpoint has had the bytes. False if that was known or it ended meanwhile.
///
/// # Errors
/// The database.
pub async fn mark_submitted(conn: &mut PgConnection, id: Uuid, attempt: i32) -> Result<bool, Fault> {
    let marked = sqlx::query!(
        "UPDATE wallet.chain_tx SET state = 'SUBMITTED' WHERE id = $1 AND attempt = $2 AND state = 'SIGNED'",
        id,
        attempt,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Ends an attempt that could still land. False if it ended before: then nothing may follow.
///
/// # Errors
/// The database.
pub async fn end(
    conn: &mut PgConnection,
    id: Uuid,
    attempt: i32,
    state: AttemptState,
    landing: Option<Landing>,
) -> Result<bool, Fault> {
    let ended = sqlx::query!(
        "UPDATE wallet.chain_tx SET state = $3, slot = $4, fee = $5, ended_at = wallet.db_clock()
         WHERE id = $1 AND attempt = $2 AND state IN ('SIGNED', 'SUBMITTED')",
        id,
        attempt,
        state.word(),
        landing.map(|landing| height_in(landing.slot)).transpose()?,
        landing.map(|landing| landing.fee.get()),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// The network fee of a landed attempt that the ledger has not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeDue {
    /// The purpose.
    pub id: Uuid,
    /// The attempt.
    pub attempt: i32,
    /// What the network charged the treasury.
    pub fee: Lamports,
}

/// Fees that are due, the oldest first.
///
/// # Errors
/// The database.
pub async fn fees_due(executor: impl PgExecutor<'_>) -> Result<Vec<FeeDue>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT id, attempt, fee AS "fee!" FROM wallet.chain_tx
           WHERE slot IS NOT NULL AND fee_posted_at IS NULL ORDER BY ended_at LIMIT 100"#,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| FeeDue { id: row.id, attempt: row.attempt, fee: Lamports::new(row.fee) })
        .collect())
}

/// Notes that the ledger took a fee. False if it had before.
///
/// # Errors
/// The database.
pub async fn mark_fee_posted(conn: &mut PgConnection, id: Uuid, attempt: i32) -> Result<bool, Fault> {
    let marked = sqlx::query!(
        "UPDATE wallet.chain_tx SET fee_posted_at = wallet.db_clock()
         WHERE id = $1 AND attempt = $2 AND slot IS NOT NULL AND fee_posted_at IS NULL",
        id,
        attempt,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// The most that fees paid by `capital` can still come to: what is due, and what can land.
///
/// # Errors
/// The database.
pub async fn fees_committed(executor: impl PgExecutor<'_>) -> Result<Lamports, Fault> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(coalesce(fee, max_fee)), 0)::bigint AS "sum!" FROM wallet.chain_tx
           WHERE (purpose <> 'WITHDRAWAL' OR state = 'FAILED') AND fee_posted_at IS NULL AND state <> 'DEAD'"#,
    );
    Ok(Lamports::new(sum.fetch_one(executor).await?))
}

/// Which of these transactions are our own.
///
/// # Errors
/// The database.
pub async fn ours(
    executor: impl PgExecutor<'_>,
    signatures: &[Signature],
) -> Result<HashSet<Signature>, Fault> {
    let asked: Vec<Vec<u8>> = signatures.iter().map(|signature| signature.as_ref().to_vec()).collect();
    let rows = sqlx::query_scalar!(
        r#"SELECT signature AS "signature!" FROM wallet.chain_tx WHERE signature = ANY($1)"#,
        &asked
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(|bytes| signature(bytes)).collect()
}

/// The newest finalized transaction that we know, and its slot: every endpoint of our chain that has come so far finds
/// it.
///
/// # Errors
/// The database.
pub async fn landmark(executor: impl PgExecutor<'_>) -> Result<Option<(Signature, u64)>, Fault> {
    let newest = sqlx::query!(
        r#"SELECT signature AS "signature!", slot AS "slot!" FROM (
               (SELECT signature, slot FROM wallet.chain_tx WHERE slot IS NOT NULL ORDER BY slot DESC LIMIT 1)
               UNION ALL
               (SELECT signature, slot FROM wallet.deposit WHERE state = 'CREDITED' ORDER BY slot DESC LIMIT 1)
           ) AS known ORDER BY slot DESC LIMIT 1"#,
    )
    .fetch_optional(executor)
    .await?;
    newest.map(|newest| Ok((signature(&newest.signature)?, height_out(newest.slot)?))).transpose()
}
