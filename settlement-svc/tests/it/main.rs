//! settlement-svc against a real PostgreSQL and a real nats-server. The other services are played
//! by the test: they obey real messages, answer real gRPC questions, and fail as told.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod audit;
mod book_check;
mod bundles;
mod constraints;
mod disputes;
mod evidence;
mod faults;
mod flips;
mod ledger;
mod office;
mod parties;
mod referrals;
mod replicas;
mod road;
mod room;
mod rulings;
mod scenarios;
mod standings;
mod steps;
mod tape;
mod twice;
mod world;

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
