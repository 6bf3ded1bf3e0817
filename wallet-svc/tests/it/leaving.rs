//! Owners who leave, and what stays.

use crate::{
    bank::{Bank, chunk, stake_hold},
    world::{SOL, World, eventually},
};
use chassis::Delivery;
use prost::Message;
use proto::{
    AccountId, Decided, Refusal, RoomId,
    common::{Outcome, RefusalCode},
    wallet::{CloseAccount, CloseAccountDone},
};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use wallet_svc::{
    domain::ledger::{Account, Kind},
    leaving, store,
};

/// Obeys `close_account` as the writer would.
async fn close(bank: &Bank, account: AccountId, give_up: bool) -> Decided<CloseAccountDone> {
    let delivery = Delivery {
        id: Uuid::now_v7(),
        message: (),
        repeat: false,
        actor: account.to_string(),
        reply_to: "gateway".to_owned(),
        at: OffsetDateTime::UNIX_EPOCH,
        traceparent: String::new(),
    };
    let message = CloseAccount { account_id: account.bytes(), give_up };
    let mut unit = bank.unit().await;
    leaving::close_account(&mut unit, &delivery, &message).await.unwrap();
    unit.commit().await.unwrap();
    let body: Vec<u8> = sqlx::query_scalar("SELECT body FROM wallet.outcome WHERE command_id = $1")
        .bind(delivery.id)
        .fetch_one(bank.db.pool())
        .await
        .unwrap();
    Outcome::decode(body.as_slice()).unwrap().decided().unwrap()
}

async fn withdraw(bank: &Bank, account: AccountId, state: &'static str) -> Uuid {
    let id = Uuid::now_v7();
    let address = [account.bytes(), account.bytes()].concat();
    sqlx::query("INSERT INTO wallet.key (owner, address, sealed) VALUES ($1, $2, '') ON CONFLICT DO NOTHING")
        .bind(account.uuid())
        .bind(&address)
        .execute(bank.db.superuser())
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO wallet.withdrawal (id, account_id, address, lamports, fee, state, requested_at, held_until)
         SELECT $1, $2, $3, 30000, 10000, $4, now, now FROM wallet.db_clock() AS now",
    )
    .bind(id)
    .bind(account.uuid())
    .bind(&address)
    .bind(state)
    .execute(bank.db.superuser())
    .await
    .unwrap();
    id
}

fn busy(live_bets: i64, withdrawals: i64) -> Refusal {
    Refusal::new(RefusalCode::AccountBusy).with("live_bets", live_bets).with("withdrawals", withdrawals)
}

#[tokio::test]
async fn nobody_leaves_with_something_open_or_forgets_a_balance() {
    let bank = Bank::open().await;
    let account = bank.account(100).await;
    let (room, bet) = (RoomId::new(Uuid::now_v7()), Uuid::now_v7());
    bank.hold(&[stake_hold(bet, account, room, 40)]).await.unwrap();
    assert_eq!(close(&bank, account, true).await, Err(busy(1, 0)));
    let withdrawal = withdraw(&bank, account, "HELD").await;
    assert_eq!(close(&bank, account, true).await, Err(busy(1, 1)));
    bank.pay(&chunk(room, 0, 1, &[(bet, 40)])).await.unwrap();
    assert_eq!(close(&bank, account, true).await, Err(busy(0, 1)));
    sqlx::query("UPDATE wallet.withdrawal SET state = 'CANCELLED' WHERE id = $1")
        .bind(withdrawal)
        .execute(bank.db.superuser())
        .await
        .unwrap();
    let balance = Refusal::new(RefusalCode::AccountHasBalance).with("available", 100);
    assert_eq!(close(&bank, account, false).await, Err(balance));
    assert_eq!(bank.available(account).await, 100);

    assert_eq!(close(&bank, account, true).await.unwrap().given_up_lamports, 100);
    assert_eq!(bank.available(account).await, 0);
    assert_eq!(bank.balance(Account::house(Kind::Unclaimed)).await, 100);
    assert_eq!(close(&bank, account, true).await, Err(Refusal::new(RefusalCode::AccountClosed)));
    // The ledger is kept, and nobody bets with what is closed.
    let entries = "SELECT count(*) FROM wallet.entry WHERE kind = 1";
    assert_eq!(bank.count(entries).await, 4, "deposit, stake, stake back, given up");
    let decisions = bank.hold(&[stake_hold(Uuid::now_v7(), account, room, 1)]).await.unwrap();
    assert_eq!(decisions[0].refusal.as_ref().unwrap().code(), RefusalCode::AccountClosed);
    bank.check().await;
}

#[tokio::test]
async fn an_empty_account_is_closed_without_a_movement() {
    let bank = Bank::open().await;
    let account = bank.account(0).await;
    assert_eq!(close(&bank, account, false).await.unwrap().given_up_lamports, 0);
    assert_eq!(bank.count("SELECT count(*) FROM wallet.ledger_tx").await, 0);
    assert_eq!(
        close(&bank, AccountId::new(Uuid::now_v7()), true).await.unwrap_err().code,
        RefusalCode::AccountUnknown
    );
}

/// Over the chain: a deposit to the address of somebody who has left is swept like any other and belongs to nobody.
#[tokio::test]
async fn what_comes_after_the_owner_has_left_is_unclaimed() {
    let world = World::funded().await;
    let (account, address) = world.account().await;
    let mut unit = world.unit().await;
    let now = unit.now().await.unwrap();
    store::limit::watch(unit.conn(), account, now).await.unwrap();
    store::leaving::close(unit.conn(), account, now).await.unwrap();
    unit.commit().await.unwrap();
    let payer = world.outside.wallet(3 * SOL).await;
    world.outside.send(&payer, &[(address, SOL)]).await;
    let unclaimed = || async { world.balance(Account::house(Kind::Unclaimed)).await == SOL };
    eventually("unclaimed", unclaimed).await;
    assert_eq!(world.available(account).await, 0);
    eventually("swept", || async { world.lies_at(&address).await == 0 }).await;
    world.check_books().await;
}

#[tokio::test]
async fn an_export_has_everything_that_is_kept() {
    let bank = Bank::open().await;
    let account = bank.account(100).await;
    let (room, bet) = (RoomId::new(Uuid::now_v7()), Uuid::now_v7());
    bank.hold(&[stake_hold(bet, account, room, 40)]).await.unwrap();
    bank.pay(&chunk(room, 0, 1, &[(bet, 40)])).await.unwrap();
    let stranger = bank.account(7).await;
    withdraw(&bank, account, "HELD").await;
    bank.db.advance(Duration::from_secs(60)).await.unwrap();
    let export = store::leaving::export(&bank.db.pool().clone().into(), account).await.unwrap().unwrap();
    let list = |name: &str| export[name].as_array().unwrap().clone();
    let sum: i64 = list("entries").iter().map(|entry| entry["lamports"].as_i64().unwrap()).sum();
    assert_eq!((sum, &export["available_lamports"]), (100, &Value::from(100)));
    assert_eq!(list("entries").len(), 3);
    assert_eq!(list("stakes")[0]["bet_id"], bet.to_string());
    assert_eq!(list("stakes")[0]["credit_lamports"], 40);
    assert_eq!(list("withdrawals")[0]["state"], "HELD");
    assert!(!export.to_string().contains(&stranger.to_string()), "nothing of others");
    let nobody =
        store::leaving::export(&bank.db.pool().clone().into(), AccountId::new(Uuid::now_v7())).await.unwrap();
    assert_eq!(nobody, None);
}
