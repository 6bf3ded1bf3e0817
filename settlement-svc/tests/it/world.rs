//! One test's own world: database, broker, the other parties, and settlement-svc as replicas in
//! this process or as a process of its own.

use crate::{
    eventually,
    ledger::Account,
    office,
    parties::{Doors, Misbehaviour, Parties},
    room::Room,
};
use chassis::{
    Service,
    service::{self, Running},
    settings::Variables,
};
use prost::{Message, Name};
use proto::{
    Command, RoomId,
    oracle::{self, oracle_service_server::OracleServiceServer},
    room::room_service_server::RoomServiceServer,
    settlement::{
        self, GetSettlementRequest, ResolveRoom, SettledBet,
        settlement_service_client::SettlementServiceClient,
    },
};
use servers::{Nats, TestDb};
use settlement_svc::SettlementService;
use std::{net::SocketAddr, sync::Arc};
use tonic::transport::{Channel, Server, server::TcpIncoming};

pub struct World {
    pub db: TestDb,
    pub nats: Nats,
    pub parties: Arc<Parties>,
    pub replicas: Vec<Running>,
    doors: SocketAddr,
    faults: &'static str,
}

/// Everything that a settlement leaves behind, wherever it leaves it.
#[derive(Debug, PartialEq)]
pub struct Traces {
    pub account: Account,
    pub state: String,
    pub bets: Vec<SettledBet>,
    pub verdict: Option<settlement::Verdict>,
    pub pools: Vec<i64>,
    pub referrals: i64,
    pub root: Vec<u8>,
    pub signature: String,
}

impl World {
    /// A world with one replica in which nothing goes wrong.
    pub async fn new() -> Self {
        let mut world = Self::without_service("none").await;
        world.start().await;
        world
    }

    pub async fn without_service(faults: &'static str) -> Self {
        let migrator = chassis::db::migrator(&SettlementService::migrator());
        let db = TestDb::create("settlement", &migrator).await.unwrap();
        let nats = Nats::for_test().await.unwrap();
        let client = async_nats::connect(nats.url()).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        chassis::topology::ensure(&jetstream, 1).await.unwrap();
        let parties = Parties::new(jetstream);
        parties.listen();
        let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let doors = incoming.local_addr().unwrap();
        let server = Server::builder()
            .add_service(RoomServiceServer::new(Doors(Arc::clone(&parties))))
            .add_service(OracleServiceServer::new(Doors(Arc::clone(&parties))))
            .serve_with_incoming(incoming);
        tokio::spawn(server);
        Self { db, nats, parties, replicas: Vec::new(), doors, faults }
    }

    /// What settlement-svc is configured with.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("POSTGRES_POOL_MAX", "4".to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("ROOM_GRPC_URL", format!("http://{}", self.doors)),
            ("ORACLE_GRPC_URL", format!("http://{}", self.doors)),
            ("EVIDENCE_PER_SECOND", "100".to_owned()),
            ("OPERATOR_KEYS", office::operators()),
            ("ADMIN_KEYS", office::admins()),
            ("OPERATOR_ACCOUNTS", office::accounts()),
            ("BUS_FAULTS", self.faults.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Starts one more replica.
    pub async fn start(&mut self) {
        let variables: Variables = self.variables().into_iter().collect();
        self.replicas.push(service::start::<SettlementService>(variables).await.unwrap());
    }

    pub fn misbehave(&self, change: impl FnOnce(&mut Misbehaviour)) {
        change(&mut self.parties.misbehaviour.lock().unwrap());
    }

    pub fn open(&self, room: &Room) {
        self.parties.rooms.lock().unwrap().insert(room.id.bytes(), room.clone());
    }

    /// What the oracle has stored of an asset.
    pub fn play(&self, asset: &str, seconds: Vec<oracle::Second>) {
        self.parties.tapes.lock().unwrap().insert(asset.to_owned(), seconds);
    }

    /// Tells a verdict, as oracle-svc or room-svc would.
    pub async fn resolve(&self, room: RoomId, verdict: &settlement::Verdict) {
        let command = ResolveRoom { room_id: room.bytes(), verdict: Some(verdict.clone()) };
        self.parties
            .publish(command.subject(), ResolveRoom::full_name(), command.encode_to_vec())
            .await
            .unwrap();
    }

    pub fn grpc(&self) -> SettlementServiceClient<Channel> {
        let address = self.replicas[0].grpc();
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
        SettlementServiceClient::new(channel)
    }

    pub async fn state(&self, room: RoomId) -> Option<String> {
        sqlx::query_scalar("SELECT state::text FROM settlement.settlement WHERE room_id = $1")
            .bind(room.uuid())
            .fetch_optional(self.db.pool())
            .await
            .unwrap()
    }

    /// Waits until nothing is left to do for a room and everybody heard of it.
    pub async fn anchored(&self, room: &Room) {
        let id = room.id.bytes();
        eventually("anchored and told", || async {
            let open: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM settlement.errand WHERE room_id = $1)
                      + (SELECT count(*) FROM settlement.issued)",
            )
            .bind(room.id.uuid())
            .fetch_one(self.db.pool())
            .await
            .unwrap();
            let told = self.parties.told.lock().unwrap().receipts.contains_key(&id);
            open == 0 && told && self.state(room.id).await.as_deref() == Some("ANCHORED")
        })
        .await;
        eventually("all parts told", || async { self.parts(room).is_some() }).await;
    }

    /// Waits until every message to the service is handled, every event is heard, and nothing is left to ask or to issue.
    pub async fn rests(&self) {
        eventually("rest", || async {
            let open: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM settlement.errand) + (SELECT count(*) FROM settlement.issued)
                      + (SELECT count(*) FROM settlement.outbox WHERE published_at IS NULL)",
            )
            .fetch_one(self.db.superuser())
            .await
            .unwrap();
            open == 0
                && self.drained("CMD_SETTLEMENT", "settlement-commands").await
                && self.drained("EVENTS", "settlement-events").await
                && self.drained("EVENTS", "room-events").await
                && self.drained("EVENTS", "room-ends").await
        })
        .await;
    }

    async fn drained(&self, stream: &str, consumer: &str) -> bool {
        let stream = self.parties.jetstream.get_stream(stream).await.unwrap();
        let info = stream.consumer_info(consumer).await.unwrap();
        info.num_pending == 0 && info.num_ack_pending == 0
    }

    /// How many deadlocks the database has seen.
    pub async fn deadlocks(&self) -> i64 {
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(self.db.superuser())
            .await
            .unwrap()
    }

    /// The parts of a room's result, if all were told.
    pub fn parts(&self, room: &Room) -> Option<Vec<settlement::RoomSettled>> {
        let told = self.parties.told.lock().unwrap();
        let first = told.settled.get(&(room.id.bytes(), 0))?;
        (0..first.parts).map(|part| told.settled.get(&(room.id.bytes(), part)).cloned()).collect()
    }

    /// What the settlement of a room left behind.
    pub async fn traces(&self, room: &Room) -> Traces {
        let parts = self.parts(room).unwrap();
        let request = GetSettlementRequest { room_id: room.id.bytes() };
        let answer = self.grpc().get_settlement(request).await.unwrap().into_inner();
        let ledger = self.parties.ledger.lock().unwrap();
        assert_eq!(ledger.wrong, [] as [String; 0]);
        let told = self.parties.told.lock().unwrap();
        assert_eq!(told.contradictions, 0);
        let mut account = ledger.rooms[&room.id.bytes()].clone();
        // The order is the broker's.
        account.chunks.sort_unstable();
        Traces {
            account,
            state: answer.state().as_str_name().to_owned(),
            verdict: parts[0].verdict.clone(),
            pools: parts[0].pools_lamports.clone(),
            referrals: parts[0].referral_lamports,
            bets: parts.into_iter().flat_map(|part| part.bets).collect(),
            root: answer.root,
            signature: told.receipts[&room.id.bytes()].signature.clone(),
        }
    }
}

/// What settling a room leaves behind when nothing goes wrong.
pub async fn undisturbed(room: &Room, verdict: &settlement::Verdict) -> Traces {
    let world = World::new().await;
    world.open(room);
    world.resolve(room.id, verdict).await;
    world.anchored(room).await;
    world.traces(room).await
}
