//! CoinGecko, `simple/price`. <https://docs.coingecko.com/reference/simple-price>

use super::{
    WireError,
    aggregator::{Aggregator, AggregatorId, some},
    json,
};
use crate::domain::{Asset, Opinion};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// Its prices are means over hundreds of markets and up to some minutes old.
#[derive(Clone, Copy, Debug)]
pub struct CoinGecko;

const COINS: [(&str, Asset); 3] = [("bitcoin", Asset::Btc), ("ethereum", Asset::Eth), ("solana", Asset::Sol)];

#[derive(Deserialize)]
struct Coin<'a> {
    #[serde(borrow)]
    usd: &'a RawValue,
    /// Seconds.
    last_updated_at: i64,
}

impl Aggregator for CoinGecko {
    fn id(&self) -> AggregatorId {
        AggregatorId::CoinGecko
    }

    fn url(&self, base: &str) -> String {
        let ids = COINS.map(|(id, _)| id).join(",");
        let base = base.trim_end_matches('/');
        format!("{base}/simple/price?ids={ids}&vs_currencies=usd&include_last_updated_at=true&precision=full")
    }

    /// Paid plans have a host and a header of their own.
    fn key_header(&self, base: &str) -> (&'static str, &'static str) {
        let paid = base.starts_with("https://pro-api.");
        (if paid { "x-cg-pro-api-key" } else { "x-cg-demo-api-key" }, "")
    }

    fn read(&self, body: &[u8]) -> Result<Vec<Opinion>, WireError> {
        let coins: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(body)?;
        let known = COINS.iter().filter_map(|(id, asset)| Some((*asset, coins.get(*id)?)));
        let opinions = known.map(|(asset, coin)| {
            let coin: Coin<'_> = serde_json::from_str(coin.get())?;
            let price = json::number(coin.usd, "usd")?;
            Ok(Opinion { asset, price, at: json::seconds(coin.last_updated_at, "last_updated_at")? })
        });
        opinions.collect::<Result<_, WireError>>().and_then(some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"bitcoin":{"usd":91234.56789012345,"last_updated_at":1796040001},"solana":{"usd":165.1,"usd_market_cap":8.9e10,"last_updated_at":1796040002},"dogecoin":{"usd":null}}"#;

    #[test]
    fn reads_what_is_asked_for() {
        let opinions = CoinGecko.read(ANSWER.as_bytes()).unwrap();
        let [btc, sol] = opinions.as_slice() else { panic!("{opinions:?}") };
        assert_eq!((btc.asset, btc.price.to_string().as_str()), (Asset::Btc, "91234.56789012345"));
        assert_eq!((sol.asset, sol.at.micros()), (Asset::Sol, 1_796_040_002_000_000));
    }

    #[test]
    fn refuses_wrong_fields_and_answers_without_a_price() {
        for (right, wrong) in [
            ("165.1", "\"165.1\""),
            ("165.1", "0"),
            ("165.1", "-1"),
            ("1796040002", "\"now\""),
            ("1796040002", "-5"),
            ("\"last_updated_at\":1796040002", "\"updated\":1796040002"),
            ("{\"bitcoin\"", "[\"bitcoin\""),
        ] {
            assert!(CoinGecko.read(ANSWER.replace(right, wrong).as_bytes()).is_err(), "{wrong}");
        }
        let limited = br#"{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}"#;
        assert!(matches!(CoinGecko.read(limited), Err(WireError::Refused(_))));
    }

    #[test]
    fn the_key_has_another_header_where_it_is_paid_for() {
        assert_eq!(CoinGecko.key_header(AggregatorId::CoinGecko.address()).0, "x-cg-demo-api-key");
        assert_eq!(CoinGecko.key_header("https://pro-api.coingecko.com/api/v3").0, "x-cg-pro-api-key");
    }
}
