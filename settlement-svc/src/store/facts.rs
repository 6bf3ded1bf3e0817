//! What the steps leave behind, written once: what was frozen, the book, the chunks the ledger
//! has, the receipt.

use super::{broken, integers, settlement, signed, unsigned};
use crate::domain::{Frozen, Hash, Ruling, Totals};

use chassis::Fault;
use prost::Message;
use proto::{Lamports, RoomId, room::Terms};
use sqlx::PgConnection;
use uuid::Uuid;

/// The receipt on chain.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Signature of the memo's transaction.
    pub signature: String,
    /// The slot it landed in.
    pub slot: u64,
    /// The memo as written.
    pub memo: String,
    /// Where the room stands under a memo of several; nothing under a memo of its own.
    pub place: Option<Place>,
}

/// A room's place under a memo that anchors several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its leaf, counted from 0.
    pub leaf: u32,
    /// How many rooms the memo anchors.
    pub leaves: u32,
    /// The hashes from its leaf up to the memo's root.
    pub branch: Vec<Hash>,
}

/// Keeps what the room froze.
///
/// # Errors
/// The database.
pub async fn freeze(connection: &mut PgConnection, frozen: &Frozen) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.frozen (room_id, room_number, terms, bet_count, pools_lamports, bets_hash)
         VALUES ($1, $2, $3, $4, $5, $6)",
        frozen.room.uuid(),
        frozen.number,
        frozen.terms_bytes,
        i64::from(frozen.bet_count),
        &integers(&frozen.pools),
        frozen.bets_hash.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the room froze.
///
/// # Errors
/// The database.
pub async fn frozen(connection: &mut PgConnection, room: RoomId) -> Result<Option<Frozen>, Fault> {
    let row = sqlx::query!(
        "SELECT room_number, terms, bet_count, pools_lamports, bets_hash
         FROM settlement.frozen WHERE room_id = $1",
        room.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Frozen {
        room,
        number: row.room_number,
        terms: Terms::decode(row.terms.as_slice()).map_err(|_| broken("terms that do not decode"))?,
        terms_bytes: row.terms,
        bet_count: u32::try_from(row.bet_count).map_err(|_| broken("a bet count out of range"))?,
        pools: row.pools_lamports.into_iter().map(Lamports::new).collect(),
        bets_hash: hash(row.bets_hash)?,
    }))
}

/// Keeps the book's totals.
///
/// # Errors
/// The database.
pub async fn close_book(connection: &mut PgConnection, room: RoomId, totals: &Totals) -> Result<(), Fault> {
    let (outcome, void_reason) = settlement::columns(totals.ruling)?;
    sqlx::query!(
        "INSERT INTO settlement.book
             (room_id, outcome, void_reason, pools_lamports, protocol_fee_lamports, host_fee_lamports,
              referral_lamports, root, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        room.uuid(),
        outcome,
        void_reason,
        &integers(&totals.pools),
        totals.protocol_fee.get(),
        totals.host_fee.get(),
        totals.referrals.get(),
        totals.root.as_slice(),
        signed(totals.chunks)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The book's totals.
///
/// # Errors
/// The database.
pub async fn totals(connection: &mut PgConnection, room: RoomId) -> Result<Option<Totals>, Fault> {
    let row = sqlx::query!(
        "SELECT outcome, void_reason, pools_lamports, protocol_fee_lamports, host_fee_lamports, referral_lamports,
                root, chunks
         FROM settlement.book WHERE room_id = $1",
        room.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Totals {
        ruling: settlement::ruling(row.outcome, row.void_reason.as_deref())?,
        pools: row.pools_lamports.into_iter().map(Lamports::new).collect(),
        protocol_fee: Lamports::new(row.protocol_fee_lamports),
        host_fee: Lamports::new(row.host_fee_lamports),
        referrals: Lamports::new(row.referral_lamports),
        root: hash(row.root)?,
        chunks: unsigned(row.chunks)?,
    }))
}

/// What a settled room asked, and what it was settled by.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub room: RoomId,
    /// For people.
    pub number: i64,
    /// What was asked.
    pub terms: Terms,
    /// What the book was made by.
    pub ruling: Ruling,
}

/// The same of rooms that have a book.
///
/// # Errors
/// The database.
pub async fn asked(connection: &mut PgConnection, rooms: &[Uuid]) -> Result<Vec<Asked>, Fault> {
    let rows = sqlx::query!(
        "SELECT f.room_id, f.room_number, f.terms, b.outcome, b.void_reason
         FROM settlement.frozen AS f JOIN settlement.book AS b USING (room_id) WHERE f.room_id = ANY($1)",
        rooms,
    )
    .fetch_all(connection)
    .await?;
    let asked = rows.into_iter().map(|row| {
        Ok(Asked {
            room: RoomId::new(row.room_id),
            number: row.room_number,
            terms: Terms::decode(row.terms.as_slice()).map_err(|_| broken("terms that do not decode"))?,
            ruling: settlement::ruling(row.outcome, row.void_reason.as_deref())?,
        })
    });
    asked.collect()
}

/// Notes that the ledger has a chunk. Returns how many it has, or nothing where this one was
/// noted before.
///
/// # Errors
/// The database.
pub async fn post_chunk(
    connection: &mut PgConnection,
    room: RoomId,
    chunk: u32,
) -> Result<Option<u32>, Fault> {
    let noted = sqlx::query!(
        "INSERT INTO settlement.posted_chunk (room_id, chunk) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        room.uuid(),
        signed(chunk)?,
    )
    .execute(&mut *connection)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(None);
    }
    let posted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM settlement.posted_chunk WHERE room_id = $1"#,
        room.uuid(),
    )
    .fetch_one(connection)
    .await?;
    u32::try_from(posted).map(Some).map_err(|_| broken("more chunks than can be"))
}

/// Keeps the receipt.
///
/// # Errors
/// The database.
pub async fn anchor(connection: &mut PgConnection, room: RoomId, receipt: &Receipt) -> Result<(), Fault> {
    let slot = i64::try_from(receipt.slot).map_err(|_| Fault::bug("a slot out of range"))?;
    let place = receipt.place.as_ref();
    let hashes = |place: &Place| place.branch.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>();
    let branch = place.map(hashes);
    sqlx::query!(
        "INSERT INTO settlement.receipt (room_id, signature, slot, memo, place, leaves, branch)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        room.uuid(),
        receipt.signature,
        slot,
        receipt.memo,
        place.map(|place| signed(place.leaf)).transpose()?,
        place.map(|place| signed(place.leaves)).transpose()?,
        branch.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The receipt, once there is one.
///
/// # Errors
/// The database.
pub async fn receipt(connection: &mut PgConnection, room: RoomId) -> Result<Option<Receipt>, Fault> {
    let row = sqlx::query!(
        "SELECT signature, slot, memo, place, leaves, branch FROM settlement.receipt WHERE room_id = $1",
        room.uuid()
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let slot = u64::try_from(row.slot).map_err(|_| broken("a negative slot"))?;
    let place = match (row.place, row.leaves, row.branch) {
        (Some(leaf), Some(leaves), Some(branch)) => Some(Place {
            leaf: unsigned(leaf)?,
            leaves: unsigned(leaves)?,
            branch: branch.into_iter().map(hash).collect::<Result<_, _>>()?,
        }),
        _ => None,
    };
    Ok(Some(Receipt { signature: row.signature, slot, memo: row.memo, place }))
}

fn hash(bytes: Vec<u8>) -> Result<Hash, Fault> {
    bytes.try_into().map_err(|_| broken("a hash of another length"))
}
