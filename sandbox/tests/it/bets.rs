//! The road of a bet through room-svc and wallet-svc, whatever happens on it: every bet is taken
//! once or refused once, and the books of both services agree to the lamport.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::bus::Bus;
use chassis::service::{self, Running};
use chassis::settings::{BusFaults, Endpoint, Nats as NatsSettings, Value, Variables};
use chassis::{Db, Outgoing, Service as _, outbox::Relay, steps};
use futures::StreamExt;
use prost::Message;
use proto::common::{Outcomes, RefusalCode, outcome};
use proto::room::{PlaceBet, PlaceBetDone};
use proto::{AccountId, Lamports, Service};
use room_svc::RoomSvc;
use sandbox::supervise::{Launch, Supervised};
use servers::scratch::Scratch;
use servers::{Nats, TestDb, port};
use tokio::time::Instant;
use uuid::Uuid;
use wallet_svc::WalletSvc;
use wallet_svc::domain::ledger::{Account, Kind, Movement, MovementKind};
use wallet_svc::store::ledger;

const ROOMS: usize = 10;
const STAKE: i64 = 100_000_000;

/// Everybody bets in every room. The last two of the known ones can pay three of their ten bets.
const RICH: usize = 24;
const POOR: usize = 2;
const POOR_BETS: usize = 3;

/// Outcomes that do not come by then do not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// A bet as it is confirmed by a user.
#[derive(Clone)]
struct Slip {
    id: Uuid,
    account: Uuid,
    bet: PlaceBet,
    /// Whether it is one of two slips of its user in its room, of which one is taken.
    twin: bool,
}

/// Ten rooms, 26 accounts with money, and 30 slips for each room.
struct Table {
    db: TestDb,
    nats: Nats,
    accounts: Vec<Uuid>,
    slips: Vec<Slip>,
}

impl Table {
    async fn set() -> Self {
        let room = chassis::db::migrator(&RoomSvc::migrator());
        let wallet = chassis::db::migrator(&WalletSvc::migrator());
        let db = TestDb::with(&[("room", &room), ("wallet", &wallet)]).await.unwrap();
        let nats = Nats::for_test().await.unwrap();
        let rooms: Vec<Uuid> = (0..ROOMS).map(|_| Uuid::now_v7()).collect();
        sqlx::query(
            "INSERT INTO room.room (id, terms, terms_hash, state, kind, asset, comparator, target, host, scope_chat_id,
                 lock_at, deadline, min_stake, max_stake, max_players, min_players, seats, pools, opened_at)
             SELECT id, '', sha256(''), 2, 1, 'SOL', 1, 200, id, -n, now() + interval '1 day', now() + interval '2 days',
                 $2, $2, 100, 0, '{0,0}', '{0,0}', now()
             FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)",
        )
        .bind(&rooms)
        .bind(STAKE)
        .execute(db.superuser())
        .await
        .unwrap();
        let accounts: Vec<Uuid> = (0..RICH + POOR).map(|_| Uuid::now_v7()).collect();
        fund(&db, &accounts).await;
        let slips = slips(&rooms, &accounts);
        Self { db, nats, accounts, slips }
    }

    fn variables(&self, schema: &str, faults: &str) -> Vec<(String, String)> {
        [
            ("POSTGRES_URL", self.db.url_of(schema)),
            ("POSTGRES_POOL_MAX", "4".to_owned()),
            ("NATS_URLS", self.nats.url()),
            ("HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("GRPC_ADDR", "127.0.0.1:0".to_owned()),
            ("BUS_FAULTS", faults.to_owned()),
            // Neither a price nor a chain is on the road of a bet.
            ("ORACLE_GRPC_URL", "http://127.0.0.1:9".to_owned()),
            ("WALLET_GRPC_URL", "http://127.0.0.1:9".to_owned()),
            ("SOLANA_RPC_URLS", "http://127.0.0.1:9".to_owned()),
            ("WALLET_MASTER_KEY", "5a".repeat(32)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Starts replicas of both services in this process.
    async fn serve(&self, replicas: usize, faults: &str) -> Vec<Running> {
        let variables = |schema| self.variables(schema, faults).into_iter().collect::<Variables>();
        let mut running = Vec::new();
        for _ in 0..replicas {
            running.push(service::start::<RoomSvc>(variables("room")).await.unwrap());
            running.push(service::start::<WalletSvc>(variables("wallet")).await.unwrap());
        }
        running
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.superuser()).await.unwrap()
    }

    /// The books after everything was answered: complete, and the same in both services.
    async fn check(&self, desk: &Desk) {
        crate::eventually("nothing pending", async || {
            self.count("SELECT count(*) FROM room.bet WHERE state = 1").await == 0
        })
        .await;
        let taken: BTreeMap<Uuid, Uuid> =
            sqlx::query_as("SELECT id, account_id FROM room.bet WHERE state = 2")
                .fetch_all(self.db.superuser())
                .await
                .unwrap()
                .into_iter()
                .collect();
        self.check_outcomes(desk, &taken);
        let per_account = taken.values().fold(BTreeMap::<Uuid, usize>::new(), |mut sum, account| {
            *sum.entry(*account).or_default() += 1;
            sum
        });
        let expected = (0..RICH).map(|_| ROOMS).chain((0..POOR).map(|_| POOR_BETS));
        assert_eq!(per_account, self.accounts.iter().copied().zip(expected).collect());
        for (what, sql) in BOOKS {
            assert_eq!(self.count(sql).await, 0, "{what}");
        }
    }

    /// What a user was told is what was done, however often it was told.
    fn check_outcomes(&self, desk: &Desk, taken: &BTreeMap<Uuid, Uuid>) {
        let heard = desk.heard.lock().unwrap();
        for slip in &self.slips {
            let outcomes = &heard[&slip.id];
            assert!(
                outcomes.iter().all(|outcome| *outcome == outcomes[0]),
                "two outcomes of one slip: {outcomes:?}"
            );
            match &outcomes[0] {
                outcome::Result::Done(done) => {
                    let bet = PlaceBetDone::decode(done.as_slice()).unwrap().bet.unwrap();
                    assert_eq!(
                        (bet.bet_id, &bet.account_id),
                        (slip.id.as_bytes().to_vec(), &slip.bet.account_id)
                    );
                    assert_eq!(taken.get(&slip.id), Some(&slip.account), "told and not taken");
                }
                outcome::Result::Refused(refusal) => {
                    assert!(!taken.contains_key(&slip.id), "refused and taken");
                    let index = self.accounts.iter().position(|account| *account == slip.account);
                    let expected = match index {
                        _ if slip.bet.stake_lamports < STAKE => RefusalCode::BetTooSmall,
                        None => RefusalCode::AccountUnknown,
                        Some(index) if index >= RICH => RefusalCode::BetNotEnough,
                        Some(_) => RefusalCode::BetAlreadyPlaced,
                    };
                    assert_eq!(refusal.code(), expected);
                    assert!(expected != RefusalCode::BetAlreadyPlaced || slip.twin);
                }
            }
        }
    }
}

/// What must be found nowhere.
const BOOKS: [(&str, &str); 9] = [
    (
        "rooms whose seats or pools are not their bets",
        "SELECT count(*) FROM room.room AS r
         WHERE pending <> 0 OR pending_stakes <> 0
            OR seats <> ARRAY(SELECT (SELECT count(*) FROM room.bet WHERE room_id = r.id AND state = 2 AND outcome = n)::int
                              FROM generate_series(0, 1) AS n)
            OR pools <> ARRAY(SELECT (SELECT coalesce(sum(stake), 0) FROM room.bet WHERE room_id = r.id AND state = 2 AND outcome = n)::bigint
                              FROM generate_series(0, 1) AS n)",
    ),
    (
        "bets taken without a stake held, or the reverse",
        "SELECT count(*) FROM (SELECT * FROM room.bet WHERE state = 2) AS b
         FULL JOIN (SELECT * FROM wallet.hold WHERE state = 1) AS h
           ON h.bet_id = b.id AND h.account = b.account_id AND h.room = b.room_id AND h.amount = b.stake
         WHERE b.id IS NULL OR h.bet_id IS NULL",
    ),
    (
        "escrows that are not the pools",
        "SELECT count(*) FROM room.room AS r LEFT JOIN wallet.ledger_account AS a ON a.kind = 3 AND a.owner = r.id
         WHERE coalesce(a.balance, 0) <> (SELECT sum(pool) FROM unnest(r.pools) AS pool)",
    ),
    (
        "users whose money is not what they came with less their stakes",
        "SELECT count(*) FROM wallet.ledger_account AS a
         WHERE kind = 1 AND balance <> (SELECT sum(lamports) FROM wallet.entry WHERE movement = 1 AND owner = a.owner AND kind = 1)
                                     - (SELECT coalesce(sum(stake), 0) FROM room.bet WHERE account_id = a.owner AND state = 2)",
    ),
    (
        "balances that are not the sum of their entries",
        "SELECT count(*) FROM wallet.ledger_account AS a
         WHERE balance <> (SELECT coalesce(sum(lamports), 0) FROM wallet.entry WHERE kind = a.kind AND owner = a.owner)",
    ),
    (
        "ledger transactions that do not sum to zero",
        "SELECT count(*) FROM (SELECT FROM wallet.entry GROUP BY tx HAVING sum(lamports) <> 0) AS t",
    ),
    (
        "stakes taken or given back more than once",
        "SELECT count(*) FROM (SELECT FROM wallet.entry WHERE kind = 1 AND movement IN (2, 3)
                               GROUP BY reference, movement HAVING count(*) > 1) AS t",
    ),
    ("dead letters of room-svc", "SELECT count(*) FROM room.dead_letter"),
    ("dead letters of wallet-svc", "SELECT count(*) FROM wallet.dead_letter"),
];

/// Deposits enough for every bet, and for some of them.
async fn fund(db: &TestDb, accounts: &[Uuid]) {
    let (relay, _exit) = Relay::new();
    let wallet = Db::new(Service::Wallet, db.pool_of("wallet"), relay);
    let mut unit = wallet.unit().await.unwrap();
    let own = accounts.iter().map(|account| Account::available(AccountId::new(*account)));
    ledger::open(&mut unit, &own.clone().collect::<BTreeSet<_>>()).await.unwrap();
    let deposits: Vec<Movement> = own
        .enumerate()
        .map(|(index, account)| {
            let bets = if index < RICH { 2 * ROOMS } else { POOR_BETS };
            let lamports = Lamports::new(STAKE * i64::try_from(bets).unwrap());
            let (key, chain) = (Uuid::now_v7(), Account::house(Kind::Chain));
            Movement::transfer(key, MovementKind::Deposit, chain, account, lamports, key).unwrap()
        })
        .collect();
    ledger::post(&mut unit, &deposits).await.unwrap();
    unit.commit().await.unwrap();
}

/// For each room: one slip of each account, second slips of two, one of a stranger, one too small.
/// The rooms take turns.
fn slips(rooms: &[Uuid], accounts: &[Uuid]) -> Vec<Slip> {
    let strangers: Vec<Uuid> = rooms.iter().map(|_| Uuid::now_v7()).collect();
    let slip = |room: usize, account: Uuid, side: usize, stake_lamports: i64, twin: bool| Slip {
        id: Uuid::now_v7(),
        account,
        bet: PlaceBet {
            room_id: rooms[room].as_bytes().to_vec(),
            account_id: account.as_bytes().to_vec(),
            outcome: u32::try_from(side % 2).unwrap(),
            stake_lamports,
            min_odds_percent: 0,
        },
        twin,
    };
    let places = 0..accounts.len() + 4;
    let in_room = |place: usize, room: usize| match place.checked_sub(accounts.len()) {
        None => slip(room, accounts[place], place, STAKE, place < 2),
        Some(twin @ 0..2) => slip(room, accounts[twin], twin, STAKE, true),
        Some(2) => slip(room, strangers[room], 0, STAKE, false),
        Some(_) => slip(room, Uuid::now_v7(), 0, STAKE - 1, false),
    };
    places
        .flat_map(|place| (0..rooms.len()).map(move |room| (place, room)))
        .map(|(place, room)| in_room(place, room))
        .collect()
}

/// The gateway: it asks until it is answered.
struct Desk {
    bus: Bus,
    heard: Arc<Mutex<HashMap<Uuid, Vec<outcome::Result>>>>,
}

impl Desk {
    async fn open(nats: &Nats, faults: BusFaults) -> Self {
        let settings =
            NatsSettings { urls: vec![Endpoint::parse(&nats.url()).unwrap()], replicas: 1, ca_file: None };
        let bus = Bus::connect(Service::Gateway, &settings, faults).await.unwrap();
        bus.ensure_topology().await.unwrap();
        let heard: Arc<Mutex<HashMap<Uuid, Vec<outcome::Result>>>> = Arc::default();
        let mut outcomes = bus.client().subscribe(Outcomes::subject(Service::Room)).await.unwrap();
        bus.client().flush().await.unwrap();
        let ear = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(message) = outcomes.next().await {
                for item in Outcomes::decode(message.payload).unwrap().items {
                    let id = Uuid::from_slice(&item.command_id).unwrap();
                    ear.lock().unwrap().entry(id).or_default().push(item.result.unwrap());
                }
            }
        });
        Self { bus, heard }
    }

    fn unanswered(&self, slips: &[Slip]) -> Vec<Slip> {
        let heard = self.heard.lock().unwrap();
        slips.iter().filter(|slip| !heard.contains_key(&slip.id)).cloned().collect()
    }

    /// Publishes once; a broker that is away is asked again later.
    async fn send(&self, slips: &[Slip], attempt: usize) {
        let command =
            |slip: &Slip| Outgoing::command(&slip.bet).id(slip.id).reply_to(Service::Gateway).into_message();
        let messages: Vec<_> = slips.iter().map(command).collect();
        let attempt = format!(":{attempt}");
        let messages: Vec<_> = messages.iter().map(|message| (message, attempt.as_str())).collect();
        let _ = tokio::time::timeout(Duration::from_secs(2), self.bus.publish(&messages)).await;
    }

    /// Takes slips in, ten at a time, never more than forty unanswered, each asked for again every
    /// second. `disturb` is called after each ten.
    async fn take(&self, slips: &[Slip], mut disturb: impl AsyncFnMut(usize)) {
        let begun = Instant::now();
        let mut attempt = 0;
        for end in (10..=slips.len()).step_by(10) {
            attempt += 1;
            self.send(&slips[end - 10..end], attempt).await;
            disturb(end).await;
            let most = if end == slips.len() { 0 } else { 30 };
            let mut asked = Instant::now();
            loop {
                let open = self.unanswered(&slips[..end]);
                if open.len() <= most {
                    break;
                }
                assert!(begun.elapsed() < PATIENCE, "{} slips were never answered", open.len());
                if asked.elapsed() > Duration::from_secs(1) {
                    asked = Instant::now();
                    attempt += 1;
                    self.send(&open, attempt).await;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn same_books_under(faults: &'static str, gateway: BusFaults, wipe_at: &[usize]) {
    let table = Table::set().await;
    let running = table.serve(2, faults).await;
    let desk = Desk::open(&table.nats, gateway).await;
    desk.take(&table.slips, async |sent| {
        if wipe_at.contains(&sent) {
            table.nats.wipe_and_restart().await.unwrap();
        }
    })
    .await;
    table.check(&desk).await;
    for service in running {
        service.stop().await.unwrap();
    }
    // Counts of deadlocks arrive with the end of the connections that met them.
    let others = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE datname = current_database() AND usename IN ('room', 'wallet')";
    crate::eventually("all connections ended", async || table.count(others).await == 0).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(table.count(deadlocks).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_twice_takes_every_bet_once() {
    same_books_under("twice", BusFaults::Twice, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_shuffled_takes_every_bet_once() {
    same_books_under("shuffle", BusFaults::None, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_loses_everything_twice_takes_every_bet_once() {
    same_books_under("none", BusFaults::None, &[100, 200]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_killed_at_every_step_take_every_bet_once() {
    // Whoever chose a provider before is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let table = Table::set().await;
    let scratch = Scratch::create().unwrap();
    let kill_at: Vec<String> = steps::STEPS.iter().map(|step| format!("{step}:3")).collect();
    let mut services = Vec::new();
    for (name, schema) in [("room-svc", "room"), ("wallet-svc", "wallet")] {
        let http = format!("127.0.0.1:{}", port::free().unwrap());
        let mut variables = table.variables(schema, "none");
        variables.retain(|(name, _)| name != "HTTP_ADDR");
        variables.push(("HTTP_ADDR".to_owned(), http.clone()));
        variables.push(("LOG".to_owned(), "warn".to_owned()));
        let launch = Launch {
            name: name.to_owned(),
            program: env!("CARGO_BIN_EXE_sandbox").into(),
            arguments: vec!["serve".to_owned(), name.to_owned()],
            variables,
            log: scratch.path().join(format!("{name}.log")),
            http,
            kill_at: kill_at.clone(),
        };
        services.push(Supervised::start(launch, reqwest::Client::new()).unwrap());
    }
    let desk = Desk::open(&table.nats, BusFaults::None).await;
    desk.take(&table.slips, async |_| {}).await;
    table.check(&desk).await;
    for service in &services {
        let died_at: Vec<String> = service.exits().into_iter().filter_map(|exit| exit.step).collect();
        assert_eq!(died_at, steps::STEPS, "{}", service.name());
        service.stop().await;
    }
}
