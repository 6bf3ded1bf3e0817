//! Updates in: confirmation, floods, groups, webhooks.

use crate::stage::Stage;
use serde_json::json;

const ANNA: i64 = 5_000_000_001;
const GROUP: i64 = -1_000_000_000_001;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_is_confirmed_only_after_its_answer_was_sent() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    let held = stage.telegram.hold_sends().await;
    let calls = stage.telegram.calls("SendMessage").len();
    let asked = stage.telegram.say(ANNA, "/help");
    crate::eventually("the answer is on its way", || async {
        stage.telegram.calls("SendMessage").len() > calls
    })
    .await;
    // Several polls later it is still not confirmed.
    let polls = stage.telegram.calls("GetUpdates").len();
    crate::eventually("polls", || async { stage.telegram.calls("GetUpdates").len() > polls + 5 }).await;
    assert!(stage.telegram.offset() <= asked);
    drop(held);
    stage.telegram.sees(ANNA, "How it works").await;
    crate::eventually("confirmed", || async { stage.telegram.offset() > asked }).await;
    let helps = stage.telegram.messages(ANNA).iter().filter(|m| m.text.contains("How it works")).count();
    assert_eq!(helps, 1, "delivered many times, answered once");
}

/// Killed between commit and answer: the answer comes after all, and what was typed is not taken
/// for the next step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_not_sent_is_still_owed() {
    let mut stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/create");
    stage.telegram.press(ANNA, "Touch").await;
    stage.telegram.press(ANNA, "SOL").await;
    stage.telegram.sees(ANNA, "Type the target price").await;
    let held = stage.telegram.hold_sends().await;
    let typed = stage.telegram.say(ANNA, "45");
    crate::eventually("committed", || async {
        let row: Option<bool> =
            sqlx::query_scalar("SELECT answered FROM gateway.seen_update WHERE update_id = $1")
                .bind(typed)
                .fetch_optional(stage.db.pool())
                .await
                .unwrap();
        row == Some(false)
    })
    .await;
    assert!(stage.telegram.offset() <= typed);
    stage.stop().await;
    drop(held);
    // What was in flight may arrive now; the fresh process answers in any case.
    stage.telegram.forget_messages(ANNA);
    stage.start().await;
    let horizon = stage.telegram.sees(ANNA, "How long until the deadline?").await;
    assert!(horizon.text.contains("$45"), "{}", horizon.text);
    // The review of a redelivered text has a slip that exists.
    stage.telegram.press(ANNA, "1 h").await;
    stage.telegram.press(ANNA, "Open this room").await;
    stage.next::<proto::room::OpenRoom>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_of_before_a_restart_is_not_answered_twice() {
    let mut stage = Stage::set().await;
    stage.member(ANNA).await;
    let asked = stage.telegram.say(ANNA, "/help");
    stage.telegram.sees(ANNA, "How it works").await;
    crate::eventually("remembered", || async {
        let row: Option<bool> =
            sqlx::query_scalar("SELECT answered FROM gateway.seen_update WHERE update_id = $1")
                .bind(asked)
                .fetch_optional(stage.db.pool())
                .await
                .unwrap();
        row == Some(true)
    })
    .await;
    stage.stop().await;
    stage.telegram.redeliver(asked);
    stage.start().await;
    stage.telegram.say(ANNA, "/status");
    stage.telegram.sees(ANNA, "<b>Status</b>").await;
    let helps = stage.telegram.messages(ANNA).iter().filter(|m| m.text.contains("How it works")).count();
    assert_eq!(helps, 1);
}

/// One polls and one sends, both work: what the other replica has to say is handed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_are_one_bot_and_one_takes_over() {
    let mut stage = Stage::set().await;
    stage.start().await;
    for user in 1..=8 {
        stage.member(ANNA + user).await;
        assert_eq!(stage.telegram.messages(ANNA + user).len(), 1, "the terms, which became the desk");
    }
    stage.stop().await;
    stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/help");
    stage.telegram.sees(ANNA, "How it works").await;
    assert_eq!(stage.telegram.messages(ANNA).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_hear_nothing_but_the_way_into_private() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    stage.telegram.say_in(GROUP, ANNA, "good morning");
    stage.telegram.say_in(GROUP, ANNA, "/frobnicate");
    let room = proto::RoomId::new(uuid::Uuid::now_v7());
    let press = gateway::callbacks::Callback::Room { room }.here().encode();
    stage.telegram.press_in(GROUP, ANNA, 7, &press);
    let link = format!("https://t.me/rooms_test_bot?start={}", gateway::callbacks::deep_link_of(room));
    crate::eventually("the press opens the private chat", || async {
        stage.telegram.answers().iter().any(|answer| answer["url"] == link.as_str())
    })
    .await;
    assert!(stage.telegram.messages(GROUP).is_empty());
    stage.telegram.say_in(GROUP, ANNA, "/wallet@rooms_test_bot");
    let hello = stage.telegram.sees(GROUP, "in private").await;
    assert!(!hello.text.contains("SOL"), "{}", hello.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_nobody_made_are_answered_politely() {
    let stage = Stage::set().await;
    stage.member(ANNA).await;
    for data in ["", "1h", "2rm.zzz", "2bk.AAAAAAAAAAAAAAAAAAAADA.0.-5", "💥"] {
        stage.telegram.press_in(ANNA, ANNA, 100, data);
    }
    crate::eventually("five polite answers", || async {
        let polite = |answer: &serde_json::Value| {
            answer["text"].as_str().is_some_and(|text| text.contains("older version"))
        };
        stage.telegram.answers().iter().filter(|answer| polite(answer)).count() == 5
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_needs_its_secret_and_knows_repeats() {
    let stage = Stage::set_with(vec![
        ("TELEGRAM_WEBHOOK_URL", "https://bot.example.org/telegram".into()),
        ("TELEGRAM_WEBHOOK_SECRET", "s3cret".into()),
    ])
    .await;
    crate::eventually("registered", || async { stage.telegram.calls("SetWebhook").len() == 1 }).await;
    assert!(stage.telegram.calls("GetUpdates").is_empty());
    let url = format!("http://{}/telegram", stage.http());
    let user = json!({"id": ANNA, "is_bot": false, "first_name": "Anna", "language_code": "en"});
    let update = json!({"update_id": 9, "message": {"message_id": 1, "date": 1, "text": "/start",
        "chat": {"id": ANNA, "type": "private", "first_name": "Anna"}, "from": user}});
    let client = reqwest::Client::new();
    let post = |secret: &'static str| {
        client
            .post(&url)
            .header("x-telegram-bot-api-secret-token", secret)
            .body(update.to_string())
            .header("content-type", "application/json")
            .send()
    };
    assert_eq!(post("wrong").await.unwrap().status(), 401);
    assert!(stage.telegram.messages(ANNA).is_empty());
    assert_eq!(post("s3cret").await.unwrap().status(), 200);
    assert_eq!(post("s3cret").await.unwrap().status(), 200);
    assert_eq!(stage.telegram.messages(ANNA).len(), 1);
}
