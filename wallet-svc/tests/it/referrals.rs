//! What goes to those who brought the winners: with their chunk, once, and never to who has no part in the takeout.

use crate::bank::{Bank, Branch, chunk, stake_hold};
use crate::world::{SOL, eventually};
use proto::{
    AccountId, RoomId,
    wallet::{PayoutsPosted, PostPayouts, ReferralCredit, TransferKind},
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wallet_svc::{movements::payout, movements::payout::Chunk, store::transfer};

fn credit(account: AccountId, level: u32, lamports: i64) -> ReferralCredit {
    ReferralCredit { account_id: account.bytes(), level, lamports }
}

/// A winner and a loser, each with the same stake in a room.
async fn bets(bank: &Bank, room: RoomId, stake: i64) -> [Uuid; 2] {
    let bets = [Uuid::now_v7(), Uuid::now_v7()];
    for bet in bets {
        let player = bank.account(stake).await;
        bank.hold(&[stake_hold(bet, player, room, stake)]).await.unwrap();
    }
    bets
}

/// The room of scenario 47: the winner of 10 against 10 has a chain of three.
fn settled(room: RoomId, [winner, loser]: [Uuid; 2], chain: &[AccountId; 3]) -> PostPayouts {
    let parts = [45_000_000, 15_000_000, 6_000_000];
    let referrals = (1..).zip(chain).zip(parts).map(|((level, account), part)| credit(*account, level, part));
    PostPayouts {
        protocol_fee_lamports: 200_000_000 - parts.iter().sum::<i64>(),
        host_fee_lamports: 100_000_000,
        referrals: referrals.collect(),
        ..chunk(room, 0, 1, &[(winner, 20 * SOL - 300_000_000), (loser, 0)])
    }
}

async fn withheld(bank: &Bank, chunk: &PostPayouts) -> Vec<u32> {
    let withheld = payout::withheld(&mut bank.unit().await, chunk).await.unwrap();
    withheld.iter().map(|credit| credit.level).collect()
}

#[tokio::test]
async fn scenario_46_the_host_gets_0_10_of_a_losing_pool_of_10() {
    let bank = Bank::open().await;
    for (host, hosts, houses) in [
        (Some(bank.account(0).await), SOL / 10, SOL / 5),
        (None, 0, 3 * SOL / 10),
        (Some(AccountId::new(Uuid::now_v7())), 0, 3 * SOL / 10),
    ] {
        let room = RoomId::new(Uuid::now_v7());
        let before = bank.fees().await;
        let [winner, loser] = bets(&bank, room, 10 * SOL).await;
        let all = PostPayouts {
            protocol_fee_lamports: SOL / 5,
            host_fee_lamports: SOL / 10,
            host_account_id: host.map(AccountId::bytes).unwrap_or_default(),
            ..chunk(room, 0, 1, &[(winner, 20 * SOL - 3 * SOL / 10), (loser, 0)])
        };
        assert_eq!(bank.pay(&all).await.unwrap(), Chunk::Posted);
        if let Some(host) = host {
            assert_eq!(bank.available(host).await, hosts);
        }
        assert_eq!(bank.fees().await - before, houses);
        assert_eq!(bank.escrow(room).await, 0);
    }
    bank.check().await;
}

#[tokio::test]
async fn scenario_47_a_chain_of_three_is_paid_once_out_of_the_fee() {
    let bank = Bank::open().await;
    let room = RoomId::new(Uuid::now_v7());
    let chain = [bank.account(0).await, bank.account(0).await, bank.account(0).await];
    let all = settled(room, bets(&bank, room, 10 * SOL).await, &chain);
    for _ in 0..2 {
        assert_eq!(bank.pay(&all).await.unwrap(), Chunk::Posted);
        assert_eq!(withheld(&bank, &all).await, [] as [u32; 0]);
    }
    for (account, part) in chain.into_iter().zip([45_000_000, 15_000_000, 6_000_000]) {
        assert_eq!(bank.available(account).await, part);
        let (transfers, total) =
            transfer::of_account(&bank.db.pool().clone().into(), account, 0, 5).await.unwrap();
        assert_eq!((transfers[0].kind(), transfers[0].lamports, total), (TransferKind::Referral, part, 1));
        assert_eq!(transfers[0].reference, room.bytes());
    }
    assert_eq!(bank.fees().await, 234_000_000, "what is left of 0.20, and the part of a host who is none");
    assert_eq!(bank.escrow(room).await, 0);
    bank.check().await;
}

/// Left, excluded, never seen: in turn at each level. Later repeats are told what happened then.
#[tokio::test]
async fn who_has_no_part_in_the_takeout_leaves_it_to_the_protocol() {
    let bank = Bank::open().await;
    let out = |column: &str, account: AccountId| {
        let sql = format!(
            "INSERT INTO wallet.player (account, {column}) VALUES ('{account}', wallet.db_clock() + interval '1 day')"
        );
        sqlx::query(AssertSqlSafe(sql)).execute(bank.db.superuser())
    };
    let (left, excluded) = (bank.account(0).await, bank.account(0).await);
    out("closed_at", left).await.unwrap();
    out("excluded_until", excluded).await.unwrap();
    let resting = bank.account(0).await;
    out("cool_off_until", resting).await.unwrap();
    let unknown = AccountId::new(Uuid::now_v7());

    let room = RoomId::new(Uuid::now_v7());
    let all = settled(room, bets(&bank, room, 10 * SOL).await, &[left, resting, excluded]);
    assert_eq!(bank.pay(&all).await.unwrap(), Chunk::Posted);
    assert_eq!(bank.available(resting).await, 15_000_000, "a break of days does not end it");
    assert_eq!(bank.available(left).await + bank.available(excluded).await, 0);
    assert_eq!(withheld(&bank, &all).await, [1, 3]);
    assert_eq!(bank.fees().await, 300_000_000 - 15_000_000);

    let room = RoomId::new(Uuid::now_v7());
    let next = settled(room, bets(&bank, room, 10 * SOL).await, &[resting, unknown, resting]);
    assert_eq!(bank.pay(&next).await.unwrap(), Chunk::Posted);
    assert_eq!(bank.available(resting).await, 15_000_000 + 51_000_000, "one account at two levels");
    assert_eq!(withheld(&bank, &next).await, [2]);

    // Who earned then and leaves, or could not and comes back: the same chunk is the same chunk.
    let over = format!("UPDATE wallet.player SET closed_at = wallet.db_clock() WHERE account = '{resting}'");
    sqlx::query(AssertSqlSafe(over)).execute(bank.db.superuser()).await.unwrap();
    bank.db.advance(std::time::Duration::from_secs(2 * 86_400)).await.unwrap();
    for (chunk, gone) in [(&all, vec![1, 3]), (&next, vec![2])] {
        assert_eq!(bank.pay(chunk).await.unwrap(), Chunk::Posted);
        assert_eq!(withheld(&bank, chunk).await, gone);
    }
    let mut changed = all.clone();
    changed.referrals[0].lamports += 1;
    changed.protocol_fee_lamports -= 1;
    bank.pay(&changed).await.unwrap_err();
    assert_eq!(bank.available(resting).await, 66_000_000);
    bank.check().await;
}

#[tokio::test]
async fn referrals_that_do_not_fit_change_nothing() {
    let bank = Bank::open().await;
    let room = RoomId::new(Uuid::now_v7());
    let [winner, loser] = bets(&bank, room, 100).await;
    let friend = bank.account(0).await;
    let whole = PostPayouts {
        protocol_fee_lamports: 4,
        referrals: vec![credit(friend, 1, 2)],
        ..chunk(room, 0, 1, &[(winner, 194), (loser, 0)])
    };
    let with = |change: fn(&mut PostPayouts)| {
        let mut changed = whole.clone();
        change(&mut changed);
        changed
    };
    for (what, wrong) in [
        ("minted", with(|chunk| chunk.referrals[0].lamports = 3)),
        ("lost", with(|chunk| chunk.referrals[0].lamports = 1)),
        ("negative", with(|chunk| (chunk.referrals[0].lamports, chunk.protocol_fee_lamports) = (-2, 8))),
        ("nobody's", with(|chunk| chunk.referrals[0].account_id.clear())),
    ] {
        assert!(bank.pay(&wrong).await.is_err(), "{what}");
        assert_eq!((bank.escrow(room).await, bank.available(friend).await), (200, 0), "{what}");
    }
    assert_eq!(bank.pay(&whole).await.unwrap(), Chunk::Posted);
    assert_eq!((bank.escrow(room).await, bank.available(friend).await), (0, 2));
    bank.check().await;
}

/// Over the broker, in chunks: referrals go with the winners of each, and what was withheld is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_what_was_withheld() {
    let branch = Branch::open(2).await;
    let bank = &branch.bank;
    let room = RoomId::new(Uuid::now_v7());
    let [winner, loser] = bets(bank, room, 100).await;
    let (friend, stranger) = (bank.account(0).await, AccountId::new(Uuid::now_v7()));
    let first = PostPayouts {
        referrals: vec![credit(friend, 1, 2), credit(stranger, 2, 1)],
        ..chunk(room, 0, 2, &[(winner, 190)])
    };
    let last = PostPayouts { protocol_fee_lamports: 7, ..chunk(room, 1, 2, &[(loser, 0)]) };
    for _ in 0..2 {
        for chunk in [&first, &last] {
            branch.send(chunk).await;
        }
    }
    let told = || {
        let mut told = branch.told::<PayoutsPosted>();
        told.sort_by_key(|posted| posted.chunk);
        told
    };
    eventually("each answered twice", || async { told().len() == 4 }).await;
    let withheld: Vec<_> = told().into_iter().map(|posted| posted.withheld).collect();
    let stays = vec![credit(stranger, 2, 1)];
    assert_eq!(withheld, [stays.clone(), stays, vec![], vec![]]);
    assert_eq!((bank.available(friend).await, bank.fees().await, bank.escrow(room).await), (2, 8, 0));
    bank.check().await;
}
