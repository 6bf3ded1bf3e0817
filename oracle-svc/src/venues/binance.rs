//! Binance spot, trade streams.
//! <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>

use super::{Message, Ping, Place, Said, Venue, WireError, json};
use crate::domain::{Asset, Currency, Pair, VenueId, VenueQuote};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Trades of every asset against USDT in one combined stream.
#[derive(Clone, Copy, Debug)]
pub struct Binance;

const SYMBOLS: [(&str, Asset); 3] =
    [("BTCUSDT", Asset::Btc), ("ETHUSDT", Asset::Eth), ("SOLUSDT", Asset::Sol)];

/// Combined streams wrap the payload in `data`, announcements of the connection in `event`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    e: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    #[serde(borrow)]
    p: Cow<'a, str>,
    /// Counts the trades of the symbol, one by one.
    t: u64,
    /// When the trade was made, in milliseconds.
    #[serde(rename = "T")]
    traded_at: i64,
}

impl Venue for Binance {
    fn id(&self) -> VenueId {
        VenueId::Binance
    }

    fn url(&self, base: &str) -> String {
        let streams: Vec<_> =
            SYMBOLS.iter().map(|(symbol, _)| format!("{}@trade", symbol.to_ascii_lowercase())).collect();
        format!("{}/stream?streams={}", base.trim_end_matches('/'), streams.join("/"))
    }

    /// The address names the streams.
    fn subscriptions(&self) -> Vec<String> {
        Vec::new()
    }

    /// One a second stays below the limit of five incoming messages a second.
    fn ping(&self) -> Ping {
        Ping::Frame
    }

    fn read(&self, text: &str) -> Result<Message, WireError> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        if let Some(error) = envelope.error {
            return Err(WireError::Refused(error.get().to_owned()));
        }
        let body = envelope.data.or(envelope.event).map_or(text, RawValue::get);
        match serde_json::from_str::<Kind<'_>>(body)?.e.as_ref() {
            "trade" => trade(body),
            "serverShutdown" => Ok(Message::unnumbered(Said::Reconnect)),
            _ => Ok(Message::unnumbered(Said::Alive)),
        }
    }
}

fn trade(body: &str) -> Result<Message, WireError> {
    let trade: Trade<'_> = serde_json::from_str(body)?;
    let Some((_, asset)) = SYMBOLS.iter().find(|(symbol, _)| *symbol == trade.s) else {
        return Ok(Message::unnumbered(Said::Alive));
    };
    let pair = Pair::Asset(*asset, Currency::Usdt);
    let quote = VenueQuote {
        pair,
        price: json::price(&trade.p, "p")?,
        venue_time: json::millis(trade.traded_at, "T")?,
    };
    let place = Some(Place { of: Some(pair), number: trade.t });
    Ok(Message { place, said: Said::Quotes(vec![quote]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Said, WireError> {
        Binance.read(text).map(|message| message.said)
    }

    #[test]
    fn subscribes_by_address() {
        let url = Binance.url("wss://stream.binance.com:9443/");
        assert_eq!(
            url,
            "wss://stream.binance.com:9443/stream?streams=btcusdt@trade/ethusdt@trade/solusdt@trade"
        );
    }

    #[test]
    fn reads_a_trade_wrapped_or_bare() {
        let bare = r#"{"e":"trade","E":123456789,"s":"BTCUSDT","t":5933014,"p":"0.001","q":"100","T":123456785,"m":true}"#;
        let wrapped = format!(r#"{{"stream":"btcusdt@trade","data":{bare}}}"#);
        for text in [bare, &wrapped] {
            let Message { place, said: Said::Quotes(quotes) } = Binance.read(text).unwrap() else {
                panic!("{text}")
            };
            assert_eq!(quotes[0].pair, Pair::Asset(Asset::Btc, Currency::Usdt));
            assert_eq!(place, Some(Place { of: Some(quotes[0].pair), number: 5_933_014 }));
            assert_eq!(quotes[0].price.to_string(), "0.001");
            assert_eq!(quotes[0].venue_time.micros(), 123_456_785_000);
        }
    }

    #[test]
    fn leaves_when_the_server_will_shut_down() {
        for text in [
            r#"{"e":"serverShutdown","E":1770123456789}"#,
            r#"{"event":{"e":"serverShutdown","E":1770123456789}}"#,
            r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
        ] {
            assert_eq!(read(text).unwrap(), Said::Reconnect);
        }
    }

    #[test]
    fn other_messages_mean_only_that_it_is_there() {
        assert_eq!(read(r#"{"result":null,"id":1}"#).unwrap(), Said::Alive);
        assert_eq!(read(r#"{"e":"trade","s":"DOGEUSDT","t":1,"p":"1","T":1}"#).unwrap(), Said::Alive);
    }

    #[test]
    fn refuses_wrong_fields() {
        for text in [
            r#"{"e":"trade","s":"SOLUSDT","t":1,"p":"-1","T":1}"#,
            r#"{"e":"trade","s":"SOLUSDT","t":1,"p":165.1,"T":1}"#,
            r#"{"e":"trade","s":"SOLUSDT","t":1,"p":"165.1"}"#,
            r#"{"e":"trade","s":"SOLUSDT","t":1,"p":"165.1","T":9223372036854775807}"#,
            r#"{"e":"trade","s":"SOLUSDT","t":-1,"p":"165.1","T":1}"#,
            r#"{"e":"trade","s":"SOLUSDT","p":"165.1","T":1}"#,
            r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#,
            "[]",
            "",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
