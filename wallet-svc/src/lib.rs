//! Accounts, the ledger, deposits and withdrawals, keys, and receipts on chain.

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

pub mod chain;
pub mod domain;
pub mod keys;
pub mod store;
