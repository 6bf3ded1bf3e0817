//! The venues: one trait, one production WebSocket client, five wire formats. And the aggregators, which are asked by HTTP
//! and never count as venues.

mod aggregator;
mod binance;
mod bitstamp;
mod coinbase;
mod coingecko;
mod connection;
mod cryptocompare;
mod dexscreener;
mod hermes;
pub mod http;
mod json;
mod kraken;
mod okx;
mod rpc;

pub use aggregator::{Aggregator, AggregatorId};
pub use binance::Binance;
pub use bitstamp::Bitstamp;
pub use coinbase::Coinbase;
pub use coingecko::CoinGecko;
pub use connection::{Connection, SharedBoard, Timing};
pub use cryptocompare::CryptoCompare;
pub use dexscreener::{DexScreener, ListingError, MOST_TOKENS, read as read_listing};
pub use hermes::Hermes;
pub use kraken::Kraken;
pub use okx::Okx;
pub use rpc::{Accounts, MOST_ACCOUNTS, Rpc, RpcError, read as read_accounts};

use crate::domain::{InvalidPrice, Pair, VenueId, VenueQuote};

/// A venue's wire format. Everything here is a pure function of what the venue sent.
pub trait Venue: Send + Sync {
    /// Which venue.
    fn id(&self) -> VenueId;

    /// The address to connect to; `base` is the venue's or that of a stand-in.
    fn url(&self, base: &str) -> String;

    /// Messages to send once connected.
    fn subscriptions(&self) -> Vec<String>;

    /// How to ask whether anybody is there.
    fn ping(&self) -> Ping;

    /// Reads one text message. Unknown fields and messages are fine, wrong ones are not.
    ///
    /// # Errors
    /// A message of the kind we subscribed to that does not hold what it has to.
    fn read(&self, text: &str) -> Result<Message, WireError>;
}

/// A venue's way to be pinged; its answer counts as a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// A WebSocket ping frame (RFC 6455, 5.5.2).
    Frame,
    /// A text message.
    Text(&'static str),
}

/// One message of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands, if the venue counts.
    pub place: Option<Place>,
    /// What it says.
    pub said: Said,
}

/// A place in a count that a venue keeps: when the next number is missing, messages were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The pair whose messages are counted; none where all of the connection are.
    pub of: Option<Pair>,
    /// The number.
    pub number: u64,
}

/// What a venue said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Prices.
    Quotes(Vec<VenueQuote>),
    /// That it is there: heartbeats, acknowledgements, news for others.
    Alive,
    /// That it is there, because it was asked.
    Pong,
    /// Whether it trades at all. It does until it says something else.
    Trading(bool),
    /// That it will close soon: connect anew.
    Reconnect,
}

impl Message {
    const fn unnumbered(said: Said) -> Self {
        Self { place: None, said }
    }
}

/// What cannot be read, or is no good news.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not of the shape the venue documents.
    #[error("unexpected JSON")]
    Json(#[from] serde_json::Error),
    /// A price that is none.
    #[error("field {field}")]
    Price {
        /// Which field.
        field: &'static str,
        /// Why not.
        #[source]
        source: InvalidPrice,
    },
    /// A time that is none.
    #[error("field {0} is not a time")]
    Time(&'static str),
    /// The venue refuses the subscription.
    #[error("the venue refuses: {0}")]
    Refused(String),
}

/// Every venue, with its real address.
#[must_use]
pub fn all() -> [(Box<dyn Venue>, &'static str); 5] {
    [
        (Box::new(Binance), "wss://stream.binance.com:9443"),
        (Box::new(Bitstamp), "wss://ws.bitstamp.net"),
        (Box::new(Coinbase), "wss://advanced-trade-ws.coinbase.com"),
        (Box::new(Kraken), "wss://ws.kraken.com/v2"),
        (Box::new(Okx), "wss://ws.okx.com:8443/ws/v5/public"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One good message of each venue, as recorded or documented.
    const GOOD: [&str; 5] = [
        r#"{"stream":"solusdt@trade","data":{"e":"trade","E":1700000000005,"s":"SOLUSDT","t":1,"p":"165.1","q":"2","T":1700000000000,"m":true}}"#,
        r#"{"event":"trade","channel":"live_trades_solusd","data":{"id":1,"price":165.1,"price_str":"165.1","microtimestamp":"1700000000000000","type":0}}"#,
        r#"{"channel":"ticker","timestamp":"2026-04-07T14:30:03.000000Z","sequence_num":12,"events":[{"type":"update","tickers":[{"product_id":"SOL-USD","price":"165.1","best_bid":"165.0","best_ask":"165.2"}]}]}"#,
        r#"{"channel":"ticker","type":"update","data":[{"symbol":"SOL/USD","bid":165.0,"ask":165.2,"last":165.1,"timestamp":"2026-04-07T14:30:03.000000Z"}]}"#,
        r#"{"arg":{"channel":"tickers","instId":"SOL-USDT"},"data":[{"instId":"SOL-USDT","last":"165.1","askPx":"165.2","bidPx":"165.0","ts":"1700000000000"}]}"#,
    ];

    #[test]
    fn every_venue_reads_its_own_good_message() {
        for ((venue, _), good) in all().iter().zip(GOOD) {
            let read = venue.read(good).unwrap();
            let Said::Quotes(quotes) = read.said else { panic!("{}: {read:?}", venue.id()) };
            assert_eq!(quotes.len(), 1, "{}", venue.id());
            assert_eq!(quotes[0].price.to_string(), "165.1", "{}", venue.id());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            for (venue, _) in all() {
                let _ = venue.read(&text);
            }
        }

        #[test]
        fn no_damage_panics(which in 0_usize..5, at in any::<prop::sample::Index>(), with in ".{0,8}", cut in 0_usize..20) {
            let good: Vec<char> = GOOD[which].chars().collect();
            let at = at.index(good.len());
            let damaged: String = good[..at].iter().copied().chain(with.chars()).chain(good[at..].iter().skip(cut).copied()).collect();
            for (venue, _) in all() {
                let _ = venue.read(&damaged);
            }
        }

        #[test]
        fn no_json_value_panics(which in 0_usize..5, pick in any::<prop::sample::Index>(), value in prop_oneof![
            Just("null"), Just("-1"), Just("1e400"), Just("\"\""), Just("[]"), Just("{}"), Just("99999999999999999999999999999999999999"),
            Just("\"NaN\""), Just("true"), Just("0.00000000000000000000000000000000001"), Just("\"9223372036854775807\""),
        ]) {
            // Replaces one scalar by another value.
            let good = GOOD[which];
            let starts: Vec<usize> = good.match_indices(':').map(|(at, _)| at + 1).collect();
            let start = starts[pick.index(starts.len())];
            let end = good[start..].find([',', '}']).map_or(good.len(), |length| start + length);
            let changed = format!("{}{value}{}", &good[..start], &good[end..]);
            for (venue, _) in all() {
                let _ = venue.read(&changed);
            }
        }
    }
}
