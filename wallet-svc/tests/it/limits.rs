//! Limits that people set for themselves, at their defaults, with a stepped clock.

use crate::{
    bank::{Bank, Branch, chunk, stake_hold, stake_release},
    world::{SOL, World, eventually},
};
use chassis::{Delivery, settings};
use proto::{
    AccountId, DepositId, Lamports, Refusal, RoomId,
    common::RefusalCode,
    wallet::{
        CoolOff, ExcludeSelf, GetLimitsRequest, GetLimitsResponse, HoldStakes, LimitKind, SetLimit,
        StakeDecision, StakeHold, StakeState, StakesDecided,
    },
};
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::{limit::Rules, withdrawal::State},
    limits,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn rules() -> Rules {
    settings::read(settings::Variables::default(), limits::declare).unwrap()
}

fn delivery() -> Delivery<()> {
    Delivery {
        id: Uuid::now_v7(),
        message: (),
        repeat: false,
        actor: "test".to_owned(),
        reply_to: "gateway".to_owned(),
        at: OffsetDateTime::UNIX_EPOCH,
        traceparent: String::new(),
    }
}

fn room() -> RoomId {
    RoomId::new(Uuid::now_v7())
}

/// A rule with its amounts.
fn named(code: RefusalCode, numbers: &[(&str, i64)]) -> Option<Refusal> {
    Some(numbers.iter().fold(Refusal::new(code), |refusal, (name, number)| refusal.with(name, number)))
}

/// One account with limits.
struct Player {
    bank: Bank,
    account: AccountId,
}

impl Player {
    async fn with(lamports: i64) -> Self {
        let bank = Bank::open().await;
        let account = bank.account(lamports).await;
        Self { bank, account }
    }

    async fn limit(&self, kind: LimitKind, lamports: Option<i64>) {
        let message = SetLimit { account_id: self.account.bytes(), kind: kind.into(), lamports };
        let mut unit = self.bank.unit().await;
        limits::set_limit(&mut unit, &delivery(), &message, &rules()).await.unwrap();
        unit.commit().await.unwrap();
    }

    fn bet(&self, room: RoomId, lamports: i64) -> StakeHold {
        stake_hold(Uuid::now_v7(), self.account, room, lamports)
    }

    async fn hold(&self, bet: &StakeHold) -> Option<Refusal> {
        refusal(&self.bank.hold(std::slice::from_ref(bet)).await.unwrap()[0])
    }

    /// Stakes in a room of its own. The bet, or why not.
    async fn stake(&self, lamports: i64) -> Result<StakeHold, Refusal> {
        let bet = self.bet(room(), lamports);
        self.hold(&bet).await.map_or(Ok(bet), Err)
    }

    async fn refused(&self, lamports: i64) -> Option<Refusal> {
        self.stake(lamports).await.err()
    }

    /// Settles the room of a bet, which pays `credit` for it; the rest goes to the house.
    async fn settle(&self, bet: &StakeHold, credit: i64) {
        let room = RoomId::try_from_bytes(&bet.room_id).unwrap();
        let id = Uuid::from_slice(&bet.bet_id).unwrap();
        let mut lines = vec![(id, credit)];
        if credit > bet.lamports {
            let loser =
                stake_hold(Uuid::now_v7(), self.bank.account(credit).await, room, credit - bet.lamports);
            assert_eq!(self.hold(&loser).await, None);
            lines.push((Uuid::from_slice(&loser.bet_id).unwrap(), 0));
        }
        let mut all = chunk(room, 0, 1, &lines);
        all.protocol_fee_lamports = (bet.lamports - credit).max(0);
        self.bank.pay(&all).await.unwrap();
    }

    async fn answer(&self) -> GetLimitsResponse {
        let mut unit = self.bank.unit().await;
        let request = GetLimitsRequest { account_id: self.account.bytes() };
        limits::answer(unit.conn(), &request).await.unwrap()
    }

    /// What counts against a limit, as screens show it.
    async fn used(&self, kind: LimitKind) -> i64 {
        let answer = self.answer().await;
        answer.limits.iter().find(|limit| limit.kind() == kind).unwrap().used_lamports
    }

    async fn advance(&self, by: Duration) {
        self.bank.db.advance(by).await.unwrap();
    }

    /// Credits a deposit as the chain's reader does.
    async fn deposit(&self, lamports: i64) {
        self.bank.deposit(self.account, lamports).await;
        let deposit = DepositId::new(Uuid::now_v7());
        let address = [self.account.bytes(), self.account.bytes()].concat();
        sqlx::query(
            "INSERT INTO wallet.key (owner, address, sealed) VALUES ($1, $2, '') ON CONFLICT DO NOTHING",
        )
        .bind(self.account.uuid())
        .bind(&address)
        .execute(self.bank.db.superuser())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO wallet.deposit
                (id, owner, address, signature, outer_index, inner_index, lamports, slot, state, seen_at, credited_at)
             SELECT $1, $2, $3, $4, 0, -1, $5, 1, 'CREDITED', now, now FROM wallet.db_clock() AS now",
        )
        .bind(deposit.uuid())
        .bind(self.account.uuid())
        .bind(&address)
        .bind([deposit.uuid().as_bytes().as_slice(); 4].concat())
        .bind(lamports)
        .execute(self.bank.db.superuser())
        .await
        .unwrap();
        let mut unit = self.bank.unit().await;
        limits::deposited(&mut unit, self.account, deposit, Lamports::new(lamports)).await.unwrap();
        unit.commit().await.unwrap();
    }

    async fn withdraw_only(&self) -> i64 {
        let mut unit = self.bank.unit().await;
        limits::withdraw_only_now(unit.conn(), self.account).await.unwrap().get()
    }
}

fn refusal(decision: &StakeDecision) -> Option<Refusal> {
    assert_eq!(decision.refusal.is_some(), decision.state() == StakeState::Refused);
    decision.refusal.as_ref().map(Refusal::from)
}

#[tokio::test]
async fn a_day_of_stakes_rolls() {
    let player = Player::with(100 * SOL).await;
    player.limit(LimitKind::StakeDay, Some(5 * SOL)).await;
    player.stake(2 * SOL).await.unwrap();
    player.advance(6 * HOUR).await;
    let second = player.stake(2 * SOL).await.unwrap();
    let over = [("limit", 5 * SOL), ("used", 4 * SOL), ("stake", 2 * SOL)];
    assert_eq!(player.refused(2 * SOL).await, named(RefusalCode::LimitStakeDay, &over));
    assert_eq!(player.used(LimitKind::StakeDay).await, 4 * SOL, "a refused bet does not count");
    // To the lamport, and a bet that is lost still counts.
    player.settle(&second, 0).await;
    assert!(player.refused(SOL + 1).await.is_some());
    player.stake(SOL).await.unwrap();
    player.advance(18 * HOUR).await;
    player.stake(2 * SOL).await.unwrap();
    assert!(player.refused(1).await.is_some());
    player.bank.check().await;
}

#[tokio::test]
async fn stakes_that_come_back_whole_do_not_count() {
    let player = Player::with(100 * SOL).await;
    player.limit(LimitKind::StakeDay, Some(5 * SOL)).await;
    player.limit(LimitKind::LossWeek, Some(5 * SOL)).await;
    let cancelled = player.stake(5 * SOL).await.unwrap();
    player.bank.release(&[stake_release(&cancelled)]).await.unwrap();
    let void = player.stake(5 * SOL).await.unwrap();
    player.settle(&void, 5 * SOL).await;
    assert_eq!(player.used(LimitKind::StakeDay).await, 0);
    assert_eq!(player.used(LimitKind::LossWeek).await, 0);
    player.stake(5 * SOL).await.unwrap();
    assert!(player.refused(1).await.is_some());
}

#[tokio::test]
async fn a_week_of_losses_counts_what_is_open_and_what_was_won() {
    let player = Player::with(100 * SOL).await;
    player.limit(LimitKind::LossWeek, Some(4 * SOL)).await;
    let lost = player.stake(2 * SOL).await.unwrap();
    player.settle(&lost, 0).await;
    player.advance(DAY).await;
    let open = player.stake(SOL).await.unwrap();
    let over = [("limit", 4 * SOL), ("used", 3 * SOL), ("stake", 2 * SOL)];
    assert_eq!(player.refused(2 * SOL).await, named(RefusalCode::LimitLossWeek, &over));
    // A gain of 1 makes up for half of the loss.
    player.settle(&open, 2 * SOL).await;
    assert_eq!(player.used(LimitKind::LossWeek).await, SOL);
    let open = player.stake(3 * SOL).await.unwrap();
    assert!(player.refused(1).await.is_some());
    // A gain beyond the losses leaves nothing used, and raises nothing.
    player.settle(&open, 13 * SOL).await;
    assert_eq!(player.used(LimitKind::LossWeek).await, 0);
    assert!(player.refused(4 * SOL + 1).await.is_some());
    // The loss leaves the week before the gains do, and a stake that stays open never does.
    let open = player.stake(4 * SOL).await.unwrap();
    player.advance(30 * DAY).await;
    assert_eq!(player.used(LimitKind::LossWeek).await, 4 * SOL);
    player.settle(&open, 0).await;
    player.advance(7 * DAY - HOUR).await;
    assert_eq!(player.used(LimitKind::LossWeek).await, 4 * SOL, "settled within the week");
    player.advance(2 * HOUR).await;
    player.stake(4 * SOL).await.unwrap();
}

#[tokio::test]
async fn what_was_before_the_limit_counts() {
    let player = Player::with(100 * SOL).await;
    let lost = player.stake(3 * SOL).await.unwrap();
    player.settle(&lost, 0).await;
    player.advance(2 * DAY).await;
    player.stake(2 * SOL).await.unwrap();
    player.limit(LimitKind::StakeDay, Some(2 * SOL)).await;
    player.limit(LimitKind::LossWeek, Some(6 * SOL)).await;
    assert_eq!(player.used(LimitKind::StakeDay).await, 2 * SOL);
    assert_eq!(player.used(LimitKind::LossWeek).await, 5 * SOL);
    let over = [("limit", 2 * SOL), ("used", 2 * SOL), ("stake", 1)];
    assert_eq!(player.refused(1).await, named(RefusalCode::LimitStakeDay, &over));
}

#[tokio::test]
async fn a_looser_limit_waits_a_day() {
    let player = Player::with(100 * SOL).await;
    player.limit(LimitKind::StakeDay, Some(SOL)).await;
    player.limit(LimitKind::StakeDay, Some(50 * SOL)).await;
    let shown =
        player.answer().await.limits.into_iter().find(|limit| limit.kind() == LimitKind::StakeDay).unwrap();
    assert_eq!((shown.lamports, shown.next_lamports), (Some(SOL), Some(50 * SOL)));
    assert!(shown.next_at.is_some());
    player.advance(DAY - HOUR).await;
    assert!(player.refused(2 * SOL).await.is_some());
    player.advance(2 * HOUR).await;
    player.stake(2 * SOL).await.unwrap();
    // Tightened at once, then a wish to be rid of it taken back by the same limit again.
    player.limit(LimitKind::StakeDay, Some(3 * SOL)).await;
    player.limit(LimitKind::StakeDay, None).await;
    player.limit(LimitKind::StakeDay, Some(3 * SOL)).await;
    player.advance(2 * DAY).await;
    assert!(player.refused(4 * SOL).await.is_some());
    player.limit(LimitKind::StakeDay, None).await;
    player.advance(DAY).await;
    player.stake(4 * SOL).await.unwrap();
}

#[tokio::test]
async fn what_comes_over_the_deposit_limit_can_only_be_withdrawn_until_the_day_has_rolled() {
    let player = Player::with(0).await;
    player.limit(LimitKind::DepositDay, Some(5 * SOL)).await;
    player.deposit(4 * SOL).await;
    assert_eq!(player.withdraw_only().await, 0);
    player.advance(12 * HOUR).await;
    player.deposit(3 * SOL).await;
    assert_eq!((player.withdraw_only().await, player.used(LimitKind::DepositDay).await), (2 * SOL, 7 * SOL));
    let bound = |stake| named(RefusalCode::LimitWithdrawOnly, &[("stakable", 5 * SOL), ("stake", stake)]);
    assert_eq!(player.refused(6 * SOL).await, bound(6 * SOL));
    let missing = [("available", 7 * SOL), ("stake", 8 * SOL)];
    assert_eq!(player.refused(8 * SOL).await, named(RefusalCode::BetNotEnough, &missing));
    player.stake(5 * SOL).await.unwrap();
    assert!(player.refused(1).await.is_some());
    player.advance(12 * HOUR).await;
    assert_eq!(player.withdraw_only().await, 0, "the first deposit has left the day");
    player.stake(2 * SOL).await.unwrap();
}

#[tokio::test]
async fn a_withdrawal_takes_what_can_only_be_withdrawn_first() {
    let player = Player::with(0).await;
    player.limit(LimitKind::DepositDay, Some(5 * SOL)).await;
    player.deposit(9 * SOL).await;
    assert_eq!(player.withdraw_only().await, 4 * SOL);
    let withdraw = |state: &'static str| {
        sqlx::query(
            "INSERT INTO wallet.withdrawal (id, account_id, address, lamports, fee, state, requested_at, held_until, ended_at)
             SELECT gen_random_uuid(), $1, decode(repeat('ab', 32), 'hex'), 3000000000, 10000, $2, now, now, now
             FROM wallet.db_clock() AS now",
        )
        .bind(player.account.uuid())
        .bind(state)
        .execute(player.bank.db.superuser())
    };
    withdraw("HELD").await.unwrap();
    assert_eq!(player.withdraw_only().await, SOL);
    // One that came back has taken nothing.
    withdraw("CANCELLED").await.unwrap();
    assert_eq!(player.withdraw_only().await, SOL);
}

#[tokio::test]
async fn breaks_refuse_bets_until_they_end_and_are_not_shortened() {
    let player = Player::with(100 * SOL).await;
    let mut unit = player.bank.unit().await;
    let account_id = player.account.bytes();
    for days in [3, 1] {
        let message = CoolOff { account_id: account_id.clone(), days };
        limits::cool_off(&mut unit, &delivery(), &message, &rules()).await.unwrap();
    }
    unit.commit().await.unwrap();
    assert_eq!(player.refused(SOL).await.unwrap().code, RefusalCode::LimitCoolOff);
    player.advance(3 * DAY - HOUR).await;
    let until = player.answer().await.cool_off_until.unwrap().seconds;
    let told = player.refused(SOL).await;
    assert_eq!(told, named(RefusalCode::LimitCoolOff, &[("until", until)]));
    player.advance(2 * HOUR).await;
    player.stake(SOL).await.unwrap();
    assert_eq!(player.answer().await.cool_off_until, None);

    let mut unit = player.bank.unit().await;
    for months in [6, 5] {
        let message = ExcludeSelf { account_id: account_id.clone(), months };
        limits::exclude_self(&mut unit, &delivery(), &message, &rules()).await.unwrap();
    }
    unit.commit().await.unwrap();
    player.advance(180 * DAY).await;
    assert_eq!(player.refused(SOL).await.unwrap().code, RefusalCode::LimitExcluded);
    player.advance(5 * DAY).await;
    player.stake(SOL).await.unwrap();
}

/// On the real chain: whoever keeps from playing gets their money out all the same.
#[tokio::test]
async fn withdrawals_stay_open_for_those_who_are_excluded() {
    let world = World::funded().await;
    let account = world.rich_account(2 * SOL).await;
    let mut unit = world.unit().await;
    let message = ExcludeSelf { account_id: account.bytes(), months: 12 };
    limits::exclude_self(&mut unit, &delivery(), &message, &rules()).await.unwrap();
    unit.commit().await.unwrap();
    let to = Keypair::new().pubkey();
    let id = world.request(account, &to, SOL).await;
    world.until_state(id, State::Finalized).await;
    assert_eq!(world.outside.lamports(&to).await, SOL - 10_000);
}

#[tokio::test]
async fn the_fee_of_an_excluded_host_goes_to_the_house() {
    let player = Player::with(100 * SOL).await;
    let host = player.account.bytes();
    let mut unit = player.bank.unit().await;
    let message = ExcludeSelf { account_id: host.clone(), months: 6 };
    limits::exclude_self(&mut unit, &delivery(), &message, &rules()).await.unwrap();
    unit.commit().await.unwrap();
    for (wait, houses, hosts) in [(Duration::ZERO, 100, 0), (200 * DAY, 90, 10)] {
        player.advance(wait).await;
        let before = (player.bank.fees().await, player.bank.available(player.account).await);
        let room = room();
        let bet = stake_hold(Uuid::now_v7(), player.bank.account(100).await, room, 100);
        assert_eq!(player.hold(&bet).await, None);
        let mut all = chunk(room, 0, 1, &[(Uuid::from_slice(&bet.bet_id).unwrap(), 0)]);
        (all.protocol_fee_lamports, all.host_fee_lamports) = (90, 10);
        all.host_account_id = host.clone();
        player.bank.pay(&all).await.unwrap();
        let after = (player.bank.fees().await, player.bank.available(player.account).await);
        assert_eq!((after.0 - before.0, after.1 - before.1), (houses, hosts));
    }
}

/// Two taps at the same moment, in two rooms, for what only one of them may have: many times.
#[tokio::test(flavor = "multi_thread")]
async fn two_taps_at_once_do_not_pass_a_limit_together() {
    let player = Player::with(1_000 * SOL).await;
    player.limit(LimitKind::StakeDay, Some(5 * SOL)).await;
    for round in 0..10 {
        let (first, second) = (player.bet(room(), 3 * SOL), player.bet(room(), 3 * SOL));
        let (first, second) = tokio::join!(player.hold(&first), player.hold(&second));
        let refused: Vec<Refusal> = first.into_iter().chain(second).collect();
        let over =
            named(RefusalCode::LimitStakeDay, &[("limit", 5 * SOL), ("used", 3 * SOL), ("stake", 3 * SOL)]);
        assert_eq!(refused, Vec::from_iter(over), "round {round}");
        player.advance(DAY).await;
    }
    // The same in one list.
    let bets = [player.bet(room(), 3 * SOL), player.bet(room(), 3 * SOL)];
    let decisions = player.bank.hold(&bets).await.unwrap();
    assert_eq!(refusal(&decisions[0]), None);
    assert_eq!(refusal(&decisions[1]).unwrap().code, RefusalCode::LimitStakeDay);
}

/// A limit that comes while bets are being decided has seen each of them or refuses it.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_set_between_two_taps_counts_the_first() {
    for _ in 0..10 {
        let player = Player::with(100 * SOL).await;
        let bet = player.bet(room(), 3 * SOL);
        let (refused, ()) = tokio::join!(player.hold(&bet), player.limit(LimitKind::StakeDay, Some(2 * SOL)));
        let used = if refused.is_some() { 0 } else { 3 * SOL };
        assert_eq!(player.used(LimitKind::StakeDay).await, used);
        assert_eq!(player.refused(2 * SOL).await.is_some(), used > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_over_the_broker_are_obeyed_and_their_repeats_are_not() {
    let branch = Branch::open(1).await;
    let account = branch.bank.account(100 * SOL).await;
    let limit =
        |lamports| SetLimit { account_id: account.bytes(), kind: LimitKind::StakeDay.into(), lamports };
    let tight = chassis::Outgoing::command(&limit(Some(SOL))).into_message();
    branch.publish(std::slice::from_ref(&tight)).await;
    branch.send(&limit(Some(2 * SOL))).await;
    branch.send(&limit(Some(0))).await;
    let pool = branch.bank.db.pool().clone();
    let in_force = || async {
        let row: Option<i64> =
            sqlx::query_scalar("SELECT lamports FROM wallet.play_limit").fetch_optional(&pool).await.unwrap();
        row
    };
    eventually("the tightest", || async { in_force().await == Some(0) }).await;
    let items = vec![stake_hold(Uuid::now_v7(), account, room(), 1)];
    branch.publish(std::slice::from_ref(&tight)).await;
    branch.send(&HoldStakes { items }).await;
    eventually("an answer", || async { !branch.told::<StakesDecided>().is_empty() }).await;
    let told = refusal(&branch.told::<StakesDecided>()[0].items[0]);
    assert_eq!(told, named(RefusalCode::LimitStakeDay, &[("limit", 0), ("used", 0), ("stake", 1)]));
    let waiting = "SELECT count(*) FROM wallet.play_limit WHERE next_at IS NOT NULL";
    assert_eq!(branch.bank.count(waiting).await, 0, "the first wish was not wished again");
    assert_eq!(branch.dead_letters().await, [] as [String; 0]);
}

/// Random days of one player against a list of what happened.
#[tokio::test]
async fn windows_are_what_a_naive_count_over_everything_says() {
    struct Bet {
        hold: StakeHold,
        at: i64,
        ended: Option<(i64, i64)>,
    }
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        i64::try_from(seed % below).unwrap()
    };
    let player = Player::with(10_000 * SOL).await;
    let (day, week) = (30 * SOL, 20 * SOL);
    let (mut bets, mut hour): (Vec<Bet>, i64) = (Vec::new(), 0);
    let mut counts = [0_u32; 3];
    for step in 0..400 {
        if step == 40 {
            player.limit(LimitKind::StakeDay, Some(day)).await;
            player.limit(LimitKind::LossWeek, Some(week)).await;
        }
        match random(5) {
            0 => {
                let hours = 1 + random(20);
                player.advance(HOUR * u32::try_from(hours).unwrap()).await;
                hour += hours;
            }
            1 | 2 => {
                let mut open: Vec<&mut Bet> = bets.iter_mut().filter(|bet| bet.ended.is_none()).collect();
                if open.is_empty() {
                    continue;
                }
                let place = usize::try_from(random(open.len().try_into().unwrap())).unwrap();
                let bet = &mut open[place];
                let stake = bet.hold.lamports;
                let credit = [0, 0, 2 * stake, stake][usize::try_from(random(4)).unwrap()];
                if credit == stake && random(2) == 0 {
                    player.bank.release(&[stake_release(&bet.hold)]).await.unwrap();
                } else {
                    player.settle(&bet.hold, credit).await;
                }
                bet.ended = Some((hour, credit));
            }
            _ => {
                let stake = (1 + random(9)) * SOL;
                // A settlement at this very hour is on the edge of no window: clocks step by whole hours and run on.
                let whole = |bet: &&Bet| bet.ended.is_none_or(|(_, credit)| credit != bet.hold.lamports);
                let staked: i64 = bets
                    .iter()
                    .filter(whole)
                    .filter(|bet| hour - bet.at < 24)
                    .map(|bet| bet.hold.lamports)
                    .sum();
                let open: i64 =
                    bets.iter().filter(|bet| bet.ended.is_none()).map(|bet| bet.hold.lamports).sum();
                let lost: i64 = bets
                    .iter()
                    .filter_map(|bet| bet.ended.map(|(at, credit)| (at, bet.hold.lamports - credit)))
                    .filter(|(at, _)| hour - at < 7 * 24)
                    .map(|(_, lost)| lost)
                    .sum();
                let risk = lost.max(0) + open;
                let expected = match step {
                    ..40 => None,
                    _ if staked + stake > day => named(
                        RefusalCode::LimitStakeDay,
                        &[("limit", day), ("used", staked), ("stake", stake)],
                    ),
                    _ if risk + stake > week => named(
                        RefusalCode::LimitLossWeek,
                        &[("limit", week), ("used", risk), ("stake", stake)],
                    ),
                    _ => None,
                };
                let hold = player.bet(room(), stake);
                let refused = player.hold(&hold).await;
                assert_eq!(refused, expected, "step {step}");
                match refused.map(|refusal| refusal.code) {
                    None => {
                        counts[0] += 1;
                        bets.push(Bet { hold, at: hour, ended: None });
                    }
                    Some(RefusalCode::LimitStakeDay) => counts[1] += 1,
                    Some(_) => counts[2] += 1,
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 10), "all three happen: {counts:?}");
    player.bank.check().await;
}
