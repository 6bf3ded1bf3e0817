//! What one venue publishes: the market's price, rounded and spread its way, with invented volumes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::venue::{Asset, Fault, PerAsset, Venue};

/// Steps of one turn of straying; in the second half nobody strays, so that turns of slow and fast venues
/// do not overlap.
const TURN_STEPS: u64 = 8;

const VENUES: u64 = 5;

/// A trade and the best offers around it, as one venue sees them.
#[derive(Debug, Clone)]
pub(super) struct Quote {
    pub asset: Asset,
    /// The last trade; exactly between `bid` and `ask`.
    pub price: Decimal,
    pub bid: Decimal,
    pub ask: Decimal,
    pub quantity: Decimal,
    pub bid_quantity: Decimal,
    pub ask_quantity: Decimal,
    /// Counts up by one for each trade of the pair.
    pub trade_id: u64,
    /// Whether the taker sold.
    pub sold: bool,
    /// The venue's time.
    pub at: OffsetDateTime,
    pub day: Day,
}

/// Figures of the day, which venues send along: counted since the sandbox started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub volume: Decimal,
}

/// The market at one moment, as far as a venue follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// The price in dollars, `lag` steps ago.
    pub price: Decimal,
    /// The price of a USDT in dollars.
    pub usdt: Decimal,
    pub step: u64,
    pub now: OffsetDateTime,
}

/// The publishing side of one venue.
#[derive(Debug)]
pub(super) struct Tape {
    venue: Venue,
    rng: ChaCha8Rng,
    pairs: PerAsset<Pair>,
}

#[derive(Debug, Default)]
struct Pair {
    trades: u64,
    day: Option<Day>,
}

impl Tape {
    pub fn new(venue: Venue, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The first streams of the seed belong to the walks.
        rng.set_stream(16 + u64::from(venue as u8));
        Tape { venue, rng, pairs: PerAsset::from_fn(|_| Pair::default()) }
    }

    /// The next quote of `asset`.
    pub fn quote(&mut self, asset: Asset, moment: Moment, fault: Fault) -> Quote {
        let price = self.price(asset, moment, fault);
        let unit = Decimal::new(1, self.venue.decimals(asset));
        let half = unit * Decimal::from(self.venue.half_spread());
        let quantity = self.quantity();
        let pair = self.pairs.get_mut(asset);
        pair.trades += 1;
        let trade_id = pair.trades;
        let mut day =
            pair.day.unwrap_or(Day { open: price, high: price, low: price, volume: Decimal::new(0, 8) });
        day.high = day.high.max(price);
        day.low = day.low.min(price);
        day.volume += quantity;
        pair.day = Some(day);
        Quote {
            asset,
            price,
            // A price within the spread of zero still has a positive bid.
            bid: (price - half).max(unit),
            ask: price + half,
            quantity,
            bid_quantity: self.quantity(),
            ask_quantity: self.quantity(),
            trade_id,
            sold: self.rng.random(),
            at: moment.now,
            day,
        }
    }

    fn price(&self, asset: Asset, moment: Moment, fault: Fault) -> Decimal {
        let decimals = self.venue.decimals(asset);
        let mut price = moment.price;
        if self.venue.quotes_in_usdt() {
            price /= moment.usdt;
        }
        if let (Fault::Wrong { percent }, true) = (fault, asset != Asset::Usdt) {
            price += price * percent / Decimal::ONE_HUNDRED;
        }
        let unit = Decimal::new(1, decimals);
        let stray = (price * Decimal::new(self.venue.stray(), 6)).round_dp(decimals).max(unit);
        let stray = if asset == Asset::Usdt { unit } else { stray };
        let mut price =
            price.round_dp(decimals) + stray * Decimal::from(strays(self.venue, asset, moment.step));
        price.rescale(decimals);
        price.max(unit)
    }

    /// 0.001 to 50 units, with eight decimals.
    fn quantity(&mut self) -> Decimal {
        let mut quantity = Decimal::new(self.rng.random_range(1..=50_000), 3);
        quantity.rescale(8);
        quantity
    }
}

/// Which way the price of `asset` at `venue` strays in this step: 1 up, −1 down, 0 not at all.
///
/// Quotes have to keep changing or they count as frozen, but a price that is held must be seen as held. So
/// venues take turns: at any moment at most one is above the market, at most one below, the others exactly on
/// it. The median of three or more of them is the market's price. USDT/USD moves the two venues that quote in
/// USDT together, so it strays only in the turn in which the other three do not.
fn strays(venue: Venue, asset: Asset, step: u64) -> i64 {
    if step % TURN_STEPS >= TURN_STEPS / 2 {
        return 0;
    }
    let turn = step / TURN_STEPS % VENUES;
    let (up, down) = (turn, (turn + 2) % VENUES);
    let is = |place: u64, venue: Venue| place == u64::from(venue as u8);
    match asset {
        Asset::Usdt => i64::from(is(up, Venue::Okx) && is(down, Venue::Binance)),
        _ => i64::from(is(up, venue)) - i64::from(is(down, venue)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn moment(price: Decimal, step: u64) -> Moment {
        Moment { price, usdt: Decimal::ONE, step, now: OffsetDateTime::UNIX_EPOCH }
    }

    #[test]
    fn a_held_price_is_the_median_of_any_three_venues_and_every_quote_keeps_changing() {
        let held = Decimal::new(16500, 2);
        let mut tapes = Venue::ALL.map(|venue| (venue, Tape::new(venue, 1)));
        let mut seen = Venue::ALL.map(|_| BTreeSet::new());
        let mut rates = BTreeSet::new();
        for step in 0..80 {
            let mut price = |asset, price| {
                let moment = moment(price, step);
                tapes.each_mut().map(|(_, tape)| tape.quote(asset, moment, Fault::None).price)
            };
            // The median of the three venues that have it, as an oracle would take it.
            let usdt = price(Asset::Usdt, Decimal::ONE);
            let mut usdt =
                [Venue::Coinbase, Venue::Kraken, Venue::Bitstamp].map(|venue| usdt[venue as usize]);
            usdt.sort();
            let rate = usdt[1];
            rates.insert(rate);
            let mut prices = price(Asset::Sol, held);
            for venue in Venue::ALL {
                let price = &mut prices[venue as usize];
                seen[venue as usize].insert(*price);
                assert!((*price - held).abs() <= held / Decimal::from(10_000));
                *price *= if venue.quotes_in_usdt() { rate } else { Decimal::ONE };
            }
            for subset in (0_u8..32).filter(|subset| subset.count_ones() >= 3) {
                let mut some: Vec<_> = (0..5).filter(|n| subset & (1 << n) != 0).map(|n| prices[n]).collect();
                some.sort();
                let median = (some[(some.len() - 1) / 2] + some[some.len() / 2]) / Decimal::TWO;
                assert_eq!(median, held, "step {step}: {some:?}");
            }
        }
        assert!(rates.len() == 2 && seen.iter().all(|prices| prices.len() == 3), "{rates:?} {seen:?}");
    }

    #[test]
    fn the_last_price_is_between_bid_and_ask_with_the_venues_decimals() {
        for venue in Venue::ALL {
            for asset in venue.assets() {
                let quote =
                    Tape::new(venue, 3).quote(*asset, moment(Decimal::new(123_456_789, 4), 6), Fault::None);
                assert_eq!((quote.bid + quote.ask) / Decimal::TWO, quote.price);
                assert_eq!(quote.price.scale(), venue.decimals(*asset));
                assert!(quote.bid < quote.ask);
            }
        }
    }

    #[test]
    fn a_dear_usdt_lowers_quotes_in_usdt_only() {
        let quote = |venue| {
            let at = Moment { usdt: Decimal::new(2, 0), ..moment(Decimal::from(150), 6) };
            Tape::new(venue, 3).quote(Asset::Sol, at, Fault::None).price
        };
        assert_eq!(quote(Venue::Okx), Decimal::from(75));
        assert_eq!(quote(Venue::Kraken), Decimal::from(150));
    }

    #[test]
    fn a_wrong_venue_is_wrong_by_the_percentage_but_not_about_usdt() {
        let fault = Fault::Wrong { percent: Decimal::from(-40) };
        let mut kraken = Tape::new(Venue::Kraken, 3);
        assert_eq!(kraken.quote(Asset::Sol, moment(Decimal::from(150), 6), fault).price, Decimal::from(90));
        assert_eq!(kraken.quote(Asset::Usdt, moment(Decimal::ONE, 6), fault).price, Decimal::ONE);
    }
}
