//! Receipts of settled rooms.

use super::height_in;
use chassis::{Fault, Pool};
use proto::{
    RECEIPTS_MAX, RoomId,
    merkle::{self, Hash},
    receipts_memo,
};
use solana_signature::Signature;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

/// A room whose receipt is not on chain yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub room: RoomId,
    /// The memo that anchors it alone.
    pub memo: String,
    /// Its leaf under a memo of several; without one it goes alone.
    pub leaf: Option<Hash>,
}

/// Receipts that one transaction is to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Whose, in the order of their places; at least one.
    pub rooms: Vec<Waiting>,
    /// The transaction whose attempts are all dead, if there is one: it writes the same memo again.
    pub chain_tx: Option<Uuid>,
}

impl Open {
    /// The memo: a room's own, or the root over several.
    #[must_use]
    pub fn memo(&self) -> String {
        match self.rooms.as_slice() {
            [alone] => alone.memo.clone(),
            rooms => receipts_memo(&rooms.iter().filter_map(|room| room.leaf).collect::<Vec<_>>()),
        }
    }
}

/// A receipt on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchored {
    /// Whose.
    pub room: RoomId,
    /// The memo as written.
    pub memo: String,
    /// Where.
    pub signature: Signature,
    /// When.
    pub slot: u64,
    /// Where the room stands under a memo of several.
    pub place: Option<Place>,
}

/// A room's place under a memo of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 0.
    pub leaf: u32,
    /// How many rooms there are.
    pub leaves: u32,
    /// From the room's leaf up to the root.
    pub branch: Vec<Hash>,
}

/// Asks for a receipt; the first text of a room stands.
///
/// # Errors
/// The database.
pub async fn request(conn: &mut PgConnection, room: RoomId, memo: &str, leaf: &Hash) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO wallet.receipt (room_id, memo, leaf) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        room.uuid(),
        memo,
        leaf.as_slice(),
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
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT r.room_id AS "room_id!", r.memo AS "memo!", r.leaf, r.place, r.signature AS "signature!",
                  r.slot AS "slot!"
           FROM wallet.receipt AS mine JOIN wallet.receipt AS r ON r.chain_tx_id = mine.chain_tx_id
           WHERE mine.room_id = $1 AND mine.anchored_at IS NOT NULL"#,
        room.uuid(),
    )
    .fetch_all(executor)
    .await?;
    Ok(together(rows)?.into_iter().find(|anchored| anchored.room == room))
}

/// Receipts that no live transaction carries: those of the oldest one's dead transaction, or else the oldest that are in
/// none, as many as one memo takes.
///
/// # Errors
/// The database.
pub async fn open(pool: &Pool) -> Result<Option<Open>, Fault> {
    let oldest = sqlx::query!(
        "SELECT room_id, memo, leaf, chain_tx_id FROM wallet.receipt AS r
         WHERE anchored_at IS NULL AND (retry_after IS NULL OR retry_after < wallet.db_clock())
           AND NOT EXISTS (SELECT FROM wallet.chain_tx c WHERE c.id = r.chain_tx_id AND c.state <> 'DEAD')
         ORDER BY requested_at LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    let Some(oldest) = oldest else { return Ok(None) };
    let rows = match oldest.chain_tx_id {
        Some(dead) => {
            sqlx::query!(
                "SELECT room_id, memo, leaf FROM wallet.receipt WHERE chain_tx_id = $1 ORDER BY place",
                dead
            )
            .map(|row| waiting(row.room_id, row.memo, row.leaf))
            .fetch_all(pool)
            .await?
        }
        None if oldest.leaf.is_none() => vec![waiting(oldest.room_id, oldest.memo, None)],
        None => {
            sqlx::query!(
                "SELECT room_id, memo, leaf FROM wallet.receipt
                 WHERE anchored_at IS NULL AND chain_tx_id IS NULL AND leaf IS NOT NULL
                   AND (retry_after IS NULL OR retry_after < wallet.db_clock())
                 ORDER BY requested_at, room_id LIMIT $1",
                i64::try_from(RECEIPTS_MAX).unwrap_or(i64::MAX),
            )
            .map(|row| waiting(row.room_id, row.memo, row.leaf))
            .fetch_all(pool)
            .await?
        }
    };
    let rooms = rows.into_iter().collect::<Result<_, _>>()?;
    Ok(Some(Open { rooms, chain_tx: oldest.chain_tx_id }))
}

/// A transaction carries them, each at its place.
///
/// # Errors
/// The database; one of them is on chain or in another transaction meanwhile.
pub async fn assign(conn: &mut PgConnection, open: &Open, chain_tx: Uuid) -> Result<(), Fault> {
    let rooms: Vec<Uuid> = open.rooms.iter().map(|waiting| waiting.room.uuid()).collect();
    let several = rooms.len() > 1;
    let places: Vec<Option<i32>> = (0..).zip(&rooms).map(|(place, _)| several.then_some(place)).collect();
    let assigned = sqlx::query!(
        "UPDATE wallet.receipt AS r SET chain_tx_id = $3, place = t.place
         FROM unnest($1::uuid[], $2::int[]) AS t (room, place)
         WHERE r.room_id = t.room AND r.anchored_at IS NULL AND (r.chain_tx_id IS NULL OR r.chain_tx_id = $3)",
        &rooms,
        &places as &[Option<i32>],
        chain_tx,
    )
    .execute(conn)
    .await?
    .rows_affected();
    if usize::try_from(assigned) != Ok(rooms.len()) {
        return Err(Fault::bug(format!("{} receipts for {chain_tx}, and {assigned} were free", rooms.len())));
    }
    Ok(())
}

/// Their transaction is on chain. Returns whose receipts it carried.
///
/// # Errors
/// The database.
pub async fn mark_anchored(
    conn: &mut PgConnection,
    chain_tx: Uuid,
    signature: &Signature,
    slot: u64,
) -> Result<Vec<Anchored>, Fault> {
    let rows = sqlx::query_as!(
        Row,
        r#"UPDATE wallet.receipt SET signature = $2, slot = $3, anchored_at = wallet.db_clock()
           WHERE chain_tx_id = $1 AND anchored_at IS NULL
           RETURNING room_id, memo, leaf, place, signature AS "signature!", slot AS "slot!""#,
        chain_tx,
        signature.as_ref(),
        height_in(slot)?,
    )
    .fetch_all(conn)
    .await?;
    together(rows)
}

/// Their transaction failed on chain: another one is made after a pause.
///
/// # Errors
/// The database.
pub async fn give_back(conn: &mut PgConnection, chain_tx: Uuid, pause: Duration) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE wallet.receipt
         SET chain_tx_id = NULL, place = NULL, retry_after = wallet.db_clock() + make_interval(secs => $2)
         WHERE chain_tx_id = $1 AND anchored_at IS NULL",
        chain_tx,
        pause.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    room_id: Uuid,
    memo: String,
    leaf: Option<Vec<u8>>,
    place: Option<i32>,
    signature: Vec<u8>,
    slot: i64,
}

fn waiting(room: Uuid, memo: String, leaf: Option<Vec<u8>>) -> Result<Waiting, Fault> {
    Ok(Waiting { room: RoomId::new(room), memo, leaf: leaf.as_deref().map(hash).transpose()? })
}

fn hash(bytes: &[u8]) -> Result<Hash, Fault> {
    Hash::try_from(bytes).map_err(|_| Fault::bug("a stored leaf has not 32 bytes"))
}

/// What all rooms of one transaction have on chain: one its own memo, several the memo with their root.
fn together(mut rows: Vec<Row>) -> Result<Vec<Anchored>, Fault> {
    rows.sort_by_key(|row| row.place);
    let placed = rows.iter().filter(|row| row.place.is_some()).filter_map(|row| row.leaf.as_deref());
    let leaves = placed.map(hash).collect::<Result<Vec<_>, _>>()?;
    let count = u32::try_from(leaves.len()).map_err(|_| Fault::bug("more rooms than a memo takes"))?;
    rows.into_iter()
        .map(|row| {
            let place = row.place.map(|place| {
                let leaf = u32::try_from(place).map_err(|_| Fault::bug("a negative place"))?;
                let branch = usize::try_from(place).ok().and_then(|place| merkle::branch(&leaves, place));
                let branch = branch.ok_or_else(|| Fault::bug("a place beyond the rooms of its memo"))?;
                Ok::<_, Fault>(Place { leaf, leaves: count, branch })
            });
            Ok(Anchored {
                room: RoomId::new(row.room_id),
                memo: if row.place.is_some() { receipts_memo(&leaves) } else { row.memo },
                signature: super::signature(&row.signature)?,
                slot: super::height_out(row.slot)?,
                place: place.transpose()?,
            })
        })
        .collect()
}
