//! room-svc owns rooms and bets: who may open what, who may bet on it until when, which seats and
//! pools there are. It decides everything about a bet but the money, which wallet-svc decides with
//! the hold; settlement-svc decides what a room's bets come to.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::cast_possible_truncation,
        reason = "tests fail by panicking"
    )
)]

mod commands;
pub mod domain;
mod measures;
mod operators;
mod queries;
pub mod settings;
mod standing;
mod store;
mod tokens;
mod workers;

use chassis::{
    Runtime, Service,
    settings::{Invalid, Reader},
    tasks::BoxError,
};
use proto::{
    oracle::oracle_service_client::OracleServiceClient,
    room::{room_operator_service_server::RoomOperatorServiceServer, room_service_server::RoomServiceServer},
    wallet::wallet_service_client::WalletServiceClient,
};
use settings::RoomSettings;
use sqlx::migrate::Migrator;
use std::{sync::Mutex, time::Duration};

/// The service.
#[derive(Debug)]
pub struct RoomSvc;

impl Service for RoomSvc {
    const NAME: &'static str = "room-svc";
    const SERVICE: proto::Service = proto::Service::Room;
    const ABOUT: &'static str = "Rooms and bets: opening, seats, pools, freeze";
    type Settings = RoomSettings;

    fn settings(r: &mut Reader) -> Result<RoomSettings, Invalid> {
        RoomSettings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    async fn start(runtime: &mut Runtime, settings: RoomSettings) -> Result<(), BoxError> {
        let oracle = OracleServiceClient::new(runtime.identity.channel(&settings.oracle)?);
        let wallet = WalletServiceClient::new(runtime.identity.channel(&settings.wallet)?);
        runtime.dead_letters(settings.operators.clone());
        let handler = commands::Rooms {
            rules: settings.rules,
            cancel: settings.cancel,
            operators: settings.operators,
            accounts: settings.accounts,
            barred: settings.barred,
            tokens: tokens::Tokens::new(oracle.clone()),
            oracle,
            wallet,
        };
        runtime.writer(
            "ends",
            &["room-freezes", "room-ends"],
            commands::Ends { rooms: handler.clone(), part: Mutex::default() },
        );
        runtime.writer("rooms", &["room-commands", "room-events"], handler);

        let db = runtime.db.clone();
        runtime.every("close-rooms", Duration::from_millis(200), move || workers::close_rooms(db.clone()));
        let db = runtime.db.clone();
        runtime.every("late-holds", Duration::from_millis(500), move || {
            workers::late_holds(db.clone(), settings.hold_grace)
        });
        let db = runtime.db.clone();
        runtime.every("repeat-holds", Duration::from_secs(1), move || workers::repeat_holds(db.clone()));
        let db = runtime.db.clone();
        runtime
            .every("void-unresolved", Duration::from_secs(1), move || workers::void_unresolved(db.clone()));

        let db = runtime.db.clone();
        runtime.every("arenas", Duration::from_millis(500), move || {
            workers::arenas::follow_rooms(db.clone(), settings.arena_talk)
        });

        runtime.grpc.add(RoomServiceServer::new(queries::Queries { db: runtime.db.clone() }));
        let operators = operators::Operators { door: runtime.door(), db: runtime.db.clone() };
        runtime.grpc.add(RoomOperatorServiceServer::new(operators));
        Ok(())
    }
}
