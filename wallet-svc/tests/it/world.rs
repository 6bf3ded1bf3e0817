//! One wallet-svc with everything it talks to, and the outside wallets that talk to it.

use crate::replica::{self, Replica};
use chassis::{
    Db, Delivery, Unit,
    bus::Bus,
    outbox::Relay,
    settings::{BusFaults, Endpoint, Nats as NatsSettings, Value},
};
use prost::Message;
use proto::{
    AccountId, Lamports, Service, WithdrawalId, common::Outcome, frame::Frame, wallet::RequestWithdrawal,
};
use servers::{LocalChain, Nats, TestDb};
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    WalletSvc,
    domain::{
        ledger::{Account, Kind},
        totp::TotpRules,
    },
    keys::{KeyCheck, KeyOwner, LocalKeystore, MasterKey, Masters, Policy, Signer, SignerChoice},
    store,
    totp::Authenticators,
    workers::{ChainSettings, requests},
};

pub use servers::eventually;

pub const SOL: i64 = proto::LAMPORTS_PER_SOL;
/// Half of what the sandbox uses: finality and expiry are most of what tests wait for. Below it block
/// hashes expire under load.
pub const SLOT: Duration = Duration::from_millis(50);

pub fn master() -> String {
    "5a".repeat(32)
}

/// A client that is not ours.
pub struct Outside {
    pub rpc: RpcClient,
}

impl Outside {
    pub fn new(url: &str) -> Self {
        Self { rpc: RpcClient::new_with_commitment(url.to_owned(), CommitmentConfig::confirmed()) }
    }

    pub async fn lamports(&self, address: &Pubkey) -> i64 {
        self.rpc.get_balance(address).await.unwrap().try_into().unwrap()
    }

    pub async fn airdrop(&self, address: &Pubkey, lamports: i64) {
        self.rpc.request_airdrop(address, lamports.try_into().unwrap()).await.unwrap();
        eventually("airdrop", || async { self.lamports(address).await >= lamports }).await;
    }

    /// A wallet with money.
    pub async fn wallet(&self, lamports: i64) -> Keypair {
        let wallet = Keypair::new();
        self.airdrop(&wallet.pubkey(), lamports).await;
        wallet
    }

    /// Sends transfers in one transaction and waits until it is confirmed.
    pub async fn send(&self, from: &Keypair, transfers: &[(Pubkey, i64)]) -> Signature {
        let instructions: Vec<_> = transfers
            .iter()
            .map(|(to, lamports)| system::transfer(&from.pubkey(), to, (*lamports).try_into().unwrap()))
            .collect();
        let hash = self.rpc.get_latest_blockhash().await.unwrap();
        let message = v0::Message::try_compile(&from.pubkey(), &instructions, &[], hash).unwrap();
        let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &[from]).unwrap();
        self.rpc.send_and_confirm_transaction(&transaction).await.unwrap()
    }
}

/// A service that runs, always in two replicas, and everything it talks to.
pub struct World {
    pub chain: LocalChain,
    pub db: TestDb,
    pub outside: Outside,
    nats: Nats,
    handle: Db,
    running: Vec<[Replica; 2]>,
}

impl World {
    /// The parts without the service.
    pub async fn parts() -> Self {
        let (chain, nats) = tokio::join!(LocalChain::for_test(SLOT), Nats::for_test());
        let migrator = chassis::db::migrator(&<WalletSvc as chassis::Service>::migrator());
        let db = TestDb::create("wallet", &migrator).await.unwrap();
        let chain = chain.unwrap();
        let outside = Outside::new(&chain.url());
        let (relay, _exit) = Relay::new();
        let handle = Db::new(Service::Wallet, db.pool().clone(), relay);
        Self { chain, db, outside, nats: nats.unwrap(), handle, running: Vec::new() }
    }

    /// The service over the chain itself.
    pub async fn start() -> Self {
        let mut world = Self::parts().await;
        let url = world.chain.url();
        world.serve(&[&url], &[]).await;
        world
    }

    /// The service over the chain itself, with capital for network fees.
    pub async fn funded() -> Self {
        let world = Self::start().await;
        world.fund_capital(SOL).await;
        world
    }

    fn variables<'a>(&self, rpc: &[&str], changed: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        let witnesses = rpc.len().to_string();
        let mut all: Vec<(&str, String)> = vec![
            ("POSTGRES_URL", self.db.url().to_owned()),
            ("POSTGRES_POOL_MAX", "8".to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("SOLANA_RPC_URLS", rpc.join(",")),
            ("CHAIN_WITNESSES", witnesses),
            ("CHAIN_DEATH_MARGIN", "5".to_owned()),
            ("CHAIN_PAUSE", "100ms".to_owned()),
            ("DEPOSIT_PAUSE", "50ms".to_owned()),
            ("DEPOSIT_HOT_PAUSE", "150ms".to_owned()),
            ("DEPOSIT_COLD_PAUSE", "300ms".to_owned()),
            ("SWEEP_PAUSE", "200ms".to_owned()),
            ("SWEEP_MIN", "1000000".to_owned()),
            ("DRIFT_PAUSE", "300ms".to_owned()),
            ("CHAIN_GUARD_PAUSE", "1s".to_owned()),
            ("WITHDRAW_NEW_ADDRESS_HOLD", "0s".to_owned()),
            ("DEPOSIT_WITHDRAWABLE_AFTER", "0s".to_owned()),
            ("WALLET_MASTER_KEY", master()),
        ];
        for (name, value) in changed {
            all.retain(|(known, _)| known != name);
            all.push((name, (*value).to_owned()));
        }
        all
    }

    /// Starts two replicas over these endpoints with some settings changed.
    pub async fn serve(&mut self, rpc: &[&str], changed: &[(&str, &str)]) {
        let variables = self.variables(rpc, changed);
        let (first, second) = tokio::join!(Replica::start(&variables), Replica::start(&variables));
        self.running.push([first, second]);
    }

    /// Stops all replicas in order.
    pub async fn stop(&mut self) {
        for pair in self.running.drain(..) {
            replica::count(&pair);
            let [first, second] = pair;
            tokio::join!(first.stop(), second.stop());
        }
    }

    /// Everything is in another database from now on.
    pub fn reopen(&mut self, db: TestDb) {
        let (relay, _exit) = Relay::new();
        self.handle = Db::new(Service::Wallet, db.pool().clone(), relay);
        self.db = db;
    }

    /// Runs a command of the service to its end: whether it succeeded, and what it said.
    pub async fn command(&self, name: &str, changed: &[(&str, &str)]) -> (bool, String) {
        let variables = self.variables(&[&self.chain.url()], changed);
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_wallet-svc"))
            .arg(name)
            .envs(variables)
            .output()
            .await
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// A connection to the broker, as of the gateway.
    pub async fn bus(&self) -> Bus {
        let urls = vec![Endpoint::parse(&self.nats.url()).unwrap()];
        let settings = NatsSettings { urls, replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Gateway, &settings, BusFaults::None).await.unwrap();
        bus.ensure_topology().await.unwrap();
        bus
    }

    /// What the first replica has logged.
    pub fn said(&self) -> String {
        self.running[0][0].said()
    }

    /// Where the first replica serves HTTP.
    pub fn http(&self) -> SocketAddr {
        self.running[0][0].http
    }

    /// Where the first replica answers questions.
    pub fn grpc(&self) -> SocketAddr {
        self.running[0][0].grpc
    }

    /// What `/health/ready` of the first replica says.
    pub async fn ready(&self) -> serde_json::Value {
        let url = format!("http://{}/health/ready", self.http());
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    pub fn settings(&self) -> ChainSettings {
        let variables = self.variables(&[&self.chain.url()], &[]);
        chassis::settings::read(variables.into_iter().collect(), ChainSettings::declare).unwrap()
    }

    pub async fn unit(&self) -> Unit {
        self.handle.unit().await.unwrap()
    }

    pub fn masters(&self) -> Arc<Masters> {
        Arc::new(MasterKey::try_from_hex(&master()).unwrap().into())
    }

    pub fn signer(&self) -> LocalKeystore {
        let settings = self.settings();
        let policy =
            Policy::new(settings.operators, settings.withdrawals.approval_threshold, settings.priority_limit);
        LocalKeystore::new(self.masters(), policy)
    }

    /// Authenticators by the rules of the specification.
    pub fn authenticators(&self) -> Authenticators {
        let check = KeyCheck::new(self.db.pool().clone(), self.masters(), SignerChoice::Local);
        let day = Duration::from_secs(86_400);
        let rules = TotpRules { counts_after: day, lock: Duration::from_secs(900) };
        Authenticators::new(self.masters(), Arc::new(check), rules)
    }

    /// A new account and its deposit address, looked at.
    pub async fn account(&self) -> (AccountId, Pubkey) {
        self.account_hot_for(Duration::from_secs(600)).await
    }

    /// A new account and its deposit address, looked at for so long.
    pub async fn account_hot_for(&self, hot_for: Duration) -> (AccountId, Pubkey) {
        self.account_of(&self.signer(), hot_for).await
    }

    async fn account_of(&self, signer: &impl Signer, hot_for: Duration) -> (AccountId, Pubkey) {
        let account = AccountId::new(Uuid::now_v7());
        let key = signer.create(KeyOwner::Account(account)).await.unwrap();
        let mut unit = self.unit().await;
        let address = store::key::add(unit.conn(), &key, hot_for).await.unwrap();
        let accounts = BTreeSet::from([Account::available(account), Account::held(account)]);
        store::ledger::open(&mut unit, &accounts).await.unwrap();
        unit.commit().await.unwrap();
        (account, address)
    }

    /// An account with money that is swept already.
    pub async fn rich_account(&self, lamports: i64) -> AccountId {
        self.rich_account_of(&self.signer(), lamports).await
    }

    /// The same with a key that this signer has.
    pub async fn rich_account_of(&self, signer: &impl Signer, lamports: i64) -> AccountId {
        let (account, address) = self.account_of(signer, Duration::from_secs(600)).await;
        let payer = self.outside.wallet(lamports + SOL).await;
        self.outside.send(&payer, &[(address, lamports)]).await;
        eventually("deposit credited", || async { self.available(account).await == lamports }).await;
        eventually("deposit swept", || async { self.outside.lamports(&address).await == 0 }).await;
        let swept = || async { self.lies_at(&address).await == 0 };
        eventually("sweep booked", swept).await;
        account
    }

    pub async fn treasury(&self) -> Pubkey {
        let found =
            || async { store::key::of_owner(self.db.pool(), KeyOwner::Treasury).await.unwrap().is_some() };
        eventually("treasury", found).await;
        store::key::of_owner(self.db.pool(), KeyOwner::Treasury).await.unwrap().unwrap().address
    }

    pub async fn fund_capital(&self, lamports: i64) {
        let before = self.balance(Account::house(Kind::Capital)).await;
        let payer = self.outside.wallet(lamports + SOL).await;
        self.outside.send(&payer, &[(self.treasury().await, lamports)]).await;
        let arrived = || async { self.balance(Account::house(Kind::Capital)).await == before + lamports };
        eventually("capital", arrived).await;
    }

    pub async fn balance(&self, account: Account) -> i64 {
        let balances = store::ledger::balances(&self.db.pool().clone().into(), &[account]).await.unwrap();
        balances.get(&account).copied().unwrap_or_default().get()
    }

    pub async fn available(&self, account: AccountId) -> i64 {
        self.balance(Account::available(account)).await
    }

    /// What was posted as lying at an address.
    pub async fn lies_at(&self, address: &Pubkey) -> i64 {
        store::address::balance(self.db.pool(), address).await.unwrap().get()
    }

    /// Obeys `request_withdrawal` as the writer would.
    pub async fn request(&self, account: AccountId, to: &Pubkey, lamports: i64) -> WithdrawalId {
        self.request_as(Uuid::now_v7(), account, &to.to_string(), lamports, &self.settings()).await
    }

    pub async fn request_as(
        &self,
        id: Uuid,
        account: AccountId,
        to: &str,
        lamports: i64,
        settings: &ChainSettings,
    ) -> WithdrawalId {
        let message = RequestWithdrawal {
            account_id: account.bytes(),
            address: to.to_owned(),
            lamports,
            ..Default::default()
        };
        let delivery = Delivery {
            id,
            message: (),
            repeat: false,
            actor: account.to_string(),
            reply_to: "gateway".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
            traceparent: String::new(),
        };
        let mut unit = self.unit().await;
        let authenticators = self.authenticators();
        requests::request_withdrawal(&mut unit, &delivery, &message, settings, &authenticators)
            .await
            .unwrap();
        unit.commit().await.unwrap();
        WithdrawalId::new(id)
    }

    pub async fn withdrawal(&self, id: WithdrawalId) -> store::withdrawal::Withdrawal {
        store::withdrawal::get(self.db.pool(), id).await.unwrap().unwrap()
    }

    pub async fn until_state(&self, id: WithdrawalId, state: wallet_svc::domain::withdrawal::State) {
        eventually(&format!("withdrawal {state:?}"), || async { self.withdrawal(id).await.state == state })
            .await;
    }

    /// The stored outcome of a command.
    pub async fn outcome(&self, id: Uuid) -> Option<Outcome> {
        let body: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM wallet.outcome WHERE command_id = $1")
                .bind(id)
                .fetch_optional(self.db.pool())
                .await
                .unwrap();
        body.map(|body| Outcome::decode(body.as_slice()).unwrap())
    }

    /// All messages of one type that were told, in the order of their transactions.
    pub async fn told<M: Message + prost::Name + Default>(&self) -> Vec<M> {
        let frames: Vec<Vec<u8>> = sqlx::query_scalar("SELECT frame FROM wallet.outbox ORDER BY created_at")
            .fetch_all(self.db.pool())
            .await
            .unwrap();
        frames
            .iter()
            .flat_map(|frame| Frame::decode(frame.as_slice()).unwrap().messages)
            .filter(|message| message.r#type == M::full_name())
            .map(|message| M::decode(message.payload.as_slice()).unwrap())
            .collect()
    }

    /// `(attempt, state)` of every attempt, per transaction.
    pub async fn attempts(&self) -> Vec<(Uuid, i32, String, String)> {
        sqlx::query_as(
            "SELECT id, attempt, purpose, state FROM wallet.chain_tx ORDER BY built_at, id, attempt",
        )
        .fetch_all(self.db.pool())
        .await
        .unwrap()
    }

    /// Everything has ended; the ledger sums to zero, its chain account is what was booked per
    /// address, and that is what lies there.
    pub async fn check_books(&self) {
        eventually("all transactions ended and paid", || async {
            let open: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM wallet.chain_tx
                 WHERE state IN ('BUILT', 'SIGNED', 'SUBMITTED') OR (slot IS NOT NULL AND fee_posted_at IS NULL)",
            )
            .fetch_one(self.db.pool())
            .await
            .unwrap();
            open == 0
        })
        .await;
        let sum: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(balance), 0)::bigint FROM wallet.ledger_account")
                .fetch_one(self.db.pool())
                .await
                .unwrap();
        assert_eq!(sum, 0, "the ledger sums to zero");
        assert_eq!(store::entry_check::without_withdrawals(self.db.pool()).await.unwrap(), []);
        let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as("SELECT address, lamports FROM wallet.address")
            .fetch_all(self.db.pool())
            .await
            .unwrap();
        let booked: i64 = rows.iter().map(|(_, lamports)| lamports).sum();
        assert_eq!(self.balance(Account::house(Kind::Chain)).await, -booked, "chain account = addresses");
        for (address, lamports) in rows {
            let address = Pubkey::try_from(address.as_slice()).unwrap();
            assert_eq!(self.outside.lamports(&address).await, lamports, "what lies at {address}");
        }
    }

    pub async fn paused(&self) -> bool {
        store::pause::paused(self.db.pool()).await.unwrap()
    }

    pub async fn drift(&self) -> Option<Lamports> {
        store::reconciliation::last(self.db.pool()).await.unwrap().map(|compared| compared.drift)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.running.iter().for_each(|pair| replica::count(pair));
        }
    }
}
