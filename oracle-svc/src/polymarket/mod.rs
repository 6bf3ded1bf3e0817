//! The role `polymarket`: what happens on Polymarket, told once. It follows the feed of all trades, looks at followed
//! wallets on a slow ring, listens for prices and decisions, and answers questions about markets and wallets.
//!
//! What is told is stored first, in the transaction whose messages tell it. A wallet's positions are either known or not;
//! nothing that failed is ever taken for none.

mod cache;
mod client;
mod commands;
mod feed;
mod queries;
mod resolutions;
mod ring;
mod settings;
mod socket;
mod tell;
pub mod wire;

pub use client::{ActivityQuery, AskError, Polymarket};
pub use settings::{PolymarketSettings, Role};

use crate::store;
use chassis::{
    Runtime,
    breaker::Breakers,
    health::{self, Report},
    tasks::BoxError,
};
use proto::oracle::polymarket_service_server::PolymarketServiceServer;
use std::time::Duration;

/// A standby takes over within this time.
const TERM: Duration = Duration::from_secs(3);

/// What was told is remembered for so many days: longer than any feed reaches back.
const TOLD_DAYS: i32 = 70;

const HOUR: Duration = Duration::from_secs(3_600);

/// Wires the role.
pub(crate) fn start(runtime: &mut Runtime, settings: &PolymarketSettings) -> Result<(), BoxError> {
    let api = Polymarket::try_new(settings, &Breakers::default())?;
    let report = |name: &'static str| {
        let report = runtime.health.report(name, health::Role::External, None);
        // Until it is this replica's turn, another one asks.
        report.ok();
        report
    };
    let feed = feed::Feed {
        db: runtime.db.clone(),
        clock: runtime.clock.clone(),
        api: api.clone(),
        floor: settings.floor_usd,
        poll: settings.poll,
        pages: settings.pages,
        resolutions_every: settings.resolutions_every,
        report: report("polymarket trades"),
    };
    runtime.lease("polymarket.trades", TERM, move |held| feed.clone().serve(held));
    let ring = ring::Ring {
        db: runtime.db.clone(),
        clock: runtime.clock.clone(),
        api: api.clone(),
        every: settings.reconcile_every,
        resolutions_every: settings.resolutions_every,
        report: report("polymarket wallets"),
    };
    runtime.lease("polymarket.wallets", TERM, move |held| ring.clone().serve(held));
    let resolutions = resolutions::Resolutions {
        db: runtime.db.clone(),
        clock: runtime.clock.clone(),
        api: api.clone(),
        every: settings.resolutions_every,
        report: report("polymarket markets"),
    };
    runtime.lease("polymarket.markets", TERM, move |held| resolutions.clone().serve(held));
    let socket = socket::Socket {
        db: runtime.db.clone(),
        clock: runtime.clock.clone(),
        url: settings.socket.clone(),
        report: report("polymarket socket"),
    };
    runtime.lease("polymarket.socket", TERM, move |held| socket.clone().serve(held));
    let pool = runtime.db.pool().clone();
    runtime.lease("polymarket.house", Duration::from_secs(60), move |_| {
        let pool = pool.clone();
        async move {
            loop {
                store::polymarket::forget(&pool, TOLD_DAYS).await?;
                tokio::time::sleep(HOUR).await;
            }
        }
    });
    runtime.writer("polymarket.writer", &["polymarket-commands"], commands::Commands);
    let queries = queries::Queries::new(api);
    runtime.grpc.add(PolymarketServiceServer::new(queries));
    Ok(())
}

/// Says that all is well when a term ends, however it ends: the next holder knows better.
struct Term(Report);

impl Drop for Term {
    fn drop(&mut self) {
        self.0.ok();
    }
}
