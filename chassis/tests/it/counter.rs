//! A service that counts the commands it obeys, and fails on those that tell it to.

use chassis::{
    Db, Delivery, Fault, Handler, Outgoing, Runtime, Service, Unit,
    bus::Bus,
    service::{self, Running},
    settings::{BusFaults, Endpoint, Invalid, Nats as NatsSettings, Reader, Value, Variables},
    tasks::BoxError,
};
use proto::{frame, room::FreezeRoom};
use servers::{Nats, Postgres, TestDb};
use sqlx::migrate::Migrator;
use std::sync::{Mutex, OnceLock};
use uuid::Uuid;

chassis::incoming! {
    /// Freezes stand for any command.
    pub enum Incoming {
        /// Count this room.
        Freeze(FreezeRoom),
    }
}

/// Held by a test whose commands expire: what is refused is counted for the whole process.
pub static EXPIRING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What a command's id tells the counter to do instead of counting.
pub const PANIC: u128 = 0xEE << 120;
pub const DIVIDE: u128 = 0xDD << 120;

pub struct Counter;

#[async_trait::async_trait]
impl Handler for Counter {
    type Message = Incoming;
    type Prepared = ();

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        for delivery in batch {
            let Incoming::Freeze(freeze) = &delivery.message;
            let id = Uuid::from_slice(&freeze.room_id).unwrap();
            match id.as_u128() & (0xFF << 120) {
                PANIC => panic!("told to panic"),
                DIVIDE => {
                    sqlx::query("SELECT 1 / 0").execute(unit.conn()).await?;
                }
                _ => {}
            }
            unit.settled("count", id).await?;
            if delivery.repeat {
                continue;
            }
            let count = "INSERT INTO room.effect AS e VALUES ($1, 1) ON CONFLICT (room_id) DO UPDATE SET count = e.count + 1";
            sqlx::query(count).bind(id).execute(unit.conn()).await?;
        }
        // One row that every batch of every replica wants.
        let sum = "UPDATE room.total SET count = count + $1";
        let fresh = batch.iter().filter(|delivery| !delivery.repeat).count();
        sqlx::query(sum).bind(i64::try_from(fresh).unwrap()).execute(unit.conn()).await?;
        Ok(())
    }
}

/// The databases of the services under test, to reach inside.
static DBS: OnceLock<Mutex<Vec<(String, Db)>>> = OnceLock::new();

impl Service for Counter {
    const NAME: &'static str = "counter";
    // Who freezes rooms, so that it may send what it counts; the schema is called otherwise.
    const SERVICE: proto::Service = proto::Service::Settlement;
    const ABOUT: &'static str = "Counts";
    type Settings = ();

    fn settings(_: &mut Reader) -> Result<(), Invalid> {
        Ok(())
    }
    fn migrator() -> Migrator {
        sqlx::migrate!("tests/it/counter")
    }
    async fn start(runtime: &mut Runtime, (): ()) -> Result<(), BoxError> {
        runtime.writer("counter", &["room-freezes"], Counter);
        let url = runtime.common.postgres.url.expose().to_owned();
        DBS.get_or_init(Mutex::default).lock().unwrap().push((url, runtime.db.clone()));
        Ok(())
    }
}

/// Servers of one's own, a counter, and a way to command it.
pub struct Ground {
    pub nats: Nats,
    pub postgres: Postgres,
    pub db: TestDb,
    pub bus: Bus,
    faults: &'static str,
}

impl Ground {
    pub async fn prepare(faults: &'static str) -> Self {
        let (postgres, nats) = (Postgres::for_test().await.unwrap(), Nats::for_test().await.unwrap());
        let migrator = chassis::db::migrator(&Counter::migrator());
        let db = TestDb::create_in(&postgres, &[("room", &migrator)]).await.unwrap();
        let settings =
            NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let faulty = if faults == "twice" { BusFaults::Twice } else { BusFaults::None };
        let bus = Bus::connect(proto::Service::Gateway, &settings, faulty).await.unwrap();
        bus.ensure_topology().await.unwrap();
        Self { nats, postgres, db, bus, faults }
    }

    pub async fn counter(&self) -> Running {
        service::start::<Counter>(self.variables()).await.unwrap()
    }

    /// What a counter is started with.
    pub fn variables(&self) -> Variables {
        Variables::from([
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("BUS_FAULTS", self.faults.to_owned()),
        ])
    }

    /// The counter's own database, to act as the service would.
    pub fn inside(&self) -> Db {
        let dbs = DBS.get().unwrap().lock().unwrap();
        dbs.iter().find(|(url, _)| url == self.db.url()).unwrap().1.clone()
    }

    pub async fn publish(&self, messages: &[frame::Message]) {
        let messages: Vec<_> = messages.iter().map(|message| (message, "")).collect();
        self.bus.publish(&messages).await.unwrap();
    }

    /// How many rooms were counted, and the largest count.
    pub async fn counted(&self) -> (i64, i32) {
        sqlx::query_as("SELECT count(*), coalesce(max(count), 0) FROM room.effect")
            .fetch_one(self.db.superuser())
            .await
            .unwrap()
    }

    pub async fn dead_letters(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT reason FROM room.dead_letter ORDER BY reason")
            .fetch_all(self.db.superuser())
            .await
            .unwrap()
    }
}

pub fn commands(ids: impl IntoIterator<Item = Uuid>) -> Vec<frame::Message> {
    let command = |id: Uuid| {
        let freeze = FreezeRoom { room_id: id.as_bytes().to_vec() };
        Outgoing::command(&freeze).into_message()
    };
    ids.into_iter().map(command).collect()
}

/// Random ids that tell the counter nothing.
pub fn ids(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::from_u128(rand::random::<u128>() >> 8 | 1)).collect()
}
