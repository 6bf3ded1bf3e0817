//! settlement-svc owns what a room is settled with: the verdict that stands, the book made from it,
//! the payouts on their way to the ledger, and the evidence that anyone can check.

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

pub mod domain;
