//! The service with everything around it.

use crate::{eventually, now, venues::Market};
use chassis::{
    Service as _,
    bus::{Bus, Raw, fetch},
    grpc::{Channel, channel},
    service::{Running, start},
    settings::{self, BusFaults, Endpoint, Value, Variables},
};
use oracle_svc::{OracleSvc, domain::VenueId};
use prost::{Message, Name};
use proto::{
    Command, Event, RoomId, Service, frame,
    oracle::{Aggregate, GetAggregateRequest, RegisterWatch, oracle_service_client::OracleServiceClient},
    room,
    settlement::{ResolveRoom, RoomDecided},
    timestamp,
};
use servers::{Nats, Postgres, TestDb};
use sqlx::migrate::Migrator;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

pub struct World {
    pub market: Arc<Market>,
    pub db: TestDb,
    pub nats: Nats,
    pub settings: Vec<(String, String)>,
    bus: Bus,
    told: mpsc::Receiver<Raw>,
    registered: mpsc::Receiver<Raw>,
    _stop: DropGuard,
}

pub fn migrator() -> &'static Migrator {
    static MIGRATOR: OnceLock<Migrator> = OnceLock::new();
    MIGRATOR.get_or_init(|| chassis::db::migrator(&OracleSvc::migrator()))
}

impl World {
    pub async fn new() -> Self {
        Self::around(TestDb::create("oracle", migrator()).await.unwrap()).await
    }

    /// With a database server of its own, to be stopped.
    pub async fn with_postgres(postgres: &Postgres) -> Self {
        Self::around(TestDb::create_in(postgres, &[("oracle", migrator())]).await.unwrap()).await
    }

    async fn around(db: TestDb) -> Self {
        let nats = Nats::for_test().await.unwrap();
        let market = Market::new();
        let mut settings: Vec<(String, String)> = Vec::new();
        for venue in VenueId::EXCHANGES {
            settings.push((format!("{}_WS_URL", venue.name().to_uppercase()), market.serve(*venue).await));
        }
        for (name, value) in [
            ("POSTGRES_URL", db.url()),
            ("NATS_URLS", &nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("GRPC_ADDR", "127.0.0.1:0"),
        ] {
            settings.push((name.to_owned(), value.to_owned()));
        }
        let stop = CancellationToken::new();
        let broker =
            settings::Nats { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Room, &broker, BusFaults::None).await.unwrap();
        eventually("streams exist", || async { bus.ensure_topology().await.is_ok() }).await;
        let listen = |consumer| {
            let (sink, messages) = mpsc::channel(100);
            tokio::spawn(fetch(bus.clone(), consumer, sink, stop.clone()));
            messages
        };
        let (told, registered) = (listen("settlement-commands"), listen("room-events"));
        Self { market, db, nats, settings, bus, told, registered, _stop: stop.drop_guard() }
    }

    pub async fn start(&self) -> Running {
        start::<OracleSvc>(self.settings.iter().cloned().collect::<Variables>()).await.unwrap()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub async fn register(&self, terms: &room::Terms) {
        let command = RegisterWatch { room_id: terms.room_id.clone(), terms: Some(terms.clone()) };
        self.publish(command.subject(), &command, Command::key(&command)).await;
    }

    pub async fn decide(&self, room: RoomId) {
        let event = RoomDecided { room_id: room.bytes(), verdict: None, version: 1 };
        self.publish(event.subject(), &event, Event::key(&event)).await;
    }

    async fn publish<M: Message + Name>(&self, subject: String, message: &M, key: &[u8]) {
        let message = frame::Message {
            subject,
            id: Uuid::now_v7().as_bytes().to_vec(),
            r#type: M::full_name(),
            payload: message.encode_to_vec(),
            key: key.to_vec(),
            ..Default::default()
        };
        self.bus.publish(&[(&message, "")]).await.unwrap();
    }

    /// The next answer that settlement-svc would get.
    pub async fn resolution(&mut self) -> ResolveRoom {
        let raw = tokio::time::timeout(Duration::from_secs(60), self.told.recv())
            .await
            .expect("an answer in a minute");
        let raw = raw.unwrap();
        assert_eq!(raw.kind, ResolveRoom::full_name());
        ResolveRoom::decode(raw.payload).unwrap()
    }

    /// Whether no further answer was sent.
    pub fn is_quiet(&mut self) -> bool {
        self.told.try_recv().is_err()
    }

    /// Waits until room-svc would know that the room is followed.
    pub async fn registered(&mut self) {
        let event = tokio::time::timeout(Duration::from_secs(30), self.registered.recv()).await;
        event.expect("watch_registered in half a minute").unwrap();
    }

    pub async fn scalar<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(self.db.pool()).await.unwrap()
    }

    /// Waits until SOL has a price, this price.
    pub async fn priced(&self, service: &Running, price: &str) -> Aggregate {
        let mut client = client(service);
        let mut found = Aggregate::default();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while found.price != price {
            assert!(tokio::time::Instant::now() < deadline, "SOL never was {price:?} but {found:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            found = aggregate(&mut client).await;
        }
        found
    }
}

pub fn client(service: &Running) -> OracleServiceClient<Channel> {
    let address = <Endpoint as Value>::parse(&format!("http://{}", service.grpc())).unwrap();
    OracleServiceClient::new(channel(&address).unwrap())
}

pub async fn aggregate(client: &mut OracleServiceClient<Channel>) -> Aggregate {
    let request = GetAggregateRequest { asset: "SOL".to_owned() };
    client.get_aggregate(request).await.unwrap().into_inner().aggregate.unwrap()
}

/// Terms of a SOL room that opened `ago` before now.
pub fn terms(kind: room::Kind, target: &str, ago: Duration, horizon: Duration) -> room::Terms {
    let open_at = now() - ago;
    room::Terms {
        room_id: RoomId::new(Uuid::now_v7()).bytes(),
        kind: kind.into(),
        asset: "SOL".to_owned(),
        comparator: room::Comparator::AtOrAbove.into(),
        target: target.to_owned(),
        open_at: Some(timestamp(open_at)),
        deadline: Some(timestamp(open_at + horizon)),
        mean_seconds: 5,
        quorum: 3,
        ..Default::default()
    }
}

pub fn room_of(terms: &room::Terms) -> RoomId {
    RoomId::try_from_bytes(&terms.room_id).unwrap()
}
