//! Who plays in a room.

use super::bet::Row;
use crate::domain::bet::Bet;
use chassis::Fault;
use proto::RoomId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Bets of a room that were accepted or are pending, the oldest first, after one of them, and how many there are in all.
/// `accounts` names whose; empty is everybody.
///
/// # Errors
/// The database.
pub async fn bets(
    conn: &mut PgConnection,
    room: RoomId,
    accounts: &[Uuid],
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<(Vec<Bet>, i64), Fault> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, room_id, account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout FROM room.bet
         WHERE room_id = $1 AND (cardinality($2::uuid[]) = 0 OR account_id = ANY($2)) AND state NOT IN (3, 7)
           AND ($3::timestamptz IS NULL OR (accepted_at, id) > ($3, $4))
         ORDER BY accepted_at, id LIMIT $5",
        room.uuid(),
        accounts,
        at,
        id,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let total = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM room.bet
         WHERE room_id = $1 AND (cardinality($2::uuid[]) = 0 OR account_id = ANY($2)) AND state NOT IN (3, 7)",
        room.uuid(),
        accounts
    )
    .fetch_one(conn)
    .await?;
    Ok((rows.into_iter().map(Bet::try_from).collect::<Result<_, _>>()?, total))
}
