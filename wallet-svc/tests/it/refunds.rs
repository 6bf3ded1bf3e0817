//! Losing stakes repaid out of operators' capital: each once, only losses, and nothing where the capital is short.

use crate::{
    bank::{Bank, Branch, chunk, stake_hold},
    world::eventually,
};
use chassis::{Delivery, Fault};
use proto::{
    AccountId, DepositId, Lamports, RoomId,
    wallet::{CloseAccount, LimitKind, RefundLine, RefundStakes, StakesRefunded, TransferKind},
};
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::{
        ledger::{Account, Kind},
        limit,
    },
    leaving,
    movements::{
        capital,
        refund::{Refund, refund_chunk},
    },
    store,
};

/// A settled room: the first of three bets of 100 lamports won the other two.
struct Settled {
    room: RoomId,
    players: Vec<AccountId>,
    bets: Vec<Uuid>,
}

impl Settled {
    async fn in_bank(bank: &Bank) -> Self {
        let mut settled = Self { room: RoomId::new(Uuid::now_v7()), players: Vec::new(), bets: Vec::new() };
        let mut holds = Vec::new();
        for _ in 0..3 {
            let (player, bet) = (bank.account(100).await, Uuid::now_v7());
            holds.push(stake_hold(bet, player, settled.room, 100));
            settled.players.push(player);
            settled.bets.push(bet);
        }
        bank.hold(&holds).await.unwrap();
        let lines = [(settled.bets[0], 300), (settled.bets[1], 0), (settled.bets[2], 0)];
        bank.pay(&chunk(settled.room, 0, 1, &lines)).await.unwrap();
        settled
    }

    /// The two losing stakes in one part.
    fn refund(&self) -> RefundStakes {
        refund(self.room, 0, 1, &[(self.bets[1], 100), (self.bets[2], 100)])
    }

    async fn balances(&self, bank: &Bank) -> [i64; 5] {
        [
            bank.available(self.players[0]).await,
            bank.available(self.players[1]).await,
            bank.available(self.players[2]).await,
            bank.balance(Account::house(Kind::Capital)).await,
            bank.balance(Account::house(Kind::Unclaimed)).await,
        ]
    }
}

fn refund(room: RoomId, chunk: u32, chunks: u32, lines: &[(Uuid, i64)]) -> RefundStakes {
    let line =
        |(bet, lamports): &(Uuid, i64)| RefundLine { bet_id: bet.as_bytes().to_vec(), lamports: *lamports };
    RefundStakes { room_id: room.bytes(), chunk, chunks, lines: lines.iter().map(line).collect() }
}

async fn fill_up(bank: &Bank, lamports: i64) {
    let mut unit = bank.unit().await;
    capital::fill_up(&mut unit, DepositId::new(Uuid::now_v7()), Lamports::new(lamports)).await.unwrap();
    unit.commit().await.unwrap();
}

async fn repay(bank: &Bank, message: &RefundStakes) -> Result<Refund, Fault> {
    let mut unit = bank.unit().await;
    let refunded = refund_chunk(&mut unit, message).await?;
    unit.commit().await?;
    Ok(refunded)
}

#[tokio::test]
async fn a_losing_stake_is_repaid_once_and_winners_keep_theirs() {
    let bank = Bank::open().await;
    let settled = Settled::in_bank(&bank).await;
    fill_up(&bank, 1_000).await;
    let parts = [
        refund(settled.room, 0, 2, &[(settled.bets[1], 100)]),
        refund(settled.room, 1, 2, &[(settled.bets[2], 100)]),
    ];
    for _ in 0..2 {
        // In either order, and again.
        for part in parts.iter().rev() {
            assert_eq!(repay(&bank, part).await.unwrap(), Refund::Posted);
        }
    }
    assert_eq!(settled.balances(&bank).await, [300, 100, 100, 800, 0]);
    bank.check().await;
    // Whatever the part is called, a stake is repaid once, and nothing of a part that repays one again is posted.
    let other = Settled::in_bank(&bank).await;
    for again in [
        refund(settled.room, 2, 3, &[(settled.bets[1], 100)]),
        settled.refund(),
        refund(settled.room, 0, 2, &[(settled.bets[1], 99)]),
        refund(settled.room, 0, 2, &[(settled.bets[1], 100), (settled.bets[2], 100)]),
    ] {
        repay(&bank, &again).await.unwrap_err();
    }
    assert_eq!(settled.balances(&bank).await, [300, 100, 100, 800, 0]);
    assert_eq!(repay(&bank, &other.refund()).await.unwrap(), Refund::Posted);
    let (transfers, _) =
        store::transfer::of_account(&bank.db.pool().clone().into(), settled.players[1], 0, 1).await.unwrap();
    let newest = &transfers[0];
    assert_eq!((newest.kind(), newest.lamports), (TransferKind::Refund, 100));
    assert_eq!(newest.reference, settled.bets[1].as_bytes());
    bank.check().await;
}

#[tokio::test]
async fn only_losses_are_repaid_and_never_more_than_they_were() {
    let bank = Bank::open().await;
    let settled = Settled::in_bank(&bank).await;
    let other = Settled::in_bank(&bank).await;
    fill_up(&bank, 1_000).await;
    let open = (Uuid::now_v7(), bank.account(100).await);
    bank.hold(&[stake_hold(open.0, open.1, settled.room, 100)]).await.unwrap();
    let loss = (settled.bets[1], 100);
    for (what, lines) in [
        ("a winner", vec![loss, (settled.bets[0], 100)]),
        ("a bet of another room", vec![loss, (other.bets[1], 100)]),
        ("a bet that is not settled", vec![loss, (open.0, 100)]),
        ("an unknown bet", vec![loss, (Uuid::now_v7(), 100)]),
        ("more than the stake", vec![loss, (settled.bets[2], 101)]),
        ("nothing", vec![loss, (settled.bets[2], 0)]),
        ("less than nothing", vec![loss, (settled.bets[2], -1)]),
        ("a bet twice", vec![loss, loss]),
        ("no lines", vec![]),
    ] {
        assert!(repay(&bank, &refund(settled.room, 0, 1, &lines)).await.is_err(), "{what}");
    }
    assert!(repay(&bank, &refund(settled.room, 1, 1, &[loss])).await.is_err(), "a part after the last");
    assert_eq!(settled.balances(&bank).await, [300, 0, 0, 1_000, 0]);
    assert_eq!(bank.count("SELECT count(*) FROM wallet.refund").await, 0);
    // The database says the same.
    for (sql, what) in [
        (
            "INSERT INTO wallet.refund SELECT bet_id, room, 0, 1, now() FROM wallet.hold WHERE credit = 300",
            "won",
        ),
        (
            "INSERT INTO wallet.refund SELECT bet_id, room, 0, 101, now() FROM wallet.hold WHERE credit = 0",
            "more",
        ),
        (
            "INSERT INTO wallet.refund SELECT bet_id, room, 0, 1, now() FROM wallet.hold WHERE state = 1",
            "open",
        ),
    ] {
        let error = sqlx::query(sql).execute(bank.db.pool()).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("23514"), "{what}: {error}");
    }
    bank.check().await;
}

#[tokio::test]
async fn short_capital_posts_nothing_and_the_same_part_is_posted_later() {
    let bank = Bank::open().await;
    let settled = Settled::in_bank(&bank).await;
    fill_up(&bank, 199).await;
    for _ in 0..2 {
        assert_eq!(repay(&bank, &settled.refund()).await.unwrap(), Refund::AwaitingFunds);
    }
    assert_eq!(settled.balances(&bank).await, [300, 0, 0, 199, 0]);
    assert_eq!(bank.count("SELECT count(*) FROM wallet.refund").await, 0);
    fill_up(&bank, 1).await;
    assert_eq!(repay(&bank, &settled.refund()).await.unwrap(), Refund::Posted);
    assert_eq!(settled.balances(&bank).await, [300, 100, 100, 0, 0]);
    bank.check().await;
}

#[tokio::test]
async fn what_belonged_to_somebody_who_left_is_unclaimed() {
    let bank = Bank::open().await;
    let settled = Settled::in_bank(&bank).await;
    fill_up(&bank, 1_000).await;
    let left = settled.players[2];
    let delivery = Delivery {
        id: Uuid::now_v7(),
        message: (),
        repeat: false,
        actor: left.to_string(),
        reply_to: "gateway".to_owned(),
        at: OffsetDateTime::UNIX_EPOCH,
        traceparent: String::new(),
    };
    let close = CloseAccount { account_id: left.bytes(), give_up: false };
    let mut unit = bank.unit().await;
    leaving::close_account(&mut unit, &delivery, &close).await.unwrap();
    unit.commit().await.unwrap();

    assert_eq!(repay(&bank, &settled.refund()).await.unwrap(), Refund::Posted);
    assert_eq!(settled.balances(&bank).await, [300, 100, 0, 800, 100]);
    // Somebody who leaves afterwards changes nothing about a repeat.
    assert_eq!(repay(&bank, &settled.refund()).await.unwrap(), Refund::Posted);
    assert_eq!(settled.balances(&bank).await, [300, 100, 0, 800, 100]);
    bank.check().await;
}

/// A stake that was repaid is no loss any more.
#[tokio::test]
async fn a_refund_takes_the_loss_out_of_the_week() {
    let bank = Bank::open().await;
    let settled = Settled::in_bank(&bank).await;
    fill_up(&bank, 1_000).await;
    let player = settled.players[1];
    let lost = async || {
        let mut unit = bank.unit().await;
        let now = unit.now().await.unwrap();
        store::limit::watch(unit.conn(), player, now).await.unwrap();
        let limit = limit::Limit { lamports: Some(Lamports::new(1_000)), next: None };
        store::limit::set(unit.conn(), player, limit::Kind::from_wire(LimitKind::LossWeek).unwrap(), &limit)
            .await
            .unwrap();
        let players = store::limit::players(unit.conn(), &[player.uuid()], now).await.unwrap();
        unit.commit().await.unwrap();
        players[&player].window.lost.get()
    };
    assert_eq!(lost().await, 100);
    assert_eq!(repay(&bank, &settled.refund()).await.unwrap(), Refund::Posted);
    assert_eq!(lost().await, 0);
}

/// Over the broker, with two replicas: every part is answered however often it comes, short ones with that, and a part
/// that does not fit is put aside for a person.
#[tokio::test(flavor = "multi_thread")]
async fn parts_are_answered_until_they_are_posted() {
    let mut branch = Branch::open(2).await;
    let settled = Settled::in_bank(&branch.bank).await;
    let parts = [
        refund(settled.room, 0, 2, &[(settled.bets[1], 100)]),
        refund(settled.room, 1, 2, &[(settled.bets[2], 100)]),
    ];
    fill_up(&branch.bank, 100).await;
    for _ in 0..3 {
        for part in &parts {
            branch.send(part).await;
        }
    }
    let told = |branch: &Branch, awaiting: bool| {
        let all = branch.told::<StakesRefunded>();
        all.iter().filter(|told| told.awaiting_funds == awaiting).count()
    };
    eventually("answered", || async { told(&branch, true) + told(&branch, false) == 6 }).await;
    assert_eq!((told(&branch, true), told(&branch, false)), (3, 3), "there is capital for one of them");
    fill_up(&branch.bank, 100).await;
    for part in &parts {
        branch.send(part).await;
    }
    eventually("posted", || async { told(&branch, false) == 5 }).await;
    branch.send(&refund(settled.room, 0, 1, &[(settled.bets[0], 100)])).await;
    eventually("put aside", || async { branch.dead_letters().await.len() == 1 }).await;
    assert_eq!(branch.deadlocks().await, 0);
    assert_eq!(settled.balances(&branch.bank).await, [300, 100, 100, 0, 0]);
    let audited = "SELECT count(*) FROM wallet.audit WHERE action = 'refund_stakes'";
    assert_eq!(branch.bank.count(audited).await, 2);
    branch.bank.check().await;
}
