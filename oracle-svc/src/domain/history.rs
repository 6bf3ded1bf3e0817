//! The seconds of one asset that are over: one sample each, or a gap.

use super::doubt::Doubt;
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use super::samples::{Sample, Samples, Window};
use super::tick::Tick;
use super::watch::LONGEST_HORIZON;

/// Longer than any mean.
const SAMPLES_KEPT: i64 = 600;
/// Longer than any horizon.
const GAPS_KEPT: i64 = 2 * LONGEST_HORIZON / SECOND;
/// No result from a series that was blind for longer than this at a stretch.
const LONGEST_GAP: i64 = 60;

/// Consecutive seconds without an aggregate, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    first: Second,
    last: Second,
}

/// Samples and gaps from one second on.
#[derive(Debug)]
pub(super) struct History {
    from: Second,
    /// First second that is not over.
    open: Second,
    /// Last aggregate of the open second.
    latest: Option<Price>,
    /// How far from certain the open second is so far.
    doubt: Doubt,
    samples: Samples,
    gaps: Vec<Gap>,
}

impl History {
    /// Knows nothing before `from`; what is before it is a gap.
    pub(super) fn new(from: Second) -> Self {
        Self {
            from,
            open: from,
            latest: None,
            doubt: Doubt::default(),
            samples: Samples::default(),
            gaps: Vec::new(),
        }
    }

    pub(super) const fn from(&self) -> Second {
        self.from
    }

    /// First second that is not over.
    pub(super) const fn open(&self) -> Second {
        self.open
    }

    /// Takes a tick of the open second: the last aggregate of a second is its sample.
    pub(super) fn note(&mut self, tick: &Tick) {
        self.doubt = self.doubt.and(Doubt::of(tick));
        if let Some(aggregate) = tick.aggregate.as_ref() {
            self.latest = Some(aggregate.price);
        }
    }

    /// Takes what is stored of the open second.
    pub(super) fn restore(&mut self, sample: &Sample) {
        (self.latest, self.doubt) = (sample.price, sample.doubt);
    }

    /// The open second is over.
    pub(super) fn close(&mut self) {
        let second = self.open;
        let (price, doubt) = (self.latest.take(), std::mem::take(&mut self.doubt));
        self.samples.insert(Sample { second, price, doubt });
        if price.is_none() {
            self.extend_gap(second);
        }
        self.open = second.plus(1);
        self.samples.forget_before(second.plus(-SAMPLES_KEPT));
        let oldest = second.plus(-GAPS_KEPT);
        if self.gaps.first().is_some_and(|gap| gap.last < oldest) {
            self.gaps.retain(|gap| gap.last >= oldest);
            self.from = self.from.max(oldest);
        }
    }

    fn extend_gap(&mut self, second: Second) {
        match self.gaps.last_mut() {
            Some(gap) if gap.last.plus(1) == second => gap.last = second,
            _ => self.gaps.push(Gap { first: second, last: second }),
        }
    }

    /// The window of `length` seconds before `end`, if 90 % of its seconds have a sample.
    pub(super) fn window(&self, end: Second, length: i64) -> Option<Window> {
        self.samples.window(end, length)
    }

    /// Whether [open, deadline] was seen well enough to say that nothing happened: blind for at
    /// most max(1 % of the horizon, min(10 s, 10 % of the horizon)) in total and for at most 60 s
    /// at a stretch.
    pub(super) fn covers(&self, open: Moment, deadline: Moment) -> bool {
        let (first, end) = (open.second_from(), deadline.second());
        let unknown = Gap { first, last: end.min(self.from).plus(-1) };
        let (mut total, mut longest, mut stretch_end) = (0, 0, None);
        let mut stretch = 0;
        for gap in std::iter::once(&unknown).chain(&self.gaps) {
            let from = gap.first.max(first);
            let to = gap.last.min(end.plus(-1));
            let seconds = to.since(from) + 1;
            if seconds <= 0 {
                continue;
            }
            stretch = if stretch_end == Some(from) { stretch + seconds } else { seconds };
            stretch_end = Some(to.plus(1));
            total += seconds;
            longest = longest.max(stretch);
        }
        let horizon = deadline.since(open);
        let blind = total * SECOND;
        let tolerated = blind * 100 <= horizon || (blind <= 10 * SECOND && blind * 10 <= horizon);
        tolerated && longest <= LONGEST_GAP
    }
}

#[cfg(test)]
mod tests {
    use super::super::aggregate::Aggregate;
    use super::*;
    use rust_decimal::Decimal;
    use std::collections::BTreeSet;

    fn second(history: &mut History, price: Option<&str>) {
        let aggregate = price.map(|text| Aggregate {
            price: Price::parse(text).unwrap(),
            confidence: Decimal::ZERO,
            band: Decimal::ONE,
            counted: BTreeSet::new(),
        });
        let tick = Tick { at: history.open().begin(), quotes: Vec::new(), rate: None, aggregate };
        history.note(&tick);
        history.close();
    }

    fn history(blind: &[(i64, i64)], until: i64) -> History {
        let mut history = History::new(Second::new(0));
        for n in 0..until {
            let seen = !blind.iter().any(|(from, to)| (*from..*to).contains(&n));
            second(&mut history, seen.then_some("10"));
        }
        history
    }

    fn covers(blind: &[(i64, i64)], horizon: i64) -> bool {
        history(blind, horizon + 5).covers(Second::new(0).begin(), Second::new(horizon).begin())
    }

    #[test]
    fn coverage_at_its_limits() {
        // 15 min: 1 % is 9 s, the floor is 10 s.
        assert!(covers(&[(100, 110)], 900));
        assert!(!covers(&[(100, 111)], 900));
        assert!(!covers(&[(100, 105), (200, 206)], 900));
        // 50 s: 10 % is 5 s.
        assert!(covers(&[(10, 15)], 50));
        assert!(!covers(&[(10, 16)], 50));
        // 24 h: 1 % is 864 s, but never more than 60 s together.
        assert!(covers(&[(100, 160), (1_000, 1_060)], 86_400));
        assert!(!covers(&[(100, 161)], 86_400));
        let scattered: Vec<_> = (0..15).map(|n| (n * 100, n * 100 + 58)).collect();
        assert!(!covers(&scattered, 86_400), "870 s in total");
        assert!(covers(&scattered[..14], 86_400), "812 s in total");
    }

    #[test]
    fn gaps_outside_the_horizon_do_not_count_and_unknown_seconds_do() {
        let history = history(&[(0, 40), (900, 990)], 1_000);
        assert!(history.covers(Second::new(40).begin(), Second::new(900).begin()));
        assert!(!history.covers(Second::new(20).begin(), Second::new(900).begin()));
        let mut late = History::new(Second::new(100));
        for _ in 0..900 {
            second(&mut late, Some("10"));
        }
        assert!(late.covers(Second::new(100).begin(), Second::new(990).begin()));
        assert!(!late.covers(Second::new(80).begin(), Second::new(990).begin()));
    }

    #[test]
    fn partial_seconds_at_the_ends_are_not_whole() {
        let history = history(&[(0, 10), (60, 70)], 100);
        let (open, deadline) = (Moment::from_micros(9_000_001), Moment::from_micros(60_999_999));
        assert!(history.covers(open, deadline));
        assert!(!history.covers(open.minus(7 * SECOND), deadline), "seconds 3 to 9 are whole");
    }

    #[test]
    fn the_last_aggregate_of_a_second_is_its_sample() {
        let mut history = History::new(Second::new(0));
        for text in ["10", "11", "12"] {
            let mut tick = Tick { at: Moment::default(), quotes: Vec::new(), rate: None, aggregate: None };
            tick.aggregate = Some(Aggregate {
                price: Price::parse(text).unwrap(),
                confidence: Decimal::ZERO,
                band: Decimal::ONE,
                counted: BTreeSet::new(),
            });
            history.note(&tick);
        }
        history.note(&Tick { at: Moment::default(), quotes: Vec::new(), rate: None, aggregate: None });
        history.close();
        assert_eq!(history.window(Second::new(1), 1).unwrap().sum, Decimal::from(12));
    }
}
