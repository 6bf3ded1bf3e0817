//! What people and services wait for, while nothing else is done and at 70 % of the services' peak: a command until its
//! outcome, a query of the database, a value of the cache, a question to somebody else's server. Queries and the cache are
//! measured through the product's own pool and bucket, the question through the Polymarket role's own client, asked more
//! slowly than its pace so that no wait for a turn is in it; each against the same without the product.

mod probes;

use super::{
    bets,
    figures::{median, range},
    latencies::Latencies,
    load::{self, ACCOUNTS, COMMITS, SERVICES},
    open_loop,
    physics::{self, Physics},
    stage::Stage,
};
use crate::{
    polymarket::{self, Host, Polymarket},
    report::{Figure, Report},
};
use anyhow::{Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use probes::{Pair, Probes};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bets a second while nothing else is done.
const QUIET: f64 = 25.0;

/// Of the peak.
const SHARE: f64 = 0.7;

/// Rooms of a measurement.
const ROOMS: usize = 500;

/// Bets of the baseline.
const ALONE: usize = 200;

/// The goals, in milliseconds.
const COMMAND_QUIET: f64 = 50.0;
const COMMAND_BUSY: f64 = 150.0;
const DATABASE: f64 = 50.0;
const CACHE: f64 = 10.0;
/// What the first of the two original systems promised of somebody else's API.
const UPSTREAM: f64 = 200.0;

/// Arguments of `bench latency`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each quiet and at 70 % of the peak
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Bets of the burst that finds the peak
    #[arg(long, default_value_t = 20_000)]
    burst: usize,
    /// Seconds of each measurement, or less where the accounts do not last
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// A thing that is waited for, over all rounds.
struct Waited {
    took: Latencies,
    p99s: Vec<f64>,
    /// The same without the product.
    bare: Vec<f64>,
}

impl Waited {
    fn try_new() -> Result<Self> {
        Ok(Self { took: Latencies::try_new()?, p99s: Vec::new(), bare: Vec::new() })
    }

    fn add(&mut self, took: &Latencies, bare: f64) -> Result<()> {
        self.p99s.push(took.percentile(99.0));
        self.bare.push(bare);
        self.took.add(took)
    }

    fn add_pair(&mut self, pair: &Pair) -> Result<()> {
        self.add(&pair.ours, pair.bare.percentile(99.0))
    }
}

/// Everything that is waited for, while it is quiet or not.
struct Waits {
    command: Waited,
    database: Waited,
    cache: Waited,
    upstream: Waited,
}

impl Waits {
    fn try_new() -> Result<Self> {
        let (command, database) = (Waited::try_new()?, Waited::try_new()?);
        Ok(Self { command, database, cache: Waited::try_new()?, upstream: Waited::try_new()? })
    }
}

struct Measured {
    quiet: Waits,
    busy: Waits,
    peak: f64,
    physics: Vec<Physics>,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.seconds > 0, "no rounds, or no seconds");
    ensure!((ROOMS..=ACCOUNTS).contains(&arguments.burst), "--burst is between {ROOMS} and {ACCOUNTS}");
    let bar = ProgressBar::new(u64::try_from(arguments.rounds * 2 + 2)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers, Polymarket and services");
    let shutdown = CancellationToken::new();
    let settings = polymarket::Settings { pace: None, ..polymarket::Settings::default() };
    let market = polymarket::serve(settings, shutdown.clone()).await?;
    let stage = Stage::set(&SERVICES, i64::try_from(ACCOUNTS)?, &[]).await?;
    bar.inc(1);
    let measured = measure(&stage, &market, arguments, &bar).await;
    stage.strike().await;
    shutdown.cancel();
    bar.finish_and_clear();
    tell(&measured?, report);
    report.note("rounds", arguments.rounds);
    Ok(())
}

async fn measure(
    stage: &Stage,
    market: &Polymarket,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<Measured> {
    let probes = Probes::aim(stage, market, &Host::ALL.map(|host| market.url(host))).await?;
    // Warms caches and connections up; its rate is thrown away.
    bets::services(stage, &bets::plan(stage, arguments.burst / 4, 100).await?).await?;
    bar.set_message("the peak");
    let peak = bets::services(stage, &bets::plan(stage, arguments.burst, ROOMS).await?).await?;
    bar.inc(1);
    let mut measured =
        Measured { quiet: Waits::try_new()?, busy: Waits::try_new()?, peak, physics: Vec::new() };
    for round in 1..=arguments.rounds {
        let step = |what: &str| bar.set_message(format!("round {round} of {}: {what}", arguments.rounds));
        measured.physics.push(physics::measure(&stage.folder()).await?);
        let span = Duration::from_secs(arguments.seconds);
        step("quiet");
        // One bet after the other, as the baseline of both.
        let alone = load::alone(stage, ALONE).await?.percentile(99.0);
        let flow = open_loop::bets(stage, QUIET, span, ROOMS).await?;
        measured.quiet.command.add(&flow.took, alone)?;
        probes.all(span / 2).await?.add_to(&mut measured.quiet)?;
        bar.inc(1);
        step("70 % of the peak");
        let rate = peak * SHARE;
        let span = open_loop::lasting(rate, span, ACCOUNTS)?;
        let (flow, seen) = tokio::try_join!(open_loop::bets(stage, rate, span, ROOMS), probes.all(span))?;
        measured.busy.command.add(&flow.took, alone)?;
        seen.add_to(&mut measured.busy)?;
        bar.inc(1);
    }
    Ok(measured)
}

impl probes::Seen {
    fn add_to(&self, waits: &mut Waits) -> Result<()> {
        waits.database.add_pair(&self.database)?;
        waits.cache.add_pair(&self.cache)?;
        waits.upstream.add_pair(&self.upstream)
    }
}

fn tell(measured: &Measured, report: &mut Report) {
    let limit = physics::middle(&measured.physics);
    let syncs = format!("{:.1} ms: {COMMITS} syncs", COMMITS * limit.fsync);
    let trip = format!("{:.2} ms: a round trip", limit.round_trip);
    let goals = [
        (&measured.quiet, "quiet", "quiet", COMMAND_QUIET),
        (&measured.busy, "busy", "at 70 % of the peak", COMMAND_BUSY),
    ];
    for (waits, key, when, command) in goals {
        let rows = [
            ("command", &waits.command, command, &syncs, "SQL alone"),
            ("database", &waits.database, DATABASE, &trip, "a bare connection"),
            ("cache", &waits.cache, CACHE, &trip, "a bare message and its answer"),
            ("upstream", &waits.upstream, UPSTREAM, &trip, "a bare request"),
        ];
        for (name, waited, goal, limit, baseline) in rows {
            let (p99, (low, high)) = (median(&waited.p99s), range(&waited.p99s));
            let figure = Figure {
                limit: limit.clone(),
                measured: format!("{p99:.2} ms"),
                ratio: format!("{:.2} x {baseline}", p99 / median(&waited.bare)),
                spread: format!("{low:.2} to {high:.2}"),
            };
            let goal_said = format!("at most {goal:.0} ms");
            report.figure(&format!("{name}, {when}, p99"), goal_said, figure, p99 <= goal);
            report.note(
                &format!("{name}_{key}"),
                json!({"milliseconds": waited.took.summary(), "p99s": waited.p99s, "bare_p99s": waited.bare}),
            );
        }
    }
    report.note("peak_bets_per_second", measured.peak);
    report.note("fsync_milliseconds", limit.fsync);
    report.note("round_trip_milliseconds", limit.round_trip);
}
