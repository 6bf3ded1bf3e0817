//! Runs a command beside a throw-away database that holds the schemas given, each migrated from a folder
//! after the chassis' own migrations: this is how sqlx' checked queries meet a database in CI.
//!
//! `with-database room=room-svc/migrations wallet=wallet-svc/migrations -- cargo build --workspace`
//!
//! The command finds the database, as its owner, in `DATABASE_URL`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use servers::postgres::SUPERUSER;
use servers::{Postgres, TestDb};
use sqlx::migrate::Migrator;

/// The chassis' migrations, which every schema begins with.
const CHASSIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let usage = "usage: with-database SCHEMA=FOLDER... -- COMMAND...";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let split = arguments.iter().position(|argument| argument == "--").context(usage)?;
    let (schemas, command) = arguments.split_at(split);
    let [_, program, rest @ ..] = command else { anyhow::bail!(usage) };

    let mut parts = Vec::new();
    for schema in schemas {
        let (schema, folder) = schema.split_once('=').context(usage)?;
        parts.push((schema, migrations(Path::new(folder)).await?));
    }
    let parts: Vec<(&str, &Migrator)> = parts.iter().map(|(schema, all)| (*schema, all)).collect();
    let postgres = Postgres::for_test().await?;
    let db = TestDb::create_in(&postgres, &parts).await?;

    let mut command = Command::new(program);
    command.args(rest).env("DATABASE_URL", postgres.url_for(SUPERUSER, db.name()));
    let status = command.status().with_context(|| format!("run {program}"))?;
    postgres.stop().await;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One history: the chassis' and those of `folder`.
async fn migrations(folder: &Path) -> Result<Migrator> {
    let chassis = Migrator::new(Path::new(CHASSIS)).await?;
    let own = Migrator::new(folder).await.with_context(|| format!("read {}", folder.display()))?;
    Ok(Migrator::with_migrations(chassis.iter().chain(own.iter()).cloned().collect()))
}
