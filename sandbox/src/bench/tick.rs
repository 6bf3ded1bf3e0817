//! How long it takes from the aggregate that confirms a touch until every winner of a 1,000-bet room is credited: oracle-svc
//! at venues in their wire formats, settlement-svc, room-svc and wallet-svc. Both ends are read on the database's clock.

use super::{
    figures::{percentile, range},
    stage::{self, Stage},
};
use crate::{
    report::Report,
    venues::{self, Asset, Market, Venue},
};
use anyhow::{Context, Result, ensure};
use chassis::Outgoing;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;
use proto::{
    RoomId, decimal, from_timestamp,
    oracle::{RegisterWatch, Second},
    room::{Kind, Terms},
};
use rust_decimal::Decimal;
use std::time::Duration;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

const SERVICES: [&str; 4] = ["room-svc", "wallet-svc", "settlement-svc", "oracle-svc"];

const BETS: usize = 1_000;

/// Bets accepted this long before a touch, or later, are void; the bets here are older.
const PAST_POST: Duration = Duration::from_secs(10);

/// What a run must last to be confirmed, in seconds, and the fewest aggregates of it.
const RUN: time::Duration = time::Duration::seconds(3);
const RUN_TICKS: usize = 3;

const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `bench tick`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Rooms, touched one after the other, some four seconds each
    #[arg(long, default_value_t = 60)]
    rooms: usize,
}

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!((1..=500).contains(&arguments.rooms), "--rooms is between 1 and 500");
    let bar = ProgressBar::new(u64::try_from(arguments.rooms + 1)?)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting venues, servers and services");
    let shutdown = CancellationToken::new();
    let settings = venues::Settings { swing_ppb: 0, ..Default::default() };
    let market = venues::serve(settings, shutdown.clone()).await?;
    let stage = Stage::set(&SERVICES, i64::try_from(BETS)?, &addresses(&market)).await?;
    bar.inc(1);
    let measured = measure(&stage, &market, arguments, &bar).await;
    stage.strike().await;
    shutdown.cancel();
    bar.finish_and_clear();
    tell(&measured?, report);
    Ok(())
}

/// Settings that point oracle-svc at these venues.
fn addresses(market: &Market) -> Vec<(String, String)> {
    let address = |venue: &Venue| {
        let url = market.url(*venue);
        // Binance's setting is the server; its client adds the path of the stream.
        let url = if *venue == Venue::Binance { url.trim_end_matches(venue.path()).to_owned() } else { url };
        (format!("{}_WS_URL", venue.name().to_uppercase()), url)
    };
    Venue::ALL.iter().map(address).collect()
}

async fn measure(
    stage: &Stage,
    market: &Market,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<Vec<f64>> {
    let start = market.price(Asset::Sol).trunc();
    market.hold_at(Asset::Sol, start)?;
    priced(stage, start).await?;
    bar.set_message("opening rooms");
    let now = stage.now().await?;
    let terms: Vec<Terms> = (1..=arguments.rooms)
        .map(|step| Terms {
            kind: Kind::Touch.into(),
            target: (start + Decimal::from(step)).to_string(),
            open_price: start.to_string(),
            past_post_seconds: 10,
            ..stage::terms(now)
        })
        .collect();
    let rooms = stage.open(&terms).await?;
    for (room, terms) in rooms.iter().zip(&terms) {
        stage.accept_bets(*room, BETS).await?;
        let watch = RegisterWatch { room_id: room.bytes(), terms: Some(terms.clone()) };
        stage.bus.publish(&[(&Outgoing::command(&watch).into_message(), "")]).await?;
    }
    followed(stage, rooms.len()).await?;
    tokio::time::sleep(PAST_POST).await;
    let mut payouts = stage.payouts().await?;
    let mut took = Vec::with_capacity(rooms.len());
    for (room, terms) in rooms.iter().zip(&terms) {
        bar.set_message("touching rooms one after the other");
        let target = decimal(&terms.target)?;
        market.hold_at(Asset::Sol, target)?;
        payouts.all_of(*room).await?;
        let credited_at = stage.now().await?;
        let confirmed_at = confirming_tick(stage, *room, target).await?;
        took.push((credited_at - confirmed_at).as_seconds_f64() * 1_000.0);
        bar.inc(1);
    }
    Ok(took)
}

/// Waits until the series has this price.
async fn priced(stage: &Stage, price: Decimal) -> Result<()> {
    let seen =
        "SELECT count(*) FROM oracle.second WHERE asset = 'SOL' AND price::text::numeric = $1::numeric";
    until("oracle-svc has a price", async || {
        let count: i64 = sqlx::query_scalar(seen).bind(price.to_string()).fetch_one(&stage.pool).await?;
        Ok(count > 0)
    })
    .await
}

async fn followed(stage: &Stage, rooms: usize) -> Result<()> {
    until("oracle-svc follows the rooms", async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM oracle.watch WHERE followed")
            .fetch_one(&stage.pool)
            .await?;
        Ok(usize::try_from(count)? == rooms)
    })
    .await
}

async fn until(what: &str, condition: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let waiting = async {
        while !condition().await? {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, waiting).await.with_context(|| format!("{what}: never"))?
}

/// The date of the aggregate that confirmed a room's touch, read from the stored seconds.
async fn confirming_tick(stage: &Stage, room: RoomId, target: Decimal) -> Result<OffsetDateTime> {
    let frames: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT s.frame FROM oracle.second AS s JOIN oracle.resolution AS r ON s.second BETWEEN r.first_second AND r.last_second
         WHERE r.room_id = $1 AND s.asset = 'SOL' ORDER BY s.second",
    )
    .bind(room.uuid())
    .fetch_all(&stage.pool)
    .await?;
    let mut run = Vec::new();
    for frame in frames {
        for aggregate in Second::decode(frame.as_slice())?.aggregates {
            let beyond = !aggregate.price.is_empty() && decimal(&aggregate.price)? >= target;
            let at = from_timestamp(aggregate.at.as_ref())?;
            if !beyond {
                run.clear();
                continue;
            }
            run.push(at);
            let first = *run.first().context("a run without a beginning")?;
            if run.len() >= RUN_TICKS && at - first >= RUN {
                return Ok(at);
            }
        }
    }
    anyhow::bail!("the stored seconds of room {room} confirm no touch")
}

fn tell(took: &[f64], report: &mut Report) {
    let (median, worst) = (percentile(took, 50), percentile(took, 99));
    report.check("tick to credited, p50", "at most 60 ms", format!("{median:.0} ms"), median <= 60.0);
    report.check("tick to credited, p99", "at most 250 ms", format!("{worst:.0} ms"), worst <= 250.0);
    let (low, high) = range(took);
    eprintln!("{} rooms of {BETS} bets: {low:.0} to {high:.0} ms", took.len());
    report.note("rooms", took.len());
    report.note("milliseconds", took);
}
