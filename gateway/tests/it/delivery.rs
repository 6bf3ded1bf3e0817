//! Messages out: notices, limits, faults of Telegram.

use crate::{stage::Stage, telegram::Fault};
use futures::StreamExt as _;
use prost::Message as _;
use proto::{
    gateway::{Deliver, Delivered},
    notifier::{Lane, Notice, NotificationState, notice::Kind},
    wallet::{DepositChanged, DepositState, Withdrawal},
};
use std::time::Duration;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;

pub fn of_withdrawal(withdrawal: Withdrawal) -> Notice {
    Notice { kind: Some(Kind::Withdrawal(withdrawal)) }
}

fn deposit(id: Uuid, state: DepositState) -> Notice {
    let change = DepositChanged {
        deposit_id: id.as_bytes().to_vec(),
        lamports: 2_000_000_000,
        signature: "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb".into(),
        state: state.into(),
        available_lamports: 2_000_000_000,
        ..DepositChanged::default()
    };
    Notice { kind: Some(Kind::Deposit(change)) }
}

fn command(id: Uuid, account_id: Vec<u8>, notice: Notice) -> Deliver {
    Deliver {
        notification_id: id.as_bytes().to_vec(),
        account_id,
        lane: Lane::Result.into(),
        notice: Some(notice),
        thread_key: String::new(),
        ..Deliver::default()
    }
}

/// Sends a notice as notifier-svc does; returns its id.
pub async fn deliver(stage: &Stage, chat: i64, notice: Notice) -> Uuid {
    let id = Uuid::now_v7();
    let account = stage.account_of(chat).await;
    stage.command(id, &command(id, account, notice), "").await;
    id
}

/// Tells an account of a credited deposit.
pub async fn credited(stage: &Stage, account: Vec<u8>) -> Uuid {
    let id = Uuid::now_v7();
    let notice = deposit(Uuid::now_v7(), DepositState::Credited);
    stage.command(id, &command(id, account, notice), "").await;
    id
}

pub async fn ended(stage: &Stage, id: Uuid, state: &str) {
    crate::eventually(&format!("the delivery is {state}"), || async {
        let row: Option<String> =
            sqlx::query_scalar("SELECT state FROM gateway.delivery WHERE notification_id = $1")
                .bind(id)
                .fetch_optional(stage.db.pool())
                .await
                .unwrap();
        row.as_deref() == Some(state)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_is_seen_and_credited_in_one_message_and_told_once() {
    let stage = Stage::set().await;
    let mut events = stage.follow("rooms.evt.gateway.delivered").await;
    let thing = Uuid::now_v7();
    let id = deliver(&stage, ANNA, deposit(thing, DepositState::Seen)).await;
    let seen = stage.telegram.sees(ANNA, "Deposit seen").await;
    let event = Delivered::decode(events.next().await.unwrap().payload).unwrap();
    assert_eq!(
        (event.notification_id.as_slice(), event.state()),
        (&id.as_bytes()[..], NotificationState::Sent)
    );

    deliver(&stage, ANNA, deposit(thing, DepositState::Credited)).await;
    let credited = stage.telegram.sees(ANNA, "Deposit credited").await;
    assert_eq!((credited.id, credited.edits), (seen.id, 1));
    events.next().await.unwrap();

    // Re-issued because the event was lost: the event comes again, the message does not.
    let account = stage.account_of(ANNA).await;
    stage.command(id, &command(id, account, deposit(thing, DepositState::Seen)), ":r1").await;
    let again = Delivered::decode(events.next().await.unwrap().payload).unwrap();
    assert_eq!(again, event);
    assert_eq!(stage.telegram.messages(ANNA).len(), 1);
    assert!(stage.telegram.messages(ANNA)[0].text.contains("credited"), "and what is newer stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_user_is_reported_and_stalls_nobody() {
    let stage = Stage::set().await;
    stage.account_of(ANNA).await;
    stage.telegram.inject("SendMessage", Fault::Blocked);
    let blocked = deliver(&stage, ANNA, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, blocked, "blocked").await;
    let other = deliver(&stage, ANNA + 1, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, other, "sent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_is_obeyed_and_the_notice_arrives() {
    let stage = Stage::set().await;
    stage.account_of(ANNA).await;
    let before = stage.telegram.calls("SendMessage").len();
    stage.telegram.inject("SendMessage", Fault::TooMany(2));
    let id = deliver(&stage, ANNA, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, id, "sent").await;
    let calls = stage.telegram.calls("SendMessage").split_off(before);
    assert_eq!(calls.len(), 2);
    assert!(calls[1] - calls[0] >= Duration::from_secs(2), "{:?}", calls[1] - calls[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_of_money_goes_out_again_after_an_unknown_outcome() {
    let stage = Stage::set().await;
    stage.account_of(ANNA).await;
    stage.telegram.inject("SendMessage", Fault::LoseAnswer);
    let id = deliver(&stage, ANNA, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, id, "sent").await;
    assert_eq!(stage.telegram.messages(ANNA).len(), 2, "rather twice than never");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_in_the_middle_of_a_call_survives_the_sender() {
    let mut stage = Stage::set().await;
    let id = deliver(&stage, ANNA, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, id, "sent").await;
    stage.stop().await;
    // As a sender leaves it that is killed between the call and its record.
    let (money, chatter) = (Uuid::now_v7(), Uuid::now_v7());
    for (copy, lane) in [(money, 2_i16), (chatter, 3)] {
        sqlx::query(
            "INSERT INTO gateway.delivery (notification_id, account_id, lane, notice, thread_version, state, not_before, created_at)
             SELECT $1, account_id, $2, notice, 0, 'sending', not_before, created_at FROM gateway.delivery WHERE notification_id = $3",
        )
        .bind(copy)
        .bind(lane)
        .bind(id)
        .execute(stage.db.pool())
        .await
        .unwrap();
    }
    stage.start().await;
    ended(&stage, money, "sent").await;
    ended(&stage, chatter, "failed").await;
    assert_eq!(stage.telegram.messages(ANNA).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_nobody_understands_fails_alone() {
    let stage = Stage::set().await;
    let empty = Notice { kind: Some(Kind::BetResult(proto::notifier::BetResult::default())) };
    let bad = deliver(&stage, ANNA, empty).await;
    let good = deliver(&stage, ANNA, deposit(Uuid::now_v7(), DepositState::Seen)).await;
    ended(&stage, bad, "failed").await;
    ended(&stage, good, "sent").await;
}
