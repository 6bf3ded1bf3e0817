//! Time as the oracle counts it: whole microseconds and whole seconds since the Unix epoch, UTC.
//! Integers, so that a replay compares exactly what the first run compared.

use time::OffsetDateTime;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// A moment in microseconds since the Unix epoch. Arithmetic saturates: the ends of the range are
/// 290,000 years away and an overflow must not stop a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This many microseconds later.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This many microseconds earlier.
    #[must_use]
    pub const fn minus(self, micros: i64) -> Self {
        Self(self.0.saturating_sub(micros))
    }

    /// Microseconds from `earlier` to this; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The second this moment lies in.
    #[must_use]
    pub const fn second(self) -> Second {
        Second(self.0.div_euclid(SECOND))
    }

    /// The first second that begins at or after this moment.
    #[must_use]
    pub const fn second_from(self) -> Second {
        let second = self.second();
        if self.0.rem_euclid(SECOND) == 0 { second } else { second.plus(1) }
    }

    /// From the database or a message, cut to microseconds.
    #[must_use]
    pub fn from_time(at: OffsetDateTime) -> Self {
        let micros = at.unix_timestamp_nanos().div_euclid(1_000);
        Self(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }

    /// For the database or a message; out of the calendar's range it is the epoch.
    #[must_use]
    pub fn time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// The second `[n, n + 1)` since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(i64);

impl Second {
    /// From its number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The second `n` later, or earlier for a negative `n`.
    #[must_use]
    pub const fn plus(self, n: i64) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// This second and those after it, through `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// Its beginning.
    #[must_use]
    pub const fn begin(self) -> Moment {
        Moment(self.0.saturating_mul(SECOND))
    }

    /// Seconds from `earlier` to this; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_half_open() {
        assert_eq!(Moment::from_micros(1_999_999).second(), Second::new(1));
        assert_eq!(Moment::from_micros(2_000_000).second(), Second::new(2));
        assert_eq!(Moment::from_micros(-1).second(), Second::new(-1));
        assert_eq!(Moment::from_micros(2_000_000).second_from(), Second::new(2));
        assert_eq!(Moment::from_micros(2_000_001).second_from(), Second::new(3));
    }

    #[test]
    fn times_survive_the_round_trip_to_the_microsecond() {
        let moment = Moment::from_micros(1_795_315_200_123_456);
        assert_eq!(Moment::from_time(moment.time()), moment);
    }
}
