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

pub mod grpc;
pub mod health;
pub mod service;
pub mod settings;
pub mod tasks;
pub mod telemetry;

pub use service::{Runtime, Service, main, main_with};
