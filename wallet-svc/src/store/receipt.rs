//! Receipts of settled rooms.

use super::height_in;
use chassis::Fault;
use proto::RoomId;
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// A receipt that is not on chain yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Whose.
    pub room: RoomId,
    /// The text.
    pub memo: String,
    /// The transaction whose attempts are all dead, if there is one.
    pub chain_tx: Option<Uuid>,
}

/// A receipt on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchored {
    /// Whose.
    pub room: RoomId,
    /// The text.
    pub memo: String,
    /// Where.
    pub signature: Signature,
    /// When.
    pub slot: u64,
}

/// Asks for a receipt; the first text of a room stands.
///
/// # Errors
/// The database.
pub async fn request(conn: &mut PgConnection, room: RoomId, memo: &str) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.receipt (room_id, memo) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        room.uuid(),
        memo,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The receipt of a room if it is on chain.
///
/// # Errors
/// The database.
pub async fn anchored(executor: impl PgExecutor<'_>, room: RoomId) -> Result<Option<Anchored>, Fault> {
    let row = sqlx::query!(
        r#"SELECT memo, signature AS "signature!", slot AS "slot!" FROM wallet.receipt
           WHERE room_id = $1 AND anchored_at IS NOT NULL"#,
        room.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        Ok(Anchored {
            room,
            memo: row.memo,
            signature: super::signature(&row.signature)?,
            slot: super::height_out(row.slot)?,
        })
    })
    .transpose()
}

/// The oldest receipt that no live transaction carries.
///
/// # Errors
/// The database.
pub async fn open(executor: impl PgExecutor<'_>) -> Result<Option<Open>, Fault> {
    let row = sqlx::query!(
        "SELECT room_id, memo, chain_tx_id FROM wallet.receipt AS r
         WHERE anchored_at IS NULL AND (retry_after IS NULL OR retry_after < wallet.db_clock())
           AND NOT EXISTS (SELECT FROM wallet.chain_tx c WHERE c.id = r.chain_tx_id AND c.state <> 'DEAD')
         ORDER BY requested_at LIMIT 1",
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Open { room: RoomId::new(row.room_id), memo: row.memo, chain_tx: row.chain_tx_id }))
}

/// A transaction carries it.
///
/// # Errors
/// The database.
pub async fn assign(conn: &mut PgConnection, room: RoomId, chain_tx: Uuid) -> Result<(), Fault> {
    sqlx::query!("UPDATE wallet.receipt SET chain_tx_id = $2 WHERE room_id = $1", room.uuid(), chain_tx)
        .execute(conn)
        .await?;
    Ok(())
}

/// Its transaction is on chain. Returns whose receipt it was.
///
/// # Errors
/// The database.
pub async fn mark_anchored(
    conn: &mut PgConnection,
    chain_tx: Uuid,
    signature: &Signature,
    slot: u64,
) -> Result<Vec<Anchored>, Fault> {
    let rows = sqlx::query!(
        "UPDATE wallet.receipt SET signature = $2, slot = $3, anchored_at = wallet.db_clock()
         WHERE chain_tx_id = $1 AND anchored_at IS NULL RETURNING room_id, memo",
        chain_tx,
        signature.as_ref(),
        height_in(slot)?,
    )
    .fetch_all(conn)
    .await?;
    let anchored = |room, memo| Anchored { room: RoomId::new(room), memo, signature: *signature, slot };
    Ok(rows.into_iter().map(|row| anchored(row.room_id, row.memo)).collect())
}

/// Its transaction failed on chain: another one is made after a pause.
///
/// # Errors
/// The database.
pub async fn give_back(conn: &mut PgConnection, chain_tx: Uuid, pause: Duration) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.receipt SET chain_tx_id = NULL, retry_after = wallet.db_clock() + make_interval(secs => $2)
         WHERE chain_tx_id = $1 AND anchored_at IS NULL",
        chain_tx,
        pause.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
