//! One stored second: every tick taken in it, as the protobuf message that is also the evidence.

use super::aggregate::Aggregate;
use super::doubt::Doubt;
use super::market::{Asset, VenueId};
use super::moment::{Moment, Second};
use super::price::Price;
use super::quote::Held;
use super::samples::Sample;
use super::tick::{Quote, Rate, Tick};
use prost::Message;
use proto::{Malformed, decimal, from_timestamp, oracle, timestamp};

/// The ticks of one asset in one second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which second.
    pub second: Second,
    /// In the order they were taken.
    pub ticks: Vec<Tick>,
    /// False while the second still runs: a touch was confirmed within it.
    pub complete: bool,
}

/// Bytes that are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Not the protobuf message.
    #[error("frame does not decode")]
    Decode(#[from] prost::DecodeError),
    /// The message, but not what it has to hold.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Frame {
    /// A second in which nothing was taken yet.
    #[must_use]
    pub const fn empty(second: Second) -> Self {
        Self { second, ticks: Vec::new(), complete: false }
    }

    /// The last price of the second: its sample.
    #[must_use]
    pub fn sample(&self) -> Option<Price> {
        self.ticks.iter().rev().find_map(|tick| tick.aggregate.as_ref()).map(|aggregate| aggregate.price)
    }

    /// What is kept of it for means.
    #[must_use]
    pub fn kept(&self) -> Sample {
        let doubt = self.ticks.iter().map(Doubt::of).fold(Doubt::default(), Doubt::and);
        Sample { second: self.second, price: self.sample(), doubt }
    }

    /// The bytes that are stored.
    #[must_use]
    pub fn encode(&self, asset: Asset) -> Vec<u8> {
        self.message(asset).encode_to_vec()
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// Bytes that no oracle wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let message = oracle::Second::decode(bytes)?;
        let second = Second::new(message.second);
        let ticks = message.aggregates.iter().map(tick_from).collect::<Result<Vec<_>, _>>()?;
        if ticks.iter().any(|tick| tick.second() != second) {
            return Err(Malformed("tick lies in another second").into());
        }
        Ok(Self { second, ticks, complete: message.complete })
    }

    /// The message.
    #[must_use]
    pub fn message(&self, asset: Asset) -> oracle::Second {
        oracle::Second {
            second: self.second.number(),
            aggregates: self.ticks.iter().map(|tick| tick_message(tick, asset)).collect(),
            complete: self.complete,
        }
    }
}

/// The message of one tick.
#[must_use]
pub fn tick_message(tick: &Tick, asset: Asset) -> oracle::Aggregate {
    let aggregate = tick.aggregate.as_ref();
    let rate = tick.rate.as_ref();
    oracle::Aggregate {
        asset: asset.name().to_owned(),
        price: aggregate.map(|found| found.price.to_string()).unwrap_or_default(),
        confidence: aggregate.map(|found| found.confidence.to_string()).unwrap_or_default(),
        at: Some(timestamp(tick.at.time())),
        quotes: tick.quotes.iter().map(|quote| quote_message(quote, aggregate)).collect(),
        band: aggregate.map(|found| found.band.to_string()).unwrap_or_default(),
        usdt_usd: rate.map(|rate| rate.value.to_string()).unwrap_or_default(),
        rate_quotes: rate.map(|rate| rate.quotes.iter().map(rate_message).collect()).unwrap_or_default(),
    }
}

fn quote_message(quote: &Quote, aggregate: Option<&Aggregate>) -> oracle::Quote {
    oracle::Quote {
        venue: quote.venue.name().to_owned(),
        price: quote.price.to_string(),
        venue_at: Some(timestamp(quote.venue_time.time())),
        received_at: Some(timestamp(quote.received_at.time())),
        counted: aggregate.is_some_and(|aggregate| aggregate.counted.contains(&quote.venue)),
        excluded: quote.excluded,
        price_usdt: quote.in_usdt.map(|price| price.to_string()).unwrap_or_default(),
    }
}

fn rate_message(held: &Held) -> oracle::Quote {
    oracle::Quote {
        venue: held.venue.name().to_owned(),
        price: held.price.to_string(),
        venue_at: Some(timestamp(held.venue_time.time())),
        received_at: Some(timestamp(held.received_at.time())),
        ..Default::default()
    }
}

fn tick_from(message: &oracle::Aggregate) -> Result<Tick, Malformed> {
    let quotes = message.quotes.iter().map(quote_from).collect::<Result<Vec<_>, _>>()?;
    let aggregate = if message.price.is_empty() {
        None
    } else {
        let counted = message.quotes.iter().zip(&quotes).filter(|(message, _)| message.counted);
        Some(Aggregate {
            price: price(&message.price)?,
            confidence: decimal(&message.confidence)?,
            band: decimal(&message.band)?,
            counted: counted.map(|(_, quote)| quote.venue).collect(),
        })
    };
    let rate = if message.usdt_usd.is_empty() {
        None
    } else {
        let quotes = message.rate_quotes.iter().map(held_from).collect::<Result<_, _>>()?;
        Some(Rate { value: price(&message.usdt_usd)?, quotes })
    };
    Ok(Tick { at: moment(message.at.as_ref())?, quotes, rate, aggregate })
}

fn quote_from(message: &oracle::Quote) -> Result<Quote, Malformed> {
    let Held { venue, price: usd, venue_time, received_at } = held_from(message)?;
    let in_usdt = if message.price_usdt.is_empty() { None } else { Some(price(&message.price_usdt)?) };
    Ok(Quote { venue, price: usd, in_usdt, venue_time, received_at, excluded: message.excluded })
}

fn held_from(message: &oracle::Quote) -> Result<Held, Malformed> {
    Ok(Held {
        venue: VenueId::from_name(&message.venue).ok_or(Malformed("venue is unknown"))?,
        price: price(&message.price)?,
        venue_time: moment(message.venue_at.as_ref())?,
        received_at: moment(message.received_at.as_ref())?,
    })
}

fn price(text: &str) -> Result<Price, Malformed> {
    Price::parse(text).map_err(|_| Malformed("not a price"))
}

fn moment(at: Option<&prost_types::Timestamp>) -> Result<Moment, Malformed> {
    from_timestamp(at).map(Moment::from_time)
}

#[cfg(test)]
mod tests {
    use super::super::market::{Currency, Pair};
    use super::super::quote::{Board, VenueQuote};
    use super::super::tick::combine;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    prop_compose! {
        /// A board in any state: prices that agree or not, in both currencies, with or without a rate.
        fn tick()(
            prices in proptest::collection::vec(1_u64..2_000_000, 5),
            rates in proptest::collection::vec(9_900_i64..10_100, 0..4),
            skews in proptest::collection::vec(-2_000_000_i64..=2_000_000, 5),
            at in 1_700_000_000_000_000_i64..1_900_000_000_000_000,
            excluded in proptest::option::of(0_usize..5),
        ) -> Tick {
            let at = Moment::from_micros(at);
            let mut board = Board::default();
            for ((venue, price), skew) in VenueId::EXCHANGES.iter().zip(prices).zip(skews) {
                let currency = match venue {
                    VenueId::Binance | VenueId::Okx => Currency::Usdt,
                    _ => Currency::Usd,
                };
                let price = Price::parse(&format!("16{}.{price:07}", price % 10)).unwrap();
                board.connected(*venue, at);
                board.quoted(*venue, VenueQuote { pair: Pair::Asset(Asset::Sol, currency), price, venue_time: at.plus(skew) }, at).unwrap();
            }
            for (venue, rate) in VenueId::EXCHANGES.iter().zip(rates) {
                let price = Price::parse(&format!("{}.{:04}", rate / 10_000, rate % 10_000)).unwrap();
                board.quoted(*venue, VenueQuote { pair: Pair::UsdtUsd, price, venue_time: at }, at).unwrap();
            }
            let excluded: BTreeSet<_> = excluded.map(|n| VenueId::EXCHANGES[n]).into_iter().collect();
            Tick::take(&board, Asset::Sol, at, &excluded, 3)
        }
    }

    proptest! {
        #[test]
        fn a_frame_survives_storage(tick in tick(), complete: bool) {
            let frame = Frame { second: tick.second(), ticks: vec![tick], complete };
            prop_assert_eq!(Frame::decode(&frame.encode(Asset::Sol)).unwrap(), frame);
        }

        #[test]
        fn a_stored_price_follows_from_the_stored_quotes(tick in tick()) {
            let frame = Frame { second: tick.second(), ticks: vec![tick], complete: true };
            let read = Frame::decode(&frame.encode(Asset::Sol)).unwrap();
            prop_assert_eq!(combine(&read.ticks[0].quotes, 3), read.ticks[0].aggregate.clone());
        }

        #[test]
        fn other_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Frame::decode(&bytes);
        }

        #[test]
        fn damaged_frames_never_panic(tick in tick(), cut in 0_usize..400, flip in any::<u8>()) {
            let frame = Frame { second: tick.second(), ticks: vec![tick], complete: true };
            let mut bytes = frame.encode(Asset::Sol);
            let at = cut % bytes.len();
            bytes[at] ^= flip;
            let _ = Frame::decode(&bytes);
            bytes.truncate(at);
            let _ = Frame::decode(&bytes);
        }
    }

    #[test]
    fn a_tick_of_another_second_is_refused() {
        let tick = Tick { at: Second::new(5).begin(), quotes: Vec::new(), rate: None, aggregate: None };
        let frame = Frame { second: Second::new(6), ticks: vec![tick], complete: true };
        assert!(matches!(Frame::decode(&frame.encode(Asset::Sol)), Err(FrameError::Malformed(_))));
    }
}
