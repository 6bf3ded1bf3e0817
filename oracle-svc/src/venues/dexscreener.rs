//! DexScreener's listing of the pairs of a token, over REST.
//! <https://docs.dexscreener.com/api/reference>

use super::{
    WireError,
    http::{Host, HttpError},
    json,
};
use crate::domain::{ListedPair, Mint};
use chassis::settings::Endpoint;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Most tokens in one request.
pub const MOST_TOKENS: usize = 30;

/// The listing.
#[derive(Clone, Debug)]
pub struct DexScreener {
    /// Its manners.
    pub host: Host,
    /// Where it is.
    pub url: Endpoint,
}

/// Why it told nothing.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// It could not be asked.
    #[error("listing")]
    Http(#[from] HttpError),
    /// It answered something else.
    #[error("listing")]
    Wire(#[from] WireError),
}

impl DexScreener {
    /// The pairs of at most [`MOST_TOKENS`] tokens.
    ///
    /// # Errors
    /// No answer, or no listing.
    pub async fn pairs(&self, tokens: &[Mint]) -> Result<Vec<ListedPair>, ListingError> {
        let names: Vec<&str> = tokens.iter().map(Mint::as_str).collect();
        let url = format!("{}/tokens/v1/solana/{}", self.url.expose().trim_end_matches('/'), names.join(","));
        let body = self.host.get(&url, |request| request).await?;
        Ok(read(&body)?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    chain_id: Cow<'a, str>,
    #[serde(borrow)]
    dex_id: Cow<'a, str>,
    #[serde(borrow)]
    pair_address: Cow<'a, str>,
    #[serde(borrow)]
    base_token: Token<'a>,
    #[serde(borrow)]
    quote_token: Token<'a>,
    #[serde(borrow)]
    price_usd: Option<Cow<'a, str>>,
    #[serde(borrow)]
    liquidity: Option<Liquidity<'a>>,
    /// Milliseconds since the Unix epoch.
    pair_created_at: Option<i64>,
}

#[derive(Deserialize)]
struct Token<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow, default)]
    symbol: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Liquidity<'a> {
    #[serde(borrow)]
    usd: Option<&'a RawValue>,
}

/// Reads an answer. A pair that is not of the documented shape is left out: it does not spoil the others.
///
/// # Errors
/// Not a list.
pub fn read(body: &[u8]) -> Result<Vec<ListedPair>, WireError> {
    let pairs: Vec<&RawValue> = serde_json::from_slice(body)?;
    let read = |raw: &&RawValue| {
        let pair = serde_json::from_str(raw.get()).map_err(WireError::Json).and_then(pair);
        if let Err(error) = &pair {
            tracing::debug!(%error, "listed pair not read");
        }
        pair.ok()
    };
    Ok(pairs.iter().filter_map(read).collect())
}

fn pair(wire: Wire<'_>) -> Result<ListedPair, WireError> {
    let liquidity = wire.liquidity.and_then(|liquidity| liquidity.usd);
    Ok(ListedPair {
        price: wire.price_usd.map(|text| json::price(&text, "priceUsd")).transpose()?,
        liquidity: liquidity.map(dollars).transpose()?,
        created_at: wire.pair_created_at.map(|at| json::millis(at, "pairCreatedAt")).transpose()?,
        chain: wire.chain_id.into_owned(),
        dex: wire.dex_id.into_owned(),
        address: wire.pair_address.into_owned(),
        token: wire.base_token.address.into_owned(),
        quote: wire.quote_token.address.into_owned(),
        symbol: wire.base_token.symbol.into_owned(),
    })
}

/// An amount that may be zero, to the cent.
fn dollars(raw: &RawValue) -> Result<Decimal, WireError> {
    use crate::domain::InvalidPrice;
    match json::number(raw, "liquidity.usd") {
        Ok(amount) => Ok(amount.get().round_dp(2)),
        Err(WireError::Price { source: InvalidPrice::NotPositive, .. }) => Ok(Decimal::ZERO),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"[{"chainId":"solana","dexId":"pumpswap","url":"https://dexscreener.com/solana/x",
        "pairAddress":"FbSxFBtSTtcMdWRZxWKAYCSFK4NbiW8nWyzTEB28Nj3F",
        "baseToken":{"address":"9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump","name":"Fartcoin ","symbol":"Fartcoin"},
        "quoteToken":{"address":"So11111111111111111111111111111111111111112","name":"Wrapped SOL","symbol":"SOL"},
        "priceNative":"0.005421","priceUsd":"0.8732","txns":{"m5":{"buys":10,"sells":4}},"volume":{"h24":1.5e6},
        "priceChange":{"h1":-0.5},"liquidity":{"usd":12345678.909,"base":7006920,"quote":37985.4567},
        "fdv":873175000,"marketCap":873175000,"pairCreatedAt":1729231201000,"info":{"imageUrl":"x"}}]"#;

    #[test]
    fn reads_a_pair_by_its_digits() {
        let pairs = read(GOOD.as_bytes()).unwrap();
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].price.unwrap().to_string(), "0.8732");
        assert_eq!(pairs[0].liquidity.unwrap().to_string(), "12345678.91");
        assert_eq!(pairs[0].created_at.unwrap().micros(), 1_729_231_201_000_000);
        assert_eq!((pairs[0].symbol.as_str(), pairs[0].dex.as_str()), ("Fartcoin", "pumpswap"));
    }

    #[test]
    fn what_is_not_told_is_absent_and_what_is_wrong_spoils_only_its_pair() {
        let curve =
            GOOD.replace(r#""liquidity":{"usd":12345678.909,"base":7006920,"quote":37985.4567},"#, "");
        assert_eq!(read(curve.as_bytes()).unwrap()[0].liquidity, None);
        let empty = GOOD.replace("12345678.909", "0");
        assert_eq!(read(empty.as_bytes()).unwrap()[0].liquidity, Some(Decimal::ZERO));
        for (right, wrong) in [
            ("\"0.8732\"", "\"NaN\""),
            ("\"0.8732\"", "0.8732"),
            ("\"0.8732\"", "\"-1\""),
            ("12345678.909", "-5"),
            ("12345678.909", "\"many\""),
            ("1729231201000", "-1"),
            ("\"chainId\"", "\"chain\""),
            ("\"address\"", "\"addresses\""),
        ] {
            let one = GOOD.replacen(right, wrong, 1);
            let two = format!("{},{}", &one[..one.len() - 1], &GOOD[1..]);
            assert_eq!(read(two.as_bytes()).unwrap().len(), 1, "{wrong}");
        }
    }

    #[test]
    fn refuses_what_is_no_list() {
        for wrong in ["", "{}", "null", r#"{"pairs":null}"#, "[{]"] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(read(b"[]").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_damage_panics(at in any::<prop::sample::Index>(), with in ".{0,6}", cut in 0_usize..20) {
            let good: Vec<char> = GOOD.chars().collect();
            let at = at.index(good.len());
            let damaged: String =
                good[..at].iter().copied().chain(with.chars()).chain(good[at..].iter().skip(cut).copied()).collect();
            let _ = read(damaged.as_bytes());
        }

        #[test]
        fn no_json_value_panics(pick in any::<prop::sample::Index>(), value in prop_oneof![
            Just("null"), Just("-1"), Just("1e400"), Just("\"\""), Just("[]"), Just("{}"), Just("true"),
            Just("99999999999999999999999999999999999999"), Just("0.00000000000000000000000000000000001"),
        ]) {
            let starts: Vec<usize> = GOOD.match_indices(':').map(|(at, _)| at + 1).collect();
            let start = starts[pick.index(starts.len())];
            let end = GOOD[start..].find([',', '}']).map_or(GOOD.len(), |length| start + length);
            let _ = read(format!("{}{value}{}", &GOOD[..start], &GOOD[end..]).as_bytes());
        }
    }
}
