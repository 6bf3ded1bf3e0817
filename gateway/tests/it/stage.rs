//! One gateway with everything around it.

use crate::{
    services::Services,
    telegram::{TOKEN, Telegram},
};
use chassis::{
    Service as _,
    bus::Bus,
    service::Running,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value as _, Variables},
};
use futures::StreamExt as _;
use gateway::Gateway;
use prost::{Message as _, Name as _};
use proto::{
    Command, Service,
    common::{Outcome, Outcomes},
    frame,
};
use servers::{Nats, TestDb};
use std::{collections::HashMap, process::Stdio, sync::Mutex, time::Duration};
use tokio::process::Child;
use uuid::Uuid;

pub struct Stage {
    pub telegram: Telegram,
    pub services: Services,
    pub nats: Nats,
    pub db: TestDb,
    extra: Vec<(&'static str, String)>,
    /// Accounts of the members, by their Telegram ids.
    members: Mutex<HashMap<i64, Vec<u8>>>,
    running: Vec<Running>,
    bus: Bus,
}

/// A command as its service gets it.
#[derive(Clone, Debug)]
pub struct Got<C> {
    pub id: Uuid,
    pub command: C,
    pub reply_to: String,
    pub expires: bool,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_with(Vec::new()).await
    }

    pub async fn set_with(extra: Vec<(&'static str, String)>) -> Self {
        let mut stage = Self::empty(extra).await;
        stage.start().await;
        stage
    }

    /// Everything but a gateway.
    pub async fn empty(extra: Vec<(&'static str, String)>) -> Self {
        let nats = Nats::for_test().await.unwrap();
        let migrator = chassis::db::migrator(&Gateway::migrator());
        let db = TestDb::create("gateway", &migrator).await.unwrap();
        let bus = bus(&nats).await;
        Self {
            telegram: Telegram::start().await,
            services: Services::start().await,
            nats,
            db,
            extra,
            members: Mutex::default(),
            running: Vec::new(),
            bus,
        }
    }

    /// Starts a replica.
    pub async fn start(&mut self) {
        let variables: Variables = self.variables().into_iter().collect();
        self.running.push(chassis::service::start::<Gateway>(variables).await.unwrap());
    }

    /// Starts a replica as a process of its own.
    pub fn spawn(&self) -> Child {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_gateway"))
            .env_clear()
            .envs(self.variables())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables: Vec<(&'static str, String)> = vec![
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("POSTGRES_POOL_MAX", "5".into()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".into()),
            ("GRPC_ADDR", "127.0.0.1:0".into()),
            ("TELEGRAM_BOT_TOKEN", TOKEN.into()),
            ("TELEGRAM_API_URL", self.telegram.url.clone()),
            ("TELEGRAM_CHAT_GAP", "20ms".into()),
            // However busy the machine is: a picture that comes late is another test.
            ("PICTURE_PATIENCE", "10s".into()),
            ("LIMIT_MESSAGES_PER_MINUTE", "100".into()),
            ("PERSONAL_MASTER_KEY", "6b".repeat(32)),
        ];
        for name in [
            "ROOM_GRPC_URL",
            "WALLET_GRPC_URL",
            "ORACLE_GRPC_URL",
            "SETTLEMENT_GRPC_URL",
            "NOTIFIER_GRPC_URL",
            "POLYMARKET_URL",
        ] {
            variables.push((name, self.services.url.clone()));
        }
        variables.retain(|(name, _)| self.extra.iter().all(|(other, _)| other != name));
        variables.extend(self.extra.iter().cloned());
        variables
    }

    /// Stops the replica that was started first.
    pub async fn stop(&mut self) {
        self.running.remove(0).stop().await.unwrap();
    }

    pub fn http(&self) -> std::net::SocketAddr {
        self.running[0].http()
    }

    /// Where each replica of this process is reached.
    pub fn doors(&self) -> Vec<std::net::SocketAddr> {
        self.running.iter().map(Running::http).collect()
    }

    /// Takes the next command of a kind from its service's consumer.
    pub async fn next<C: Command>(&self) -> Got<C> {
        let taking = async {
            loop {
                if let Some(got) = self.take::<C>(Duration::from_secs(1)).await {
                    return got;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), taking)
            .await
            .unwrap_or_else(|_| panic!("no {}", C::NAME))
    }

    /// The next command of a kind, if it comes within a time.
    pub async fn take<C: Command>(&self, within: Duration) -> Option<Got<C>> {
        let consumer = format!("{}-commands", C::SERVICE);
        let stream = chassis::topology::command_stream(C::SERVICE);
        let stream = self.bus.context().get_stream(&stream).await.ok()?;
        let consumer: async_nats::jetstream::consumer::PullConsumer =
            stream.get_consumer(&consumer).await.ok()?;
        let mut messages = consumer.fetch().max_messages(1).expires(within).messages().await.ok()?;
        while let Some(Ok(message)) = messages.next().await {
            message.ack().await.unwrap();
            let header = |name: &str| {
                let headers = message.headers.as_ref().unwrap();
                headers.get(name).map(|value| value.to_string()).unwrap_or_default()
            };
            if header("ce-type") == C::full_name() {
                return Some(Got {
                    id: header("ce-id").parse().unwrap(),
                    command: C::decode(message.payload.clone()).unwrap(),
                    reply_to: header("rooms-reply-to"),
                    expires: !header("rooms-expires-at").is_empty(),
                });
            }
        }
        None
    }

    /// A service tells an outcome.
    pub async fn tell(&self, service: Service, outcome: Outcome) {
        let outcomes = Outcomes { items: vec![outcome] };
        self.publish(
            Outcomes::subject(service),
            Outcomes::full_name(),
            outcomes.encode_to_vec(),
            Uuid::now_v7(),
        )
        .await;
    }

    /// Sends a command to the gateway, as its service does.
    pub async fn command<C: Command>(&self, id: Uuid, command: &C, attempt: &str) {
        let message = message(command.subject(), C::full_name(), command.encode_to_vec(), id);
        self.publish_message(&message, attempt).await;
    }

    async fn publish(&self, subject: String, kind: String, payload: Vec<u8>, id: Uuid) {
        self.publish_message(&message(subject, kind, payload, id), "").await;
    }

    async fn publish_message(&self, message: &frame::Message, attempt: &str) {
        crate::eventually("publication", || async { self.bus.publish(&[(message, attempt)]).await.is_ok() })
            .await;
    }

    /// Follows an event of the gateway from now on.
    pub async fn follow(&self, subject: &str) -> async_nats::Subscriber {
        self.bus.client().subscribe(subject.to_owned()).await.unwrap()
    }

    /// A member: terms accepted, account open, desk shown. Returns the account's id.
    pub async fn member(&self, user: i64) -> Vec<u8> {
        self.telegram.say(user, "/start");
        self.telegram.press(user, "I accept").await;
        let open = self.next::<proto::wallet::OpenAccount>().await;
        let account = wallet_account(&open.command.account_id);
        let done = proto::wallet::OpenAccountDone { account: Some(account) };
        self.tell(Service::Wallet, Outcome::done(open.id.as_bytes(), &done)).await;
        self.telegram.sees(user, "Your wallet is ready").await;
        self.told().await;
        self.members.lock().unwrap().insert(user, open.command.account_id.clone());
        open.command.account_id
    }

    /// Waits until every outcome that was shown is known to be shown: until then its message takes no press.
    pub async fn told(&self) {
        let unshown = "SELECT count(*) FROM gateway.request WHERE outcome IS NOT NULL AND shown < 3";
        crate::eventually("outcomes are told", || async {
            sqlx::query_scalar::<_, i64>(unshown).fetch_one(self.db.pool()).await.unwrap() == 0
        })
        .await;
    }

    /// The account of a Telegram user, who becomes a member if they are none.
    pub async fn account_of(&self, user: i64) -> Vec<u8> {
        let known = self.members.lock().unwrap().get(&user).cloned();
        match known {
            Some(account) => account,
            None => {
                let account = self.member(user).await;
                self.telegram.forget_messages(user);
                account
            }
        }
    }
}

pub fn wallet_account(id: &[u8]) -> proto::wallet::Account {
    proto::wallet::Account {
        account_id: id.to_vec(),
        deposit_address: crate::services::ADDRESS.into(),
        ..Default::default()
    }
}

fn message(subject: String, kind: String, payload: Vec<u8>, id: Uuid) -> frame::Message {
    frame::Message { subject, id: id.as_bytes().to_vec(), r#type: kind, payload, ..Default::default() }
}

async fn bus(nats: &Nats) -> Bus {
    let settings =
        NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
    let bus = Bus::connect(Service::Room, &settings, BusFaults::None).await.unwrap();
    crate::eventually("topology", || async { bus.ensure_topology().await.is_ok() }).await;
    bus
}
