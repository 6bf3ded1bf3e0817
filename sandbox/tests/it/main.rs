//! The sandbox's own servers, spoken to by real clients.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod aggregators;
mod bets;
mod botapi;
mod collector;
mod faucet;
mod papers;
mod polymarket;
mod rights;
mod scenarios;
mod secrets;
mod smoke;
mod tokens;
mod tracker;
mod venues;
mod world;

/// Waits until `condition` holds, at most a minute.
async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "not within a minute: {what}");
}
