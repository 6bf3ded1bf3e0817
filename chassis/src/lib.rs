//! How any service runs: settings, start and end, health, telemetry, gRPC, retries, breakers and key-value buckets, and
//! how it talks: bus, inbox, outbox, batches, leases and clock.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests fail by panicking"
    )
)]

pub mod access;
pub mod audit;
pub mod breaker;
pub mod bus;
pub mod clock;
pub mod db;
mod door;
mod fault;
pub mod grpc;
pub mod health;
mod inbox;
pub mod kv;
pub mod lease;
mod letters;
pub mod measures;
pub mod operators;
pub mod outbox;
mod pool;
mod reissue;
mod replay;
pub mod retry;
pub mod service;
pub mod settings;
pub mod steps;
pub mod tasks;
pub mod telemetry;
pub mod topology;
mod unit;
mod writer;

pub use bus::Outgoing;
pub use clock::Clock;
pub use db::Db;
pub use door::Door;
pub use fault::{Blame, Fault};
pub use inbox::{Delivery, Incoming};
pub use lease::{Held, Lease};
pub use pool::{Pool, Reader};
pub use service::{Runtime, Service, main, main_with};
pub use unit::Unit;
pub use writer::{Handler, Writer};
