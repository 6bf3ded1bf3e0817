//! The deciding series, copied from the oracle page by page.

use chassis::Fault;
use proto::RoomId;
use sqlx::PgConnection;
use std::ops::RangeInclusive;

/// Keeps one answer of the oracle.
///
/// # Errors
/// The database.
pub async fn insert(
    connection: &mut PgConnection,
    room: RoomId,
    seconds: RangeInclusive<i64>,
    answer: &[u8],
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.series_page (room_id, first_second, last_second, seconds)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        room.uuid(),
        seconds.start(),
        seconds.end(),
        answer,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The last second that was copied.
///
/// # Errors
/// The database.
pub async fn copied_to(connection: &mut PgConnection, room: RoomId) -> Result<Option<i64>, Fault> {
    Ok(sqlx::query_scalar!(
        "SELECT max(last_second) FROM settlement.series_page WHERE room_id = $1",
        room.uuid()
    )
    .fetch_one(connection)
    .await?)
}

/// The first page that begins at a second or later: where it ends, and the oracle's answer.
///
/// # Errors
/// The database.
pub async fn page(
    connection: &mut PgConnection,
    room: RoomId,
    from: i64,
) -> Result<Option<(i64, Vec<u8>)>, Fault> {
    let row = sqlx::query!(
        "SELECT last_second, seconds FROM settlement.series_page
         WHERE room_id = $1 AND first_second >= $2 ORDER BY first_second LIMIT 1",
        room.uuid(),
        from,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.last_second, row.seconds)))
}
