//! What the ledger refuses, by its constraints and its code; `model` asks it for everything else.

use crate::bank::{Bank, stake_hold};
use proto::{Lamports, RoomId, common::RefusalCode, wallet::StakeState};
use std::time::Duration;
use uuid::Uuid;
use wallet_svc::{
    domain::ledger::{Account, Entry, Kind, Movement, MovementKind},
    store::{self, ledger::Posted},
};

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
