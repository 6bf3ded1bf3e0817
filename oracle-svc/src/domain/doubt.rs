//! What makes a price look manipulated.

use super::exact::Ratio;
use super::tick::Tick;

/// How far from certain the prices of some time were. A function of the ticks taken in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// The largest confidence of an aggregate in hundredths of a percent of its price, rounded up: it is above a whole
    /// number of them exactly where the confidence is.
    pub confidence_bps: u32,
    /// A venue that quoted had no vote.
    pub excluded: bool,
}

impl Doubt {
    /// That of one look at the venues.
    #[must_use]
    pub fn of(tick: &Tick) -> Self {
        let share = tick.aggregate.as_ref().and_then(|found| Ratio::new(found.confidence, found.price.get()));
        Self {
            confidence_bps: share.map_or(0, |share| share.ceil_of(10_000)),
            excluded: tick.quotes.iter().any(|quote| quote.excluded),
        }
    }

    /// That of both times together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            confidence_bps: self.confidence_bps.max(other.confidence_bps),
            excluded: self.excluded || other.excluded,
        }
    }

    /// What a room should be looked at for whose terms accept a confidence of so much; 0 are terms that say nothing
    /// of it.
    #[must_use]
    pub const fn suspicions(self, accepted_bps: u32) -> Suspicions {
        Suspicions {
            confidence: accepted_bps > 0 && self.confidence_bps > accepted_bps,
            excluded_venue: self.excluded,
        }
    }
}

/// Why operators should look before a room is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspicions {
    /// The quartiles lay farther from a deciding price than the terms accept.
    pub confidence: bool,
    /// A venue was excluded in a deciding window.
    pub excluded_venue: bool,
}

#[cfg(test)]
mod tests {
    use super::super::aggregate::Aggregate;
    use super::super::market::VenueId;
    use super::super::moment::Moment;
    use super::super::price::Price;
    use super::super::tick::Quote;
    use super::*;
    use rust_decimal::Decimal;
    use std::collections::BTreeSet;

    fn tick(confidence: &str, excluded: bool) -> Tick {
        let (at, price) = (Moment::from_micros(0), Price::parse("150").unwrap());
        let quote =
            Quote { venue: VenueId::Kraken, price, in_usdt: None, venue_time: at, received_at: at, excluded };
        let confidence: Decimal = confidence.parse().unwrap();
        let aggregate = Aggregate { price, confidence, band: Decimal::ONE, counted: BTreeSet::new() };
        Tick { at, quotes: vec![quote], rate: None, aggregate: Some(aggregate) }
    }

    #[test]
    fn one_percent_is_accepted_and_the_smallest_part_more_is_not() {
        let suspicious = |confidence| Doubt::of(&tick(confidence, false)).suspicions(100).confidence;
        assert!(!suspicious("1.5"));
        assert!(suspicious("1.500000000001"));
        assert!(!Doubt::of(&tick("100", false)).suspicions(0).confidence, "terms that say nothing of it");
    }

    #[test]
    fn the_worst_of_a_time_counts() {
        let calm = Doubt::of(&tick("0.1", false));
        let (wide, without) = (Doubt::of(&tick("2", false)), Doubt::of(&tick("0", true)));
        let all = calm.and(wide).and(without).and(calm);
        assert_eq!(all.suspicions(100), Suspicions { confidence: true, excluded_venue: true });
        assert_eq!(calm.suspicions(100), Suspicions::default());
    }
}
