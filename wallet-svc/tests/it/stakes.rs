//! Holds and releases: decided once and for ever, whatever comes in whatever order.

use crate::{
    bank::{Bank, Branch, stake_hold, stake_release},
    world::eventually,
};
use chassis::Outgoing;
use proto::{
    AccountId, RoomId,
    common::RefusalCode,
    frame,
    wallet::{HoldStakes, ReleaseStakes, StakeDecision, StakeHold, StakeState, StakesDecided},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn states(decisions: &[StakeDecision]) -> Vec<StakeState> {
    decisions.iter().map(StakeDecision::state).collect()
}

fn room() -> RoomId {
    RoomId::new(Uuid::now_v7())
}

#[tokio::test]
async fn a_hold_after_its_release_is_refused() {
    let bank = Bank::open().await;
    let (account, room) = (bank.account(100).await, room());
    let hold = stake_hold(Uuid::now_v7(), account, room, 60);
    assert_eq!(states(&bank.release(&[stake_release(&hold)]).await.unwrap()), [StakeState::Released]);
    for _ in 0..2 {
        let decisions = bank.hold(std::slice::from_ref(&hold)).await.unwrap();
        assert_eq!(states(&decisions), [StakeState::Refused]);
        assert_eq!(decisions[0].refusal.as_ref().unwrap().code(), RefusalCode::BetHoldLate);
    }
    assert_eq!((bank.available(account).await, bank.escrow(room).await), (100, 0));

    // One that was held and given back is not held again either.
    let hold = stake_hold(Uuid::now_v7(), account, room, 60);
    assert_eq!(states(&bank.hold(std::slice::from_ref(&hold)).await.unwrap()), [StakeState::Held]);
    for _ in 0..2 {
        assert_eq!(states(&bank.release(&[stake_release(&hold)]).await.unwrap()), [StakeState::Released]);
    }
    assert_eq!(states(&bank.hold(std::slice::from_ref(&hold)).await.unwrap()), [StakeState::Refused]);
    assert_eq!((bank.available(account).await, bank.escrow(room).await), (100, 0));
    bank.check().await;
}

#[tokio::test]
async fn the_same_hold_twice_is_held_once() {
    let bank = Bank::open().await;
    let (account, room) = (bank.account(100).await, room());
    let hold = stake_hold(Uuid::now_v7(), account, room, 60);
    let twice = [hold.clone(), hold.clone()];
    // Twice in a list, in two lists of one transaction, and in transactions of their own.
    let decisions = bank.hold_lists(&[&twice, &twice[..1]]).await.unwrap();
    assert_eq!(states(&decisions), [StakeState::Held; 3]);
    for _ in 0..2 {
        assert_eq!(states(&bank.hold(&twice[..1]).await.unwrap()), [StakeState::Held]);
    }
    assert_eq!((bank.available(account).await, bank.escrow(room).await), (40, 60));
    assert_eq!(bank.count("SELECT count(*) FROM wallet.entry WHERE movement = 2").await, 2);
    bank.check().await;
}

#[tokio::test]
async fn a_refusal_stands_when_the_money_comes_later() {
    let bank = Bank::open().await;
    let (poor, nobody, room) = (bank.account(59).await, AccountId::new(Uuid::now_v7()), room());
    let list = [stake_hold(Uuid::now_v7(), poor, room, 60), stake_hold(Uuid::now_v7(), nobody, room, 60)];
    for _ in 0..2 {
        let decisions = bank.hold(&list).await.unwrap();
        let codes = decisions.iter().map(|one| one.refusal.as_ref().unwrap().code()).collect::<Vec<_>>();
        assert_eq!(codes, [RefusalCode::BetNotEnough, RefusalCode::AccountUnknown]);
        bank.deposit(poor, 100).await;
    }
    assert_eq!((bank.available(poor).await, bank.escrow(room).await), (259, 0));
    bank.check().await;
}

#[tokio::test]
async fn another_body_for_the_same_bet_is_put_aside_and_its_neighbours_are_not() {
    let branch = Branch::open(1).await;
    let (account, other, room) = (branch.bank.account(500).await, branch.bank.account(500).await, room());
    let hold = stake_hold(Uuid::now_v7(), account, room, 60);
    branch.send(&HoldStakes { items: vec![hold.clone()] }).await;
    eventually("held", || async { !branch.told::<StakesDecided>().is_empty() }).await;
    let changed: [fn(&mut StakeHold, AccountId); 3] = [
        |hold, _| hold.lamports = 61,
        |hold, _| hold.room_id = RoomId::new(Uuid::now_v7()).bytes(),
        |hold, other| hold.account_id = other.bytes(),
    ];
    for (index, change) in changed.into_iter().enumerate() {
        let mut body = hold.clone();
        change(&mut body, other);
        let neighbour = stake_hold(Uuid::now_v7(), other, room, 10);
        let lists = [vec![body], vec![neighbour.clone()]];
        let messages = lists.map(|items| Outgoing::command(&HoldStakes { items }).into_message());
        branch.publish(&messages).await;
        eventually("put aside", || async { branch.dead_letters().await.len() == index + 1 }).await;
        let held = |decided: &StakesDecided| decided.items.iter().any(|item| item.bet_id == neighbour.bet_id);
        eventually("the neighbour", || async { branch.told::<StakesDecided>().iter().any(held) }).await;
    }
    for reason in branch.dead_letters().await {
        assert!(reason.contains("came with another body"), "{reason}");
    }
    assert_eq!(branch.bank.available(account).await, 440);
    assert_eq!((branch.bank.available(other).await, branch.bank.escrow(room).await), (470, 90));
    branch.bank.check().await;
}

#[tokio::test]
async fn a_list_is_answered_by_one_list_each_time_it_comes() {
    let branch = Branch::open(1).await;
    let (account, room) = (branch.bank.account(100).await, room());
    let items: Vec<StakeHold> =
        [60, 50, 40].map(|lamports| stake_hold(Uuid::now_v7(), account, room, lamports)).to_vec();
    let wanted: Vec<Vec<u8>> = items.iter().map(|item| item.bet_id.clone()).collect();
    for round in 1..=3 {
        branch.send(&HoldStakes { items: items.clone() }).await;
        eventually("an answer", || async { branch.told::<StakesDecided>().len() == round }).await;
    }
    for decided in branch.told::<StakesDecided>() {
        assert_eq!(decided.items.iter().map(|item| item.bet_id.clone()).collect::<Vec<_>>(), wanted);
        assert_eq!(states(&decided.items), [StakeState::Held, StakeState::Refused, StakeState::Held]);
    }
    branch.send(&ReleaseStakes { items: items.iter().map(stake_release).collect() }).await;
    eventually("released", || async { branch.told::<StakesDecided>().len() == 4 }).await;
    assert_eq!(states(&branch.told::<StakesDecided>()[3].items), [StakeState::Released; 3]);
    assert_eq!((branch.bank.available(account).await, branch.bank.escrow(room).await), (100, 0));
    branch.bank.check().await;
}

/// Two replicas meet: one holds stakes of some accounts and rooms and gives back those of others, the
/// other the other way round. Then all of it comes once more, in any order.
#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_come_to_the_same_balances_without_deadlocks() {
    let mut branch = Branch::open(2).await;
    let rooms: Vec<RoomId> = (0..10).map(|_| room()).collect();
    let mut accounts = Vec::new();
    for _ in 0..40 {
        accounts.push(branch.bank.account(1_000_000).await);
    }
    // What is to come to the one replica, and to the other.
    let mut dealt: [Vec<frame::Message>; 2] = Default::default();
    let (mut again, mut released): (Vec<frame::Message>, BTreeSet<Uuid>) = (Vec::new(), BTreeSet::new());
    let mut holds: BTreeMap<Uuid, (usize, usize, i64)> = BTreeMap::new();
    for list in 0..60_usize {
        let mut items = Vec::new();
        for place in 0..50_usize {
            // Each list walks through its half of the accounts and rooms with another stride.
            let step = list + place * (1 + 2 * (list % 7));
            let half = list % 2;
            let (account, room) = (20 * half + step % 20, 5 * half + step % 5);
            let bet = Uuid::now_v7();
            let lamports = i64::try_from(1 + list + place).unwrap();
            holds.insert(bet, (account, room, lamports));
            items.push(stake_hold(bet, accounts[account], rooms[room], lamports));
        }
        let back: Vec<_> = items.iter().step_by(2).map(stake_release).collect();
        released.extend(back.iter().map(|item| Uuid::from_slice(&item.bet_id).unwrap()));
        let (hold, release) = (HoldStakes { items }, ReleaseStakes { items: back });
        dealt[list % 2].push(Outgoing::command(&hold).into_message());
        dealt[1 - list % 2].push(Outgoing::command(&release).into_message());
        again.push(Outgoing::command(&hold).into_message());
        again.push(Outgoing::command(&release).into_message());
    }
    let [one, other] = dealt;
    branch.meet(&one.into_iter().zip(other).flat_map(|(one, other)| [one, other]).collect::<Vec<_>>()).await;
    let pool = branch.bank.db.pool().clone();
    let obeyed = async || {
        let inbox = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM wallet.inbox");
        inbox.fetch_one(&pool).await.unwrap()
    };
    eventually("the first round obeyed", || async { obeyed().await == 120 }).await;
    // In the order of hashes: a shuffle.
    again.sort_by_key(|message| Uuid::new_v5(&Uuid::nil(), &message.id));
    for part in again.chunks(30) {
        branch.publish(part).await;
    }
    eventually("all obeyed", || async { obeyed().await == 240 }).await;
    let mut balances = vec![1_000_000; 40];
    let mut escrows = vec![0; 10];
    for (bet, (account, room, lamports)) in &holds {
        if !released.contains(bet) {
            balances[*account] -= lamports;
            escrows[*room] += lamports;
        }
    }
    assert_eq!(branch.deadlocks().await, 0);
    for (account, expected) in accounts.iter().zip(balances) {
        assert_eq!(branch.bank.available(*account).await, expected);
    }
    for (room, expected) in rooms.iter().zip(escrows) {
        assert_eq!(branch.bank.escrow(*room).await, expected);
    }
    assert_eq!(branch.dead_letters().await, [] as [String; 0]);
    branch.bank.check().await;
}
