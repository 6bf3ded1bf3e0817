//! wallet-svc against a real PostgreSQL, a real nats-server and a real Solana runtime.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod bank;
mod chain;
mod deposits;
mod drift;
mod faulty_rpc;
mod ledger;
mod payouts;
mod receipts;
mod settings;
mod stakes;
mod withdrawals;
mod world;
