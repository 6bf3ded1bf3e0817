//! The venues' protocols, each a state machine without a socket: what a client sends, what is quoted and
//! the seconds that pass go in, frames come out.

mod binance;
mod bitstamp;
mod coinbase;
mod kraken;
mod okx;

use axum::http::Uri;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{tape::Quote, venue::Venue};

/// Intervals of the protocols, in seconds. The defaults are those of the real venues.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Binance sends a ping this often and leaves after three without a pong.
    pub binance_ping: u32,
    /// Coinbase leaves a client that has not subscribed by then.
    pub coinbase_subscribe: u32,
    /// OKX leaves when nothing was sent in either direction for so long.
    pub okx_idle: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { binance_ping: 20, coinbase_subscribe: 5, okx_idle: 30 }
    }
}

/// Something to send to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Text(String),
    Ping(Vec<u8>),
    /// Code and reason; ends the connection.
    Close(u16, &'static str),
}

/// What a protocol may look at when it answers.
pub(super) struct View {
    /// The venue's time.
    pub now: OffsetDateTime,
    /// The last quote of each asset.
    pub quotes: Vec<Quote>,
}

/// One connection's side of a protocol.
pub(super) trait Session: Send {
    /// The connection is open.
    fn opened(&mut self, _view: &View) -> Vec<Frame> {
        Vec::new()
    }

    /// The client sent a text.
    fn received(&mut self, text: &str, view: &View) -> Vec<Frame>;

    /// The client sent a WebSocket ping; the pong is already on its way.
    fn pinged(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    /// The client sent a WebSocket pong.
    fn ponged(&mut self) {}

    /// The venue has a new quote.
    fn quoted(&mut self, quote: &Quote) -> Vec<Frame>;

    /// A second has passed.
    fn second(&mut self, _view: &View) -> Vec<Frame> {
        Vec::new()
    }

    /// The venue will restart.
    fn restarting(&mut self, _view: &View) -> Vec<Frame> {
        Vec::new()
    }
}

/// The protocol of `venue` for its connection `number`, opened at `uri`.
pub(super) fn session(venue: Venue, pace: Pace, number: u64, uri: &Uri) -> Box<dyn Session> {
    match venue {
        Venue::Binance => Box::new(binance::Binance::new(pace, uri)),
        Venue::Coinbase => Box::new(coinbase::Coinbase::new(pace)),
        Venue::Kraken => Box::new(kraken::Kraken::new(number)),
        Venue::Okx => Box::new(okx::Okx::new(pace, number)),
        Venue::Bitstamp => Box::<bitstamp::Bitstamp>::default(),
    }
}

/// A decimal as a bare JSON number, all its digits kept.
#[derive(Debug)]
struct Bare(Decimal);

impl Serialize for Bare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn text(message: &impl Serialize) -> Frame {
    match serde_json::to_string(message) {
        Ok(text) => Frame::Text(text),
        Err(_) => Frame::Close(1011, "internal error"),
    }
}

/// Milliseconds since 1970.
fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1_000 + i64::from(at.millisecond())
}

/// Microseconds since 1970.
fn micros(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1_000_000 + i64::from(at.microsecond())
}

/// `2026-04-07T14:30:00.123456Z`
fn rfc3339(at: OffsetDateTime) -> String {
    format!("{}T{}.{:06}Z", at.date(), hms(at), at.microsecond())
}

/// `14:30:00`
fn hms(at: OffsetDateTime) -> String {
    let (hour, minute, second) = at.to_hms();
    format!("{hour:02}:{minute:02}:{second:02}")
}
