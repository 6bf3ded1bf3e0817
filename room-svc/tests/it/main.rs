//! room-svc against a real PostgreSQL and a real nats-server. The tests speak as gateway,
//! wallet-svc, oracle-svc and settlement-svc.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod arenas;
mod betting;
mod cancelling;
mod cheating;
mod clock;
mod freeze;
mod kinds;
mod locking;
mod office;
mod opening;
mod operators;
mod oracle;
mod pools;
mod queuing;
mod replicas;
mod rows;
mod settings;
mod wallet;
mod world;

use servers::eventually;
