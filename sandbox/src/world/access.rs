//! Who may do what on the world's servers: the same users, roles and rights as in production.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use chassis::access;
use chassis::bus::Bus;
use chassis::settings::{BusFaults, Endpoint, Nats as NatsSettings, Value};
use proto::Service;
use servers::{Nats, NatsAccess, PgBouncer, Postgres};
use sqlx::Connection;
use tokio_util::sync::CancellationToken;

use super::DATABASE;
use crate::services;

/// The user of the broker that may do anything; there is none in production.
pub const OBSERVER: &str = "sandbox";

/// The role that owns all tables.
const MIGRATOR: &str = "migrator";

/// Roles and schemas, as `helm install` and `docker compose up` make them.
const ROLES: &str = include_str!("../../../helm/files/postgres/roles.sql");

/// Writes the broker's users into `dir`.
///
/// # Errors
/// The file cannot be written.
pub fn nats(dir: &Path, password: &str) -> Result<NatsAccess> {
    let config = dir.join("access.conf");
    fs::write(&config, access::server_config(Some(OBSERVER)))
        .with_context(|| format!("write {}", config.display()))?;
    let names = access::users().into_iter().map(|user| user.name);
    Ok(NatsAccess {
        config,
        // Begins with a letter.
        password: format!("p{password}"),
        users: names.chain([OBSERVER]).map(str::to_owned).collect(),
    })
}

/// Keeps the broker's streams, consumers and buckets, as the `topology` command does in a process of its own.
///
/// # Errors
/// The broker's address is none.
pub async fn keep_topology(nats: &Nats, shutdown: CancellationToken) -> Result<()> {
    let url = Endpoint::parse(&nats.url_for(access::TOPOLOGY)).map_err(anyhow::Error::msg)?;
    let settings = NatsSettings { urls: vec![url], replicas: 1, ca_file: None };
    // Which service it is decides nothing here.
    let bus = Bus::connect(Service::Gateway, &settings, BusFaults::None)
        .await
        .map_err(anyhow::Error::from_boxed)?;
    tokio::spawn(bus.keep_topology(shutdown));
    Ok(())
}

/// Makes roles and schemas, and brings every schema up to date as the role that owns them.
///
/// # Errors
/// The server refuses, or a migration fails.
pub async fn migrate(postgres: &Postgres, dir: &Path, password: &str) -> Result<()> {
    postgres.ensure_database(DATABASE).await?;
    let file = dir.join("roles.sql");
    fs::write(&file, ROLES).with_context(|| format!("write {}", file.display()))?;
    let names = services::ALL.iter().map(|entry| entry.schema).chain([MIGRATOR]);
    let passwords: Vec<_> =
        names.map(|name| (format!("{}_PASSWORD", name.to_uppercase()), password.to_owned())).collect();
    postgres.run_file(DATABASE, &file, &passwords).await?;
    let mut connection = postgres.connect(MIGRATOR, DATABASE).await?;
    for entry in services::ALL {
        chassis::db::migrate(&mut connection, entry.service, &(entry.migrator)())
            .await
            .with_context(|| format!("migrate the schema {}", entry.schema))?;
    }
    connection.close().await?;
    Ok(())
}

/// Puts a transaction pooler before the database.
///
/// # Errors
/// There is none on this machine, or it does not start.
pub async fn pool(postgres: &Postgres, dir: &Path, password: &str) -> Result<PgBouncer> {
    let roles: Vec<&str> = services::ALL.iter().map(|entry| entry.schema).collect();
    PgBouncer::start(&dir.join("pgbouncer"), postgres.port(), &roles, password).await
}
