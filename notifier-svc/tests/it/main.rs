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

use servers::eventually;
