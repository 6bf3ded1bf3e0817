//! Minute candles.

use super::frame::Frame;
use super::moment::Second;

/// Seconds in a minute.
const LENGTH: i64 = 60;

/// Candles made in one transaction while catching up.
const AT_ONCE: i64 = 60;

/// A minute of a series, by its first second: a multiple of 60 since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i64);

impl Minute {
    /// The minute a second lies in.
    #[must_use]
    pub const fn of(second: Second) -> Self {
        Self(second.number().div_euclid(LENGTH).saturating_mul(LENGTH))
    }

    /// Its first second.
    #[must_use]
    pub const fn first(self) -> Second {
        Second::new(self.0)
    }

    /// The minute `n` later.
    #[must_use]
    pub const fn plus(self, n: i64) -> Self {
        Self(self.0.saturating_add(n.saturating_mul(LENGTH)))
    }
}

/// Which minutes of a series are over and have no candle yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candles {
    /// The first minute without one, once any second is known.
    next: Option<Minute>,
}

impl Candles {
    /// As storage has it: the first minute with stored seconds and no candle, if there is one.
    #[must_use]
    pub const fn new(next: Option<Minute>) -> Self {
        Self { next }
    }

    /// The minutes [from, to) that can be made into candles once these seconds are stored, in ascending order after all
    /// others: no second before the last complete one is stored any more.
    pub fn due(&mut self, stored: &[Frame]) -> Option<(Minute, Minute)> {
        let first = stored.first()?;
        let from = *self.next.get_or_insert(Minute::of(first.second));
        let last = stored.iter().rev().find(|frame| frame.complete)?;
        let to = Minute::of(last.second.plus(1)).min(from.plus(AT_ONCE));
        (from < to).then_some((from, to))
    }

    /// The candles before this minute are made and committed.
    pub const fn made(&mut self, to: Minute) {
        self.next = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn frame(second: i64, complete: bool) -> Frame {
        Frame { complete, ..Frame::empty(Second::new(second)) }
    }

    /// What a store does: the seconds of each minute as they were when its candle was made.
    #[derive(Default)]
    struct Store {
        seconds: BTreeSet<i64>,
        candles: BTreeMap<i64, BTreeSet<i64>>,
    }

    impl Store {
        fn first_open(&self) -> Option<Minute> {
            let after = self.candles.keys().next_back().map_or(0, |minute| minute + LENGTH);
            self.seconds.range(after..).next().map(|second| Minute::of(Second::new(*second)))
        }

        fn put(&mut self, candles: &mut Candles, frames: &[Frame]) {
            self.seconds.extend(frames.iter().map(|frame| frame.second.number()));
            let Some((from, to)) = candles.due(frames) else { return };
            for second in self.seconds.range(from.first().number()..to.first().number()) {
                self.candles.entry(second.div_euclid(LENGTH) * LENGTH).or_default().insert(*second);
            }
            candles.made(to);
        }
    }

    proptest! {
        /// Seconds come in any portions, with gaps and with seconds stored before they are over, and the writer is
        /// replaced at any moment.
        #[test]
        fn every_minute_that_is_over_becomes_one_candle_of_all_its_seconds(
            steps in prop::collection::vec((1_i64..90, 1_i64..70, any::<bool>(), any::<bool>()), 1..80),
        ) {
            let (mut store, mut candles, mut second) = (Store::default(), Candles::default(), 1_000_000);
            for (gap, length, early, replaced) in steps {
                second += gap;
                let mut frames: Vec<_> = (second..second + length).map(|second| frame(second, true)).collect();
                second += length;
                if early {
                    frames.push(frame(second, false));
                    store.put(&mut candles, &frames);
                    frames = vec![frame(second, true)];
                    second += 1;
                }
                store.put(&mut candles, &frames);
                if replaced {
                    candles = Candles::new(store.first_open());
                }
            }
            let over = Minute::of(Second::new(second)).first().number();
            let mut expected: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
            for second in store.seconds.range(..over) {
                expected.entry(second.div_euclid(LENGTH) * LENGTH).or_default().insert(*second);
            }
            prop_assert_eq!(store.candles, expected);
        }
    }

    #[test]
    fn a_long_backlog_is_made_an_hour_at_a_time() {
        let mut candles = Candles::new(Some(Minute::of(Second::new(0))));
        let due = candles.due(&[frame(10_000, true)]);
        assert_eq!(due, Some((Minute::of(Second::new(0)), Minute::of(Second::new(3_600)))));
        candles.made(Minute::of(Second::new(3_600)));
        assert_eq!(candles.due(&[frame(10_001, true)]).unwrap().0, Minute::of(Second::new(3_600)));
    }

    #[test]
    fn the_last_second_of_a_minute_makes_its_candle_once_it_is_complete() {
        let mut candles = Candles::default();
        assert_eq!(candles.due(&[frame(58, true)]), None);
        assert_eq!(candles.due(&[frame(59, false)]), None);
        let due = (Minute::of(Second::new(0)), Minute::of(Second::new(60)));
        assert_eq!(candles.due(&[frame(59, true)]), Some(due));
        assert_eq!(candles.due(&[frame(60, true)]), Some(due), "until it is said to be made");
    }

    #[test]
    fn minutes_begin_at_multiples_of_sixty() {
        for (second, minute) in
            [(0, 0), (59, 0), (60, 60), (119, 60), (-1, -60), (1_796_040_059, 1_796_040_000)]
        {
            assert_eq!(Minute::of(Second::new(second)).first(), Second::new(minute), "{second}");
        }
    }
}
