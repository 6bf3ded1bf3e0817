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

use servers::eventually;
