//! One test's own world: database, broker, the gateway, and notifier-svc as replicas in this process
//! or as a process of its own.

use crate::{eventually, gateway::Gateway};
use chassis::{
    Outgoing, Service,
    bus::Bus,
    service::{self, Running},
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value, Variables},
};
use notifier_svc::NotifierSvc;
use proto::{
    AccountId, frame,
    notifier::{RegisterContact, notifier_service_client::NotifierServiceClient},
};
use servers::{Nats, TestDb};
use std::{collections::BTreeMap, sync::Arc};
use tonic::transport::Channel;
use uuid::Uuid;

pub struct World {
    pub db: TestDb,
    pub nats: Nats,
    pub gateway: Arc<Gateway>,
    pub replicas: Vec<Running>,
    settings: Vec<(&'static str, &'static str)>,
    /// Publishes everything twice.
    bus: Bus,
}

impl World {
    /// A world with one replica.
    pub async fn new(settings: &[(&'static str, &'static str)]) -> Self {
        let mut world = Self::without_service(settings).await;
        world.start().await;
        world
    }

    pub async fn without_service(settings: &[(&'static str, &'static str)]) -> Self {
        let migrator = chassis::db::migrator(&NotifierSvc::migrator());
        let db = TestDb::create("notifier", &migrator).await.unwrap();
        let nats = Nats::for_test().await.unwrap();
        let at =
            NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(proto::Service::Wallet, &at, BusFaults::Twice).await.unwrap();
        eventually("streams", || async { bus.ensure_topology().await.is_ok() }).await;
        let gateway = Bus::connect(proto::Service::Gateway, &at, BusFaults::None).await.unwrap();
        let gateway = Gateway::start(gateway);
        Self { db, nats, gateway, replicas: Vec::new(), settings: settings.to_vec(), bus }
    }

    /// What notifier-svc is configured with.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let common = [
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("POSTGRES_POOL_MAX", "4".to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
        ];
        let own = self.settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        common.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Starts one more replica.
    pub async fn start(&mut self) {
        let variables: Variables = self.variables().into_iter().collect();
        self.replicas.push(service::start::<NotifierSvc>(variables).await.unwrap());
    }

    /// Publishes messages, each of them twice, and returns when the broker has them.
    pub async fn tell(&self, messages: &[frame::Message]) {
        let messages: Vec<_> = messages.iter().map(|message| (message, "")).collect();
        self.bus.publish(&messages).await.unwrap();
    }

    /// Re-issues a message under the same id, in a way that reaches its consumer again.
    pub async fn tell_again(&self, message: &frame::Message, attempt: &str) {
        self.bus.publish(&[(message, attempt)]).await.unwrap();
    }

    /// Registers accounts.
    pub async fn register(&self, accounts: &[AccountId]) {
        let commands: Vec<_> = accounts.iter().map(|account| registration(*account)).collect();
        self.tell(&commands).await;
    }

    pub fn grpc(&self) -> NotifierServiceClient<Channel> {
        let address = self.replicas[0].grpc();
        NotifierServiceClient::new(Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy())
    }

    /// How many notifications stand where.
    pub async fn states(&self) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, count(*) FROM notifier.notification GROUP BY state")
                .fetch_all(self.db.pool())
                .await
                .unwrap();
        rows.into_iter().collect()
    }

    /// Waits until so many notifications are stored and none of them is open.
    pub async fn all_done(&self, stored: i64) {
        eventually(&format!("{stored} notifications done"), || async {
            let states = self.states().await;
            let open = ["UNADDRESSED", "WAITING", "RELEASED"].iter().any(|state| states.contains_key(*state));
            !open && states.values().sum::<i64>() >= stored
        })
        .await;
        assert_eq!(self.states().await.values().sum::<i64>(), stored);
    }

    /// Waits until so many notifications are stored, wherever they stand.
    pub async fn all_stored(&self, stored: i64) {
        eventually(&format!("{stored} notifications stored"), || async {
            self.states().await.values().sum::<i64>() >= stored
        })
        .await;
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.db.superuser()).await.unwrap()
    }
}

/// The `number`th account of a test.
pub fn account(number: u32) -> AccountId {
    AccountId::new(Uuid::from_u128(0xacc0_0000_0000_0000 + u128::from(number)))
}

pub fn accounts(count: u32) -> Vec<AccountId> {
    (0..count).map(account).collect()
}

/// A command of the gateway, with an id of its own.
pub fn registration(account: AccountId) -> frame::Message {
    let command = RegisterContact { account_id: account.bytes(), ..Default::default() };
    Outgoing::command(&command).reply_to(proto::Service::Gateway).into_message()
}
