//! `bench`: measurements against a baseline taken in the same run.

mod bets;
mod chats;
mod fanout;
pub(crate) mod figures;
mod handler;
mod pack;
mod picture;
mod proof;
mod sessions;
mod settle;
mod stage;
mod tick;
mod tracker;
mod watch;

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
    /// Notices by the ten thousand and money messages between them, at Telegram's limits
    Fanout(fanout::Arguments),
    /// What an update costs the gateway itself, with nobody to ask
    Handler(handler::Arguments),
    /// Transfers in a transaction, against the most that the network's limits allow
    Pack(pack::Arguments),
    /// A picture of a room or of results, drawn and written as PNG
    Picture(picture::Arguments),
    /// A proof of liabilities, a user's file of it, and the chain of the audit log
    Proof(proof::Arguments),
    /// What the gateway holds of people in the middle of a dialogue
    Sessions(sessions::Arguments),
    /// A room from its verdict to all credits, against set-based SQL, and what other rooms feel of it
    Settle(settle::Arguments),
    /// A touch from the aggregate that confirms it to the credit of every winner
    Tick(tick::Arguments),
    /// A trade of a tracked wallet from its being visible to its being told, with 10,000 wallets tracked
    Tracker(tracker::Arguments),
    /// What one tick of the oracle costs that touches few of many waiting rooms
    Watch(watch::Arguments),
}

/// Runs a measurement. The exit status says whether its goals were met.
///
/// # Errors
/// It could not be measured.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut report = Report::new();
    match arguments.what {
        What::Bets(bets) => bets::run(&bets, &mut report).await?,
        What::Fanout(fanout) => fanout::run(&fanout, &mut report).await?,
        What::Handler(handler) => handler::run(&handler, &mut report).await?,
        What::Pack(pack) => pack::run(&pack, &mut report)?,
        What::Picture(picture) => picture::run(&picture, &mut report)?,
        What::Proof(proof) => proof::run(&proof, &mut report).await?,
        What::Sessions(sessions) => sessions::run(&sessions, &mut report).await?,
        What::Settle(settle) => settle::run(&settle, &mut report).await?,
        What::Tick(tick) => tick::run(&tick, &mut report).await?,
        What::Tracker(tracker) => tracker::run(&tracker, &mut report).await?,
        What::Watch(watch) => watch::run(&watch, &mut report)?,
    }
    Ok(report.print(arguments.json))
}
