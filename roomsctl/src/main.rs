//! Operators' command line of ROOMS.

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

mod access;
mod audit;
mod bundle;
mod chain;
mod channel;
mod cli;
mod client;
mod commands;
mod completions;
mod confirm;
mod failure;
mod notifications;
mod operator;
mod output;
mod proof;
mod reconcile;
mod view;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = commands::run(cli::Cli::parse()).await;
    outcome.unwrap_or_else(|failure| {
        eprintln!("roomsctl: {failure}");
        failure.exit_code()
    })
}
