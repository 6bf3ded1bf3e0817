//! The chassis against real servers and as real processes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod access;
mod audit;
mod away;
mod counter;
mod faults;
mod grpc;
mod kv;
mod measures;
mod outage;
mod process;
mod tls;
mod traces;

use std::{future::Future, time::Duration};

/// Waits until `condition` holds, at most 30 s.
async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .unwrap_or_else(|_| panic!("not within 30 s: {what}"));
}
