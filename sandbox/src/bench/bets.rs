//! How many bets are accepted in a second, durably and end to end: from the command on the broker
//! through both services and their schemas to the outcome on the broker.
//!
//! Each round measures, one after the other on the same server: one bet per transaction in SQL
//! (best of several numbers of connections), the services over many rooms, the services over one
//! room, and the same effects in set-based SQL without any service, which is the ceiling.

use super::{
    figures::{median, range},
    stage::{Stage, account, stake},
};
use crate::report::Report;
use anyhow::{Context, Result, ensure};
use chassis::Outgoing;
use clap::Args;
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;
use proto::{
    RoomId, Service,
    common::{Outcomes, outcome},
    room::PlaceBet,
};
use sqlx::PgConnection;
use std::{collections::HashSet, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

/// Connections of the baseline, of which the best counts.
const CONNECTIONS: [usize; 4] = [1, 4, 8, 16];

/// Bets of one transaction of the ceiling: what the services take at most.
const BATCH: usize = 500;

/// Transactions of the ceiling side by side.
const WRITERS: usize = 2;

/// Commands on their way at once.
const IN_FLIGHT: usize = 8_000;

/// Outcomes that do not come by then do not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Arguments of `bench bets`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each with every measurement
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Bets of one measurement of the services
    #[arg(long, default_value_t = 20_000)]
    bets: usize,
    /// Rooms of the measurement over many
    #[arg(long, default_value_t = 1_000)]
    rooms: usize,
}

#[derive(Default)]
struct Rates {
    baseline: Vec<f64>,
    many: Vec<f64>,
    hot: Vec<f64>,
    ceiling: Vec<f64>,
    baseline_connections: Vec<usize>,
}

/// One bet to be placed.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    pub(super) bet: Uuid,
    room: RoomId,
    account: Uuid,
    outcome: i16,
}

impl Planned {
    /// As the gateway publishes it.
    pub(super) fn command(&self) -> proto::frame::Message {
        let command = PlaceBet {
            room_id: self.room.bytes(),
            account_id: self.account.as_bytes().to_vec(),
            outcome: u32::from(self.outcome.unsigned_abs()),
            stake_lamports: stake(),
            min_odds_percent: 0,
        };
        Outgoing::command(&command).id(self.bet).reply_to(Service::Gateway).into_message()
    }

    /// As one transaction of SQL.
    pub(super) async fn in_sql(&self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query("SELECT public.one_bet($1, $2, $3, $4, $5)")
            .bind(self.bet)
            .bind(self.room.uuid())
            .bind(self.account)
            .bind(self.outcome)
            .bind(stake())
            .execute(connection)
            .await?;
        Ok(())
    }
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(
        arguments.bets >= arguments.rooms && arguments.rooms > 0 && arguments.rounds > 0,
        "fewer bets than rooms"
    );
    let bar = ProgressBar::new(u64::try_from(arguments.rounds * 4 + 1)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers and services");
    let stage = Stage::set(&["room-svc", "wallet-svc"], i64::try_from(arguments.bets)?, &[]).await?;
    bar.inc(1);
    let measured = measure(&stage, arguments, &bar).await;
    stage.strike().await;
    bar.finish_and_clear();
    let (rates, rows) = measured?;
    tell(&rates, rows, arguments, report);
    Ok(())
}

async fn measure(stage: &Stage, arguments: &Arguments, bar: &ProgressBar) -> Result<(Rates, f64)> {
    let mut rates = Rates::default();
    let mut rows = Vec::new();
    // Warms caches and connections up; its rate is thrown away.
    services(stage, &plan(stage, arguments.bets / 4, arguments.rooms.min(100)).await?).await?;
    for round in 1..=arguments.rounds {
        let step = |what: &str| bar.set_message(format!("round {round} of {}: {what}", arguments.rounds));
        step("SQL, one bet per transaction");
        let (rate, connections) = baseline(stage, arguments).await?;
        rates.baseline.push(rate);
        rates.baseline_connections.push(connections);
        bar.inc(1);

        step("services, many rooms");
        let bets = plan(stage, arguments.bets, arguments.rooms).await?;
        let before = rows_written(stage).await?;
        rates.many.push(services(stage, &bets).await?);
        let written = rows_written(stage).await? - before;
        rows.push(f64::from(u32::try_from(written)?) / f64::from(u32::try_from(bets.len())?));
        bar.inc(1);

        step("services, one hot room");
        rates.hot.push(services(stage, &plan(stage, arguments.bets, 1).await?).await?);
        bar.inc(1);

        step("SQL, whole batches");
        rates.ceiling.push(ceiling(stage, &plan(stage, arguments.bets, arguments.rooms).await?).await?);
        bar.inc(1);
    }
    Ok((rates, median(&rows)))
}

/// Bets over fresh rooms, each account at most once in a room.
pub(super) async fn plan(stage: &Stage, bets: usize, rooms: usize) -> Result<Vec<Planned>> {
    let rooms = stage.open_rooms(rooms).await?;
    let plan = rooms.iter().cycle().take(bets).enumerate().map(|(index, room)| {
        let account = account(i64::try_from(index)?);
        Ok(Planned { bet: Uuid::now_v7(), room: *room, account, outcome: i16::try_from(index % 2)? })
    });
    plan.collect()
}

/// Publishes all commands and waits for all outcomes.
pub(super) async fn services(stage: &Stage, bets: &[Planned]) -> Result<f64> {
    let mut outcomes = stage.client.subscribe(Outcomes::subject(Service::Room)).await?;
    stage.client.flush().await?;
    let commands: Vec<_> = bets.iter().map(Planned::command).collect();
    let mut waiting: HashSet<Uuid> = bets.iter().map(|planned| planned.bet).collect();
    let began = Instant::now();
    let publishing = async {
        for chunk in commands.chunks(IN_FLIGHT / 8) {
            let messages: Vec<_> = chunk.iter().map(|message| (message, "")).collect();
            stage.bus.publish(&messages).await?;
        }
        anyhow::Ok(())
    };
    let hearing = async {
        while !waiting.is_empty() {
            let message = tokio::time::timeout(PATIENCE, outcomes.next())
                .await
                .with_context(|| format!("{} bets were never answered", waiting.len()))?
                .context("the broker went away")?;
            for item in Outcomes::decode(message.payload)?.items {
                let id = Uuid::from_slice(&item.command_id)?;
                if let Some(outcome::Result::Refused(refusal)) = &item.result {
                    ensure!(!waiting.contains(&id), "bet {id} was refused: {refusal:?}");
                }
                waiting.remove(&id);
            }
        }
        anyhow::Ok(())
    };
    tokio::try_join!(publishing, hearing)?;
    rate(bets.len(), began)
}

/// One bet per transaction with several numbers of connections; the best counts.
async fn baseline(stage: &Stage, arguments: &Arguments) -> Result<(f64, usize)> {
    let mut best = (0.0, 0);
    for connections in CONNECTIONS {
        let bets = plan(stage, arguments.bets / CONNECTIONS.len(), arguments.rooms).await?;
        let began = Instant::now();
        let shares = bets.chunks(bets.len().div_ceil(connections)).map(|share| async move {
            let mut connection = stage.pool.acquire().await?;
            for planned in share {
                planned.in_sql(&mut connection).await?;
            }
            anyhow::Ok(())
        });
        futures::future::try_join_all(shares).await?;
        let rate = rate(bets.len(), began)?;
        if rate > best.0 {
            best = (rate, connections);
        }
    }
    Ok(best)
}

/// Whole batches in one transaction each, by two connections.
async fn ceiling(stage: &Stage, bets: &[Planned]) -> Result<f64> {
    let began = Instant::now();
    let shares = bets.chunks(bets.len().div_ceil(WRITERS)).map(|share| async move {
        let mut connection = stage.pool.acquire().await?;
        for batch in share.chunks(BATCH) {
            sqlx::query("SELECT public.many_bets($1, $2, $3, $4, $5)")
                .bind(batch.iter().map(|planned| planned.bet).collect::<Vec<_>>())
                .bind(batch.iter().map(|planned| planned.room.uuid()).collect::<Vec<_>>())
                .bind(batch.iter().map(|planned| planned.account).collect::<Vec<_>>())
                .bind(batch.iter().map(|planned| planned.outcome).collect::<Vec<_>>())
                .bind(vec![stake(); batch.len()])
                .execute(&mut *connection)
                .await?;
        }
        anyhow::Ok(())
    });
    futures::future::try_join_all(shares).await?;
    rate(bets.len(), began)
}

/// Rows inserted and updated in both schemas so far, as the server counts them.
async fn rows_written(stage: &Stage) -> Result<i64> {
    // Counters reach the server's statistics when a backend is idle for a second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let rows = "SELECT sum(n_tup_ins + n_tup_upd)::bigint FROM pg_stat_user_tables WHERE schemaname IN ('room', 'wallet')";
    Ok(sqlx::query_scalar(rows).fetch_one(&stage.pool).await?)
}

fn rate(bets: usize, began: Instant) -> Result<f64> {
    Ok(f64::from(u32::try_from(bets)?) / began.elapsed().as_secs_f64())
}

fn spread(values: &[f64]) -> String {
    let (low, high) = range(values);
    format!("{:.0}/s ({low:.0} to {high:.0})", median(values))
}

fn tell(rates: &Rates, rows: f64, arguments: &Arguments, report: &mut Report) {
    let (baseline, many, hot) = (median(&rates.baseline), median(&rates.many), median(&rates.hot));
    let ratio = many / baseline;
    let hot_ratio = hot / many;
    report.check(
        "accepted bets, many rooms",
        "at least 2 x one bet per transaction",
        format!("{ratio:.2} x"),
        ratio >= 2.0,
    );
    report.check(
        "one hot room",
        "at least 80 % of many rooms",
        format!("{:.0} %", 100.0 * hot_ratio),
        hot_ratio >= 0.8,
    );
    report.note("rounds", arguments.rounds);
    report.note("bets_per_measurement", arguments.bets);
    report.note("one_bet_per_transaction", spread(&rates.baseline));
    report.note("best_connections", &rates.baseline_connections);
    report.note("services_many_rooms", spread(&rates.many));
    report.note("services_one_hot_room", spread(&rates.hot));
    report.note("sql_ceiling", spread(&rates.ceiling));
    report.note("share_of_ceiling", format!("{:.0} %", 100.0 * many / median(&rates.ceiling)));
    report.note("rows_written_per_bet", format!("{rows:.2}"));
    eprintln!("one bet per transaction  {}", spread(&rates.baseline));
    eprintln!("services, many rooms     {}", spread(&rates.many));
    eprintln!("services, one hot room   {}", spread(&rates.hot));
    eprintln!("SQL only, whole batches  {}", spread(&rates.ceiling));
    eprintln!("rows written per bet     {rows:.2}");
}
