//! Seconds of prices as the oracle would have stored them, from a price for each.

use crate::room::OPEN;
use proto::{oracle, timestamp};
use rust_decimal::Decimal;
use std::ops::Range;
use time::Duration;

/// How the venues stand to each other in a second.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// Four agree, the fifth is far away and does not count.
    Calm,
    /// The fifth has no vote.
    Excluded,
    /// They lie apart by more than the terms accept without a look.
    Wide,
    /// Too few quotes for a price.
    Blind,
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn text(price: Decimal) -> String {
    price.normalize().to_string()
}

/// One aggregate in each second, counted from the opening.
pub fn majors(seconds: Range<i64>, price: impl Fn(i64) -> (&'static str, Shape)) -> Vec<oracle::Second> {
    let one = |second| {
        let (price, shape) = price(second);
        major(second, decimal(price), shape)
    };
    seconds.map(one).collect()
}

fn stored(second: i64, aggregate: oracle::Aggregate) -> oracle::Second {
    oracle::Second { second: OPEN.unix_timestamp() + second, aggregates: vec![aggregate], complete: true }
}

/// Taken a quarter into the second; `age` is that of the venue's time in milliseconds.
fn quote(second: i64, venue: &str, price: Decimal, age: i64) -> oracle::Quote {
    let at = OPEN + Duration::seconds(second) + Duration::milliseconds(250);
    oracle::Quote {
        venue: venue.to_owned(),
        price: text(price),
        venue_at: Some(timestamp(at - Duration::milliseconds(age))),
        received_at: Some(timestamp(at - Duration::milliseconds(20))),
        counted: true,
        ..Default::default()
    }
}

fn major(second: i64, price: Decimal, shape: Shape) -> oracle::Second {
    let at = Some(timestamp(OPEN + Duration::seconds(second) + Duration::milliseconds(250)));
    let (rate, percent) = (decimal("0.9995"), decimal("0.01"));
    let spread = if shape == Shape::Wide { price * percent * decimal("1.5") } else { Decimal::ZERO };
    let mut quotes = vec![
        oracle::Quote { price_usdt: text(price), ..quote(second, "binance", price * rate, 50) },
        quote(second, "bitstamp", price + spread, 60),
        quote(second, "coinbase", price, 70),
        quote(second, "kraken", price - spread, 700),
        oracle::Quote { counted: false, ..quote(second, "okx", (price + decimal("10")) * rate, 80) },
    ];
    quotes[4].price_usdt = text(price + decimal("10"));
    quotes[4].excluded = shape == Shape::Excluded;
    let rated = |venue| oracle::Quote { counted: false, ..quote(second, venue, rate, 40) };
    let mut aggregate = oracle::Aggregate {
        asset: "SOL".to_owned(),
        at,
        usdt_usd: text(rate),
        rate_quotes: vec![rated("coinbase"), rated("kraken")],
        ..Default::default()
    };
    let half = decimal("0.5");
    let (confidence, band) = match shape {
        Shape::Calm | Shape::Excluded => (Decimal::ZERO, price * percent * half),
        Shape::Wide => (spread, price * percent * decimal("2")),
        Shape::Blind => {
            quotes.truncate(2);
            quotes.iter_mut().for_each(|quote| quote.counted = false);
            aggregate.quotes = quotes;
            return stored(second, aggregate);
        }
    };
    let (price, confidence, band) = (text(price), text(confidence), text(band));
    stored(second, oracle::Aggregate { price, confidence, band, quotes, ..aggregate })
}

/// A token that two endpoints price in SOL, which is worth 150 USD, and that the listing confirms.
pub fn token(seconds: Range<i64>, in_sol: &'static str) -> Vec<oracle::Second> {
    let (own, sol) = (decimal(in_sol), decimal("150"));
    let one = |second| {
        let at = OPEN + Duration::seconds(second) + Duration::milliseconds(250);
        let usd = own * sol;
        let read = |venue| oracle::Quote { price_usdt: text(own), ..quote(second, venue, usd, 90) };
        let listed = usd * decimal("1.001");
        let rated = |venue| oracle::Quote { counted: false, ..quote(second, venue, sol, 100) };
        let aggregate = oracle::Aggregate {
            asset: "token".to_owned(),
            price: text(usd),
            confidence: text(listed - usd),
            at: Some(timestamp(at)),
            band: text(usd * decimal("0.02")),
            quotes: vec![read("chain-1"), read("chain-2"), quote(second, "dexscreener", listed, 20)],
            usdt_usd: text(sol),
            rate_quotes: vec![rated("bitstamp"), rated("coinbase"), rated("kraken")],
        };
        stored(second, aggregate)
    };
    seconds.map(one).collect()
}
