//! Waiting in tests.

use std::{future::Future, time::Duration};

/// What a killed process had taken off the broker comes again after 30 s, so the bound is thrice that.
const BOUND: Duration = Duration::from_secs(90);

/// Waits until a condition holds, for 90 s at most.
///
/// # Panics
/// The condition does not hold in time. The message is what was waited for.
#[track_caller]
pub fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !condition().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(BOUND, waiting).await;
        assert!(waited.is_ok(), "not within {BOUND:?}: {what} ({caller})");
    }
}
