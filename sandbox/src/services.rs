//! The services, as the sandbox sees them: the only place that knows them all.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use chassis::Service;
use chassis::settings::{self, Manual, Problems};
use sqlx::migrate::Migrator;

/// What it takes to run a service from this binary.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name, as in `serve NAME`.
    pub name: &'static str,
    /// Which of the services it is.
    pub service: proto::Service,
    /// Its schema and role.
    pub schema: &'static str,
    /// The whole history of its schema, the chassis' part included.
    pub migrator: fn() -> Migrator,
    /// Its settings.
    pub manual: fn() -> std::result::Result<Manual, Problems>,
    /// Its `main`, given the arguments after its name.
    pub main: fn(Vec<OsString>) -> ExitCode,
}

/// All services, in the order in which they are listed.
pub const ALL: &[Entry] = &[
    entry::<gateway::Gateway>(),
    entry::<room_svc::RoomSvc>(),
    entry::<wallet_svc::WalletSvc>(),
    entry::<settlement_svc::SettlementService>(),
    entry::<oracle_svc::OracleSvc>(),
    entry::<notifier_svc::NotifierSvc>(),
];

/// What runs as a process: a service, or a service in a role that is a process of its own.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its name in messages and logs.
    pub name: &'static str,
    /// Which service it is.
    pub service: &'static str,
    /// Follows `serve SERVICE`.
    pub arguments: &'static [&'static str],
    /// The variable in which the others find its gRPC; without it, the one that is named after the schema.
    pub url: Option<&'static str>,
}

impl Process {
    /// What follows the name of this binary.
    #[must_use]
    pub fn command_line(&self) -> Vec<String> {
        let words = ["serve", self.service].into_iter().chain(self.arguments.iter().copied());
        words.map(str::to_owned).collect()
    }
}

/// The feeds of Polymarket.
pub const POLYMARKET: Process = Process {
    name: "oracle-polymarket",
    service: "oracle-svc",
    arguments: &["--role", "polymarket"],
    url: Some("POLYMARKET_URL"),
};

/// All processes: the services in their order, then the roles.
pub fn processes() -> impl Iterator<Item = Process> {
    let whole = |entry: &Entry| Process { name: entry.name, service: entry.name, arguments: &[], url: None };
    ALL.iter().map(whole).chain([POLYMARKET])
}

const fn entry<S: Service>() -> Entry {
    Entry {
        name: S::NAME,
        service: S::SERVICE,
        schema: S::SERVICE.token(),
        migrator: || chassis::db::migrator(&S::migrator()),
        manual: chassis::service::manual::<S>,
        main: chassis::main_with::<S>,
    }
}

/// The service called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

/// Every setting of every service as one Markdown page.
///
/// # Errors
/// A declaration contradicts itself.
pub fn settings() -> Result<String> {
    let manuals = ALL.iter().map(|entry| (entry.manual)()).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(settings::markdown(&manuals))
}
