//! What happened.

use proto::{Malformed, decimal, from_timestamp, room::VoidReason, settlement, timestamp};
use rust_decimal::Decimal;
use std::ops::RangeInclusive;
use time::OffsetDateTime;

/// An outcome happened, or the room has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Index of the winning outcome.
    Outcome(u32),
    /// Why every stake goes back.
    Void(VoidReason),
}

/// A ruling with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The ruling.
    pub ruling: Ruling,
    /// The price that decided, where one did.
    pub price: Option<Decimal>,
    /// When the result could be seen.
    pub observed_at: Option<OffsetDateTime>,
    /// The stored seconds that decided, in Unix time, where any did.
    pub series: Option<RangeInclusive<i64>>,
}

impl TryFrom<&settlement::Verdict> for Verdict {
    type Error = Malformed;

    /// An unknown void reason is refused: read as "not void" it would pay out a voided room.
    fn try_from(verdict: &settlement::Verdict) -> Result<Self, Malformed> {
        let ruling = match VoidReason::try_from(verdict.void_reason) {
            Ok(VoidReason::Unspecified) => Ruling::Outcome(verdict.outcome),
            Ok(reason) => Ruling::Void(reason),
            Err(_) => return Err(Malformed("unknown void reason")),
        };
        let (first, last) = (verdict.series_first_second, verdict.series_last_second);
        if first > last || first < 0 {
            return Err(Malformed("series ends before it begins"));
        }
        Ok(Self {
            ruling,
            price: (!verdict.price.is_empty()).then(|| decimal(&verdict.price)).transpose()?,
            observed_at: verdict.observed_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?,
            series: (last > 0).then_some(first..=last),
        })
    }
}

impl From<&Verdict> for settlement::Verdict {
    fn from(verdict: &Verdict) -> Self {
        let (outcome, void_reason) = match verdict.ruling {
            Ruling::Outcome(outcome) => (outcome, VoidReason::Unspecified),
            Ruling::Void(reason) => (0, reason),
        };
        let (first, last) = verdict.series.clone().map_or((0, 0), RangeInclusive::into_inner);
        Self {
            outcome,
            void_reason: void_reason.into(),
            price: verdict.price.map(|price| price.to_string()).unwrap_or_default(),
            observed_at: verdict.observed_at.map(timestamp),
            series_first_second: first,
            series_last_second: last,
            ..Self::default()
        }
    }
}

impl Ruling {
    /// What the receipt says: the outcome's label, or `VOID` and the reason.
    #[must_use]
    pub fn label(self, outcomes: &[String]) -> String {
        match self {
            Self::Outcome(outcome) => {
                let label = usize::try_from(outcome).ok().and_then(|outcome| outcomes.get(outcome));
                label.cloned().unwrap_or_else(|| format!("outcome {outcome}"))
            }
            Self::Void(reason) => format!("VOID {}", void_word(reason)),
        }
    }
}

/// The reason as players and the database know it: `NO_OPPOSITION`, `TIE`, …
#[must_use]
pub fn void_word(reason: VoidReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("VOID_REASON_").unwrap_or(name)
}

/// Reads [`void_word`].
#[must_use]
pub fn void_from_word(word: &str) -> Option<VoidReason> {
    VoidReason::from_str_name(&format!("VOID_REASON_{word}"))
        .filter(|reason| *reason != VoidReason::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn message() -> settlement::Verdict {
        settlement::Verdict {
            outcome: 1,
            price: "165.020".to_owned(),
            observed_at: Some(timestamp(datetime!(2026-01-01 12:00:00.25 UTC))),
            series_first_second: 1_700_000_000,
            series_last_second: 1_700_000_060,
            ..Default::default()
        }
    }

    #[test]
    fn says_back_what_was_told() {
        let void = settlement::Verdict { void_reason: VoidReason::Tie.into(), ..Default::default() };
        for message in [message(), void, settlement::Verdict::default()] {
            let verdict = Verdict::try_from(&message).unwrap();
            assert_eq!(settlement::Verdict::from(&verdict), message);
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let refused = |change: fn(&mut settlement::Verdict)| {
            let mut message = message();
            change(&mut message);
            Verdict::try_from(&message).is_err()
        };
        assert!(refused(|verdict| verdict.void_reason = 99));
        assert!(refused(|verdict| verdict.price = "1e3".to_owned()));
        assert!(refused(|verdict| verdict.series_first_second = verdict.series_last_second + 1));
        assert!(refused(|verdict| verdict.series_first_second = -1));
    }

    #[test]
    fn labels_the_result() {
        let outcomes = ["YES".to_owned(), "NO".to_owned()];
        assert_eq!(Ruling::Outcome(1).label(&outcomes), "NO");
        assert_eq!(Ruling::Void(VoidReason::NoOpposition).label(&outcomes), "VOID NO_OPPOSITION");
        assert_eq!(void_from_word("NO_OPPOSITION"), Some(VoidReason::NoOpposition));
        assert_eq!(void_from_word("UNSPECIFIED"), None);
    }
}
