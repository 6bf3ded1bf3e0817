//! CryptoCompare (CoinDesk Data), `pricemultifull`. Its free plan is gone: without a key every answer is 401.

use super::{
    WireError,
    aggregator::{Aggregator, AggregatorId, some},
    json,
};
use crate::domain::{Asset, Opinion};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// The CCCAGG index of every asset.
#[derive(Clone, Copy, Debug)]
pub struct CryptoCompare;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "RAW", default)]
    raw: BTreeMap<Cow<'a, str>, &'a RawValue>,
    /// `Error` in what is still status 200.
    #[serde(borrow, rename = "Response", default)]
    response: Cow<'a, str>,
    #[serde(borrow, rename = "Message", default)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Coin<'a> {
    #[serde(borrow, rename = "USD")]
    usd: Ticker<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Ticker<'a> {
    #[serde(borrow)]
    price: &'a RawValue,
    /// Seconds.
    lastupdate: i64,
}

impl Aggregator for CryptoCompare {
    fn id(&self) -> AggregatorId {
        AggregatorId::CryptoCompare
    }

    fn url(&self, base: &str) -> String {
        let symbols: Vec<_> = Asset::MAJORS.iter().map(Asset::name).collect();
        format!("{}/data/pricemultifull?fsyms={}&tsyms=USD", base.trim_end_matches('/'), symbols.join(","))
    }

    fn key_header(&self, _: &str) -> (&'static str, &'static str) {
        ("authorization", "Apikey ")
    }

    fn read(&self, body: &[u8]) -> Result<Vec<Opinion>, WireError> {
        let answer: Answer<'_> = serde_json::from_slice(body)?;
        if answer.response == "Error" {
            return Err(WireError::Refused(answer.message.into_owned()));
        }
        let known = Asset::MAJORS.iter().filter_map(|asset| Some((*asset, answer.raw.get(asset.name())?)));
        let opinions = known.map(|(asset, coin)| {
            let Coin { usd } = serde_json::from_str(coin.get())?;
            let price = json::number(usd.price, "PRICE")?;
            Ok(Opinion { asset, price, at: json::seconds(usd.lastupdate, "LASTUPDATE")? })
        });
        opinions.collect::<Result<_, WireError>>().and_then(some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"RAW":{"SOL":{"USD":{"TYPE":"5","MARKET":"CCCAGG","FROMSYMBOL":"SOL","TOSYMBOL":"USD","FLAGS":"2049","PRICE":165.1,"LASTUPDATE":1796040002,"MEDIAN":165.09}},"DOGE":{"EUR":{}}},"DISPLAY":{"SOL":{"USD":{"PRICE":"$ 165.10"}}}}"#;

    #[test]
    fn reads_what_is_asked_for() {
        let opinions = CryptoCompare.read(ANSWER.as_bytes()).unwrap();
        let [sol] = opinions.as_slice() else { panic!("{opinions:?}") };
        assert_eq!((sol.asset, sol.price.to_string().as_str()), (Asset::Sol, "165.1"));
        assert_eq!(sol.at.micros(), 1_796_040_002_000_000);
    }

    #[test]
    fn refuses_wrong_fields_and_errors_that_look_like_answers() {
        for (right, wrong) in [
            ("\"PRICE\":165.1", "\"PRICE\":\"165.1\""),
            ("\"PRICE\":165.1", "\"PRICE\":-165.1"),
            ("\"LASTUPDATE\":1796040002", "\"LASTUPDATE\":0"),
            ("\"USD\":{\"TYPE\"", "\"EUR\":{\"TYPE\""),
        ] {
            assert!(CryptoCompare.read(ANSWER.replace(right, wrong).as_bytes()).is_err(), "{wrong}");
        }
        let limited = br#"{"Response":"Error","Message":"You are over your rate limit please upgrade your account!","HasWarning":false,"Type":99,"RateLimit":{},"Data":{}}"#;
        assert!(
            matches!(CryptoCompare.read(limited), Err(WireError::Refused(why)) if why.starts_with("You are over"))
        );
        assert!(matches!(CryptoCompare.read(b"{}"), Err(WireError::Refused(_))));
    }
}
