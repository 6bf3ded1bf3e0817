//! What is counted about notifications that are done.

use crate::domain::state::State;

/// Counts notifications that ended in a state.
pub fn done(state: State, notifications: u64) {
    if notifications > 0 {
        metrics::counter!("rooms_notifications_done_total", "state" => state.name()).increment(notifications);
    }
}
