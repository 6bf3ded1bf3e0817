//! The book of an answer: what waits around the price of its last trade. Depth is made up; the two answers of a market
//! mirror each other, as one book is behind both.

use rust_decimal::Decimal;

use super::catalogue::Market;

/// Of each side.
const LEVELS: i64 = 8;

/// Orders at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// USD a share.
    pub price: Decimal,
    /// Together.
    pub shares: Decimal,
}

/// Both sides, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Who buys.
    pub bids: Vec<Level>,
    /// Who sells.
    pub asks: Vec<Level>,
}

impl Book {
    /// Of an answer as it is now; nothing once the market is decided.
    #[must_use]
    pub fn of(market: &Market, outcome: usize) -> Self {
        if market.resolution.is_some() {
            return Self::default();
        }
        let middle = market.price(0);
        let first = Self { bids: side(market, middle, -1), asks: side(market, middle, 1) };
        if outcome == 0 { first } else { first.mirrored() }
    }

    fn mirrored(self) -> Self {
        let mirror = |levels: Vec<Level>| {
            levels.into_iter().map(|level| Level { price: Decimal::ONE - level.price, ..level }).collect()
        };
        Self { bids: mirror(self.asks), asks: mirror(self.bids) }
    }

    /// The best bid.
    #[must_use]
    pub fn bid(&self) -> Option<Decimal> {
        self.bids.first().map(|level| level.price)
    }

    /// The best ask.
    #[must_use]
    pub fn ask(&self) -> Option<Decimal> {
        self.asks.first().map(|level| level.price)
    }

    /// Halfway between the two.
    #[must_use]
    pub fn middle(&self) -> Option<Decimal> {
        Some((self.bid()? + self.ask()?) / Decimal::TWO)
    }
}

fn side(market: &Market, middle: Decimal, way: i64) -> Vec<Level> {
    let prices = (1..=LEVELS).map(|step| (step, middle + Decimal::new(step * way, 2)));
    let possible = prices.filter(|(_, price)| *price > Decimal::ZERO && *price < Decimal::ONE);
    let moved = i64::try_from(market.prices.len()).unwrap_or_default();
    let shares = |step: i64| {
        let noise = (moved * 7 + step * 13 + way + i64::try_from(market.id % 1_000).unwrap_or_default()) % 90;
        Decimal::new((noise + 10) * step * 1_000, 2)
    };
    possible.map(|(step, price)| Level { price, shares: shares(step) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polymarket::catalogue;

    #[test]
    fn the_books_of_a_market_mirror_each_other() {
        let (_, markets) = catalogue::event(2, 1, 0, 1_790_000_000);
        for market in &markets {
            let (yes, no) = (Book::of(market, 0), Book::of(market, 1));
            assert!(yes.bid() < yes.ask() && no.bid() < no.ask(), "{yes:?}");
            assert_eq!(yes.bid().unwrap() + no.ask().unwrap(), Decimal::ONE);
            assert_eq!(yes.middle(), Some(market.price(0)));
            assert!(yes.bids.windows(2).all(|two| two[0].price > two[1].price));
        }
    }
}
