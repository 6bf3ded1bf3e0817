//! Money.

use std::fmt;

/// Lamports in one SOL.
pub const LAMPORTS_PER_SOL: i64 = 1_000_000_000;

/// An amount of money: an integer number of lamports, of either sign so that ledger entries are
/// amounts too. There is no `+` on purpose: every sum that could pass `i64` says what then.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Lamports(i64);

/// An amount that cannot be.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum LamportsError {
    /// The result does not fit the ledger.
    #[error("amount exceeds {} lamports", i64::MAX)]
    Overflow,
    /// A negative amount where only money that exists can stand.
    #[error("amount is negative")]
    Negative,
    /// Not a decimal number of SOL with at most nine places.
    #[error("not an amount in SOL")]
    Syntax,
}

impl Lamports {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount of the ledger.
    pub const MAX: Self = Self(i64::MAX);

    /// Takes any amount, as ledger entries may be negative.
    #[must_use]
    pub const fn new(lamports: i64) -> Self {
        Self(lamports)
    }

    /// Takes an amount of money that somebody has or stakes.
    ///
    /// # Errors
    /// `Negative` below zero.
    pub const fn try_positive(lamports: i64) -> Result<Self, LamportsError> {
        if lamports < 0 { Err(LamportsError::Negative) } else { Ok(Self(lamports)) }
    }

    /// The integer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// For 128-bit intermediates.
    #[must_use]
    pub const fn wide(self) -> i128 {
        self.0 as i128
    }

    /// # Errors
    /// `Overflow` where the result does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, LamportsError> {
        self.0.checked_add(other.0).map(Self).ok_or(LamportsError::Overflow)
    }

    /// # Errors
    /// `Overflow` where the result does not fit. The result may be negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, LamportsError> {
        self.0.checked_sub(other.0).map(Self).ok_or(LamportsError::Overflow)
    }

    /// # Errors
    /// `Overflow` where the sum does not fit.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, LamportsError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Comes back from 128 bits.
    ///
    /// # Errors
    /// `Overflow` where it does not fit.
    pub fn try_from_wide(lamports: i128) -> Result<Self, LamportsError> {
        i64::try_from(lamports).map(Self).map_err(|_| LamportsError::Overflow)
    }

    /// Reads what a person types: `0.5`, `1,25`, `2 SOL`. Digits only, at most nine places, no
    /// exponent, no sign.
    ///
    /// # Errors
    /// `Syntax` for anything else, `Overflow` above the ledger's range.
    pub fn parse_sol(text: &str) -> Result<Self, LamportsError> {
        let text = text.trim();
        let text = text.strip_suffix("SOL").or_else(|| text.strip_suffix("sol")).unwrap_or(text).trim_end();
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty())
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > 9
        {
            return Err(LamportsError::Syntax);
        }
        let number = |part: &str| {
            if part.is_empty() { Ok(0) } else { part.parse::<i64>().map_err(|_| LamportsError::Overflow) }
        };
        number(whole)?
            .checked_mul(LAMPORTS_PER_SOL)
            .and_then(|whole| {
                number(&format!("{fraction:0<9}")).ok().and_then(|fraction| whole.checked_add(fraction))
            })
            .map(Self)
            .ok_or(LamportsError::Overflow)
    }
}

/// Shows SOL exactly, without trailing zeros: `1.25`, `-0.000005`.
impl fmt::Display for Lamports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let unit = LAMPORTS_PER_SOL.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:09}", magnitude % unit);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{}{dot}{fraction}", magnitude / unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_type() {
        for (text, lamports) in [
            ("0.05", 50_000_000),
            ("1,25", 1_250_000_000),
            ("2 SOL", 2_000_000_000),
            (".5", 500_000_000),
            ("3.", 3_000_000_000),
            ("0.000000001", 1),
        ] {
            assert_eq!(Lamports::parse_sol(text), Ok(Lamports::new(lamports)), "{text}");
        }
        for text in ["", ".", "1abc", "-1", "+1", "1e3", "NaN", "0x10", "1.0000000001", "1 000", "٣"] {
            assert_eq!(Lamports::parse_sol(text), Err(LamportsError::Syntax), "{text}");
        }
        assert_eq!(Lamports::parse_sol("9223372036.854775808"), Err(LamportsError::Overflow));
        assert_eq!(Lamports::parse_sol("99999999999999999999"), Err(LamportsError::Overflow));
    }

    #[test]
    fn what_somebody_has_is_not_negative() {
        assert_eq!(Lamports::try_positive(-1), Err(LamportsError::Negative));
        for lamports in [0, 1, i64::MAX] {
            assert_eq!(Lamports::try_positive(lamports), Ok(Lamports::new(lamports)));
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        let (a, b) = (Lamports::new(7), Lamports::new(-9));
        assert_eq!(a.checked_add(b), Ok(Lamports::new(-2)));
        assert_eq!(a.checked_sub(b), Ok(Lamports::new(16)));
        assert_eq!(Lamports::checked_sum([a, b, a]), Ok(Lamports::new(5)));
        let (most, one) = (Lamports::MAX, Lamports::new(1));
        for refused in
            [most.checked_add(one), Lamports::new(-2).checked_sub(most), Lamports::checked_sum([most, one])]
        {
            assert_eq!(refused, Err(LamportsError::Overflow));
        }
    }

    #[test]
    fn a_debit_has_a_sign_and_nothing_has_none() {
        for (lamports, shown) in
            [(-5_000, "-0.000005"), (0, "0"), (1_250_000_000, "1.25"), (-2_000_000_000, "-2")]
        {
            assert_eq!(Lamports::new(lamports).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn shows_exactly(lamports in 0..=i64::MAX) {
            let amount = Lamports::new(lamports);
            prop_assert_eq!(Lamports::parse_sol(&amount.to_string()), Ok(amount));
        }

        #[test]
        fn never_panics(text in ".*") {
            let _ = Lamports::parse_sol(&text);
        }
    }
}
