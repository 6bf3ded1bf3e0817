//! How any service runs: it reads its settings, starts, serves, and ends in order.
//!
//! A service's `main.rs` is `fn main() -> ExitCode { chassis::main::<RoomService>() }`. The binary then knows
//! `serve` (the default), `migrate`, `settings`, `--help` and `--version`.

mod command;
mod running;

pub use command::{main, main_with, manual};
pub use running::{Running, StartError, start};

use std::{future::Future, sync::Arc, time::Duration};

use axum::Router;
use sqlx::migrate::Migrator;

use crate::{
    Db, Door, Fault, Handler, Pool, Writer,
    bus::Bus,
    clock::Clock,
    grpc::{Identity, Services},
    health::Health,
    lease::{Held, Lease},
    settings::{Common, Invalid, Reader},
    tasks::{BoxError, Stage, Tasks},
};

/// What makes one service different from another.
pub trait Service: 'static {
    /// The service's name, as in its crate.
    const NAME: &'static str;

    /// Which of the services it is: its token in subjects, its schema and its role.
    const SERVICE: proto::Service;

    /// What it owns, in one line for `--help`.
    const ABOUT: &'static str;

    /// Its own settings, besides the [`Common`] ones.
    type Settings: Send;

    /// Declares and reads its own settings.
    fn settings(r: &mut Reader) -> Result<Self::Settings, Invalid>;

    /// The migrations of its own tables; the chassis adds those of its inbox, outbox and leases.
    fn migrator() -> Migrator;

    /// Commands of its own besides `serve`, `migrate` and `settings`: each a name and what it does.
    const COMMANDS: &'static [(&'static str, &'static str)] = &[];

    /// Does one of [`COMMANDS`](Self::COMMANDS) with the settings that the service itself has, and returns what whoever
    /// typed it should read.
    fn command(
        name: &'static str,
        _pool: Pool,
        _settings: Self::Settings,
    ) -> impl Future<Output = Result<String, BoxError>> + Send {
        async move { Err(format!("{} has no command {name}", Self::NAME).into()) }
    }

    /// Settings that can be given on the command line, too, where they win: each a flag and the variable it stands for.
    const FLAGS: &'static [(&'static str, &'static str)] = &[];

    /// Wires the service: spawns its tasks, adds its routes and checks, and returns. It must not wait for the database
    /// or the broker: tasks that need them wait, `/health/ready` says so meanwhile. An error ends the process.
    fn start(
        runtime: &mut Runtime,
        settings: Self::Settings,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// What a service is given to work with.
pub struct Runtime {
    /// The settings that every service has.
    pub common: Arc<Common>,
    /// The database, connected to when first used.
    pub db: Db,
    /// The broker. It connects and reconnects by itself.
    pub bus: Bus,
    /// The time outside transactions.
    pub clock: Clock,
    /// What `/health/…` says.
    pub health: Health,
    /// Where long-running work is spawned, and how it learns that it has to end.
    pub tasks: Tasks,
    /// What is answered over gRPC.
    pub grpc: Services,
    /// As whom other services are asked.
    pub identity: Identity,
    http: Router,
}

impl Runtime {
    /// Runs a handler over the messages of some consumers of the topology.
    pub fn writer<H: Handler>(&self, name: &'static str, consumers: &'static [&'static str], handler: H) {
        let (db, bus, clock) = (self.db.clone(), self.bus.clone(), self.clock.clone());
        Writer { handler, db, bus, clock, consumers }.spawn(&self.tasks, name);
    }

    /// Where operators' commands come in over gRPC.
    pub fn door(&self) -> Door {
        Door { db: self.db.clone(), bus: self.bus.clone(), clock: self.clock.clone() }
    }

    /// Does a job that at most one process may do, whenever this one holds the lease. A standby
    /// takes over within `term` after the holder fell silent.
    pub fn lease<F, J>(&self, name: &'static str, term: Duration, job: F)
    where
        F: Fn(Held) -> J + Send + Sync + 'static,
        J: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let lease = Lease::new(self.db.pool().clone(), name, term);
        let stop = self.tasks.stopping(Stage::Intake);
        self.tasks.spawn_rounds(Stage::Intake, name, async move { lease.run(stop, job).await });
    }

    /// Repeats a round of work until the shutdown, with a pause between rounds. A round that
    /// fails is logged and tried again; replicas must be able to run it side by side.
    pub fn every<F, J>(&self, name: &'static str, pause: Duration, round: F)
    where
        F: Fn() -> J + Send + Sync + 'static,
        J: Future<Output = Result<(), Fault>> + Send,
    {
        let stop = self.tasks.stopping(Stage::Intake);
        self.tasks.spawn_rounds(Stage::Intake, name, async move {
            while !stop.is_cancelled() {
                if let Err(fault) = round().await {
                    tracing::warn!(task = name, error = fault.chain(), "round failed");
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }

    /// Adds routes to the HTTP server, beside `/health/…` and `/metrics`. Requests are limited in size and time.
    pub fn serve_http(&mut self, routes: Router) {
        self.http = std::mem::take(&mut self.http).merge(routes);
    }
}
