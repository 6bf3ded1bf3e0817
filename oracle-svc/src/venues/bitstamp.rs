//! Bitstamp, WebSocket v2, `live_trades` channels.
//! <https://www.bitstamp.net/websocket/v2/>

use super::{Message, Ping, Said, Venue, WireError, json};
use crate::domain::{Asset, Currency, Pair, VenueId, VenueQuote};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;

/// Trades of every asset and of USDT against USD.
#[derive(Clone, Copy, Debug)]
pub struct Bitstamp;

const CHANNELS: [(&str, Pair); 4] = [
    ("live_trades_btcusd", Pair::Asset(Asset::Btc, Currency::Usd)),
    ("live_trades_ethusd", Pair::Asset(Asset::Eth, Currency::Usd)),
    ("live_trades_solusd", Pair::Asset(Asset::Sol, Currency::Usd)),
    ("live_trades_usdtusd", Pair::UsdtUsd),
];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow)]
    price_str: Cow<'a, str>,
    #[serde(borrow)]
    microtimestamp: Cow<'a, str>,
}

impl Venue for Bitstamp {
    fn id(&self) -> VenueId {
        VenueId::Bitstamp
    }

    fn url(&self, base: &str) -> String {
        base.to_owned()
    }

    fn subscriptions(&self) -> Vec<String> {
        CHANNELS
            .map(|(channel, _)| json!({"event": "bts:subscribe", "data": {"channel": channel}}).to_string())
            .to_vec()
    }

    fn ping(&self) -> Ping {
        Ping::Text(r#"{"event":"bts:heartbeat"}"#)
    }

    fn read(&self, text: &str) -> Result<Message, WireError> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        let data = envelope.data.map_or("null", RawValue::get);
        let said = match envelope.event.as_ref() {
            "trade" => trade(&envelope.channel, data)?,
            "bts:request_reconnect" => Said::Reconnect,
            // Sent in answer to ours alone.
            "bts:heartbeat" => Said::Pong,
            "bts:error" => return Err(WireError::Refused(data.to_owned())),
            _ => Said::Alive,
        };
        Ok(Message::unnumbered(said))
    }
}

fn trade(channel: &str, data: &str) -> Result<Said, WireError> {
    let Some((_, pair)) = CHANNELS.iter().find(|(name, _)| *name == channel) else { return Ok(Said::Alive) };
    let trade: Trade<'_> = serde_json::from_str(data)?;
    let micros = json::integer(&trade.microtimestamp, "microtimestamp")?;
    Ok(Said::Quotes(vec![VenueQuote {
        pair: *pair,
        price: json::price(&trade.price_str, "price_str")?,
        venue_time: json::micros(micros, "microtimestamp")?,
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRADE: &str = r#"{"data":{"id":213066384,"timestamp":"1643643584","amount":0.0028,"amount_str":"0.00280000",
        "price":38416.5,"price_str":"38416.50","type":0,"microtimestamp":"1643643584684047",
        "buy_order_id":1453282316578816,"sell_order_id":1453282316578817},"channel":"live_trades_btcusd","event":"trade"}"#;

    #[test]
    fn reads_trades() {
        let Said::Quotes(quotes) = Bitstamp.read(TRADE).unwrap().said else { panic!("no quotes") };
        assert_eq!(quotes[0].pair, Pair::Asset(Asset::Btc, Currency::Usd));
        assert_eq!(quotes[0].price.to_string(), "38416.5");
        assert_eq!(quotes[0].venue_time.micros(), 1_643_643_584_684_047);
    }

    #[test]
    fn heartbeats_acknowledgements_and_the_request_to_come_back() {
        let read = |text| Bitstamp.read(text).unwrap().said;
        assert_eq!(read(r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#), Said::Pong);
        assert_eq!(
            read(r#"{"event":"bts:subscription_succeeded","channel":"live_trades_btcusd","data":{}}"#),
            Said::Alive
        );
        assert_eq!(read(r#"{"event":"bts:request_reconnect","channel":"","data":""}"#), Said::Reconnect);
    }

    #[test]
    fn refuses_wrong_fields() {
        let refused =
            r#"{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}"#;
        assert!(matches!(Bitstamp.read(refused), Err(WireError::Refused(_))));
        for (right, wrong) in [
            ("\"price_str\":\"38416.50\"", "\"price_str\":38416.50"),
            ("\"38416.50\"", "\"0\""),
            ("\"1643643584684047\"", "1643643584684047"),
            ("\"1643643584684047\"", "\"\""),
            ("\"event\":\"trade\"", "\"event\":7"),
        ] {
            assert!(Bitstamp.read(&TRADE.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
