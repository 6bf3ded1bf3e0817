//! An order book.

use rust_decimal::Decimal;

/// Shares offered at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// USD per share.
    pub price: Decimal,
    /// So many.
    pub shares: Decimal,
}

/// Both sides, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Who wants to buy.
    pub bids: Vec<Level>,
    /// Who wants to sell.
    pub asks: Vec<Level>,
}

impl Book {
    /// From rows in any order.
    #[must_use]
    pub fn new(mut bids: Vec<Level>, mut asks: Vec<Level>) -> Self {
        bids.sort_by_key(|level| std::cmp::Reverse(level.price));
        asks.sort_by_key(|level| level.price);
        Self { bids, asks }
    }

    /// Half-way between the best offers, if there are both.
    #[must_use]
    pub fn middle(&self) -> Option<Decimal> {
        let (bid, ask) = (self.bids.first()?.price, self.asks.first()?.price);
        bid.checked_add(ask)?.checked_div(Decimal::TWO)
    }

    /// The distance between them.
    #[must_use]
    pub fn spread(&self) -> Option<Decimal> {
        self.asks.first()?.price.checked_sub(self.bids.first()?.price)
    }
}
