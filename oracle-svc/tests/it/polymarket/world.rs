//! The role with everything around it, and what it tells.

use super::stand::Stand;
use crate::{eventually, world::migrator};
use chassis::{
    bus::{Bus, fetch},
    service::{Running, start},
    settings::{self, BusFaults, Endpoint, Value, Variables},
};
use oracle_svc::OracleSvc;
use prost::{Message, Name};
use proto::{
    Command, Service, frame,
    oracle::{
        AddressFollowed, FollowAddress, LargeTrade, LargeTrades, MarketsResolved, PriceReached, WalletChange,
        WalletChangeKind, WalletsChanged, WatchPrice,
    },
};
use servers::{Nats, TestDb};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Everything that was told.
#[derive(Default)]
pub struct Heard {
    pub changes: Vec<WalletChange>,
    pub large: Vec<LargeTrade>,
    pub resolved: Vec<MarketsResolved>,
    pub reached: Vec<PriceReached>,
    pub followed: Vec<AddressFollowed>,
}

pub struct World {
    pub stand: Stand,
    pub db: TestDb,
    pub settings: Vec<(String, String)>,
    pub heard: Arc<Mutex<Heard>>,
    bus: Bus,
    _nats: Nats,
    _stop: DropGuard,
}

/// A wallet by its number.
pub fn wallet(number: u8) -> String {
    format!("0x{number:040x}")
}

impl World {
    /// With a ring that looks at each wallet so often.
    pub async fn new(reconcile: &str) -> Self {
        let db = TestDb::create("oracle", migrator()).await.unwrap();
        let nats = Nats::for_test().await.unwrap();
        let stand = Stand::serve().await;
        let (http, socket) = (format!("http://{}", stand.url), format!("ws://{}/ws/market", stand.url));
        let settings = [
            ("POSTGRES_URL", db.url()),
            ("NATS_URLS", &nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("GRPC_ADDR", "127.0.0.1:0"),
            ("ORACLE_ROLE", "polymarket"),
            ("POLYMARKET_DATA_URL", &http),
            ("POLYMARKET_GAMMA_URL", &http),
            ("POLYMARKET_CLOB_URL", &http),
            ("POLYMARKET_WS_URL", &socket),
            ("POLYMARKET_POLL", "500ms"),
            ("POLYMARKET_RECONCILE_EVERY", reconcile),
            ("POLYMARKET_RESOLUTIONS_EVERY", "1s"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let broker =
            settings::Nats { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Notifier, &broker, BusFaults::None).await.unwrap();
        eventually("streams exist", || async { bus.ensure_topology().await.is_ok() }).await;
        let stop = CancellationToken::new();
        let heard = Arc::<Mutex<Heard>>::default();
        let (sink, mut messages) = mpsc::channel(100);
        tokio::spawn(fetch(bus.clone(), "notifier-tracker", sink, stop.clone()));
        let hears = Arc::clone(&heard);
        tokio::spawn(async move {
            // The broker delivers again what is not acknowledged; one message is heard once.
            let mut ids = BTreeSet::new();
            while let Some(raw) = messages.recv().await {
                if ids.insert(raw.id) {
                    hears.lock().unwrap().hear(&raw.kind, &raw.payload);
                }
            }
        });
        Self { stand, db, settings, heard, bus, _nats: nats, _stop: stop.drop_guard() }
    }

    pub async fn start(&self) -> Running {
        start::<OracleSvc>(self.settings.iter().cloned().collect::<Variables>()).await.unwrap()
    }

    async fn send<C: Command>(&self, command: &C) {
        let message = frame::Message {
            subject: command.subject(),
            id: Uuid::now_v7().as_bytes().to_vec(),
            r#type: C::full_name(),
            payload: command.encode_to_vec(),
            key: command.key().to_vec(),
            ..Default::default()
        };
        self.bus.publish(&[(&message, "")]).await.unwrap();
    }

    /// Follows a wallet and waits until it says so.
    pub async fn follow(&self, number: u8, version: u64, follow: bool) {
        self.send(&FollowAddress { address: wallet(number), version, follow }).await;
        eventually("the answer", || async {
            let heard = self.heard.lock().unwrap();
            heard.followed.iter().any(|told| told.address == wallet(number) && told.version >= version)
        })
        .await;
    }

    /// Follows a wallet and waits until its positions are known.
    pub async fn know(&self, number: u8) {
        self.follow(number, 1, true).await;
        self.known().await;
    }

    pub async fn known(&self) {
        let unknown = "SELECT count(*) FROM oracle.followed_wallet WHERE follow AND snapshot_at IS NULL";
        eventually("positions are known", || async { self.scalar::<i64>(unknown).await == 0 }).await;
    }

    /// Waits until the feed was read once, so that what comes now is news.
    pub async fn read(&self) {
        let read = "SELECT count(*) FROM oracle.trades_feed";
        eventually("the feed is read", || async { self.scalar::<i64>(read).await == 1 }).await;
    }

    pub async fn watch(&self, alert: u8, token: &str, price: &str, (below, watch): (bool, bool)) {
        let (token_id, price) = (token.to_owned(), price.to_owned());
        self.send(&WatchPrice { alert_id: vec![alert; 16], token_id, price, below, watch }).await;
        let (id, open) = (Uuid::from_bytes([alert; 16]), watch);
        eventually("the watch is stored", || async {
            let stored =
                sqlx::query_scalar::<_, bool>("SELECT watch FROM oracle.price_watch WHERE alert_id = $1");
            stored.bind(id).fetch_optional(self.db.pool()).await.unwrap() == Some(open)
        })
        .await;
    }

    pub async fn advance(&self, by: Duration) {
        self.db.advance(by).await.unwrap();
        self.stand.advance(by);
    }

    /// Kinds, shares and prices of what was told of wallets, in its order.
    pub fn changes(&self) -> Vec<(WalletChangeKind, String, String)> {
        let heard = self.heard.lock().unwrap();
        heard.changes.iter().map(|one| (one.kind(), one.shares.clone(), one.price.clone())).collect()
    }

    pub async fn until_changes(&self, count: usize) {
        eventually(&format!("{count} changes"), || async { self.changes().len() >= count }).await;
    }

    /// Waits until the feed and the ring have been asked some more times each: whatever they tell of what is there now
    /// is told by then.
    pub async fn looked_again(&self) {
        for path in ["/v2/trades", "/v2/positions"] {
            let before = self.stand.asked(path);
            eventually("it looks again", || async { self.stand.asked(path) >= before + 3 }).await;
        }
    }

    pub async fn scalar<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(self.db.pool()).await.unwrap()
    }
}

impl Heard {
    fn hear(&mut self, kind: &str, payload: &[u8]) {
        if kind == WalletsChanged::full_name() {
            self.changes.extend(WalletsChanged::decode(payload).unwrap().items);
        } else if kind == LargeTrades::full_name() {
            self.large.extend(LargeTrades::decode(payload).unwrap().items);
        } else if kind == MarketsResolved::full_name() {
            self.resolved.push(MarketsResolved::decode(payload).unwrap());
        } else if kind == PriceReached::full_name() {
            self.reached.push(PriceReached::decode(payload).unwrap());
        } else if kind == AddressFollowed::full_name() {
            self.followed.push(AddressFollowed::decode(payload).unwrap());
        }
    }
}
