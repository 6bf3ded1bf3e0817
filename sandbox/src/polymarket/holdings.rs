//! Who holds what: the simulator's own books, which no service sees.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use super::tape::{Kind, Row, Side};

/// An answer of a market, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// The market's place.
    pub market: usize,
    /// 0 or 1.
    pub outcome: usize,
}

/// What a wallet has of an answer, and what it made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Now.
    pub shares: Decimal,
    /// USD for those shares at their average price.
    pub cost: Decimal,
    /// Shares ever got.
    pub bought: Decimal,
    /// USD won or lost with shares that are gone.
    pub realized: Decimal,
    /// Unix seconds of the last change.
    pub changed: i64,
}

impl Holding {
    /// USD a share, of those held.
    #[must_use]
    pub fn average(&self) -> Decimal {
        if self.shares > Decimal::ZERO { self.cost / self.shares } else { Decimal::ZERO }
    }

    fn get(&mut self, shares: Decimal, price: Decimal) {
        self.shares += shares;
        self.bought += shares;
        self.cost += shares * price;
    }

    fn give(&mut self, shares: Decimal, price: Decimal) {
        let cost = shares * self.average();
        self.shares -= shares;
        self.cost -= cost;
        self.realized += shares * price - cost;
    }
}

/// The holdings of all wallets.
#[derive(Clone, Debug, Default)]
pub struct Holdings(HashMap<usize, BTreeMap<Token, Holding>>);

impl Holdings {
    /// What a wallet has, and had, of each answer it ever held.
    pub fn of(&self, wallet: usize) -> impl Iterator<Item = (Token, &Holding)> {
        self.0.get(&wallet).into_iter().flatten().map(|(token, holding)| (*token, holding))
    }

    /// Shares of an answer that a wallet has.
    #[must_use]
    pub fn shares(&self, wallet: usize, token: Token) -> Decimal {
        self.0.get(&wallet).and_then(|held| held.get(&token)).map_or(Decimal::ZERO, |held| held.shares)
    }

    /// Books what happened.
    pub fn book(&mut self, row: &Row) {
        let Some(market) = row.market else { return };
        let held = self.0.entry(row.wallet).or_default();
        let half = Decimal::new(5, 1);
        match (row.kind, row.side, row.outcome) {
            (Kind::Trade { .. }, Some(Side::Buy), Some(outcome)) => {
                of(held, market, outcome, row.at).get(row.shares, row.price);
            }
            (Kind::Trade { .. }, Some(Side::Sell), Some(outcome)) => {
                of(held, market, outcome, row.at).give(row.shares, row.price);
            }
            // A dollar is a share of each.
            (Kind::Split, ..) => {
                (0..2).for_each(|outcome| of(held, market, outcome, row.at).get(row.shares, half));
            }
            (Kind::Merge, ..) => {
                (0..2).for_each(|outcome| of(held, market, outcome, row.at).give(row.shares, half));
            }
            (Kind::Redeem { winner }, ..) => (0..2).for_each(|outcome| {
                let holding = of(held, market, outcome, row.at);
                let pays = if outcome == winner { Decimal::ONE } else { Decimal::ZERO };
                holding.give(holding.shares, pays);
            }),
            (Kind::Trade { .. } | Kind::Reward, ..) => {}
        }
    }

    /// Shares of an answer that all wallets have together.
    #[must_use]
    pub fn total(&self, token: Token) -> Decimal {
        self.0.values().filter_map(|held| held.get(&token)).map(|held| held.shares).sum()
    }

    /// Who holds shares of a market.
    #[must_use]
    pub fn holders(&self, market: usize) -> Vec<usize> {
        let holds = |held: &BTreeMap<Token, Holding>| {
            held.iter().any(|(token, held)| token.market == market && held.shares > Decimal::ZERO)
        };
        let mut holders: Vec<usize> =
            self.0.iter().filter(|(_, held)| holds(held)).map(|(wallet, _)| *wallet).collect();
        holders.sort_unstable();
        holders
    }
}

/// A holding that changes now.
fn of(held: &mut BTreeMap<Token, Holding>, market: usize, outcome: usize, at: i64) -> &mut Holding {
    let holding = held.entry(Token { market, outcome }).or_default();
    holding.changed = at;
    holding
}
