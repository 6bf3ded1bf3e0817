//! The local world: everything outside ROOMS, on one machine, in its real wire formats.

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

pub mod bench;
pub mod botapi;
pub mod browser;
pub mod chaos;
pub mod environment;
pub mod faucet;
pub mod helius;
pub mod localchain;
pub mod outside;
pub mod polymarket;
pub mod report;
pub mod run;
pub mod services;
pub mod simulation;
pub mod smoke;
pub mod supervise;
pub mod tokens;
pub mod venues;
pub mod world;
