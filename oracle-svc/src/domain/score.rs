//! How good each venue was of late: for people and alerts. A score never decides anything; who has no vote is decided by
//! [`Reliability`](super::Reliability).

use super::market::VenueId;
use super::tick::Tick;
use std::collections::BTreeMap;

/// Weight of the past against one tick: at two ticks a second the memory is some eight minutes long.
const MEMORY: i64 = 1_024;

/// A part of a million.
const MILLION: i64 = 1_000_000;

/// At this distance from the price a quote is worth nothing: no band is wider.
const WORTHLESS_PPM: i64 = 20_000;

/// At this distance between venue time and receipt a quote is worth nothing: it is dropped.
const WORTHLESS_LATENCY: i64 = super::quote::SKEW;

/// A mean over the recent past, in fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Recent(Option<i64>);

impl Recent {
    fn take(&mut self, value: i64) {
        let before = self.0.unwrap_or_else(|| value.saturating_mul(MEMORY));
        self.0 = Some(before - before / MEMORY + value);
    }

    fn mean(self) -> i64 {
        self.0.unwrap_or_default() / MEMORY
    }
}

/// One venue of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    uptime: Recent,
    deviation: Recent,
    latency: Recent,
}

impl Score {
    /// Parts per million of the ticks in which it had a fresh quote.
    #[must_use]
    pub fn uptime_ppm(&self) -> i64 {
        self.uptime.mean()
    }

    /// Mean distance of its quotes to the price, in parts per million of the price.
    #[must_use]
    pub fn deviation_ppm(&self) -> i64 {
        self.deviation.mean()
    }

    /// Mean time from the venue's own time of a quote to its receipt, in microseconds.
    #[must_use]
    pub fn latency(&self) -> i64 {
        self.latency.mean()
    }

    /// All in one, in parts per million: uptime, less by what its quotes deviate and are late.
    #[must_use]
    pub fn total_ppm(&self) -> i64 {
        let left = |value: i64, worthless: i64| MILLION - value.clamp(0, worthless) * MILLION / worthless;
        let exact = left(self.deviation_ppm(), WORTHLESS_PPM);
        let prompt = left(self.latency(), WORTHLESS_LATENCY);
        self.uptime_ppm() * exact / MILLION * prompt / MILLION
    }
}

/// The scores of the venues of one asset.
#[derive(Debug)]
pub struct Scores(BTreeMap<VenueId, Score>);

impl Scores {
    /// Venues of which nothing is known yet.
    #[must_use]
    pub fn new(venues: &[VenueId]) -> Self {
        Self(venues.iter().map(|venue| (*venue, Score::default())).collect())
    }

    /// Takes one tick into account.
    pub fn observe(&mut self, tick: &Tick) {
        for (venue, score) in &mut self.0 {
            let quote = tick.quotes.iter().find(|quote| quote.venue == *venue);
            score.uptime.take(if quote.is_some() { MILLION } else { 0 });
            let Some(quote) = quote else { continue };
            score.latency.take(quote.received_at.since(quote.venue_time).max(0));
            if let Some(aggregate) = tick.aggregate.as_ref() {
                // Farther than worthless is no worse, so that one wild quote is forgotten, too.
                let apart = i64::from(aggregate.price.deviation_ppm(quote.price));
                score.deviation.take(apart.min(WORTHLESS_PPM));
            }
        }
    }

    /// Each venue with its score.
    pub fn all(&self) -> impl Iterator<Item = (VenueId, &Score)> {
        self.0.iter().map(|(venue, score)| (*venue, score))
    }
}

#[cfg(test)]
mod tests {
    use super::super::moment::{Moment, SECOND};
    use super::super::price::Price;
    use super::super::tick::{Quote, combine};
    use super::*;

    const OTHERS: [VenueId; 3] = [VenueId::Binance, VenueId::Coinbase, VenueId::Kraken];

    /// Half seconds in which Bitstamp says this, so much late, while three others agree on 100.
    fn observe(scores: &mut Scores, half_seconds: std::ops::Range<i64>, bitstamp: Option<(&str, i64)>) {
        for n in half_seconds {
            let at = Moment::from_micros(n * SECOND / 2);
            let quote = |venue, text: &str, late| Quote {
                venue,
                price: Price::parse(text).unwrap(),
                in_usdt: None,
                venue_time: at.minus(late),
                received_at: at,
                excluded: false,
            };
            let others = OTHERS.map(|venue| quote(venue, "100", 0));
            let own = bitstamp.map(|(text, late)| quote(VenueId::Bitstamp, text, late));
            let quotes: Vec<_> = own.into_iter().chain(others).collect();
            let aggregate = combine(&quotes, 3);
            scores.observe(&Tick { at, quotes, rate: None, aggregate });
        }
    }

    fn bitstamp(scores: &Scores) -> Score {
        *scores.all().find(|(venue, _)| *venue == VenueId::Bitstamp).unwrap().1
    }

    #[test]
    fn who_is_always_there_exact_and_prompt_has_the_whole_score() {
        let mut scores = Scores::new(VenueId::EXCHANGES);
        observe(&mut scores, 0..10_000, Some(("100", 0)));
        let score = bitstamp(&scores);
        assert_eq!((score.uptime_ppm(), score.deviation_ppm(), score.latency()), (MILLION, 0, 0));
        assert_eq!(score.total_ppm(), MILLION);
        let okx = scores.all().find(|(venue, _)| *venue == VenueId::Okx).unwrap().1;
        assert_eq!((okx.uptime_ppm(), okx.total_ppm()), (0, 0), "never seen");
    }

    #[test]
    fn deviation_and_latency_are_means_and_lower_the_score() {
        let mut scores = Scores::new(VenueId::EXCHANGES);
        observe(&mut scores, 0..20_000, Some(("101", 500_000)));
        let score = bitstamp(&scores);
        // One percent is half of what is worth nothing, half a second a quarter.
        assert_eq!((score.deviation_ppm(), score.latency()), (10_000, 500_000));
        assert_eq!(score.total_ppm(), 375_000);
    }

    #[test]
    fn an_absence_is_remembered_for_minutes_and_forgotten_within_the_hour() {
        let mut scores = Scores::new(VenueId::EXCHANGES);
        observe(&mut scores, 0..10_000, Some(("100", 0)));
        observe(&mut scores, 10_000..10_240, None);
        let after = bitstamp(&scores).uptime_ppm();
        assert!((780_000..800_000).contains(&after), "two minutes away: {after}");
        observe(&mut scores, 10_240..17_440, Some(("100", 0)));
        assert!(bitstamp(&scores).uptime_ppm() > 999_000, "an hour later");
    }

    #[test]
    fn one_wild_quote_counts_as_one_worthless_one() {
        let (mut wild, mut worthless) = (Scores::new(VenueId::EXCHANGES), Scores::new(VenueId::EXCHANGES));
        for (scores, text) in [(&mut wild, "1000000"), (&mut worthless, "102")] {
            observe(scores, 0..100, Some(("100", 0)));
            observe(scores, 100..101, Some((text, 0)));
        }
        assert_eq!(bitstamp(&wild), bitstamp(&worthless));
    }
}
