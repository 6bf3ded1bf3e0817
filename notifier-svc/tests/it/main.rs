//! notifier-svc against a real PostgreSQL and a real nats-server. The other services are played by
//! the test, which publishes what they would and obeys `deliver` as the gateway does.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests fail by panicking"
)]

mod alerts;
mod broadcasts;
mod contacts;
mod credit;
mod events;
mod faults;
mod gateway;
mod groups;
mod office;
mod polymarket;
mod preferences;
mod rows;
mod scenarios;
mod signals;
mod watchlists;
mod webhooks;
mod world;

use std::{future::Future, time::Duration};

/// What a killed process had taken comes again after 30 s, so the bound is twice that.
const BOUND: Duration = Duration::from_secs(60);

/// Waits until `condition` holds.
async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(BOUND, waiting).await.unwrap_or_else(|_| panic!("not within {BOUND:?}: {what}"));
}
