//! Commands of users on their way.

use crate::commands::RequestKind;
use proto::{AccountId, CommandId, RoomId};
use sqlx::{PgConnection, PgExecutor};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a replica may take to show something before another one tries.
const LEASE: Duration = Duration::seconds(10);

/// Shown together at most.
const TOGETHER: i64 = 100;

/// A request and the message that tells how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The slip.
    pub id: CommandId,
    /// Who asked.
    pub account: AccountId,
    /// For what.
    pub kind: RequestKind,
    /// The command, encoded.
    pub body: Vec<u8>,
    /// In which message it is told.
    pub message_id: i32,
    /// Shown next to a newcomer.
    pub room: Option<RoomId>,
    /// The encoded outcome, once there is one.
    pub outcome: Option<Vec<u8>>,
    /// How far its message is.
    pub shown: i16,
}

/// Opens a request. False: the slip was used before.
///
/// # Errors
/// The database.
pub async fn insert(db: impl PgExecutor<'_>, request: &Request, now: OffsetDateTime) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO gateway.request
            (command_id, account_id, kind, body, message_id, room_id, requested_at, leased_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (command_id) DO NOTHING",
        request.id.uuid(),
        request.account.uuid(),
        request.kind.name(),
        request.body,
        request.message_id,
        request.room.map(RoomId::uuid),
        now
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// How a request stands: nothing if the slip was never used.
///
/// # Errors
/// The database.
pub async fn is_shown(db: impl PgExecutor<'_>, id: CommandId) -> sqlx::Result<Option<bool>> {
    let row = sqlx::query!("SELECT shown FROM gateway.request WHERE command_id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.shown >= 3))
}

/// Keeps the outcomes of those commands that are requests of ours. Returns their ids.
///
/// # Errors
/// The database.
pub async fn decide(
    db: &mut PgConnection,
    outcomes: &[(Uuid, Vec<u8>)],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Uuid>> {
    let (ids, bodies): (Vec<Uuid>, Vec<Vec<u8>>) = outcomes.iter().cloned().unzip();
    // Locked in the order of ids, so that replicas with the same outcomes wait in one line.
    let rows = sqlx::query!(
        r#"WITH told AS (
               SELECT DISTINCT ON (id) id, body FROM unnest($1::uuid[], $2::bytea[]) AS t (id, body) ORDER BY id
           ), ours AS (
               SELECT command_id FROM gateway.request
               WHERE command_id = ANY($1) AND outcome IS NULL ORDER BY command_id FOR NO KEY UPDATE
           )
           UPDATE gateway.request AS r SET outcome = told.body, decided_at = $3
           FROM told, ours WHERE r.command_id = told.id AND r.command_id = ours.command_id
           RETURNING r.command_id"#,
        &ids,
        &bodies,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.command_id).collect())
}

/// Takes requests that have something new to say: an outcome, or that it takes longer.
///
/// # Errors
/// The database.
pub async fn claim(
    db: impl PgExecutor<'_>,
    now: OffsetDateTime,
    slow: Duration,
    slower: Duration,
) -> sqlx::Result<Vec<Request>> {
    let rows = sqlx::query!(
        r#"UPDATE gateway.request SET leased_until = $1::timestamptz + $2
           WHERE command_id IN (
               SELECT command_id FROM gateway.request
               WHERE shown < 3 AND leased_until <= $1
                 AND (outcome IS NOT NULL OR (shown = 0 AND requested_at < $3) OR (shown < 2 AND requested_at < $4))
               ORDER BY requested_at LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED)
           RETURNING command_id, account_id, kind, body, message_id, room_id, outcome,
                     CASE WHEN outcome IS NOT NULL THEN 3::smallint WHEN requested_at < $4 THEN 2::smallint ELSE 1::smallint END AS "shown!""#,
        now,
        interval(LEASE),
        now - slow,
        now - slower,
        TOGETHER
    )
    .fetch_all(db)
    .await?;
    let requests = rows.into_iter().filter_map(|row| {
        Some(Request {
            id: CommandId::new(row.command_id),
            account: AccountId::new(row.account_id),
            kind: RequestKind::of_name(&row.kind)?,
            body: row.body,
            message_id: row.message_id,
            room: row.room_id.map(RoomId::new),
            outcome: row.outcome,
            shown: row.shown,
        })
    });
    Ok(requests.collect())
}

/// The message says `shown` now. False: it said so before.
///
/// # Errors
/// The database.
pub async fn shown(
    db: impl PgExecutor<'_>,
    id: CommandId,
    shown: i16,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let updated = sqlx::query!(
        "UPDATE gateway.request SET shown = $2, leased_until = $3 WHERE command_id = $1 AND shown < $2",
        id.uuid(),
        shown,
        now
    )
    .execute(db)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// It could not be told; the next try is due at a moment.
///
/// # Errors
/// The database.
pub async fn again(db: impl PgExecutor<'_>, id: CommandId, at: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("UPDATE gateway.request SET leased_until = $2 WHERE command_id = $1", id.uuid(), at)
        .execute(db)
        .await?;
    Ok(())
}

fn interval(length: Duration) -> sqlx::postgres::types::PgInterval {
    let microseconds = i64::try_from(length.whole_microseconds()).unwrap_or(i64::MAX);
    sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds }
}
