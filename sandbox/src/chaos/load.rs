//! The load: accounts with money from the chain, rooms that open, lock and end all the time, bets at a steady rate
//! whether they are answered or not, some that break a rule, and withdrawals.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use proto::room::{Comparator, Kind, OpenRoom, PlaceBet};
use proto::wallet::{OpenAccount, RequestWithdrawal};
use proto::{AccountId, RoomId};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use sqlx::PgConnection;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::client::Client;
use super::history::{Account, Bet, Room, Withdrawal};
use crate::botapi::Game;
use crate::smoke::person::{Manners, Person};
use crate::smoke::tale::Tale;
use crate::venues::Asset;
use crate::world::{DATABASE, World};

/// Those who read what they are told in a chat.
const PEOPLE: [&str; 6] = ["Ada", "Ben", "Cleo", "Dov", "Eva", "Finn"];

/// Those who only bet.
const OTHERS: usize = 42;

/// Sent to each, in lamports.
const DEPOSIT: u64 = 30_000_000_000;

/// The least stake, and what bets differ by, so that no two remainders of a room are the same.
const STAKE: i64 = 50_000_000;
const STEP: i64 = 1_009;

/// A stake that no room takes.
const TOO_SMALL: i64 = 1_000;

/// Rooms live so many seconds, the first half of which they take bets.
const HORIZON: std::ops::Range<u32> = 20..32;

/// Between two rooms.
const ROOM_EVERY: Duration = Duration::from_millis(900);

/// Between two withdrawals.
const WITHDRAW_EVERY: Duration = Duration::from_secs(5);

/// Bets are placed only in rooms that go on for so long.
const TIME_TO_BET: Duration = Duration::from_secs(1);

/// How far the target is from the price, in thousandths: farther than prices walk in a room's life.
const DISTANCE: i64 = 60;

/// How long accounts may take to be there and to have their money.
const SETTING_OUT: Duration = Duration::from_secs(240);

/// Who plays.
pub struct Crowd {
    /// Everybody, in one order.
    accounts: Vec<Uuid>,
    /// Those who read.
    pub people: Vec<(Uuid, Person)>,
}

impl Crowd {
    /// Opens all accounts and fills them.
    ///
    /// # Errors
    /// Somebody does not get an account, or the money.
    pub async fn gather(world: &World, client: &Client, tale: &Tale) -> Result<Self> {
        let mut database = world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
        let game = Game::new(&world.addresses().page);
        let manners = Manners { patience: Duration::from_secs(60), tries: 4, calm: SETTING_OUT };
        let vault = world.vault()?;
        let mut people = Vec::new();
        for name in PEOPLE {
            let person = Person::meet(&game, name, tale, manners).await?;
            let terms = person.say("/start", "Welcome to ROOMS").await?;
            person.tap(&terms, "I am 18+", "Your desk").await?;
            let account = sqlx::query_scalar("SELECT account_id FROM gateway.person WHERE lookup = $1");
            people.push((account.bind(vault.lookup(person.id())).fetch_one(&mut database).await?, person));
        }
        let mut accounts: Vec<Uuid> = people.iter().map(|(account, _)| *account).collect();
        for _ in 0..OTHERS {
            let account = Uuid::now_v7();
            let open = OpenAccount { account_id: AccountId::new(account).bytes(), ..Default::default() };
            client.ask(Uuid::now_v7(), &open);
            accounts.push(account);
        }
        let crowd = Self { accounts, people };
        crowd.fill(world, client, &mut database).await?;
        tale.tell("", format_args!("{} accounts have their money", crowd.accounts.len()));
        Ok(crowd)
    }

    async fn fill(&self, world: &World, client: &Client, database: &mut PgConnection) -> Result<()> {
        let keys = "SELECT address FROM wallet.key WHERE owner = ANY($1)";
        let deadline = Instant::now() + SETTING_OUT;
        let addresses = loop {
            let addresses: Vec<Vec<u8>> =
                sqlx::query_scalar(keys).bind(&self.accounts).fetch_all(&mut *database).await?;
            if addresses.len() == self.accounts.len() {
                break addresses;
            }
            ensure!(Instant::now() < deadline, "{} accounts of {}", addresses.len(), self.accounts.len());
            sleep(Duration::from_millis(200)).await;
        };
        let outside = world.outside();
        let mut sent = futures::stream::iter(addresses.into_iter().map(|address| async move {
            let address = Pubkey::try_from(address.as_slice())?;
            anyhow::Ok(outside.airdrop(&address, DEPOSIT).await?)
        }))
        .buffer_unordered(8);
        while let Some(sent) = sent.next().await {
            sent.context("fill an account")?;
        }
        let rich =
            "SELECT count(*) FROM wallet.ledger_account WHERE kind = 1 AND balance = $2 AND owner = ANY($1)";
        let deposit = i64::try_from(DEPOSIT)?;
        loop {
            let query = sqlx::query_scalar(rich).bind(&self.accounts).bind(deposit);
            let rich: i64 = query.fetch_one(&mut *database).await?;
            if usize::try_from(rich)? == self.accounts.len() {
                break;
            }
            ensure!(Instant::now() < deadline, "{rich} accounts of {} are filled", self.accounts.len());
            sleep(Duration::from_millis(200)).await;
        }
        let mut history = client.history();
        for account in &self.accounts {
            let person = self.people.iter().find(|(other, _)| other == account);
            let person = person.map(|(_, person)| person.id());
            history.accounts.insert(*account, Account { deposited: deposit, person });
        }
        Ok(())
    }
}

/// The load of a seed.
pub struct Load<'a> {
    world: &'a World,
    client: &'a Client,
    crowd: &'a Crowd,
    seed: u64,
    /// Bets a second.
    rate: u32,
}

impl<'a> Load<'a> {
    /// A load of so many bets a second.
    pub const fn new(world: &'a World, client: &'a Client, crowd: &'a Crowd, seed: u64, rate: u32) -> Self {
        Self { world, client, crowd, seed, rate }
    }

    /// Another stream of numbers for each kind of deed, none of them the plan's.
    fn random(&self, stream: u64) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(stream);
        random
    }

    /// Waits until so many rooms take bets.
    pub async fn rooms_are_open(&self, rooms: usize) {
        while self.client.open_for(TIME_TO_BET).len() < rooms {
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Opens rooms, for ever.
    ///
    /// # Errors
    /// A price out of range.
    pub async fn open_rooms(&self) -> Result<()> {
        let mut random = self.random(1);
        let mut due = Instant::now();
        for number in 0.. {
            let (asset, symbol) = [(Asset::Sol, "SOL"), (Asset::Btc, "BTC"), (Asset::Eth, "ETH")]
                .choose(&mut random)
                .copied()
                .context("no asset")?;
            let winner = usize::from(random.random_bool(0.5));
            // YES is at or above the target: it wins where the target is below the price.
            let thousandths = if winner == 0 { 1_000 - DISTANCE } else { 1_000 + DISTANCE };
            // No two questions are the same.
            let cents = Decimal::new(number % 500, 2);
            let price = self.world.market().price(asset);
            let target = (price * Decimal::new(thousandths, 3)).round_dp(2) + cents;
            let host = *self.crowd.accounts.choose(&mut random).context("nobody")?;
            let id = Uuid::now_v7();
            let open = open(id, host, symbol, target, random.random_range(HORIZON));
            self.client.history().rooms.insert(id, Room { host, winner, ..Room::default() });
            self.client.ask(id, &open);
            due += ROOM_EVERY;
            sleep_until(due).await;
        }
        Ok(())
    }

    /// Places bets, for ever: those that are due, whatever became of the ones before.
    ///
    /// # Errors
    /// Nothing is drawn.
    pub async fn place_bets(&self) -> Result<()> {
        let mut random = self.random(2);
        let every = Duration::from_secs(1) / self.rate.max(1);
        let mut due = Instant::now();
        for number in 0.. {
            sleep_until(due).await;
            due += every;
            let rooms = self.client.open_for(TIME_TO_BET);
            let Some(room) = rooms.choose(&mut random) else { continue };
            self.bet(*room, number, &mut random);
        }
        Ok(())
    }

    fn bet(&self, room: Uuid, number: i64, random: &mut ChaCha8Rng) {
        let here: BTreeSet<Uuid> = {
            let history = self.client.history();
            history.bets.values().filter(|bet| bet.room == room).map(|bet| bet.account).collect()
        };
        let again = random.random_bool(0.02);
        let fits = |account: &&Uuid| here.contains(*account) == again;
        let fitting: Vec<Uuid> = self.crowd.accounts.iter().filter(fits).copied().collect();
        let Some(account) = fitting.choose(random).copied() else { return };
        let improper = random.random_bool(0.02);
        let outcome = usize::from(random.random_bool(0.5));
        let stake = if improper { TOO_SMALL } else { STAKE + number * STEP };
        let id = Uuid::now_v7();
        let bet = Bet { room, account, outcome, stake, improper, ..Bet::default() };
        let place = place(&bet);
        self.client.history().bets.insert(id, bet);
        self.client.ask(id, &place);
        // An impatient finger.
        if random.random_bool(0.02) {
            self.client.repeat(id, &place, ":twice");
        }
    }

    /// Withdraws, for ever, each time to an address of its own.
    ///
    /// # Errors
    /// Nobody is there.
    pub async fn withdraw(&self) -> Result<()> {
        let mut random = self.random(3);
        loop {
            sleep(WITHDRAW_EVERY).await;
            // Whoever reads is told of it in a message that grows; those who do not are enough.
            let others = self.crowd.accounts.get(self.crowd.people.len()..).unwrap_or_default();
            let account = *others.choose(&mut random).context("nobody")?;
            let lamports = random.random_range(20_000_000..100_000_000);
            let (id, address) = (Uuid::now_v7(), Keypair::new().pubkey().to_string());
            let request = RequestWithdrawal {
                account_id: AccountId::new(account).bytes(),
                address: address.clone(),
                lamports,
                ..Default::default()
            };
            let withdrawal = Withdrawal { account, address, lamports, ..Withdrawal::default() };
            self.client.history().withdrawals.insert(id, withdrawal);
            self.client.ask(id, &request);
        }
    }
}

/// The command that opens a room: is the price at or above the target at the deadline?
pub fn open(id: Uuid, host: Uuid, asset: &str, target: Decimal, seconds: u32) -> OpenRoom {
    OpenRoom {
        room_id: RoomId::new(id).bytes(),
        host_account_id: AccountId::new(host).bytes(),
        kind: Kind::Close.into(),
        asset: asset.to_owned(),
        comparator: Comparator::AtOrAbove.into(),
        target: target.normalize().to_string(),
        horizon_seconds: seconds,
        ..Default::default()
    }
}

/// The command that places a bet.
fn place(bet: &Bet) -> PlaceBet {
    PlaceBet {
        room_id: RoomId::new(bet.room).bytes(),
        account_id: AccountId::new(bet.account).bytes(),
        outcome: u32::try_from(bet.outcome).unwrap_or(u32::MAX),
        stake_lamports: bet.stake,
        min_odds_percent: 0,
    }
}
