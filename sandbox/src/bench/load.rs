//! Bets in an open loop at a tenth, at 70 % and at all of what the services take at most: how long a bet takes from the moment
//! at which it is due until its outcome is heard, through both services and their schemas. Beside it, in the same round, one
//! bet after the other in SQL alone.

use super::{
    bets,
    figures::{median, range},
    latencies::Latencies,
    open_loop::{self, Flow},
    physics::{self, Physics},
    stage::Stage,
};
use crate::report::{Figure, Report};
use anyhow::{Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Shares of the peak in percent, each with the milliseconds that its p99 may take; at the peak itself only that the services
/// keep up.
const LEVELS: [(u32, Option<f64>); 3] = [(10, Some(50.0)), (70, Some(150.0)), (100, None)];

/// At the peak so much of what is offered must come through in the time of the offer, in percent.
const KEPT: f64 = 90.0;

/// Commits that follow one another until a bet is decided: its seat, its hold, its acceptance.
pub(super) const COMMITS: f64 = 3.0;

/// Accounts, each of which bets once in a measurement.
pub(super) const ACCOUNTS: usize = 60_000;

/// Bets of the baseline.
const ALONE: usize = 200;

pub(super) const SERVICES: [&str; 2] = ["room-svc", "wallet-svc"];

/// Arguments of `bench load`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each with every level
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Bets of the burst that finds the peak
    #[arg(long, default_value_t = 20_000)]
    burst: usize,
    /// Rooms of each measurement
    #[arg(long, default_value_t = 500)]
    rooms: usize,
    /// Seconds of one level, or less where the accounts do not last
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// One level over all rounds.
struct Level {
    percent: u32,
    limit: Option<f64>,
    p99s: Vec<f64>,
    /// Percent of the offered rate.
    kept: Vec<f64>,
    took: Latencies,
}

struct Measured {
    levels: Vec<Level>,
    peaks: Vec<f64>,
    alone: Vec<f64>,
    physics: Vec<Physics>,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.seconds > 0, "no rounds, or no seconds");
    ensure!(
        (arguments.rooms..=ACCOUNTS).contains(&arguments.burst) && arguments.rooms > 0,
        "--burst is between --rooms and {ACCOUNTS}"
    );
    let bar = ProgressBar::new(u64::try_from(arguments.rounds * (LEVELS.len() + 2) + 1)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers and services");
    let stage = Stage::set(&SERVICES, i64::try_from(ACCOUNTS)?, &[]).await?;
    bar.inc(1);
    let measured = measure(&stage, arguments, &bar).await;
    stage.strike().await;
    bar.finish_and_clear();
    tell(&measured?, report);
    report.note("rounds", arguments.rounds);
    report.note("rooms", arguments.rooms);
    Ok(())
}

async fn measure(stage: &Stage, arguments: &Arguments, bar: &ProgressBar) -> Result<Measured> {
    let level = |(percent, limit)| {
        anyhow::Ok(Level { percent, limit, p99s: Vec::new(), kept: Vec::new(), took: Latencies::try_new()? })
    };
    let levels = LEVELS.into_iter().map(level).collect::<Result<Vec<_>>>()?;
    let mut measured = Measured { levels, peaks: Vec::new(), alone: Vec::new(), physics: Vec::new() };
    // Warms caches and connections up; its rate is thrown away.
    bets::services(stage, &bets::plan(stage, arguments.burst / 4, arguments.rooms.min(100)).await?).await?;
    for round in 1..=arguments.rounds {
        let step = |what: &str| bar.set_message(format!("round {round} of {}: {what}", arguments.rounds));
        measured.physics.push(physics::measure(&stage.folder()).await?);
        step("one bet after the other in SQL");
        measured.alone.push(alone(stage, ALONE).await?.percentile(99.0));
        bar.inc(1);
        step("the peak");
        let burst = bets::plan(stage, arguments.burst, arguments.rooms).await?;
        let peak = bets::services(stage, &burst).await?;
        measured.peaks.push(peak);
        bar.inc(1);
        for level in &mut measured.levels {
            step(&format!("{} % of the peak", level.percent));
            let rate = peak * f64::from(level.percent) / 100.0;
            let span = open_loop::lasting(rate, Duration::from_secs(arguments.seconds), ACCOUNTS)?;
            let Flow { took, rate: kept } = open_loop::bets(stage, rate, span, arguments.rooms).await?;
            level.p99s.push(took.percentile(99.0));
            level.kept.push(100.0 * kept / rate);
            level.took.add(&took)?;
            bar.inc(1);
        }
    }
    Ok(measured)
}

/// One bet after the other, each a transaction of SQL.
pub(super) async fn alone(stage: &Stage, bets: usize) -> Result<Latencies> {
    let plan = bets::plan(stage, bets, bets).await?;
    let mut connection = stage.pool.acquire().await?;
    let mut took = Latencies::try_new()?;
    for planned in &plan {
        let began = Instant::now();
        planned.in_sql(&mut connection).await?;
        took.record(began.elapsed());
    }
    Ok(took)
}

fn tell(measured: &Measured, report: &mut Report) {
    let limit = physics::middle(&measured.physics);
    let floor = COMMITS * limit.fsync;
    let alone = median(&measured.alone);
    for level in &measured.levels {
        let (p99, (low, high)) = (median(&level.p99s), range(&level.p99s));
        let figure = Figure {
            limit: format!("{floor:.1} ms: {COMMITS} syncs"),
            measured: format!("{p99:.1} ms"),
            ratio: format!("{:.1} x SQL alone", p99 / alone),
            spread: format!("{low:.1} to {high:.1}"),
        };
        let (kept, (least, most)) = (median(&level.kept), range(&level.kept));
        match level.limit {
            Some(goal) => {
                let name = format!("bet decided at {} % of the peak, p99", level.percent);
                report.figure(&name, format!("at most {goal:.0} ms"), figure, p99 <= goal);
            }
            None => {
                let figure = Figure {
                    measured: format!("{kept:.0} %, p99 {p99:.0} ms"),
                    spread: format!("{least:.0} to {most:.0}"),
                    ..figure
                };
                let name = format!("kept of what is offered at {} % of the peak", level.percent);
                report.figure(&name, format!("at least {KEPT:.0} %"), figure, kept >= KEPT);
            }
        }
        report.note(
            &format!("at_{}_percent", level.percent),
            json!({"milliseconds": level.took.summary(), "p99s": level.p99s, "kept_percent": level.kept}),
        );
    }
    let (peak, (low, high)) = (median(&measured.peaks), range(&measured.peaks));
    eprintln!("peak {peak:.0} bets/s ({low:.0} to {high:.0}); in SQL alone p99 {alone:.1} ms");
    report.note("peak_bets_per_second", &measured.peaks);
    report.note("sql_alone_p99_milliseconds", &measured.alone);
    report.note("fsync_milliseconds", limit.fsync);
}
