//! The ledger keeps its promises whatever is asked of it, in whatever order and however often.

use crate::bank::{Bank, chunk, stake_hold, stake_release};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use proto::{
    AccountId, Lamports, RoomId,
    common::RefusalCode,
    wallet::{PostPayouts, StakeHold, StakeState},
};
use std::{collections::BTreeMap, time::Duration};
use tokio::runtime::Runtime;
use uuid::Uuid;
use wallet_svc::{
    domain::ledger::{Account, Entry, Kind, Movement, MovementKind},
    movements::payout::Chunk,
    store::{self, ledger::Posted},
};

const PLAYERS: usize = 4;
const ROOMS: usize = 2;
const BETS: usize = 10;

#[derive(Clone, Debug)]
enum Step {
    /// Hold these bets in one list.
    Hold(Vec<usize>),
    /// Release these bets in one list.
    Release(Vec<usize>),
    /// Post a chunk of a room's settlement, which is planned when it is first asked for.
    Pay { room: usize, last: bool },
}

/// Who bets how much in which room, the players' money, what losers get, and what is asked.
#[derive(Clone, Debug)]
struct Play {
    bets: Vec<(usize, usize, i64)>,
    money: Vec<i64>,
    steps: Vec<Step>,
}

fn plays() -> impl Strategy<Value = Play> {
    let step = prop_oneof![
        4 => vec(0..BETS, 1..5).prop_map(Step::Hold),
        2 => vec(0..BETS, 1..3).prop_map(Step::Release),
        3 => (0..ROOMS, any::<bool>()).prop_map(|(room, last)| Step::Pay { room, last }),
    ];
    let bet = (0..PLAYERS, 0..ROOMS, 1_i64..1_000);
    (vec(bet, BETS), vec(0_i64..2_000, PLAYERS), vec(step, 5..30)).prop_map(|(bets, money, steps)| Play {
        bets,
        money,
        steps,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Held,
    Refused,
    Released,
    Spent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Posted,
    TooEarly,
    Fault,
}

/// What the ledger must come to, computed without it.
struct Model {
    bets: Vec<(usize, usize, i64)>,
    available: Vec<i64>,
    escrow: [i64; ROOMS],
    fees: i64,
    fates: BTreeMap<usize, Fate>,
    plans: [Option<[Plan; 2]>; ROOMS],
}

#[derive(Clone, Debug, Default)]
struct Plan {
    lines: Vec<(usize, i64)>,
    fee: i64,
    posted: bool,
}

impl Model {
    fn hold(&mut self, bet: usize) -> StakeState {
        let (player, room, stake) = self.bets[bet];
        let fate = *self.fates.entry(bet).or_insert_with(|| {
            if self.available[player] < stake {
                return Fate::Refused;
            }
            self.available[player] -= stake;
            self.escrow[room] += stake;
            Fate::Held
        });
        match fate {
            Fate::Held | Fate::Spent => StakeState::Held,
            Fate::Refused | Fate::Released => StakeState::Refused,
        }
    }

    /// False, and nothing happens to any, if a settlement has paid one of them, or has paid others
    /// with its stake.
    fn release(&mut self, bets: &[usize]) -> bool {
        let (available, escrow, fates) = (self.available.clone(), self.escrow, self.fates.clone());
        for bet in bets {
            let (player, room, stake) = self.bets[*bet];
            match self.fates.get(bet) {
                Some(Fate::Held) if self.escrow[room] >= stake => {
                    self.available[player] += stake;
                    self.escrow[room] -= stake;
                    self.fates.insert(*bet, Fate::Released);
                }
                Some(Fate::Held | Fate::Spent) => {
                    (self.available, self.escrow, self.fates) = (available, escrow, fates);
                    return false;
                }
                None => {
                    self.fates.insert(*bet, Fate::Released);
                }
                Some(Fate::Refused | Fate::Released) => {}
            }
        }
        true
    }

    fn held(&self, room: usize) -> Vec<usize> {
        let held = self.fates.iter().filter(|(bet, fate)| **fate == Fate::Held && self.bets[**bet].1 == room);
        held.map(|(bet, _)| *bet).collect()
    }

    /// All but a fee goes to the first bet of the room: with losers, everybody else loses.
    fn plan(&mut self, room: usize) -> [Plan; 2] {
        if let Some(plan) = &self.plans[room] {
            return plan.clone();
        }
        let held = self.held(room);
        let pool: i64 = held.iter().map(|bet| self.bets[*bet].2).sum();
        let fee = pool / 50;
        let lines: Vec<(usize, i64)> = held
            .iter()
            .enumerate()
            .map(|(index, bet)| (*bet, if index == 0 { pool - fee } else { 0 }))
            .collect();
        let (first, last) = lines.split_at(lines.len() / 2);
        let fee = if lines.is_empty() { 0 } else { fee };
        let plan = [
            Plan { lines: first.to_vec(), fee: 0, posted: false },
            Plan { lines: last.to_vec(), fee, posted: false },
        ];
        self.plans[room] = Some(plan.clone());
        plan
    }

    fn pay(&mut self, room: usize, chunk: usize) -> Outcome {
        let plan = self.plans[room].clone().unwrap()[chunk].clone();
        if plan.posted {
            return Outcome::Posted;
        }
        let held = self.held(room);
        if chunk == 1 && held.len() > plan.lines.len() {
            return Outcome::TooEarly;
        }
        let out: i64 = plan.lines.iter().map(|(_, credit)| credit).sum::<i64>() + plan.fee;
        let fits = plan.lines.iter().all(|(bet, _)| held.contains(bet)) && out <= self.escrow[room];
        if !fits || (chunk == 1 && out != self.escrow[room]) {
            return Outcome::Fault;
        }
        for (bet, credit) in &plan.lines {
            self.fates.insert(*bet, Fate::Spent);
            self.available[self.bets[*bet].0] += credit;
        }
        self.escrow[room] -= out;
        self.fees += plan.fee;
        self.plans[room].as_mut().unwrap()[chunk].posted = true;
        Outcome::Posted
    }
}

async fn play(bank: &Bank, play: Play) -> Result<(), TestCaseError> {
    let mut players: Vec<AccountId> = Vec::new();
    for lamports in &play.money {
        players.push(bank.account(*lamports).await);
    }
    let rooms: Vec<RoomId> = (0..ROOMS).map(|_| RoomId::new(Uuid::now_v7())).collect();
    let holds: Vec<StakeHold> = play
        .bets
        .iter()
        .map(|(player, room, stake)| stake_hold(Uuid::now_v7(), players[*player], rooms[*room], *stake))
        .collect();
    let id = |bet: usize| Uuid::from_slice(&holds[bet].bet_id).unwrap();
    let fees_before = bank.fees().await;
    let mut model = Model {
        bets: play.bets.clone(),
        available: play.money.clone(),
        escrow: [0; ROOMS],
        fees: 0,
        fates: BTreeMap::new(),
        plans: [const { None }; ROOMS],
    };
    for step in &play.steps {
        match step {
            Step::Hold(bets) => {
                let list: Vec<StakeHold> = bets.iter().map(|bet| holds[*bet].clone()).collect();
                let decisions = bank.hold(&list).await.unwrap();
                let states: Vec<StakeState> = decisions.iter().map(|decision| decision.state()).collect();
                let expected: Vec<StakeState> = bets.iter().map(|bet| model.hold(*bet)).collect();
                prop_assert_eq!(states, expected);
            }
            Step::Release(bets) => {
                let list: Vec<_> = bets.iter().map(|bet| stake_release(&holds[*bet])).collect();
                let released = bank.release(&list).await;
                prop_assert_eq!(released.is_ok(), model.release(bets), "{:?}", released);
            }
            Step::Pay { room, last } => {
                let which = usize::from(*last);
                let plan = model.plan(*room)[which].clone();
                let lines: Vec<(Uuid, i64)> =
                    plan.lines.iter().map(|(bet, credit)| (id(*bet), *credit)).collect();
                let number = u32::from(*last);
                let message =
                    PostPayouts { protocol_fee_lamports: plan.fee, ..chunk(rooms[*room], number, 2, &lines) };
                let paid = match bank.pay(&message).await {
                    Ok(Chunk::Posted) => Outcome::Posted,
                    Ok(Chunk::TooEarly) => Outcome::TooEarly,
                    Err(_) => Outcome::Fault,
                };
                prop_assert_eq!(paid, model.pay(*room, which), "{:?}", message);
            }
        }
        for (player, expected) in players.iter().zip(&model.available) {
            prop_assert_eq!(bank.available(*player).await, *expected, "after {:?}", step);
        }
        for (room, expected) in rooms.iter().zip(model.escrow) {
            prop_assert_eq!(bank.escrow(*room).await, expected, "after {:?}", step);
        }
        prop_assert_eq!(bank.fees().await - fees_before, model.fees);
    }
    Ok(())
}

#[test]
fn every_order_of_holds_releases_and_payouts_agrees_with_the_model() {
    let runtime = Runtime::new().unwrap();
    let bank = runtime.block_on(Bank::open());
    let config = Config { cases: 64, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new(config)
        .run(&plays(), |steps| {
            runtime.block_on(async {
                play(&bank, steps).await?;
                bank.check().await;
                Ok(())
            })
        })
        .unwrap();
    // The plays were no shadow boxing.
    for state in 1..=4 {
        let count = runtime.block_on(async {
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM wallet.hold WHERE state = $1")
                .bind(state)
                .fetch_one(bank.db.pool())
                .await
                .unwrap();
            count
        });
        assert!(count > 20, "{count} holds in state {state}");
    }
}

#[tokio::test]
async fn a_key_is_posted_once_and_only_with_its_body() {
    let bank = Bank::open().await;
    let (from, to) = (bank.account(100).await, bank.account(0).await);
    let key = Uuid::now_v7();
    let movement = |lamports, reference| {
        let (from, to) = (Account::available(from), Account::available(to));
        Movement::transfer(key, MovementKind::StakeReturned, from, to, Lamports::new(lamports), reference)
            .unwrap()
    };
    let post = async |movement: Movement| {
        let mut unit = bank.unit().await;
        let posted = store::ledger::post(&mut unit, &[movement]).await?;
        unit.commit().await?;
        Ok::<_, chassis::Fault>(posted[0])
    };
    assert!(matches!(post(movement(101, Uuid::nil())).await.unwrap(), Posted::Short(_)));
    assert_eq!(post(movement(60, Uuid::nil())).await.unwrap(), Posted::Now);
    assert_eq!(post(movement(60, Uuid::nil())).await.unwrap(), Posted::Before);
    assert!(post(movement(40, Uuid::nil())).await.is_err(), "another amount");
    assert!(post(movement(60, key)).await.is_err(), "another reference");
    assert_eq!((bank.available(from).await, bank.available(to).await), (40, 60));
    bank.check().await;
}

fn code(result: Result<sqlx::postgres::PgQueryResult, sqlx::Error>) -> String {
    result.unwrap_err().as_database_error().unwrap().code().unwrap().into_owned()
}

const CHECK_VIOLATION: &str = "23514";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[tokio::test]
async fn what_is_posted_is_never_changed() {
    let bank = Bank::open().await;
    bank.account(100).await;
    for sql in [
        "UPDATE wallet.entry SET lamports = lamports + 1",
        "UPDATE wallet.entry SET posted_at = posted_at",
        "DELETE FROM wallet.entry",
        "TRUNCATE wallet.entry",
        "UPDATE wallet.ledger_tx SET movement = 2",
        "DELETE FROM wallet.ledger_tx",
        "TRUNCATE wallet.ledger_tx",
    ] {
        // The service has no right to; whoever has, meets the trigger.
        assert_eq!(code(sqlx::query(sql).execute(bank.db.pool()).await), INSUFFICIENT_PRIVILEGE, "{sql}");
        assert_eq!(code(sqlx::query(sql).execute(bank.db.superuser()).await), CHECK_VIOLATION, "{sql}");
    }
    bank.check().await;
}

#[tokio::test]
async fn entries_that_do_not_sum_to_zero_are_refused_whole() {
    let bank = Bank::open().await;
    let insert = "INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
                  SELECT tx, 1, gen_random_uuid(), lamports, tx, 2, now() FROM unnest($1::uuid[], $2::bigint[]) AS t (tx, lamports)";
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let write = async |txs: &[Uuid], lamports: &[i64]| {
        sqlx::query(insert).bind(txs).bind(lamports).execute(bank.db.pool()).await
    };
    assert_eq!(code(write(&[one, one], &[5, -4]).await), CHECK_VIOLATION);
    assert_eq!(code(write(&[one, one, two, two], &[5, -5, 3, -4]).await), CHECK_VIOLATION, "one of two");
    assert_eq!(code(write(&[one, two], &[5, -5]).await), CHECK_VIOLATION, "zero in all is not enough");
    assert_eq!(code(write(&[one], &[0]).await), CHECK_VIOLATION, "an entry of nothing");
    assert_eq!(bank.count("SELECT count(*) FROM wallet.entry").await, 0);
    write(&[one, one, two, two], &[5, -5, 3, -3]).await.unwrap();
}

#[tokio::test]
async fn only_the_chain_is_negative() {
    let bank = Bank::open().await;
    bank.account(100).await;
    let overdraw = |kind: Kind| {
        sqlx::query("INSERT INTO wallet.ledger_account VALUES ($1, gen_random_uuid(), -1)")
            .bind(kind.number())
            .execute(bank.db.pool())
    };
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Chain) {
        assert_eq!(code(overdraw(kind).await), CHECK_VIOLATION, "{kind:?}");
    }
    overdraw(Kind::Chain).await.unwrap();
}

/// A deferred row trigger took 10 s for 10,000 entries, four times as long for twice as many.
#[tokio::test]
async fn the_check_of_a_transaction_costs_in_proportion_to_its_entries() {
    let bank = Bank::open().await;
    let insert = "INSERT INTO wallet.entry (tx, kind, owner, lamports, reference, movement, posted_at)
                  SELECT $1, 1, gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END, $1, 2, now()
                  FROM generate_series(1, $2) AS n";
    let time = async |entries: i32| {
        let begun = tokio::time::Instant::now();
        sqlx::query(insert).bind(Uuid::now_v7()).bind(entries).execute(bank.db.pool()).await.unwrap();
        begun.elapsed()
    };
    time(10_000).await;
    let (mut once, mut twice) = (Duration::MAX, Duration::MAX);
    for _ in 0..7 {
        once = once.min(time(10_000).await);
        twice = twice.min(time(20_000).await);
    }
    assert!(twice < once * 3, "10,000 entries: {once:?}, 20,000 entries: {twice:?}");
}

/// The words of a refusal reach the user: what was there, and what was asked for.
#[tokio::test]
async fn an_account_that_is_short_says_what_it_has() {
    let bank = Bank::open().await;
    let (account, room) = (bank.account(70).await, RoomId::new(Uuid::now_v7()));
    let list = [50, 30, 20].map(|lamports| stake_hold(Uuid::now_v7(), account, room, lamports));
    let decisions = bank.hold(&list).await.unwrap();
    assert_eq!(
        decisions.iter().map(|one| one.state()).collect::<Vec<_>>(),
        [StakeState::Held, StakeState::Refused, StakeState::Held]
    );
    let refusal = proto::Refusal::from(decisions[1].refusal.as_ref().unwrap());
    assert_eq!(
        refusal,
        proto::Refusal::new(RefusalCode::BetNotEnough).with("available", 20).with("stake", 30)
    );
    assert_eq!((bank.available(account).await, bank.escrow(room).await), (0, 70));
    let entry = Entry { account: Account::escrow(room), lamports: Lamports::new(1), reference: Uuid::nil() };
    assert!(Movement::try_new(Uuid::nil(), MovementKind::Stake, [entry]).is_err());
    bank.check().await;
}
