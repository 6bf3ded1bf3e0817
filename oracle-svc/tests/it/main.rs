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

use servers::eventually;
use time::OffsetDateTime;

/// The machine's clock: the venues of these tests are other people's machines.
#[expect(clippy::disallowed_methods, reason = "not the service's time")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
