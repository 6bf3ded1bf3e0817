//! Pages of rooms and bets for screens and tools.

use super::bet::Row;
use crate::domain::bet::Bet;
use chassis::{Fault, Pool};
use proto::{AccountId, RoomId};
use time::OffsetDateTime;
use uuid::Uuid;

/// Which rooms.
#[derive(Clone, Debug)]
pub struct RoomFilter {
    /// `RoomState` numbers; empty is all.
    pub states: Vec<i16>,
    /// Telegram chat, 0 for public rooms; with a host, 0 is all of theirs.
    pub scope_chat_id: i64,
    /// Only this host's.
    pub host: Option<AccountId>,
}

/// Ids of rooms, newest first, from below a number, and how many there are in all.
///
/// # Errors
/// The database.
pub async fn rooms(
    pool: &Pool,
    filter: &RoomFilter,
    below: i64,
    limit: i64,
) -> Result<(Vec<(Uuid, i64)>, i64), Fault> {
    let host = filter.host.map(AccountId::uuid);
    let rows = sqlx::query!(
        "SELECT id, number, count(*) OVER () AS \"matching!\", number < $4 AS \"here!\" FROM room.room
         WHERE (cardinality($1::smallint[]) = 0 OR state = ANY($1)) AND ($3::uuid IS NULL OR host = $3)
           AND (scope_chat_id = $2 OR ($2 = 0 AND $3 IS NOT NULL))
         ORDER BY number < $4 DESC, number DESC LIMIT $5",
        &filter.states,
        filter.scope_chat_id,
        host,
        below,
        limit
    )
    .fetch_all(pool)
    .await?;
    let total = rows.first().map_or(0, |row| row.matching);
    Ok((rows.into_iter().filter(|row| row.here).map(|row| (row.id, row.number)).collect(), total))
}

/// Which bets.
#[derive(Clone, Debug)]
pub struct BetFilter {
    /// Whose; nothing is everybody's.
    pub account: Option<AccountId>,
    /// Only undecided ones.
    pub live_only: bool,
    /// Only of this room.
    pub room: Option<RoomId>,
}

/// Bets that were accepted or are pending, newest first, after one of them, and how many there
/// are in all.
///
/// # Errors
/// The database.
pub async fn bets(
    pool: &Pool,
    filter: &BetFilter,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<(Vec<Bet>, i64), Fault> {
    let (account, room) = (filter.account.map(AccountId::uuid), filter.room.map(RoomId::uuid));
    let states: &[i16] = if filter.live_only { &[1, 2] } else { &[1, 2, 4, 5, 6] };
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, room_id, account_id, outcome, stake, min_odds, state, accepted_at, cancel_until, payout FROM room.bet
         WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR room_id = $2) AND state = ANY($3)
           AND ($4::timestamptz IS NULL OR (accepted_at, id) < ($4, $5))
         ORDER BY accepted_at DESC, id DESC LIMIT $6",
        account,
        room,
        states,
        at,
        id,
        limit
    )
    .fetch_all(pool)
    .await?;
    let total = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM room.bet
         WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR room_id = $2) AND state = ANY($3)",
        account,
        room,
        states
    )
    .fetch_one(pool)
    .await?;
    Ok((rows.into_iter().map(Bet::try_from).collect::<Result<_, _>>()?, total))
}

/// The room with this number.
///
/// # Errors
/// The database.
pub async fn by_number(pool: &Pool, number: i64) -> Result<Option<RoomId>, Fault> {
    let id = sqlx::query_scalar!("SELECT id FROM room.room WHERE number = $1", number);
    Ok(id.fetch_optional(pool).await?.map(RoomId::new))
}
