//! What happens by time alone. Replicas run these side by side: rows are locked, decided on what
//! is read under the lock, and a second round finds nothing left to do.

pub mod arenas;

use crate::{
    commands::{HOLDS_PER_LIST, void, write_set},
    domain::{bet::Wager, working_set::WorkingSet},
    measures, store,
};
use chassis::{Db, Fault, Outgoing};
use proto::{
    Refusal, RoomId,
    common::{Outcome, RefusalCode},
    room::VoidReason,
    wallet::{HoldStakes, ReleaseStakes, StakeHold, StakeRelease},
};
use std::time::Duration;
use uuid::Uuid;

/// Closes rooms whose lock has come.
pub async fn close_rooms(db: Db) -> Result<(), Fault> {
    let due = store::room::due_to_close(&mut *db.pool().reader().await?).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut unit = db.unit().await?;
    let rooms = store::room::lock(unit.conn(), &due).await?;
    let now = unit.now().await?;
    let ids: Vec<_> = rooms.iter().map(|room| (room.id, room.lock_at)).collect();
    let mut set = WorkingSet::new(rooms, Vec::new());
    for (id, lock_at) in ids {
        if now >= lock_at {
            set.change(id, |room| room.close(lock_at));
        }
    }
    write_set(&mut unit, &set).await?;
    unit.commit().await
}

/// Gives up on holds that were not confirmed within the grace after the close: the bets do not
/// count and their stakes, should they be held after all, are released.
pub async fn late_holds(db: Db, grace: Duration) -> Result<(), Fault> {
    let late = store::room::waiting_too_long(&mut *db.pool().reader().await?, grace.as_secs_f64()).await?;
    if late.is_empty() {
        return Ok(());
    }
    let mut unit = db.unit().await?;
    let rooms = store::room::lock(unit.conn(), &late).await?;
    let bets = store::bet::pending(unit.conn(), Some(&late)).await?;
    let mut set = WorkingSet::new(rooms, bets.clone());
    let mut releases = Vec::with_capacity(bets.len());
    for bet in bets {
        let refusal = Refusal::new(RefusalCode::BetHoldLate);
        let wager = bet.wager;
        set.hold_decided(wager.id, Err(refusal.clone())).map_err(|error| Fault::bug(error.to_string()))?;
        measures::refused(&mut unit);
        unit.decide(wager.id.uuid(), Outcome::refused(&wager.id.bytes(), &refusal));
        releases.push(release(&wager));
    }
    unit.issue_all("release", releases).await?;
    write_set(&mut unit, &set).await?;
    unit.commit().await
}

/// Voids questions in words that nobody has resolved in time. settlement-svc ignores it where a verdict stands.
pub async fn void_unresolved(db: Db) -> Result<(), Fault> {
    let due = store::room::unresolved(&mut *db.pool().reader().await?).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut unit = db.unit().await?;
    for room in due {
        void(&mut unit, RoomId::new(room), VoidReason::Unresolved).await?;
    }
    unit.commit().await
}

/// Asks again for holds that were not answered within two seconds. wallet-svc decides a bet's hold
/// once and repeats its answer.
pub async fn repeat_holds(db: Db) -> Result<(), Fault> {
    let waiting = store::bet::pending(&mut *db.pool().reader().await?, None).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    tracing::info!(bets = waiting.len(), "holds asked again");
    let mut unit = db.unit().await?;
    for bets in waiting.chunks(HOLDS_PER_LIST) {
        let items = bets.iter().map(|bet| hold(&bet.wager)).collect();
        unit.command(&HoldStakes { items });
    }
    unit.commit().await
}

/// The item of a hold list for one wager.
pub fn hold(wager: &Wager) -> StakeHold {
    StakeHold {
        bet_id: wager.id.bytes(),
        account_id: wager.account_id.bytes(),
        room_id: wager.room_id.bytes(),
        lamports: wager.stake.get(),
    }
}

/// The release of one wager's stake, under the key of its saga.
pub fn release(wager: &Wager) -> (Uuid, Outgoing) {
    let item = StakeRelease {
        bet_id: wager.id.bytes(),
        account_id: wager.account_id.bytes(),
        room_id: wager.room_id.bytes(),
    };
    (wager.id.uuid(), Outgoing::command(&ReleaseStakes { items: vec![item] }))
}
