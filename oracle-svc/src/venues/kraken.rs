//! Kraken, WebSocket v2, `ticker` channel on changes of the best bid and ask.
//! <https://docs.kraken.com/api/docs/websocket-v2/ticker>

use super::{Message, Ping, Said, Venue, WireError, json};
use crate::domain::{Asset, Currency, Pair, VenueId, VenueQuote};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;

/// Tickers of every asset and of USDT against USD.
#[derive(Clone, Copy, Debug)]
pub struct Kraken;

const SYMBOLS: [(&str, Pair); 4] = [
    ("BTC/USD", Pair::Asset(Asset::Btc, Currency::Usd)),
    ("ETH/USD", Pair::Asset(Asset::Eth, Currency::Usd)),
    ("SOL/USD", Pair::Asset(Asset::Sol, Currency::Usd)),
    ("USDT/USD", Pair::UsdtUsd),
];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    /// False in the answer to a request that failed.
    success: Option<bool>,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
}

/// The state of the matching engine.
#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    system: Cow<'a, str>,
}

/// Prices are JSON numbers.
#[derive(Deserialize)]
struct Ticker<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    last: &'a RawValue,
    #[serde(borrow)]
    bid: &'a RawValue,
    #[serde(borrow)]
    ask: &'a RawValue,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
}

impl Venue for Kraken {
    fn id(&self) -> VenueId {
        VenueId::Kraken
    }

    fn url(&self, base: &str) -> String {
        base.to_owned()
    }

    fn subscriptions(&self) -> Vec<String> {
        let symbols = SYMBOLS.map(|(symbol, _)| symbol);
        let params =
            json!({"channel": "ticker", "symbol": symbols, "event_trigger": "bbo", "snapshot": true});
        vec![json!({"method": "subscribe", "params": params}).to_string()]
    }

    fn ping(&self) -> Ping {
        Ping::Text(r#"{"method":"ping"}"#)
    }

    fn read(&self, text: &str) -> Result<Message, WireError> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        if envelope.success == Some(false) {
            return Err(WireError::Refused(envelope.error.into_owned()));
        }
        let data = envelope.data.map_or("null", RawValue::get);
        let said = match (envelope.channel.as_ref(), envelope.method.as_ref()) {
            ("ticker", _) => tickers(data)?,
            ("status", _) => status(data)?,
            ("", "pong") => Said::Pong,
            _ => Said::Alive,
        };
        Ok(Message::unnumbered(said))
    }
}

/// Outside `online` no trade is made (`maintenance`, `post_only`) or none that is not a retreat (`cancel_only`).
fn status(data: &str) -> Result<Said, WireError> {
    let states: Vec<Status<'_>> = serde_json::from_str(data)?;
    Ok(states.last().map_or(Said::Alive, |state| Said::Trading(state.system == "online")))
}

fn tickers(data: &str) -> Result<Said, WireError> {
    let tickers: Vec<Ticker<'_>> = serde_json::from_str(data)?;
    let mut quotes = Vec::new();
    for ticker in tickers {
        let Some((_, pair)) = SYMBOLS.iter().find(|(symbol, _)| *symbol == ticker.symbol) else { continue };
        let last = json::number(ticker.last, "last")?;
        let bid = json::number(ticker.bid, "bid")?;
        let ask = json::number(ticker.ask, "ask")?;
        quotes.push(VenueQuote {
            pair: *pair,
            price: json::within_book(last, Some(bid), Some(ask)),
            venue_time: json::rfc3339(&ticker.timestamp, "timestamp")?,
        });
    }
    Ok(if quotes.is_empty() { Said::Alive } else { Said::Quotes(quotes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKER: &str = r#"{"channel": "ticker", "type": "snapshot", "data": [{
        "symbol": "BTC/USD", "bid": 105944.20, "bid_qty": 2.5, "ask": 105944.30, "ask_qty": 3.2, "last": 105899.40,
        "volume": 163.28908096, "vwap": 105904.39279, "low": 104711.00, "high": 106613.10, "change": 250.00,
        "change_pct": 0.24, "timestamp": "2022-12-25T09:30:59.123456Z"}]}"#;

    #[test]
    fn reads_numbers_by_their_digits_and_holds_the_trade_within_the_book() {
        let Said::Quotes(quotes) = Kraken.read(TICKER).unwrap().said else { panic!("no quotes") };
        assert_eq!(quotes[0].pair, Pair::Asset(Asset::Btc, Currency::Usd));
        assert_eq!(quotes[0].price.to_string(), "105944.2");
        assert_eq!(quotes[0].venue_time.micros(), 1_671_960_659_123_456);
    }

    #[test]
    fn heartbeats_and_acknowledgements_mean_only_that_it_is_there() {
        for text in [
            r#"{"channel":"heartbeat"}"#,
            r#"{"method":"subscribe","result":{"channel":"ticker","symbol":"SOL/USD"},"success":true}"#,
        ] {
            assert_eq!(Kraken.read(text).unwrap().said, Said::Alive, "{text}");
        }
        let pong = r#"{"method":"pong","time_in":"2023-09-24T14:10:23.799685Z","time_out":"2023-09-24T14:10:23.799703Z"}"#;
        assert_eq!(Kraken.read(pong).unwrap().said, Said::Pong);
    }

    #[test]
    fn says_when_it_does_not_trade() {
        for (system, trades) in
            [("online", true), ("maintenance", false), ("cancel_only", false), ("post_only", false)]
        {
            let text = format!(
                r#"{{"channel":"status","type":"update","data":[{{"system":"{system}","api_version":"v2","connection_id":1}}]}}"#
            );
            assert_eq!(Kraken.read(&text).unwrap().said, Said::Trading(trades), "{system}");
        }
        assert!(Kraken.read(r#"{"channel":"status","data":[{"system":1}]}"#).is_err());
    }

    #[test]
    fn refuses_wrong_fields() {
        let refused = r#"{"error":"Currency pair not supported","method":"subscribe","success":false}"#;
        assert!(matches!(Kraken.read(refused), Err(WireError::Refused(_))));
        for (right, wrong) in [
            ("105899.40", "\"105899.40\""),
            ("105899.40", "null"),
            ("105944.20", "-1"),
            ("2022-12-25T09", "yesterday"),
            ("\"timestamp\"", "\"time\""),
        ] {
            assert!(Kraken.read(&TICKER.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
