//! Stores answers and tells them.

use crate::{domain::Resolution, store};
use chassis::{Fault, Unit};
use proto::settlement::ResolveRoom;

/// The saga that tells answers to settlement-svc.
pub(crate) const RESOLVE: &str = "resolve";

/// Stores answers and tells them, each once, in the transaction that stores what they rest on.
///
/// # Errors
/// The database.
pub(crate) async fn resolve(unit: &mut Unit, resolved: &[Resolution]) -> Result<(), Fault> {
    let now = unit.now().await?;
    let fresh = store::resolutions::put(unit.conn(), resolved, now).await?;
    for resolution in resolved.iter().filter(|resolution| fresh.contains(&resolution.room)) {
        let verdict = Some(resolution.verdict());
        let command = ResolveRoom { room_id: resolution.room.bytes(), verdict };
        unit.issue(RESOLVE, resolution.room.uuid(), &command).await?;
        let outcome = resolution.outcome.name();
        tracing::info!(room = %resolution.room, %outcome, price = ?resolution.price, "room resolved");
        metrics::counter!("rooms_oracle_resolutions_total", "outcome" => outcome).increment(1);
    }
    Ok(())
}
