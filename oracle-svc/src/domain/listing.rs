//! The pairs of a token as a listing tells them. Anybody can make a pair, and make it look like anything: only those that
//! are on Solana, of this token, old enough and deep enough are looked at.

use super::mint::Mint;
use super::moment::Moment;
use super::price::Price;
use rust_decimal::Decimal;

/// The listing's name of the one chain we read.
const CHAIN: &str = "solana";

/// Pools that are looked at on chain at most.
const CANDIDATES: usize = 5;

/// A pair as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPair {
    /// On which chain.
    pub chain: String,
    /// By which program, in the listing's words.
    pub dex: String,
    /// The pool's account, or the bonding curve's.
    pub address: String,
    /// The token that is priced.
    pub token: String,
    /// What it is priced in.
    pub quote: String,
    /// The token's name for people. Anybody chooses it; never an identity.
    pub symbol: String,
    /// In USD.
    pub price: Option<Price>,
    /// What both sides hold, in USD.
    pub liquidity: Option<Decimal>,
    /// When it came to be.
    pub created_at: Option<Moment>,
}

/// What a pair has to have before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// It is at least this old. Microseconds.
    pub age: i64,
    /// It holds at least this, in USD.
    pub liquidity: Decimal,
}

impl Default for Gates {
    fn default() -> Self {
        Self { age: 86_400 * super::moment::SECOND, liquidity: Decimal::from(50_000) }
    }
}

impl ListedPair {
    /// Whether it is a pair of this token on Solana, with the token on the side that is priced.
    #[must_use]
    pub fn is_of(&self, mint: Mint) -> bool {
        self.chain == CHAIN && self.token == mint.as_str()
    }

    /// Whether it is old and deep enough. What is not told is not enough.
    #[must_use]
    pub fn passes(&self, gates: Gates, now: Moment) -> bool {
        self.created_at.is_some_and(|created| now.since(created) >= gates.age)
            && self.liquidity.is_some_and(|liquidity| liquidity >= gates.liquidity)
    }
}

/// The token's pairs that may be looked at on chain, the deepest first.
#[must_use]
pub fn candidates(pairs: &[ListedPair], mint: Mint, gates: Gates, now: Moment) -> Vec<&ListedPair> {
    let mut fit: Vec<_> = pairs.iter().filter(|pair| pair.is_of(mint) && pair.passes(gates, now)).collect();
    fit.sort_by(|a, b| b.liquidity.cmp(&a.liquidity).then_with(|| a.address.cmp(&b.address)));
    fit.truncate(CANDIDATES);
    fit
}

#[cfg(test)]
mod tests {
    use super::super::moment::SECOND;
    use super::*;

    const TOKEN: &str = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";
    const HOUR: i64 = 3_600 * SECOND;

    fn mint() -> Mint {
        Mint::parse(TOKEN).unwrap()
    }

    fn now() -> Moment {
        Moment::from_micros(1_000_000 * SECOND)
    }

    fn pair(address: &str, liquidity: i64, hours: i64) -> ListedPair {
        ListedPair {
            chain: "solana".to_owned(),
            dex: "pumpswap".to_owned(),
            address: address.to_owned(),
            token: TOKEN.to_owned(),
            quote: "So11111111111111111111111111111111111111112".to_owned(),
            symbol: "FART".to_owned(),
            price: Some(Price::parse("0.01").unwrap()),
            liquidity: Some(Decimal::from(liquidity)),
            created_at: Some(now().minus(hours * HOUR)),
        }
    }

    fn chosen(pairs: &[ListedPair]) -> Vec<&str> {
        let fit = candidates(pairs, mint(), Gates::default(), now());
        fit.into_iter().map(|pair| pair.address.as_str()).collect()
    }

    /// Scenario 44.
    #[test]
    fn a_thin_or_freshly_created_pair_or_one_of_the_wrong_chain_is_not_used() {
        let thin = pair("thin", 49_999, 48);
        let fresh = pair("fresh", 9_000_000, 23);
        let wrong_chain = ListedPair { chain: "ethereum".to_owned(), ..pair("wrong", 9_000_000, 48) };
        let other_side = ListedPair { token: "other".to_owned(), ..pair("side", 9_000_000, 48) };
        let unknown_depth = ListedPair { liquidity: None, ..pair("depth", 0, 48) };
        let unknown_age = ListedPair { created_at: None, ..pair("age", 9_000_000, 48) };
        let from_tomorrow = pair("tomorrow", 9_000_000, -24);
        let bad = [thin, fresh, wrong_chain, other_side, unknown_depth, unknown_age, from_tomorrow];
        assert_eq!(chosen(&bad), Vec::<&str>::new());
    }

    #[test]
    fn the_deepest_come_first_and_the_limits_are_inclusive() {
        let pairs = [pair("b", 50_000, 24), pair("c", 80_000, 100), pair("a", 50_000, 24)];
        assert_eq!(chosen(&pairs), ["c", "a", "b"]);
        let many: Vec<_> = (0..9).map(|n| pair(&n.to_string(), 60_000 + n, 30)).collect();
        assert_eq!(chosen(&many), ["8", "7", "6", "5", "4"]);
    }
}
