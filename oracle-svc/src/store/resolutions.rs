//! The answers.

use crate::domain::Resolution;
use chassis::Fault;
use proto::RoomId;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// Stores answers and returns the rooms for which they are to be told: those that had no answer
/// and no verdict yet.
pub(crate) async fn put(
    conn: &mut PgConnection,
    resolutions: &[Resolution],
    at: OffsetDateTime,
) -> Result<HashSet<RoomId>, Fault> {
    let rooms: Vec<Uuid> = resolutions.iter().map(|resolution| resolution.room.uuid()).collect();
    let outcomes: Vec<String> =
        resolutions.iter().map(|resolution| resolution.outcome.name().to_owned()).collect();
    let observed: Vec<OffsetDateTime> =
        resolutions.iter().map(|resolution| resolution.observed_at.time()).collect();
    let prices: Vec<Option<Decimal>> = resolutions.iter().map(|resolution| resolution.price).collect();
    let first: Vec<i64> = resolutions.iter().map(|resolution| resolution.first.number()).collect();
    let last: Vec<i64> = resolutions.iter().map(|resolution| resolution.last.number()).collect();
    let fresh = sqlx::query_scalar!(
        "WITH watched AS (SELECT room_id FROM oracle.watch WHERE room_id = ANY($1) AND decided_at IS NULL
                          ORDER BY room_id FOR NO KEY UPDATE),
         answered AS (
             INSERT INTO oracle.resolution
                    (room_id, outcome, observed_at, price, first_second, last_second, resolved_at)
             SELECT t.room, t.outcome, t.observed, t.price, t.first, t.last, $7
             FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::numeric[], $5::bigint[], $6::bigint[])
                  AS t (room, outcome, observed, price, first, last)
             JOIN watched w ON w.room_id = t.room
             ON CONFLICT (room_id) DO NOTHING RETURNING room_id)
         UPDATE oracle.watch w SET decided_at = $7 FROM answered WHERE w.room_id = answered.room_id
         RETURNING w.room_id",
        &rooms,
        &outcomes,
        &observed,
        &prices as &[Option<Decimal>],
        &first,
        &last,
        at,
    )
    .fetch_all(conn)
    .await?;
    Ok(fresh.into_iter().map(RoomId::new).collect())
}
