//! Money, prices and times in words.

use crate::locales::{Language, Word};
use proto::Lamports;
use rust_decimal::{Decimal, RoundingStrategy};
use time::{Duration, OffsetDateTime, UtcOffset};

/// A price with its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// In USD.
    pub price: Decimal,
    /// Since it was made.
    pub age: Duration,
}

/// Rounds a measured price to what a reader needs: 2 places from 10 on, 4 from 0.1 on, else 8.
#[must_use]
pub fn price(price: Decimal) -> String {
    let places = match price.abs() {
        large if large >= Decimal::TEN => 2,
        middle if middle >= Decimal::new(1, 1) => 4,
        _ => 8,
    };
    exact(price.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero))
}

/// Shows a price with all its places and grouped thousands: `104,500.25`.
#[must_use]
pub fn exact(price: Decimal) -> String {
    let text = price.normalize().to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        // Dollars and cents: `160.5` reads as a typing error.
        Some(fraction) if fraction.len() == 1 => format!("{sign}{grouped}.{fraction}0"),
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Shows a market cap in thousands, millions or billions: `1.25M`. One with more than four places there is shown whole.
#[must_use]
pub fn exact_cap(cap: Decimal) -> String {
    let (unit, letter) = unit_of(cap);
    let short = cap.checked_div(unit).map(|cap| cap.normalize());
    match short {
        Some(short) if short.scale() <= 4 => format!("{short}{letter}"),
        _ => exact(cap),
    }
}

/// Rounds a measured market cap to two places of its unit: `1.25M`.
#[must_use]
pub fn cap(cap: Decimal) -> String {
    let (unit, letter) = unit_of(cap);
    let rounded = |cap: Decimal| cap.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    cap.checked_div(unit)
        .map_or_else(|| exact(cap), |short| format!("{}{letter}", rounded(short).normalize()))
}

fn unit_of(cap: Decimal) -> (Decimal, &'static str) {
    let units = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];
    let fits = units.into_iter().find(|(unit, _)| cap >= Decimal::from(*unit));
    fits.map_or((Decimal::ONE, ""), |(unit, letter)| (Decimal::from(unit), letter))
}

/// How much more or less one price is than another, in percent with two places: `+0.80`.
#[must_use]
pub fn change(from: Decimal, to: Decimal) -> Option<String> {
    let percent = (to - from).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(from)?;
    let percent = percent.round_dp_with_strategy(2, RoundingStrategy::ToZero);
    Some(format!("{percent:+.2}"))
}

/// What an amount is worth, or that it is not known.
#[must_use]
pub fn usd(language: Language, amount: Lamports, sol: Option<Quote>) -> String {
    let worth = sol.and_then(|quote| {
        let sol = Decimal::from(amount.get()).checked_div(Decimal::from(proto::LAMPORTS_PER_SOL))?;
        Some(sol.checked_mul(quote.price)?.round_dp_with_strategy(2, RoundingStrategy::ToZero))
    });
    match worth {
        Some(worth) => language.fill("usd-about", &[("usd", exact(worth).into())]),
        None => language.say("usd-unavailable"),
    }
}

/// Basis points as percent: `3`, `2.5`.
#[must_use]
pub fn exact_percent(basis_points: u32) -> String {
    Decimal::new(i64::from(basis_points), 2).normalize().to_string()
}

/// A moment in UTC, with its date unless it is today: `18:00 UTC`, `Nov 22, 18:00 UTC`.
#[must_use]
pub fn moment(language: Language, at: OffsetDateTime, now: OffsetDateTime) -> String {
    let (at, now) = (at.to_offset(UtcOffset::UTC), now.to_offset(UtcOffset::UTC));
    let seconds = if at.second() == 0 { String::new() } else { format!(":{:02}", at.second()) };
    let clock: Word = format!("{:02}:{:02}{seconds}", at.hour(), at.minute()).into();
    if at.date() == now.date() {
        return language.fill("time-today", &[("clock", clock)]);
    }
    day(language, at, clock)
}

/// A moment in UTC, always with its date: for what is read later.
#[must_use]
pub fn date(language: Language, at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let seconds = if at.second() == 0 { String::new() } else { format!(":{:02}", at.second()) };
    day(language, at, format!("{:02}:{:02}{seconds}", at.hour(), at.minute()).into())
}

fn day(language: Language, at: OffsetDateTime, clock: Word) -> String {
    let month = language.fill("month-short", &[("month", u32::from(u8::from(at.month())).into())]);
    let day = u32::from(at.day()).into();
    language.fill("time-day", &[("month", month.into()), ("day", day), ("clock", clock)])
}

/// A length of time in at most two units.
#[must_use]
pub fn span(language: Language, length: Duration) -> String {
    let seconds = length.whole_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if seconds < 60 => language.fill("span-seconds", &[("seconds", seconds.into())]),
        () if minutes < 60 => language.fill("span-minutes", &[("minutes", minutes.into())]),
        () if hours < 24 && minutes % 60 == 0 => language.fill("span-hours", &[("hours", hours.into())]),
        () if hours < 24 => language
            .fill("span-hours-minutes", &[("hours", hours.into()), ("minutes", (minutes % 60).into())]),
        () if hours % 24 == 0 => language.fill("span-days", &[("days", days.into())]),
        () => language.fill("span-days-hours", &[("days", days.into()), ("hours", (hours % 24).into())]),
    }
}

/// `in 42 min` or `5 min ago`.
#[must_use]
pub fn relative(language: Language, at: OffsetDateTime, now: OffsetDateTime) -> String {
    let (key, length) = if at >= now { ("in-span", at - now) } else { ("ago-span", now - at) };
    language.fill(key, &[("span", span(language, length).into())])
}

/// How old a quote is.
#[must_use]
pub fn age(language: Language, quote: Quote) -> String {
    language.fill("ago-span", &[("span", span(language, quote.age).into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const EN: Language = Language::ENGLISH;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn prices_are_grouped_and_cut() {
        for (raw, shown) in [
            ("104500.256", "104,500.26"),
            ("160.5", "160.50"),
            ("165", "165"),
            ("999", "999"),
            ("1000", "1,000"),
            ("1.23456", "1.2346"),
            ("0.0000123456", "0.00001235"),
            ("-1234.5", "-1,234.50"),
        ] {
            assert_eq!(price(decimal(raw)), shown, "{raw}");
        }
        assert_eq!(exact(decimal("104500.2561")), "104,500.2561");
    }

    #[test]
    fn market_caps_are_short() {
        for (raw, exactly, about) in [
            ("1250000", "1.25M", "1.25M"),
            ("2000000", "2M", "2M"),
            ("5000000000", "5B", "5B"),
            ("69420.5", "69.4205K", "69.42K"),
            ("1234567.89", "1,234,567.89", "1.23M"),
            ("999.5", "999.5", "999.5"),
            ("0.5", "0.5", "0.5"),
        ] {
            assert_eq!((exact_cap(decimal(raw)), cap(decimal(raw))), (exactly.into(), about.into()), "{raw}");
        }
    }

    #[test]
    fn changes_have_their_sign() {
        let of = |from: &str, to: &str| change(decimal(from), decimal(to));
        assert_eq!(of("150", "151.2").as_deref(), Some("+0.80"));
        assert_eq!(of("150", "148.5").as_deref(), Some("-1.00"));
        assert_eq!(of("150", "150").as_deref(), Some("+0.00"));
        assert_eq!(of("0", "150"), None);
    }

    #[test]
    fn no_price_is_never_zero_dollars() {
        let amount = Lamports::new(1_250_000_000);
        let quote = Quote { price: decimal("160.21"), age: Duration::SECOND };
        assert_eq!(usd(EN, amount, Some(quote)), "≈ $200.26");
        assert_eq!(usd(EN, amount, None), "USD value unavailable");
        assert_eq!(usd(EN, Lamports::ZERO, Some(quote)), "≈ $0");
        assert_eq!(
            usd(EN, Lamports::MAX, Some(Quote { price: Decimal::MAX, ..quote })),
            "USD value unavailable"
        );
    }

    #[test]
    fn moments_say_what_is_needed() {
        let now = datetime!(2026-11-22 17:18 UTC);
        assert_eq!(moment(EN, datetime!(2026-11-22 18:00 UTC), now), "18:00 UTC");
        assert_eq!(moment(EN, datetime!(2026-11-23 01:00:05 +2), now), "23:00:05 UTC");
        assert_eq!(moment(EN, datetime!(2026-11-23 01:00 UTC), now), "Nov 23, 01:00 UTC");
        assert_eq!(date(EN, datetime!(2026-01-02 03:04 UTC)), "Jan 2, 03:04 UTC");
    }

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, shown) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (5_400, "1 h 30 min"),
            (86_400, "1 d"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(EN, Duration::seconds(seconds)), shown);
        }
        let now = datetime!(2026-11-22 17:18 UTC);
        assert_eq!(relative(EN, now + Duration::minutes(42), now), "in 42 min");
        assert_eq!(relative(EN, now - Duration::minutes(5), now), "5 min ago");
    }
}
