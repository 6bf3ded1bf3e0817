//! Prices.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};
use std::fmt;

/// A price in USD or USDT: positive, at most 10^12, at most 12 decimal places. Within these
/// bounds the sum of a thousand prices fits a [`Decimal`] exactly, so means need no rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(Decimal);

/// A number that is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// Not a plain decimal number.
    #[error("not a decimal number")]
    Syntax,
    /// Zero or negative.
    #[error("a price is positive")]
    NotPositive,
    /// Above 10^12.
    #[error("a price is at most 10^12")]
    TooLarge,
}

impl Price {
    const PLACES: u32 = 12;
    const LARGEST: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

    /// A billionth.
    pub const NANO: Self = Self(Decimal::from_parts(1, 0, 0, false, 9));

    /// Rounds to 12 places, half to even, and drops trailing zeros: equal prices have equal text.
    ///
    /// # Errors
    /// Outside the bounds, also after rounding.
    pub fn try_new(price: Decimal) -> Result<Self, InvalidPrice> {
        if price > Self::LARGEST {
            return Err(InvalidPrice::TooLarge);
        }
        let price =
            price.round_dp_with_strategy(Self::PLACES, RoundingStrategy::MidpointNearestEven).normalize();
        if price <= Decimal::ZERO {
            return Err(InvalidPrice::NotPositive);
        }
        Ok(Self(price))
    }

    /// Reads a plain decimal: digits and at most one point, no sign, no exponent.
    ///
    /// # Errors
    /// Other text, or outside the bounds.
    pub fn parse(text: &str) -> Result<Self, InvalidPrice> {
        let plain = !text.is_empty()
            && text.len() <= 40
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !plain {
            return Err(InvalidPrice::Syntax);
        }
        text.parse().map_err(|_| InvalidPrice::Syntax).and_then(Self::try_new)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// How far another price is from this one, in parts per million of this one, for metrics: at most `u32::MAX`.
    #[must_use]
    pub fn deviation_ppm(self, other: Self) -> u32 {
        let apart = (other.0 - self.0).abs().checked_div(self.0);
        let ppm = apart.and_then(|ratio| ratio.checked_mul(Decimal::from(1_000_000)));
        ppm.and_then(|ppm| ppm.round().to_u32()).unwrap_or(u32::MAX)
    }

    /// The mean of two prices.
    #[must_use]
    pub fn midpoint(self, other: Self) -> Self {
        let mean = (self.0 + other.0) / Decimal::TWO;
        Self::try_new(mean).unwrap_or(self)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_price_is_ten_to_the_twelfth() {
        assert_eq!(Price::LARGEST, Decimal::from(1_000_000_000_000_i64));
        assert_eq!(Price::parse("1000000000000.000000000001"), Err(InvalidPrice::TooLarge));
    }

    #[test]
    fn refuses_what_is_no_price() {
        for text in ["", ".", "-1", "+1", "1e3", "NaN", "1,5", "1 5", "0x1", "1_000", "٣"] {
            assert_eq!(Price::parse(text), Err(InvalidPrice::Syntax), "{text}");
        }
        assert_eq!(Price::parse("0"), Err(InvalidPrice::NotPositive));
        assert_eq!(Price::parse("0.0000000000001"), Err(InvalidPrice::NotPositive));
    }

    #[test]
    fn deviations_are_counted_in_millionths_and_bounded() {
        let price = |text| Price::parse(text).unwrap();
        assert_eq!(price("100").deviation_ppm(price("102")), 20_000);
        assert_eq!(price("100").deviation_ppm(price("98.5")), 15_000);
        assert_eq!(price("0.000000000001").deviation_ppm(Price(Price::LARGEST)), u32::MAX);
    }

    #[test]
    fn equal_prices_have_equal_text() {
        assert_eq!(Price::parse("165.00").unwrap().to_string(), "165");
    }

    proptest! {
        #[test]
        fn the_midpoint_lies_between(a in 1_u64..u64::MAX / 2, b in 1_u64..u64::MAX / 2) {
            let price = |n: u64| Price::try_new(Decimal::from(n) / Decimal::from(1_000_000_000_u64)).unwrap();
            let (low, high) = (price(a.min(b)), price(a.max(b)));
            let mid = low.midpoint(high);
            prop_assert!(low <= mid && mid <= high);
            prop_assert_eq!(mid, high.midpoint(low));
        }
    }
}
