//! One sample a second, and the means over windows of them.

use super::doubt::Doubt;
use super::exact::Ratio;
use super::moment::Second;
use super::price::Price;
use rust_decimal::Decimal;
use std::{collections::BTreeMap, num::NonZeroU32};

/// What is kept of a second that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which second.
    pub second: Second,
    /// Its last aggregate; nothing is a gap.
    pub price: Option<Price>,
    /// How far from certain its prices were.
    pub doubt: Doubt,
}

/// A window with enough samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The second after its last.
    pub(super) end: Second,
    /// Sum of the samples, exact.
    pub(super) sum: Decimal,
    /// How many.
    pub(super) count: NonZeroU32,
    /// How far from certain the prices of all its seconds were.
    pub(super) doubt: Doubt,
}

impl Window {
    pub(super) fn mean(&self) -> Ratio {
        Ratio::mean(self.sum, self.count)
    }
}

/// Seconds of one asset that are over.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<Second, (Option<Price>, Doubt)>);

impl Samples {
    pub(super) fn insert(&mut self, sample: Sample) {
        self.0.insert(sample.second, (sample.price, sample.doubt));
    }

    pub(super) fn forget_before(&mut self, second: Second) {
        while self.0.first_entry().is_some_and(|oldest| *oldest.key() < second) {
            self.0.pop_first();
        }
    }

    /// The window of `length` seconds before `end`, if 90 % of its seconds have a sample.
    pub(super) fn window(&self, end: Second, length: i64) -> Option<Window> {
        let (mut sum, mut count, mut doubt) = (Decimal::ZERO, 0_u32, Doubt::default());
        for (price, of_second) in self.0.range(end.plus(-length)..end).map(|(_, kept)| kept) {
            doubt = doubt.and(*of_second);
            if let Some(price) = price {
                sum = sum.checked_add(price.get())?;
                count += 1;
            }
        }
        let sufficient = i64::from(count) * 10 >= length * 9;
        let count = NonZeroU32::new(count).filter(|_| sufficient)?;
        Some(Window { end, sum, count, doubt })
    }
}

impl FromIterator<Sample> for Samples {
    fn from_iter<I: IntoIterator<Item = Sample>>(samples: I) -> Self {
        let mut all = Self::default();
        samples.into_iter().for_each(|sample| all.insert(sample));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(prices: impl IntoIterator<Item = (i64, &'static str)>) -> Samples {
        let sample = |(second, text)| Sample {
            second: Second::new(second),
            price: Price::parse(text).ok(),
            doubt: Doubt { confidence_bps: u32::try_from(second).unwrap(), excluded: second == 7 },
        };
        prices.into_iter().map(sample).collect()
    }

    #[test]
    fn a_window_needs_nine_tenths_of_its_seconds() {
        let seen = |from: i64| samples((from..60).map(|second| (second, "10")));
        let window = seen(6).window(Second::new(60), 60).unwrap();
        assert_eq!((window.sum, window.count.get()), (Decimal::from(540), 54));
        assert_eq!(seen(7).window(Second::new(60), 60), None);
        assert_eq!(seen(60).window(Second::new(60), 60), None);
    }

    #[test]
    fn a_window_is_half_open_and_knows_its_doubts() {
        let all = samples((0..20).map(|second| (second, "2.5")));
        let window = all.window(Second::new(10), 4).unwrap();
        assert_eq!((window.sum, window.count.get(), window.end), (Decimal::from(10), 4, Second::new(10)));
        assert_eq!(window.doubt, Doubt { confidence_bps: 9, excluded: true });
        assert_eq!(
            all.window(Second::new(18), 10).unwrap().doubt,
            Doubt { confidence_bps: 17, excluded: false }
        );
    }

    #[test]
    fn seconds_without_a_price_have_doubts_all_the_same() {
        let mut all = samples((0..10).map(|second| (second, "2.5")));
        all.insert(Sample {
            second: Second::new(4),
            price: None,
            doubt: Doubt { confidence_bps: 0, excluded: true },
        });
        let window = all.window(Second::new(10), 10).unwrap();
        assert_eq!((window.count.get(), window.doubt.excluded), (9, true));
    }

    #[test]
    fn the_largest_prices_sum_up_exactly() {
        let all = samples((0..300).map(|second| (second, "999999999999.999999999999")));
        let window = all.window(Second::new(300), 300).unwrap();
        assert_eq!(window.sum.to_string(), "299999999999999.999999999700");
        assert_eq!(window.mean().rounded(12), Some("999999999999.999999999999".parse().unwrap()));
    }
}
