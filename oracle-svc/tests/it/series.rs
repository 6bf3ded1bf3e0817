//! The series: one per asset, without gaps, the same for everybody who asks.

use crate::{
    eventually,
    venues::Mood,
    world::{World, aggregate, client},
};
use oracle_svc::domain::{Frame, VenueId};
use prost::Message as _;
use proto::oracle::{GetAggregateRequest, GetSeriesRequest, Second};
use rust_decimal::Decimal;
use tonic::Code;

#[tokio::test]
async fn five_venues_make_one_price() {
    let world = World::new().await;
    let service = world.start().await;
    let found = world.priced(&service, "160").await;
    eventually("all venues are fresh", || async { aggregate(&mut client(&service)).await.quotes.len() == 5 })
        .await;
    assert!(found.quotes.iter().all(|quote| quote.counted && !quote.excluded), "{found:?}");
    let okx =
        aggregate(&mut client(&service)).await.quotes.into_iter().find(|quote| quote.venue == "okx").unwrap();
    assert_eq!(okx.price_usdt, "160.320641");
    assert_eq!(okx.price, "159.999999718");
    let unknown = client(&service).get_aggregate(GetAggregateRequest { asset: "DOGE".to_owned() }).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn stored_seconds_have_no_gap_and_are_served() {
    let world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    let whole = "SELECT count(*) FROM oracle.second WHERE asset = 'SOL' AND complete";
    eventually("five seconds are stored", || async { world.scalar::<i64>(whole).await >= 5 }).await;
    let holes: i64 = world
        .scalar("SELECT max(second) - min(second) + 1 - count(*) FROM oracle.second WHERE asset = 'SOL'")
        .await;
    assert_eq!(holes, 0);
    let last: i64 =
        world.scalar("SELECT max(second) FROM oracle.second WHERE asset = 'SOL' AND complete").await;
    let request = GetSeriesRequest {
        asset: "SOL".to_owned(),
        first_second: last - 2,
        last_second: last,
        every_seconds: 0,
    };
    let seconds = client(&service).get_series(request.clone()).await.unwrap().into_inner().seconds;
    assert_eq!(seconds.iter().map(|second| second.second).collect::<Vec<_>>(), [last - 2, last - 1, last]);
    assert!(seconds.iter().all(|second| second.complete && !second.aggregates.is_empty()));
    // What is served is what is stored, and the price follows from its quotes.
    let bytes: Vec<u8> =
        sqlx::query_scalar("SELECT frame FROM oracle.second WHERE asset = 'SOL' AND second = $1")
            .bind(last)
            .fetch_one(world.db.pool())
            .await
            .unwrap();
    assert_eq!(Second::decode(bytes.as_slice()).unwrap(), seconds[2]);
    assert_eq!(Frame::decode(&bytes).unwrap().sample().unwrap().to_string(), "160");
    let chart = GetSeriesRequest { every_seconds: 3_600, first_second: last - 3_600, ..request };
    let points = client(&service).get_series(chart).await.unwrap().into_inner().seconds;
    assert!((1..=2).contains(&points.len()), "{points:?}");
    assert_eq!((points[0].aggregates[0].price.as_str(), points[0].aggregates[0].quotes.len()), ("160", 0));
    service.stop().await.unwrap();
}

#[tokio::test]
async fn without_quorum_there_is_no_price() {
    let world = World::new().await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    for venue in [VenueId::Coinbase, VenueId::Binance, VenueId::Okx] {
        world.market.mood(venue, Mood::Silent);
    }
    world.priced(&service, "").await;
    world.market.mood(VenueId::Coinbase, Mood::Well);
    world.priced(&service, "160").await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_venue_changes_nothing_and_loses_its_vote_until_it_behaves() {
    let mut world = World::new().await;
    world.set("ORACLE_EXCLUDE_AFTER", "1s");
    world.set("ORACLE_READMIT_AFTER", "2s");
    let service = world.start().await;
    world.priced(&service, "160").await;
    world.market.mood(VenueId::Kraken, Mood::Wrong(Decimal::new(13, 1)));
    let kraken =
        |found: proto::oracle::Aggregate| found.quotes.into_iter().find(|quote| quote.venue == "kraken");
    eventually("Kraken is excluded", || async {
        let found = aggregate(&mut client(&service)).await;
        let price: Decimal = found.price.parse().expect("the others go on");
        assert!((price - Decimal::from(160)).abs() < Decimal::new(1, 2), "{found:?}");
        kraken(found).is_some_and(|quote| quote.excluded && !quote.counted)
    })
    .await;
    world.market.mood(VenueId::Kraken, Mood::Well);
    eventually("Kraken is back", || async {
        kraken(aggregate(&mut client(&service)).await).is_some_and(|quote| quote.counted && !quote.excluded)
    })
    .await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn an_excluded_venue_that_falls_silent_is_excluded_after_a_restart() {
    let mut world = World::new().await;
    world.set("ORACLE_EXCLUDE_AFTER", "1s");
    let service = world.start().await;
    world.priced(&service, "160").await;
    let kraken =
        |found: proto::oracle::Aggregate| found.quotes.into_iter().find(|quote| quote.venue == "kraken");
    world.market.mood(VenueId::Kraken, Mood::Wrong(Decimal::new(13, 1)));
    eventually("Kraken is excluded", || async {
        kraken(aggregate(&mut client(&service)).await).is_some_and(|quote| quote.excluded)
    })
    .await;
    world.market.mood(VenueId::Kraken, Mood::Silent);
    eventually("Kraken is not in the newest second any more", || async {
        let found = aggregate(&mut client(&service)).await;
        !found.price.is_empty() && kraken(found).is_none()
    })
    .await;
    service.stop().await.unwrap();
    world.market.mood(VenueId::Kraken, Mood::Well);
    let service = world.start().await;
    let found = std::cell::RefCell::new(None);
    eventually("Kraken is back", || async {
        *found.borrow_mut() = kraken(aggregate(&mut client(&service)).await);
        found.borrow().is_some()
    })
    .await;
    assert!(found.into_inner().unwrap().excluded, "a restart is no pardon");
    service.stop().await.unwrap();
}
