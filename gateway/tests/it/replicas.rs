//! Several gateways are one bot: whoever polls or sends may be killed at any moment.

use crate::{delivery, stage::Stage};
use proto::room::OpenRoom;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;
use uuid::Uuid;

const ANNA: i64 = 5_000_000_001;
const SECRET: &str = "s3cret";

async fn holder(stage: &Stage, lease: &str) -> Option<Uuid> {
    sqlx::query_scalar("SELECT holder FROM gateway.lease WHERE name = $1 AND until > db_clock()")
        .bind(lease)
        .fetch_optional(stage.db.pool())
        .await
        .unwrap()
}

/// Takes a lease from its holder for as long as it takes to notice, a third of its term; then waits until somebody has it.
async fn take_away(stage: &Stage, lease: &str) {
    let nobody = Uuid::now_v7();
    let take =
        "UPDATE gateway.lease SET holder = $2, epoch = epoch + 1, until = db_clock() + interval '2500 ms'
                WHERE name = $1";
    sqlx::query(take).bind(lease).bind(nobody).execute(stage.db.pool()).await.unwrap();
    crate::eventually("somebody takes the lease", || async {
        holder(stage, lease).await.is_some_and(|holder| holder != nobody)
    })
    .await;
}

async fn ids(stage: &Stage, query: &'static str) -> HashSet<String> {
    sqlx::query_scalar(query).fetch_all(stage.db.pool()).await.unwrap().into_iter().collect()
}

/// What users asked and what they have to be told.
struct Flood {
    asked: HashMap<i64, i64>,
    notices: HashMap<i64, Uuid>,
}

impl Flood {
    async fn begin(stage: &Stage, users: &[i64]) -> Self {
        let (mut asked, mut notices) = (HashMap::new(), HashMap::new());
        for user in users {
            stage.telegram.forget_messages(*user);
            asked.insert(*user, stage.telegram.say(*user, "/help"));
            notices.insert(*user, delivery::credited(stage, stage.account_of(*user).await).await);
        }
        Self { asked, notices }
    }

    /// Everybody has everything; twice at most what was not known to be sent.
    async fn arrives(&self, stage: &Stage, in_flight: &HashSet<String>) {
        for (user, notice) in &self.notices {
            let count = |text: &str| {
                stage.telegram.messages(*user).iter().filter(|message| message.text.contains(text)).count()
            };
            stage.telegram.sees(*user, "How it works").await;
            delivery::ended(stage, *notice, "sent").await;
            let most = |id: String| if in_flight.contains(&id) { 2 } else { 1 };
            let (helps, credits) = (count("How it works"), count("Deposit credited"));
            assert!((1..=most(self.asked[user].to_string())).contains(&helps), "{helps} answers");
            assert!((1..=most(notice.to_string())).contains(&credits), "{credits} notices");
        }
    }

    /// What is not known to be sent at this moment.
    async fn in_flight(&self, stage: &Stage) -> HashSet<String> {
        let answered = "SELECT update_id::text FROM gateway.seen_update WHERE answered";
        let answered = ids(stage, answered).await;
        let sending = "SELECT notification_id::text FROM gateway.delivery WHERE state = 'sending'";
        let asked = self.asked.values().map(i64::to_string).filter(|id| !answered.contains(id));
        ids(stage, sending).await.into_iter().chain(asked).collect()
    }

    /// Waits until a part of it is sent.
    async fn is_under_way(&self, stage: &Stage, part: usize) {
        let sent = || self.asked.keys().map(|user| stage.telegram.messages(*user).len()).sum::<usize>();
        crate::eventually("a part is sent", || async { sent() >= part }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_replica_loses_nothing_and_repeats_only_what_was_in_flight() {
    let stage = Stage::empty(vec![("TELEGRAM_CHAT_GAP", "0s".into())]).await;
    let mut first = stage.spawn();
    let users: Vec<i64> = (1..=25).map(|user| ANNA + user).collect();
    for user in &users {
        stage.account_of(*user).await;
    }
    let sender = holder(&stage, "telegram-sender").await.unwrap();
    let mut second = stage.spawn();
    // The second one shall poll, so that it hands over what it has to say.
    let poller = holder(&stage, "telegram-poller").await.unwrap();
    while holder(&stage, "telegram-poller").await == Some(poller) {
        take_away(&stage, "telegram-poller").await;
    }
    assert_eq!(holder(&stage, "telegram-sender").await, Some(sender), "the first one sends still");

    let flood = Flood::begin(&stage, &users).await;
    flood.is_under_way(&stage, 15).await;
    first.kill().await.unwrap();
    flood.arrives(&stage, &flood.in_flight(&stage).await).await;

    // Now the second one does both, and dies as well.
    let mut third = stage.spawn();
    let flood = Flood::begin(&stage, &users).await;
    flood.is_under_way(&stage, 15).await;
    second.kill().await.unwrap();
    flood.arrives(&stage, &flood.in_flight(&stage).await).await;
    third.kill().await.unwrap();
}

/// Telegram's end of a webhook: the updates of one chat one after the other, chats side by side, each repeated until it is
/// confirmed. Every delivery goes to the next replica.
struct Hook {
    doors: Arc<Mutex<Vec<SocketAddr>>>,
    forward: tokio::task::JoinHandle<()>,
}

impl Hook {
    fn start(stage: &Stage) -> Self {
        let doors = Arc::new(Mutex::new(stage.doors()));
        let (telegram, known) = (stage.telegram.clone(), Arc::clone(&doors));
        let forward = tokio::spawn(async move {
            let mut lines: HashMap<i64, mpsc::UnboundedSender<Value>> = HashMap::new();
            let mut next = 0;
            loop {
                for update in telegram.updates_from(next) {
                    next = update["update_id"].as_i64().unwrap() + 1;
                    let sender =
                        update.pointer("/message/from/id").or(update.pointer("/callback_query/from/id"));
                    let line = lines.entry(sender.unwrap().as_i64().unwrap()).or_insert_with(|| line(&known));
                    line.send(update).unwrap();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Self { doors, forward }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.forward.abort();
    }
}

fn line(doors: &Arc<Mutex<Vec<SocketAddr>>>) -> mpsc::UnboundedSender<Value> {
    let doors = Arc::clone(doors);
    let (updates, mut waiting) = mpsc::unbounded_channel::<Value>();
    tokio::spawn(async move {
        let client = reqwest::Client::new();
        let mut turn = 0;
        while let Some(update) = waiting.recv().await {
            loop {
                turn += 1;
                let door = {
                    let doors = doors.lock().unwrap();
                    doors[turn % doors.len()]
                };
                if post(&client, door, &update).await == Some(200) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    updates
}

async fn post(client: &reqwest::Client, door: SocketAddr, update: &Value) -> Option<u16> {
    let post =
        client.post(format!("http://{door}/telegram")).header("x-telegram-bot-api-secret-token", SECRET);
    let post = post.header("content-type", "application/json").body(update.to_string());
    Some(post.send().await.ok()?.status().as_u16())
}

/// Two replicas behind one address.
async fn behind_a_webhook() -> (Stage, Hook) {
    let mut stage = Stage::empty(vec![
        ("TELEGRAM_WEBHOOK_URL", "https://bot.example.org/telegram".into()),
        ("TELEGRAM_WEBHOOK_SECRET", SECRET.into()),
    ])
    .await;
    stage.start().await;
    stage.start().await;
    let hook = Hook::start(&stage);
    (stage, hook)
}

/// What is begun at one replica goes on at the other, in order, for many people at once; one replica ends in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_share_a_webhook_and_sessions_that_last_a_day() {
    let (mut stage, hook) = behind_a_webhook().await;
    let users: Vec<i64> = (1..=6).map(|user| ANNA + user).collect();
    for user in &users {
        stage.account_of(*user).await;
    }
    // Typed in one go: only in this order do they make a room.
    for user in &users {
        stage.telegram.say(*user, "/create");
    }
    for user in &users {
        stage.telegram.press(*user, "Touch").await;
    }
    for user in &users {
        stage.telegram.press(*user, "SOL").await;
    }
    for user in &users {
        stage.telegram.sees(*user, "Type the target price").await;
        stage.telegram.say(*user, "45");
        stage.telegram.say(*user, "/help");
        stage.telegram.say(*user, "/status");
    }
    for user in &users {
        stage.telegram.sees(*user, "<b>Status</b>").await;
        let texts: Vec<String> = stage.telegram.messages(*user).into_iter().map(|m| m.text).collect();
        let place = |text: &str| texts.iter().position(|other| other.contains(text));
        let places = ["How long until the deadline?", "How it works", "<b>Status</b>"].map(place);
        assert!(places.is_sorted() && places[0].is_some(), "{texts:?}");
        assert_eq!(texts.len(), 4, "each is answered once: {texts:?}");
    }

    // One is gone for good; what comes meanwhile is repeated to the other.
    let stays = stage.doors()[1];
    stage.stop().await;
    for user in &users {
        stage.telegram.forget_messages(*user);
        stage.telegram.say(*user, "/create");
        stage.telegram.press(*user, "1 h").await;
    }
    *hook.doors.lock().unwrap() = vec![stays];
    let first = users[0];
    let open = stage.telegram.with_button(first, "Open this room").await;
    stage.telegram.press_in(first, first, open.id, &open.button("Open this room").unwrap());
    stage.next::<OpenRoom>().await;

    // A day later nobody is in the middle of anything.
    let second = users[1];
    stage.db.advance(Duration::from_secs(24 * 3600 + 1)).await.unwrap();
    stage.start().await;
    stage.stop().await;
    *hook.doors.lock().unwrap() = stage.doors();
    stage.telegram.forget_messages(second);
    stage.telegram.say(second, "/create");
    let begin = stage.telegram.with_button(second, "Touch").await;
    assert!(!begin.text.contains("45"), "{}", begin.text);
}

/// A balancer may deliver an update to both at the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_at_two_replicas_has_one_effect() {
    let (stage, hook) = behind_a_webhook().await;
    let account = stage.member(ANNA).await;
    stage.telegram.say(ANNA, "/create");
    for label in ["Up or down", "SOL", "1 h"] {
        stage.telegram.press(ANNA, label).await;
    }
    let review = stage.telegram.with_button(ANNA, "Open this room").await;
    drop(hook);
    let id = stage.telegram.press_in(ANNA, ANNA, review.id, &review.button("Open this room").unwrap());
    let update = stage.telegram.updates_from(id).remove(0);
    let client = reqwest::Client::new();
    let doors = stage.doors();
    let posts = doors.iter().cycle().take(8).map(|door| post(&client, *door, &update));
    let answers = futures::future::join_all(posts).await;
    assert!(answers.iter().all(|status| *status == Some(200)), "{answers:?}");
    assert_eq!(stage.next::<OpenRoom>().await.command.host_account_id, account);
    assert!(stage.take::<OpenRoom>(Duration::from_millis(500)).await.is_none());
}
