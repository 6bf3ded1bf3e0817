//! What aggregators say, held against our price. It never votes: an aggregator copies the venues that are asked already.
//! One that contradicts for long is something to look at, for people.

use super::market::Asset;
use super::moment::{Moment, SECOND};
use super::price::Price;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Farther from our price than this, in percent, is another price.
const TOLERATED_PERCENT: i64 = 2;

/// An opinion older than this is none: our price of then is forgotten, and nobody is helped by it.
pub const OPINION_WITHIN: i64 = 600 * SECOND;

/// What an aggregator says an asset is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// What is priced.
    pub asset: Asset,
    /// In USD.
    pub price: Price,
    /// When it was so, as the aggregator says.
    pub at: Moment,
}

/// How an opinion and our price of the same moment go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgment {
    /// Within 2 %.
    Agrees,
    /// Not within 2 %, for no longer than is tolerated.
    Differs,
    /// Not within 2 % for longer.
    Contradicts,
    /// We had no price then.
    Unknown,
}

/// Since when one aggregator differs, for each asset.
#[derive(Debug)]
pub struct Sanity {
    tolerated_for: i64,
    differs_since: BTreeMap<Asset, Moment>,
}

impl Sanity {
    /// Nobody differs yet; a difference that lasts no longer than so many microseconds is one in time only.
    #[must_use]
    pub const fn new(tolerated_for: i64) -> Self {
        Self { tolerated_for, differs_since: BTreeMap::new() }
    }

    /// Judges an opinion by our price at its own moment.
    pub fn judge(&mut self, opinion: &Opinion, ours: Option<Price>) -> Judgment {
        let Some(ours) = ours else {
            self.differs_since.remove(&opinion.asset);
            return Judgment::Unknown;
        };
        let apart = (opinion.price.get() - ours.get()).abs();
        if apart * Decimal::ONE_HUNDRED <= ours.get() * Decimal::from(TOLERATED_PERCENT) {
            self.differs_since.remove(&opinion.asset);
            return Judgment::Agrees;
        }
        let since = *self.differs_since.entry(opinion.asset).or_insert(opinion.at);
        if opinion.at.since(since) > self.tolerated_for { Judgment::Contradicts } else { Judgment::Differs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        Price::parse(text).unwrap()
    }

    fn judge(sanity: &mut Sanity, second: i64, theirs: &str, ours: Option<&str>) -> Judgment {
        let at = Moment::from_micros(second * SECOND);
        let opinion = Opinion { asset: Asset::Sol, price: price(theirs), at };
        sanity.judge(&opinion, ours.map(price))
    }

    #[test]
    fn two_percent_are_tolerated_for_ever_and_more_for_a_minute() {
        let mut sanity = Sanity::new(60 * SECOND);
        for second in [0, 1_000] {
            assert_eq!(judge(&mut sanity, second, "102", Some("100")), Judgment::Agrees);
            assert_eq!(judge(&mut sanity, second, "98", Some("100")), Judgment::Agrees);
        }
        for second in [2_000, 2_010, 2_060] {
            assert_eq!(judge(&mut sanity, second, "102.01", Some("100")), Judgment::Differs);
        }
        assert_eq!(judge(&mut sanity, 2_061, "97.99", Some("100")), Judgment::Contradicts);
    }

    #[test]
    fn agreement_and_a_price_we_do_not_have_start_the_minute_again() {
        for (between, ours, found) in
            [("100", Some("100"), Judgment::Agrees), ("110", None, Judgment::Unknown)]
        {
            let mut sanity = Sanity::new(60 * SECOND);
            assert_eq!(judge(&mut sanity, 0, "110", Some("100")), Judgment::Differs);
            assert_eq!(judge(&mut sanity, 50, between, ours), found);
            assert_eq!(judge(&mut sanity, 61, "110", Some("100")), Judgment::Differs);
            assert_eq!(judge(&mut sanity, 122, "110", Some("100")), Judgment::Contradicts);
        }
    }

    #[test]
    fn each_asset_has_its_own_minute() {
        let mut sanity = Sanity::new(60 * SECOND);
        judge(&mut sanity, 0, "110", Some("100"));
        let at = Moment::from_micros(61 * SECOND);
        let other = Opinion { asset: Asset::Btc, price: price("110"), at };
        assert_eq!(sanity.judge(&other, Some(price("100"))), Judgment::Differs);
    }
}
