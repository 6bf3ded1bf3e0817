//! How any service runs: it reads its settings, starts, serves, and ends in order.
//!
//! A service's `main.rs` is `fn main() -> ExitCode { chassis::main::<RoomService>() }`. The binary then knows
//! `serve` (the default), `migrate`, `settings`, `--help` and `--version`.

mod command;
mod running;

pub use command::{main, main_with, manual};
pub use running::{Running, StartError, start};

use std::{future::Future, sync::Arc};

use axum::Router;
use sqlx::{PgPool, migrate::Migrator};

use crate::{
    grpc::Services,
    health::Health,
    settings::{Common, Invalid, Reader},
    tasks::{BoxError, Tasks},
};

/// What makes one service different from another.
pub trait Service: 'static {
    /// The service's name, as in its crate and in the subjects it is addressed by.
    const NAME: &'static str;

    /// What it owns, in one line for `--help`.
    const ABOUT: &'static str;

    /// Its own settings, besides the [`Common`] ones.
    type Settings: Send;

    /// Declares and reads its own settings.
    fn settings(r: &mut Reader) -> Result<Self::Settings, Invalid>;

    /// The migrations of its schema.
    fn migrator() -> Migrator;

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
    pub database: PgPool,
    /// The broker. It connects and reconnects by itself.
    pub broker: async_nats::Client,
    /// What `/health/…` says.
    pub health: Health,
    /// Where long-running work is spawned, and how it learns that it has to end.
    pub tasks: Tasks,
    /// What is answered over gRPC.
    pub grpc: Services,
    http: Router,
}

impl Runtime {
    /// Adds routes to the HTTP server, beside `/health/…` and `/metrics`. Requests are limited in size and time.
    pub fn serve_http(&mut self, routes: Router) {
        self.http = std::mem::take(&mut self.http).merge(routes);
    }
}
