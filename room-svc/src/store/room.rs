//! Table `room.room`.

use crate::domain::room::Room;
use chassis::Fault;
use prost::Message;
use proto::{
    AccountId, Lamports, RoomId, from_timestamp,
    room::{Result as RoomResult, Room as RoomMessage, RoomState, Terms, VoidReason},
    settlement::Verdict,
    timestamp,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Reads and locks rooms, in the order of their ids. Unknown ids are left out.
///
/// # Errors
/// The database.
pub async fn lock(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Room>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, state, lock_at, min_stake, max_stake, max_players, min_players, seats, pools, pending,
                pending_stakes, closed_at, freeze_asked, frozen_at IS NOT NULL AS \"frozen!\"
         FROM room.room WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        ids
    )
    .fetch_all(conn)
    .await?;
    let count = |number: i32| u32::try_from(number).map_err(|_| Fault::bug("a negative count"));
    rows.into_iter()
        .map(|row| {
            Ok(Room {
                id: RoomId::new(row.id),
                state: state(row.state)?,
                lock_at: row.lock_at,
                min_stake: Lamports::new(row.min_stake),
                max_stake: Lamports::new(row.max_stake),
                max_players: count(row.max_players)?,
                min_players: count(row.min_players)?,
                seats: row.seats.into_iter().map(count).collect::<Result<_, _>>()?,
                pools: row.pools.into_iter().map(Lamports::new).collect(),
                pending: count(row.pending)?,
                pending_stakes: Lamports::new(row.pending_stakes),
                closed_at: row.closed_at,
                freeze_asked: row.freeze_asked,
                frozen: row.frozen,
            })
        })
        .collect()
}

/// Writes what a batch changed, each room once.
///
/// # Errors
/// The database.
pub async fn update(conn: &mut PgConnection, rooms: impl Iterator<Item = &Room>) -> Result<(), Fault> {
    let rooms: Vec<&Room> = rooms.collect();
    if rooms.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rooms.iter().map(|room| room.id.uuid()).collect();
    let states: Vec<i16> = rooms.iter().map(|room| number(room.state.into())).collect::<Result<_, _>>()?;
    let pending: Vec<i32> = rooms.iter().map(|room| signed(room.pending)).collect::<Result<_, _>>()?;
    let stakes: Vec<i64> = rooms.iter().map(|room| room.pending_stakes.get()).collect();
    let closed: Vec<Option<OffsetDateTime>> = rooms.iter().map(|room| room.closed_at).collect();
    let asked: Vec<bool> = rooms.iter().map(|room| room.freeze_asked).collect();
    // Arrays of arrays must be rectangular, so each travels as text.
    let seats: Vec<String> = rooms.iter().map(|room| array(room.seats.iter())).collect();
    let pools: Vec<String> =
        rooms.iter().map(|room| array(room.pools.iter().map(|pool| pool.get()))).collect();
    sqlx::query!(
        "UPDATE room.room AS r
         SET state = t.state, seats = t.seats::int[], pools = t.pools::bigint[], pending = t.pending,
             pending_stakes = t.stakes, closed_at = t.closed, freeze_asked = t.asked, version = r.version + 1
         FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[], $8::bool[])
              AS t (id, state, seats, pools, pending, stakes, closed, asked)
         WHERE r.id = t.id",
        &ids,
        &states,
        &seats,
        &pools,
        &pending,
        &stakes,
        &closed as &[Option<OffsetDateTime>],
        &asked
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn array(items: impl Iterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    format!("{{{}}}", items.join(","))
}

/// Makes openings wait for each other that could break a rule together: by one host, or in one
/// scope on one asset. Taken for a whole batch at once, in the order of the keys, so that two
/// batches never wait for each other.
///
/// # Errors
/// The database.
pub async fn lock_openings(conn: &mut PgConnection, names: &[String]) -> Result<(), Fault> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(key)
         FROM (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS keys",
        names
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Live rooms of a host.
///
/// # Errors
/// The database.
pub async fn live_of_host(conn: &mut PgConnection, host: AccountId) -> Result<i64, Fault> {
    let live = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM room.room WHERE host = $1 AND state BETWEEN 1 AND 4",
        host.uuid()
    );
    Ok(live.fetch_one(conn).await?)
}

/// A live room that asks the same question, and its number.
///
/// # Errors
/// The database, or terms that break their contract.
pub async fn same_question(conn: &mut PgConnection, terms: &Terms) -> Result<Option<(RoomId, i64)>, Fault> {
    let row = sqlx::query!(
        "SELECT id, number FROM room.room
         WHERE scope_chat_id = $1 AND kind = $2 AND asset = $3 AND comparator = $4 AND target = $5
           AND date_trunc('minute', deadline, 'UTC') = date_trunc('minute', $6::timestamptz, 'UTC')
           AND state BETWEEN 1 AND 4",
        terms.scope_chat_id,
        number(terms.kind)?,
        terms.asset,
        number(terms.comparator)?,
        proto::decimal(&terms.target)?,
        from_timestamp(terms.deadline.as_ref())?
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (RoomId::new(row.id), row.number)))
}

/// Inserts a room that opens with these terms.
///
/// # Errors
/// The database, or terms that break their contract.
pub async fn insert(conn: &mut PgConnection, terms: &Terms) -> Result<(), Fault> {
    let bytes = terms.encode_to_vec();
    let hash = Sha256::digest(&bytes);
    let outcomes = terms.outcomes.len();
    let (seats, pools) = (vec![0_i32; outcomes], vec![0_i64; outcomes]);
    let state = if terms.min_players == 0 { RoomState::Open } else { RoomState::Queuing };
    sqlx::query!(
        "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, comparator, target, host, scope_chat_id, lock_at,
             deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        RoomId::try_from_bytes(&terms.room_id)?.uuid(),
        bytes,
        hash.as_slice(),
        number(state.into())?,
        number(terms.kind)?,
        terms.asset,
        number(terms.comparator)?,
        proto::decimal(&terms.target)?,
        AccountId::try_from_bytes(&terms.host_account_id)?.uuid(),
        terms.scope_chat_id,
        from_timestamp(terms.lock_at.as_ref())?,
        from_timestamp(terms.deadline.as_ref())?,
        terms.min_stake_lamports,
        terms.max_stake_lamports,
        signed(terms.max_players)?,
        signed(terms.min_players)?,
        &seats,
        &pools,
        from_timestamp(terms.open_at.as_ref())?
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rooms whose lock has come and that are not closed yet.
///
/// # Errors
/// The database.
pub async fn due_to_close(conn: &mut PgConnection) -> Result<Vec<Uuid>, Fault> {
    let due = sqlx::query_scalar!(
        "SELECT id FROM room.room WHERE state IN (1, 2) AND closed_at IS NULL AND lock_at <= room.db_clock()
         ORDER BY lock_at LIMIT 200"
    );
    Ok(due.fetch_all(conn).await?)
}

/// Rooms that were closed longer ago than holds may take, with bets still pending.
///
/// # Errors
/// The database.
pub async fn waiting_too_long(conn: &mut PgConnection, grace_seconds: f64) -> Result<Vec<Uuid>, Fault> {
    let late = sqlx::query_scalar!(
        "SELECT id FROM room.room
         WHERE pending > 0 AND closed_at <= room.db_clock() - make_interval(secs => $1) ORDER BY closed_at LIMIT 200",
        grace_seconds
    );
    Ok(late.fetch_all(conn).await?)
}

/// Marks a room as counted and hashed.
///
/// # Errors
/// The database.
pub async fn freeze(
    conn: &mut PgConnection,
    id: RoomId,
    at: OffsetDateTime,
    hash: &[u8],
) -> Result<(), Fault> {
    sqlx::query!("UPDATE room.room SET frozen_at = $2, bets_hash = $3 WHERE id = $1", id.uuid(), at, hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a room with a verdict, once. False if the room is not here.
///
/// # Errors
/// The database, or a verdict that breaks its contract.
pub async fn settle(
    conn: &mut PgConnection,
    id: RoomId,
    verdict: &Verdict,
    settled_at: OffsetDateTime,
) -> Result<bool, Fault> {
    let void = verdict.void_reason() != VoidReason::Unspecified;
    let state = if void { RoomState::Voided } else { RoomState::Settled };
    let observed_at = verdict.observed_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?;
    sqlx::query!(
        "UPDATE room.room SET state = $2, outcome = $3, void_reason = $4, price = $5, observed_at = $6, settled_at = $7,
                closed_at = coalesce(closed_at, $7), version = version + 1
         WHERE id = $1 AND settled_at IS NULL",
        id.uuid(),
        number(state.into())?,
        (!void).then(|| i16::try_from(verdict.outcome)).transpose().map_err(|_| Fault::bug("outcome"))?,
        number(verdict.void_reason)?,
        verdict.price,
        observed_at,
        settled_at
    )
    .execute(&mut *conn)
    .await?;
    let here = sqlx::query_scalar!("SELECT true AS \"here!\" FROM room.room WHERE id = $1", id.uuid());
    Ok(here.fetch_optional(conn).await?.is_some())
}

/// Notes the receipt's signature.
///
/// # Errors
/// The database.
pub async fn receipt(conn: &mut PgConnection, id: RoomId, signature: &str) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE room.room SET receipt = $2, version = version + 1 WHERE id = $1 AND receipt = ''",
        id.uuid(),
        signature
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A whole row, for messages.
#[derive(Debug, sqlx::FromRow)]
pub struct Whole {
    id: Uuid,
    number: i64,
    /// The canonical bytes.
    pub terms: Vec<u8>,
    terms_hash: Vec<u8>,
    state: i16,
    seats: Vec<i32>,
    pools: Vec<i64>,
    outcome: Option<i16>,
    void_reason: Option<i16>,
    price: String,
    observed_at: Option<OffsetDateTime>,
    settled_at: Option<OffsetDateTime>,
    receipt: String,
    version: i64,
    /// Hash of the frozen bets.
    pub bets_hash: Option<Vec<u8>>,
}

impl Whole {
    /// # Errors
    /// A row that breaks the contract.
    pub fn to_message(&self) -> Result<RoomMessage, Fault> {
        let terms =
            Terms::decode(self.terms.as_slice()).map_err(|_| Fault::bug("stored terms do not decode"))?;
        let result = self.settled_at.map(|settled_at| RoomResult {
            outcome: self.outcome.and_then(|outcome| outcome.try_into().ok()).unwrap_or_default(),
            void_reason: self.void_reason.unwrap_or_default().into(),
            price: self.price.clone(),
            observed_at: self.observed_at.map(timestamp),
            settled_at: Some(timestamp(settled_at)),
            receipt_signature: self.receipt.clone(),
            ..RoomResult::default()
        });
        Ok(RoomMessage {
            room_id: self.id.as_bytes().to_vec(),
            number: self.number,
            terms: Some(terms),
            terms_hash: self.terms_hash.clone(),
            state: self.state.into(),
            players: self.seats.iter().sum::<i32>().try_into().unwrap_or_default(),
            pools_lamports: self.pools.clone(),
            version: self.version.try_into().unwrap_or_default(),
            result,
            ..RoomMessage::default()
        })
    }
}

/// Whole rooms by id, in the order of their numbers.
///
/// # Errors
/// The database.
pub async fn whole(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Whole>, Fault> {
    let rows = sqlx::query_as!(
        Whole,
        "SELECT id, number, terms, terms_hash, state, seats, pools, outcome, void_reason, price, observed_at, settled_at,
                receipt, version, bets_hash
         FROM room.room WHERE id = ANY($1) ORDER BY number",
        ids
    );
    Ok(rows.fetch_all(conn).await?)
}

pub(super) fn state(number: i16) -> Result<RoomState, Fault> {
    RoomState::try_from(i32::from(number)).map_err(|_| Fault::bug("an unknown state of a room"))
}

pub(super) fn number(value: i32) -> Result<i16, Fault> {
    i16::try_from(value).map_err(|_| Fault::bug("an enum out of range"))
}

pub(super) fn signed(value: u32) -> Result<i32, Fault> {
    i32::try_from(value).map_err(|_| Fault::bug("a count out of range"))
}
