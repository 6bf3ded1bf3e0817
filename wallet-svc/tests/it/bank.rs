//! The ledger without a chain: accounts with money, and movements posted as the writer posts them.
//! Replicas of the service can be started over it; their chain is away, which stakes do not need.

use async_nats::Message as Heard;
use chassis::{
    Db, Fault, Service as _, Unit,
    bus::Bus,
    outbox::Relay,
    service::{self, Running},
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value, Variables},
    topology,
};
use futures::StreamExt;
use prost::{Message, Name};
use proto::{
    AccountId, Command, Lamports, RoomId, Service, frame,
    wallet::{PayoutLine, PostPayouts, StakeDecision, StakeHold, StakeRelease},
};
use servers::{Nats, TestDb};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;
use wallet_svc::{
    WalletSvc,
    domain::{
        ledger::{Account, Kind, Movement, MovementKind},
        totp::TotpRules,
    },
    keys::{KeyCheck, MasterKey, Masters, SignerChoice},
    movements::{payout, stake},
    store,
    totp::Authenticators,
};

pub struct Bank {
    pub db: TestDb,
    handle: Db,
}

impl Bank {
    pub async fn open() -> Self {
        let migrator = chassis::db::migrator(&WalletSvc::migrator());
        let db = TestDb::create("wallet", &migrator).await.unwrap();
        let (relay, _exit) = Relay::new();
        let handle = Db::new(Service::Wallet, db.pool().clone(), relay);
        Self { db, handle }
    }

    pub async fn unit(&self) -> Unit {
        self.handle.unit().await.unwrap()
    }

    /// What secrets are sealed under.
    pub fn masters(&self) -> Arc<Masters> {
        Arc::new(MasterKey::try_from_hex(&crate::world::master()).unwrap().into())
    }

    /// Authenticators by the rules of the specification.
    pub fn authenticators(&self) -> Authenticators {
        let check = KeyCheck::new(self.db.pool().clone(), self.masters(), SignerChoice::Local);
        let rules = TotpRules { counts_after: Duration::from_secs(86_400), lock: Duration::from_secs(900) };
        Authenticators::new(self.masters(), Arc::new(check), rules)
    }

    /// The database as the service sees it.
    pub const fn handle(&self) -> &Db {
        &self.handle
    }

    /// A new account with this much, deposited.
    pub async fn account(&self, lamports: i64) -> AccountId {
        let account = AccountId::new(Uuid::now_v7());
        let mut unit = self.unit().await;
        let available = Account::available(account);
        store::ledger::open(&mut unit, &BTreeSet::from([available, Account::held(account)])).await.unwrap();
        unit.commit().await.unwrap();
        if lamports > 0 {
            self.deposit(account, lamports).await;
        }
        account
    }

    pub async fn deposit(&self, account: AccountId, lamports: i64) {
        let deposit = Movement::transfer(
            Uuid::now_v7(),
            MovementKind::Deposit,
            Account::house(Kind::Chain),
            Account::available(account),
            Lamports::new(lamports),
            Uuid::now_v7(),
        );
        let mut unit = self.unit().await;
        store::ledger::post(&mut unit, &[deposit.unwrap()]).await.unwrap();
        unit.commit().await.unwrap();
    }

    /// Decides one list of holds in a transaction of its own.
    pub async fn hold(&self, list: &[StakeHold]) -> Result<Vec<StakeDecision>, Fault> {
        self.hold_lists(&[list]).await
    }

    /// Decides lists of holds in one transaction.
    pub async fn hold_lists(&self, lists: &[&[StakeHold]]) -> Result<Vec<StakeDecision>, Fault> {
        let wanted = lists.iter().map(|list| {
            (Uuid::now_v7(), list.iter().map(|item| stake::Wanted::try_from(item).unwrap()).collect())
        });
        let mut unit = self.unit().await;
        let decisions = stake::hold(&mut unit, &wanted.collect::<Vec<_>>()).await?;
        unit.commit().await?;
        Ok(decisions)
    }

    pub async fn release(&self, items: &[StakeRelease]) -> Result<Vec<StakeDecision>, Fault> {
        let mut unit = self.unit().await;
        let decisions = stake::release(&mut unit, items).await?;
        unit.commit().await?;
        Ok(decisions)
    }

    pub async fn pay(&self, chunk: &PostPayouts) -> Result<payout::Chunk, Fault> {
        let mut unit = self.unit().await;
        let posted = payout::post_chunk(&mut unit, chunk).await?;
        unit.commit().await?;
        Ok(posted)
    }

    pub async fn balance(&self, account: Account) -> i64 {
        store::ledger::balances(&self.db.pool().clone().into(), &[account]).await.unwrap()[&account].get()
    }

    pub async fn available(&self, account: AccountId) -> i64 {
        self.balance(Account::available(account)).await
    }

    pub async fn escrow(&self, room: RoomId) -> i64 {
        self.balance(Account::escrow(room)).await
    }

    pub async fn fees(&self) -> i64 {
        self.balance(Account::house(Kind::ProtocolFees)).await
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.superuser()).await.unwrap()
    }

    /// Every transaction sums to zero, and every balance is the sum of its entries.
    pub async fn check(&self) {
        let unbalanced =
            "SELECT count(*) FROM (SELECT FROM wallet.entry GROUP BY tx HAVING sum(lamports) <> 0) AS t";
        assert_eq!(self.count(unbalanced).await, 0, "transactions that do not sum to zero");
        let orphans = "SELECT count(*) FROM wallet.entry AS e WHERE NOT EXISTS (SELECT FROM wallet.ledger_tx WHERE id = e.tx)";
        assert_eq!(self.count(orphans).await, 0, "entries without a transaction");
        let drifted = "SELECT count(*) FROM (
                           SELECT kind, owner, sum(lamports) AS lamports FROM wallet.entry GROUP BY kind, owner
                       ) AS e FULL JOIN wallet.ledger_account AS a USING (kind, owner)
                       WHERE coalesce(a.balance, 0) <> coalesce(e.lamports, 0)";
        assert_eq!(self.count(drifted).await, 0, "balances that are not the sum of their entries");
        let total = "SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account";
        assert_eq!(self.count(total).await, 0, "the ledger sums to zero");
        assert_eq!(store::entry_check::without_withdrawals(self.db.pool()).await.unwrap(), []);
    }
}

pub fn stake_hold(bet: Uuid, account: AccountId, room: RoomId, lamports: i64) -> StakeHold {
    StakeHold {
        bet_id: bet.as_bytes().to_vec(),
        account_id: account.bytes(),
        room_id: room.bytes(),
        lamports,
    }
}

pub fn stake_release(hold: &StakeHold) -> StakeRelease {
    StakeRelease {
        bet_id: hold.bet_id.clone(),
        account_id: hold.account_id.clone(),
        room_id: hold.room_id.clone(),
    }
}

/// A chunk without fees.
pub fn chunk(room: RoomId, chunk: u32, chunks: u32, lines: &[(Uuid, i64)]) -> PostPayouts {
    let line = |(bet, credit_lamports): &(Uuid, i64)| PayoutLine {
        bet_id: bet.as_bytes().to_vec(),
        credit_lamports: *credit_lamports,
    };
    PostPayouts {
        room_id: room.bytes(),
        chunk,
        chunks,
        lines: lines.iter().map(line).collect(),
        ..Default::default()
    }
}

/// Replicas of the service over a bank, and what they say.
pub struct Branch {
    pub bank: Bank,
    bus: Bus,
    nats: Nats,
    heard: Arc<Mutex<Vec<Heard>>>,
    replicas: Vec<Running>,
}

impl Branch {
    pub async fn open(replicas: usize) -> Self {
        let bank = Bank::open().await;
        let nats = Nats::for_test().await.unwrap();
        let settings =
            NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Room, &settings, BusFaults::None).await.unwrap();
        bus.ensure_topology().await.unwrap();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let mut events = bus.client().subscribe("rooms.evt.wallet.>").await.unwrap();
        bus.client().flush().await.unwrap();
        let ear = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(message) = events.next().await {
                ear.lock().unwrap().push(message);
            }
        });
        let mut branch = Self { bank, bus, nats, heard, replicas: Vec::new() };
        for _ in 0..replicas {
            branch.replica().await;
        }
        branch
    }

    async fn replica(&mut self) {
        let variables = Variables::from([
            ("POSTGRES_URL", self.bank.db.url().to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("SOLANA_RPC_URLS", "http://127.0.0.1:9".to_owned()),
            ("WALLET_MASTER_KEY", crate::world::master()),
        ]);
        self.replicas.push(service::start::<WalletSvc>(variables).await.unwrap());
    }

    pub async fn publish(&self, messages: &[frame::Message]) {
        let messages: Vec<_> = messages.iter().map(|message| (message, "")).collect();
        self.bus.publish(&messages).await.unwrap();
    }

    /// Has both replicas take large batches at the same moment: while no balance can be written, each
    /// waits with its first message and the others pile up behind. The broker deals them in turn, so
    /// that those at even places come together in one batch and those at odd places in the other.
    pub async fn meet(&self, messages: &[frame::Message]) {
        let mut barrier = self.bank.db.superuser().begin().await.unwrap();
        let lock = "LOCK TABLE wallet.ledger_account IN EXCLUSIVE MODE";
        sqlx::query(lock).execute(&mut *barrier).await.unwrap();
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'wallet' AND wait_event_type = 'Lock'";
        let (mut both, mut sent) = (false, 0);
        while !both {
            self.publish(&messages[sent..=sent]).await;
            sent += 1;
            let wait = async {
                while self.bank.count(waiting).await < 2 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            both = tokio::time::timeout(Duration::from_millis(200), wait).await.is_ok();
        }
        for part in messages[sent..].chunks(30) {
            self.publish(part).await;
        }
        let stream = topology::command_stream(Service::Wallet);
        let stream = self.bus.context().get_stream(stream).await.unwrap();
        crate::world::eventually("all messages taken", || async {
            stream.consumer_info("wallet-commands").await.unwrap().num_pending == 0
        })
        .await;
        barrier.commit().await.unwrap();
    }

    pub async fn send<C: Command>(&self, command: &C) {
        self.publish(&[chassis::Outgoing::command(command).into_message()]).await;
    }

    /// Everything of one type that was told so far.
    pub fn told<M: Message + Name + Default>(&self) -> Vec<M> {
        let heard = self.heard.lock().unwrap();
        let ours = heard.iter().filter(|message| {
            let kind = message.headers.as_ref().and_then(|headers| headers.get("ce-type"));
            kind.is_some_and(|kind| kind.as_str() == M::full_name())
        });
        ours.map(|message| M::decode(message.payload.clone()).unwrap()).collect()
    }

    pub async fn dead_letters(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT reason FROM wallet.dead_letter ORDER BY buried_at")
            .fetch_all(self.bank.db.pool())
            .await
            .unwrap()
    }

    /// Stops the replicas and reads how many deadlocks the database has seen. Counts arrive with the
    /// end of the connection that met them.
    pub async fn deadlocks(&mut self) -> i64 {
        for replica in self.replicas.drain(..) {
            replica.stop().await.unwrap();
        }
        let others = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE datname = current_database() AND usename = 'wallet'";
        crate::world::eventually("all connections ended", || async { self.bank.count(others).await == 0 })
            .await;
        self.bank.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
    }
}
