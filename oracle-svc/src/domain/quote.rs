//! One price from one venue, and how long it may be believed.

use super::market::{Asset, Currency, Pair, VenueId};
use super::moment::{Moment, SECOND};
use super::price::Price;
use std::collections::BTreeMap;

/// A connection without traffic or heartbeat for longer than this says nothing about the present.
pub const HEARD_WITHIN: i64 = 2 * SECOND;
/// A quote that did not change for longer than this is stale even on a live connection.
pub const CHANGED_WITHIN: i64 = 30 * SECOND;
/// The USDT rate moves by hundredths of a percent a day, and few venues trade it. What one of them
/// said is believed for this long, also while it is away: else the loss of one venue that knows the
/// rate would cost the votes of all that need it.
pub const RATE_WITHIN: i64 = 600 * SECOND;
/// Largest distance between the venue's time and our receipt.
pub const SKEW: i64 = 2 * SECOND;

/// What a venue said about one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueQuote {
    /// What is priced.
    pub pair: Pair,
    /// In the pair's currency.
    pub price: Price,
    /// When the venue says it was so.
    pub venue_time: Moment,
}

/// The newest quote of one venue, with its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who said it.
    pub venue: VenueId,
    /// In the pair's currency.
    pub price: Price,
    /// When the venue says it was so.
    pub venue_time: Moment,
    /// When it last changed here.
    pub received_at: Moment,
}

/// Why a quote was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// The venue's time is more than 2 s away from the receipt.
    #[error("venue time is {micros} µs away from receipt")]
    Skewed {
        /// Venue time minus receipt.
        micros: i64,
    },
    /// Older than what the venue said before.
    #[error("older than the venue's last quote")]
    OutOfOrder,
    /// No connection is open: a leftover of a closed one.
    #[error("the venue is not connected")]
    NotConnected,
}

#[derive(Debug)]
struct Feed {
    heard_at: Moment,
    quotes: BTreeMap<Pair, Held>,
}

/// The newest quotes of all connected venues. Receipt times are the caller's; nothing here reads
/// a clock.
#[derive(Debug, Default)]
pub struct Board {
    feeds: BTreeMap<VenueId, Feed>,
    rates: BTreeMap<VenueId, Held>,
}

impl Board {
    /// A connection is open and subscribed; quotes of an earlier one are forgotten.
    pub fn connected(&mut self, venue: VenueId, at: Moment) {
        self.feeds.insert(venue, Feed { heard_at: at, quotes: BTreeMap::new() });
    }

    /// The connection is gone, or messages of it are missing: what it said counts no longer.
    pub fn lost(&mut self, venue: VenueId) {
        self.feeds.remove(&venue);
    }

    /// Traffic, a heartbeat or a pong.
    pub fn heard(&mut self, venue: VenueId, at: Moment) {
        if let Some(feed) = self.feeds.get_mut(&venue) {
            feed.heard_at = feed.heard_at.max(at);
        }
    }

    /// Takes a quote. The same price with the same venue time is a repetition, not a change.
    ///
    /// # Errors
    /// Quotes that must not count.
    pub fn quoted(&mut self, venue: VenueId, quote: VenueQuote, at: Moment) -> Result<(), Dropped> {
        let feed = self.feeds.get_mut(&venue).ok_or(Dropped::NotConnected)?;
        feed.heard_at = feed.heard_at.max(at);
        let micros = quote.venue_time.since(at);
        if micros.abs() > SKEW {
            return Err(Dropped::Skewed { micros });
        }
        let VenueQuote { pair, price, venue_time } = quote;
        let last = match pair {
            Pair::Asset(..) => feed.quotes.get(&pair),
            Pair::UsdtUsd => self.rates.get(&venue),
        };
        match last {
            Some(last) if venue_time < last.venue_time => return Err(Dropped::OutOfOrder),
            Some(last) if venue_time == last.venue_time && price == last.price => return Ok(()),
            _ => {}
        }
        let held = Held { venue, price, venue_time, received_at: at };
        match pair {
            Pair::Asset(..) => feed.quotes.insert(pair, held),
            Pair::UsdtUsd => self.rates.insert(venue, held),
        };
        Ok(())
    }

    /// The quotes of an asset in a currency that are fresh at `at`, by venue.
    pub fn fresh(&self, asset: Asset, currency: Currency, at: Moment) -> impl Iterator<Item = Held> + '_ {
        self.feeds
            .values()
            .filter(move |feed| at.since(feed.heard_at) <= HEARD_WITHIN)
            .filter_map(move |feed| feed.quotes.get(&Pair::Asset(asset, currency)).copied())
            .filter(move |held| at.since(held.received_at) <= CHANGED_WITHIN)
    }

    /// What a USDT is worth in USD, as each venue that trades it said of late.
    pub fn rates(&self, at: Moment) -> impl Iterator<Item = Held> + '_ {
        self.rates.values().copied().filter(move |held| at.since(held.received_at) <= RATE_WITHIN)
    }

    /// The quotes of an asset fresh at `at`, in either currency.
    pub fn fresh_asset(&self, asset: Asset, at: Moment) -> impl Iterator<Item = (Currency, Held)> + '_ {
        [Currency::Usd, Currency::Usdt]
            .into_iter()
            .flat_map(move |currency| self.fresh(asset, currency, at).map(move |held| (currency, held)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAIR: Pair = Pair::Asset(Asset::Sol, Currency::Usd);

    fn at(millis: i64) -> Moment {
        Moment::from_micros(1_000_000_000_000 + millis * 1_000)
    }

    fn quote(price: &str, millis: i64) -> VenueQuote {
        VenueQuote { pair: PAIR, price: Price::parse(price).unwrap(), venue_time: at(millis) }
    }

    fn board() -> Board {
        let mut board = Board::default();
        board.connected(VenueId::Kraken, at(0));
        board.quoted(VenueId::Kraken, quote("165", 0), at(0)).unwrap();
        board
    }

    #[test]
    fn fresh_for_two_seconds_after_the_last_sign_of_life() {
        let mut board = board();
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(2_000)).count(), 1);
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(2_001)).count(), 0);
        board.heard(VenueId::Kraken, at(2_000));
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(4_000)).count(), 1);
    }

    #[test]
    fn stale_thirty_seconds_after_the_last_change_however_alive() {
        let mut board = board();
        for second in 1..=31 {
            board.heard(VenueId::Kraken, at(second * 1_000));
        }
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(30_000)).count(), 1);
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(30_001)).count(), 0);
    }

    #[test]
    fn a_repetition_is_no_change_but_a_trade_at_the_same_price_is() {
        let mut board = board();
        board.quoted(VenueId::Kraken, quote("165", 0), at(1_500)).unwrap();
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(1_500)).next().unwrap().received_at, at(0));
        board.quoted(VenueId::Kraken, quote("165", 1_600), at(1_700)).unwrap();
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(1_700)).next().unwrap().received_at, at(1_700));
    }

    #[test]
    fn drops_skewed_late_and_orphaned_quotes() {
        let mut board = board();
        let dropped = board.quoted(VenueId::Kraken, quote("1", 1_000), at(3_001));
        assert_eq!(dropped, Err(Dropped::Skewed { micros: -2_001_000 }));
        let dropped = board.quoted(VenueId::Kraken, quote("1", 5_100), at(3_000));
        assert_eq!(dropped, Err(Dropped::Skewed { micros: 2_100_000 }));
        assert_eq!(board.quoted(VenueId::Kraken, quote("1", -1), at(1)), Err(Dropped::OutOfOrder));
        assert_eq!(board.quoted(VenueId::Okx, quote("1", 0), at(0)), Err(Dropped::NotConnected));
        assert_eq!(
            board.fresh(Asset::Sol, Currency::Usd, at(1_000)).next().unwrap().price,
            Price::parse("165").unwrap()
        );
    }

    #[test]
    fn a_lost_or_new_connection_has_no_quotes() {
        let mut board = board();
        board.lost(VenueId::Kraken);
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(1)).count(), 0);
        board.connected(VenueId::Kraken, at(2));
        assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(3)).count(), 0);
    }

    #[test]
    fn a_rate_outlives_its_connection_by_ten_minutes() {
        let mut board = board();
        let rate = VenueQuote { pair: Pair::UsdtUsd, ..quote("0.999", 0) };
        board.quoted(VenueId::Kraken, rate, at(0)).unwrap();
        board.lost(VenueId::Kraken);
        assert_eq!(board.rates(at(600_000)).count(), 1);
        assert_eq!(board.rates(at(600_001)).count(), 0);
    }

    proptest! {
        #[test]
        fn stale_quotes_never_count(
            heard in proptest::collection::vec((0_i64..100_000, any::<bool>()), 1..60),
            ask in 0_i64..140_000,
        ) {
            let mut board = Board::default();
            board.connected(VenueId::Okx, at(0));
            let (mut alive, mut changed) = (0, None);
            let mut events = heard;
            events.sort_unstable();
            for (millis, is_quote) in events.into_iter().filter(|(millis, _)| *millis <= ask) {
                alive = alive.max(millis);
                if is_quote {
                    if board.quoted(VenueId::Okx, quote("7", millis), at(millis)).is_ok() && changed != Some(millis) {
                        changed = Some(millis);
                    }
                } else {
                    board.heard(VenueId::Okx, at(millis));
                }
            }
            let expected = ask - alive <= 2_000 && changed.is_some_and(|changed| ask - changed <= 30_000);
            prop_assert_eq!(board.fresh(Asset::Sol, Currency::Usd, at(ask)).count() == 1, expected);
        }
    }
}
