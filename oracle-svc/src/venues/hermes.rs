//! Pyth's Hermes, `v2/updates/price/latest`. <https://hermes.pyth.network/docs>
//! It answers 401 without a key since August 2026.

use super::{
    WireError,
    aggregator::{Aggregator, AggregatorId, some},
    json,
};
use crate::domain::{Asset, InvalidPrice, Opinion, Price};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::borrow::Cow;

/// Pyth's aggregate of its publishers.
#[derive(Clone, Copy, Debug)]
pub struct Hermes;

/// Ids of the feeds. <https://docs.pyth.network/price-feeds/price-feeds>
const FEEDS: [(&str, Asset); 3] = [
    ("e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43", Asset::Btc),
    ("ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace", Asset::Eth),
    ("ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d", Asset::Sol),
];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    parsed: Vec<Feed<'a>>,
}

#[derive(Deserialize)]
struct Feed<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    price: Number<'a>,
}

/// `price` × 10^`expo`.
#[derive(Deserialize)]
struct Number<'a> {
    #[serde(borrow)]
    price: Cow<'a, str>,
    expo: i32,
    /// Seconds.
    publish_time: i64,
}

impl Aggregator for Hermes {
    fn id(&self) -> AggregatorId {
        AggregatorId::Hermes
    }

    fn url(&self, base: &str) -> String {
        let ids = FEEDS.map(|(id, _)| format!("ids%5B%5D={id}")).join("&");
        format!("{}/v2/updates/price/latest?{ids}&parsed=true&encoding=base64", base.trim_end_matches('/'))
    }

    fn key_header(&self, _: &str) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn read(&self, body: &[u8]) -> Result<Vec<Opinion>, WireError> {
        let answer: Answer<'_> = serde_json::from_slice(body)?;
        let known = answer.parsed.iter().filter_map(|feed| {
            let id = feed.id.trim_start_matches("0x");
            FEEDS.iter().find(|(known, _)| *known == id).map(|(_, asset)| (*asset, &feed.price))
        });
        let opinions = known.map(|(asset, number)| {
            let at = json::seconds(number.publish_time, "publish_time")?;
            Ok(Opinion { asset, price: scaled(&number.price, number.expo)?, at })
        });
        opinions.collect::<Result<_, WireError>>().and_then(some)
    }
}

fn scaled(digits: &str, expo: i32) -> Result<Price, WireError> {
    let wrong = |source| WireError::Price { field: "price", source };
    let number: i64 = digits.parse().map_err(|_| wrong(InvalidPrice::Syntax))?;
    let scale = expo.checked_neg().and_then(|scale| u32::try_from(scale).ok());
    let scale = scale.ok_or(wrong(InvalidPrice::Syntax))?;
    let price = Decimal::try_from_i128_with_scale(number.into(), scale);
    price.map_err(|_| InvalidPrice::Syntax).and_then(Price::try_new).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"binary":{"encoding":"base64","data":["UE5BVQ=="]},"parsed":[
        {"id":"ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d","price":{"price":"16510000001","conf":"7500000","expo":-8,"publish_time":1796040002},
         "ema_price":{"price":"16500000000","conf":"7000000","expo":-8,"publish_time":1796040002},"metadata":{"slot":1,"proof_available_time":1796040003,"prev_publish_time":1796040001}},
        {"id":"00","price":{"price":"x","expo":5,"publish_time":-1}}]}"#;

    #[test]
    fn reads_what_is_asked_for() {
        let opinions = Hermes.read(ANSWER.as_bytes()).unwrap();
        let [sol] = opinions.as_slice() else { panic!("{opinions:?}") };
        assert_eq!((sol.asset, sol.price.to_string().as_str()), (Asset::Sol, "165.10000001"));
        assert_eq!(sol.at.micros(), 1_796_040_002_000_000);
    }

    #[test]
    fn refuses_wrong_fields_and_answers_without_a_price() {
        for (right, wrong) in [
            ("\"16510000001\"", "16510000001"),
            ("\"16510000001\"", "\"-16510000001\""),
            ("\"16510000001\"", "\"1.5\""),
            ("\"16510000001\",\"conf\":\"7500000\",\"expo\":-8", "\"16510000001\",\"expo\":-99"),
            ("\"16510000001\",\"conf\":\"7500000\",\"expo\":-8", "\"16510000001\",\"expo\":8"),
            ("\"expo\":-8,\"publish_time\":1796040002},", "\"expo\":-8,\"publish_time\":0},"),
            ("\"parsed\"", "\"other\""),
        ] {
            assert!(Hermes.read(ANSWER.replacen(right, wrong, 1).as_bytes()).is_err(), "{wrong}");
        }
        assert!(matches!(Hermes.read(br#"{"parsed":[]}"#), Err(WireError::Refused(_))));
    }
}
