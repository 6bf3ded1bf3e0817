//! `bench`: measurements against a baseline taken in the same run.

mod all;
mod bets;
mod chats;
mod fanout;
pub(crate) mod figures;
mod ground;
mod handler;
mod idle;
mod latencies;
mod latency;
mod load;
mod open_loop;
mod pack;
mod physics;
mod picture;
mod proof;
mod relay;
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
    /// Everything below, one after the other
    All(all::Arguments),
    /// Accepted durable bets, end to end, against one bet per transaction in SQL
    Bets(bets::Arguments),
    /// Notices by the ten thousand and money messages between them, at Telegram's limits
    Fanout(fanout::Arguments),
    /// What an update costs the gateway itself, with nobody to ask
    Handler(handler::Arguments),
    /// Memory of the services while nobody uses them, and how soon each is ready
    Idle(idle::Arguments),
    /// What is waited for: commands, the database, the cache, other servers
    Latency(latency::Arguments),
    /// Bets in an open loop at 10, 70 and 100 % of the peak
    Load(load::Arguments),
    /// Transfers in a transaction, against the most that the network's limits allow
    Pack(pack::Arguments),
    /// A picture of a room or of results, drawn and written as PNG
    Picture(picture::Arguments),
    /// A proof of liabilities, a user's file of it, and the chain of the audit log
    Proof(proof::Arguments),
    /// Events from the outbox to their consumer, against SQL and core NATS
    Relay(relay::Arguments),
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
        What::All(all) => all::run(&all, &mut report).await?,
        what => measure(what, &mut report).await?,
    }
    Ok(report.print(arguments.json))
}

/// Makes one measurement.
async fn measure(what: What, report: &mut Report) -> Result<()> {
    match what {
        What::All(_) => anyhow::bail!("all of all"),
        What::Bets(bets) => bets::run(&bets, report).await,
        What::Fanout(fanout) => fanout::run(&fanout, report).await,
        What::Handler(handler) => handler::run(&handler, report).await,
        What::Idle(idle) => idle::run(&idle, report).await,
        What::Latency(latency) => latency::run(&latency, report).await,
        What::Load(load) => load::run(&load, report).await,
        What::Pack(pack) => pack::run(&pack, report),
        What::Picture(picture) => picture::run(&picture, report),
        What::Proof(proof) => proof::run(&proof, report).await,
        What::Relay(relay) => relay::run(&relay, report).await,
        What::Sessions(sessions) => sessions::run(&sessions, report).await,
        What::Settle(settle) => settle::run(&settle, report).await,
        What::Tick(tick) => tick::run(&tick, report).await,
        What::Tracker(tracker) => tracker::run(&tracker, report).await,
        What::Watch(watch) => watch::run(&watch, report),
    }
}
