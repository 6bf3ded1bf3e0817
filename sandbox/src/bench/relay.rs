//! From the outbox to the consumer: events that a transaction leaves in one service's schema, until another service's writer has
//! them in hand, through the product's own relay, JetStream and pull. Against it the same rows by plain SQL and the same
//! events by core NATS, which promises nothing.
//!
//! Each round measures both ways at their most, and then at the goal's rate in an open loop: an event takes from the moment at
//! which it was due, so that a transaction that takes long does so for all that wait for the next one.

mod plain;

use super::{
    figures::{median, range},
    ground::{DATABASE, Ground},
    latencies::Latencies,
    open_loop::{Schedule, count},
    physics::{self, Physics},
};
use crate::report::{Figure, Report};
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use chassis::{
    Clock, Db, Delivery, Fault, Handler, Unit, Writer,
    outbox::{self, Relay},
    tasks::{Stage as Order, Tasks},
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use plain::Plain;
use proto::{Service, oracle::PriceReached};
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{collections::HashMap, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use uuid::Uuid;

/// The goals: events a second, and milliseconds of the slowest of a hundred at that rate.
const RATE: f64 = 5_000.0;
const P99: f64 = 50.0;

/// Events of one transaction at most: a writer's batch.
const TOGETHER: usize = 500;

/// Whoever tells, and whoever hears.
const SERVICES: [&str; 2] = ["oracle-svc", "notifier-svc"];

/// An event that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the shutdown may take.
const GRACE: Duration = Duration::from_secs(10);

/// Arguments of `bench relay`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rounds, each with every measurement
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Events of one measurement at the most
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Events a second of the steady measurement
    #[arg(long, default_value_t = RATE)]
    rate: f64,
    /// Seconds of the steady measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What was heard when, by the event's place among its round's.
type Heard = mpsc::UnboundedReceiver<(u128, Instant)>;

/// Of all rounds.
#[derive(Default)]
struct Measured {
    physics: Vec<Physics>,
    relay: Vec<f64>,
    plain: Vec<f64>,
    relay_p99: Vec<f64>,
    plain_p99: Vec<f64>,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(
        arguments.rounds > 0 && arguments.events >= TOGETHER,
        "no rounds, or fewer than {TOGETHER} events"
    );
    ensure!(arguments.rate >= 1.0 && arguments.seconds > 0, "less than an event a second, or no seconds");
    let bar = ProgressBar::new(u64::try_from(arguments.rounds * 4 + 1)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting servers");
    let ground = Ground::lay(&SERVICES).await?;
    bar.inc(1);
    let mut took = Latencies::try_new()?;
    let measured = measure(&ground, arguments, &mut took, &bar).await;
    ground.clear().await;
    bar.finish_and_clear();
    tell(&measured?, arguments, report);
    report.note("milliseconds_at_the_rate", took.summary());
    Ok(())
}

async fn measure(
    ground: &Ground,
    arguments: &Arguments,
    all: &mut Latencies,
    bar: &ProgressBar,
) -> Result<Measured> {
    let mut road = Road::open(ground).await?;
    let mut plain = Plain::open(ground).await?;
    // Warms caches and connections up; what it took is thrown away.
    at_most(&mut road, arguments.events / 10).await?;
    at_most(&mut plain, arguments.events / 10).await?;
    let span = Duration::from_secs(arguments.seconds);
    let mut measured = Measured::default();
    for round in 1..=arguments.rounds {
        let step = |what: &str| bar.set_message(format!("round {round} of {}: {what}", arguments.rounds));
        measured.physics.push(physics::measure(&ground.folder()).await?);
        step("SQL and core NATS at their most");
        measured.plain.push(at_most(&mut plain, arguments.events).await?);
        bar.inc(1);
        step("the relay at its most");
        measured.relay.push(at_most(&mut road, arguments.events).await?);
        bar.inc(1);
        step("SQL and core NATS at the rate");
        measured.plain_p99.push(steady(&mut plain, arguments.rate, span).await?.percentile(99.0));
        bar.inc(1);
        step("the relay at the rate");
        let took = steady(&mut road, arguments.rate, span).await?;
        measured.relay_p99.push(took.percentile(99.0));
        all.add(&took)?;
        bar.inc(1);
    }
    road.close().await?;
    plain.close();
    Ok(measured)
}

/// A way from one service to another.
trait Way {
    /// Writes these events in one transaction and sends them.
    async fn send(&mut self, events: &[PriceReached]) -> Result<()>;

    /// What arrives at its end.
    fn heard(&mut self) -> &mut Heard;
}

/// The product's way.
struct Road {
    db: Db,
    heard: Heard,
    tasks: Tasks,
}

impl Road {
    async fn open(ground: &Ground) -> Result<Self> {
        let (teller, hearer) = (pool(ground, "oracle").await?, pool(ground, "notifier").await?);
        let (bus, tasks) = (ground.bus(Service::Oracle).await?, Tasks::default());
        let (relay, exit) = Relay::new();
        let db = Db::new(Service::Oracle, teller.clone(), relay);
        let stop = tasks.stopping(Order::Relay);
        let publishing = outbox::relay(bus.clone(), teller.clone().into(), exit, stop.clone());
        tasks.spawn_rounds(Order::Relay, "relay", publishing);
        tasks.spawn_rounds(Order::Relay, "sweeper", outbox::sweep(bus, teller.into(), stop));
        let (sink, heard) = mpsc::unbounded_channel();
        // Nobody publishes on the other side.
        let (silent, _) = Relay::new();
        Writer {
            handler: Hearer(sink),
            db: Db::new(Service::Notifier, hearer.clone(), silent),
            bus: ground.bus(Service::Notifier).await?,
            clock: Clock::new(hearer),
            consumers: &["notifier-tracker"],
        }
        .spawn(&tasks, "bench.writer");
        Ok(Self { db, heard, tasks })
    }

    async fn close(self) -> Result<()> {
        Ok(self.tasks.shut_down(GRACE).await?)
    }
}

impl Way for Road {
    async fn send(&mut self, events: &[PriceReached]) -> Result<()> {
        let mut unit = self.db.unit().await?;
        events.iter().for_each(|event| unit.event(event));
        Ok(unit.commit().await?)
    }

    fn heard(&mut self) -> &mut Heard {
        &mut self.heard
    }
}

chassis::incoming! {
    /// What is told here.
    enum Told {
        /// Its alert's id is the event's place.
        PriceReached(PriceReached),
    }
}

/// A consumer that does nothing but what every consumer does.
struct Hearer(mpsc::UnboundedSender<(u128, Instant)>);

#[async_trait]
impl Handler for Hearer {
    type Message = Told;
    type Prepared = ();

    async fn prepare(&self, batch: &[Delivery<Told>]) -> Result<(), Fault> {
        let now = Instant::now();
        for delivery in batch {
            let Told::PriceReached(told) = &delivery.message;
            // Nobody listens only when the measurement has failed.
            let _ = self.0.send((place(told)?, now));
        }
        Ok(())
    }

    async fn handle(&self, _: &mut Unit, _: &[Delivery<Told>], (): ()) -> Result<(), Fault> {
        Ok(())
    }
}

async fn pool(ground: &Ground, role: &str) -> Result<PgPool> {
    let options = ground.postgres.connect_options(role, DATABASE);
    Ok(PgPoolOptions::new().min_connections(2).max_connections(10).connect_with(options).await?)
}

fn event(place: u128) -> PriceReached {
    let alert_id = Uuid::from_u128(place).as_bytes().to_vec();
    PriceReached { alert_id, price: "0.5".to_owned(), at: None }
}

fn place(event: &PriceReached) -> Result<u128, proto::Malformed> {
    let id = Uuid::from_slice(&event.alert_id).map_err(|_| proto::Malformed("not a place"))?;
    Ok(id.as_u128())
}

/// Places of so many events that nobody has seen before.
fn fresh(events: usize) -> Vec<PriceReached> {
    let first = Uuid::now_v7().as_u128();
    (0..).map(|place: u128| event(first.wrapping_add(place))).take(events).collect()
}

/// Sends all as fast as they can be written; events a second.
async fn at_most(way: &mut impl Way, events: usize) -> Result<f64> {
    let events = fresh(events);
    let mut due: HashMap<u128, Instant> = HashMap::with_capacity(events.len());
    let began = Instant::now();
    for batch in events.chunks(TOGETHER) {
        for event in batch {
            due.insert(place(event)?, began);
        }
        way.send(batch).await?;
    }
    hear(way, &mut due, &mut Latencies::try_new()?).await?;
    Ok(f64::from(u32::try_from(events.len())?) / began.elapsed().as_secs_f64())
}

/// Sends so many a second; what is due while a transaction is under way is of the next one.
async fn steady(way: &mut impl Way, per_second: f64, span: Duration) -> Result<Latencies> {
    let events = fresh(count(per_second, span));
    let schedule = Schedule { began: Instant::now(), per_second };
    let due = events.iter().enumerate().map(|(index, event)| Ok((place(event)?, schedule.due(index)?)));
    let mut due: HashMap<u128, Instant> = due.collect::<Result<_>>()?;
    let (mut took, mut sent) = (Latencies::try_new()?, 0);
    while sent < events.len() {
        let next = schedule.wait(sent, events.len()).await?.min(sent + TOGETHER);
        way.send(events.get(sent..next).context("a schedule beyond its end")?).await?;
        sent = next;
    }
    hear(way, &mut due, &mut took).await?;
    Ok(took)
}

/// Waits for all that is due.
async fn hear(way: &mut impl Way, due: &mut HashMap<u128, Instant>, took: &mut Latencies) -> Result<()> {
    while !due.is_empty() {
        let heard = tokio::time::timeout(PATIENCE, way.heard().recv()).await;
        let (place, at) = heard
            .with_context(|| format!("{} events were never heard", due.len()))?
            .context("nobody listens")?;
        if let Some(due) = due.remove(&place) {
            took.record(at.saturating_duration_since(due));
        }
    }
    Ok(())
}

fn tell(measured: &Measured, arguments: &Arguments, report: &mut Report) {
    let limit = physics::middle(&measured.physics);
    let (relay, plain) = (median(&measured.relay), median(&measured.plain));
    let (low, high) = range(&measured.relay);
    let together = u32::try_from(TOGETHER).map(f64::from).unwrap_or(f64::NAN);
    let figure = Figure {
        limit: format!("{:.0}/s, {TOGETHER} a sync", together * 1_000.0 / limit.fsync),
        measured: format!("{relay:.0}/s"),
        ratio: format!("{:.2} x SQL and core NATS", relay / plain),
        spread: format!("{low:.0} to {high:.0}"),
    };
    report.figure("outbox to consumer", format!("at least {RATE:.0}/s"), figure, relay >= RATE);
    let (p99, plain_p99) = (median(&measured.relay_p99), median(&measured.plain_p99));
    let (low, high) = range(&measured.relay_p99);
    let figure = Figure {
        limit: format!("{:.2} ms: a sync and three hops", limit.fsync + 1.5 * limit.round_trip),
        measured: format!("{p99:.1} ms"),
        ratio: format!("{:.2} x SQL and core NATS", p99 / plain_p99),
        spread: format!("{low:.1} to {high:.1}"),
    };
    let name = format!("from due to consumer at {:.0}/s, p99", arguments.rate);
    report.figure(&name, format!("at most {P99:.0} ms"), figure, p99 <= P99);
    report.note("rounds", arguments.rounds);
    report.note("events", arguments.events);
    report.note("events_per_second", json!({"relay": measured.relay, "plain": measured.plain}));
    report.note("p99_milliseconds", json!({"relay": measured.relay_p99, "plain": measured.plain_p99}));
    report.note("fsync_milliseconds", limit.fsync);
    report.note("round_trip_milliseconds", limit.round_trip);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_its_place() {
        let events = fresh(1_000);
        let places: Vec<u128> = events.iter().map(|event| place(event).unwrap()).collect();
        assert!(places.windows(2).all(|two| two[1] == two[0] + 1));
        assert!(place(&PriceReached::default()).is_err());
    }
}
