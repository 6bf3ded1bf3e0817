//! The rooms that asked.

use crate::domain::{Asset, Mint, Second};
use chassis::{Fault, Pool};
use prost::Message as _;
use proto::{Malformed, RoomId, room};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A room that asks.
pub(crate) struct Asking {
    pub(crate) room: RoomId,
    pub(crate) asset: Asset,
    /// The asset that it runs against, and the second that has to be over in both series before anything is known.
    pub(crate) rival: Option<(Asset, Second)>,
    /// As hashed.
    pub(crate) terms: Vec<u8>,
}

/// Registers rooms with their terms, in the order of their ids. A room that is registered stays
/// as it is.
///
/// # Errors
/// A room that is registered already under other terms.
pub(crate) async fn register(
    conn: &mut PgConnection,
    asking: &[Asking],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    let rooms: Vec<Uuid> = asking.iter().map(|asking| asking.room.uuid()).collect();
    let assets: Vec<String> = asking.iter().map(|asking| asking.asset.name().to_owned()).collect();
    let rivals: Vec<Option<String>> =
        asking.iter().map(|asking| asking.rival.map(|(rival, _)| rival.name().to_owned())).collect();
    let due: Vec<Option<i64>> =
        asking.iter().map(|asking| asking.rival.map(|(_, due)| due.number())).collect();
    let terms: Vec<Vec<u8>> = asking.iter().map(|asking| asking.terms.clone()).collect();
    sqlx::query!(
        "INSERT INTO oracle.watch (room_id, asset, terms, registered_at, rival, due)
         SELECT room, asset, terms, $4, rival, due
         FROM unnest($1::uuid[], $2::text[], $3::bytea[], $5::text[], $6::bigint[])
              AS t (room, asset, terms, rival, due)
         ORDER BY room
         ON CONFLICT (room_id) DO NOTHING",
        &rooms,
        &assets,
        &terms,
        at,
        &rivals as &[Option<String>],
        &due as &[Option<i64>],
    )
    .execute(&mut *conn)
    .await?;
    let differing = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM unnest($1::uuid[], $2::bytea[]) AS t (room, terms)
           JOIN oracle.watch w ON w.room_id = t.room WHERE w.terms <> t.terms"#,
        &rooms,
        &terms,
    )
    .fetch_one(conn)
    .await?;
    if differing == 0 { Ok(()) } else { Err(Malformed("the room is registered under other terms").into()) }
}

/// The tokens of undecided rooms: the `limit` that were asked for first.
pub(crate) async fn tokens(pool: &Pool, limit: i64) -> Result<Vec<Mint>, Fault> {
    let names = sqlx::query_scalar!(
        "SELECT asset FROM oracle.watch WHERE decided_at IS NULL AND asset NOT IN ('BTC', 'ETH', 'SOL')
         GROUP BY asset ORDER BY min(registered_at), asset LIMIT $1",
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(names.iter().filter_map(|name| Mint::parse(name)).collect())
}

/// The terms of undecided rooms on an asset alone that the writer follows already, or not yet.
pub(crate) async fn undecided(pool: &Pool, asset: Asset, followed: bool) -> Result<Vec<room::Terms>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT terms FROM oracle.watch
         WHERE asset = $1 AND followed = $2 AND decided_at IS NULL AND rival IS NULL ORDER BY room_id",
        asset.name(),
        followed,
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(|terms| decode(terms)).collect()
}

/// The terms of the first `limit` undecided rooms on two assets that may be known when a second is over.
pub(crate) async fn due_on_two(pool: &Pool, second: Second, limit: i64) -> Result<Vec<room::Terms>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT terms FROM oracle.watch
         WHERE rival IS NOT NULL AND decided_at IS NULL AND due <= $1 ORDER BY due, room_id LIMIT $2",
        second.number(),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(|terms| decode(terms)).collect()
}

/// Looks at rooms on two assets again when these seconds are over.
pub(crate) async fn put_off(conn: &mut PgConnection, rooms: &[(RoomId, Second)]) -> Result<(), Fault> {
    let (ids, due): (Vec<Uuid>, Vec<i64>) =
        rooms.iter().map(|(room, due)| (room.uuid(), due.number())).unzip();
    sqlx::query!(
        "WITH later AS (
             SELECT w.room_id, t.due FROM unnest($1::uuid[], $2::bigint[]) AS t (room, due)
             JOIN oracle.watch w ON w.room_id = t.room ORDER BY w.room_id FOR NO KEY UPDATE OF w)
         UPDATE oracle.watch w SET due = later.due FROM later WHERE w.room_id = later.room_id",
        &ids,
        &due,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn decode(terms: &[u8]) -> Result<room::Terms, Fault> {
    room::Terms::decode(terms).map_err(|_| Fault::bug("stored terms do not decode"))
}

/// The writer of the series follows these rooms from now on.
pub(crate) async fn follow(conn: &mut PgConnection, rooms: &[RoomId]) -> Result<(), Fault> {
    sqlx::query!(
        "WITH locked AS (SELECT room_id FROM oracle.watch WHERE room_id = ANY($1)
                         ORDER BY room_id FOR NO KEY UPDATE)
         UPDATE oracle.watch w SET followed = true FROM locked WHERE w.room_id = locked.room_id",
        &ids(rooms),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A verdict of these rooms stands. Rooms that never asked are not ours to note.
pub(crate) async fn decided(
    conn: &mut PgConnection,
    rooms: &[RoomId],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "WITH locked AS (SELECT room_id FROM oracle.watch WHERE room_id = ANY($1) AND decided_at IS NULL
                         ORDER BY room_id FOR NO KEY UPDATE)
         UPDATE oracle.watch w SET decided_at = $2 FROM locked WHERE w.room_id = locked.room_id",
        &ids(rooms),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn ids(rooms: &[RoomId]) -> Vec<Uuid> {
    rooms.iter().map(|room| room.uuid()).collect()
}
