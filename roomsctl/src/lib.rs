//! The part of `roomsctl` that needs no service and that others may hold themselves against: the verifier of evidence.

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

pub mod evidence;
