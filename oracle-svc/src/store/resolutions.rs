//! The answers.

use crate::domain::{Resolution, Second};
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
    let rooms: Vec<Uuid> = all(resolutions, |resolution| resolution.room.uuid());
    let outcomes: Vec<String> = all(resolutions, |resolution| resolution.outcome.name().into_owned());
    let observed: Vec<OffsetDateTime> = all(resolutions, |resolution| resolution.observed_at.time());
    let prices: Vec<Option<Decimal>> = all(resolutions, |resolution| resolution.price);
    let first: Vec<i64> = all(resolutions, |resolution| resolution.first.number());
    let last: Vec<i64> = all(resolutions, |resolution| resolution.last.number());
    let ends: Vec<Option<i64>> = all(resolutions, |resolution| resolution.window_end.map(Second::number));
    let starts: Vec<Option<Decimal>> =
        all(resolutions, |resolution| resolution.start.and_then(|start| start.price));
    let start_ends: Vec<Option<i64>> =
        all(resolutions, |resolution| resolution.start.map(|start| start.window_end.number()));
    let rival_starts: Vec<Option<Decimal>> =
        all(resolutions, |resolution| resolution.rival.and_then(|rival| rival.start_price));
    let rivals: Vec<Option<Decimal>> =
        all(resolutions, |resolution| resolution.rival.and_then(|rival| rival.price));
    let uncertain: Vec<bool> = all(resolutions, |resolution| resolution.suspicions.confidence);
    let without: Vec<bool> = all(resolutions, |resolution| resolution.suspicions.excluded_venue);
    let fresh = sqlx::query_scalar!(
        "WITH watched AS (SELECT room_id FROM oracle.watch WHERE room_id = ANY($1) AND decided_at IS NULL
                          ORDER BY room_id FOR NO KEY UPDATE),
         answered AS (
             INSERT INTO oracle.resolution
                    (room_id, outcome, observed_at, price, first_second, last_second, window_end, start_price,
                     start_window_end, rival_start_price, rival_price, suspect_confidence, suspect_exclusion, resolved_at)
             SELECT t.room, t.outcome, t.observed, t.price, t.first, t.last, t.window_end, t.start_price,
                    t.start_end, t.rival_start, t.rival_price, t.uncertain, t.without, $14
             FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::numeric[], $5::bigint[], $6::bigint[],
                         $7::bigint[], $8::numeric[], $9::bigint[], $10::numeric[], $11::numeric[], $12::boolean[],
                         $13::boolean[])
                  AS t (room, outcome, observed, price, first, last, window_end, start_price, start_end, rival_start,
                        rival_price, uncertain, without)
             JOIN watched w ON w.room_id = t.room
             ON CONFLICT (room_id) DO NOTHING RETURNING room_id)
         UPDATE oracle.watch w SET decided_at = $14 FROM answered WHERE w.room_id = answered.room_id
         RETURNING w.room_id",
        &rooms,
        &outcomes,
        &observed,
        &prices as &[Option<Decimal>],
        &first,
        &last,
        &ends as &[Option<i64>],
        &starts as &[Option<Decimal>],
        &start_ends as &[Option<i64>],
        &rival_starts as &[Option<Decimal>],
        &rivals as &[Option<Decimal>],
        &uncertain,
        &without,
        at,
    )
    .fetch_all(conn)
    .await?;
    Ok(fresh.into_iter().map(RoomId::new).collect())
}

fn all<T>(resolutions: &[Resolution], column: impl Fn(&Resolution) -> T) -> Vec<T> {
    resolutions.iter().map(column).collect()
}
