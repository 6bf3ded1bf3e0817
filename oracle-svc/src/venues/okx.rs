//! OKX, public WebSocket v5, `tickers` channel.
//! <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel>

use super::{Message, Ping, Said, Venue, WireError, json};
use crate::domain::{Asset, Currency, Pair, VenueId, VenueQuote};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;

/// Tickers of every asset against USDT.
#[derive(Clone, Copy, Debug)]
pub struct Okx;

const INSTRUMENTS: [(&str, Asset); 3] =
    [("BTC-USDT", Asset::Btc), ("ETH-USDT", Asset::Eth), ("SOL-USDT", Asset::Sol)];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    msg: Cow<'a, str>,
    #[serde(borrow)]
    arg: Option<Argument<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Argument<'a> {
    #[serde(borrow)]
    channel: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ticker<'a> {
    #[serde(borrow)]
    inst_id: Cow<'a, str>,
    #[serde(borrow)]
    last: Cow<'a, str>,
    #[serde(borrow)]
    bid_px: Cow<'a, str>,
    #[serde(borrow)]
    ask_px: Cow<'a, str>,
    /// Milliseconds.
    #[serde(borrow)]
    ts: Cow<'a, str>,
}

impl Venue for Okx {
    fn id(&self) -> VenueId {
        VenueId::Okx
    }

    fn url(&self, base: &str) -> String {
        base.to_owned()
    }

    fn subscriptions(&self) -> Vec<String> {
        let args = INSTRUMENTS.map(|(instrument, _)| json!({"channel": "tickers", "instId": instrument}));
        vec![json!({"op": "subscribe", "args": args}).to_string()]
    }

    fn ping(&self) -> Ping {
        Ping::Text("ping")
    }

    fn read(&self, text: &str) -> Result<Message, WireError> {
        if text == "pong" {
            return Ok(Message::unnumbered(Said::Pong));
        }
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        let said = match (envelope.event.as_ref(), envelope.arg, envelope.data) {
            ("error", ..) => return Err(WireError::Refused(envelope.msg.into_owned())),
            // The connection will be closed for an upgrade of the service.
            ("notice", ..) => Said::Reconnect,
            ("", Some(argument), Some(data)) if argument.channel == "tickers" => tickers(data.get())?,
            _ => Said::Alive,
        };
        Ok(Message::unnumbered(said))
    }
}

fn tickers(data: &str) -> Result<Said, WireError> {
    let tickers: Vec<Ticker<'_>> = serde_json::from_str(data)?;
    let mut quotes = Vec::new();
    for ticker in tickers {
        let Some((_, asset)) = INSTRUMENTS.iter().find(|(name, _)| *name == ticker.inst_id) else { continue };
        let last = json::price(&ticker.last, "last")?;
        let bid = json::offer(&ticker.bid_px, "bidPx")?;
        let ask = json::offer(&ticker.ask_px, "askPx")?;
        quotes.push(VenueQuote {
            pair: Pair::Asset(*asset, Currency::Usdt),
            price: json::within_book(last, bid, ask),
            venue_time: json::millis(json::integer(&ticker.ts, "ts")?, "ts")?,
        });
    }
    Ok(if quotes.is_empty() { Said::Alive } else { Said::Quotes(quotes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKER: &str = r#"{"arg": {"channel": "tickers", "instId": "BTC-USDT"}, "data": [{
        "instType": "SPOT", "instId": "BTC-USDT", "last": "9999.99", "lastSz": "0.1", "askPx": "9999.99",
        "askSz": "11", "bidPx": "8888.88", "bidSz": "5", "open24h": "9000", "high24h": "10000",
        "low24h": "8888.88", "volCcy24h": "2222", "vol24h": "2222", "sodUtc0": "2222", "sodUtc8": "2222",
        "ts": "1597026383085"}]}"#;

    #[test]
    fn reads_tickers() {
        let Said::Quotes(quotes) = Okx.read(TICKER).unwrap().said else { panic!("no quotes") };
        assert_eq!(quotes[0].pair, Pair::Asset(Asset::Btc, Currency::Usdt));
        assert_eq!(quotes[0].price.to_string(), "9999.99");
        assert_eq!(quotes[0].venue_time.micros(), 1_597_026_383_085_000);
    }

    #[test]
    fn pongs_acknowledgements_and_notices() {
        let read = |text| Okx.read(text).unwrap().said;
        assert_eq!(read("pong"), Said::Pong);
        assert_eq!(
            read(
                r#"{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"},"connId":"a4d3ae55"}"#
            ),
            Said::Alive
        );
        assert_eq!(
            read(
                r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.","connId":"a4d3ae55"}"#
            ),
            Said::Reconnect
        );
    }

    #[test]
    fn refuses_wrong_fields() {
        let refused = r#"{"event":"error","code":"60012","msg":"Invalid request","connId":"a4d3ae55"}"#;
        assert!(matches!(Okx.read(refused), Err(WireError::Refused(_))));
        for (right, wrong) in [
            ("\"last\": \"9999.99\"", "\"last\": 9999.99"),
            ("\"last\": \"9999.99\"", "\"last\": \"\""),
            ("\"8888.88\", \"bidSz\"", "\"x\", \"bidSz\""),
            ("1597026383085", "soon"),
            ("1597026383085", "-5"),
        ] {
            assert!(Okx.read(&TICKER.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
