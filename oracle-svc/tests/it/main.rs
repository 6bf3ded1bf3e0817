//! oracle-svc as a whole: its production venue clients against WebSocket servers of their wire
//! formats, its series and answers against PostgreSQL and nats-server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod answers_check;
mod candles;
mod connections;
mod faults;
mod frames_check;
mod http;
mod kinds;
mod polymarket;
mod processes;
mod replay;
mod rooms;
mod sanity;
mod series;
mod tokens;
mod tokens_check;
mod twice;
mod venues;
mod world;

use std::{future::Future, time::Duration};
use time::OffsetDateTime;

/// The machine's clock: the venues of these tests are other people's machines.
#[expect(clippy::disallowed_methods, reason = "not the service's time")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Waits until `condition` holds, at most a minute.
async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .unwrap_or_else(|_| panic!("not within a minute: {what}"));
}
