//! The database of a service: its own schema, reached through its own role.

use crate::{Fault, Pool, Unit, outbox::Relay, settings::Network};
use proto::Service;
use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    migrate::{Migrate, MigrateError, Migration, Migrator},
};

/// The migrations of the chassis itself.
static CHASSIS: Migrator = sqlx::migrate!();

/// A pool and the way out for messages. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Db {
    service: Service,
    pool: Pool,
    relay: Relay,
}

impl Db {
    /// Joins a pool and a relay.
    #[must_use]
    pub fn new(service: Service, pool: impl Into<Pool>, relay: Relay) -> Self {
        Self { service, pool: pool.into(), relay }
    }

    /// For queries that decide nothing.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
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

/// Why a schema was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A migration failed; those before it stand.
    #[error(transparent)]
    Migration(#[from] MigrateError),
    /// The service's role was not given its rights.
    #[error("the service's rights were not granted")]
    Grants(#[from] sqlx::Error),
}

/// Brings a service's schema up to date over a direct connection, and gives the service's role what it may do there.
///
/// Whoever migrates owns what is there. Where that is not the service itself, the service gets the rights on rows that
/// the migrations leave to the owner: a table that is append-only to its owner is append-only to the service.
///
/// # Errors
/// A migration fails, or the role does not exist.
pub async fn migrate(
    connection: &mut PgConnection,
    service: Service,
    migrator: &Migrator,
) -> Result<(), MigrationError> {
    let schema = service.token();
    sqlx::query("SELECT set_config('search_path', $1, false)").bind(schema).execute(&mut *connection).await?;
    migrator.run(&mut *connection).await?;
    let migrates: String =
        sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *connection).await?;
    if migrates == schema {
        return Ok(());
    }
    // At once: the version before this one may be running.
    let mut tx = connection.begin().await?;
    let grants: Vec<String> =
        sqlx::query_scalar(include_str!("db/grants.sql")).bind(schema).fetch_all(&mut *tx).await?;
    for grant in grants {
        // The database itself has quoted the names in it.
        sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Checks, without changing anything, that the schema has every migration of this build, and on
/// mainnet that nobody can step its clock.
///
/// # Errors
/// Says what is missing and what to do.
pub async fn check_schema(pool: &Pool, migrator: &Migrator, network: Network) -> Result<(), Fault> {
    let mut connection = pool.reader().await?;
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
