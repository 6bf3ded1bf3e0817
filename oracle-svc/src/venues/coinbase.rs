//! Coinbase Advanced Trade, `ticker` and `heartbeats` channels.
//! <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels>

use super::{Message, Ping, Place, Said, Venue, WireError, json};
use crate::domain::{Asset, Currency, Moment, Pair, VenueId, VenueQuote};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;

/// Tickers of every asset and of USDT against USD. Messages of all channels share one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Coinbase;

const PRODUCTS: [(&str, Pair); 4] = [
    ("BTC-USD", Pair::Asset(Asset::Btc, Currency::Usd)),
    ("ETH-USD", Pair::Asset(Asset::Eth, Currency::Usd)),
    ("SOL-USD", Pair::Asset(Asset::Sol, Currency::Usd)),
    ("USDT-USD", Pair::UsdtUsd),
];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    /// `error` where there is no channel.
    #[serde(borrow, default)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(borrow, default)]
    timestamp: Cow<'a, str>,
    sequence_num: Option<u64>,
    #[serde(borrow)]
    events: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    tickers: Vec<Ticker<'a>>,
}

#[derive(Deserialize)]
struct Ticker<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    price: Cow<'a, str>,
    #[serde(borrow, default)]
    best_bid: Cow<'a, str>,
    #[serde(borrow, default)]
    best_ask: Cow<'a, str>,
}

impl Venue for Coinbase {
    fn id(&self) -> VenueId {
        VenueId::Coinbase
    }

    fn url(&self, base: &str) -> String {
        base.to_owned()
    }

    /// Without heartbeats a channel without news is closed after a minute.
    fn subscriptions(&self) -> Vec<String> {
        let products = PRODUCTS.map(|(product, _)| product);
        vec![
            json!({"type": "subscribe", "product_ids": products, "channel": "ticker"}).to_string(),
            json!({"type": "subscribe", "channel": "heartbeats"}).to_string(),
        ]
    }

    fn ping(&self) -> Ping {
        Ping::Frame
    }

    fn read(&self, text: &str) -> Result<Message, WireError> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        if envelope.r#type == "error" {
            return Err(WireError::Refused(envelope.message.into_owned()));
        }
        let said = match envelope.channel.as_ref() {
            "ticker" => {
                let at = json::rfc3339(&envelope.timestamp, "timestamp")?;
                tickers(envelope.events.map_or("null", RawValue::get), at)?
            }
            _ => Said::Alive,
        };
        let place = envelope.sequence_num.map(|number| Place { of: None, number });
        Ok(Message { place, said })
    }
}

fn tickers(events: &str, at: Moment) -> Result<Said, WireError> {
    let events: Vec<Event<'_>> = serde_json::from_str(events)?;
    let mut quotes = Vec::new();
    for ticker in events.iter().flat_map(|event| &event.tickers) {
        let Some((_, pair)) = PRODUCTS.iter().find(|(product, _)| *product == ticker.product_id) else {
            continue;
        };
        let last = json::price(&ticker.price, "price")?;
        let bid = json::offer(&ticker.best_bid, "best_bid")?;
        let ask = json::offer(&ticker.best_ask, "best_ask")?;
        quotes.push(VenueQuote { pair: *pair, price: json::within_book(last, bid, ask), venue_time: at });
    }
    Ok(if quotes.is_empty() { Said::Alive } else { Said::Quotes(quotes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKER: &str = r#"{
      "channel": "ticker", "client_id": "", "timestamp": "2026-04-07T14:30:03.250000Z", "sequence_num": 12,
      "events": [{"type": "snapshot", "tickers": [
        {"type": "ticker", "product_id": "BTC-USD", "price": "68900.50", "volume_24_h": "15328.12345678",
         "price_percent_chg_24_h": "1.85", "best_bid": "68900.00", "best_bid_quantity": "1.50000000",
         "best_ask": "68901.00", "best_ask_quantity": "0.50000000"},
        {"type": "ticker", "product_id": "USDT-USD", "price": "0.9991", "best_bid": "", "best_ask": "0"},
        {"type": "ticker", "product_id": "DOGE-USD", "price": "bogus"}
      ]}]}"#;

    #[test]
    fn reads_tickers_with_their_sequence() {
        let message = Coinbase.read(TICKER).unwrap();
        assert_eq!(message.place, Some(Place { of: None, number: 12 }));
        let Said::Quotes(quotes) = message.said else { panic!("no quotes") };
        let [btc, usdt] = quotes.as_slice() else { panic!("{quotes:?}") };
        assert_eq!(
            (btc.pair, btc.price.to_string().as_str()),
            (Pair::Asset(Asset::Btc, Currency::Usd), "68900.5")
        );
        assert_eq!((usdt.pair, usdt.price.to_string().as_str()), (Pair::UsdtUsd, "0.9991"));
        assert_eq!(btc.venue_time.micros(), 1_775_572_203_250_000);
    }

    #[test]
    fn heartbeats_and_acknowledgements_are_counted_too() {
        let heartbeat = r#"{"channel":"heartbeats","client_id":"","timestamp":"2026-04-07T14:30:10Z","sequence_num":7,
            "events":[{"current_time":"2026-04-07 14:30:10.000000000+00:00","heartbeat_counter":42}]}"#;
        let alive = |number| Message { place: Some(Place { of: None, number }), said: Said::Alive };
        assert_eq!(Coinbase.read(heartbeat).unwrap(), alive(7));
        let subscriptions = r#"{"channel":"subscriptions","client_id":"","timestamp":"2026-04-07T14:30:00.000000Z",
            "sequence_num":0,"events":[{"subscriptions":{"ticker":["BTC-USD"]}}]}"#;
        assert_eq!(Coinbase.read(subscriptions).unwrap(), alive(0));
    }

    #[test]
    fn refuses_wrong_fields() {
        assert!(matches!(
            Coinbase.read(r#"{"type":"error","message":"authentication failure"}"#),
            Err(WireError::Refused(why)) if why == "authentication failure"
        ));
        for (right, wrong) in [
            ("\"68900.50\"", "68900.50"),
            ("\"68900.50\"", "\"-1\""),
            ("\"68900.00\"", "\"1e5\""),
            ("2026-04-07T", "07.04.2026 "),
            ("\"events\"", "\"other\""),
            ("\"sequence_num\": 12", "\"sequence_num\": -1"),
        ] {
            assert!(Coinbase.read(&TICKER.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
