//! Dollars, shares and prices of shares, as messages have them: decimals in texts, an empty one unknown.

use super::format;
use crate::locales::Language;
use rust_decimal::{Decimal, RoundingStrategy};

/// The number of a field.
pub(super) fn number(text: &str) -> Option<Decimal> {
    proto::decimal(text).ok()
}

fn unknown(language: Language) -> String {
    language.plain("amount-unknown", &[])
}

fn rounded(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// `$1,234.50`
pub(super) fn dollars(value: Decimal) -> String {
    let text = format::exact(rounded(value, 2));
    text.strip_prefix('-').map_or_else(|| format!("${text}"), |debt| format!("−${debt}"))
}

/// `$1,234.50`, or that it is not known.
pub(super) fn usd(language: Language, text: &str) -> String {
    number(text).map_or_else(|| unknown(language), dollars)
}

/// The same with a sign: `+$12.30`.
pub(super) fn gain(language: Language, text: &str) -> String {
    let sign = |value: Decimal| if value > Decimal::ZERO { "+" } else { "" };
    number(text)
        .map_or_else(|| unknown(language), |value| format!("{}{}", sign(rounded(value, 2)), dollars(value)))
}

/// A large amount in thousands, millions or billions: `$1.25M`.
pub(super) fn volume(language: Language, text: &str) -> String {
    number(text).map_or_else(|| unknown(language), |value| format!("${}", format::cap(value)))
}

/// A price per share in cents: `62.5¢`.
pub(super) fn cents(price: Decimal) -> String {
    let cents = price.checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default();
    format!("{}¢", rounded(cents, 2).normalize())
}

/// The same of a field, or that it is not known.
pub(super) fn price(language: Language, text: &str) -> String {
    number(text).map_or_else(|| unknown(language), cents)
}

/// A number of shares.
pub(super) fn shares(language: Language, text: &str) -> String {
    number(text).map_or_else(|| unknown(language), |shares| format::exact(rounded(shares, 2)))
}

/// How many percent of a whole a part is, with one place.
pub(super) fn percent(part: &str, whole: &str) -> Option<String> {
    let whole = number(whole).filter(|whole| *whole > Decimal::ZERO)?;
    let percent = number(part)?.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    Some(rounded(percent, 1).normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Language = Language::ENGLISH;

    #[test]
    fn amounts_are_rounded_for_readers_and_unknown_ones_are_said_to_be() {
        assert_eq!(usd(EN, "1234.499999"), "$1,234.50");
        assert_eq!(usd(EN, "-0.5"), "−$0.50");
        assert_eq!(usd(EN, ""), "unknown", "never $0");
        assert_eq!(
            (gain(EN, "12.3"), gain(EN, "-12.3"), gain(EN, "0.001")),
            ("+$12.30".into(), "−$12.30".into(), "$0".into())
        );
        assert_eq!(volume(EN, "1250000"), "$1.25M");
        assert_eq!(
            (price(EN, "0.625"), price(EN, "0.05"), price(EN, "")),
            ("62.5¢".into(), "5¢".into(), "unknown".into())
        );
        assert_eq!(shares(EN, "1250.5049"), "1,250.50");
        assert_eq!(percent("775", "12345").as_deref(), Some("6.3"));
        assert_eq!((percent("775", "0"), percent("775", ""), percent("", "1")), (None, None, None));
    }
}
