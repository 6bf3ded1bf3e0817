//! What an account wants to be told, and when.

use super::{
    manner::Manner,
    schedule::{self, QuietHours, Zone},
};
use proto::{
    Refusal,
    common::RefusalCode,
    decimal,
    notifier::{self, Category, CategorySwitch, DigestTime, change_preferences::Change},
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Largest threshold, in USD.
const USD_MAX: u32 = 100_000_000;

/// The thresholds of who never said any.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// A tracked wallet's change is told from this value on, in USD.
    pub min_usd: Decimal,
    /// Or from this part of its portfolio on, in hundredths of a percent.
    pub min_portfolio_bps: u32,
    /// A trade of anybody is told from this value on, in USD.
    pub whale_usd: Decimal,
}

/// What an account wants to be told, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// Categories that are off; money never is.
    pub off: BTreeSet<Category>,
    /// A tracked wallet's change is told from this value on, in USD.
    pub min_usd: Decimal,
    /// Or from this part of its portfolio on, in hundredths of a percent.
    pub min_portfolio_bps: u32,
    /// A trade of anybody is told from this value on, in USD.
    pub whale_usd: Decimal,
    /// Whether the quiet hours are kept.
    pub quiet_on: bool,
    /// When not to disturb.
    pub quiet: QuietHours,
    /// Where its clock hangs.
    pub zone: Zone,
    /// Whether it gets one digest a day.
    pub digest_on: bool,
    /// When, in minutes after midnight.
    pub digest_minute: u16,
}

/// When a notice is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as its turn comes.
    Now {
        /// Without a sound.
        silent: bool,
    },
    /// Not before a moment.
    Later {
        /// That moment.
        until: OffsetDateTime,
        /// Together with whatever else waits for it.
        gather: bool,
    },
}

impl Preferences {
    /// Those of who never said anything: everything at once, but of strangers' trades nothing.
    #[must_use]
    pub fn usual(thresholds: Thresholds) -> Self {
        let Thresholds { min_usd, min_portfolio_bps, whale_usd } = thresholds;
        Self {
            off: BTreeSet::from([Category::Whale]),
            min_usd,
            min_portfolio_bps,
            whale_usd,
            quiet_on: false,
            quiet: QuietHours::usual(),
            zone: Zone::utc(),
            digest_on: false,
            digest_minute: 9 * 60,
        }
    }

    /// Whether it is told of this at all.
    #[must_use]
    pub fn wants(&self, category: Category) -> bool {
        !self.off.contains(&category)
    }

    /// Whether a change of a tracked wallet is large enough; the value of its portfolio may be unknown.
    #[must_use]
    pub fn wants_change(&self, usd: Decimal, portfolio_usd: Option<Decimal>) -> bool {
        let part = |whole: Decimal| {
            let bar = whole.checked_mul(Decimal::new(i64::from(self.min_portfolio_bps), 4));
            whole > Decimal::ZERO && bar.is_some_and(|bar| usd >= bar)
        };
        usd >= self.min_usd || portfolio_usd.is_some_and(part)
    }

    /// When it is told of this, which has just happened.
    #[must_use]
    pub fn when(&self, manner: Manner, now: OffsetDateTime) -> When {
        if self.digest_on
            && manner.is_digestible()
            && let Some(until) = schedule::next(&self.zone, self.digest_minute, now)
        {
            return When::Later { until, gather: true };
        }
        self.when_ripe(manner, now)
    }

    /// When it is told of this, which has waited for its digest if there is one.
    #[must_use]
    pub fn when_ripe(&self, manner: Manner, now: OffsetDateTime) -> When {
        let end = if self.quiet_on { self.quiet.end(&self.zone, now) } else { None };
        match end {
            Some(until) if !manner.passes_quiet_hours() => {
                When::Later { until, gather: manner.is_digestible() }
            }
            end => When::Now { silent: end.is_some() },
        }
    }

    /// What one change makes of them.
    ///
    /// # Errors
    /// `PREFERENCE_INVALID`, naming the field.
    pub fn change(&mut self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::Category(switch) => self.switch(switch)?,
            Change::MinUsd(text) => self.min_usd = usd(text).ok_or_else(|| invalid("min_usd"))?,
            Change::WhaleUsd(text) => self.whale_usd = usd(text).ok_or_else(|| invalid("whale_usd"))?,
            Change::MinPortfolioBps(points) if *points <= 10_000 => self.min_portfolio_bps = *points,
            Change::MinPortfolioBps(_) => return Err(invalid("min_portfolio_bps")),
            Change::Quiet(hours) => {
                let quiet = QuietHours::try_new(hours.from_minute, hours.until_minute);
                let zone = Zone::of_name(&hours.time_zone).ok_or_else(|| invalid("time_zone"))?;
                self.quiet = quiet.map_err(|_| invalid("quiet"))?;
                (self.zone, self.quiet_on) = (zone, hours.on);
            }
            Change::Digest(DigestTime { on, minute }) => {
                self.digest_minute = schedule::minute_of_day(*minute).map_err(|_| invalid("digest"))?;
                self.digest_on = *on;
            }
            // Not among them.
            Change::WebhookUrl(_) => {}
        }
        Ok(())
    }

    fn switch(&mut self, switch: &CategorySwitch) -> Result<(), Refusal> {
        match switch.category() {
            Category::Unspecified | Category::Money => return Err(invalid("category")),
            category if switch.on => self.off.remove(&category),
            category => self.off.insert(category),
        };
        Ok(())
    }

    /// As others see them.
    #[must_use]
    pub fn to_message(&self) -> notifier::Preferences {
        notifier::Preferences {
            off: self.off.iter().map(|category| i32::from(*category)).collect(),
            min_usd: self.min_usd.normalize().to_string(),
            min_portfolio_bps: self.min_portfolio_bps,
            whale_usd: self.whale_usd.normalize().to_string(),
            quiet: Some(notifier::QuietHours {
                on: self.quiet_on,
                from_minute: self.quiet.from().into(),
                until_minute: self.quiet.until().into(),
                time_zone: self.zone.name().to_owned(),
            }),
            digest: Some(DigestTime { on: self.digest_on, minute: self.digest_minute.into() }),
        }
    }
}

fn usd(text: &str) -> Option<Decimal> {
    decimal(text)
        .ok()
        .filter(|usd| *usd >= Decimal::ZERO && *usd <= Decimal::from(USD_MAX) && usd.scale() <= 2)
}

fn invalid(field: &'static str) -> Refusal {
    Refusal::new(RefusalCode::PreferenceInvalid).with("field", field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::notifier::{Lane, QuietHours as Asked};
    use time::macros::datetime;

    fn usual() -> Preferences {
        Preferences::usual(Thresholds {
            min_usd: Decimal::from(500),
            min_portfolio_bps: 200,
            whale_usd: Decimal::from(10_000),
        })
    }

    fn manner(lane: Lane, category: Category) -> Manner {
        Manner { lane, category }
    }

    const WALLET: Manner = Manner { lane: Lane::Tracker, category: Category::Tracker };
    const DEPOSIT: Manner = Manner { lane: Lane::Result, category: Category::Money };
    const RESULT: Manner = Manner { lane: Lane::Result, category: Category::Room };
    const DIGEST: Manner = Manner { lane: Lane::Digest, category: Category::Unspecified };
    const BROADCAST: Manner = Manner { lane: Lane::Broadcast, category: Category::System };

    #[test]
    fn a_change_is_told_by_value_or_by_its_part_of_the_portfolio() {
        let usual = usual();
        let wants = |usd: &str, whole: &str| {
            usual.wants_change(decimal(usd).unwrap(), (!whole.is_empty()).then(|| decimal(whole).unwrap()))
        };
        assert!(wants("500", "") && wants("500", "1000000"));
        assert!(!wants("499.99", "") && !wants("499.99", "25000"));
        assert!(wants("20", "1000") && !wants("19.99", "1000"));
        assert!(!wants("0.01", "0"), "of nothing everything would be more than a part");
        assert!(!wants("499", "79228162514264337593543950335"));
    }

    #[test]
    fn in_quiet_hours_money_and_results_are_silent_and_all_else_waits() {
        let mut night = usual();
        let at = datetime!(2027-01-15 23:00 UTC);
        assert_eq!(night.when(WALLET, at), When::Now { silent: false });
        night.quiet_on = true;
        let until = datetime!(2027-01-16 08:00 UTC);
        assert_eq!(night.when(DEPOSIT, at), When::Now { silent: true });
        assert_eq!(night.when(RESULT, at), When::Now { silent: true });
        assert_eq!(night.when(WALLET, at), When::Later { until, gather: true });
        assert_eq!(night.when(BROADCAST, at), When::Later { until, gather: false });
        assert_eq!(night.when_ripe(DIGEST, at), When::Later { until, gather: false });
        assert_eq!(night.when(WALLET, until), When::Now { silent: false });
    }

    #[test]
    fn a_digest_takes_everything_but_money_and_broadcasts() {
        let mut daily = usual();
        daily.digest_on = true;
        let at = datetime!(2027-01-15 23:00 UTC);
        let until = datetime!(2027-01-16 09:00 UTC);
        for manner in [WALLET, RESULT, manner(Lane::Whale, Category::Consensus)] {
            assert_eq!(daily.when(manner, at), When::Later { until, gather: true });
            assert_eq!(daily.when_ripe(manner, at), When::Now { silent: false });
        }
        for manner in [DEPOSIT, manner(Lane::Security, Category::Money), BROADCAST, DIGEST] {
            assert_eq!(daily.when(manner, at), When::Now { silent: false });
        }
        daily.quiet_on = true;
        assert_eq!(daily.when(DEPOSIT, at), When::Now { silent: true });
    }

    #[test]
    fn one_change_at_a_time_and_only_to_what_there_is() {
        let mut mine = usual();
        let switch =
            |category: Category, on| Change::Category(CategorySwitch { category: category.into(), on });
        mine.change(&switch(Category::Whale, true)).unwrap();
        mine.change(&switch(Category::Room, false)).unwrap();
        mine.change(&switch(Category::Room, false)).unwrap();
        assert!(mine.wants(Category::Whale) && !mine.wants(Category::Room) && mine.wants(Category::Money));
        mine.change(&Change::MinUsd("12.50".into())).unwrap();
        mine.change(&Change::MinPortfolioBps(10_000)).unwrap();
        mine.change(&Change::WhaleUsd("25000".into())).unwrap();
        mine.change(&Change::Digest(DigestTime { on: true, minute: 1439 })).unwrap();
        let night = |zone: &str| {
            Change::Quiet(Asked {
                on: true,
                from_minute: 23 * 60,
                until_minute: 7 * 60,
                time_zone: zone.into(),
            })
        };
        mine.change(&night("america/new_york")).unwrap();
        let told = mine.to_message();
        assert_eq!((told.off.as_slice(), told.min_usd.as_str()), (&[i32::from(Category::Room)][..], "12.5"));
        assert_eq!(told.quiet.unwrap().time_zone, "America/New_York");

        let before = mine.clone();
        let wrong = [
            (switch(Category::Money, false), "category"),
            (switch(Category::Unspecified, true), "category"),
            (Change::MinUsd("-1".into()), "min_usd"),
            (Change::MinUsd("1.234".into()), "min_usd"),
            (Change::MinUsd("much".into()), "min_usd"),
            (Change::WhaleUsd("100000000.01".into()), "whale_usd"),
            (Change::MinPortfolioBps(10_001), "min_portfolio_bps"),
            (Change::Digest(DigestTime { on: true, minute: 1440 }), "digest"),
            (Change::Quiet(Asked { time_zone: "UTC".into(), ..Asked::default() }), "quiet"),
            (night("Mars/Olympus"), "time_zone"),
        ];
        for (change, field) in wrong {
            assert_eq!(mine.change(&change), Err(invalid(field)), "{change:?}");
            assert_eq!(mine, before);
        }
    }
}
