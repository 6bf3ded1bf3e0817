//! What operators said of rooms. A room that they speak about may have no settlement yet, so they queue at a row of its
//! own.

use super::{broken, settlement};
use crate::domain::{Ruling, Said};
use chassis::{
    Fault,
    operators::{OperatorKey, Signed},
};
use proto::{RoomId, timestamp};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// One operator's newest ruling of a room.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who and what.
    pub said: Said<OperatorKey, Ruling>,
    /// Why, for the audit log and the players.
    pub reason: String,
    /// When.
    pub at: OffsetDateTime,
}

impl Given {
    /// For operators.
    #[must_use]
    pub fn wire(&self) -> proto::settlement::Ruling {
        let verdict = proto::settlement::Verdict::from(&crate::domain::Verdict::of(self.said.what));
        proto::settlement::Ruling {
            operator: self.said.by.to_string(),
            outcome: verdict.outcome,
            void_reason: verdict.void_reason,
            reason: self.reason.clone(),
            at: Some(timestamp(self.at)),
        }
    }
}

/// Locks what operators say of a room for the rest of the transaction. It comes before the settlement's own lock.
///
/// # Errors
/// The database.
pub async fn queue(connection: &mut PgConnection, room: RoomId) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO settlement.ruled_room (room_id) VALUES ($1) ON CONFLICT DO NOTHING",
        room.uuid()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "SELECT room_id FROM settlement.ruled_room WHERE room_id = $1 FOR NO KEY UPDATE",
        room.uuid()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Keeps what an operator says of a queued room.
///
/// # Errors
/// The database.
pub async fn add(
    connection: &mut PgConnection,
    room: RoomId,
    signed: &Signed,
    ruling: Ruling,
    reason: &str,
    at: OffsetDateTime,
) -> Result<(), Fault> {
    let (outcome, void_reason) = settlement::columns(ruling)?;
    sqlx::query!(
        "INSERT INTO settlement.ruling (room_id, operator, outcome, void_reason, reason, signature, ruled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        room.uuid(),
        signed.operator.bytes().as_slice(),
        outcome,
        void_reason,
        reason,
        signed.signature.as_slice(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest ruling of each operator, in the order they were given.
///
/// # Errors
/// The database.
pub async fn newest(connection: &mut PgConnection, room: RoomId) -> Result<Vec<Given>, Fault> {
    let rows = sqlx::query!(
        "SELECT operator, outcome, void_reason, reason, ruled_at FROM settlement.ruling AS r
         WHERE room_id = $1 AND number = (SELECT max(number) FROM settlement.ruling
                                          WHERE room_id = r.room_id AND operator = r.operator)
         ORDER BY number",
        room.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let by = OperatorKey::try_from_bytes(&row.operator).map_err(|_| broken("a key that is none"))?;
            let what = settlement::ruling(row.outcome, row.void_reason.as_deref())?;
            Ok(Given { said: Said { by, what }, reason: row.reason, at: row.ruled_at })
        })
        .collect()
}

/// Rooms that wait for operators, and rooms of which one has said what the others have not, oldest first.
///
/// # Errors
/// The database.
pub async fn waiting(connection: &mut PgConnection, limit: i64) -> Result<Vec<RoomId>, Fault> {
    let rooms = sqlx::query_scalar!(
        r#"SELECT room_id AS "room_id!" FROM (
               SELECT room_id, decided_at AS since FROM settlement.settlement WHERE waits_until IS NOT NULL
               UNION
               SELECT r.room_id, coalesce(s.decided_at, min(r.ruled_at))
               FROM settlement.ruling AS r LEFT JOIN settlement.settlement AS s USING (room_id)
               WHERE (s.room_id IS NULL OR s.state IN ('DECIDED', 'FROZEN'))
                 AND (s.ruled_at IS NULL OR r.ruled_at > s.ruled_at)
               GROUP BY r.room_id, s.decided_at
           ) AS waiting
           ORDER BY since, room_id LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rooms.into_iter().map(RoomId::new).collect())
}

/// How many rooms are frozen and wait for operators.
///
/// # Errors
/// The database.
pub async fn waiting_count(connection: &mut PgConnection) -> Result<i32, Fault> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*)::int AS "count!" FROM settlement.settlement WHERE waits_until IS NOT NULL"#
    )
    .fetch_one(connection)
    .await?)
}
