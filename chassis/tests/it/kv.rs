//! Buckets on a real broker.

use std::time::Duration;

use chassis::{
    health::Health,
    kv::{Bucket, Entry, Limits, Unavailable},
};
use servers::Nats;
use tokio::time::Instant;

use crate::eventually;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(900);

async fn bucket(nats: &Nats) -> Bucket {
    let client = async_nats::connect(nats.url()).await.unwrap();
    Bucket::new(client, "sessions", Limits { bytes: 1 << 20, value_bytes: 1 << 10, replicas: 1 })
}

async fn gone(bucket: &Bucket, key: &str) {
    let since = Instant::now();
    eventually("the value expires", || async { bucket.get(key).await.unwrap().is_none() }).await;
    assert!(since.elapsed() < Duration::from_secs(5), "its time to live was lost");
}

#[tokio::test]
async fn values_live_as_long_as_they_were_given() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    let revision = bucket.create("user/1", "a".into(), SHORT).await.unwrap().unwrap();
    assert_eq!(bucket.get("user/1").await.unwrap(), Some(Entry { value: "a".into(), revision }));
    gone(&bucket, "user/1").await;
    assert_eq!(bucket.get("never").await.unwrap(), None);
}

#[tokio::test]
async fn a_value_over_the_marker_of_an_earlier_one_expires_too() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    bucket.put("deleted", "a".into(), LONG).await.unwrap();
    bucket.delete("deleted").await.unwrap();
    assert_eq!(bucket.get("deleted").await.unwrap(), None);
    bucket.put("expired", "a".into(), SHORT).await.unwrap();
    gone(&bucket, "expired").await;
    for key in ["deleted", "expired"] {
        assert!(bucket.create(key, "b".into(), SHORT).await.unwrap().is_some());
        gone(&bucket, key).await;
    }
}

#[tokio::test]
async fn only_one_of_many_creates_and_only_the_newest_revision_is_updated() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    let racers = (0..16).map(|_| bucket.create("lock", "x".into(), LONG));
    let won: Vec<u64> =
        futures::future::join_all(racers).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    let second = bucket.update("lock", "y".into(), LONG, won[0]).await.unwrap().unwrap();
    assert_eq!(bucket.update("lock", "z".into(), LONG, won[0]).await.unwrap(), None);
    assert_eq!(bucket.get("lock").await.unwrap(), Some(Entry { value: "y".into(), revision: second }));
}

#[tokio::test]
async fn an_update_renews_the_time_to_live() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    let revision = bucket.put("session", "a".into(), SHORT).await.unwrap();
    let revision = bucket.update("session", "b".into(), LONG, revision).await.unwrap().unwrap();
    let other = bucket.put("other", "a".into(), SHORT).await.unwrap();
    gone(&bucket, "other").await;
    assert!(other > revision);
    assert_eq!(bucket.get("session").await.unwrap().unwrap().value, "b");
}

#[tokio::test]
async fn it_is_bounded_and_says_so() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    let refused = bucket.put("big", vec![0; 2 << 10].into(), LONG).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Refused { .. }), "{refused:?}");
    for key in ["", "two words", "star.*", "all.>", ".dot", "dot."] {
        assert!(bucket.put(key, "x".into(), LONG).await.is_err(), "{key:?}");
        assert!(bucket.get(key).await.is_err(), "{key:?}");
    }
    bucket.put("fine", "x".into(), LONG).await.unwrap();
}

#[tokio::test]
async fn a_broker_that_is_away_costs_no_time_and_a_wiped_one_is_filled_again() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    let health = Health::default();
    bucket.report_to(&health);
    bucket.put("a", "x".into(), LONG).await.unwrap();
    assert_eq!(health.ask(|_| true).await.status, "ok");

    nats.kill().await;
    eventually("the loss is noticed", || async { bucket.get("a").await.is_err() }).await;
    let asked = Instant::now();
    for _ in 0..100 {
        assert!(matches!(bucket.put("a", "y".into(), LONG).await, Err(Unavailable::Away { .. })));
    }
    assert!(asked.elapsed() < Duration::from_secs(1));

    nats.wipe_and_restart().await.unwrap();
    eventually("the bucket is there again", || async { bucket.put("a", "z".into(), LONG).await.is_ok() })
        .await;
    assert_eq!(bucket.get("a").await.unwrap().unwrap().value, "z");
}

#[tokio::test]
async fn a_bucket_deleted_behind_our_back_is_made_again() {
    let nats = Nats::for_test().await.unwrap();
    let bucket = bucket(&nats).await;
    bucket.put("a", "x".into(), LONG).await.unwrap();
    let client = async_nats::connect(nats.url()).await.unwrap();
    async_nats::jetstream::new(client).delete_key_value("sessions").await.unwrap();
    assert!(bucket.get("a").await.is_err(), "lost, and not mistaken for empty");
    bucket.put("a", "y".into(), LONG).await.unwrap();
}
