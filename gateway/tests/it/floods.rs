//! More than anybody has to say in a minute.

use crate::stage::Stage;
use chassis::{
    Clock,
    kv::{self, Bucket},
};
use futures::{StreamExt, stream};
use gateway::{
    limits::{Deed, Limiter, TooMuch, Verdict},
    settings::Limits,
};
use servers::{Nats, TestDb};
use std::time::Duration;

const ANNA: i64 = 5_000_000_001;
const BORIS: i64 = 5_000_000_002;

/// Steps the clock to the beginning of a minute, so that no minute ends in the middle of a test.
async fn fresh_minute(db: &TestDb) {
    let second: i64 = sqlx::query_scalar("SELECT extract(second FROM db_clock())::bigint")
        .fetch_one(db.pool())
        .await
        .unwrap();
    db.advance(Duration::from_secs(u64::try_from(61 - second).unwrap())).await.unwrap();
}

/// The limits of the specification, over two replicas.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_60_the_eleventh_message_of_a_minute_is_throttled_politely_and_nobody_else_is() {
    let mut stage = Stage::empty(vec![("LIMIT_MESSAGES_PER_MINUTE", "10".into())]).await;
    fresh_minute(&stage.db).await;
    stage.start().await;
    stage.start().await;
    stage.member(ANNA).await;
    stage.member(BORIS).await;
    let mut last = 0;
    for _ in 2..=15 {
        last = stage.telegram.say(ANNA, "/help");
    }
    stage.telegram.say(BORIS, "/help");
    stage.telegram.sees(BORIS, "How it works").await;
    crate::eventually("throttled updates are confirmed", || async { stage.telegram.offset() > last }).await;
    let count = |text: &str| stage.telegram.messages(ANNA).iter().filter(|m| m.text.contains(text)).count();
    // The /start counts too, unless it came before the counters were there: they fail open.
    let answered = count("How it works");
    assert!((9..=10).contains(&answered), "{answered} answers");
    assert_eq!(count("A little slower"), 1);
    // Buttons have a limit of their own.
    stage.telegram.press(ANNA, "Wallet").await;
    stage.telegram.sees(ANNA, "2 SOL").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_press_is_answered_all_the_same_and_told_once() {
    let mut stage = Stage::empty(vec![("LIMIT_PRESSES_PER_MINUTE", "3".into())]).await;
    fresh_minute(&stage.db).await;
    stage.start().await;
    stage.member(ANNA).await;
    let before = stage.telegram.answers().len();
    for _ in 0..5 {
        stage.telegram.press_in(ANNA, ANNA, 100, "2h");
    }
    crate::eventually("every press is answered", || async { stage.telegram.answers().len() == before + 5 })
        .await;
    let answers = stage.telegram.answers().split_off(before);
    let polite = |answer: &&serde_json::Value| {
        answer["text"].as_str().is_some_and(|text| text.contains("A little slower"))
    };
    // One of the three was the consent.
    assert_eq!(answers.iter().filter(polite).count(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_count_together_and_a_broker_that_is_away_counts_nothing() {
    let nats = Nats::for_test().await.unwrap();
    let migrator = chassis::db::migrator(&<gateway::Gateway as chassis::Service>::migrator());
    let db = TestDb::create("gateway", &migrator).await.unwrap();
    let limits = Limits {
        messages: 10,
        presses: 60,
        updates: 100,
        overall_per_second: 30,
        chat_gap: Duration::from_secs(1),
        group_per_minute: 20,
    };
    fresh_minute(&db).await;
    let clock = Clock::new(db.pool().clone());
    clock.measure().await.unwrap();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let client = async_nats::connect(nats.url()).await.unwrap();
        let bucket = kv::Limits { bytes: 1 << 20, value_bytes: 1024, replicas: 1 };
        replicas.push(Limiter::new(Bucket::new(client, "flood", bucket), clock.clone(), limits));
    }
    let of = |user: i64, deed: Deed| {
        let replica = &replicas[usize::try_from(user % 2).unwrap()];
        async move { replica.count(user, deed).await }
    };
    let mut own = Vec::new();
    for turn in 0..13 {
        // One user at both replicas, in turn.
        own.push(replicas[turn % 2].count(ANNA, Deed::Message).await);
    }
    assert_eq!(own[..10], [Verdict::Welcome; 10]);
    assert_eq!(own[10..], [Verdict::TellOnce(TooMuch::Own), Verdict::Ignore, Verdict::Ignore]);
    // 10 are used up; nobody's surplus is counted for all.
    // Ten at a time: who waits too long for the counter is welcome, and that is not what is asked here.
    let presses = stream::iter((1..=150).map(|user| of(user, Deed::Press)));
    let all: Vec<_> = presses.buffered(10).collect().await;
    let welcome = all.iter().filter(|verdict| **verdict == Verdict::Welcome).count();
    let is_told = |verdict: &&Verdict| **verdict == Verdict::TellOnce(TooMuch::Everybodys);
    let told = all.iter().filter(is_told).count();
    // Together they meet at one counter: whoever loses that race too often is not counted.
    assert!((90..=100).contains(&welcome), "{welcome} were welcome");
    assert_eq!(welcome + told, 150);
    let one = (1..=150).zip(&all).find(|(_, verdict)| is_told(verdict)).unwrap().0;
    assert_eq!(of(one, Deed::Press).await, Verdict::Ignore, "told already");

    db.advance(Duration::from_secs(60)).await.unwrap();
    clock.measure().await.unwrap();
    assert_eq!(of(ANNA, Deed::Message).await, Verdict::Welcome, "another minute");
    nats.stop().await;
    for _ in 0..20 {
        assert_eq!(of(ANNA, Deed::Message).await, Verdict::Welcome);
    }
}
