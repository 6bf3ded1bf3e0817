//! Fractions that never round. What decides is compared by cross products, and those of sums of prices with supplies
//! outgrow the 96 bits of a [`Decimal`]: 10²⁴ units a price, times 300 seconds, times another such sum.

use super::price::Price;
use num_bigint::BigUint;
use rust_decimal::Decimal;
use std::{cmp::Ordering, num::NonZeroU32};

/// A fraction of two whole numbers that is not negative. Not reduced: equal by value, not by form.
#[derive(Clone, Debug)]
pub struct Ratio {
    over: BigUint,
    /// Never zero.
    under: BigUint,
}

impl Ratio {
    /// `over` ÷ `under`; nothing unless `over` is at least and `under` above zero.
    #[must_use]
    pub fn new(over: Decimal, under: Decimal) -> Option<Self> {
        let fraction = over >= Decimal::ZERO && under > Decimal::ZERO;
        fraction
            .then(|| Self { over: whole(over) * ten(under.scale()), under: whole(under) * ten(over.scale()) })
    }

    /// The number one.
    #[must_use]
    pub fn one() -> Self {
        Self { over: BigUint::from(1_u32), under: BigUint::from(1_u32) }
    }

    /// The mean of so many numbers with this sum, which is not negative.
    pub(super) fn mean(sum: Decimal, count: NonZeroU32) -> Self {
        Self { over: whole(sum), under: BigUint::from(count.get()) * ten(sum.scale()) }
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self { over: &self.over * &other.over, under: &self.under * &other.under }
    }

    /// For display: rounded to so many places, half to even, without trailing zeros. Nothing where a [`Decimal`] has no
    /// room for it.
    #[must_use]
    pub fn rounded(&self, places: u32) -> Option<Decimal> {
        let scaled = &self.over * ten(places);
        let mut whole = &scaled / &self.under;
        let twice_the_rest = (scaled % &self.under) * 2_u32;
        let up = match twice_the_rest.cmp(&self.under) {
            Ordering::Less => false,
            Ordering::Equal => whole.bit(0),
            Ordering::Greater => true,
        };
        whole += u32::from(up);
        let rounded = Decimal::try_from_i128_with_scale(i128::try_from(whole).ok()?, places).ok()?;
        Some(rounded.normalize())
    }

    /// So many times the fraction, rounded up; the largest number where it is beyond.
    #[must_use]
    pub fn ceil_of(&self, times: u32) -> u32 {
        let above = &self.over * times + &self.under - 1_u32;
        u32::try_from(above / &self.under).unwrap_or(u32::MAX)
    }
}

impl From<Price> for Ratio {
    fn from(price: Price) -> Self {
        Self { over: whole(price.get()), under: ten(price.get().scale()) }
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

/// The digits of a number that is not negative, without its point.
fn whole(number: Decimal) -> BigUint {
    BigUint::from(number.mantissa().unsigned_abs())
}

fn ten(power: u32) -> BigUint {
    BigUint::from(10_u32).pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn ratio(over: &str, under: &str) -> Ratio {
        Ratio::new(decimal(over), decimal(under)).unwrap()
    }

    #[test]
    fn products_beyond_any_decimal_are_told_apart() {
        // 88 bits times 88 bits: the last digit of the fourth factor decides.
        let large = "300000000000000.000000000001";
        let [one, more] = ["299999999999999.999999999999", "300000000000000"].map(|text| ratio(text, "300"));
        let (left, right) = (ratio(large, "300").times(&one), ratio(large, "300").times(&more));
        assert!(left < right);
        assert!(left == ratio(large, "300").times(&ratio("299999999999999.999999999999", "300")));
    }

    #[test]
    fn there_is_nothing_below_zero_and_nothing_over_zero() {
        assert_eq!(Ratio::new(decimal("-0.1"), Decimal::ONE), None);
        assert_eq!(Ratio::new(Decimal::ONE, Decimal::ZERO), None);
        assert_eq!(Ratio::new(Decimal::ONE, decimal("-1")), None);
        assert!(Ratio::new(Decimal::ZERO, Decimal::ONE).is_some());
    }

    #[test]
    fn display_rounds_half_to_even_and_says_when_there_is_no_room() {
        for (over, under, shown) in
            [("1", "8", "0.12"), ("3", "8", "0.38"), ("2", "3", "0.67"), ("10", "1", "10")]
        {
            assert_eq!(ratio(over, under).rounded(2), Some(decimal(shown)), "{over}/{under}");
        }
        let huge = ratio("79228162514264337593543950335", "1");
        assert_eq!(huge.times(&huge).rounded(0), None);
        assert_eq!(huge.rounded(1), None);
        assert_eq!(huge.rounded(0), Some(Decimal::MAX));
    }

    #[test]
    fn parts_are_counted_up() {
        assert_eq!(ratio("1", "100").ceil_of(10_000), 100);
        assert_eq!(ratio("1.000000000001", "100").ceil_of(10_000), 101);
        assert_eq!(ratio("0", "7").ceil_of(10_000), 0);
        assert_eq!(ratio("1000000000000", "0.000000000001").ceil_of(10_000), u32::MAX);
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_numbers(a in 0_i64..1_000_000, b in 1_i64..1_000_000, c in 0_i64..1_000_000, d in 1_i64..1_000_000, scale in 0_u32..9) {
            let fraction = |over, under| Ratio::new(Decimal::new(over, scale), Decimal::new(under, 3)).unwrap();
            let expected = (i128::from(a) * i128::from(d)).cmp(&(i128::from(c) * i128::from(b)));
            prop_assert_eq!(fraction(a, b).cmp(&fraction(c, d)), expected);
        }

        #[test]
        fn display_rounds_as_decimals_do(n in 0_i64..i64::MAX, count in 1_u32..700) {
            let sum = Decimal::new(n, 9);
            let shown = Ratio::mean(sum, NonZeroU32::new(count).unwrap()).rounded(8).unwrap();
            let exact = Decimal::new(n, 9) / Decimal::from(count);
            prop_assert_eq!(shown, exact.round_dp(8).normalize());
        }
    }
}
