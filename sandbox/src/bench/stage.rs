//! Where the bets are measured: a durable PostgreSQL, a broker, and the two services on the road of
//! a bet as processes of their own. Nothing else runs, so nothing else is measured.

use crate::{
    services,
    supervise::{Launch, Supervised},
};
use anyhow::{Context, Result};
use chassis::{
    bus::Bus,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use prost::Message;
use proto::{RoomId, Service, room::Terms};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, port, scratch::Scratch};
use sha2::{Digest, Sha256};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;
use uuid::Uuid;

const DATABASE: &str = "bench";
const STAKE: i64 = 50_000_000;
/// The road of a bet.
const SERVICES: [&str; 2] = ["room-svc", "wallet-svc"];

/// A room full of seats.
const SEATS: i32 = 100_000;

/// Everything that a measurement needs.
pub struct Stage {
    /// As superuser, for preparation and for the SQL that is compared with.
    pub pool: PgPool,
    /// Publishes commands as the gateway does.
    pub bus: Bus,
    /// Hears outcomes.
    pub client: async_nats::Client,
    services: Vec<Supervised>,
    nats: Nats,
    postgres: Postgres,
    _scratch: Scratch,
}

impl Stage {
    /// Starts servers and services, and gives `accounts` accounts plenty of money.
    ///
    /// # Errors
    /// Whatever could not be started.
    pub async fn set(accounts: i64) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let scratch = Scratch::create()?;
        let log = |name: &str| scratch.path().join(name);
        let postgres = PostgresOptions {
            data_dir: log("data"),
            log: log("postgres.log"),
            port: None,
            durable: true,
            password: None,
        };
        let nats =
            NatsOptions { store_dir: log("store"), log: log("nats.log"), port: None, monitor_port: None };
        let (postgres, nats) = tokio::try_join!(Postgres::start(postgres), Nats::start(nats))?;
        postgres.ensure_database(DATABASE).await?;
        for name in SERVICES {
            let entry = services::find(name).with_context(|| format!("no service {name}"))?;
            postgres.ensure_schema(DATABASE, entry.schema).await?;
            let mut connection = postgres.connect(entry.schema, DATABASE).await?;
            (entry.migrator)().run(&mut connection).await?;
        }
        let superuser = postgres.connect_options(servers::postgres::SUPERUSER, DATABASE);
        let pool = PgPoolOptions::new().max_connections(20).connect_with(superuser).await?;
        for function in [include_str!("one_bet.sql"), include_str!("many_bets.sql")] {
            sqlx::raw_sql(function).execute(&pool).await?;
        }
        fund(&pool, accounts).await?;
        let services = SERVICES
            .into_iter()
            .map(|name| launch(name, &postgres, &nats, log(&format!("{name}.log"))))
            .collect::<Result<Vec<_>>>()?;
        for service in &services {
            responsive(service).await?;
        }
        let settings = NatsSettings {
            urls: vec![Endpoint::parse(&nats.url()).map_err(anyhow::Error::msg)?],
            replicas: 1,
        };
        let bus = Bus::connect(Service::Gateway, &settings, BusFaults::None)
            .await
            .map_err(anyhow::Error::from_boxed)?;
        bus.ensure_topology().await?;
        let client = async_nats::connect(nats.url()).await?;
        Ok(Self { pool, bus, client, services, nats, postgres, _scratch: scratch })
    }

    /// Opens rooms that take bets for a day, each in a chat of its own: the question is the same.
    ///
    /// # Errors
    /// The database.
    pub async fn open_rooms(&self, count: usize) -> Result<Vec<RoomId>> {
        let rooms: Vec<RoomId> = (0..count).map(|_| RoomId::new(Uuid::now_v7())).collect();
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        let terms: Vec<Vec<u8>> = rooms.iter().map(|room| self::terms(*room).encode_to_vec()).collect();
        let hashes: Vec<Vec<u8>> = terms.iter().map(|terms| Sha256::digest(terms).to_vec()).collect();
        sqlx::query(
            "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, comparator, target, host, scope_chat_id,
                 lock_at, deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at)
             SELECT id, terms, hash, 2, 1, 'SOL', 1, 200, id, -hashtextextended(id::text, 0), now() + interval '1 day',
                 now() + interval '2 days', $4, $4, $5, 0, '{0,0}', '{0,0}', now()
             FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS t (id, terms, hash)",
        )
        .bind(&ids)
        .bind(&terms)
        .bind(&hashes)
        .bind(STAKE)
        .bind(SEATS)
        .execute(&self.pool)
        .await?;
        Ok(rooms)
    }

    /// Ends everything.
    pub async fn strike(self) {
        for service in &self.services {
            service.stop().await;
        }
        self.pool.close().await;
        self.nats.stop().await;
        self.postgres.stop().await;
    }
}

/// The account with this index.
#[must_use]
pub fn account(index: i64) -> Uuid {
    Uuid::from_u128(u128::from(index.unsigned_abs()) + 1)
}

/// What every bet stakes, in lamports.
#[must_use]
pub const fn stake() -> i64 {
    STAKE
}

fn terms(room: RoomId) -> Terms {
    Terms { room_id: room.bytes(), asset: "SOL".to_owned(), target: "200".to_owned(), ..Default::default() }
}

/// Opens accounts with money that is in the ledger as any deposit is.
async fn fund(pool: &PgPool, accounts: i64) -> Result<()> {
    let ids: Vec<Uuid> = (0..accounts).map(account).collect();
    let each = 10_000 * STAKE;
    let tx = Uuid::now_v7();
    let nil = Uuid::nil();
    let mut unit = pool.begin().await?;
    sqlx::query("INSERT INTO wallet.ledger_account (kind, owner, balance) SELECT 1, id, $2 FROM unnest($1::uuid[]) AS id")
        .bind(&ids)
        .bind(each)
        .execute(&mut *unit)
        .await?;
    sqlx::query("INSERT INTO wallet.ledger_account (kind, owner, balance) VALUES (9, $1, $2)")
        .bind(nil)
        .bind(-each * accounts)
        .execute(&mut *unit)
        .await?;
    sqlx::query(
        "INSERT INTO wallet.ledger_tx (id, movement, request_hash, posted_at) VALUES ($1, 1, $1, now())",
    )
    .bind(tx)
    .execute(&mut *unit)
    .await?;
    sqlx::query(
        "INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
         SELECT $1, 1, id, $3, $1, 1, now() FROM unnest($2::uuid[]) AS id
         UNION ALL SELECT $1, 9, $4, $5, $1, 1, now()",
    )
    .bind(tx)
    .bind(&ids)
    .bind(each)
    .bind(nil)
    .bind(-each * accounts)
    .execute(&mut *unit)
    .await?;
    unit.commit().await?;
    sqlx::query("VACUUM ANALYZE").execute(pool).await?;
    Ok(())
}

fn launch(
    name: &'static str,
    postgres: &Postgres,
    nats: &Nats,
    log: std::path::PathBuf,
) -> Result<Supervised> {
    let entry = services::find(name).with_context(|| format!("no service {name}"))?;
    let http = format!("127.0.0.1:{}", port::free()?);
    let variables = [
        ("NETWORK", "local".to_owned()),
        ("LOG", "warn".to_owned()),
        ("POSTGRES_URL", postgres.url_for(entry.schema, DATABASE)),
        ("NATS_URLS", nats.url()),
        ("HTTP_ADDR", http.clone()),
        ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
        ("ORACLE_GRPC_URL", "http://127.0.0.1:9".to_owned()),
        ("WALLET_GRPC_URL", "http://127.0.0.1:9".to_owned()),
        // No chain is on the road of a bet; wallet-svc waits for one and holds stakes meanwhile.
        ("SOLANA_RPC_URLS", "http://127.0.0.1:9".to_owned()),
        ("WALLET_MASTER_KEY", hex::encode([7; 32])),
    ];
    let launch = Launch {
        name: name.to_owned(),
        program: std::env::current_exe()?,
        arguments: vec!["serve".to_owned(), name.to_owned()],
        variables: variables.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        log,
        http,
        kill_at: Vec::new(),
    };
    Supervised::start(launch, reqwest::Client::new())
}

/// Waits until a service has its database and its broker. wallet-svc is not ready without a chain,
/// which is not needed here.
async fn responsive(service: &Supervised) -> Result<()> {
    let client = reqwest::Client::new();
    let url = format!("http://{}/health/db", service.http());
    for _ in 0..600 {
        if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{} does not answer", service.name())
}
