//! notifier-svc owns who is told what and when: where each account is reached, one stored
//! notification per account and event, and the order in which they are handed to the gateway, which
//! alone speaks to Telegram.

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
mod intake;
mod measures;
mod operators;
mod queries;
mod release;
pub mod settings;
mod store;
pub mod tracking;
pub mod webhooks;
mod workers;

use chassis::{
    Runtime, Service,
    health::Role,
    settings::{Invalid, Reader},
    tasks::BoxError,
};
use proto::notifier::{
    notifier_operator_service_server::NotifierOperatorServiceServer,
    notifier_service_server::NotifierServiceServer,
};
use settings::NotifierSettings;
use sqlx::migrate::Migrator;
use std::time::Duration;
use webhooks::Caller;

/// The backlog counts as looked after for so long after a look at it.
const FRESH: Duration = Duration::from_secs(30);

/// The service.
#[derive(Debug)]
pub struct NotifierSvc;

impl Service for NotifierSvc {
    const NAME: &'static str = "notifier-svc";
    const SERVICE: proto::Service = proto::Service::Notifier;
    const ABOUT: &'static str = "Notifications: who is told what and when";
    type Settings = NotifierSettings;

    fn settings(r: &mut Reader) -> Result<NotifierSettings, Invalid> {
        NotifierSettings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    async fn start(runtime: &mut Runtime, settings: NotifierSettings) -> Result<(), BoxError> {
        let rules = settings.rules;
        runtime.dead_letters(settings.operators.clone());
        let limits = settings.tracking.limits;
        let tracking = tracking::commands::Tracking { limits, operators: settings.operators.clone() };
        let webhooks = Caller::try_new(runtime.db.clone(), runtime.clock.clone(), settings.webhooks)?;
        let handler =
            commands::Notices { rules, operators: settings.operators, tracking, webhooks: webhooks.clone() };
        runtime.writer("notices", &["notifier-commands", "notifier-events"], handler);
        tracking::start(runtime, rules, settings.tracking.scan)?;

        let db = runtime.db.clone();
        let alive = runtime.health.report("backlog", Role::Work, Some(FRESH));
        runtime.every("release", Duration::from_secs(1), move || {
            workers::release(db.clone(), rules, alive.clone())
        });
        let db = runtime.db.clone();
        runtime.every("broadcast", Duration::from_secs(1), move || workers::broadcast(db.clone(), rules));
        let db = runtime.db.clone();
        runtime.every("measure", Duration::from_secs(5), move || workers::measure(db.clone()));

        let lists = tracking::queries::Lists { db: runtime.db.clone(), clock: runtime.clock.clone(), limits };
        let queries = queries::Queries { db: runtime.db.clone(), rules, lists, webhooks: webhooks.clone() };
        runtime.grpc.add(NotifierServiceServer::new(queries));
        if let Some(caller) = webhooks {
            runtime.every("webhooks", Duration::from_millis(500), move || {
                let caller = caller.clone();
                async move { caller.round().await }
            });
        }
        let operators = operators::Operators { door: runtime.door() };
        runtime.grpc.add(NotifierOperatorServiceServer::new(operators));
        Ok(())
    }
}
