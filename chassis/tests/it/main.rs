//! The chassis against real servers and as real processes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod access;
mod audit;
mod away;
mod counter;
mod faults;
mod grpc;
mod kv;
mod measures;
mod outage;
mod pool;
mod process;
mod tls;
mod traces;

use servers::eventually;
