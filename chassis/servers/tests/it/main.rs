//! The servers against themselves: started, killed, wiped, orphaned.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod guard;
mod nats;
mod postgres;

use servers::eventually;
