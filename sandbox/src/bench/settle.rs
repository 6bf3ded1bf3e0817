//! How long a room takes from its verdict to the credit of its last winner, through room-svc, settlement-svc and wallet-svc,
//! against one transaction of set-based SQL that writes the same rows on the same server; and what bets of other rooms feel
//! of it.

use super::{
    bets,
    figures::{median, range},
    open_loop,
    stage::Stage,
};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use chassis::Outgoing;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proto::{
    RoomId,
    settlement::{ResolveRoom, Verdict},
    timestamp,
};
use std::time::Duration;
use tokio::time::Instant;

/// Bets of the rooms that are settled.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Bets of the burst that finds the peak, over so many rooms.
const BURST: usize = 20_000;
const ROOMS: usize = 500;

/// How long bets are placed at 30 % of the peak.
const STREAM: Duration = Duration::from_secs(10);

/// Nobody takes longer to be at rest.
const PATIENCE: Duration = Duration::from_secs(120);

const SERVICES: [&str; 3] = ["room-svc", "wallet-svc", "settlement-svc"];

/// Arguments of `bench settle`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each with every size by the services and in SQL
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Leave out rooms with more bets than this
    #[arg(long, default_value_t = 100_000)]
    largest: usize,
}

/// Seconds that rooms of one size took.
#[derive(Default)]
struct Took {
    services: Vec<f64>,
    sql: Vec<f64>,
}

/// What bets of other rooms feel of a settlement.
struct Felt {
    peak: f64,
    /// p99 in milliseconds of a round's bets beside no settlement, and beside one.
    p99s: Vec<(f64, f64)>,
}

/// Rows written per bet of the largest size.
#[derive(serde::Serialize)]
struct Rows {
    services: f64,
    sql: f64,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let sizes: Vec<usize> = SIZES.into_iter().filter(|size| *size <= arguments.largest).collect();
    let largest = *sizes.last().context("--largest leaves out every size")?;
    ensure!(arguments.rounds > 0, "no rounds");
    let steps = arguments.rounds * (sizes.len() * 2 + 1) + 3;
    let bar = ProgressBar::new(u64::try_from(steps)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers and services");
    let stage = Stage::set(&SERVICES, i64::try_from(largest.max(BURST))?, &[]).await?;
    bar.inc(1);
    let measured = measure(&stage, arguments, &sizes, &bar).await;
    stage.strike().await;
    bar.finish_and_clear();
    let (took, felt, rows) = measured?;
    tell(&sizes, &took, &felt, report);
    report.note("rounds", arguments.rounds);
    report.note("rows_per_bet", rows);
    Ok(())
}

async fn measure(
    stage: &Stage,
    arguments: &Arguments,
    sizes: &[usize],
    bar: &ProgressBar,
) -> Result<(Vec<Took>, Felt, Rows)> {
    // Warms caches and connections up; what it took is thrown away.
    settle(stage, closed_room(stage, 1_000).await?).await?;
    let mut took: Vec<Took> = sizes.iter().map(|_| Took::default()).collect();
    for round in 1..=arguments.rounds {
        for (size, took) in sizes.iter().zip(&mut took) {
            let step = |what: &str| {
                bar.set_message(format!("round {round} of {}: {size} bets, {what}", arguments.rounds));
            };
            step("SQL");
            let room = closed_room(stage, *size).await?;
            let began = Instant::now();
            settle_in_sql(stage, room).await?;
            took.sql.push(began.elapsed().as_secs_f64());
            bar.inc(1);

            step("services");
            let room = closed_room(stage, *size).await?;
            took.services.push(settle(stage, room).await?.as_secs_f64());
            bar.inc(1);
        }
    }
    let largest = *sizes.last().context("no sizes")?;
    bar.set_message("counting rows");
    let rows = rows(stage, largest).await?;
    bar.inc(1);
    bar.set_message("the peak of bets");
    let peak = bets::services(stage, &bets::plan(stage, BURST, ROOMS).await?).await?;
    bar.inc(1);
    let span = open_loop::lasting(peak * 0.3, STREAM, largest.max(BURST))?;
    let mut p99s = Vec::with_capacity(arguments.rounds);
    for round in 1..=arguments.rounds {
        bar.set_message(format!(
            "round {round} of {}: bets at 30 % of the peak, without and with a settlement",
            arguments.rounds
        ));
        let quiet = open_loop::bets(stage, peak * 0.3, span, ROOMS).await?.took;
        let room = closed_room(stage, largest).await?;
        let (busy, _) =
            tokio::try_join!(open_loop::bets(stage, peak * 0.3, span, ROOMS), settle_late(stage, room))?;
        p99s.push((quiet.percentile(99.0), busy.took.percentile(99.0)));
        bar.inc(1);
    }
    Ok((took, Felt { peak, p99s }, rows))
}

/// A room with so many accepted bets that takes no more.
async fn closed_room(stage: &Stage, bets: usize) -> Result<RoomId> {
    let room = *stage.open_rooms(1).await?.first().context("no room")?;
    stage.accept_bets(room, bets).await?;
    Ok(room)
}

/// Tells the verdict as oracle-svc does and waits until wallet-svc has posted the last chunk.
async fn settle(stage: &Stage, room: RoomId) -> Result<Duration> {
    let mut payouts = stage.payouts().await?;
    let observed_at = Some(timestamp(stage.now().await?));
    let verdict = Verdict { outcome: 0, price: "201".to_owned(), observed_at, ..Default::default() };
    let command = ResolveRoom { room_id: room.bytes(), verdict: Some(verdict) };
    let message = Outgoing::command(&command).into_message();
    let began = Instant::now();
    stage.bus.publish(&[(&message, "")]).await?;
    let took = payouts.all_of(room).await? - began;
    rest(stage, room).await?;
    Ok(took)
}

/// Waits until everybody knows, and what is measured next has the machine to itself.
async fn rest(stage: &Stage, room: RoomId) -> Result<()> {
    let open = "SELECT EXISTS (SELECT FROM room.bet WHERE room_id = $1 AND state = 2)
                    OR EXISTS (SELECT FROM settlement.uncounted)";
    let patience = Instant::now() + PATIENCE;
    while sqlx::query_scalar(open).bind(room.uuid()).fetch_one(&stage.pool).await? {
        ensure!(Instant::now() < patience, "room {room} is not at rest");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Settles a room while bets are under way.
async fn settle_late(stage: &Stage, room: RoomId) -> Result<Duration> {
    tokio::time::sleep(STREAM / 10).await;
    settle(stage, room).await
}

async fn settle_in_sql(stage: &Stage, room: RoomId) -> Result<()> {
    sqlx::query("SELECT public.settled_room($1)").bind(room.uuid()).execute(&stage.pool).await?;
    Ok(())
}

/// Settles one room each way and counts what was written.
async fn rows(stage: &Stage, bets: usize) -> Result<Rows> {
    let room = closed_room(stage, bets).await?;
    let before = rows_written(stage).await?;
    settle_in_sql(stage, room).await?;
    let sql = per_bet(rows_written(stage).await? - before, bets)?;
    let room = closed_room(stage, bets).await?;
    let before = rows_written(stage).await?;
    settle(stage, room).await?;
    let services = per_bet(rows_written(stage).await? - before, bets)?;
    Ok(Rows { services, sql })
}

/// Rows inserted and updated in all schemas so far, as the server counts them.
async fn rows_written(stage: &Stage) -> Result<i64> {
    // A backend hands its counts over when it has been idle for ten seconds, at latest.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let rows = "SELECT sum(n_tup_ins + n_tup_upd)::bigint FROM pg_stat_user_tables
                WHERE schemaname IN ('room', 'wallet', 'settlement')";
    Ok(sqlx::query_scalar(rows).fetch_one(&stage.pool).await?)
}

fn per_bet(rows: i64, bets: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(rows)?) / f64::from(u32::try_from(bets)?))
}

fn tell(sizes: &[usize], took: &[Took], felt: &Felt, report: &mut Report) {
    let mut cost = Vec::new();
    for (size, took) in sizes.iter().zip(took) {
        let (services, sql) = (median(&took.services), median(&took.sql));
        let ratio = services / sql;
        let name = format!("{size} bets from verdict to credits");
        let (low, high) = range(&took.services);
        report.check(&name, "at most 1.5 x set-based SQL", format!("{ratio:.2} x"), ratio <= 1.5);
        if *size == 100_000 {
            report.check("the same in seconds", "at most 4", format!("{services:.2}"), services <= 4.0);
        }
        let size = u32::try_from(*size).map(f64::from).unwrap_or(f64::NAN);
        cost.push(services * 1e6 / size);
        let (sql_low, sql_high) = range(&took.sql);
        eprintln!(
            "{size:>7} bets  services {services:.3} s ({low:.3} to {high:.3})   SQL {sql:.3} s ({sql_low:.3} to {sql_high:.3})"
        );
        let seconds = serde_json::json!({"services_seconds": took.services, "sql_seconds": took.sql});
        report.note(&format!("settle_{size}"), seconds);
    }
    if let [_, .., last] = cost.as_slice() {
        let first = cost.iter().copied().fold(f64::INFINITY, f64::min);
        let growth = last / first;
        report.check(
            "cost per bet of the largest room",
            "at most 1.2 x that of the cheapest size",
            format!("{growth:.2} x ({last:.1} us)"),
            growth <= 1.2,
        );
    }
    let (quiet, busy): (Vec<f64>, Vec<f64>) = felt.p99s.iter().copied().unzip();
    let ratios: Vec<f64> = felt.p99s.iter().map(|(quiet, busy)| busy / quiet).collect();
    let ((low, high), ratio) = (range(&ratios), median(&ratios));
    report.check(
        "p99 of other rooms' bets meanwhile",
        "at most 2 x without a settlement",
        format!("{ratio:.2} x ({low:.2} to {high:.2}; {:.0} ms and {:.0} ms)", median(&quiet), median(&busy)),
        ratio <= 2.0,
    );
    report.note("others_p99_ms", &felt.p99s);
    report.note("peak_bets_per_second", format!("{:.0}", felt.peak));
}
