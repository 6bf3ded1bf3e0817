//! Pools as they are shown and as guards are held against: what would count if the room ended now.
//!
//! Of the accepted stakes, those go off that their owners may still take back, and then those whose guard the rest does
//! not meet. What is read for that is the bets of the last seconds and, of the guarded bets, as many as the rule voids and
//! a page of each outcome more: a room of 100,000 bets costs no more than a small one.

use crate::{
    domain::odds::{Offer, Standing, Takeout},
    store::{
        standing::{self, Page},
        whole::Whole,
    },
};
use chassis::Fault;
use proto::{Lamports, LamportsError, room::RoomState};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Guarded bets of one outcome that are read at first; most rooms need no more.
const FIRST_PAGE: i64 = 32;
/// And at once when many are voided.
const LARGEST_PAGE: i64 = 4_096;

/// What is shown of a room's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Pools and fees.
    pub offer: Offer,
    /// Stakes that are not in the pools yet.
    pub pending: Lamports,
}

/// The money of rooms at a moment. Read in one snapshot, or under the rooms' locks.
///
/// # Errors
/// The database, or rows that contradict each other.
pub async fn shown(
    conn: &mut PgConnection,
    rooms: &[Whole],
    now: OffsetDateTime,
) -> Result<HashMap<Uuid, Shown>, Fault> {
    let mut shown = HashMap::with_capacity(rooms.len());
    let mut live: Vec<(&Whole, Shown)> = Vec::new();
    for room in rooms {
        let pools = room.counted.as_ref().unwrap_or(&room.pools);
        let pools = pools.iter().copied().map(Lamports::new).collect();
        let offer = Offer { pools, takeout: Takeout::try_from(&room.decoded()?)? };
        let money = Shown { offer, pending: room.pending() };
        match room.state()? {
            RoomState::Queuing | RoomState::Open | RoomState::Locked | RoomState::Settling => {
                live.push((room, money));
            }
            _ => {
                shown.insert(room.id, money);
            }
        }
    }
    if live.is_empty() {
        return Ok(shown);
    }
    without_cancellable(conn, &mut live, now).await?;
    let mut rules: Vec<(&Whole, Lamports, Standing)> =
        live.into_iter().map(|(room, money)| (room, money.pending, Standing::new(money.offer))).collect();
    run(conn, &mut rules, now).await?;
    shown.extend(
        rules.into_iter().map(|(room, pending, rule)| (room.id, Shown { offer: rule.offer(), pending })),
    );
    Ok(shown)
}

/// Takes off what may still be taken back. In a closed room nothing can.
async fn without_cancellable(
    conn: &mut PgConnection,
    live: &mut [(&Whole, Shown)],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let open: Vec<Uuid> =
        live.iter().filter(|(room, _)| room.closed_at.is_none()).map(|(room, _)| room.id).collect();
    if open.is_empty() {
        return Ok(());
    }
    for (id, outcome, stake) in standing::cancellable(conn, &open, now).await? {
        let Some((_, money)) = live.iter_mut().find(|(room, _)| room.id == id) else { continue };
        if let Some(pool) = money.offer.pools.get_mut(outcome) {
            *pool = pool.checked_sub(stake).map_err(contradiction)?;
        }
        money.pending = money.pending.checked_add(stake).map_err(contradiction)?;
    }
    Ok(())
}

/// Runs the rule over all rooms at once, one query a round.
async fn run(
    conn: &mut PgConnection,
    rules: &mut [(&Whole, Lamports, Standing)],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let mut limit = FIRST_PAGE;
    loop {
        let mut pages = Vec::new();
        for (room, _, rule) in rules.iter_mut() {
            let now = room.closed_at.is_none().then_some(now);
            let wanted = rule.run().map_err(contradiction)?;
            pages.extend(wanted.into_iter().map(|wanted| Page { room: room.id, wanted, now }));
        }
        if pages.is_empty() {
            return Ok(());
        }
        let mut guards = standing::guards(conn, &pages, limit).await?;
        for Page { room, wanted, .. } in pages {
            let guards = guards.remove(&(room, wanted.outcome)).unwrap_or_default();
            let complete = i64::try_from(guards.len()).is_ok_and(|read| read < limit);
            if let Some((_, _, rule)) = rules.iter_mut().find(|(whole, ..)| whole.id == room) {
                rule.read(wanted.outcome, guards, complete);
            }
        }
        limit = (limit * 8).min(LARGEST_PAGE);
    }
}

fn contradiction(error: LamportsError) -> Fault {
    Fault::bug(format!("a room's pools contradict its bets: {error}"))
}
