//! Credits of a settlement: each line once, all lines or none, and nothing left behind.

use crate::{
    bank::{Bank, Branch, chunk, stake_hold, stake_release},
    world::eventually,
};
use proto::{
    AccountId, RoomId,
    wallet::{PayoutLine, PayoutsPosted, PostPayouts, TransferKind},
};
use uuid::Uuid;
use wallet_svc::{movements::payout::Chunk, store::transfer};

/// A room with three bets of 100 lamports, whose players have nothing left.
struct Table {
    room: RoomId,
    players: Vec<AccountId>,
    bets: Vec<Uuid>,
}

impl Table {
    async fn set(bank: &Bank) -> Self {
        let mut table = Self { room: RoomId::new(Uuid::now_v7()), players: Vec::new(), bets: Vec::new() };
        for _ in 0..3 {
            table.players.push(bank.account(100).await);
            table.bets.push(Uuid::now_v7());
        }
        let holds: Vec<_> = table
            .bets
            .iter()
            .zip(&table.players)
            .map(|(bet, player)| stake_hold(*bet, *player, table.room, 100))
            .collect();
        bank.hold(&holds).await.unwrap();
        table
    }

    fn lines(&self, credits: &[i64]) -> Vec<(Uuid, i64)> {
        self.bets.iter().copied().zip(credits.iter().copied()).collect()
    }

    async fn balances(&self, bank: &Bank) -> Vec<i64> {
        let mut balances = Vec::new();
        for player in &self.players {
            balances.push(bank.available(*player).await);
        }
        balances.push(bank.escrow(self.room).await);
        balances
    }
}

#[tokio::test]
async fn a_chunk_repeated_pays_once() {
    let bank = Bank::open().await;
    let table = Table::set(&bank).await;
    let lines = table.lines(&[200, 100, 0]);
    let chunks = [chunk(table.room, 0, 2, &lines[..2]), chunk(table.room, 1, 2, &lines[2..])];
    for _ in 0..2 {
        for chunk in &chunks {
            assert_eq!(bank.pay(chunk).await.unwrap(), Chunk::Posted);
        }
    }
    assert_eq!(table.balances(&bank).await, [200, 100, 0, 0]);
    assert_eq!(bank.count("SELECT count(*) FROM wallet.hold WHERE state = 4").await, 3);
    bank.check().await;

    // The same chunk with another body is nobody's chunk.
    for credits in [[199, 101, 0], [100, 200, 0]] {
        let lines = table.lines(&credits);
        bank.pay(&chunk(table.room, 0, 2, &lines[..2])).await.unwrap_err();
    }
    bank.release(&[stake_release(&stake_hold(table.bets[0], table.players[0], table.room, 100))])
        .await
        .unwrap_err();
    assert_eq!(table.balances(&bank).await, [200, 100, 0, 0]);
}

#[tokio::test]
async fn the_last_chunk_takes_the_fees_and_a_host_without_an_account_has_none() {
    let bank = Bank::open().await;
    for (host, protocol, hosts) in [(Some(bank.account(0).await), 4, 2), (None, 6, 0)] {
        let table = Table::set(&bank).await;
        let before = bank.fees().await;
        let host_account_id = host.unwrap_or(AccountId::new(Uuid::now_v7())).bytes();
        let last = PostPayouts {
            protocol_fee_lamports: 4,
            host_fee_lamports: 2,
            host_account_id,
            ..chunk(table.room, 0, 1, &table.lines(&[294, 0, 0]))
        };
        assert_eq!(bank.pay(&last).await.unwrap(), Chunk::Posted);
        assert_eq!(table.balances(&bank).await, [294, 0, 0, 0]);
        assert_eq!(bank.fees().await - before, protocol);
        if let Some(host) = host {
            assert_eq!(bank.available(host).await, hosts);
        }
    }
    bank.check().await;
}

#[tokio::test]
async fn the_last_chunk_waits_for_the_others_and_for_a_release_in_flight() {
    let bank = Bank::open().await;
    let table = Table::set(&bank).await;
    let late = (Uuid::now_v7(), bank.account(100).await);
    let hold = stake_hold(late.0, late.1, table.room, 100);
    bank.hold(std::slice::from_ref(&hold)).await.unwrap();
    let lines = table.lines(&[200, 100, 0]);
    let (first, last) = (chunk(table.room, 0, 2, &lines[..1]), chunk(table.room, 1, 2, &lines[1..]));
    assert_eq!(bank.pay(&last).await.unwrap(), Chunk::TooEarly);
    assert_eq!(bank.pay(&first).await.unwrap(), Chunk::Posted);
    assert_eq!(bank.pay(&last).await.unwrap(), Chunk::TooEarly, "a stake is not released yet");
    assert_eq!(table.balances(&bank).await, [200, 0, 0, 200]);
    bank.release(&[stake_release(&hold)]).await.unwrap();
    assert_eq!(bank.pay(&last).await.unwrap(), Chunk::Posted);
    assert_eq!(table.balances(&bank).await, [200, 100, 0, 0]);
    assert_eq!(bank.available(late.1).await, 100);
    bank.check().await;
}

/// Players read what became of a stake in their transfers: a void room gives stakes back.
#[tokio::test]
async fn transfers_tell_a_payout_from_a_stake_returned_and_a_host_fee() {
    let bank = Bank::open().await;
    let (table, host) = (Table::set(&bank).await, bank.account(0).await);
    let settled = PostPayouts {
        protocol_fee_lamports: 4,
        host_fee_lamports: 2,
        host_account_id: host.bytes(),
        ..chunk(table.room, 0, 1, &table.lines(&[194, 100, 0]))
    };
    assert_eq!(bank.pay(&settled).await.unwrap(), Chunk::Posted);
    let newest = async |account| {
        let (transfers, _) =
            transfer::of_account(&bank.db.pool().clone().into(), account, 0, 1).await.unwrap();
        (transfers[0].kind(), transfers[0].lamports)
    };
    assert_eq!(newest(table.players[0]).await, (TransferKind::Payout, 194));
    assert_eq!(newest(table.players[1]).await, (TransferKind::StakeReturned, 100));
    assert_eq!(newest(table.players[2]).await, (TransferKind::Stake, -100));
    assert_eq!(newest(host).await, (TransferKind::HostFee, 2));
}

#[tokio::test]
async fn a_room_without_bets_has_one_chunk_without_lines() {
    let bank = Bank::open().await;
    let room = RoomId::new(Uuid::now_v7());
    for _ in 0..2 {
        assert_eq!(bank.pay(&chunk(room, 0, 1, &[])).await.unwrap(), Chunk::Posted);
    }
    assert_eq!(bank.escrow(room).await, 0);
    bank.check().await;
}

#[tokio::test]
async fn a_chunk_that_does_not_fit_changes_nothing() {
    let bank = Bank::open().await;
    let (table, other) = (Table::set(&bank).await, Table::set(&bank).await);
    let released = stake_hold(Uuid::now_v7(), bank.account(100).await, table.room, 100);
    bank.hold(std::slice::from_ref(&released)).await.unwrap();
    bank.release(&[stake_release(&released)]).await.unwrap();
    let refused = stake_hold(Uuid::now_v7(), bank.account(1).await, table.room, 100);
    bank.hold(std::slice::from_ref(&refused)).await.unwrap();
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap();

    let whole = table.lines(&[100, 100, 100]);
    let and = |line: (Uuid, i64)| [whole.as_slice(), &[line]].concat();
    let room = table.room;
    let wrong = [
        ("an unknown bet", chunk(room, 0, 1, &and((Uuid::now_v7(), 0)))),
        ("a bet of another room", chunk(room, 0, 1, &and((other.bets[0], 0)))),
        ("a released bet", chunk(room, 0, 1, &and((id(&released.bet_id), 0)))),
        ("a refused bet", chunk(room, 0, 1, &and((id(&refused.bet_id), 0)))),
        ("a bet twice", chunk(room, 0, 1, &and((table.bets[0], 0)))),
        ("more than there is", chunk(room, 0, 1, &table.lines(&[100, 100, 101]))),
        ("more than there is, not last", chunk(room, 0, 2, &table.lines(&[301]))),
        ("less than there is", chunk(room, 0, 1, &table.lines(&[100, 100, 99]))),
        ("a negative credit", chunk(room, 0, 1, &table.lines(&[201, 100, -1]))),
        (
            "a negative fee",
            PostPayouts { protocol_fee_lamports: -1, ..chunk(room, 0, 1, &table.lines(&[101, 100, 100])) },
        ),
        ("sums beyond the ledger", chunk(room, 0, 1, &table.lines(&[i64::MAX, i64::MAX, 2]))),
        ("a chunk after the last", chunk(room, 1, 1, &whole)),
        (
            "a line without a bet",
            PostPayouts { lines: vec![PayoutLine::default()], ..chunk(room, 0, 1, &[]) },
        ),
    ];
    let before = (table.balances(&bank).await, other.balances(&bank).await);
    for (what, message) in wrong {
        assert!(bank.pay(&message).await.is_err(), "{what}");
        assert_eq!((table.balances(&bank).await, other.balances(&bank).await), before, "{what}");
        assert_eq!(bank.count("SELECT count(*) FROM wallet.hold WHERE state = 4").await, 0, "{what}");
        assert_eq!(bank.count("SELECT count(*) FROM wallet.ledger_tx WHERE movement = 4").await, 0, "{what}");
    }
    bank.check().await;
    assert_eq!(bank.pay(&chunk(room, 0, 1, &whole)).await.unwrap(), Chunk::Posted);
    assert_eq!(table.balances(&bank).await, [100, 100, 100, 0]);
}

/// Over the broker: the last chunk comes first and is posted when the others are, every repeat is
/// answered, and a chunk that does not fit is put aside for a person.
#[tokio::test(flavor = "multi_thread")]
async fn chunks_in_any_order_are_posted_and_answered() {
    let mut branch = Branch::open(2).await;
    let table = Table::set(&branch.bank).await;
    let lines = table.lines(&[150, 150, 0]);
    let chunks: Vec<_> = (0..3)
        .map(|part| {
            let number = u32::try_from(part).unwrap();
            chunk(table.room, number, 3, &lines[part..=part])
        })
        .collect();
    branch.send(&chunks[2]).await;
    branch.send(&chunk(table.room, 0, 3, &table.lines(&[301]))).await;
    eventually("put aside", || async { branch.dead_letters().await.len() == 1 }).await;
    assert_eq!(branch.told::<PayoutsPosted>().len(), 0, "the last waits, the wrong one is put aside");
    branch.send(&chunks[1]).await;
    branch.send(&chunks[0]).await;
    let posted = |branch: &Branch| {
        let mut posted: Vec<u32> = branch.told::<PayoutsPosted>().iter().map(|told| told.chunk).collect();
        posted.sort_unstable();
        posted
    };
    eventually("posted", || async { posted(&branch) == [0, 1, 2] }).await;
    // Four writers meet the repeats side by side.
    for chunk in chunks.iter().cycle().take(12) {
        branch.send(chunk).await;
    }
    eventually("posted again", || async { posted(&branch).len() == 15 }).await;
    assert_eq!(branch.deadlocks().await, 0);
    assert_eq!(table.balances(&branch.bank).await, [150, 150, 0, 0]);
    assert_eq!(branch.dead_letters().await.len(), 1);
    branch.bank.check().await;
}
