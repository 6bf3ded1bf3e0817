//! What happens by time alone. Replicas run these side by side.

use crate::{release, settings::Rules, store};
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

/// Measures the backlog.
pub async fn measure(db: Db) -> Result<(), Fault> {
    for (state, count) in store::notification::open(db.pool()).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("rooms_notifications_open", "state" => state.name()).set(f64::from(count));
    }
    Ok(())
}
