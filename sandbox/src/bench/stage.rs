//! Where the services are measured: a durable PostgreSQL, a broker, and the services on the road that is measured as
//! processes of their own. Nothing else runs, so nothing else is measured.

use super::ground::{DATABASE, Ground};
use crate::{
    services::{self, Entry, Process},
    supervise::{Launch, Supervised},
};
use anyhow::{Context, Result, ensure};
use chassis::bus::Bus;
use futures::StreamExt;
use prost::Message;
use proto::{
    Event, RoomId, Service,
    room::{Comparator, Kind, Terms},
    timestamp,
    wallet::PayoutsPosted,
};
use servers::port;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::{collections::HashSet, path::PathBuf, time::Duration};
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

const STAKE: i64 = 50_000_000;
/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

/// A room full of seats.
const SEATS: i32 = 100_000;

/// A settlement that takes longer does not end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that a measurement needs.
pub struct Stage {
    /// As superuser, for preparation and for the SQL that is compared with.
    pub pool: PgPool,
    /// Publishes commands as the gateway does.
    pub bus: Bus,
    /// Hears outcomes.
    pub client: async_nats::Client,
    services: Vec<Supervised>,
    ground: Ground,
}

impl Stage {
    /// Starts servers and services, these with `more` settings, and gives `accounts` accounts plenty of money,
    /// if wallet-svc is among them.
    ///
    /// # Errors
    /// Whatever could not be started.
    pub async fn set(names: &[&'static str], accounts: i64, more: &[(String, String)]) -> Result<Self> {
        let ground = Ground::lay(names).await?;
        let pool = ground.pool.clone();
        if names.contains(&"wallet-svc") {
            let functions = [
                include_str!("one_bet.sql"),
                include_str!("many_bets.sql"),
                include_str!("accepted_bets.sql"),
                include_str!("settled_room.sql"),
            ];
            for function in functions {
                sqlx::raw_sql(function).execute(&pool).await?;
            }
            fund(&pool, accounts).await?;
        }
        let doors = names
            .iter()
            .map(|name| Ok((*name, format!("127.0.0.1:{}", port::free()?))))
            .collect::<Result<Vec<_>>>()?;
        let services =
            names.iter().map(|name| launch(name, &doors, more, &ground)).collect::<Result<Vec<_>>>()?;
        for service in &services {
            responsive(service).await?;
        }
        let bus = ground.bus(Service::Gateway).await?;
        let client = async_nats::connect(ground.nats.url()).await?;
        Ok(Self { pool, bus, client, services, ground })
    }

    /// Opens rooms that take bets for half a day.
    ///
    /// # Errors
    /// The database.
    pub async fn open_rooms(&self, count: usize) -> Result<Vec<RoomId>> {
        let now = self.now().await?;
        let terms: Vec<Terms> = (0..count).map(|_| terms(now)).collect();
        self.open(&terms).await
    }

    /// Opens rooms on these terms, each in a chat of its own: their questions may be the same.
    ///
    /// # Errors
    /// The database.
    pub async fn open(&self, terms: &[Terms]) -> Result<Vec<RoomId>> {
        let rooms = terms.iter().map(|terms| RoomId::try_from_bytes(&terms.room_id));
        let rooms = rooms.collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        let kinds: Vec<i32> = terms.iter().map(|terms| terms.kind).collect();
        let targets: Vec<String> = terms.iter().map(|terms| terms.target.clone()).collect();
        let bytes: Vec<Vec<u8>> = terms.iter().map(Message::encode_to_vec).collect();
        let hashes: Vec<Vec<u8>> = bytes.iter().map(|terms| Sha256::digest(terms).to_vec()).collect();
        sqlx::query(
            "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, comparator, target, host, scope_chat_id,
                 lock_at, deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at)
             SELECT id, terms, hash, 2, kind, 'SOL', 1, target::numeric, id, -hashtextextended(id::text, 0),
                 now() + interval '12 hours', now() + interval '24 hours', $6, $6, $7, 0, '{0,0}', '{0,0}', now()
             FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::int[], $5::text[]) AS t (id, terms, hash, kind, target)",
        )
        .bind(&ids)
        .bind(&bytes)
        .bind(&hashes)
        .bind(&kinds)
        .bind(&targets)
        .bind(STAKE)
        .bind(SEATS)
        .execute(&self.pool)
        .await?;
        Ok(rooms)
    }

    /// Accepts and closes bets of a room in SQL, as the services leave them, each of another account.
    ///
    /// # Errors
    /// The database.
    pub async fn accept_bets(&self, room: RoomId, bets: usize) -> Result<()> {
        let ids: Vec<Uuid> = (0..bets).map(|_| Uuid::now_v7()).collect();
        let accounts = (0..bets).map(|index| Ok(account(i64::try_from(index)?)));
        sqlx::query("SELECT public.accepted_bets($1, $2, $3, $4)")
            .bind(room.uuid())
            .bind(ids)
            .bind(accounts.collect::<Result<Vec<Uuid>>>()?)
            .bind(STAKE)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The clock that all services go by.
    ///
    /// # Errors
    /// The database.
    pub async fn now(&self) -> Result<OffsetDateTime> {
        Ok(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&self.pool).await?)
    }

    /// What wallet-svc tells of payouts from now on.
    ///
    /// # Errors
    /// The broker.
    pub async fn payouts(&self) -> Result<Payouts> {
        let told = self.client.subscribe(PayoutsPosted::default().subject()).await?;
        self.client.flush().await?;
        Ok(Payouts { told, pool: self.pool.clone() })
    }

    /// The process of a service, if it runs.
    #[must_use]
    pub fn process(&self, name: &str) -> Option<i32> {
        self.services.iter().find(|service| service.name() == name)?.process()
    }

    /// Where the broker is.
    #[must_use]
    pub fn broker(&self) -> String {
        self.ground.nats.url()
    }

    /// The folder on the disk that the servers write to.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.ground.folder()
    }

    /// Ends everything.
    pub async fn strike(self) {
        for service in &self.services {
            service.stop().await;
        }
        self.ground.clear().await;
    }
}

/// What wallet-svc tells of payouts.
pub struct Payouts {
    told: async_nats::Subscriber,
    pool: PgPool,
}

impl Payouts {
    /// Waits until a room's last chunk is posted, and checks that nothing is left.
    ///
    /// # Errors
    /// It takes longer than two minutes, or something is left in the room's escrow.
    pub async fn all_of(&mut self, room: RoomId) -> Result<Instant> {
        let (mut heard, mut expected) = (HashSet::new(), None);
        let heard_at = loop {
            let message = tokio::time::timeout(PATIENCE, self.told.next())
                .await
                .with_context(|| format!("room {room} was never paid"))?
                .context("the broker went away")?;
            let heard_at = Instant::now();
            let posted = PayoutsPosted::decode(message.payload)?;
            if posted.room_id != room.bytes() {
                continue;
            }
            heard.insert(posted.chunk);
            let all = match expected {
                Some(all) => all,
                None => *expected.insert(
                    self.of(room, "SELECT chunks::bigint FROM settlement.book WHERE room_id = $1").await?,
                ),
            };
            if heard.len() == usize::try_from(all)? {
                break heard_at;
            }
        };
        let escrow = "SELECT balance FROM wallet.ledger_account WHERE kind = 3 AND owner = $1";
        let left = self.of(room, escrow).await?;
        ensure!(left == 0, "room {room} is said to be paid and its escrow keeps {left} lamports");
        Ok(heard_at)
    }

    async fn of(&self, room: RoomId, query: &'static str) -> Result<i64> {
        Ok(sqlx::query_scalar(query).bind(room.uuid()).fetch_one(&self.pool).await?)
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

/// Terms of a CLOSE room that opens now, whose lock and deadline are half a day and a day away.
#[must_use]
pub fn terms(now: OffsetDateTime) -> Terms {
    let after = |hours| Some(timestamp(now + time::Duration::hours(hours)));
    Terms {
        room_id: RoomId::new(Uuid::now_v7()).bytes(),
        kind: Kind::Close.into(),
        asset: "SOL".to_owned(),
        comparator: Comparator::AtOrAbove.into(),
        target: "200".to_owned(),
        open_price: "150".to_owned(),
        open_at: after(0),
        lock_at: after(12),
        deadline: after(24),
        outcomes: vec!["YES".to_owned(), "NO".to_owned()],
        min_stake_lamports: STAKE,
        max_stake_lamports: STAKE,
        max_players: SEATS.unsigned_abs(),
        protocol_fee_bps: 200,
        host_fee_bps: 100,
        mean_seconds: 60,
        quorum: 3,
        ..Default::default()
    }
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

/// A process by its name, and the service that it is.
pub(super) fn process(name: &str) -> Result<(Process, &'static Entry)> {
    let process = services::processes().find(|process| process.name == name);
    let process = process.with_context(|| format!("no process {name}"))?;
    Ok((process, services::find(process.service).context("no such service")?))
}

fn launch(
    name: &'static str,
    doors: &[(&'static str, String)],
    more: &[(String, String)],
    ground: &Ground,
) -> Result<Supervised> {
    let (process, entry) = process(name)?;
    let http = format!("127.0.0.1:{}", port::free()?);
    let door = |name: &str| doors.iter().find(|(other, _)| *other == name).map(|(_, door)| door);
    let url = |name: &str| door(name).map_or_else(|| NOBODY.to_owned(), |door| format!("http://{door}"));
    let variables = [
        ("NETWORK", "local".to_owned()),
        ("LOG", "warn".to_owned()),
        ("POSTGRES_URL", ground.postgres.url_for(entry.schema, DATABASE)),
        ("NATS_URLS", ground.nats.url()),
        ("HTTP_ADDR", http.clone()),
        ("GRPC_ADDR", door(name).cloned().unwrap_or_default()),
        ("ROOM_GRPC_URL", url("room-svc")),
        ("ORACLE_GRPC_URL", url("oracle-svc")),
        ("WALLET_GRPC_URL", url("wallet-svc")),
        // No chain is on these roads; wallet-svc waits for one and moves money inside the ledger meanwhile.
        ("SOLANA_RPC_URLS", NOBODY.to_owned()),
        ("WALLET_MASTER_KEY", hex::encode([7; 32])),
    ];
    let launch = Launch {
        name: name.to_owned(),
        program: std::env::current_exe()?,
        arguments: process.command_line(),
        variables: [&variables.map(|(name, value)| (name.to_owned(), value)), more].concat(),
        log: ground.folder().join(format!("{name}.log")),
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
