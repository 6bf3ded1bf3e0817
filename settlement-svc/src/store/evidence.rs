//! The deciding series, copied from the oracle page by page.

use chassis::Fault;
use proto::RoomId;
use sqlx::{PgConnection, PgExecutor};
use std::ops::RangeInclusive;

/// Whose prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The room's asset.
    Own,
    /// The asset it runs against.
    Rival,
}

impl Side {
    const fn is_rival(self) -> bool {
        matches!(self, Self::Rival)
    }
}

/// Keeps one answer of the oracle.
///
/// # Errors
/// The database.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    room: RoomId,
    side: Side,
    seconds: RangeInclusive<i64>,
    answer: &[u8],
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.series_page (room_id, rival, first_second, last_second, seconds)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        room.uuid(),
        side.is_rival(),
        seconds.start(),
        seconds.end(),
        answer,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The last of these seconds that was copied.
///
/// # Errors
/// The database.
pub async fn copied_to(
    connection: &mut PgConnection,
    room: RoomId,
    side: Side,
    seconds: &RangeInclusive<i64>,
) -> Result<Option<i64>, Fault> {
    Ok(sqlx::query_scalar!(
        "SELECT max(last_second) FROM settlement.series_page
         WHERE room_id = $1 AND rival = $2 AND first_second BETWEEN $3 AND $4",
        room.uuid(),
        side.is_rival(),
        seconds.start(),
        seconds.end(),
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
    side: Side,
    from: i64,
) -> Result<Option<(i64, Vec<u8>)>, Fault> {
    let row = sqlx::query!(
        "SELECT last_second, seconds FROM settlement.series_page
         WHERE room_id = $1 AND rival = $2 AND first_second >= $3 ORDER BY first_second LIMIT 1",
        room.uuid(),
        side.is_rival(),
        from,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.last_second, row.seconds)))
}
