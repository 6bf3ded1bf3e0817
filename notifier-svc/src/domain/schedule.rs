//! Times of day in somebody's time zone. The rules where a clock is changed: a time that it skips comes with the skip; of
//! a time that it shows twice, quiet hours begin with the first and end with the second, and a digest comes with the first.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};
use proto::Malformed;
use time::OffsetDateTime;

/// Minutes of a day.
pub const DAY: u16 = 24 * 60;

/// Quiet hours leave somebody a time to be told, also on the day whose clock is set back.
const QUIET_MAX: u16 = 20 * 60;

/// A time zone with an IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of this name, in any case of its letters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub(super) fn day_of(&self, now: Timestamp) -> Date {
        self.0.to_datetime(now).date()
    }

    /// When a clock shows a time on a day: for the first time, or for the last.
    pub(super) fn moment(&self, day: Date, minute: u16, last: bool) -> Option<Timestamp> {
        let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
        let time = Time::new(hour, minute, 0, 0).ok()?;
        let shown = self.0.to_ambiguous_timestamp(DateTime::from_parts(day, time));
        match shown.offset() {
            AmbiguousOffset::Gap { .. } => {
                let before = shown.earlier().ok()?;
                self.0.following(before).next().map(|skip| skip.timestamp())
            }
            AmbiguousOffset::Fold { .. } if last => shown.later().ok(),
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => shown.earlier().ok(),
        }
    }
}

/// A time of every day in which somebody is not to be disturbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: u16,
    until: u16,
}

impl QuietHours {
    /// From 22:00 until 08:00.
    #[must_use]
    pub const fn usual() -> Self {
        Self { from: 22 * 60, until: 8 * 60 }
    }

    /// From one minute after midnight until another; across midnight if that is earlier.
    ///
    /// # Errors
    /// No times of a day, or more than 20 hours.
    pub fn try_new(from: u32, until: u32) -> Result<Self, Malformed> {
        let quiet = Self { from: minute_of_day(from)?, until: minute_of_day(until)? };
        let length = (DAY + quiet.until - quiet.from) % DAY;
        if length == 0 || length > QUIET_MAX {
            return Err(Malformed("no quiet hours"));
        }
        Ok(quiet)
    }

    /// Minutes after midnight.
    #[must_use]
    pub const fn from(&self) -> u16 {
        self.from
    }

    /// Minutes after midnight.
    #[must_use]
    pub const fn until(&self) -> u16 {
        self.until
    }

    /// When they end, if they are now.
    #[must_use]
    pub fn end(&self, zone: &Zone, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let now = timestamp(now)?;
        let today = zone.day_of(now);
        let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
        let ends = days.into_iter().flatten().filter_map(|day| {
            let last = if self.from < self.until { day } else { day.tomorrow().ok()? };
            let (begin, end) = (zone.moment(day, self.from, false)?, zone.moment(last, self.until, true)?);
            (begin <= now && now < end).then_some(end)
        });
        ends.max().and_then(date_time)
    }
}

/// When a clock in a zone shows a time of day next, after now.
#[must_use]
pub fn next(zone: &Zone, minute: u16, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let now = timestamp(now)?;
    let today = zone.day_of(now);
    let mut days = std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(3);
    days.find_map(|day| zone.moment(day, minute, false).filter(|moment| *moment > now)).and_then(date_time)
}

/// Minutes after midnight.
///
/// # Errors
/// More than a day has.
pub fn minute_of_day(minute: u32) -> Result<u16, Malformed> {
    let minute = u16::try_from(minute).ok().filter(|minute| *minute < DAY);
    minute.ok_or(Malformed("no time of a day"))
}

pub(super) fn timestamp(at: OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.unix_timestamp_nanos()).ok()
}

pub(super) fn date_time(at: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    fn zone(name: &str) -> Zone {
        Zone::of_name(name).unwrap()
    }

    fn night() -> QuietHours {
        QuietHours::usual()
    }

    #[test]
    fn quiet_hours_go_across_midnight() {
        let madrid = zone("europe/madrid");
        assert_eq!(madrid.name(), "Europe/Madrid");
        // 22:00 in winter is 21:00 UTC.
        let morning = datetime!(2027-01-16 07:00 UTC);
        assert_eq!(night().end(&madrid, datetime!(2027-01-15 20:59:59.999 UTC)), None);
        assert_eq!(night().end(&madrid, datetime!(2027-01-15 21:00 UTC)), Some(morning));
        assert_eq!(night().end(&madrid, datetime!(2027-01-16 00:30 UTC)), Some(morning));
        assert_eq!(night().end(&madrid, datetime!(2027-01-16 06:59:59.999 UTC)), Some(morning));
        assert_eq!(night().end(&madrid, morning), None);
        let noon = QuietHours::try_new(12 * 60, 14 * 60).unwrap();
        assert_eq!(noon.end(&madrid, datetime!(2027-01-15 11:30 UTC)), Some(datetime!(2027-01-15 13:00 UTC)));
        assert_eq!(noon.end(&madrid, datetime!(2027-01-15 22:30 UTC)), None);
    }

    #[test]
    fn a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
        let madrid = zone("Europe/Madrid");
        let evening = datetime!(2027-03-27 21:00 UTC);
        assert_eq!(night().end(&madrid, evening).unwrap() - evening, Duration::hours(9));
        let evening = datetime!(2027-10-30 20:00 UTC);
        assert_eq!(night().end(&madrid, evening).unwrap() - evening, Duration::hours(11));
    }

    /// The clock goes from 02:00 to 03:00 at 01:00 UTC.
    #[test]
    fn a_time_that_is_skipped_comes_with_the_skip() {
        let (madrid, skip) = (zone("Europe/Madrid"), datetime!(2027-03-28 01:00 UTC));
        let before = skip - Duration::minutes(30);
        let until = QuietHours::try_new(22 * 60, 2 * 60 + 30).unwrap();
        assert_eq!(until.end(&madrid, before), Some(skip));
        let from = QuietHours::try_new(2 * 60 + 30, 8 * 60).unwrap();
        assert_eq!(from.end(&madrid, before), None);
        assert_eq!(from.end(&madrid, skip), Some(datetime!(2027-03-28 06:00 UTC)));
        let within = QuietHours::try_new(2 * 60 + 10, 2 * 60 + 50).unwrap();
        assert_eq!(within.end(&madrid, skip), None);
        assert_eq!(next(&madrid, 2 * 60 + 30, before), Some(skip));
        assert_eq!(next(&madrid, 2 * 60 + 30, skip), Some(datetime!(2027-03-29 00:30 UTC)));
    }

    /// The clock goes from 03:00 to 02:00 at 01:00 UTC, so 02:30 is at 00:30 and at 01:30.
    #[test]
    fn quiet_hours_cover_a_time_that_comes_twice() {
        let madrid = zone("Europe/Madrid");
        let (first, second) = (datetime!(2027-10-31 00:30 UTC), datetime!(2027-10-31 01:30 UTC));
        let until = QuietHours::try_new(22 * 60, 2 * 60 + 30).unwrap();
        assert_eq!(until.end(&madrid, first), Some(second));
        assert_eq!(until.end(&madrid, second), None);
        let from = QuietHours::try_new(2 * 60 + 30, 8 * 60).unwrap();
        let morning = Some(datetime!(2027-10-31 07:00 UTC));
        assert_eq!(from.end(&madrid, first - Duration::SECOND), None);
        assert_eq!(from.end(&madrid, first), morning);
        assert_eq!(from.end(&madrid, second - Duration::minutes(10)), morning);
        assert_eq!(next(&madrid, 2 * 60 + 30, first - Duration::HOUR), Some(first));
        assert_eq!(next(&madrid, 2 * 60 + 30, first), Some(datetime!(2027-11-01 01:30 UTC)));
    }

    #[test]
    fn what_is_no_time_or_no_zone_is_refused() {
        for (from, until) in [(1440, 0), (0, 1440), (60, 60), (0, 20 * 60 + 1), (8 * 60, 5 * 60)] {
            assert!(QuietHours::try_new(from, until).is_err(), "{from} to {until}");
        }
        assert!(QuietHours::try_new(0, 20 * 60).is_ok());
        for wrong in ["", "Madrid", "+02:00", "Europe/Atlantis"] {
            assert_eq!(Zone::of_name(wrong), None, "{wrong}");
        }
        assert_eq!(Zone::of_name("UTC"), Some(Zone::utc()));
    }

    /// None, an hour, a fraction of it, half an hour, two hours, at midnight, and at a quarter to.
    const ZONES: [&str; 8] = [
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "America/Santiago",
        "Pacific/Chatham",
    ];

    proptest! {
        /// Whenever the clock on the wall shows a time within them, it is quiet; they end when it shows their end, or has
        /// just skipped it; and then they are over for a while.
        #[test]
        fn quiet_hours_are_those_on_the_wall(
            zone in proptest::sample::select(&ZONES[..]),
            from in 0..u32::from(DAY),
            length in 1..=u32::from(QUIET_MAX),
            second in 1_767_225_600_i64..1_893_456_000, // 2026 to 2029
        ) {
            let zone = Zone::of_name(zone).unwrap();
            let until = (from + length) % u32::from(DAY);
            let quiet = QuietHours::try_new(from, until).unwrap();
            let wall = |at: OffsetDateTime| {
                let shown = zone.0.to_datetime(timestamp(at).unwrap());
                u32::from(shown.hour().unsigned_abs()) * 60 + u32::from(shown.minute().unsigned_abs())
            };
            let now = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let into = (wall(now) + u32::from(DAY) - from) % u32::from(DAY);
            let end = quiet.end(&zone, now);
            if into < length {
                prop_assert!(end.is_some(), "the clock shows {} minutes", wall(now));
            }
            if let Some(end) = end {
                prop_assert!(now < end && end - now <= Duration::minutes(i64::from(length) + 120));
                let past = (wall(end) + u32::from(DAY) - until) % u32::from(DAY);
                prop_assert!(past <= 120, "it ends {past} minutes late on the wall");
                prop_assert!(past == 0 || wall(end - Duration::SECOND) + 1 != wall(end), "not at a skip");
                prop_assert_eq!(quiet.end(&zone, end), None);
                prop_assert_eq!(quiet.end(&zone, end - Duration::SECOND), Some(end));
            }
        }

        /// A digest comes once a day, whatever happens to the clock.
        #[test]
        fn a_time_of_day_comes_once_a_day(
            zone in proptest::sample::select(&ZONES[..]),
            minute in 0..DAY,
            second in 1_767_225_600_i64..1_893_456_000,
        ) {
            let zone = Zone::of_name(zone).unwrap();
            let now = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let first = next(&zone, minute, now).unwrap();
            let second = next(&zone, minute, first).unwrap();
            prop_assert!(now < first && first - now <= Duration::hours(26));
            prop_assert!((Duration::hours(22)..=Duration::hours(26)).contains(&(second - first)));
            let day = |at| zone.day_of(timestamp(at).unwrap());
            prop_assert_eq!(day(first).tomorrow().unwrap(), day(second));
        }
    }
}
