//! What happens by time alone. Replicas run these side by side.

use crate::{
    domain::news,
    intake, release,
    settings::Rules,
    store::{self, broadcast},
};
use chassis::{Db, Fault, health::Report};

/// Releases what no message made the writer release: at the end of quiet hours, when a digest is due, after a change of the
/// credit, or where one account fills the head of the queue.
pub async fn release(db: Db, rules: Rules, alive: Report) -> Result<(), Fault> {
    let done = async {
        let releasable = store::queue::is_releasable(db.pool(), rules.credit).await?;
        if !releasable && !store::kept::is_due(db.pool()).await? {
            return Ok(());
        }
        let mut unit = db.unit().await?;
        store::take_turn(unit.conn()).await?;
        release::release(&mut unit, &rules).await?;
        unit.commit().await
    };
    let done: Result<(), Fault> = done.await;
    alive.result(&done);
    done
}

/// Brings broadcasts forward: so many of one wait at a time, in the last lane and with its part of the credit.
pub async fn broadcast(db: Db, rules: Rules) -> Result<(), Fault> {
    if !broadcast::is_running(db.pool()).await? {
        return Ok(());
    }
    let mut unit = db.unit().await?;
    store::take_turn(unit.conn()).await?;
    let now = unit.now().await?;
    if let Some(piece) = broadcast::next_piece(unit.conn(), rules.broadcast_waiting).await? {
        let news = piece.accounts.iter().map(|account| (news::of_broadcast(piece.id, *account), now));
        intake::take_in(&mut unit, &rules, news.collect()).await?;
        broadcast::filled(unit.conn(), &piece).await?;
    }
    broadcast::finish(unit.conn(), now).await?;
    release::release(&mut unit, &rules).await?;
    unit.commit().await
}

/// Measures the backlog.
pub async fn measure(db: Db) -> Result<(), Fault> {
    for (state, count) in store::notification::open(db.pool()).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("rooms_notifications_open", "state" => state.name()).set(f64::from(count));
    }
    Ok(())
}
