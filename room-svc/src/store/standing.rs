//! Bets of table `room.bet` that make shown pools differ from accepted ones. Each question reads an index that has these
//! bets alone.

use super::room::{number, signed};
use crate::domain::odds::{Guard, Wanted};
use chassis::Fault;
use proto::{BetId, Lamports};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// After every bet.
const LAST: OffsetDateTime = datetime!(9999-12-31 0:00 UTC);

/// The time by the database's clock.
///
/// # Errors
/// The database.
pub async fn now(conn: &mut PgConnection) -> Result<OffsetDateTime, Fault> {
    Ok(sqlx::query_scalar!("SELECT room.db_clock() AS \"now!\"").fetch_one(conn).await?)
}

/// Accepted stakes that may still be taken back, by room and outcome.
///
/// # Errors
/// The database.
pub async fn cancellable(
    conn: &mut PgConnection,
    rooms: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<(Uuid, usize, Lamports)>, Fault> {
    let rows = sqlx::query!(
        "SELECT room_id, outcome, sum(stake)::bigint AS \"stake!\" FROM room.bet
         WHERE room_id = ANY($1) AND state = 2 AND cancel_until > $2 GROUP BY room_id, outcome",
        rooms,
        now
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok((row.room_id, outcome(row.outcome)?, Lamports::new(row.stake)))).collect()
}

/// What to read of a room's guarded bets. Without a time all of them count: none can be taken back any more.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Which room.
    pub room: Uuid,
    /// Which bets.
    pub wanted: Wanted,
    /// Only bets that can no longer be taken back by then.
    pub now: Option<OffsetDateTime>,
}

/// The next guarded bets of each page, at most `limit` of each, the highest guard first.
///
/// # Errors
/// The database.
pub async fn guards(
    conn: &mut PgConnection,
    pages: &[Page],
    limit: i64,
) -> Result<HashMap<(Uuid, usize), Vec<Guard>>, Fault> {
    let mut rooms = Vec::with_capacity(pages.len());
    let mut outcomes = Vec::with_capacity(pages.len());
    let mut percents = Vec::with_capacity(pages.len());
    let mut times = Vec::with_capacity(pages.len());
    let mut bets = Vec::with_capacity(pages.len());
    let mut nows = Vec::with_capacity(pages.len());
    for Page { room, wanted, now } in pages {
        rooms.push(*room);
        let outcome = i32::try_from(wanted.outcome).map_err(|_| Fault::bug("an outcome out of range"))?;
        outcomes.push(number(outcome)?);
        let below = wanted.below.map(|guard| Ok::<_, Fault>((signed(guard.percent)?, guard)));
        let below = below.transpose()?;
        percents.push(below.map_or(i32::MAX, |(percent, _)| percent));
        times.push(below.map_or(LAST, |(_, guard)| guard.accepted_at));
        bets.push(below.map_or(Uuid::max(), |(_, guard)| guard.bet.uuid()));
        nows.push(now.unwrap_or(LAST));
    }
    let rows = sqlx::query!(
        "SELECT t.room_id AS \"room_id!\", t.outcome AS \"outcome!\", b.id, b.stake, b.min_odds, b.accepted_at
         FROM unnest($1::uuid[], $2::smallint[], $3::int[], $4::timestamptz[], $5::uuid[], $6::timestamptz[])
              AS t (room_id, outcome, percent, at, bet, now)
         CROSS JOIN LATERAL (
             SELECT id, stake, min_odds, accepted_at FROM room.bet
             WHERE room_id = t.room_id AND outcome = t.outcome AND state = 2 AND min_odds > 0
               AND (min_odds, accepted_at, id) < (t.percent, t.at, t.bet)
               AND (cancel_until IS NULL OR cancel_until <= t.now)
             ORDER BY min_odds DESC, accepted_at DESC, id DESC LIMIT $7) AS b
         ORDER BY 1, 2, b.min_odds DESC, b.accepted_at DESC, b.id DESC",
        &rooms,
        &outcomes,
        &percents,
        &times,
        &bets,
        &nows,
        limit
    )
    .fetch_all(conn)
    .await?;
    let mut guards: HashMap<(Uuid, usize), Vec<Guard>> = HashMap::new();
    for row in rows {
        let percent = u32::try_from(row.min_odds).map_err(|_| Fault::bug("a negative guard"))?;
        guards.entry((row.room_id, outcome(row.outcome)?)).or_default().push(Guard {
            percent,
            accepted_at: row.accepted_at,
            bet: BetId::new(row.id),
            stake: Lamports::new(row.stake),
        });
    }
    Ok(guards)
}

fn outcome(number: i16) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| Fault::bug("a negative outcome"))
}
