//! Prices as whole numbers of 10^-12, and the few operations that evidence needs. Everything is exact or rounded as said.

use num_bigint::BigUint;
use std::cmp::Ordering;

/// Decimal places of a price.
pub(super) const PLACES: u32 = 12;
/// A price of one.
pub(super) const ONE: u128 = 10_u128.pow(PLACES);
/// The largest price: 10^12.
const LARGEST: u128 = ONE * ONE;
/// Decimal places of the band: 0.5 % of a price.
pub(super) const BAND_PLACES: u32 = PLACES + 3;

/// Reads a plain decimal of at most `places` places: digits and at most one point.
pub(super) fn parse(text: &str, places: u32) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let wanted = usize::try_from(places).ok()?;
    if whole.is_empty() || whole.len() > 20 || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > wanted {
        return None;
    }
    format!("{whole}{fraction:0<wanted$}").parse().ok()
}

/// Reads a price: positive and at most 10^12.
pub(super) fn parse_price(text: &str) -> Option<u128> {
    parse(text, PLACES).filter(|price| (1..=LARGEST).contains(price))
}

/// Writes what [`parse`] reads, without zeros at the end.
pub(super) fn write(value: u128, places: u32) -> String {
    let one = 10_u128.pow(places);
    let wanted = usize::try_from(places).unwrap_or_default();
    let (whole, fraction) = (value / one, value % one);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:0wanted$}").trim_end_matches('0').to_owned()
}

/// Divides, rounding to the nearest whole number and a half to the even one. `None` for a division by zero.
pub(super) fn divide(dividend: u128, divisor: u128) -> Option<u128> {
    let (quotient, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
    let up = match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient & 1,
        std::cmp::Ordering::Greater => 1,
    };
    quotient.checked_add(up)
}

/// The product of two prices, rounded to a price.
pub(super) fn times(one: u128, other: u128) -> Option<u128> {
    divide(one.checked_mul(other)?, ONE).filter(|price| (1..=LARGEST).contains(price))
}

/// Ten to a power.
pub(super) fn ten(power: u32) -> BigUint {
    BigUint::from(10_u32).pow(power)
}

/// A fraction that is never divided: what decides is compared by cross products, of any size.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    over: BigUint,
    /// Never zero.
    under: BigUint,
}

impl Fraction {
    pub(super) fn new(over: BigUint, under: BigUint) -> Option<Self> {
        (under != BigUint::ZERO).then_some(Self { over, under })
    }

    /// Reads a plain decimal above zero, of any length.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 40)?;
        let digits = format!("{whole}{fraction}");
        let plain =
            !whole.is_empty() && whole.len() <= 40 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let over =
            BigUint::parse_bytes(digits.as_bytes(), 10).filter(|over| plain && *over > BigUint::ZERO)?;
        Some(Self { over, under: ten(places) })
    }

    /// A price in 10^-12 USD, or the mean of `count` prices with this sum.
    pub(super) fn mean(sum: u128, count: u32) -> Option<Self> {
        Self::new(BigUint::from(sum), BigUint::from(count) * ten(PLACES))
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self { over: &self.over * &other.over, under: &self.under * &other.under }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
    }

    /// As text: rounded to so many places, half to even, without zeros at the end.
    pub(super) fn rounded(&self, places: u32) -> String {
        let scaled = &self.over * ten(places);
        let (mut whole, rest) = (&scaled / &self.under, &scaled % &self.under);
        let twice = rest * 2_u32;
        if twice > self.under || (twice == self.under && whole.bit(0)) {
            whole += 1_u32;
        }
        let width = usize::try_from(places).unwrap_or_default() + 1;
        let digits = format!("{:0>width$}", whole.to_string());
        let (whole, fraction) = digits.split_at(digits.len() + 1 - width);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_decimals() {
        for (text, value) in
            [("165.02", 165_020_000_000_000), ("1000000000000", LARGEST), ("0.000000000001", 1)]
        {
            assert_eq!(parse_price(text), Some(value), "{text}");
            assert_eq!(write(value, PLACES), text);
        }
        assert_eq!(parse_price("165.020"), Some(165_020_000_000_000));
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0", "0.0000000000001", "1000000000000.1"]
        {
            assert_eq!(parse_price(text), None, "{text}");
        }
        assert_eq!(write(0, PLACES), "0");
    }

    #[test]
    fn rounds_half_to_even() {
        assert_eq!([5, 7, 6, 9].map(|n| divide(n, 2)), [2, 4, 3, 4].map(Some));
        assert_eq!([divide(10, 3), divide(11, 3), divide(1, 0)], [Some(3), Some(4), None]);
        assert_eq!(
            times(parse_price("161.5").unwrap(), parse_price("0.992").unwrap()),
            parse_price("160.208")
        );
    }

    #[test]
    fn fractions_are_compared_and_shown_exactly() {
        let fraction = |text: &str| Fraction::parse(text).unwrap();
        let third = Fraction::mean(100 * ONE, 3).unwrap();
        assert_eq!(third.rounded(8), "33.33333333");
        assert_eq!(third.compare(&fraction("33.333333333333333333")), Ordering::Greater);
        assert_eq!(third.times(&fraction("3")).compare(&fraction("100.00")), Ordering::Equal);
        for (text, shown) in [("0.125", "0.12"), ("0.375", "0.38"), ("0.006", "0.01"), ("10.001", "10")] {
            assert_eq!(fraction(text).rounded(2), shown, "{text}");
        }
        for text in ["", "0", "0.0", "-1", "1e3", ".5"] {
            assert!(Fraction::parse(text).is_none(), "{text}");
        }
    }
}
