//! The oracle's combined price: the median of the venues, or nothing.
//!
//! The median and its quartile confidence follow Pyth's price aggregation
//! (<https://docs.pyth.network/price-feeds/core/how-pyth-works/price-aggregation>): while fewer
//! than half of the venues lie, the median stays within the range of the honest ones.

use super::market::VenueId;
use super::price::Price;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A price that a quorum of venues supports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The median.
    pub price: Price,
    /// Distance to the farther quartile, in USD.
    pub confidence: Decimal,
    /// How far from the price a quote may lie to support it, in USD.
    pub band: Decimal,
    /// The venues within the band, at least a quorum.
    pub counted: BTreeSet<VenueId>,
}

impl Aggregate {
    /// Whether a quote supports this price.
    #[must_use]
    pub fn supported_by(&self, quote: Price) -> bool {
        distance(quote.get(), self.price.get()) <= self.band
    }
}

/// Why there is no price. Never a reason to use the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    /// Fewer fresh quotes than the quorum.
    #[error("{fresh} fresh quotes, {quorum} needed")]
    TooFew {
        /// Fresh quotes of venues that are not excluded.
        fresh: usize,
        /// How many must agree.
        quorum: usize,
    },
    /// Too few of the quotes lie within the band.
    #[error("{counted} quotes agree, {quorum} needed")]
    Disagreement {
        /// Quotes within the band.
        counted: usize,
        /// How many must agree.
        quorum: usize,
    },
}

/// Combines one fresh quote per venue.
///
/// # Errors
/// No quorum within min(max(4 × MAD, 0.5 %), 2 %) of the median.
pub fn aggregate(quotes: &[(VenueId, Price)], quorum: usize) -> Result<Aggregate, NoPrice> {
    let mut prices: Vec<Decimal> = quotes.iter().map(|(_, price)| price.get()).collect();
    prices.sort_unstable();
    let too_few = NoPrice::TooFew { fresh: prices.len(), quorum };
    if prices.len() < quorum {
        return Err(too_few);
    }
    let price = median(&prices).and_then(|median| Price::try_new(median).ok()).ok_or(too_few)?;
    let band = band(&prices, price.get());
    let counted: BTreeSet<VenueId> = quotes
        .iter()
        .filter(|(_, quote)| distance(quote.get(), price.get()) <= band)
        .map(|(venue, _)| *venue)
        .collect();
    if counted.len() < quorum {
        return Err(NoPrice::Disagreement { counted: counted.len(), quorum });
    }
    Ok(Aggregate { price, confidence: confidence(&prices, price.get()), band, counted })
}

/// How far from the median a quote may lie: four times the median absolute deviation, so that it
/// adapts to the market, but never tighter than 0.5 % nor wider than 2 %.
fn band(sorted: &[Decimal], center: Decimal) -> Decimal {
    let mut deviations: Vec<Decimal> = sorted.iter().map(|price| distance(*price, center)).collect();
    deviations.sort_unstable();
    let mad = median(&deviations).unwrap_or_default();
    let half_percent = center * Decimal::new(5, 3);
    let two_percent = center * Decimal::new(2, 2);
    (mad * Decimal::from(4)).max(half_percent).min(two_percent).normalize()
}

fn confidence(sorted: &[Decimal], center: Decimal) -> Decimal {
    let quarter = sorted.len() / 4;
    let lower = sorted.get(quarter);
    let upper = sorted.iter().rev().nth(quarter);
    let to = |quartile: Option<&Decimal>| quartile.map_or(Decimal::ZERO, |price| distance(*price, center));
    to(lower).max(to(upper)).normalize()
}

/// The middle of sorted numbers, or the mean of the two in the middle.
fn median(sorted: &[Decimal]) -> Option<Decimal> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some((lower + upper) / Decimal::TWO)
}

fn distance(a: Decimal, b: Decimal) -> Decimal {
    (a - b).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quotes(prices: &[&str]) -> Vec<(VenueId, Price)> {
        VenueId::ALL.iter().copied().zip(prices.iter().map(|text| Price::parse(text).unwrap())).collect()
    }

    #[test]
    fn quotes_that_contradict_each_other_have_no_price() {
        let none = aggregate(&quotes(&["100", "120", "140"]), 3);
        assert_eq!(none, Err(NoPrice::Disagreement { counted: 1, quorum: 3 }));
    }

    #[test]
    fn fewer_than_the_quorum_have_no_price() {
        let none = aggregate(&quotes(&["100", "100"]), 3);
        assert_eq!(none, Err(NoPrice::TooFew { fresh: 2, quorum: 3 }));
        assert!(aggregate(&[], 3).is_err());
        assert!(aggregate(&[], 0).is_err());
    }

    #[test]
    fn one_wrong_venue_of_four_changes_nothing_but_the_count() {
        let found = aggregate(&quotes(&["165.10", "165.20", "165.30", "200"]), 3).unwrap();
        assert_eq!(found.price, Price::parse("165.25").unwrap());
        assert_eq!(found.confidence, Decimal::new(5, 2));
        assert_eq!(found.counted.len(), 3);
        assert!(!found.counted.contains(&VenueId::Kraken));
    }

    #[test]
    fn the_band_is_never_tighter_than_half_a_percent_nor_wider_than_two() {
        // Four equal quotes: MAD is zero, the fifth is exactly half a percent away.
        let at_edge = aggregate(&quotes(&["100", "100", "100", "100", "100.5"]), 5);
        assert_eq!(at_edge.unwrap().counted.len(), 5);
        assert!(aggregate(&quotes(&["100", "100", "100", "100", "100.51"]), 5).is_err());
        // MAD is 1.5: four times it would reach 94, the cap stops at 98.
        assert_eq!(
            aggregate(&quotes(&["97.9", "98.5", "100", "101.5", "102"]), 5),
            Err(NoPrice::Disagreement { counted: 4, quorum: 5 })
        );
        assert!(aggregate(&quotes(&["98", "98.5", "100", "101.5", "102"]), 5).is_ok());
    }

    fn price() -> impl Strategy<Value = Price> {
        (1_i64..10_000_000_000, 0_u32..6)
            .prop_map(|(n, scale)| Price::try_new(Decimal::new(n, scale)).unwrap())
    }

    proptest! {
        #[test]
        fn order_does_not_matter(prices in proptest::collection::vec(price(), 0..=5), seed in any::<u64>()) {
            let quotes: Vec<_> = VenueId::ALL.iter().copied().zip(prices).collect();
            let mut shuffled = quotes.clone();
            for i in (1..shuffled.len()).rev() {
                shuffled.swap(i, usize::try_from(seed >> 3).unwrap() % (i + 1));
            }
            prop_assert_eq!(aggregate(&quotes, 3), aggregate(&shuffled, 3));
        }

        #[test]
        fn a_minority_cannot_move_the_price_out_of_the_honest_range(
            honest in proptest::collection::vec(99_800_i64..=100_200, 3),
            liars in proptest::collection::vec(price(), 0..=2),
        ) {
            let honest: Vec<_> = honest.into_iter().map(|n| Price::try_new(Decimal::new(n, 3)).unwrap()).collect();
            let (low, high) = (*honest.iter().min().unwrap(), *honest.iter().max().unwrap());
            let quotes: Vec<_> = VenueId::ALL.iter().copied().zip(honest.into_iter().chain(liars)).collect();
            // The honest ones agree within 0.4 %, so liars cannot take the price away either.
            let found = aggregate(&quotes, 3).unwrap();
            prop_assert!(low <= found.price && found.price <= high);
        }

        #[test]
        fn a_price_is_supported_by_a_quorum_within_two_percent(
            prices in proptest::collection::vec((9_000_i64..11_000).prop_map(|n| Price::try_new(Decimal::new(n, 2)).unwrap()), 3..=5),
        ) {
            let quotes: Vec<_> = VenueId::ALL.iter().copied().zip(prices).collect();
            if let Ok(found) = aggregate(&quotes, 3) {
                prop_assert!(found.counted.len() >= 3);
                let limit = found.price.get() * Decimal::new(2, 2);
                for (_, quote) in quotes.iter().filter(|(venue, _)| found.counted.contains(venue)) {
                    prop_assert!(distance(quote.get(), found.price.get()) <= limit);
                }
            }
        }
    }
}
