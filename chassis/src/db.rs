//! The database of a service: its own schema, reached through its own role.

use crate::{Fault, Unit, outbox::Relay, settings::Network};
use proto::Service;
use sqlx::{
    PgPool,
    migrate::{Migrate, Migration, Migrator},
};

/// The migrations of the chassis itself.
static CHASSIS: Migrator = sqlx::migrate!();

/// A pool and the way out for messages. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Db {
    service: Service,
    pool: PgPool,
    relay: Relay,
}

impl Db {
    /// Joins a pool and a relay.
    #[must_use]
    pub const fn new(service: Service, pool: PgPool, relay: Relay) -> Self {
        Self { service, pool, relay }
    }

    /// For queries that decide nothing.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Whose schema this is.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Begins a transaction whose messages leave with its commit.
    ///
    /// # Errors
    /// The database is away.
    pub async fn unit(&self) -> Result<Unit, Fault> {
        Unit::begin(&self.pool, self.service, self.relay.clone()).await
    }
}

/// The chassis' migrations before a service's own, as one history in the service's schema.
#[must_use]
pub fn migrator(own: &Migrator) -> Migrator {
    let mut migrations: Vec<Migration> = CHASSIS.iter().chain(own.iter()).cloned().collect();
    migrations.sort_by_key(|migration| migration.version);
    Migrator::with_migrations(migrations)
}

/// Checks, without changing anything, that the schema has every migration of this build, and on
/// mainnet that nobody can step its clock.
///
/// # Errors
/// Says what is missing and what to do.
pub async fn check_schema(pool: &PgPool, migrator: &Migrator, network: Network) -> Result<(), Fault> {
    let mut connection = pool.acquire().await?;
    let applied = connection.list_applied_migrations(&migrator.table_name).await;
    let applied = applied.map_err(|error| Fault::upstream("schema", error))?;
    let missing = migrator.iter().find(|wanted| !applied.iter().any(|done| done.version == wanted.version));
    if let Some(missing) = missing {
        let text = format!("migration {} is not applied: run the `migrate` subcommand", missing.version);
        return Err(Fault::upstream("schema", text));
    }
    if network == Network::Mainnet {
        let body: String = sqlx::query_scalar("SELECT prosrc FROM pg_proc WHERE oid = 'db_clock'::regproc")
            .fetch_one(&mut *connection)
            .await?;
        if body != "SELECT clock_timestamp()" {
            return Err(Fault::upstream("schema", "db_clock() is not the database's own clock"));
        }
    }
    Ok(())
}
