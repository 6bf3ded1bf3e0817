//! The rooms that asked.

use crate::domain::Asset;
use chassis::Fault;
use prost::Message as _;
use proto::{Malformed, RoomId, room};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// Registers rooms with their terms, in the order of their ids. A room that is registered stays
/// as it is.
///
/// # Errors
/// A room that is registered already under other terms.
pub(crate) async fn register(
    conn: &mut PgConnection,
    watches: &[(RoomId, Asset, Vec<u8>)],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    let rooms: Vec<Uuid> = watches.iter().map(|(room, ..)| room.uuid()).collect();
    let assets: Vec<String> = watches.iter().map(|(_, asset, _)| asset.name().to_owned()).collect();
    let terms: Vec<Vec<u8>> = watches.iter().map(|(.., terms)| terms.clone()).collect();
    sqlx::query!(
        "INSERT INTO oracle.watch (room_id, asset, terms, registered_at)
         SELECT room, asset, terms, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS t (room, asset, terms)
         ORDER BY room
         ON CONFLICT (room_id) DO NOTHING",
        &rooms,
        &assets,
        &terms,
        at,
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

/// The terms of undecided rooms of an asset that the writer follows already, or not yet.
pub(crate) async fn undecided(
    pool: &PgPool,
    asset: Asset,
    followed: bool,
) -> Result<Vec<room::Terms>, Fault> {
    let rows = sqlx::query_scalar!(
        "SELECT terms FROM oracle.watch
         WHERE asset = $1 AND followed = $2 AND decided_at IS NULL ORDER BY room_id",
        asset.name(),
        followed,
    )
    .fetch_all(pool)
    .await?;
    let decode = |bytes: Vec<u8>| room::Terms::decode(bytes.as_slice());
    rows.into_iter()
        .map(decode)
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::bug("stored terms do not decode"))
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
