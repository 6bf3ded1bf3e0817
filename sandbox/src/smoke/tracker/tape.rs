//! What must be told of what happened, worked out from the exchange's tape alone: no code is shared with the services.

use std::collections::{BTreeMap, BTreeSet};

use proto::oracle::WalletChangeKind as Change;
use rust_decimal::Decimal;

use crate::polymarket::holdings::Holdings;
use crate::polymarket::{Exchange, Kind, Row, Side, Token};

/// From this value on a change is told.
const TOLD_FROM: Decimal = Decimal::from_parts(500, 0, 0, false, 0);

/// Of what a change is: an order by its transaction, a result by its market.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// All fills of one wallet in one token and direction in one transaction.
    Order {
        /// `0x` and 64 digits.
        transaction: String,
        /// The answer.
        token: Token,
        /// Sold rather than bought.
        sold: bool,
    },
    /// Shares of a decided market became dollars.
    Redemption {
        /// `0x` and 64 digits.
        transaction: String,
    },
    /// A market in which it holds shares was decided.
    Result {
        /// The answer that it holds.
        token: Token,
    },
}

/// What must be told of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// How it may be called; one where the wallet's books are plain.
    pub kinds: Vec<Change>,
    /// Traded, redeemed or held.
    pub shares: Decimal,
    /// USD.
    pub usd: Decimal,
    /// The market's place.
    pub market: usize,
}

/// Everything that must be told, by wallet and what it is.
pub type Dues = BTreeMap<(usize, What), Due>;

/// A wallet's order as its rows add up.
pub(super) struct Order {
    pub(super) wallet: usize,
    pub(super) token: Token,
    pub(super) sold: bool,
    pub(super) shares: Decimal,
    pub(super) usd: Decimal,
    first: usize,
}

/// What must be told of these wallets from this row on.
#[must_use]
pub fn dues(exchange: &Exchange, wallets: &BTreeSet<usize>, from: usize) -> Dues {
    let mut books = Holdings::default();
    // Splits and merges are seen by nobody until the next snapshot: until then an order may look like the first or the last, and
    // one that does not fit makes everything unknown that the wallet holds.
    let mut disturbed: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut dues = Dues::new();
    let rows = exchange.tape().rows();
    let (before, after) = rows.split_at(from.min(rows.len()));
    before.iter().for_each(|row| books.book(row));
    for transaction in after.chunk_by(|one, two| one.transaction == two.transaction) {
        for order in orders(transaction).into_iter().filter(|order| wallets.contains(&order.wallet)) {
            let held = books.shares(order.wallet, order.token);
            let mut kinds = kinds(&order, held, disturbed.contains(&(order.wallet, order.token.market)));
            if disturbed.iter().any(|(wallet, _)| *wallet == order.wallet) {
                kinds.push(if order.sold { Change::Sold } else { Change::Bought });
            }
            let due = Due { kinds, shares: order.shares, usd: order.usd, market: order.token.market };
            if due.usd >= TOLD_FROM {
                let what = What::Order {
                    transaction: hash(rows, order.first),
                    token: order.token,
                    sold: order.sold,
                };
                dues.insert((order.wallet, what), due);
            }
        }
        for row in transaction.iter().filter(|row| wallets.contains(&row.wallet)) {
            match (row.kind, row.market) {
                (Kind::Split | Kind::Merge, Some(market)) => {
                    disturbed.insert((row.wallet, market));
                }
                (Kind::Redeem { .. }, Some(market)) if row.usd >= TOLD_FROM => {
                    let what = What::Redemption { transaction: row.transaction.clone() };
                    let due = Due { kinds: vec![Change::Redeemed], shares: row.shares, usd: row.usd, market };
                    dues.insert((row.wallet, what), due);
                }
                _ => {}
            }
        }
        transaction.iter().for_each(|row| books.book(row));
    }
    dues
}

/// What must be told when a market is decided: of whoever holds at least so many shares of an answer now, right or wrong.
#[must_use]
pub fn results(exchange: &Exchange, wallets: &BTreeSet<usize>, market: usize, winner: usize) -> Dues {
    let held = wallets.iter().flat_map(|wallet| exchange.held().of(*wallet).map(move |held| (*wallet, held)));
    let held = held.filter(|(_, (token, held))| token.market == market && held.shares >= TOLD_FROM);
    held.map(|(wallet, (token, held))| {
        let usd = if token.outcome == winner { held.shares } else { Decimal::ZERO };
        let due = Due { kinds: vec![Change::Resolved], shares: held.shares, usd, market };
        ((wallet, What::Result { token }), due)
    })
    .collect()
}

/// The orders of one transaction.
pub(super) fn orders(transaction: &[Row]) -> Vec<Order> {
    let mut orders: BTreeMap<(usize, Token, bool), Order> = BTreeMap::new();
    for row in transaction {
        let (Some(market), Some(outcome), Some(side)) = (row.market, row.outcome, row.side) else { continue };
        let (token, sold) = (Token { market, outcome }, side == Side::Sell);
        let order = orders.entry((row.wallet, token, sold)).or_insert(Order {
            wallet: row.wallet,
            token,
            sold,
            shares: Decimal::ZERO,
            usd: Decimal::ZERO,
            first: row.sequence,
        });
        order.shares += row.shares;
        order.usd += row.usd;
    }
    orders.into_values().collect()
}

/// How an order may be called, by what was held before it.
fn kinds(order: &Order, held: Decimal, disturbed: bool) -> Vec<Change> {
    match (order.sold, disturbed) {
        (false, false) if held.is_zero() => vec![Change::Opened],
        (false, false) => vec![Change::Increased],
        (true, false) if held == order.shares => vec![Change::Closed],
        (true, false) => vec![Change::Reduced],
        (false, true) => vec![Change::Opened, Change::Increased],
        (true, true) => vec![Change::Reduced, Change::Closed],
    }
}

fn hash(rows: &[Row], place: usize) -> String {
    rows.get(place).map(|row| row.transaction.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polymarket::{Deed, Fill, When};

    const WHEN: When = When { at: 1_790_000_000_000, visible_at: 1_790_000_000_000 };

    fn trade(side: Side, parts: &[(i64, i64)]) -> Deed {
        let token = Token { market: 0, outcome: 0 };
        let fill = |(shares, cents): &(i64, i64)| Fill {
            wallet: 9,
            token,
            side,
            shares: Decimal::from(*shares),
            price: Decimal::new(*cents, 2),
            taker: true,
        };
        Deed::Trade(parts.iter().map(fill).collect())
    }

    #[test]
    fn orders_are_told_by_what_they_did_and_small_ones_are_not() {
        let mut exchange = Exchange::new(1, 12, 2, 1_790_000_000);
        let mut done = |deed: Deed| exchange.apply(&deed, WHEN).unwrap();
        done(trade(Side::Buy, &[(5_000, 40)]));
        for deed in [
            // Each part alone would not be told.
            trade(Side::Buy, &[(1_000, 40), (800, 41)]),
            trade(Side::Sell, &[(1_000, 49)]),
            trade(Side::Sell, &[(5_800, 50)]),
            trade(Side::Buy, &[(2_000, 25)]),
            Deed::Split { wallet: 9, market: 0, shares: Decimal::TEN },
            trade(Side::Buy, &[(2_000, 30)]),
            Deed::Resolve { market: 0, winner: 0 },
            Deed::Redeem { wallet: 9, market: 0 },
        ] {
            done(deed);
        }
        let dues = dues(&exchange, &BTreeSet::from([9]), 1);
        let mut told: Vec<(Vec<Change>, Decimal)> = Vec::new();
        let in_order = exchange.tape().rows().iter().map(|row| &row.transaction).collect::<Vec<_>>();
        let mut sorted: Vec<_> = dues.iter().collect();
        sorted.sort_by_key(|((_, what), _)| match what {
            What::Order { transaction, .. } | What::Redemption { transaction } => {
                in_order.iter().position(|hash| *hash == transaction)
            }
            What::Result { .. } => None,
        });
        told.extend(sorted.into_iter().map(|(_, due)| (due.kinds.clone(), due.usd)));
        let unsure = vec![Change::Opened, Change::Increased, Change::Bought];
        assert_eq!(
            told,
            [
                (vec![Change::Increased], Decimal::from(728)),
                (vec![Change::Closed], Decimal::from(2_900)),
                (vec![Change::Opened], Decimal::from(500)),
                (unsure, Decimal::from(600)),
                (vec![Change::Redeemed], Decimal::from(4_010)),
            ]
        );
    }

    #[test]
    fn a_result_is_told_to_winners_and_losers() {
        let mut exchange = Exchange::new(1, 12, 2, 1_790_000_000);
        exchange.apply(&trade(Side::Buy, &[(5_000, 40)]), WHEN).unwrap();
        let wallets = BTreeSet::from([9, 10]);
        let usd = |winner| {
            results(&exchange, &wallets, 0, winner).into_values().map(|due| due.usd).collect::<Vec<_>>()
        };
        assert_eq!((usd(0), usd(1)), (vec![Decimal::from(5_000)], vec![Decimal::ZERO]));
        assert_eq!(results(&exchange, &wallets, 1, 0).len(), 0);
    }
}
