//! Which venues keep deviating. An excluded venue is watched on and comes back once it has
//! agreed with the others without interruption for long enough.

use super::market::VenueId;
use super::moment::{Moment, SECOND};
use super::tick::Tick;
use std::collections::{BTreeMap, BTreeSet};

/// When a venue loses its vote, and when it gets it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExclusionRules {
    /// Outside the band of every aggregate for this long: excluded. Microseconds.
    pub after: i64,
    /// Inside the band of every aggregate for this long: back. Microseconds.
    pub readmit: i64,
}

impl Default for ExclusionRules {
    fn default() -> Self {
        Self { after: 60 * SECOND, readmit: 600 * SECOND }
    }
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Agreed when last seen.
    Good,
    /// Outside the band since then.
    Deviating(Moment),
    /// Without a vote; inside the band since then, if it is.
    Excluded(Option<Moment>),
}

/// The standing of every venue for one asset.
#[derive(Debug)]
pub struct Reliability {
    rules: ExclusionRules,
    standings: BTreeMap<VenueId, Standing>,
}

impl Reliability {
    /// Everybody in good standing but those excluded when the series was left.
    #[must_use]
    pub fn new(rules: ExclusionRules, excluded: impl IntoIterator<Item = VenueId>) -> Self {
        let standings = excluded.into_iter().map(|venue| (venue, Standing::Excluded(None))).collect();
        Self { rules, standings }
    }

    /// The venues without a vote.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<VenueId> {
        self.standings
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::Excluded(_)))
            .map(|(venue, _)| *venue)
            .collect()
    }

    /// Judges every venue by one tick. Without an aggregate nobody can be judged.
    pub fn observe(&mut self, tick: &Tick) {
        let Some(aggregate) = tick.aggregate.as_ref() else { return };
        for venue in VenueId::EXCHANGES {
            let quote = tick.quotes.iter().find(|quote| quote.venue == *venue);
            let agrees = quote.map(|quote| aggregate.supported_by(quote.price));
            let before = self.standings.get(venue).copied().unwrap_or(Standing::Good);
            self.standings.insert(*venue, self.rules.next(before, agrees, tick.at));
        }
    }
}

impl ExclusionRules {
    fn next(self, standing: Standing, agrees: Option<bool>, at: Moment) -> Standing {
        match (standing, agrees) {
            (Standing::Good, Some(false)) => Standing::Deviating(at),
            (Standing::Deviating(since), Some(false)) if at.since(since) >= self.after => {
                Standing::Excluded(None)
            }
            (Standing::Deviating(_), Some(true)) => Standing::Good,
            (Standing::Excluded(Some(since)), Some(true)) if at.since(since) >= self.readmit => {
                Standing::Good
            }
            (Standing::Excluded(None), Some(true)) => Standing::Excluded(Some(at)),
            // A silent venue does not behave well either.
            (Standing::Excluded(_), Some(false) | None) => Standing::Excluded(None),
            (unchanged, _) => unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::price::Price;
    use super::super::tick::{Quote, combine};
    use super::*;

    fn tick(second: i64, bitstamp: Option<&str>, excluded: &BTreeSet<VenueId>) -> Tick {
        let at = Moment::from_micros(second * SECOND);
        let quote = |venue, text: &str| Quote {
            venue,
            price: Price::parse(text).unwrap(),
            in_usdt: None,
            venue_time: at,
            received_at: at,
            excluded: excluded.contains(&venue),
        };
        let others = [VenueId::Binance, VenueId::Coinbase, VenueId::Kraken].map(|venue| quote(venue, "100"));
        let quotes: Vec<_> =
            bitstamp.map(|text| quote(VenueId::Bitstamp, text)).into_iter().chain(others).collect();
        let aggregate = combine(&quotes, 3);
        Tick { at, quotes, rate: None, aggregate }
    }

    fn run(reliability: &mut Reliability, seconds: std::ops::Range<i64>, bitstamp: Option<&str>) {
        for second in seconds {
            let excluded = reliability.excluded();
            reliability.observe(&tick(second, bitstamp, &excluded));
        }
    }

    #[test]
    fn excluded_after_a_minute_and_back_after_ten_good_ones() {
        let mut reliability = Reliability::new(ExclusionRules::default(), []);
        run(&mut reliability, 0..60, Some("103"));
        assert!(reliability.excluded().is_empty());
        run(&mut reliability, 60..61, Some("103"));
        assert_eq!(reliability.excluded(), BTreeSet::from([VenueId::Bitstamp]));
        run(&mut reliability, 61..661, Some("100"));
        assert_eq!(reliability.excluded().len(), 1);
        run(&mut reliability, 661..662, Some("100"));
        assert!(reliability.excluded().is_empty());
    }

    #[test]
    fn one_lapse_or_silence_starts_the_ten_minutes_again() {
        for lapse in [Some("103"), None] {
            let mut reliability = Reliability::new(ExclusionRules::default(), [VenueId::Bitstamp]);
            run(&mut reliability, 0..500, Some("100"));
            run(&mut reliability, 500..501, lapse);
            run(&mut reliability, 501..1_101, Some("100"));
            assert_eq!(reliability.excluded().len(), 1, "{lapse:?}");
        }
    }

    #[test]
    fn agreement_in_between_is_forgiven() {
        let mut reliability = Reliability::new(ExclusionRules::default(), []);
        run(&mut reliability, 0..50, Some("103"));
        run(&mut reliability, 50..51, Some("100.1"));
        run(&mut reliability, 51..100, Some("103"));
        assert!(reliability.excluded().is_empty());
    }
}
