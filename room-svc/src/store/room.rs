//! Table `room.room`.

use crate::domain::room::Room;
use chassis::Fault;
use proto::{AccountId, Lamports, RoomId, room::RoomState};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Reads and locks rooms, in the order of their ids. Unknown ids are left out.
///
/// # Errors
/// The database.
pub async fn lock(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Room>, Fault> {
    let rows = sqlx::query!(
        "SELECT id, state, host, lock_at, min_stake, max_stake, max_players, min_players, max_pool, seats, pools, pending,
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
                host: row.host.map(AccountId::new),
                lock_at: row.lock_at,
                min_stake: Lamports::new(row.min_stake),
                max_stake: Lamports::new(row.max_stake),
                max_players: count(row.max_players)?,
                min_players: count(row.min_players)?,
                max_pool: (row.max_pool > 0).then(|| Lamports::new(row.max_pool)),
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
         WHERE pending > 0 AND frozen_at IS NULL AND closed_at <= room.db_clock() - make_interval(secs => $1)
         ORDER BY closed_at LIMIT 200",
        grace_seconds
    );
    Ok(late.fetch_all(conn).await?)
}

/// Rooms that nobody has resolved in time, and whose void nobody was told yet.
///
/// # Errors
/// The database.
pub async fn unresolved(conn: &mut PgConnection) -> Result<Vec<Uuid>, Fault> {
    let due = sqlx::query_scalar!(
        "SELECT id FROM room.room
         WHERE unresolved_at <= room.db_clock() AND NOT freeze_asked AND state BETWEEN 1 AND 4
           AND NOT EXISTS (SELECT FROM room.issued WHERE saga = 'resolve' AND key = room.id)
         ORDER BY unresolved_at LIMIT 200"
    );
    Ok(due.fetch_all(conn).await?)
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

pub(super) fn state(number: i16) -> Result<RoomState, Fault> {
    RoomState::try_from(i32::from(number)).map_err(|_| Fault::bug("an unknown state of a room"))
}

pub(super) fn number(value: i32) -> Result<i16, Fault> {
    i16::try_from(value).map_err(|_| Fault::bug("an enum out of range"))
}

pub(super) fn signed(value: u32) -> Result<i32, Fault> {
    i32::try_from(value).map_err(|_| Fault::bug("a count out of range"))
}
