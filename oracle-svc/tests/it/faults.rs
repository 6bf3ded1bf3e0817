//! The series and its answers survive what goes wrong around them.

use crate::{
    eventually, now,
    world::{World, terms},
};
use proto::{from_timestamp, room::Kind};
use servers::Postgres;
use std::time::Duration;

const NOW: Duration = Duration::ZERO;
const QUARTER: Duration = Duration::from_secs(900);
const HOLES: &str = "SELECT max(second) - min(second) + 1 - count(*) FROM oracle.second WHERE asset = 'SOL'";
const SECONDS: &str = "SELECT count(*) FROM oracle.second WHERE asset = 'SOL'";

#[tokio::test]
async fn a_standby_takes_over_without_a_gap() {
    let mut world = World::new().await;
    let first = world.start().await;
    world.priced(&first, "160").await;
    let second = world.start().await;
    world.register(&terms(Kind::Touch, "165", NOW, QUARTER)).await;
    world.registered().await;
    let epoch = "SELECT epoch FROM oracle.lease WHERE name = 'oracle.series.SOL'";
    let before: i64 = world.scalar(epoch).await;
    first.stop().await.unwrap();
    eventually("the standby writes", || async { world.scalar::<i64>(epoch).await > before }).await;
    let stored: i64 = world.scalar(SECONDS).await;
    eventually("it goes on", || async { world.scalar::<i64>(SECONDS).await > stored + 2 }).await;
    assert_eq!(world.scalar::<i64>(HOLES).await, 0);
    world.market.set("SOL", "165");
    assert_eq!(world.resolution().await.verdict.unwrap().outcome, 0);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_replaced_writer_stores_nothing_more() {
    let world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let three = "SELECT count(DISTINCT asset) FROM oracle.second";
    eventually("three series", || async { world.scalar::<i64>(three).await == 3 }).await;
    // Somebody else takes the leases for half an hour and writes nothing. Just before a second ends,
    // so that the writers store before they hear of it.
    let nearly_over = "SELECT extract(milliseconds FROM clock_timestamp())::int % 1000 BETWEEN 850 AND 950";
    eventually("the end of a second", || async { world.scalar::<bool>(nearly_over).await }).await;
    sqlx::query(
        "UPDATE oracle.lease SET epoch = epoch + 1, holder = gen_random_uuid(), until = clock_timestamp() + interval '30 minutes'
         WHERE name LIKE 'oracle.series.%'",
    )
    .execute(world.db.pool())
    .await
    .unwrap();
    let newest = "SELECT sum(second)::bigint FROM (SELECT max(second) AS second FROM oracle.second GROUP BY asset) AS newest";
    let stored: i64 = world.scalar(newest).await;
    let began = now();
    eventually("two seconds are over", || async { now() - began > time::Duration::seconds(2) }).await;
    assert_eq!(world.scalar::<i64>(newest).await, stored);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_restart_resumes_open_rooms_from_storage() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.register(&terms(Kind::Touch, "165", NOW, QUARTER)).await;
    eventually("the room is followed", || async {
        world.scalar::<Option<bool>>("SELECT bool_or(followed) FROM oracle.watch").await == Some(true)
    })
    .await;
    service.stop().await.unwrap();
    let service = world.start().await;
    world.market.set("SOL", "165");
    assert_eq!(world.resolution().await.verdict.unwrap().outcome, 0);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_touch_while_the_database_is_away_is_not_missed() {
    let postgres = Postgres::for_test().await.unwrap();
    let mut world = World::with_postgres(&postgres).await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.register(&terms(Kind::Touch, "165", NOW, QUARTER)).await;
    eventually("the room is followed", || async {
        world.scalar::<Option<bool>>("SELECT bool_or(followed) FROM oracle.watch").await == Some(true)
    })
    .await;
    postgres.kill().await;
    let went = now();
    world.market.set("SOL", "165");
    // The outage is the subject of the test: five seconds beyond the target, then back.
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.market.set("SOL", "160");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let came = now();
    postgres.restart().await.unwrap();
    let verdict = world.resolution().await.verdict.unwrap();
    let observed = from_timestamp(verdict.observed_at.as_ref()).unwrap();
    assert!(
        went - time::Duration::seconds(1) < observed && observed < came,
        "{observed} is not in {went} to {came}"
    );
    assert_eq!(verdict.outcome, 0);
    assert_eq!(world.scalar::<i64>(HOLES).await, 0);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_broker_that_forgets_everything_is_told_again() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.register(&terms(Kind::Touch, "165", NOW, QUARTER)).await;
    eventually("the room is followed", || async {
        world.scalar::<Option<bool>>("SELECT bool_or(followed) FROM oracle.watch").await == Some(true)
    })
    .await;
    world.nats.stop().await;
    world.market.set("SOL", "165");
    eventually("the room is resolved", || async {
        world.scalar::<i64>("SELECT count(*) FROM oracle.resolution").await == 1
    })
    .await;
    world.nats.wipe_and_restart().await.unwrap();
    assert_eq!(world.resolution().await.verdict.unwrap().outcome, 0);
    service.stop().await.unwrap();
}
