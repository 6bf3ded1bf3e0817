//! Rooms that ask are answered: by the rules, once, and from what is stored.

use crate::{
    eventually, now,
    venues::Mood,
    world::{World, room_of, terms},
};
use oracle_svc::domain::{Fold, Frame, Outcome, VenueId, Watch};
use proto::{
    from_timestamp,
    room::{Kind, VoidReason},
};
use std::time::Duration;

const NOW: Duration = Duration::ZERO;
const QUARTER: Duration = Duration::from_secs(900);

#[tokio::test]
async fn a_confirmed_touch_is_told_once_and_follows_from_storage() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let terms = terms(Kind::Touch, "165", NOW, QUARTER);
    world.register(&terms).await;
    world.registered().await;
    eventually("the room is followed", || async {
        world.scalar("SELECT bool_or(followed) FROM oracle.watch").await
    })
    .await;
    let touched = now();
    world.market.set("SOL", "165.5");
    let told = world.resolution().await;
    assert_eq!(told.room_id, terms.room_id);
    let verdict = told.verdict.unwrap();
    assert_eq!(
        (verdict.outcome, verdict.void_reason(), verdict.price.as_str()),
        (0, VoidReason::Unspecified, "165.5")
    );
    let observed = from_timestamp(verdict.observed_at.as_ref()).unwrap();
    assert!((observed - touched).whole_milliseconds() < 3_000, "{observed} is not when {touched} was");
    assert!(verdict.series_last_second - verdict.series_first_second >= 3);

    // Anybody who folds the stored seconds finds the same.
    let frames: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT frame FROM oracle.second WHERE asset = 'SOL' ORDER BY second")
            .fetch_all(world.db.pool())
            .await
            .unwrap();
    let watch = Watch::try_from_terms(&terms, 3).unwrap();
    let frames: Vec<_> = frames.iter().map(|bytes| Frame::decode(bytes).unwrap()).collect();
    let mut fold = Fold::new(watch.needs_from());
    fold.follow(watch.clone());
    let stored = frames.iter().filter(|frame| frame.second >= watch.needs_from());
    let again: Vec<_> = stored.flat_map(|frame| fold.replay(frame).unwrap()).collect();
    assert_eq!((again.len(), again[0].outcome), (1, Outcome::YES));
    assert_eq!(again[0].observed_at.time(), observed);
    assert_eq!(
        (again[0].first.number(), again[0].last.number()),
        (verdict.series_first_second, verdict.series_last_second)
    );

    // Asking again changes nothing, and the answer is repeated only until it is heard.
    world.register(&terms).await;
    world.registered().await;
    world.decide(room_of(&terms)).await;
    eventually("nothing is issued any more", || async {
        world.scalar::<i64>("SELECT count(*) FROM oracle.issued").await == 0
    })
    .await;
    while !world.is_quiet() {}
    assert_eq!(world.scalar::<i64>("SELECT count(*) FROM oracle.resolution").await, 1);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_room_that_asks_late_is_judged_by_all_its_seconds() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let opened = now();
    world.market.set("SOL", "166");
    world.priced(&service, "166").await;
    let beyond = "SELECT count(*) FROM oracle.second WHERE asset = 'SOL' AND price = 166";
    eventually("five seconds beyond the target", || async { world.scalar::<i64>(beyond).await >= 5 }).await;
    world.market.set("SOL", "160");
    world.priced(&service, "160").await;
    let ago = now() - opened;
    world.register(&terms(Kind::Touch, "165", ago.unsigned_abs(), QUARTER)).await;
    let verdict = world.resolution().await.verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.price.as_str()), (0, "166"));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn deadlines_answer_yes_and_no() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let horizon = Duration::from_secs(20);
    let touch = terms(Kind::Touch, "200", NOW, horizon);
    let above = terms(Kind::Close, "160", NOW, horizon);
    let short_of = terms(Kind::Close, "160.01", NOW, horizon);
    for terms in [&touch, &above, &short_of] {
        world.register(terms).await;
    }
    for _ in 0..3 {
        let told = world.resolution().await;
        let verdict = told.verdict.unwrap();
        assert_eq!(verdict.void_reason(), VoidReason::Unspecified, "{verdict:?}");
        let expected = if told.room_id == above.room_id {
            (0, "160")
        } else if told.room_id == short_of.room_id {
            (1, "160")
        } else {
            (1, "")
        };
        assert_eq!((verdict.outcome, verdict.price.as_str()), expected);
        let observed = from_timestamp(verdict.observed_at.as_ref()).unwrap();
        let deadline = from_timestamp(touch.deadline.as_ref()).unwrap();
        assert!((observed - deadline).abs() < time::Duration::seconds(2), "{observed}");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_blind_series_is_no_answer() {
    let mut world = World::new().await;
    for venue in VenueId::EXCHANGES {
        world.market.mood(*venue, Mood::Stuck);
    }
    let service = world.start().await;
    world.register(&terms(Kind::Touch, "165", NOW, Duration::from_secs(10))).await;
    let verdict = world.resolution().await.verdict.unwrap();
    assert_eq!((verdict.void_reason(), verdict.price.as_str()), (VoidReason::OracleInsufficient, ""));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_room_decided_elsewhere_is_not_answered() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let (void, live) = (terms(Kind::Touch, "165", NOW, QUARTER), terms(Kind::Touch, "165", NOW, QUARTER));
    for terms in [&void, &live] {
        world.register(terms).await;
        world.registered().await;
    }
    world.decide(room_of(&void)).await;
    let decided = "SELECT count(*) FROM oracle.watch WHERE decided_at IS NOT NULL";
    eventually("the verdict is noted", || async { world.scalar::<i64>(decided).await == 1 }).await;
    world.market.set("SOL", "165");
    assert_eq!(world.resolution().await.room_id, live.room_id);
    assert_eq!(world.scalar::<i64>("SELECT count(*) FROM oracle.resolution").await, 1);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn terms_it_cannot_keep_are_buried_and_do_not_stop_the_others() {
    let mut world = World::new().await;
    let service = world.start().await;
    let mut impossible = terms(Kind::Touch, "165", NOW, QUARTER);
    impossible.asset = "DOGE".to_owned();
    world.register(&impossible).await;
    world.register(&terms(Kind::Touch, "165", NOW, QUARTER)).await;
    world.registered().await;
    eventually("a dead letter", || async {
        world.scalar::<i64>("SELECT count(*) FROM oracle.dead_letter").await == 1
    })
    .await;
    service.stop().await.unwrap();
}
