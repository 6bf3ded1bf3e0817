//! Questions to other services that a settlement still has to ask.

use super::broken;
use chassis::{Fault, telemetry};
use proto::RoomId;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use time::OffsetDateTime;

/// What is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Read the frozen bets from room-svc and make the book.
    ReadBets,
    /// Copy the deciding series from oracle-svc for the evidence.
    CopySeries,
    /// Ask the ledger again for parts of a refund that found too little capital.
    RefundStakes,
}

impl Errand {
    const ALL: [Self; 3] = [Self::ReadBets, Self::CopySeries, Self::RefundStakes];

    const fn word(self) -> &'static str {
        match self {
            Self::ReadBets => "READ_BETS",
            Self::CopySeries => "COPY_SERIES",
            Self::RefundStakes => "REFUND_STAKES",
        }
    }
}

/// Notes an errand, to be run after a delay, as a part of the trace that it is noted in.
///
/// # Errors
/// The database.
pub async fn add(
    connection: &mut PgConnection,
    room: RoomId,
    errand: Errand,
    delay: Duration,
) -> Result<(), Fault> {
    let delay_ms = i32::try_from(delay.as_millis()).unwrap_or(i32::MAX);
    sqlx::query!(
        "INSERT INTO settlement.errand (room_id, kind, next_attempt_at, traceparent)
         VALUES ($1, $2, settlement.db_clock() + $3::int * interval '1 millisecond', $4)
         ON CONFLICT DO NOTHING",
        room.uuid(),
        errand.word(),
        delay_ms,
        telemetry::traceparent().unwrap_or_default(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Moves an errand to another time; one that waits for a person stays with them.
///
/// # Errors
/// The database.
pub async fn due_at(
    connection: &mut PgConnection,
    room: RoomId,
    errand: Errand,
    at: OffsetDateTime,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE settlement.errand SET next_attempt_at = $3
         WHERE room_id = $1 AND kind = $2 AND next_attempt_at IS NOT NULL",
        room.uuid(),
        errand.word(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An errand in hand.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Of which room.
    pub room: RoomId,
    /// What.
    pub errand: Errand,
    /// W3C trace context of whoever noted it.
    pub traceparent: String,
}

/// Takes one errand that is due. Other replicas leave it alone for half a minute, after which it
/// is due again unless it was run or put off.
///
/// # Errors
/// The database.
pub async fn take(executor: impl PgExecutor<'_>) -> Result<Option<Taken>, Fault> {
    let row = sqlx::query!(
        "UPDATE settlement.errand
         SET attempts = attempts + 1, next_attempt_at = settlement.db_clock() + interval '30 seconds'
         WHERE (room_id, kind) = (SELECT room_id, kind FROM settlement.errand
                                  WHERE next_attempt_at <= settlement.db_clock()
                                  ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING room_id, kind, traceparent",
    )
    .fetch_optional(executor)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let errand = Errand::ALL.into_iter().find(|errand| errand.word() == row.kind);
    let errand = errand.ok_or_else(|| broken("an unknown errand"))?;
    Ok(Some(Taken { room: RoomId::new(row.room_id), errand, traceparent: row.traceparent }))
}

/// Puts an errand off after a failed attempt: one second, doubling up to one minute.
///
/// # Errors
/// The database.
pub async fn put_off(
    executor: impl PgExecutor<'_>,
    room: RoomId,
    errand: Errand,
    problem: &str,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE settlement.errand
         SET problem = $3,
             next_attempt_at = settlement.db_clock() + least(60, 2 ^ least(attempts - 1, 6)) * interval '1 second'
         WHERE room_id = $1 AND kind = $2",
        room.uuid(),
        errand.word(),
        problem,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Leaves an errand to a person: repeating it cannot help.
///
/// # Errors
/// The database.
pub async fn park(
    executor: impl PgExecutor<'_>,
    room: RoomId,
    errand: Errand,
    problem: &str,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE settlement.errand SET problem = $3, next_attempt_at = NULL WHERE room_id = $1 AND kind = $2",
        room.uuid(),
        errand.word(),
        problem,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// An errand is run.
///
/// # Errors
/// The database.
pub async fn done(executor: impl PgExecutor<'_>, room: RoomId, errand: Errand) -> Result<(), Fault> {
    sqlx::query!(
        "DELETE FROM settlement.errand WHERE room_id = $1 AND kind = $2",
        room.uuid(),
        errand.word()
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Whether a room still waits for an errand.
///
/// # Errors
/// The database.
pub async fn waits(connection: &mut PgConnection, room: RoomId, errand: Errand) -> Result<bool, Fault> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM settlement.errand WHERE room_id = $1 AND kind = $2) AS "waits!""#,
        room.uuid(),
        errand.word(),
    )
    .fetch_one(connection)
    .await?)
}

/// How many errands wait for a person.
///
/// # Errors
/// The database.
pub async fn parked(connection: &mut PgConnection) -> Result<i32, Fault> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*)::int AS "count!" FROM settlement.errand WHERE next_attempt_at IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}
