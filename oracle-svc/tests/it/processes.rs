//! Two processes of the service side by side: one series, one answer, and a standby that takes over.

use crate::{
    eventually,
    world::{World, room_of, terms},
};
use proto::{
    room::{Kind, Terms, VoidReason},
    timestamp,
};
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use time::OffsetDateTime;
use tokio::process::{Child, Command};

const NOW: Duration = Duration::ZERO;
const EPOCHS: &str = "SELECT sum(epoch)::bigint FROM oracle.lease WHERE name IN
    ('oracle.series.SOL', 'oracle.series.BTC', 'oracle.series.ETH', 'oracle.head_to_head')";
const HOLDERS: &str = "SELECT count(*) FROM oracle.lease WHERE until > clock_timestamp() AND name IN
    ('oracle.series.SOL', 'oracle.series.BTC', 'oracle.series.ETH', 'oracle.head_to_head')";
const HOLES: &str = "SELECT count(*) FROM (
    SELECT asset FROM oracle.second GROUP BY asset HAVING max(second) - min(second) + 1 <> count(*)) AS torn";

/// Runs the service as a process of its own, until it is dropped.
fn process(world: &World) -> Child {
    Command::new(env!("CARGO_BIN_EXE_oracle-svc"))
        .env_clear()
        .envs(world.settings.iter().cloned())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn clock(world: &World) -> OffsetDateTime {
    world.scalar("SELECT clock_timestamp()").await
}

#[tokio::test]
async fn a_standby_takes_over_within_three_seconds_and_nothing_happens_twice() {
    let mut world = World::new().await;
    let mut first = process(&world);
    let series = "SELECT count(DISTINCT asset) FROM oracle.second WHERE price IS NOT NULL";
    eventually("three series have prices", || async { world.scalar::<i64>(series).await == 3 }).await;
    eventually("one process has every lease", || async { world.scalar::<i64>(HOLDERS).await == 4 }).await;
    let mut second = process(&world);
    // Both take commands; whoever does, each room is followed once.
    let touches: Vec<Terms> =
        (0..20).map(|n| terms(Kind::Touch, &format!("165.{n:02}"), NOW, Duration::from_secs(900))).collect();
    let close = terms(Kind::Close, "165", NOW, Duration::from_secs(25));
    let lock_at = proto::from_timestamp(close.open_at.as_ref()).unwrap() + time::Duration::seconds(1);
    let two = Terms {
        room_id: terms(Kind::Close, "1", NOW, NOW).room_id,
        kind: Kind::HeadToHead.into(),
        rival_asset: "BTC".to_owned(),
        lock_at: Some(timestamp(lock_at)),
        ..close.clone()
    };
    for terms in touches.iter().chain([&close, &two]) {
        world.register(terms).await;
        world.register(terms).await;
    }
    let followed = "SELECT count(*) FROM oracle.watch WHERE followed";
    eventually("all rooms are followed", || async { world.scalar::<i64>(followed).await == 21 }).await;
    let start = lock_at.unix_timestamp() + 1 + i64::from(two.mean_seconds);
    let newest = "SELECT max(second) FROM oracle.second WHERE asset = 'SOL'";
    eventually("the start is stored", || async { world.scalar::<i64>(newest).await > start }).await;
    let before: i64 = world.scalar(EPOCHS).await;

    // It dies while the price is at the targets and no run is confirmed yet.
    world.market.set("SOL", "166");
    let reached = "SELECT count(*) FROM oracle.second WHERE asset = 'SOL' AND price = 166";
    eventually("a second at the targets", || async { world.scalar::<i64>(reached).await > 0 }).await;
    first.kill().await.unwrap();
    let died = clock(&world).await;
    eventually("the standby has every lease", || async { world.scalar::<i64>(EPOCHS).await == before + 4 })
        .await;
    let took = clock(&world).await - died;
    assert!(took < time::Duration::seconds(3), "{took}");

    let mut told: BTreeMap<Vec<u8>, Vec<_>> = BTreeMap::new();
    while told.len() < touches.len() + 2 {
        let answer = world.resolution().await;
        told.entry(answer.room_id).or_default().push(answer.verdict.unwrap());
    }
    for (room, verdicts) in &told {
        assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{room:?}: {verdicts:?}");
        assert_eq!((verdicts[0].outcome, verdicts[0].void_reason()), (0, VoidReason::Unspecified));
    }
    // One answer and one command of each room, and a series without a hole.
    assert_eq!(world.scalar::<i64>("SELECT count(*) FROM oracle.resolution").await, 22);
    assert_eq!(world.scalar::<i64>("SELECT count(*) FROM oracle.issued").await, 22);
    assert_eq!(world.scalar::<i64>(HOLES).await, 0);
    world.decide(room_of(&two)).await;
    eventually("the verdict is heard", || async {
        world.scalar::<i64>("SELECT count(*) FROM oracle.issued").await == 21
    })
    .await;
    assert_eq!(second.try_wait().unwrap(), None, "the standby runs");
    second.kill().await.unwrap();
}
