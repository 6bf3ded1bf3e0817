//! What happened.

use proto::{
    Malformed, decimal, from_timestamp,
    room::VoidReason,
    settlement::{self, Suspicion},
    timestamp,
};
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
    /// Why operators should look before it is paid, each reason once.
    pub suspicions: Vec<Suspicion>,
    /// Means: the second after the deciding window's last, in Unix time.
    pub window_end: Option<i64>,
    /// `UP_DOWN` and `HEAD_TO_HEAD`: the price that it started from.
    pub start_price: Option<Decimal>,
    /// The second after the last of that price's window.
    pub start_window_end: Option<i64>,
    /// `HEAD_TO_HEAD`: the rival's price; its windows are those above.
    pub rival_price: Option<Decimal>,
    /// The rival's price at the start.
    pub rival_start_price: Option<Decimal>,
}

impl Verdict {
    /// A ruling that rests on nothing but the word of whoever gave it.
    #[must_use]
    pub const fn of(ruling: Ruling) -> Self {
        Self {
            ruling,
            price: None,
            observed_at: None,
            series: None,
            suspicions: Vec::new(),
            window_end: None,
            start_price: None,
            start_window_end: None,
            rival_price: None,
            rival_start_price: None,
        }
    }

    /// Whether operators should look before it is paid. A void gives every stake back: there is nothing to win by it.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        matches!(self.ruling, Ruling::Outcome(_)) && !self.suspicions.is_empty()
    }
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
        let price = |text: &str| (!text.is_empty()).then(|| decimal(text)).transpose();
        Ok(Self {
            ruling,
            price: price(&verdict.price)?,
            observed_at: verdict.observed_at.as_ref().map(|at| from_timestamp(Some(at))).transpose()?,
            series: (last > 0).then_some(first..=last),
            suspicions: suspicions(&verdict.suspicions)?,
            window_end: second(verdict.window_end_second)?,
            start_price: price(&verdict.start_price)?,
            start_window_end: second(verdict.start_window_end_second)?,
            rival_price: price(&verdict.rival_price)?,
            rival_start_price: price(&verdict.rival_start_price)?,
        })
    }
}

/// An unknown suspicion is refused: left out, it would be paid without anybody having looked.
fn suspicions(told: &[i32]) -> Result<Vec<Suspicion>, Malformed> {
    let known = told.iter().map(|number| match Suspicion::try_from(*number) {
        Ok(Suspicion::Unspecified) | Err(_) => Err(Malformed("unknown suspicion")),
        Ok(suspicion) => Ok(suspicion),
    });
    let mut known = known.collect::<Result<Vec<_>, _>>()?;
    known.sort_unstable();
    known.dedup();
    Ok(known)
}

fn second(told: i64) -> Result<Option<i64>, Malformed> {
    match told {
        0 => Ok(None),
        1.. => Ok(Some(told)),
        _ => Err(Malformed("a second before 1970")),
    }
}

impl From<&Verdict> for settlement::Verdict {
    fn from(verdict: &Verdict) -> Self {
        let (outcome, void_reason) = match verdict.ruling {
            Ruling::Outcome(outcome) => (outcome, VoidReason::Unspecified),
            Ruling::Void(reason) => (0, reason),
        };
        let (first, last) = verdict.series.clone().map_or((0, 0), RangeInclusive::into_inner);
        let price = |price: Option<Decimal>| price.map(|price| price.to_string()).unwrap_or_default();
        Self {
            outcome,
            void_reason: void_reason.into(),
            price: price(verdict.price),
            observed_at: verdict.observed_at.map(timestamp),
            series_first_second: first,
            series_last_second: last,
            suspicions: verdict.suspicions.iter().map(|suspicion| (*suspicion).into()).collect(),
            window_end_second: verdict.window_end.unwrap_or_default(),
            start_price: price(verdict.start_price),
            start_window_end_second: verdict.start_window_end.unwrap_or_default(),
            rival_price: price(verdict.rival_price),
            rival_start_price: price(verdict.rival_start_price),
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

/// The reason to look as operators and the database know it: `CONFIDENCE`, `EXCLUDED_VENUE`.
#[must_use]
pub fn suspicion_word(suspicion: Suspicion) -> &'static str {
    let name = suspicion.as_str_name();
    name.strip_prefix("SUSPICION_").unwrap_or(name)
}

/// Reads [`suspicion_word`].
#[must_use]
pub fn suspicion_from_word(word: &str) -> Option<Suspicion> {
    Suspicion::from_str_name(&format!("SUSPICION_{word}"))
        .filter(|suspicion| *suspicion != Suspicion::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn message() -> settlement::Verdict {
        settlement::Verdict {
            outcome: 1,
            void_reason: VoidReason::Unspecified.into(),
            price: "165.020".to_owned(),
            observed_at: Some(timestamp(datetime!(2026-01-01 12:00:00.25 UTC))),
            series_first_second: 1_700_000_000,
            series_last_second: 1_700_000_060,
            suspicions: vec![Suspicion::Confidence.into(), Suspicion::ExcludedVenue.into()],
            window_end_second: 1_700_000_061,
            start_price: "160.5".to_owned(),
            start_window_end_second: 1_699_999_000,
            rival_price: "97000.01".to_owned(),
            rival_start_price: "96000".to_owned(),
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
        assert!(refused(|verdict| verdict.suspicions.push(99)));
        assert!(refused(|verdict| verdict.suspicions.push(0)));
        assert!(refused(|verdict| verdict.window_end_second = -1));
        assert!(refused(|verdict| verdict.rival_start_price = "none".to_owned()));
    }

    #[test]
    fn a_suspicious_outcome_is_looked_at_once_for_each_reason() {
        let mut told = message();
        told.suspicions.extend([Suspicion::Confidence as i32, Suspicion::Confidence as i32]);
        let verdict = Verdict::try_from(&told).unwrap();
        assert_eq!(verdict.suspicions, [Suspicion::Confidence, Suspicion::ExcludedVenue]);
        assert!(verdict.is_suspicious());
        assert!(!Verdict { ruling: Ruling::Void(VoidReason::Tie), ..verdict.clone() }.is_suspicious());
        assert!(!Verdict::of(verdict.ruling).is_suspicious());
        for suspicion in verdict.suspicions {
            assert_eq!(suspicion_from_word(suspicion_word(suspicion)), Some(suspicion));
        }
        assert_eq!(suspicion_from_word("UNSPECIFIED"), None);
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
