//! What the steps leave behind, written once: what was frozen, the book, the chunks the ledger
//! has, the receipt.

use super::{broken, integers, settlement, signed};
use crate::domain::{Book, Frozen, Hash, Ruling};
use chassis::Fault;
use prost::Message;
use proto::{Lamports, RoomId, room::Terms};
use sqlx::PgConnection;

/// The book's totals.
#[derive(Clone, Debug)]
pub struct Totals {
    /// What the room was settled by.
    pub ruling: Ruling,
    /// Stakes that counted, per outcome.
    pub pools: Vec<Lamports>,
    /// The protocol's part of the takeout.
    pub protocol_fee: Lamports,
    /// The host's part of the takeout.
    pub host_fee: Lamports,
    /// Merkle root over the lines.
    pub root: Hash,
    /// How many parts the payouts have.
    pub chunks: u32,
}

/// The receipt on chain.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Signature of the memo's transaction.
    pub signature: String,
    /// The slot it landed in.
    pub slot: u64,
    /// The memo as written.
    pub memo: String,
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
pub async fn close_book(
    connection: &mut PgConnection,
    room: RoomId,
    book: &Book,
    root: &Hash,
    chunks: u32,
) -> Result<(), Fault> {
    let (outcome, void_reason) = settlement::columns(book.ruling)?;
    sqlx::query!(
        "INSERT INTO settlement.book
             (room_id, outcome, void_reason, pools_lamports, protocol_fee_lamports, host_fee_lamports, root, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        room.uuid(),
        outcome,
        void_reason,
        &integers(&book.pools),
        book.protocol_fee.get(),
        book.host_fee.get(),
        root.as_slice(),
        signed(chunks)?,
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
        "SELECT outcome, void_reason, pools_lamports, protocol_fee_lamports, host_fee_lamports, root, chunks
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
        root: hash(row.root)?,
        chunks: super::unsigned(row.chunks)?,
    }))
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
    sqlx::query!(
        "INSERT INTO settlement.receipt (room_id, signature, slot, memo) VALUES ($1, $2, $3, $4)",
        room.uuid(),
        receipt.signature,
        slot,
        receipt.memo,
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
    let row =
        sqlx::query!("SELECT signature, slot, memo FROM settlement.receipt WHERE room_id = $1", room.uuid())
            .fetch_optional(connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let slot = u64::try_from(row.slot).map_err(|_| broken("a negative slot"))?;
    Ok(Some(Receipt { signature: row.signature, slot, memo: row.memo }))
}

fn hash(bytes: Vec<u8>) -> Result<Hash, Fault> {
    bytes.try_into().map_err(|_| broken("a hash of another length"))
}
