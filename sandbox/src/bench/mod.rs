//! `bench`: measurements against a baseline taken in the same run.

mod bets;
mod stage;

use crate::report::Report;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Accepted durable bets, end to end, against one bet per transaction in SQL
    Bets(bets::Arguments),
}

/// Runs a measurement. The exit status says whether its goals were met.
///
/// # Errors
/// It could not be measured.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut report = Report::new();
    match arguments.what {
        What::Bets(bets) => bets::run(&bets, &mut report).await?,
    }
    Ok(report.print(arguments.json))
}
