//! What people do on the markets all day, drawn from a seed: trades of takers and makers, splits and merges, rewards,
//! results and redemptions. Every drawn deed can be done.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::exchange::{Deed, Exchange, Fill};
use super::holdings::Token;
use super::tape::Side;

/// Wallets whose orders wait in the books.
pub const MAKERS: usize = 8;

/// Fewer open markets than this, and new ones are opened.
const OPEN_AT_LEAST: usize = 6;

/// In cents.
const TICK: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
const CENTS: std::ops::RangeInclusive<i64> = 3..=97;

/// Of a hundred deeds.
const SPLITS: u32 = 3;
const MERGES: u32 = 5;
const REWARDS: u32 = 7;
const REDEMPTIONS: u32 = 11;
const RESULTS: u32 = 12;

/// Drawings until one can be done; there is always a purchase.
const TRIES: usize = 8;

/// Draws deeds.
#[derive(Clone, Debug)]
pub struct Life {
    random: ChaCha8Rng,
}

impl Life {
    /// The same deeds for the same seed and the same exchange.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Catalogue and life are drawn apart.
        random.set_stream(0);
        Self { random }
    }

    /// What happens next. Nothing only where there is no wallet.
    pub fn next(&mut self, exchange: &Exchange) -> Option<Deed> {
        let open: Vec<usize> = tradable(exchange).collect();
        if open.len() < OPEN_AT_LEAST {
            return Some(Deed::Open);
        }
        for _ in 0..TRIES {
            let dice = self.random.random_range(0..100);
            let drawn = match dice {
                _ if dice < SPLITS => self.split(exchange, &open),
                _ if dice < MERGES => self.merge(exchange, &open),
                _ if dice < REWARDS => self.reward(exchange),
                _ if dice < REDEMPTIONS => self.redeem(exchange),
                _ if dice < RESULTS => self.resolve(&open),
                _ => self.trade(exchange, &open),
            };
            if drawn.is_some() {
                return drawn;
            }
        }
        let wallet = self.trader(exchange)?;
        let token = Token { market: self.pick(&open)?, outcome: 0 };
        let shares = self.size();
        Some(self.order(exchange, wallet, token, Side::Buy, shares))
    }

    /// An order of a wallet at the market's price, with the others it meets. The wallet must have what it sells.
    pub fn order(
        &mut self,
        exchange: &Exchange,
        wallet: usize,
        token: Token,
        side: Side,
        shares: Decimal,
    ) -> Deed {
        let cents = i64::try_from((exchange.price(token) * Decimal::ONE_HUNDRED).round()).unwrap_or(50);
        let moved = (cents + self.random.random_range(-1..=1)).clamp(*CENTS.start(), *CENTS.end());
        let price = Decimal::new(moved, 2);
        // A third of the orders are filled at two prices, the better one first.
        let second = match side {
            Side::Buy => price + TICK,
            Side::Sell => price - TICK,
        };
        let half = (shares / Decimal::TWO).round_dp(2);
        let two = self.random.random_bool(0.33) && half > Decimal::ZERO && half < shares;
        let parts = if two { vec![(half, price), (shares - half, second)] } else { vec![(shares, price)] };
        let mut fills = Vec::new();
        for (shares, price) in parts {
            fills.push(Fill { wallet, token, side, shares, price, taker: true });
            fills.push(self.counterparty(exchange, &fills, token, side, shares, price));
        }
        Deed::Trade(fills)
    }

    /// A maker who has the shares sells them; else one who wants the other answer, and both pay for new ones.
    fn counterparty(
        &mut self,
        exchange: &Exchange,
        before: &[Fill],
        token: Token,
        side: Side,
        shares: Decimal,
        price: Decimal,
    ) -> Fill {
        let makers = exchange.wallets().len().min(MAKERS);
        let wallet = self.random.random_range(0..makers.max(1));
        let promised = before.iter().filter(|fill| fill.wallet == wallet && fill.side == Side::Sell);
        let promised: Decimal = promised.filter(|fill| fill.token == token).map(|fill| fill.shares).sum();
        let sells = side == Side::Sell || exchange.held().shares(wallet, token) - promised >= shares;
        if sells {
            return Fill { wallet, token, side: side.other(), shares, price, taker: false };
        }
        let other = Token { outcome: 1 - token.outcome, ..token };
        Fill { wallet, token: other, side: Side::Buy, shares, price: Decimal::ONE - price, taker: false }
    }

    fn trade(&mut self, exchange: &Exchange, open: &[usize]) -> Option<Deed> {
        let wallet = self.trader(exchange)?;
        let held: Vec<(Token, Decimal)> = exchange
            .held()
            .of(wallet)
            .filter(|(token, held)| open.contains(&token.market) && held.shares > Decimal::ZERO)
            .map(|(token, held)| (token, held.shares))
            .collect();
        let sells = !held.is_empty() && self.random.random_bool(0.45);
        if sells {
            let (token, shares) = *held.get(self.random.random_range(0..held.len()))?;
            let part = [Decimal::ONE, Decimal::TWO, Decimal::from(4)];
            let part = *part.get(self.random.random_range(0..part.len()))?;
            let shares = (shares / part).round_dp(2).min(shares);
            return (shares > Decimal::ZERO).then(|| self.order(exchange, wallet, token, Side::Sell, shares));
        }
        // Half of the purchases add to what is there.
        let more = held.get(self.random.random_range(0..held.len().max(1))).map(|(token, _)| *token);
        let token = match more.filter(|_| self.random.random_bool(0.5)) {
            Some(token) => token,
            None => Token { market: self.pick(open)?, outcome: self.random.random_range(0..2) },
        };
        let shares = self.size();
        Some(self.order(exchange, wallet, token, Side::Buy, shares))
    }

    fn split(&mut self, exchange: &Exchange, open: &[usize]) -> Option<Deed> {
        let wallet = self.anybody(exchange)?;
        Some(Deed::Split { wallet, market: self.pick(open)?, shares: self.size() })
    }

    fn merge(&mut self, exchange: &Exchange, open: &[usize]) -> Option<Deed> {
        let wallet = self.anybody(exchange)?;
        let market = self.pick(open)?;
        let both = (0..2).map(|outcome| exchange.held().shares(wallet, Token { market, outcome }));
        let shares = both.min().unwrap_or_default();
        (shares > Decimal::ZERO).then_some(Deed::Merge { wallet, market, shares })
    }

    fn reward(&mut self, exchange: &Exchange) -> Option<Deed> {
        let usd = Decimal::new(self.random.random_range(10..5_000), 2);
        Some(Deed::Reward { wallet: self.anybody(exchange)?, usd })
    }

    fn redeem(&mut self, exchange: &Exchange) -> Option<Deed> {
        let decided = exchange.markets().iter().enumerate().filter(|(_, market)| market.resolution.is_some());
        let decided: Vec<usize> = decided.map(|(place, _)| place).collect();
        let market = self.pick(&decided)?;
        let wallet = self.pick(&exchange.held().holders(market))?;
        Some(Deed::Redeem { wallet, market })
    }

    fn resolve(&mut self, open: &[usize]) -> Option<Deed> {
        Some(Deed::Resolve { market: self.pick(open)?, winner: self.random.random_range(0..2) })
    }

    /// Shares: mostly few, now and then very many.
    fn size(&mut self) -> Decimal {
        let magnitude = self.random.random_range(1..=4);
        let most = 10_i64.pow(magnitude) * 300;
        Decimal::new(self.random.random_range(most / 10..most), 2)
    }

    fn trader(&mut self, exchange: &Exchange) -> Option<usize> {
        let all = exchange.wallets().len();
        let first = if all > MAKERS { MAKERS } else { 0 };
        (first < all).then(|| self.random.random_range(first..all))
    }

    fn anybody(&mut self, exchange: &Exchange) -> Option<usize> {
        let all = exchange.wallets().len();
        (all > 0).then(|| self.random.random_range(0..all))
    }

    fn pick(&mut self, from: &[usize]) -> Option<usize> {
        if from.is_empty() { None } else { from.get(self.random.random_range(0..from.len())).copied() }
    }
}

/// Markets that are not decided, by their places.
pub fn tradable(exchange: &Exchange) -> impl Iterator<Item = usize> {
    let markets = exchange.markets().iter().enumerate();
    markets.filter(|(_, market)| market.resolution.is_none()).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polymarket::exchange::{Refused, When};
    use crate::polymarket::holdings::Holdings;
    use crate::polymarket::tape::Kind;

    const NOW: i64 = 1_790_000_000;

    fn at(second: i64) -> When {
        When { at: (NOW + second) * 1_000, visible_at: (NOW + second) * 1_000 + 1_500 }
    }

    fn lived(seed: u64, deeds: i64) -> Exchange {
        let mut exchange = Exchange::new(seed, 60, 5, NOW);
        let mut life = Life::new(seed);
        for second in 0..deeds {
            let deed = life.next(&exchange).unwrap();
            exchange.apply(&deed, at(second)).unwrap_or_else(|why| panic!("{deed:?}: {why}"));
        }
        exchange
    }

    #[test]
    fn every_drawn_deed_can_be_done_and_the_books_agree() {
        for seed in 0..4 {
            let exchange = lived(seed, 1_500);
            for (place, market) in exchange.markets().iter().enumerate() {
                let of = |outcome| exchange.held().total(Token { market: place, outcome });
                // Each dollar in a market is a share of each answer, until the market is paid out.
                assert!(market.resolution.is_some() || of(0) == of(1), "{}", market.question);
            }
            let short = (0..60)
                .flat_map(|wallet| exchange.held().of(wallet))
                .any(|(_, held)| held.shares < Decimal::ZERO);
            assert!(!short, "somebody has less than nothing");
        }
    }

    #[test]
    fn the_rows_alone_tell_who_holds_what() {
        let mut exchange = lived(9, 1_000);
        let mut again = Holdings::default();
        exchange.tape().rows().iter().for_each(|row| again.book(row));
        let differs = |of: &Holdings| {
            (0..60).any(|wallet| {
                let held = |books: &Holdings| {
                    books.of(wallet).map(|(token, held)| (token, held.shares)).collect::<Vec<_>>()
                };
                held(of) != held(exchange.held())
            })
        };
        assert!(!differs(&again));
        assert!(differs(exchange.shown()), "nothing is shown before its time");
        exchange.appear((NOW + 1_000) * 1_000 + 1_500);
        let shown = exchange.shown().clone();
        assert_eq!(
            shown.total(Token { market: 0, outcome: 0 }),
            exchange.held().total(Token { market: 0, outcome: 0 })
        );
    }

    #[test]
    fn a_life_has_everything_and_repeats_itself() {
        let exchange = lived(1, 2_000);
        let rows = exchange.tape().rows();
        let count = |wanted: fn(Kind) -> bool| rows.iter().filter(|row| wanted(row.kind)).count();
        assert!(count(|kind| kind == Kind::Split) > 10 && count(|kind| kind == Kind::Merge) > 0);
        assert!(
            count(|kind| matches!(kind, Kind::Redeem { .. })) > 10 && count(|kind| kind == Kind::Reward) > 10
        );
        assert!(rows.iter().any(|row| row.usd >= Decimal::from(5_000)), "there are whales");
        let again = lived(1, 2_000);
        assert!(
            rows.iter().map(|row| &row.transaction).eq(again
                .tape()
                .rows()
                .iter()
                .map(|row| &row.transaction))
        );
        assert_eq!(rows.last().map(|row| row.shares), again.tape().rows().last().map(|row| row.shares));
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let mut exchange = Exchange::new(1, 20, 2, NOW);
        let token = Token { market: 0, outcome: 0 };
        let sell = |shares| Fill {
            wallet: 10,
            token,
            side: Side::Sell,
            shares,
            price: Decimal::new(40, 2),
            taker: true,
        };
        let buy = |price| Fill { side: Side::Buy, price, ..sell(Decimal::TEN) };
        let apply = |exchange: &mut Exchange, deed| exchange.apply(&deed, at(0));
        assert_eq!(apply(&mut exchange, Deed::Trade(vec![sell(Decimal::TEN)])), Err(Refused::Short));
        assert_eq!(apply(&mut exchange, Deed::Trade(vec![buy(Decimal::new(405, 3))])), Err(Refused::Price));
        assert_eq!(apply(&mut exchange, Deed::Trade(vec![buy(Decimal::ONE)])), Err(Refused::Price));
        assert_eq!(apply(&mut exchange, Deed::Redeem { wallet: 10, market: 0 }), Err(Refused::Undecided));
        assert!(apply(&mut exchange, Deed::Trade(vec![buy(Decimal::new(40, 2))])).is_ok());
        let six = sell(Decimal::from(6));
        assert_eq!(apply(&mut exchange, Deed::Trade(vec![six.clone(), six])), Err(Refused::Short));
        assert!(apply(&mut exchange, Deed::Resolve { market: 0, winner: 0 }).is_ok());
        assert_eq!(apply(&mut exchange, Deed::Trade(vec![sell(Decimal::ONE)])), Err(Refused::Decided));
        assert_eq!(exchange.tape().rows().len(), 1);
        assert!(apply(&mut exchange, Deed::Redeem { wallet: 10, market: 0 }).is_ok());
        let (_, held) = exchange.held().of(10).find(|(held, _)| *held == token).unwrap();
        assert_eq!((held.shares, held.realized), (Decimal::ZERO, Decimal::from(6)));
        assert_eq!(apply(&mut exchange, Deed::Redeem { wallet: 10, market: 0 }), Err(Refused::Short));
    }
}
