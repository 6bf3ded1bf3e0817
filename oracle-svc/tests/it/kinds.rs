//! Rooms that are decided by means: answered by the rules, with what they rest on, from what is stored.

use crate::{
    eventually,
    venues::Mood,
    world::{World, terms},
};
use oracle_svc::domain::{Asset, Both, Frame, HeadToHead, Samples, Second, Sight, VenueId};
use proto::{
    from_timestamp,
    room::{Kind, Terms, VoidReason},
    settlement::{ResolveRoom, Suspicion, Verdict},
    timestamp,
};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, time::Duration};

const NOW: Duration = Duration::ZERO;

/// Opens now, locks after eight seconds, and ends after thirty; a start price is taken until second nineteen.
fn room(kind: Kind) -> Terms {
    let terms = terms(kind, "160", NOW, Duration::from_secs(30));
    let lock_at = from_timestamp(terms.open_at.as_ref()).unwrap() + time::Duration::seconds(8);
    Terms {
        lock_at: Some(timestamp(lock_at)),
        rival_asset: "BTC".to_owned(),
        supply: "1000000".to_owned(),
        bounds: vec!["160".to_owned(), "161".to_owned()],
        outcomes: vec![String::new(); 3],
        suspicion_bps: 100,
        ..terms
    }
}

async fn verdicts(world: &mut World, count: usize) -> BTreeMap<Vec<u8>, Verdict> {
    let mut verdicts = BTreeMap::new();
    while verdicts.len() < count {
        let ResolveRoom { room_id, verdict } = world.resolution().await;
        verdicts.insert(room_id, verdict.unwrap());
    }
    verdicts
}

/// Waits until a start price is stored and the prices after it may change.
async fn started(world: &World, terms: &Terms) {
    let lock = from_timestamp(terms.lock_at.as_ref()).unwrap().unix_timestamp();
    let over = lock + 1 + i64::from(terms.mean_seconds);
    let newest = "SELECT min(newest) FROM (SELECT max(second) AS newest FROM oracle.second GROUP BY asset) AS all_assets";
    eventually("the start is stored", || async { world.scalar::<i64>(newest).await > over }).await;
}

#[tokio::test]
async fn every_kind_is_answered_with_what_it_rests_on() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let cap = |kind, target: &str| Terms { target: target.to_owned(), ..room(kind) };
    let rooms = [
        room(Kind::UpDown),
        room(Kind::Buckets),
        room(Kind::HeadToHead),
        Terms { asset: "BTC".to_owned(), rival_asset: "ETH".to_owned(), ..room(Kind::HeadToHead) },
        cap(Kind::CapClose, "161500000"),
        cap(Kind::CapTouch, "161500000"),
        cap(Kind::CapTouch, "161500001"),
    ];
    for terms in &rooms {
        world.register(terms).await;
    }
    started(&world, &rooms[3]).await;
    world.market.set("SOL", "161.5");
    let told = verdicts(&mut world, rooms.len()).await;
    let of = |n: usize| told[&rooms[n].room_id].clone();
    let expected = [
        (0, VoidReason::Unspecified, "161.5"),
        (2, VoidReason::Unspecified, "161.5"),
        (0, VoidReason::Unspecified, "161.5"),
        // Neither moved.
        (0, VoidReason::Tie, "90000"),
        (0, VoidReason::Unspecified, "161500000"),
        (0, VoidReason::Unspecified, "161500000"),
        (1, VoidReason::Unspecified, ""),
    ];
    for (n, (outcome, void, price)) in expected.into_iter().enumerate() {
        let verdict = of(n);
        assert_eq!(
            (verdict.outcome, verdict.void_reason(), verdict.price.as_str()),
            (outcome, void, price),
            "{n}"
        );
        assert_eq!(verdict.suspicions, Vec::<i32>::new());
    }
    let deadline = from_timestamp(rooms[0].deadline.as_ref()).unwrap().unix_timestamp() + 1;
    let lock = from_timestamp(rooms[0].lock_at.as_ref()).unwrap().unix_timestamp() + 1;
    let up = of(0);
    assert_eq!((up.start_price.as_str(), up.start_window_end_second), ("160", lock + 5));
    assert_eq!(
        (up.window_end_second, up.series_first_second, up.series_last_second),
        (deadline, lock, deadline - 1)
    );
    let two = of(2);
    assert_eq!(
        (two.start_price.as_str(), two.rival_start_price.as_str(), two.rival_price.as_str()),
        ("160", "90000", "90000")
    );

    // Anybody who reads the stored seconds of both finds the same.
    assert_eq!(stored(&world, &rooms[2]).await, two);
    let answers =
        "SELECT count(*) FROM oracle.resolution WHERE rival_price = 90000 AND start_window_end < window_end";
    assert_eq!(world.scalar::<i64>(answers).await, 1);
    service.stop().await.unwrap();
}

/// The answer to a room on two assets that follows from the stored seconds.
async fn stored(world: &World, terms: &Terms) -> Verdict {
    let room = HeadToHead::try_from_terms(terms, 3).unwrap();
    let read = async |asset: Asset| -> (Samples, Second) {
        let frames: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT frame FROM oracle.second WHERE asset = $1 AND complete ORDER BY second",
        )
        .bind(asset.name())
        .fetch_all(world.db.pool())
        .await
        .unwrap();
        let frames: Vec<_> = frames.iter().map(|bytes| Frame::decode(bytes).unwrap()).collect();
        (frames.iter().map(Frame::kept).collect(), frames.last().unwrap().second.plus(1))
    };
    let ((asset, own), (rival, rivals)) = (read(room.asset).await, read(room.rival).await);
    match room.look(&Both { asset, rival, end: own.min(rivals) }) {
        Sight::Resolved(resolution) => resolution.verdict(),
        later => panic!("{later:?}"),
    }
}

#[tokio::test]
async fn answers_on_two_assets_follow_within_a_second_of_what_they_rest_on() {
    let mut world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    // They end a second after each other: whoever looks seldom is late for one of them.
    for more in 0..4 {
        let terms = room(Kind::HeadToHead);
        let deadline = from_timestamp(terms.deadline.as_ref()).unwrap() + time::Duration::seconds(more);
        world.register(&Terms { deadline: Some(timestamp(deadline)), ..terms }).await;
    }
    for verdict in verdicts(&mut world, 4).await.values() {
        assert_eq!(verdict.void_reason(), VoidReason::Tie);
    }
    let late = "SELECT max(extract(epoch FROM resolved_at)::float8 - window_end) FROM oracle.resolution";
    let late: f64 = world.scalar(late).await;
    // The last second is stored with the first look of the next one, half a second later at most.
    assert!((0.0..1.5).contains(&late), "{late} s after the window");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_venue_without_a_vote_makes_an_answer_suspicious() {
    let mut world = World::new().await;
    world.set("ORACLE_EXCLUDE_AFTER", "1s");
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.market.mood(VenueId::Kraken, Mood::Wrong(Decimal::new(13, 1)));
    let excluded = "SELECT bool_or(excluded) FROM oracle.second WHERE asset = 'SOL'";
    eventually("Kraken has no vote", || async { world.scalar::<Option<bool>>(excluded).await == Some(true) })
        .await;
    let touch = Terms { target: "160.9".to_owned(), ..room(Kind::Touch) };
    let terms = [room(Kind::Close), room(Kind::HeadToHead), touch];
    for terms in &terms {
        world.register(terms).await;
    }
    world.registered().await;
    // A restart in between: what was stored is what counts.
    service.stop().await.unwrap();
    let service = world.start().await;
    started(&world, &terms[1]).await;
    world.market.set("SOL", "161");
    let told = verdicts(&mut world, 3).await;
    for (terms, expected) in terms.iter().zip(["161", "161", "161"]) {
        let verdict = &told[&terms.room_id];
        assert_eq!(verdict.price.parse::<Decimal>().unwrap().round_dp(0).to_string(), expected);
        assert_eq!(verdict.suspicions().collect::<Vec<_>>(), [Suspicion::ExcludedVenue], "{verdict:?}");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_is_as_suspicious_as_its_frames_after_a_restart() {
    let mut world = World::new().await;
    world.set("ORACLE_EXCLUDE_AFTER", "1s");
    world.set("ORACLE_READMIT_AFTER", "1s");
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.market.mood(VenueId::Kraken, Mood::Wrong(Decimal::new(13, 1)));
    let excluded = "SELECT excluded FROM oracle.second WHERE asset = 'SOL' ORDER BY second DESC LIMIT 1";
    eventually("Kraken has no vote", || async { world.scalar::<bool>(excluded).await }).await;
    let rooms = [room(Kind::UpDown), room(Kind::HeadToHead)];
    for terms in &rooms {
        world.register(terms).await;
    }
    started(&world, &rooms[1]).await;
    world.market.mood(VenueId::Kraken, Mood::Well);
    eventually("Kraken has a vote", || async { !world.scalar::<bool>(excluded).await }).await;
    service.stop().await.unwrap();
    // As the version before stored it: without a word on how certain it was.
    sqlx::query("UPDATE oracle.second SET confidence_bps = NULL, excluded = NULL")
        .execute(world.db.pool())
        .await
        .unwrap();
    let service = world.start().await;
    for verdict in verdicts(&mut world, 2).await.values() {
        assert_eq!(verdict.suspicions().collect::<Vec<_>>(), [Suspicion::ExcludedVenue], "{verdict:?}");
        assert!(verdict.start_window_end_second < verdict.window_end_second);
    }
    service.stop().await.unwrap();
}
