//! A database per test.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, OnceCell};

use crate::Postgres;
use crate::postgres::{SUPERUSER, identifier, run};
use crate::provision::hex_prefix;

/// A schema and the migrations that fill it.
pub type Part<'a> = (&'a str, &'a Migrator);

/// The cluster of this test process: started by the first test that needs it, stopped and deleted by
/// the guard when the process is gone.
struct Cluster {
    postgres: Postgres,
    /// The templates that are complete.
    templates: Mutex<HashSet<String>>,
}

/// A migrated database of one test, deleted when dropped.
///
/// Every schema is owned by the role of its name. `db_clock()` of each is replaced by one that adds an
/// offset kept in this database: see [`TestDb::advance`].
#[derive(Debug)]
pub struct TestDb {
    name: String,
    access: Arc<Access>,
    first: String,
    url: String,
    pool: PgPool,
    superuser: PgPool,
    /// False in a cluster that vanishes by itself.
    delete: bool,
}

/// How to reach the cluster, detached from its life.
#[derive(Debug)]
struct Access {
    superuser: sqlx::postgres::PgConnectOptions,
    port: u16,
}

impl TestDb {
    /// A database with one schema, copied from a template that is migrated once per process.
    ///
    /// # Errors
    /// The cluster cannot be started or a migration fails.
    pub async fn create(schema: &str, migrator: &Migrator) -> Result<Self> {
        Self::with(&[(schema, migrator)]).await
    }

    /// A database with several schemas, for tests over several services.
    ///
    /// # Errors
    /// The cluster cannot be started or a migration fails.
    pub async fn with(parts: &[Part<'_>]) -> Result<Self> {
        let cluster = cluster().await?;
        let postgres = &cluster.postgres;
        let template = template_name(parts);
        {
            // Held while migrating: tests that need the same template wait for it.
            let mut templates = cluster.templates.lock().await;
            if !templates.contains(&template) {
                build(postgres, &template, parts).await?;
                templates.insert(template.clone());
            }
        }
        let name = database_name();
        let mut connection = postgres.connect(SUPERUSER, SUPERUSER).await?;
        run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        connection.close().await?;
        Self::open(postgres, name, parts, true)
    }

    /// A database in a cluster of one's own ([`Postgres::for_test`]), for tests that stop it.
    ///
    /// # Errors
    /// The cluster is away or a migration fails.
    pub async fn create_in(postgres: &Postgres, parts: &[Part<'_>]) -> Result<Self> {
        let name = database_name();
        build(postgres, &name, parts).await?;
        Self::open(postgres, name, parts, false)
    }

    fn open(postgres: &Postgres, name: String, parts: &[Part<'_>], delete: bool) -> Result<Self> {
        let (first, _) = parts.first().context("a database needs a schema")?;
        Ok(Self {
            url: postgres.url_for(first, &name),
            pool: pool(postgres.connect_options(first, &name)),
            superuser: pool(postgres.connect_options(SUPERUSER, &name)),
            first: (*first).to_owned(),
            access: Arc::new(Access {
                superuser: postgres.connect_options(SUPERUSER, SUPERUSER),
                port: postgres.port(),
            }),
            name,
            delete,
        })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the service of the (first) schema connects, as its role.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Connections as the role of the (first) schema, at most 3.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Where the service of `schema` connects, as its role.
    #[must_use]
    pub fn url_of(&self, schema: &str) -> String {
        self.url.replace(&format!("//{}:", self.first), &format!("//{schema}:"))
    }

    /// New connections as the role of `schema`, at most 3.
    #[must_use]
    pub fn pool_of(&self, schema: &str) -> PgPool {
        pool(self.access.superuser.clone().username(schema).database(&self.name))
    }

    /// Connections that see every schema, for arranging and checking across services.
    #[must_use]
    pub fn superuser(&self) -> &PgPool {
        &self.superuser
    }

    /// The cluster's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.access.port
    }

    /// Steps `db_clock()` of every schema forward.
    ///
    /// # Errors
    /// The cluster is away.
    pub async fn advance(&self, by: Duration) -> Result<()> {
        sqlx::query("UPDATE public.clock_offset SET step = step + $1 * interval '1 microsecond'")
            .bind(i64::try_from(by.as_micros())?)
            .execute(&self.superuser)
            .await?;
        Ok(())
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if !self.delete {
            return;
        }
        let (access, name) = (Arc::clone(&self.access), self.name.clone());
        // The test's runtime is about to end, so this needs its own; nobody waits for it, and what it
        // leaves undone goes with the cluster.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&access.superuser).await?;
                run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            })
        });
    }
}

async fn cluster() -> Result<&'static Cluster> {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_try_init(|| async {
            Ok(Cluster { postgres: Postgres::for_test().await?, templates: Mutex::default() })
        })
        .await
}

/// Creates a database, migrates each schema as its own role and makes its clock steppable.
async fn build(postgres: &Postgres, database: &str, parts: &[Part<'_>]) -> Result<()> {
    postgres.ensure_database(database).await?;
    let mut superuser = postgres.connect(SUPERUSER, database).await?;
    run(
        &mut superuser,
        "CREATE TABLE IF NOT EXISTS public.clock_offset (step interval NOT NULL);
         DELETE FROM public.clock_offset;
         INSERT INTO public.clock_offset VALUES ('0');
         GRANT SELECT ON public.clock_offset TO PUBLIC"
            .to_owned(),
    )
    .await?;
    for (schema, migrator) in parts {
        postgres.ensure_schema(database, schema).await?;
        let mut connection = postgres.connect(schema, database).await?;
        migrator.run(&mut connection).await.with_context(|| format!("migrate schema {schema}"))?;
        connection.close().await?;
        step_clock(&mut superuser, schema).await?;
    }
    superuser.close().await?;
    Ok(())
}

/// Replaces the function the migrations installed; a schema without one is left without one.
async fn step_clock(superuser: &mut PgConnection, schema: &str) -> Result<()> {
    let schema = identifier(schema)?;
    let installed: bool = sqlx::query_scalar("SELECT to_regprocedure($1) IS NOT NULL")
        .bind(format!("{schema}.db_clock()"))
        .fetch_one(&mut *superuser)
        .await?;
    if !installed {
        return Ok(());
    }
    run(
        superuser,
        format!(
            "CREATE OR REPLACE FUNCTION {schema}.db_clock() RETURNS timestamptz
             LANGUAGE sql VOLATILE
             AS 'SELECT clock_timestamp() + (SELECT step FROM public.clock_offset)'"
        ),
    )
    .await
}

/// One template per set of schemas and migrations.
fn template_name(parts: &[Part<'_>]) -> String {
    let mut key = Vec::new();
    for (schema, migrator) in parts {
        key.extend_from_slice(schema.as_bytes());
        for migration in migrator.iter() {
            key.extend_from_slice(&migration.version.to_be_bytes());
            key.extend_from_slice(&migration.checksum);
        }
    }
    format!("template_{}", hex_prefix(&key))
}

fn database_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn pool(options: sqlx::postgres::PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(3).connect_lazy_with(options)
}
