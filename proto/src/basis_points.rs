//! Rates.

use crate::{Lamports, LamportsError};

/// A rate in hundredths of a percent, 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisPoints(u16);

/// Above 100 %.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("{0} basis points are more than the whole")]
pub struct InvalidBasisPoints(pub u32);

impl BasisPoints {
    const WHOLE: u16 = 10_000;

    /// A rate that is written in the code; above 100 % it does not compile.
    #[must_use]
    pub const fn of<const POINTS: u16>() -> Self {
        const { assert!(POINTS <= Self::WHOLE, "more than the whole") };
        Self(POINTS)
    }

    /// # Errors
    /// Above 10,000.
    pub fn try_new(points: u32) -> Result<Self, InvalidBasisPoints> {
        u16::try_from(points)
            .ok()
            .filter(|points| *points <= Self::WHOLE)
            .map(Self)
            .ok_or(InvalidBasisPoints(points))
    }

    /// The number of hundredths of a percent.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// This share of an amount, rounded towards zero.
    ///
    /// # Errors
    /// None for an amount in range; the type says so because the arithmetic is checked.
    pub fn of_floor(self, amount: Lamports) -> Result<Lamports, LamportsError> {
        Lamports::try_from_wide(amount.wide() * i128::from(self.0) / i128::from(Self::WHOLE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_down_and_stays_in_range() {
        let two_percent = BasisPoints::try_new(200).unwrap();
        assert_eq!(two_percent.of_floor(Lamports::new(149)), Ok(Lamports::new(2)));
        assert_eq!(BasisPoints::try_new(10_000).unwrap().of_floor(Lamports::MAX), Ok(Lamports::MAX));
        assert_eq!(BasisPoints::try_new(10_001), Err(InvalidBasisPoints(10_001)));
    }
}
