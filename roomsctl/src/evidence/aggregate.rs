//! One aggregate: whether its price follows from its quotes.

use super::price::{self, BAND_PLACES, PLACES, write};

/// Venues that must agree on the USDT rate.
pub(super) const RATE_QUORUM: usize = 2;

/// A price with what is said beside it, all in 10^-12 USD but the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Combined {
    pub(super) price: u128,
    /// Distance to the farther quartile.
    pub(super) confidence: u128,
    /// How far a quote may lie from the price to be counted, in 10^-15 USD.
    band: u128,
}

impl Combined {
    /// Whether a quote supports this price.
    pub(super) fn counts(&self, quote: u128) -> bool {
        quote.abs_diff(self.price).checked_mul(1_000).is_some_and(|distance| distance <= self.band)
    }

    pub(super) fn band_text(&self) -> String {
        write(self.band, BAND_PLACES)
    }

    pub(super) fn confidence_text(&self) -> String {
        write(self.confidence, PLACES)
    }
}

/// The median of the votes, if a quorum of them lies within min(max(4 × MAD, 0.5 %), 2 %) of it.
pub(super) fn combine(votes: &[u128], quorum: usize) -> Option<Combined> {
    if votes.len() < quorum {
        return None;
    }
    let mut sorted = votes.to_vec();
    sorted.sort_unstable();
    let price = median(&sorted)?;
    let mut distances: Vec<u128> = sorted.iter().map(|vote| vote.abs_diff(price)).collect();
    distances.sort_unstable();
    // Four times the median, which needs no half: twice the sum of the two in the middle.
    let four_mad = match middle(&distances)? {
        (one, None) => one.checked_mul(4)?,
        (one, Some(other)) => one.checked_add(other)?.checked_mul(2)?,
    };
    let (half_percent, two_percent) = (price.checked_mul(5)?, price.checked_mul(20)?);
    let band = four_mad.checked_mul(1_000)?.max(half_percent).min(two_percent);
    let combined = Combined { price, confidence: confidence(&sorted, price)?, band };
    let counted = sorted.iter().filter(|vote| combined.counts(**vote)).count();
    (counted >= quorum).then_some(combined)
}

/// A token's price: the median of what at least two endpoints read on chain, with which the listing and every endpoint has
/// to agree within 2 %.
pub(super) fn confirm(on_chain: &[u128], listed: Option<u128>) -> Option<Combined> {
    const ENDPOINTS: usize = 2;
    let mut sorted = on_chain.to_vec();
    sorted.sort_unstable();
    if sorted.len() < ENDPOINTS {
        return None;
    }
    let price = median(&sorted)?;
    sorted.push(listed?);
    sorted.sort_unstable();
    let combined = Combined { price, confidence: confidence(&sorted, price)?, band: price.checked_mul(20)? };
    sorted.iter().all(|vote| combined.counts(*vote)).then_some(combined)
}

/// The distance from the price to the farther quartile.
fn confidence(sorted: &[u128], price: u128) -> Option<u128> {
    let quarter = sorted.len() / 4;
    let quartiles = [sorted.get(quarter), sorted.iter().rev().nth(quarter)];
    quartiles.into_iter().flatten().map(|quartile| quartile.abs_diff(price)).max()
}

/// The one in the middle, or the mean of the two, rounded to a price.
fn median(sorted: &[u128]) -> Option<u128> {
    match middle(sorted)? {
        (one, None) => Some(one),
        (one, Some(other)) => price::divide(one.checked_add(other)?, 2),
    }
}

/// The one in the middle, or the two.
fn middle(sorted: &[u128]) -> Option<(u128, Option<u128>)> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some((upper, None));
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some((lower, Some(upper)))
}

#[cfg(test)]
mod tests {
    use super::super::price::parse_price;
    use super::*;

    fn of(votes: &[&str], quorum: usize) -> Option<[String; 3]> {
        let votes: Vec<u128> = votes.iter().map(|vote| parse_price(vote).unwrap()).collect();
        let found = combine(&votes, quorum)?;
        Some([write(found.price, PLACES), found.confidence_text(), found.band_text()])
    }

    /// The examples of the manual (`docs/evidence.md`).
    #[test]
    fn the_examples_of_the_manual() {
        assert_eq!(of(&["165.1", "165.2", "165.3", "200"], 3).unwrap(), ["165.25", "0.05", "0.82625"]);
        assert_eq!(of(&["100", "120", "140"], 3), None);
        assert_eq!(of(&["165", "165.02"], 3), None);
    }

    #[test]
    fn the_band_has_two_ends() {
        assert!(of(&["100", "100", "100", "100", "100.5"], 5).is_some());
        assert!(of(&["100", "100", "100", "100", "100.51"], 5).is_none());
        assert!(of(&["98", "98.5", "100", "101.5", "102"], 5).is_some());
        assert!(of(&["97.9", "98.5", "100", "101.5", "102"], 5).is_none());
        assert!(of(&[], 0).is_none());
    }

    #[test]
    fn a_token_is_priced_on_chain_and_confirmed_by_the_listing() {
        let of = |chain: &[&str], listed: &str| {
            let chain: Vec<u128> = chain.iter().map(|price| parse_price(price).unwrap()).collect();
            let found = confirm(&chain, parse_price(listed))?;
            Some([write(found.price, PLACES), found.confidence_text(), found.band_text()])
        };
        assert_eq!(of(&["100", "100"], "101.99").unwrap(), ["100", "1.99", "2"]);
        assert_eq!(of(&["100", "102"], "101").unwrap(), ["101", "1", "2.02"]);
        for (chain, listed) in [(&["100"][..], "100"), (&["100", "100"], "102.01"), (&["100", "100"], "")] {
            assert_eq!(of(chain, listed), None, "{chain:?} {listed}");
        }
        assert_eq!(of(&["100", "100", "105"], "100"), None);
    }
}
