//! How long things took, in a histogram of constant relative precision.

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// From a microsecond to ten minutes, to three digits.
const LONGEST: u64 = 600_000_000;
const DIGITS: u8 = 3;

/// Durations by how often they came.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

/// What is told of them, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Summary {
    count: u64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// Never, with these bounds.
    pub(super) fn try_new() -> Result<Self> {
        Ok(Self(Histogram::new_with_max(LONGEST, DIGITS)?))
    }

    /// Adds one; what is longer than ten minutes counts as ten minutes.
    pub(super) fn record(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds those of another.
    ///
    /// # Errors
    /// Never, as all have the same bounds.
    pub(super) fn add(&mut self, others: &Self) -> Result<()> {
        Ok(self.0.add(&others.0)?)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The milliseconds that `percent` of them do not exceed.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        milliseconds(self.0.value_at_percentile(percent))
    }

    /// The usual figures.
    pub(super) fn summary(&self) -> Summary {
        Summary {
            count: self.count(),
            p50: self.percentile(50.0),
            p90: self.percentile(90.0),
            p99: self.percentile(99.0),
            p999: self.percentile(99.9),
            max: milliseconds(self.0.max()),
        }
    }
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let mut latencies = Latencies::try_new().unwrap();
        (1..=1_000).for_each(|millis| latencies.record(Duration::from_millis(millis)));
        latencies.record(Duration::from_secs(3_600));
        for (percent, expected) in [(50.0, 501.0), (99.0, 991.0), (100.0, 600_000.0)] {
            let found = latencies.percentile(percent);
            assert!((found - expected).abs() <= expected / 500.0, "{percent}: {found}");
        }
        let mut twice = latencies.clone();
        twice.add(&latencies).unwrap();
        assert_eq!((latencies.count(), twice.count()), (1_001, 2_002));
        assert_eq!(twice.percentile(50.0), latencies.percentile(50.0));
    }
}
