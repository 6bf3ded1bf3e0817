//! Minute candles: the fold of the stored seconds, whoever stored them.

use crate::{
    eventually, now,
    world::{World, client},
};
use oracle_svc::domain::{Asset, Frame, Second};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use proto::oracle::{Candle, GetCandlesRequest, GetSeriesRequest};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tonic::Code;

const HOURS: i64 = 5;

/// Seconds of a series with gaps of all sizes: runs of seconds, each with a price or without.
fn series() -> impl Strategy<Value = Vec<(i64, Vec<Option<u32>>)>> {
    vec((0_i64..200, vec(prop::option::weighted(0.8, 1_u32..1_000_000_000), 0..150)), 300)
}

/// Stores a random series that ends with the minute before this one, as an earlier process would have.
async fn store(world: &World) -> BTreeMap<i64, Option<Decimal>> {
    let end = now().unix_timestamp() / 60 * 60;
    let mut second = end - HOURS * 3_600;
    let mut stored = BTreeMap::new();
    let runs = series().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    for (gap, samples) in runs {
        second += gap;
        for sample in samples {
            stored.insert(second, sample.map(|n| Decimal::new(n.into(), 6)));
            second += 1;
        }
    }
    stored.retain(|second, _| *second < end);
    let seconds: Vec<i64> = stored.keys().copied().collect();
    let prices: Vec<Option<Decimal>> = stored.values().copied().collect();
    let frame = |second: &i64| Frame { complete: true, ..Frame::empty(Second::new(*second)) };
    let frames: Vec<Vec<u8>> = seconds.iter().map(|second| frame(second).encode(Asset::Sol)).collect();
    sqlx::query(
        "INSERT INTO oracle.second (asset, second, frame, price, complete)
         SELECT 'SOL', t.second, t.frame, t.price, true FROM unnest($1::bigint[], $2::bytea[], $3::numeric[]) AS t (second, frame, price)",
    )
    .bind(&seconds)
    .bind(&frames)
    .bind(&prices)
    .execute(world.db.pool())
    .await
    .unwrap();
    stored
}

/// The candles by the definition: second after second.
fn folded(stored: &BTreeMap<i64, Option<Decimal>>) -> Vec<Candle> {
    let mut minutes: BTreeMap<i64, Vec<Decimal>> = BTreeMap::new();
    for (second, price) in stored {
        if let Some(price) = price {
            minutes.entry(second / 60 * 60).or_default().push(*price);
        }
    }
    let candle = |(second, prices): (i64, Vec<Decimal>)| Candle {
        second,
        open: prices[0].normalize().to_string(),
        high: prices.iter().max().unwrap().normalize().to_string(),
        low: prices.iter().min().unwrap().normalize().to_string(),
        close: prices[prices.len() - 1].normalize().to_string(),
        seconds: u32::try_from(prices.len()).unwrap(),
    };
    minutes.into_iter().map(candle).collect()
}

#[tokio::test]
async fn candles_are_the_fold_of_the_stored_seconds() {
    let world = World::new().await;
    let stored = store(&world).await;
    let expected = folded(&stored);
    assert!(expected.len() > 150, "{}", expected.len());
    let service = world.start().await;
    let newest = expected[expected.len() - 1].second;
    let request = GetCandlesRequest { asset: "SOL".to_owned(), first_second: 0, last_second: newest };
    // The first second that this process stores makes the candles of an hour, each further one of another.
    eventually("all candles are made", || async {
        let candles = client(&service).get_candles(request.clone()).await.unwrap().into_inner().candles;
        candles.last().is_some_and(|last| last.second == newest)
    })
    .await;
    let candles = client(&service).get_candles(request.clone()).await.unwrap().into_inner().candles;
    assert_eq!(candles, expected);
    let some = GetCandlesRequest {
        first_second: expected[3].second - 59,
        last_second: expected[5].second,
        ..request.clone()
    };
    let some = client(&service).get_candles(some).await.unwrap().into_inner().candles;
    assert_eq!(some, expected[3..=5]);
    let unknown = GetCandlesRequest { asset: "DOGE".to_owned(), ..request };
    assert_eq!(client(&service).get_candles(unknown).await.unwrap_err().code(), Code::NotFound);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_chart_of_points_has_the_last_price_of_each_step() {
    let world = World::new().await;
    let stored = store(&world).await;
    let service = world.start().await;
    let (first, last) = (*stored.keys().next().unwrap(), *stored.keys().next_back().unwrap());
    for every in [7_u32, 60, 3_600] {
        let mut points: BTreeMap<i64, (i64, Decimal)> = BTreeMap::new();
        for (second, price) in &stored {
            if let Some(price) = price {
                points.insert(second / i64::from(every), (*second, *price));
            }
        }
        let mut found = Vec::new();
        let mut next = first;
        loop {
            let request = GetSeriesRequest {
                asset: "SOL".to_owned(),
                first_second: next,
                last_second: last,
                every_seconds: every,
            };
            let page = client(&service).get_series(request).await.unwrap().into_inner().seconds;
            let Some(end) = page.last() else { break };
            next = end.second + 1;
            found.extend(
                page.iter()
                    .map(|second| (second.second, second.aggregates[0].price.parse::<Decimal>().unwrap())),
            );
        }
        assert_eq!(found, points.into_values().collect::<Vec<_>>(), "every {every} s");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn candles_past_their_days_are_forgotten() {
    let mut world = World::new().await;
    world.set("ORACLE_CANDLE_DAYS", "2");
    let minute = now().unix_timestamp() / 60 * 60;
    for age in [1, 3] {
        sqlx::query("INSERT INTO oracle.candle VALUES ('SOL', $1, 160, 161, 159, 160, 60)")
            .bind(minute - age * 86_400)
            .execute(world.db.pool())
            .await
            .unwrap();
    }
    let service = world.start().await;
    eventually("one is left", || async {
        world.scalar::<i64>("SELECT count(*) FROM oracle.candle").await == 1
    })
    .await;
    let left: i64 = world.scalar("SELECT minute FROM oracle.candle").await;
    assert_eq!(left, minute - 86_400);
    service.stop().await.unwrap();
}
