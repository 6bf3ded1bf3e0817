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

/// No quote that counts is further away than this part of the price.
const TWO_PERCENT: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

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

/// Endpoints that have to tell the same about a token's account.
const ENDPOINTS: usize = 2;

/// Combines what is known about a token. Its price is the median of what the endpoints read from its account on chain;
/// the listing has no say in it, but has to agree, and so has every endpoint that answered.
///
/// # Errors
/// Fewer than two endpoints, no listing, or one of them further than 2 % from the price.
pub fn confirmed(quotes: &[(VenueId, Price)]) -> Result<Aggregate, NoPrice> {
    let quorum = ENDPOINTS + 1;
    let on_chain = quotes.iter().filter(|(venue, _)| VenueId::CHAIN.contains(venue));
    let mut read: Vec<Decimal> = on_chain.map(|(_, price)| price.get()).collect();
    read.sort_unstable();
    let too_few = NoPrice::TooFew { fresh: quotes.len(), quorum };
    let is_listed = quotes.iter().any(|(venue, _)| *venue == VenueId::DexScreener);
    if read.len() < ENDPOINTS || !is_listed {
        return Err(too_few);
    }
    let price = median(&read).and_then(|median| Price::try_new(median).ok()).ok_or(too_few)?;
    let band = (price.get() * TWO_PERCENT).normalize();
    let agrees = |quote: &Price| distance(quote.get(), price.get()) <= band;
    let counted: BTreeSet<VenueId> =
        quotes.iter().filter(|(_, quote)| agrees(quote)).map(|(venue, _)| *venue).collect();
    if counted.len() < quotes.len() {
        return Err(NoPrice::Disagreement { counted: counted.len(), quorum: quotes.len() });
    }
    let mut all: Vec<Decimal> = quotes.iter().map(|(_, price)| price.get()).collect();
    all.sort_unstable();
    Ok(Aggregate { price, confidence: confidence(&all, price.get()), band, counted })
}

/// How far from the median a quote may lie: four times the median absolute deviation, so that it
/// adapts to the market, but never tighter than 0.5 % nor wider than 2 %.
fn band(sorted: &[Decimal], center: Decimal) -> Decimal {
    let mut deviations: Vec<Decimal> = sorted.iter().map(|price| distance(*price, center)).collect();
    deviations.sort_unstable();
    let mad = median(&deviations).unwrap_or_default();
    let half_percent = center * Decimal::new(5, 3);
    let two_percent = center * TWO_PERCENT;
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
        VenueId::EXCHANGES
            .iter()
            .copied()
            .zip(prices.iter().map(|text| Price::parse(text).unwrap()))
            .collect()
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

    fn token(chain: &[&str], listed: Option<&str>) -> Result<Aggregate, NoPrice> {
        let price = |text: &&str| Price::parse(text).unwrap();
        let read = VenueId::CHAIN.into_iter().zip(chain.iter().map(price));
        let listed = listed.iter().map(|text| (VenueId::DexScreener, price(text)));
        confirmed(&read.chain(listed).collect::<Vec<_>>())
    }

    #[test]
    fn a_token_is_priced_by_its_account_and_confirmed_by_the_listing() {
        let found = token(&["100", "100"], Some("101.99")).unwrap();
        assert_eq!(found.price, Price::parse("100").unwrap(), "the listing has no say");
        assert_eq!((found.confidence, found.band), (Decimal::new(199, 2), Decimal::from(2)));
        assert_eq!(found.counted.len(), 3);
        assert!(token(&["100", "100"], Some("102")).is_ok(), "within 2 % includes 2 %");
        assert_eq!(token(&["100", "102"], Some("101")).unwrap().price, Price::parse("101").unwrap());
        assert_eq!(token(&["100", "102", "101"], Some("101")).unwrap().price, Price::parse("101").unwrap());
    }

    #[test]
    fn a_token_has_no_price_while_anybody_is_missing_or_disagrees() {
        for (chain, listed) in [
            (&["100"][..], Some("100")),
            (&[], Some("100")),
            (&["100", "100"], None),
            (&["100", "100"], Some("102.01")),
            (&["100", "100"], Some("97.99")),
            (&["100", "105"], Some("102.5")),
            (&["100", "100", "105"], Some("100")),
        ] {
            assert!(token(chain, listed).is_err(), "{chain:?} {listed:?}");
        }
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

    fn thousandths(n: i64) -> Price {
        Price::try_new(Decimal::new(n, 3)).unwrap()
    }

    /// Median and min(max(4 × MAD, 0.5 %), 2 %) of it, read off the spec.
    fn center_and_spread(prices: &[Price]) -> (Decimal, Decimal) {
        let middle = |mut numbers: Vec<Decimal>| {
            numbers.sort();
            let n = numbers.len();
            (numbers[(n - 1) / 2] + numbers[n / 2]) / Decimal::TWO
        };
        let center = middle(prices.iter().map(|price| price.get()).collect());
        let mad = middle(prices.iter().map(|price| (price.get() - center).abs()).collect());
        let percent = center / Decimal::ONE_HUNDRED;
        (center, (mad * Decimal::from(4)).max(percent / Decimal::TWO).min(percent * Decimal::TWO))
    }

    fn price() -> impl Strategy<Value = Price> {
        (1_i64..10_000_000_000, 0_u32..6)
            .prop_map(|(n, scale)| Price::try_new(Decimal::new(n, scale)).unwrap())
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            (quotes, shuffled) in proptest::collection::vec(price(), 0..=5).prop_flat_map(|prices| {
                let quotes: Vec<_> = VenueId::EXCHANGES.iter().copied().zip(prices).collect();
                (Just(quotes.clone()), Just(quotes).prop_shuffle())
            }),
        ) {
            prop_assert_eq!(aggregate(&quotes, 3), aggregate(&shuffled, 3));
        }

        #[test]
        fn no_minority_moves_the_price_out_of_the_honest_spread(
            honest in proptest::collection::vec(97_000_i64..=103_000, 3..=5),
            liars in proptest::collection::vec(prop_oneof![price(), (90_000_i64..110_000).prop_map(thousandths)], 0..=2),
            seats in Just([0_usize, 1, 2, 3, 4]).prop_shuffle(),
        ) {
            let honest: Vec<_> = honest.into_iter().map(thousandths).collect();
            let (center, spread) = center_and_spread(&honest);
            // A quorum of honest venues within their own spread, and fewer liars than that.
            prop_assume!(honest.iter().all(|price| distance(price.get(), center) <= spread));
            let prices: Vec<_> = honest.iter().copied().chain(liars).take(5).collect();
            let quotes: Vec<_> = seats.iter().map(|seat| VenueId::EXCHANGES[*seat]).zip(prices).collect();
            match aggregate(&quotes, 3) {
                Ok(found) => prop_assert!(distance(found.price.get(), center) <= spread, "{found:?} of {honest:?}"),
                // Nor can liars take the price away from honest venues that lie closely together.
                Err(_) => prop_assert!(honest.iter().any(|price| distance(price.get(), center) * Decimal::from(500) > center)),
            }
        }

        #[test]
        fn a_price_is_supported_by_a_quorum_within_two_percent(
            prices in proptest::collection::vec((9_000_i64..11_000).prop_map(|n| Price::try_new(Decimal::new(n, 2)).unwrap()), 3..=5),
        ) {
            let quotes: Vec<_> = VenueId::EXCHANGES.iter().copied().zip(prices).collect();
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
