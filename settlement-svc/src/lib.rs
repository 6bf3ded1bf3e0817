//! settlement-svc owns what a room is settled with: the verdict that stands, the book made from it,
//! the payouts on their way to the ledger, and the evidence that anyone can check. Every step of
//! a settlement is one transaction and can be repeated; what waits for another service is a
//! command re-issued until it is answered, or an errand tried until it is run.

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

pub mod domain;

mod audit;
mod commands;
mod events;
mod evidence;
mod handler;
mod leaderboard;
mod measures;
pub mod messages;
mod operators;
mod queries;
mod referrals;
mod refunds;
mod results;
mod saga;
mod settings;
mod store;
mod upstream;
mod workers;

pub use settings::Settings;

use chassis::{
    Runtime,
    health::Role,
    settings::{Invalid, Reader},
    tasks::BoxError,
};
use proto::settlement::{
    settlement_operator_service_server::SettlementOperatorServiceServer,
    settlement_service_server::SettlementServiceServer,
};
use sqlx::migrate::Migrator;
use std::{sync::Arc, time::Duration};

/// The consumers this service drains.
const CONSUMERS: &[&str] = &["settlement-commands", "settlement-events"];

/// Pause between two looks for errands that are due.
const ERRANDS_EVERY: Duration = Duration::from_millis(500);

/// Pause between two looks for settled rooms: their players may ask for the result right after it was told.
const RECORDS_EVERY: Duration = Duration::from_millis(500);

/// An errand may wait for the deadlines of several questions.
const ERRANDS_FRESH: Duration = Duration::from_secs(60);

/// settlement-svc.
#[derive(Debug)]
pub struct SettlementService;

impl chassis::Service for SettlementService {
    const NAME: &'static str = "settlement-svc";
    const SERVICE: proto::Service = proto::Service::Settlement;
    const ABOUT: &'static str = "Owns verdicts, books, payouts on their way, and evidence";
    type Settings = Settings;

    fn settings(r: &mut Reader) -> Result<Settings, Invalid> {
        Settings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    async fn start(runtime: &mut Runtime, settings: Settings) -> Result<(), BoxError> {
        let rooms = upstream::Rooms::connect(&runtime.identity, &settings.room)?;
        let oracle = upstream::Oracle::connect(&runtime.identity, &settings.oracle)?;
        let evidence = evidence::Bundles::new(runtime.db.pool().clone());

        runtime.dead_letters(settings.panel.operators.clone());
        let rates = settings.referrals;
        let handler =
            handler::Settling { db: runtime.db.clone(), rooms: rooms.clone(), panel: settings.panel, rates };
        runtime.writer("settling", CONSUMERS, handler);

        let errands = Arc::new(workers::Errands { db: runtime.db.clone(), rooms, oracle, rates });
        let health = Arc::new(runtime.health.report("errands", Role::Work, Some(ERRANDS_FRESH)));
        runtime.every("errands", ERRANDS_EVERY, move || {
            let (errands, health) = (Arc::clone(&errands), Arc::clone(&health));
            async move {
                let round = errands.round().await;
                health.result(&round);
                round
            }
        });

        let records = Arc::new(workers::Records { db: runtime.db.clone() });
        runtime.every("records", RECORDS_EVERY, move || {
            let records = Arc::clone(&records);
            async move { records.round().await }
        });

        let boards = leaderboard::Boards::new(runtime.db.pool().clone(), settings.sample);
        let queries = queries::Queries::new(runtime.db.pool().clone(), evidence.clone(), boards);
        let operators = operators::Operators { door: runtime.door(), db: runtime.db.clone() };
        runtime
            .grpc
            .add(SettlementServiceServer::new(queries))
            .add(SettlementOperatorServiceServer::new(operators));
        runtime.serve_http(evidence::routes(evidence, settings.evidence_per_second));
        Ok(())
    }
}
