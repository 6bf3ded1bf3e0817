//! Markets as Gamma tells them, and how they were decided.

use super::{MarketName, total};
use rust_decimal::Decimal;
use time::OffsetDateTime;

/// One answer that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketOutcome {
    /// Its name.
    pub name: String,
    /// Its token.
    pub token: String,
    /// What Gamma thinks it is worth; the pay-out per share of a decided market.
    pub price: Option<Decimal>,
}

/// A market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// What it is called.
    pub name: MarketName,
    /// Its answers.
    pub outcomes: Vec<MarketOutcome>,
    /// USD traded in all.
    pub volume: Option<Decimal>,
    /// USD traded within the last day.
    pub volume_day: Option<Decimal>,
    /// USD offered in the books.
    pub liquidity: Option<Decimal>,
    /// Planned; it may trade on afterwards.
    pub ends_at: Option<OffsetDateTime>,
    /// Decided or no longer traded.
    pub closed: bool,
    /// Polymarket's arbiter has spoken.
    pub settled: bool,
    /// What decides, in its own words.
    pub description: String,
}

/// How a market was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The winning outcome and its token; nothing if it was split.
    pub winner: Option<(String, String)>,
    /// Paid per share of a token where that is neither all nor nothing.
    pub shared: Vec<(String, Decimal)>,
}

impl Decision {
    /// One outcome takes all.
    #[must_use]
    pub fn won(outcome: &str, token: &str) -> Self {
        Self { winner: Some((outcome.to_owned(), token.to_owned())), shared: Vec::new() }
    }

    /// Paid per share of a token, in USD.
    #[must_use]
    pub fn payout(&self, token: &str) -> Decimal {
        match &self.winner {
            Some((_, winner)) => Decimal::from(u8::from(winner == token)),
            None => self
                .shared
                .iter()
                .find(|(shared, _)| shared == token)
                .map_or(Decimal::ZERO, |(_, paid)| *paid),
        }
    }
}

impl Market {
    /// How it was decided, if it was. A market that no longer trades shows what it pays as its prices; before its arbiter
    /// has spoken only all or nothing is believed.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        if !self.closed || self.outcomes.is_empty() {
            return None;
        }
        let prices: Vec<Decimal> =
            self.outcomes.iter().map(|outcome| outcome.price).collect::<Option<_>>()?;
        let winners: Vec<&MarketOutcome> =
            self.outcomes.iter().filter(|outcome| outcome.price == Some(Decimal::ONE)).collect();
        let all_or_nothing = prices.iter().filter(|price| price.is_zero()).count() + 1 == prices.len();
        match winners.as_slice() {
            [winner] if all_or_nothing => Some(Decision::won(&winner.name, &winner.token)),
            _ if self.settled && total(prices.iter().copied()) == Decimal::ONE => {
                let shared =
                    self.outcomes.iter().zip(prices).map(|(outcome, paid)| (outcome.token.clone(), paid));
                Some(Decision { winner: None, shared: shared.collect() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};

    fn market(closed: bool, settled: bool, prices: [&str; 2]) -> Market {
        let outcome = |name: &str, token: &str, price: &str| MarketOutcome {
            name: name.to_owned(),
            token: token.to_owned(),
            price: price.parse().ok(),
        };
        Market {
            name: testing::market(),
            outcomes: vec![outcome("Yes", "11", prices[0]), outcome("No", "12", prices[1])],
            volume: None,
            volume_day: None,
            liquidity: None,
            ends_at: None,
            closed,
            settled,
            description: String::new(),
        }
    }

    #[test]
    fn decided_is_what_is_closed_and_pays() {
        assert_eq!(market(true, false, ["0", "1"]).decision(), Some(Decision::won("No", "12")));
        assert_eq!(market(true, true, ["1.0", "0.00"]).decision(), Some(Decision::won("Yes", "11")));
        for (closed, settled, prices) in [
            (false, true, ["0", "1"]),
            (true, false, ["0.5", "0.5"]),
            (true, true, ["0.4", "0.4"]),
            (true, true, ["1", "1"]),
            (true, true, ["", "1"]),
        ] {
            assert_eq!(market(closed, settled, prices).decision(), None, "{closed} {settled} {prices:?}");
        }
    }

    #[test]
    fn a_split_market_pays_each_its_part() {
        let split = market(true, true, ["0.5", "0.5"]).decision().unwrap();
        assert_eq!((split.payout("11"), split.winner.clone()), (Decimal::new(5, 1), None));
        let won = Decision::won("Yes", "11");
        assert_eq!((won.payout("11"), won.payout("12")), (Decimal::ONE, Decimal::ZERO));
    }
}
