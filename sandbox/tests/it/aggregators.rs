//! The simulated aggregators, asked by oracle-svc's own client.

use chassis::breaker::Breakers;
use oracle_svc::{
    domain::{Asset, Opinion},
    venues::{
        AggregatorId,
        http::{self, Host, HttpError, Manners},
    },
};
use rust_decimal::Decimal;
use sandbox::venues::{
    self, Market, Settings,
    aggregators::{self, Aggregator, AggregatorFault, Aggregators},
};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

const PAIRS: [(Aggregator, AggregatorId); 3] = [
    (Aggregator::CoinGecko, AggregatorId::CoinGecko),
    (Aggregator::CryptoCompare, AggregatorId::CryptoCompare),
    (Aggregator::Hermes, AggregatorId::Hermes),
];

async fn start() -> (Market, Aggregators, DropGuard) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shutdown = CancellationToken::new();
    let market = venues::serve(Settings::default(), shutdown.clone()).await.unwrap();
    market.hold_at(venues::Asset::Sol, "165.25".parse().unwrap()).unwrap();
    let aggregators = aggregators::serve(&market, "127.0.0.1".parse().unwrap(), &shutdown).await.unwrap();
    (market, aggregators, shutdown.drop_guard())
}

/// Asks as oracle-svc does, and reads the answer with its parser.
async fn ask(url: &str, id: AggregatorId, key: Option<&str>) -> Result<Vec<Opinion>, String> {
    let manners = Manners { every: Duration::ZERO, deadline: Duration::from_secs(1), body: 64 * 1024 };
    let host = Host::new(http::client().unwrap(), url, &Breakers::default(), manners);
    let format = id.format();
    let (header, before) = format.key_header(url);
    let address = format.url(url);
    let asking = host.get(&address, |request| match key {
        Some(key) => request.header(header, format!("{before}{key}")),
        None => request,
    });
    let body = asking.await.map_err(|error: HttpError| error.name().to_owned())?;
    format.read(&body).map_err(|_| "unreadable".to_owned())
}

fn sol(opinions: &[Opinion]) -> &Opinion {
    opinions.iter().find(|opinion| opinion.asset == Asset::Sol).unwrap()
}

#[tokio::test]
async fn each_says_the_market_s_price_in_its_own_format() {
    let (_market, aggregators, _stop) = start().await;
    for (aggregator, id) in PAIRS {
        let opinions = ask(&aggregators.url(aggregator), id, Some("key")).await.unwrap();
        assert_eq!(opinions.len(), 3, "{}", id.name());
        assert_eq!(sol(&opinions).price.to_string(), "165.25", "{}", id.name());
    }
}

#[tokio::test]
async fn who_wants_a_key_refuses_without_one() {
    let (_market, aggregators, _stop) = start().await;
    for (aggregator, id) in PAIRS {
        let answer = ask(&aggregators.url(aggregator), id, None).await;
        assert_eq!(answer.is_ok(), aggregator == Aggregator::CoinGecko, "{}: {answer:?}", id.name());
    }
}

#[tokio::test]
async fn faults_look_like_faults() {
    let (_market, aggregators, _stop) = start().await;
    let wrong = AggregatorFault::Wrong { percent: Decimal::TEN };
    for (fault, expected) in [
        (AggregatorFault::Limited { seconds: 7 }, "limited"),
        (AggregatorFault::Broken, "status"),
        (AggregatorFault::Slow, "too_slow"),
        (AggregatorFault::Garbage, "unreadable"),
    ] {
        for (aggregator, id) in PAIRS {
            aggregators.set_fault(aggregator, fault);
            let answer = ask(&aggregators.url(aggregator), id, Some("key")).await;
            assert_eq!(answer.unwrap_err(), expected, "{}", id.name());
        }
    }
    // CoinGecko does not answer a sixth question within its minute.
    for (aggregator, id) in &PAIRS[1..] {
        aggregators.set_fault(*aggregator, wrong);
        let opinions = ask(&aggregators.url(*aggregator), *id, Some("key")).await.unwrap();
        assert_eq!(sol(&opinions).price.to_string(), "181.775");
        let right = sol(&opinions).at;
        aggregators.set_fault(*aggregator, AggregatorFault::Stale);
        let opinions = ask(&aggregators.url(*aggregator), *id, Some("key")).await.unwrap();
        assert!(right.since(sol(&opinions).at) >= 3_599_000_000);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_so() {
    let (_market, aggregators, _stop) = start().await;
    let url = aggregators.url(Aggregator::CoinGecko);
    for _ in 0..5 {
        ask(&url, AggregatorId::CoinGecko, None).await.unwrap();
    }
    assert_eq!(ask(&url, AggregatorId::CoinGecko, None).await.unwrap_err(), "limited");
    assert_eq!(aggregators.asked(Aggregator::CoinGecko), (6, 1));
}
