//! The servers that everything is measured on: a durable PostgreSQL and a broker, with schemas and nothing in them.

use super::stage;
use anyhow::Result;
use chassis::{
    bus::Bus,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use proto::Service;
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, scratch::Scratch};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::path::PathBuf;

/// The database of a measurement.
pub const DATABASE: &str = "bench";

/// Servers of one's own.
pub struct Ground {
    /// The database.
    pub postgres: Postgres,
    /// As superuser, for preparation and for the SQL that is compared with.
    pub pool: PgPool,
    /// The broker.
    pub nats: Nats,
    scratch: Scratch,
}

impl Ground {
    /// Starts servers, and makes the schemas of the services that these processes are.
    ///
    /// # Errors
    /// Whatever could not be started.
    pub async fn lay(names: &[&'static str]) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scratch = Scratch::create()?;
        let file = |name: &str| scratch.path().join(name);
        let postgres = PostgresOptions {
            data_dir: file("data"),
            log: file("postgres.log"),
            port: None,
            durable: true,
            password: None,
        };
        let nats = NatsOptions {
            store_dir: file("store"),
            log: file("nats.log"),
            port: None,
            monitor_port: None,
            access: None,
        };
        let (postgres, nats) = tokio::try_join!(Postgres::start(postgres), Nats::start(nats))?;
        postgres.ensure_database(DATABASE).await?;
        for name in names {
            let entry = stage::process(name)?.1;
            postgres.ensure_schema(DATABASE, entry.schema).await?;
            let mut connection = postgres.connect(entry.schema, DATABASE).await?;
            (entry.migrator)().run(&mut connection).await?;
        }
        let superuser = postgres.connect_options(servers::postgres::SUPERUSER, DATABASE);
        let pool = PgPoolOptions::new().max_connections(20).connect_with(superuser).await?;
        Ok(Self { postgres, pool, nats, scratch })
    }

    /// Speaks as a service does, with the whole topology made.
    ///
    /// # Errors
    /// The broker.
    pub async fn bus(&self, service: Service) -> Result<Bus> {
        let settings = NatsSettings {
            urls: vec![Endpoint::parse(&self.nats.url()).map_err(anyhow::Error::msg)?],
            replicas: 1,
            ca_file: None,
        };
        let bus =
            Bus::connect(service, &settings, BusFaults::None).await.map_err(anyhow::Error::from_boxed)?;
        bus.ensure_topology().await?;
        Ok(bus)
    }

    /// A folder on the disk that the servers write to.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }

    /// Ends the servers.
    pub async fn clear(self) {
        self.pool.close().await;
        self.nats.stop().await;
        self.postgres.stop().await;
    }
}
