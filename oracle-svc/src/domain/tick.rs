//! One look at the board: the quotes of a moment and the price they make.

use super::aggregate::{Aggregate, aggregate};
use super::market::{Asset, Currency, VenueId};
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use super::quote::{Board, Held};
use super::watch::Side;
use std::collections::BTreeSet;

/// Venues that must agree on the USDT rate.
const RATE_QUORUM: usize = 2;

/// An aggregate is never dated earlier than this before its receipt.
const DATED_WITHIN: i64 = 2 * SECOND;

/// A fresh quote, in USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Who said it.
    pub venue: VenueId,
    /// In USD.
    pub price: Price,
    /// The venue's own price where it is in USDT.
    pub in_usdt: Option<Price>,
    /// When the venue says it was so.
    pub venue_time: Moment,
    /// When it reached us.
    pub received_at: Moment,
    /// Watched, but without a vote: the venue keeps deviating.
    pub excluded: bool,
}

/// USD per USDT, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The median.
    pub value: Price,
    /// The quotes it comes from.
    pub quotes: Vec<Held>,
}

impl Rate {
    /// The rate at a moment, if two venues agree on it.
    fn of(board: &Board, at: Moment) -> Option<Self> {
        let quotes: Vec<Held> = board.rates(at).collect();
        let votes: Vec<_> = quotes.iter().map(|held| (held.venue, held.price)).collect();
        let value = aggregate(&votes, RATE_QUORUM).ok()?.price;
        Some(Self { value, quotes })
    }
}

/// What the oracle knew about an asset at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it was taken: the receipt of its aggregate.
    pub at: Moment,
    /// The fresh quotes, by venue.
    pub quotes: Vec<Quote>,
    /// The rate for quotes in USDT, if any was needed and known.
    pub rate: Option<Rate>,
    /// The price, if a quorum supports one.
    pub aggregate: Option<Aggregate>,
}

impl Tick {
    /// Looks at the board. Quotes in USDT do not count while their rate is unknown.
    #[must_use]
    pub fn take(
        board: &Board,
        asset: Asset,
        at: Moment,
        excluded: &BTreeSet<VenueId>,
        quorum: usize,
    ) -> Self {
        let mut rate = None;
        let mut quotes = Vec::new();
        for (currency, held) in board.fresh_asset(asset, at) {
            let (price, in_usdt) = match currency {
                Currency::Usd => (Some(held.price), None),
                Currency::Usdt => {
                    rate = rate.or_else(|| Rate::of(board, at));
                    (rate.as_ref().and_then(|rate| in_usd(held.price, rate.value)), Some(held.price))
                }
            };
            let Some(price) = price else { continue };
            let Held { venue, venue_time, received_at, .. } = held;
            let excluded = excluded.contains(&venue);
            quotes.push(Quote { venue, price, in_usdt, venue_time, received_at, excluded });
        }
        Self::of(at, quotes, rate, quorum)
    }

    /// What quotes make, in whatever order they are given.
    #[must_use]
    pub fn of(at: Moment, mut quotes: Vec<Quote>, rate: Option<Rate>, quorum: usize) -> Self {
        quotes.sort_unstable_by_key(|quote| quote.venue);
        let aggregate = combine(&quotes, quorum);
        Self { at, quotes, rate, aggregate }
    }

    /// The second it belongs to.
    #[must_use]
    pub const fn second(&self) -> Second {
        self.at.second()
    }

    /// The date of its aggregate for a target: the earliest venue time among its quotes at or
    /// beyond the target, at most 2 s before the receipt, and not after it.
    #[must_use]
    pub fn dated(&self, side: Side, target: Price) -> Moment {
        let counted = self.aggregate.as_ref().map(|aggregate| &aggregate.counted);
        self.quotes
            .iter()
            .filter(|quote| counted.is_some_and(|counted| counted.contains(&quote.venue)))
            .filter(|quote| side.reached(quote.price.get(), target.get()))
            .map(|quote| quote.venue_time)
            .min()
            .unwrap_or(self.at)
            .clamp(self.at.minus(DATED_WITHIN), self.at)
    }
}

/// The aggregate of the quotes that have a vote.
pub(super) fn combine(quotes: &[Quote], quorum: usize) -> Option<Aggregate> {
    let votes: Vec<_> =
        quotes.iter().filter(|quote| !quote.excluded).map(|quote| (quote.venue, quote.price)).collect();
    aggregate(&votes, quorum).ok()
}

fn in_usd(usdt: Price, rate: Price) -> Option<Price> {
    usdt.get().checked_mul(rate.get()).and_then(|usd| Price::try_new(usd).ok())
}

#[cfg(test)]
mod tests {
    use super::super::market::Pair;
    use super::super::quote::VenueQuote;
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn at(millis: i64) -> Moment {
        Moment::from_micros(1_000_000_000_000 + millis * 1_000)
    }

    fn board(quotes: &[(VenueId, Pair, &str, i64)]) -> Board {
        let mut board = Board::default();
        for venue in VenueId::EXCHANGES {
            board.connected(*venue, at(0));
        }
        for (venue, pair, text, millis) in quotes {
            let quote = VenueQuote { pair: *pair, price: price(text), venue_time: at(*millis) };
            board.quoted(*venue, quote, at(0)).unwrap();
        }
        board
    }

    const USD: Pair = Pair::Asset(Asset::Sol, Currency::Usd);
    const USDT: Pair = Pair::Asset(Asset::Sol, Currency::Usdt);

    #[test]
    fn quotes_in_usdt_are_corrected_and_wait_for_the_rate() {
        let mut quotes = vec![
            (VenueId::Kraken, USD, "160", 0),
            (VenueId::Coinbase, USD, "160.1", 0),
            (VenueId::Binance, USDT, "161.5", 0),
        ];
        let without = Tick::take(&board(&quotes), Asset::Sol, at(1), &BTreeSet::new(), 3);
        assert_eq!((without.quotes.len(), without.aggregate), (2, None));

        quotes.push((VenueId::Kraken, Pair::UsdtUsd, "0.991", 0));
        let alone = Tick::take(&board(&quotes), Asset::Sol, at(1), &BTreeSet::new(), 3);
        assert_eq!(alone.rate, None, "one venue is no rate");

        quotes.push((VenueId::Coinbase, Pair::UsdtUsd, "0.993", 0));
        let with = Tick::take(&board(&quotes), Asset::Sol, at(1), &BTreeSet::new(), 3);
        assert_eq!(with.rate.as_ref().unwrap().value, price("0.992"));
        let binance = with.quotes.iter().find(|quote| quote.venue == VenueId::Binance).unwrap();
        assert_eq!((binance.price, binance.in_usdt), (price("160.208"), Some(price("161.5"))));
        assert_eq!(with.aggregate.unwrap().price, price("160.1"));
    }

    #[test]
    fn an_excluded_venue_is_seen_but_has_no_vote() {
        let quotes = [
            (VenueId::Kraken, USD, "160", 0),
            (VenueId::Coinbase, USD, "160", 0),
            (VenueId::Bitstamp, USD, "160", 0),
        ];
        let excluded = BTreeSet::from([VenueId::Bitstamp]);
        let tick = Tick::take(&board(&quotes), Asset::Sol, at(1), &excluded, 3);
        assert_eq!((tick.quotes.len(), tick.aggregate), (3, None));
    }

    #[test]
    fn dated_by_the_earliest_supporting_quote_beyond_the_target() {
        let quotes = [
            (VenueId::Kraken, USD, "160.2", -700),
            (VenueId::Coinbase, USD, "160.1", -300),
            (VenueId::Bitstamp, USD, "159.9", -1_900),
            // Outside the band: does not date anything.
            (VenueId::Okx, USD, "170", -1_950),
        ];
        let tick = Tick::take(&board(&quotes), Asset::Sol, at(100), &BTreeSet::new(), 3);
        assert_eq!(tick.dated(Side::AtOrAbove, price("160")), at(-700));
        assert_eq!(tick.dated(Side::AtOrBelow, price("160")), at(-1_900));
        let late = Tick::take(&board(&quotes), Asset::Sol, at(1_500), &BTreeSet::new(), 3);
        assert_eq!(late.dated(Side::AtOrAbove, price("160")), at(-500), "never 2 s before the receipt");
    }

    /// What happens to one venue's connection.
    #[derive(Clone, Debug)]
    enum Event {
        Connected,
        Lost,
        Heard,
        /// A price, told so many milliseconds after its time.
        Quoted(u32, i64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            1 => Just(Event::Connected),
            1 => Just(Event::Lost),
            8 => Just(Event::Heard),
            16 => (0_u32..40, prop_oneof![4 => Just(0_i64), 1 => -3_000_i64..3_000]).prop_map(|(price, late)| Event::Quoted(price, late)),
        ]
    }

    /// What the spec says of one venue: when it was last heard, and its price with its time and the receipt of its change.
    #[derive(Clone, Copy, Default)]
    struct Venue {
        heard: Option<i64>,
        quote: Option<(u32, i64, i64)>,
    }

    impl Venue {
        fn takes(&mut self, event: &Event, now: i64) {
            match event {
                Event::Connected => *self = Self { heard: Some(now), quote: None },
                Event::Lost => *self = Self::default(),
                Event::Heard => self.heard = self.heard.map(|_| now),
                Event::Quoted(price, late) => {
                    let venue_time = now - late;
                    self.heard = self.heard.map(|_| now);
                    let before = self.quote.map_or(i64::MIN, |(_, venue_time, _)| venue_time);
                    let repeated = self.quote.is_some_and(|(held, at, _)| (held, at) == (*price, venue_time));
                    if self.heard.is_some() && late.abs() <= 2_000 && venue_time >= before && !repeated {
                        self.quote = Some((*price, venue_time, now));
                    }
                }
            }
        }

        fn counts(&self, now: i64) -> Option<u32> {
            let (price, _, changed) = self.quote?;
            (now - self.heard? <= 2_000 && now - changed <= 30_000).then_some(price)
        }
    }

    proptest! {
        #[test]
        fn stale_quotes_never_count(
            events in proptest::collection::vec((0_usize..4, event(), prop_oneof![6 => 0_i64..600, 1 => 1_500_i64..40_000]), 1..120),
        ) {
            const VENUES: [VenueId; 4] = [VenueId::Bitstamp, VenueId::Coinbase, VenueId::Kraken, VenueId::Okx];
            let told = |cents: u32| price(&format!("160.{cents:02}"));
            let (mut board, mut expected, mut now) = (Board::default(), [Venue::default(); 4], 0);
            for venue in 0..4 {
                board.connected(VENUES[venue], at(0));
                expected[venue].takes(&Event::Connected, 0);
            }
            for (n, event, pause) in events {
                now += pause;
                expected[n].takes(&event, now);
                match event {
                    Event::Connected => board.connected(VENUES[n], at(now)),
                    Event::Lost => board.lost(VENUES[n]),
                    Event::Heard => board.heard(VENUES[n], at(now)),
                    Event::Quoted(cents, late) => {
                        let quote = VenueQuote { pair: USD, price: told(cents), venue_time: at(now - late) };
                        let _ = board.quoted(VENUES[n], quote, at(now));
                    }
                }
                let tick = Tick::take(&board, Asset::Sol, at(now), &BTreeSet::new(), 3);
                let fresh: Vec<_> = VENUES.iter().zip(&expected)
                    .filter_map(|(venue, state)| Some((*venue, told(state.counts(now)?))))
                    .collect();
                let seen: Vec<_> = tick.quotes.iter().map(|quote| (quote.venue, quote.price)).collect();
                prop_assert_eq!(&seen, &fresh);
                prop_assert_eq!(tick.aggregate, aggregate(&fresh, 3).ok());
            }
        }
    }
}
