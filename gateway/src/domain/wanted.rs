//! What somebody wants to be told, and when; and how people write that.

use proto::notifier;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// What people turn on and off; money cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Results of rooms.
    Room,
    /// Tracked wallets.
    Tracker,
    /// Large trades of anybody.
    Whale,
    /// Smart wallets agree.
    Consensus,
    /// A price that was waited for.
    Price,
    /// From the operators.
    System,
}

impl Category {
    /// In the order of the buttons.
    pub const ALL: [Self; 6] =
        [Self::Room, Self::Tracker, Self::Price, Self::Whale, Self::Consensus, Self::System];

    /// As the contract has it.
    #[must_use]
    pub const fn wire(self) -> notifier::Category {
        match self {
            Self::Room => notifier::Category::Room,
            Self::Tracker => notifier::Category::Tracker,
            Self::Whale => notifier::Category::Whale,
            Self::Consensus => notifier::Category::Consensus,
            Self::Price => notifier::Category::Price,
            Self::System => notifier::Category::System,
        }
    }
}

/// From which size on something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threshold {
    /// A tracked wallet's change, in whole USD.
    Value,
    /// The same, in basis points of its portfolio.
    Share,
    /// Anybody's trade, in whole USD.
    Whale,
}

impl Threshold {
    /// What somebody typed, in its unit.
    #[must_use]
    pub fn read(self, text: &str) -> Option<u32> {
        let value = match self {
            Self::Value | Self::Whale => super::target(text)?,
            Self::Share => {
                let percent: Decimal = text.trim().trim_end_matches('%').trim_end().parse().ok()?;
                percent.checked_mul(Decimal::ONE_HUNDRED).filter(|bps| *bps <= Decimal::from(10_000))?
            }
        };
        let whole = value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        u32::try_from(whole).ok().filter(|value| *value > 0)
    }
}

/// Hours as people type them, in minutes after midnight: `22:00-08:00`, `22-8`.
#[must_use]
pub fn hours(text: &str) -> Option<(u32, u32)> {
    let (from, until) = text.split_once(['-', '–', '—'])?;
    let hours = (minute(from)?, minute(until)?);
    (hours.0 != hours.1).then_some(hours)
}

/// A time of the day in minutes after midnight: `22:30`, `8`.
#[must_use]
pub fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
    let number = |text: &str, most: u32| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| digits && *number < most)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

/// Whether a text can be the name of a time zone; which there are, notifier-svc knows.
#[must_use]
pub fn is_zone(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    letters && text.len() <= 40 && (text.contains('/') || text == "UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hours_as_people_type_them() {
        assert_eq!(hours("22:00-08:00"), Some((1_320, 480)));
        assert_eq!(hours("22–8"), Some((1_320, 480)));
        assert_eq!(hours("0:30 - 23:59"), Some((30, 1_439)));
        for text in ["", "22", "24-8", "22:60-8", "8-8", "22-8-9", "22:-8"] {
            assert_eq!(hours(text), None, "{text}");
        }
        assert!(is_zone("Europe/Madrid") && is_zone("UTC") && is_zone("Etc/GMT+3"));
        assert!(!is_zone("Madrid") && !is_zone("Europe/Mad rid") && !is_zone("<b>/x"));
    }

    #[test]
    fn thresholds_as_people_type_them() {
        assert_eq!(Threshold::Value.read("$2.5k"), Some(2_500));
        assert_eq!(Threshold::Share.read("2.5 %"), Some(250));
        assert_eq!(Threshold::Whale.read("1m"), Some(1_000_000));
        for (kind, text) in [
            (Threshold::Value, "0.2"),
            (Threshold::Share, "101"),
            (Threshold::Share, "x"),
            (Threshold::Whale, "99b"),
        ] {
            assert_eq!(kind.read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = (hours(&text), minute(&text), is_zone(&text));
            for kind in [Threshold::Value, Threshold::Share, Threshold::Whale] {
                let _ = kind.read(&text);
            }
        }
    }
}
