//! One test's own room-svc, and the other services as far as they speak with it.

use crate::{eventually, office, oracle::Oracle, wallet::Wallet};
use async_nats::Message as Heard;
use chassis::{
    Outgoing, Service as _,
    bus::Bus,
    service::{self, Running},
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value, Variables},
    topology,
};
use futures::StreamExt;
use prost::{Message, Name};
use proto::{
    Command, Decided, Event, Service,
    common::{Outcome, Outcomes, RefusalCode},
    frame,
    room::{
        CancelBet, CancelBetDone, GetRoomRequest, Kind, OpenRoom, OpenRoomDone, PlaceBet, PlaceBetDone, Room,
        get_room_request::Key, room_service_client::RoomServiceClient,
    },
    wallet::{HoldStakes, StakeDecision, StakeHold, StakeState, StakesDecided},
};
use room_svc::RoomSvc;
use servers::{Nats, TestDb, port};
use sqlx::{Postgres, Transaction};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use time::OffsetDateTime;
use tonic::transport::Channel;
use uuid::Uuid;

pub const STAKE: i64 = 100_000_000;

pub struct World {
    pub db: TestDb,
    pub bus: Bus,
    nats: Nats,
    changed: Vec<(&'static str, String)>,
    /// What it says about prices and tokens.
    pub oracle: Arc<Oracle>,
    oracle_at: SocketAddr,
    /// What hosts have set for themselves.
    pub wallet: Arc<Wallet>,
    wallet_at: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Whether wallet-svc holds every stake it is asked for.
    holds_all: Arc<AtomicBool>,
    pub replicas: Vec<Running>,
}

impl World {
    /// One replica with these settings changed; wallet-svc holds what it is asked for, SOL is at 160.
    pub async fn start(changed: &[(&'static str, &str)]) -> Self {
        let mut world = Self::without_oracle(changed).await;
        world.serve_oracle();
        world.serve_wallet();
        world.replica().await;
        world
    }

    /// Nothing runs yet but the broker and the database.
    pub async fn without_oracle(changed: &[(&'static str, &str)]) -> Self {
        let migrator = chassis::db::migrator(&RoomSvc::migrator());
        let db = TestDb::create("room", &migrator).await.unwrap();
        let nats = Nats::for_test().await.unwrap();
        let settings =
            NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Gateway, &settings, BusFaults::None).await.unwrap();
        bus.ensure_topology().await.unwrap();
        let world = Self {
            db,
            bus,
            nats,
            changed: changed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            oracle: Arc::default(),
            oracle_at: SocketAddr::from(([127, 0, 0, 1], port::free().unwrap())),
            wallet: Arc::default(),
            wallet_at: SocketAddr::from(([127, 0, 0, 1], port::free().unwrap())),
            heard: Arc::default(),
            holds_all: Arc::new(AtomicBool::new(true)),
            replicas: Vec::new(),
        };
        world.listen().await;
        world
    }

    async fn listen(&self) {
        let mut messages = self.bus.client().subscribe("rooms.>").await.unwrap();
        self.bus.client().flush().await.unwrap();
        let (heard, bus, holds_all) =
            (Arc::clone(&self.heard), self.bus.clone(), Arc::clone(&self.holds_all));
        tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                if let (true, Some(list)) = (holds_all.load(Ordering::Relaxed), read::<HoldStakes>(&message))
                {
                    let items =
                        list.items.iter().map(|item| decision(item, StakeState::Held, None)).collect();
                    bus.publish(&[(&event(&StakesDecided { items }), "")]).await.unwrap();
                }
                heard.lock().unwrap().push(message);
            }
        });
    }

    pub fn serve_oracle(&self) {
        self.oracle.serve(self.oracle_at);
    }

    pub fn serve_wallet(&self) {
        self.wallet.serve(self.wallet_at);
    }

    /// Starts one more replica.
    pub async fn replica(&mut self) {
        let variables = [
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("ORACLE_GRPC_URL", format!("http://{}", self.oracle_at)),
            ("WALLET_GRPC_URL", format!("http://{}", self.wallet_at)),
            ("OPERATOR_KEYS", office::keys()),
        ];
        let variables: Variables = variables.into_iter().chain(self.changed.iter().cloned()).collect();
        self.replicas.push(service::start::<RoomSvc>(variables).await.unwrap());
    }

    pub fn set_price(&self, price: &str) {
        price.clone_into(&mut self.oracle.price.lock().unwrap());
    }

    /// wallet-svc answers no hold by itself from now on.
    pub fn silence_wallet(&self) {
        self.holds_all.store(false, Ordering::Relaxed);
    }

    pub fn channel(&self) -> Channel {
        let address = format!("http://{}", self.replicas[0].grpc());
        Channel::from_shared(address).unwrap().connect_lazy()
    }

    pub fn questions(&self) -> RoomServiceClient<Channel> {
        RoomServiceClient::new(self.channel())
    }

    /// The room as it is shown.
    pub async fn shown(&self, room: Uuid) -> Room {
        let request = GetRoomRequest { key: Some(Key::RoomId(room.as_bytes().to_vec())) };
        self.questions().get_room(request).await.unwrap().into_inner().room.unwrap()
    }

    /// Everything of one type that was told so far, in the order of the broker.
    pub fn told<M: Message + Name + Default>(&self) -> Vec<M> {
        self.heard.lock().unwrap().iter().filter_map(read::<M>).collect()
    }

    /// Publishes a command of the gateway. Repetitions are told apart by `attempt`.
    pub async fn send<C: Command>(&self, id: Uuid, command: &C, attempt: &str) {
        let message = Outgoing::command(command).id(id).reply_to(Service::Gateway).into_message();
        self.bus.publish(&[(&message, attempt)]).await.unwrap();
    }

    pub async fn tell<E: Event>(&self, told: &E) {
        self.bus.publish(&[(&event(told), "")]).await.unwrap();
    }

    /// Every outcome of a command so far.
    pub fn outcomes(&self, id: Uuid) -> Vec<Outcome> {
        let all = self.told::<Outcomes>().into_iter().flat_map(|outcomes| outcomes.items);
        all.filter(|outcome| outcome.command_id == id.as_bytes()).collect()
    }

    /// Waits for the outcome of a command.
    pub async fn outcome<D: Message + Default>(&self, id: Uuid) -> Decided<D> {
        eventually("an outcome", async || !self.outcomes(id).is_empty()).await;
        self.outcomes(id)[0].decided().unwrap()
    }

    pub async fn open(&self, request: &OpenRoom) -> Decided<Room> {
        let id = Uuid::now_v7();
        self.send(id, request, "").await;
        Ok(self.outcome::<OpenRoomDone>(id).await?.room.unwrap())
    }

    /// A new room: SOL at 165 within two hours.
    pub async fn room(&self) -> Uuid {
        let room = self.open(&touch("165")).await.unwrap();
        Uuid::from_slice(&room.room_id).unwrap()
    }

    /// Bets as a new account and waits for the outcome. Returns the slip.
    pub async fn bet(&self, room: Uuid, outcome: u32) -> (Uuid, Decided<PlaceBetDone>) {
        let slip = Uuid::now_v7();
        self.send(slip, &wager(room, Uuid::now_v7(), outcome, STAKE), "").await;
        (slip, self.outcome(slip).await)
    }

    /// Places a bet and waits for the outcome. Returns the slip.
    pub async fn place(&self, bet: &PlaceBet) -> (Uuid, Decided<PlaceBetDone>) {
        let slip = Uuid::now_v7();
        self.send(slip, bet, "").await;
        (slip, self.outcome(slip).await)
    }

    /// Takes a bet back and waits for the outcome.
    pub async fn cancel(&self, slip: Uuid, bet: &PlaceBet) -> Decided<CancelBetDone> {
        let id = Uuid::now_v7();
        self.send(id, &taking_back(slip, bet), "").await;
        self.outcome(id).await
    }

    /// Bets with a silent wallet and waits until the seat is taken.
    pub async fn pending_bet(&self, room: Uuid, outcome: u32) -> Uuid {
        self.pending(&wager(room, Uuid::now_v7(), outcome, STAKE)).await
    }

    /// As `pending_bet`, with a bet of one's own.
    pub async fn pending(&self, bet: &PlaceBet) -> Uuid {
        let slip = Uuid::now_v7();
        self.send(slip, bet, "").await;
        eventually("the hold is asked for", async || self.asked(slip) > 0).await;
        slip
    }

    /// How often the hold of a bet was asked for.
    pub fn asked(&self, bet: Uuid) -> usize {
        self.told::<HoldStakes>()
            .iter()
            .filter(|list| list.items.iter().any(|item| item.bet_id == bet.as_bytes()))
            .count()
    }

    /// wallet-svc decides about a hold that it was asked for.
    pub async fn decide(&self, bet: Uuid, state: StakeState, refusal: Option<RefusalCode>) {
        let lists = self.told::<HoldStakes>();
        let item = lists.iter().flat_map(|list| &list.items).find(|item| item.bet_id == bet.as_bytes());
        let items = vec![decision(item.unwrap(), state, refusal)];
        self.tell(&StakesDecided { items }).await;
    }

    /// Keeps everybody from writing rooms until it is committed.
    pub async fn barrier(&self) -> Transaction<'static, Postgres> {
        let mut barrier = self.db.superuser().begin().await.unwrap();
        sqlx::query("LOCK TABLE room.room IN EXCLUSIVE MODE").execute(&mut *barrier).await.unwrap();
        barrier
    }

    /// How many transactions of the service wait for a lock.
    pub async fn waiting(&self) -> i64 {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'room' AND wait_event_type = 'Lock'";
        self.count(waiting).await
    }

    /// Waits until the service has taken every message from the broker.
    pub async fn taken(&self) {
        for consumer in ["room-commands", "room-freezes", "room-events", "room-ends"] {
            let stream = topology::stream_of_consumer(consumer).unwrap();
            let stream = self.bus.context().get_stream(stream).await.unwrap();
            let none = async || stream.consumer_info(consumer).await.unwrap().num_pending == 0;
            eventually("all messages taken", none).await;
        }
    }

    /// State, seats, pools and pending bets of a room.
    pub async fn row(&self, room: Uuid) -> (i16, Vec<i32>, Vec<i64>, i32) {
        sqlx::query_as("SELECT state, seats, pools, pending FROM room.room WHERE id = $1")
            .bind(room)
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// The states of a room's bets, in the order of their ids.
    pub async fn bets(&self, room: Uuid) -> Vec<i16> {
        sqlx::query_scalar("SELECT state FROM room.bet WHERE room_id = $1 ORDER BY id")
            .bind(room)
            .fetch_all(self.db.pool())
            .await
            .unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.superuser()).await.unwrap()
    }

    pub async fn lock_at(&self, room: Uuid) -> OffsetDateTime {
        sqlx::query_scalar("SELECT lock_at FROM room.room WHERE id = $1")
            .bind(room)
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// Stands the database's clock still ten minutes before a room's lock, where bets can be taken back, and says when.
    pub async fn well_before_lock(&self, room: Uuid) -> OffsetDateTime {
        let at = self.lock_at(room).await - Duration::from_secs(600);
        self.stop_clock(at).await;
        at
    }

    /// Stands the database's clock still at a moment.
    pub async fn stop_clock(&self, at: OffsetDateTime) {
        let body = format!(
            "SELECT to_timestamp({}) + {} * interval '1 microsecond'",
            at.unix_timestamp(),
            at.microsecond()
        );
        let sql = format!(
            "CREATE OR REPLACE FUNCTION room.db_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $${body}$$"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(self.db.superuser()).await.unwrap();
    }

    /// Stops the service and reads how many deadlocks the database has seen. Counts arrive with the
    /// end of the connection that met them.
    pub async fn deadlocks(&mut self) -> i64 {
        for replica in self.replicas.drain(..) {
            replica.stop().await.unwrap();
        }
        let others = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE datname = current_database() AND usename = 'room'";
        eventually("all connections ended", async || self.count(others).await == 0).await;
        self.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
    }
}

/// A TOUCH room on SOL, of a host and in a chat of its own.
pub fn touch(target: &str) -> OpenRoom {
    static CHATS: AtomicI64 = AtomicI64::new(-1);
    OpenRoom {
        scope_chat_id: CHATS.fetch_sub(1, Ordering::Relaxed),
        room_id: Uuid::now_v7().as_bytes().to_vec(),
        host_account_id: Uuid::now_v7().as_bytes().to_vec(),
        kind: Kind::Touch.into(),
        asset: "SOL".to_owned(),
        target: target.to_owned(),
        horizon_seconds: 7_200,
        ..Default::default()
    }
}

pub fn wager(room: Uuid, account: Uuid, outcome: u32, stake_lamports: i64) -> PlaceBet {
    PlaceBet {
        room_id: room.as_bytes().to_vec(),
        account_id: account.as_bytes().to_vec(),
        outcome,
        stake_lamports,
        min_odds_percent: 0,
    }
}

/// Takes back what was placed under a slip.
pub fn taking_back(slip: Uuid, bet: &PlaceBet) -> CancelBet {
    CancelBet {
        bet_id: slip.as_bytes().to_vec(),
        room_id: bet.room_id.clone(),
        account_id: bet.account_id.clone(),
    }
}

pub fn decision(item: &StakeHold, state: StakeState, refusal: Option<RefusalCode>) -> StakeDecision {
    StakeDecision {
        bet_id: item.bet_id.clone(),
        room_id: item.room_id.clone(),
        state: state.into(),
        refusal: refusal.map(|code| (&proto::Refusal::new(code)).into()),
    }
}

pub fn event<E: Event>(event: &E) -> frame::Message {
    frame::Message {
        subject: event.subject(),
        id: Uuid::now_v7().as_bytes().to_vec(),
        r#type: E::full_name(),
        payload: event.encode_to_vec(),
        key: event.key().to_vec(),
        ..Default::default()
    }
}

fn read<M: Message + Name + Default>(message: &Heard) -> Option<M> {
    let kind = message.headers.as_ref()?.get("ce-type")?;
    (kind.as_str() == M::full_name()).then(|| M::decode(message.payload.clone()).unwrap())
}
