//! wallet-svc against a real PostgreSQL, a real nats-server and a real Solana runtime.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod anomalies;
mod at_once;
mod audit;
mod bank;
mod bans;
mod chain;
mod chain_faults;
mod deposits;
mod drift;
mod entries;
mod faulty_rpc;
mod fees;
mod hints;
mod keys;
mod leaving;
mod ledger;
mod letters;
mod limits;
mod model;
mod office;
mod opening;
mod operators;
mod payouts;
mod proofs;
mod receipts;
mod reference;
mod referrals;
mod refunds;
mod replica;
mod rows;
mod settings;
mod stakes;
mod totp;
mod transaction_check;
mod turnkey;
mod webhook_body;
mod withdrawals;
mod world;
