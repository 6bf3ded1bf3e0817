//! Oracle: turns the quotes of independent venues into one price series per asset and resolves
//! rooms by it. It owns the venues' connections, the stored series, the rooms that asked, and the
//! answers; settlement-svc is told each answer by a command that is repeated until it is heard.
//!
//! In the role `polymarket` a process of the same binary watches Polymarket instead: see [`polymarket`].

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

mod commands;
pub mod domain;
pub mod polymarket;
mod queries;
mod settings;
mod store;
mod tape;
mod token_settings;
pub mod venues;
mod workers;

pub use polymarket::{PolymarketSettings, Role};
pub use settings::{Settings, VenueName};
pub use token_settings::TokenSettings;

use chassis::{
    Runtime, Service,
    breaker::Breakers,
    health,
    settings::{Invalid, Reader},
    tasks::{BoxError, Stage},
};
use domain::{Asset, Moment};
use proto::oracle::oracle_service_server::OracleServiceServer;
use sqlx::migrate::Migrator;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tape::Tape;
use venues::{Connection, SharedBoard, Timing};
use workers::{head_to_head::HeadToHeads, sampler::Sampler, series::SeriesWriter, tokens::Tokens};

/// A standby takes over within this time and a third of it.
const SERIES_TERM: Duration = Duration::from_secs(2);

/// Ticks kept for whoever becomes the writer: an outage of the database up to this long leaves no
/// gap in the series.
const TAPE_LENGTH: Duration = Duration::from_secs(900);

/// A task that is silent for this long does not work.
const WORK_FRESH: Duration = Duration::from_secs(5);

/// Assets whose series never end, each with the names of its sampler and of its writer's lease.
const MAJORS: [(Asset, &str, &str); 3] = [
    (Asset::Btc, "oracle.sampler.BTC", "oracle.series.BTC"),
    (Asset::Eth, "oracle.sampler.ETH", "oracle.series.ETH"),
    (Asset::Sol, "oracle.sampler.SOL", "oracle.series.SOL"),
];

const HOUR: Duration = Duration::from_secs(3_600);

/// The service.
pub struct OracleSvc;

impl Service for OracleSvc {
    const NAME: &'static str = "oracle-svc";
    const SERVICE: proto::Service = proto::Service::Oracle;
    const ABOUT: &'static str =
        "Turns venues' quotes into one price series per asset and resolves rooms by it";
    const FLAGS: &'static [(&'static str, &'static str)] = &[("role", "ORACLE_ROLE")];
    type Settings = Settings;

    fn settings(r: &mut Reader) -> Result<Settings, Invalid> {
        Settings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    async fn start(runtime: &mut Runtime, settings: Settings) -> Result<(), BoxError> {
        match settings.role {
            Role::Prices => start_prices(runtime, &settings),
            Role::Polymarket => polymarket::start(runtime, &settings.polymarket),
        }
    }
}

/// The role `prices`: the series of all assets, and the rooms that ask.
fn start_prices(runtime: &mut Runtime, settings: &Settings) -> Result<(), BoxError> {
    let board = connect_venues(runtime, settings);
    let [btc, eth, sol] = MAJORS.map(|major| (major.0, keep_series(runtime, settings, &board, major)));
    let breakers = Breakers::default();
    let tokens = Tokens::try_new(runtime, &breakers, settings, Arc::clone(&sol.1))?;
    tokens.spawn(runtime);
    let tapes = [btc, eth, sol].into();
    workers::sanity::spawn(runtime, &breakers, &settings.aggregators, &tapes)?;
    let (pool, days) = (runtime.db.pool().clone(), settings.series_days);
    let candle_days = settings.candle_days;
    runtime.lease("oracle.partitions", Duration::from_secs(60), move |_| {
        let pool = pool.clone();
        async move {
            loop {
                store::seconds::keep_partitions(&pool, days).await?;
                store::candles::forget(&pool, candle_days).await?;
                tokio::time::sleep(HOUR).await;
            }
        }
    });
    let rooms_on_two =
        HeadToHeads { db: runtime.db.clone(), clock: runtime.clock.clone(), quorum: settings.quorum };
    runtime.lease("oracle.head_to_head", SERIES_TERM, move |held| rooms_on_two.clone().serve(held));
    let commands = commands::Commands { quorum: settings.quorum };
    runtime.writer("oracle.writer", &["oracle-commands", "oracle-events"], commands);
    let queries = queries::Queries { pool: runtime.db.pool().clone(), clock: runtime.clock.clone(), tokens };
    runtime.grpc.add(OracleServiceServer::new(queries));
    Ok(())
}

/// Connects to every venue that is asked; all of them write on one board.
fn connect_venues(runtime: &Runtime, settings: &Settings) -> SharedBoard {
    let board = SharedBoard::default();
    for (venue, _) in venues::all() {
        let id = venue.id();
        let Some((_, url)) = settings.venues.iter().find(|(asked, _)| *asked == id) else { continue };
        let clock = runtime.clock.clone();
        let now = Arc::new(move || Moment::from_time(clock.now()));
        let connection =
            Connection::new(venue, url.expose().to_owned(), board.clone(), now, Timing::default());
        let stop = runtime.tasks.stopping(Stage::Intake);
        runtime.tasks.spawn(Stage::Intake, id.name(), async move {
            connection.run(stop).await;
            Ok::<(), Infallible>(())
        });
    }
    board
}

/// Records the asset on this replica, and writes its series whenever this replica holds the lease.
fn keep_series(
    runtime: &Runtime,
    settings: &Settings,
    board: &SharedBoard,
    (asset, sampler_name, lease_name): (Asset, &'static str, &'static str),
) -> Arc<Tape> {
    let ticks = TAPE_LENGTH.as_millis() / settings.pace.as_millis().max(1);
    let tape = Arc::new(Tape::new(usize::try_from(ticks).unwrap_or(usize::MAX)));
    let sampler = Sampler {
        asset,
        board: board.clone(),
        tape: Arc::clone(&tape),
        clock: runtime.clock.clone(),
        pool: runtime.db.pool().clone(),
        pace: settings.pace,
        quorum: settings.quorum,
        rules: settings.exclusion,
        alive: runtime.health.report(sampler_name, health::Role::Work, Some(WORK_FRESH)),
        priced: runtime.health.report(format!("price of {asset}"), health::Role::External, Some(WORK_FRESH)),
    };
    let stop = runtime.tasks.stopping(Stage::Intake);
    runtime.tasks.spawn(Stage::Intake, sampler_name, async move {
        sampler.run(stop).await;
        Ok::<(), Infallible>(())
    });
    let writer =
        SeriesWriter { db: runtime.db.clone(), asset, tape: Arc::clone(&tape), quorum: settings.quorum };
    runtime.lease(lease_name, SERIES_TERM, move |held| writer.clone().serve(held));
    tape
}
