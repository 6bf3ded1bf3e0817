//! The seconds of prices that a verdict rests on, which the evidence keeps.

use super::Verdict;
use proto::{Malformed, from_timestamp, room};
use std::ops::RangeInclusive;

/// All seconds from the first to the last; where there is a start price, only those in which its window and that of the
/// deadline price may lie: what came between decided nothing, and may be half a day.
///
/// # Errors
/// Terms without a deadline.
pub fn deciding_seconds(
    terms: &room::Terms,
    verdict: &Verdict,
) -> Result<Vec<RangeInclusive<i64>>, Malformed> {
    let Some(series) = verdict.series.clone() else { return Ok(Vec::new()) };
    let deadline = from_timestamp(terms.deadline.as_ref())?;
    let whole = deadline.unix_timestamp() + i64::from(deadline.nanosecond() > 0);
    let from = whole - i64::from(terms.mean_seconds);
    Ok(match verdict.start_window_end {
        Some(end) if end < from => vec![*series.start()..=end - 1, from..=*series.end()],
        _ => vec![series],
    })
}

#[cfg(test)]
mod tests {
    use super::super::Ruling;
    use super::*;
    use proto::timestamp;
    use time::{Duration, OffsetDateTime};

    #[test]
    fn leaves_out_what_lies_between_start_and_deadline() {
        let at = |second| OffsetDateTime::from_unix_timestamp(second).unwrap();
        let mut terms = room::Terms { mean_seconds: 60, ..Default::default() };
        let mut verdict = Verdict { series: Some(1_000..=1_899), ..Verdict::of(Ruling::Outcome(0)) };
        assert!(deciding_seconds(&terms, &verdict).is_err());
        terms.deadline = Some(timestamp(at(1_900)));
        assert_eq!(deciding_seconds(&terms, &verdict), Ok(vec![1_000..=1_899]));
        verdict.start_window_end = Some(1_060);
        assert_eq!(deciding_seconds(&terms, &verdict), Ok(vec![1_000..=1_059, 1_840..=1_899]));
        terms.deadline = Some(timestamp(at(1_900) + Duration::milliseconds(1)));
        assert_eq!(deciding_seconds(&terms, &verdict), Ok(vec![1_000..=1_059, 1_841..=1_899]));
        verdict.start_window_end = Some(1_841);
        assert_eq!(deciding_seconds(&terms, &verdict), Ok(vec![1_000..=1_899]), "they touch");
        verdict.series = None;
        assert_eq!(deciding_seconds(&terms, &verdict), Ok(Vec::new()));
    }
}
