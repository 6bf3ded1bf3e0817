//! Moments that come again and again by a clock on the wall: a cron expression in a time zone.

use super::schedule::{Zone, date_time, timestamp};
use chassis::settings::Value;
use jiff::{Timestamp, civil::Date};
use std::str::FromStr;
use time::OffsetDateTime;

/// A day of any expression that has one comes within so many days: the 29th of February skips 2100.
const HORIZON_DAYS: usize = 8 * 366;

/// Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). A field is `*`, a number, a range
/// `a-b`, either of the two with a step `/n`, or several of these with commas. Where both days are restricted, either will do,
/// as crontab(5) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

impl FromStr for Cron {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err("is not five fields: minute hour day month weekday".to_owned());
        };
        let (any_day, any_weekday) = (days.starts_with('*'), weekdays.starts_with('*'));
        let weekday_set = set(weekdays, 0, 7).ok_or_else(|| format!("has the weekday {weekdays:?}"))?;
        let cron = Self {
            text: fields.join(" "),
            minutes: set(minutes, 0, 59).ok_or_else(|| format!("has the minute {minutes:?}"))?,
            hours: set(hours, 0, 23).ok_or_else(|| format!("has the hour {hours:?}"))?,
            days: set(days, 1, 31).ok_or_else(|| format!("has the day {days:?}"))?,
            months: set(months, 1, 12).ok_or_else(|| format!("has the month {months:?}"))?,
            weekdays: weekday_set | ((weekday_set >> 7) & 1),
            either_day: !any_day && !any_weekday,
        };
        // Any date will do as the end of a search that is longer than every calendar's pattern.
        let ever = Schedule { cron: cron.clone(), zone: Zone::utc() };
        if ever.latest(OffsetDateTime::UNIX_EPOCH).is_none() {
            return Err("never comes".to_owned());
        }
        Ok(cron)
    }
}

/// The numbers of a field, as bits.
fn set(field: &str, min: u32, max: u32) -> Option<u64> {
    field.split(',').try_fold(0, |bits, item| {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let (from, until) = match range.split_once('-') {
            _ if range == "*" => (min, max),
            Some((from, until)) => (from.parse().ok()?, until.parse().ok()?),
            None => {
                let from = range.parse().ok()?;
                // `5/15` goes on to the end, as cron has it.
                (from, if item.contains('/') { max } else { from })
            }
        };
        if from < min || until > max || from > until {
            return None;
        }
        Some((from..=until).step_by(step).fold(bits, |bits: u64, number| bits | 1 << number))
    })
}

fn has(bits: u64, number: u16) -> bool {
    bits.checked_shr(number.into()).is_some_and(|bits| bits & 1 == 1)
}

impl Cron {
    fn is_day(&self, date: Date) -> bool {
        // Calendars count in signed numbers.
        let has = |bits, number: i8| has(bits, number.unsigned_abs().into());
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }
}

impl Value for Cron {
    fn kind() -> String {
        "cron expression of five fields".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }
    fn show(&self) -> String {
        self.text.clone()
    }
}

/// By its IANA name.
impl Value for Zone {
    fn kind() -> String {
        "IANA time zone".to_owned()
    }
    fn parse(text: &str) -> Result<Self, String> {
        Self::of_name(text).ok_or_else(|| "is not a time zone such as UTC or Europe/Madrid".to_owned())
    }
    fn show(&self) -> String {
        self.name().to_owned()
    }
}

/// When something is done again and again.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// At which times.
    pub cron: Cron,
    /// Of which clocks.
    pub zone: Zone,
}

/// A moment of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: OffsetDateTime,
    /// Its day where the schedule is.
    pub day: time::Date,
}

impl Schedule {
    /// The last moment that has come by now. A time that the clock skips comes with the skip, one that it shows twice comes
    /// the first time.
    #[must_use]
    pub fn latest(&self, now: OffsetDateTime) -> Option<Due> {
        let now = timestamp(now)?;
        let mut date = self.zone.day_of(now);
        for _ in 0..HORIZON_DAYS {
            if self.cron.is_day(date)
                && let Some(at) = self.latest_of(date, now)
            {
                let ordinal = u16::try_from(date.day_of_year()).ok()?;
                let day = time::Date::from_ordinal_date(i32::from(date.year()), ordinal).ok()?;
                return Some(Due { at: date_time(at)?, day });
            }
            date = date.yesterday().ok()?;
        }
        None
    }

    fn latest_of(&self, date: Date, now: Timestamp) -> Option<Timestamp> {
        let minutes = (0..24 * 60)
            .rev()
            .filter(|minute: &u16| has(self.cron.hours, minute / 60) && has(self.cron.minutes, minute % 60));
        minutes.filter_map(|minute| self.zone.moment(date, minute, false)).find(|at| *at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::format_description::well_known::Rfc3339;

    fn latest(cron: &str, zone: &str, now: &str) -> String {
        let schedule = Schedule { cron: cron.parse().unwrap(), zone: Zone::of_name(zone).unwrap() };
        let due = schedule.latest(OffsetDateTime::parse(now, &Rfc3339).unwrap()).unwrap();
        format!("{} {}", due.at.format(&Rfc3339).unwrap(), due.day)
    }

    #[test]
    fn p15_a_moment_is_due_from_its_minute_on_whenever_one_looks() {
        let daily = |now| latest("0 6 * * *", "UTC", now);
        assert_eq!(daily("2026-03-10T06:00:00Z"), "2026-03-10T06:00:00Z 2026-03-10");
        assert_eq!(daily("2026-03-10T06:00:00.5Z"), "2026-03-10T06:00:00Z 2026-03-10");
        assert_eq!(daily("2026-03-10T23:17:00Z"), "2026-03-10T06:00:00Z 2026-03-10");
        assert_eq!(daily("2026-03-11T05:59:59.999Z"), "2026-03-10T06:00:00Z 2026-03-10");
    }

    #[test]
    fn p15_a_day_is_that_of_the_zone() {
        let tokyo = |now| latest("0 6 * * *", "Asia/Tokyo", now);
        assert_eq!(tokyo("2026-03-10T21:00:00Z"), "2026-03-10T21:00:00Z 2026-03-11");
        assert_eq!(tokyo("2026-03-10T20:59:00Z"), "2026-03-09T21:00:00Z 2026-03-10");
    }

    #[test]
    fn clocks_that_change_skip_nothing_and_repeat_nothing() {
        let madrid = |cron, now| latest(cron, "Europe/Madrid", now);
        // 2:30 does not exist on that day: the clock goes from 2:00 to 3:00 at 1:00 UTC.
        assert_eq!(madrid("30 2 * * *", "2026-03-29T12:00:00Z"), "2026-03-29T01:00:00Z 2026-03-29");
        // 2:30 comes twice: at 0:30 and at 1:30 UTC.
        assert_eq!(madrid("30 2 * * *", "2026-10-25T00:45:00Z"), "2026-10-25T00:30:00Z 2026-10-25");
        assert_eq!(madrid("30 2 * * *", "2026-10-25T12:00:00Z"), "2026-10-25T00:30:00Z 2026-10-25");
        assert_eq!(madrid("0 6 * * *", "2026-03-28T12:00:00Z"), "2026-03-28T05:00:00Z 2026-03-28");
        assert_eq!(madrid("0 6 * * *", "2026-03-29T12:00:00Z"), "2026-03-29T04:00:00Z 2026-03-29");
    }

    #[test]
    fn fields_mean_what_cron_means() {
        // 2026-03-10 is a Tuesday.
        let at = |cron| latest(cron, "UTC", "2026-03-10T12:34:56Z");
        for (cron, due) in [
            ("* * * * *", "2026-03-10T12:34:00Z 2026-03-10"),
            ("*/15 * * * *", "2026-03-10T12:30:00Z 2026-03-10"),
            ("5/20 * * * *", "2026-03-10T12:25:00Z 2026-03-10"),
            ("0,50 8-11 * * *", "2026-03-10T11:50:00Z 2026-03-10"),
            ("0 6 * * 7", "2026-03-08T06:00:00Z 2026-03-08"),
            ("0 6 * * 0", "2026-03-08T06:00:00Z 2026-03-08"),
            ("0 6 * * 1-5", "2026-03-10T06:00:00Z 2026-03-10"),
            ("0 6 1 * *", "2026-03-01T06:00:00Z 2026-03-01"),
            ("0 6 1 * 1", "2026-03-09T06:00:00Z 2026-03-09"),
            ("0 6 31 12 *", "2025-12-31T06:00:00Z 2025-12-31"),
            ("0 6 29 2 *", "2024-02-29T06:00:00Z 2024-02-29"),
        ] {
            assert_eq!(at(cron), due, "{cron}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "0 6 30 2 *",
        ] {
            assert!(wrong.parse::<Cron>().is_err(), "{wrong}");
        }
        assert!(Zone::parse("Europe/Nowhere").is_err());
        let cron = "0  6 * * *".parse::<Cron>().unwrap();
        assert_eq!(cron.show(), "0 6 * * *");
        assert_eq!(cron.show().parse::<Cron>(), Ok(cron));
        assert_eq!(Zone::parse("Europe/Madrid").unwrap().show(), "Europe/Madrid");
    }
}
