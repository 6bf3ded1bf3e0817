//! How long the load needs to be answered at its rate again.

/// The rate before a strike is taken over so many milliseconds.
const BEFORE: u64 = 5_000;
/// The rate after it, over so many.
const WINDOW: u64 = 1_000;
/// Of the rate before, in percent.
const ENOUGH: u64 = 90;
/// Steps in which the end of the trouble is looked for.
const STEP: u64 = 50;

/// Milliseconds from a strike to the first second in which at least 90 % of the rate before it are answered. `answered` are
/// the times of answers, ascending. Nothing where nothing was answered before, or the rate is not back by `until`.
#[must_use]
pub fn back_after(answered: &[u64], strike: u64, until: u64) -> Option<u64> {
    let within = |from: u64, to: u64| {
        let place = |time: u64| answered.partition_point(|at| *at < time);
        u64::try_from(place(to) - place(from)).unwrap_or(u64::MAX)
    };
    let before = within(strike.saturating_sub(BEFORE), strike);
    if before == 0 {
        return None;
    }
    let mut from = strike;
    while from + WINDOW <= until {
        // Answers per second, both multiplied by BEFORE / WINDOW and 100.
        if within(from, from + WINDOW) * (BEFORE / WINDOW) * 100 >= before * ENOUGH {
            return Some(from - strike);
        }
        from += STEP;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_back_when_a_second_has_nine_tenths_of_it() {
        // 20 a second, silence for 2 s, then 20 again.
        let answered: Vec<u64> =
            (0..20_000).step_by(50).filter(|at| !(10_000..12_000).contains(at)).collect();
        assert_eq!(
            back_after(&answered, 10_000, 17_000),
            Some(1_900),
            "a tenth of the second may lie in the silence"
        );
        assert_eq!(back_after(&answered, 15_000, 20_000), Some(0), "nothing happened");
        assert_eq!(back_after(&answered, 10_000, 12_500), None, "not by then");
        assert_eq!(back_after(&[], 10_000, 20_000), None);
    }

    #[test]
    fn a_trickle_is_not_the_rate() {
        let before = (0..10_000).step_by(50);
        let trickle = (10_000..15_000).step_by(200);
        let after = (15_000..20_000).step_by(50);
        let answered: Vec<u64> = before.chain(trickle).chain(after).collect();
        assert_eq!(back_after(&answered, 10_000, 20_000), Some(4_900));
    }
}
