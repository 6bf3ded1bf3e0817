//! Fills, and the orders that they add up to.
//!
//! The feed has no id of a fill. What can be told apart for certain is the *order*: all fills of one wallet in one token
//! and direction within one transaction. Rows that repeat because pages overlap are not more shares: of equal rows a walk
//! keeps as many as the page with the most of them has.

use super::{Address, MarketName};
use rust_decimal::Decimal;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Under this name UUIDs are made of what happened on Polymarket.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_9c1e_53c4_4f0a_9d8e_2b7a_51c0_73aa);

/// Fewer shares than this are the remainder of a rounding, not a position.
pub const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The id of something by its words.
pub(crate) fn id(words: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, words.join("/").as_bytes())
}

/// What tells an order from any other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// Who traded.
    pub address: Address,
    /// The chain's transaction.
    pub transaction: String,
    /// The outcome's token.
    pub token: String,
    /// Sold rather than bought.
    pub sell: bool,
}

impl OrderKey {
    /// The same wherever and however often it is found.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let side = if self.sell { "SELL" } else { "BUY" };
        id(&["order", self.address.as_str(), &self.transaction, &self.token, side])
    }
}

/// One row of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Which order it belongs to.
    pub key: OrderKey,
    /// Its market.
    pub market: MarketName,
    /// The name of its outcome.
    pub outcome: String,
    /// The trader's public name; empty for none.
    pub name: String,
    /// Traded.
    pub shares: Decimal,
    /// USD per share.
    pub price: Decimal,
    /// By the chain's block.
    pub at: OffsetDateTime,
}

/// What an order added up to, as far as it is visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which.
    pub key: OrderKey,
    /// Its market.
    pub market: MarketName,
    /// The name of its outcome.
    pub outcome: String,
    /// The trader's public name; empty for none.
    pub name: String,
    /// Traded.
    pub shares: Decimal,
    /// Paid or received.
    pub usd: Decimal,
    /// By the chain's block.
    pub at: OffsetDateTime,
}

impl Order {
    /// Shares that came in; negative for those that went out.
    #[must_use]
    pub fn signed(&self) -> Decimal {
        if self.key.sell { -self.shares } else { self.shares }
    }

    /// What of it was not told yet, given the shares and USD that were.
    #[must_use]
    pub fn beyond(&self, shares: Decimal, usd: Decimal) -> Option<Self> {
        let rest = self.shares.checked_sub(shares)?;
        let usd = self.usd.checked_sub(usd)?.max(Decimal::ZERO);
        (rest >= DUST || shares.is_zero() && rest > Decimal::ZERO).then(|| Self {
            shares: rest,
            usd,
            ..self.clone()
        })
    }

    /// Mean of the fills, weighted by shares, to 6 places.
    #[must_use]
    pub fn price(&self) -> Decimal {
        self.usd.checked_div(self.shares).unwrap_or_default().round_dp(6).normalize()
    }
}

/// Collects the rows of a walk through a feed's pages.
#[derive(Debug, Default)]
pub struct Walk {
    rows: HashMap<(OrderKey, Decimal, Decimal), (Trade, usize)>,
}

impl Walk {
    /// Takes a page in any order.
    pub fn page(&mut self, trades: impl IntoIterator<Item = Trade>) {
        let mut of_page: HashMap<(OrderKey, Decimal, Decimal), usize> = HashMap::new();
        for trade in trades {
            let row = (trade.key.clone(), trade.shares.normalize(), trade.price.normalize());
            let count = of_page.entry(row.clone()).or_default();
            *count += 1;
            let known = self.rows.entry(row).or_insert_with(|| (trade, 0));
            known.1 = known.1.max(*count);
        }
    }

    /// How many different rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The orders that the rows add up to, the oldest first.
    #[must_use]
    pub fn orders(self) -> Vec<Order> {
        let mut orders: HashMap<OrderKey, Order> = HashMap::new();
        for (trade, count) in self.rows.into_values() {
            let shares = trade.shares.saturating_mul(Decimal::from(count));
            let usd = shares.saturating_mul(trade.price);
            let order = orders.entry(trade.key.clone()).or_insert_with(|| Order {
                key: trade.key,
                market: trade.market,
                outcome: trade.outcome,
                name: trade.name,
                shares: Decimal::ZERO,
                usd: Decimal::ZERO,
                at: trade.at,
            });
            order.shares = order.shares.saturating_add(shares);
            order.usd = order.usd.saturating_add(usd);
            order.at = order.at.min(trade.at);
        }
        let mut orders: Vec<Order> = orders.into_values().collect();
        // Blocks are dated to the second, and pages come in any order: of what happened in one second purchases are first,
        // since what was sold had been bought.
        orders.sort_by(|a, b| (a.at, a.key.sell, &a.key).cmp(&(b.at, b.key.sell, &b.key)));
        orders
    }
}

/// What was visible at the last look at a feed, so that most of the next look is known without asking anybody.
#[derive(Debug, Default)]
pub struct Seen {
    shares: HashMap<OrderKey, (OffsetDateTime, Decimal)>,
}

impl Seen {
    /// The orders of which more is visible now.
    #[must_use]
    pub fn news(&self, orders: Vec<Order>) -> Vec<Order> {
        let known =
            |order: &Order| self.shares.get(&order.key).is_some_and(|(_, shares)| *shares >= order.shares);
        orders.into_iter().filter(|order| !known(order)).collect()
    }

    /// They are dealt with; what is older than a moment is forgotten.
    pub fn keep(&mut self, orders: &[Order], horizon: OffsetDateTime) {
        self.shares.retain(|_, (at, _)| *at >= horizon);
        for order in orders.iter().filter(|order| order.at >= horizon) {
            // A look that ends in the middle of an order takes nothing back.
            let (_, shares) = self.shares.entry(order.key.clone()).or_insert((order.at, order.shares));
            *shares = order.shares.max(*shares);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn fills_of_one_transaction_are_one_order_with_their_mean() {
        let mut walk = Walk::default();
        walk.page([
            trade("t1", false, "10", "0.5"),
            trade("t1", false, "30", "0.7"),
            trade("t1", true, "1", "0.6"),
        ]);
        let orders = walk.orders();
        assert_eq!(orders.len(), 2);
        let bought = orders.iter().find(|order| !order.key.sell).unwrap();
        assert_eq!((bought.shares, bought.usd, bought.price()), (dec("40"), dec("26.0"), dec("0.65")));
    }

    #[test]
    fn rows_on_two_pages_count_once_and_equal_fills_of_a_page_count_each() {
        let mut walk = Walk::default();
        let (fill, other) = (trade("t1", false, "10", "0.5"), trade("t2", false, "1", "0.5"));
        walk.page([fill.clone(), fill.clone(), other.clone()]);
        walk.page([other, fill.clone()]);
        walk.page([fill]);
        let shares: Vec<Decimal> = walk.orders().into_iter().map(|order| order.shares).collect();
        assert_eq!(shares, [dec("20"), dec("1")]);
    }

    #[test]
    fn the_next_look_tells_what_is_new_and_what_grew() {
        let look = |rows: &[(&str, &str)]| {
            let mut walk = Walk::default();
            walk.page(rows.iter().map(|(transaction, shares)| trade(transaction, false, shares, "0.5")));
            walk.orders()
        };
        let mut seen = Seen::default();
        let first = look(&[("t1", "10")]);
        assert_eq!(seen.news(first.clone()), first);
        seen.keep(&first, first[0].at);
        assert_eq!(seen.news(first.clone()), []);
        let second = look(&[("t1", "10"), ("t1", "5"), ("t2", "1")]);
        let news = seen.news(second);
        assert_eq!(news.iter().map(|order| order.shares).collect::<Vec<_>>(), [dec("15"), dec("1")]);
        assert_eq!(
            news[0].beyond(dec("10"), dec("5.0")).map(|rest| (rest.shares, rest.usd)),
            Some((dec("5"), dec("2.5")))
        );
        assert_eq!(news[0].beyond(dec("15"), dec("7.5")), None);
        assert_eq!(news[0].key.id(), first[0].key.id(), "one id however it is found");

        let both = look(&[("t1", "10"), ("t1", "5"), ("t2", "1")]);
        seen.keep(&both, first[0].at);
        seen.keep(&first, first[0].at);
        assert_eq!(seen.news(both), [], "a look that sees a part of an order forgets nothing of it");
    }
}
