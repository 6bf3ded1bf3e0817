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

use servers::eventually;
