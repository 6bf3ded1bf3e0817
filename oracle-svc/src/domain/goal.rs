//! What a mean is measured against.

use super::exact::Ratio;
use super::price::Price;
use super::samples::Window;
use super::watch::Side;
use rust_decimal::Decimal;

/// Places of a mean that is shown.
const PLACES: u32 = 8;

/// A target for the mean price or, with a supply, for the market cap: the sum of n samples times the supply against n
/// times the target, so that nothing is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Which side is met.
    side: Side,
    /// The price at which it is met: target per supply.
    level: Ratio,
    /// Tokens in existence; one where a price is asked for.
    supply: Ratio,
}

impl Goal {
    /// A price of the asset, in USD.
    #[must_use]
    pub fn price(side: Side, target: Price) -> Self {
        Self { side, level: target.into(), supply: Ratio::one() }
    }

    /// A market cap in USD, with so many tokens in existence; nothing unless both are above zero.
    #[must_use]
    pub fn cap(side: Side, target: Decimal, supply: Decimal) -> Option<Self> {
        let level = Ratio::new(target, supply).filter(|_| target > Decimal::ZERO)?;
        Some(Self { side, level, supply: Ratio::new(supply, Decimal::ONE)? })
    }

    /// Which side is met.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The price at which it is met.
    #[must_use]
    pub const fn level(&self) -> &Ratio {
        &self.level
    }

    /// Whether a window's mean is at or beyond it.
    pub(super) fn met_by(&self, window: &Window) -> bool {
        self.side.reached(&window.mean(), &self.level)
    }

    /// What the window amounts to, as it is shown.
    pub(super) fn shown(&self, window: &Window) -> Option<Decimal> {
        window.mean().times(&self.supply).rounded(PLACES).filter(is_visible)
    }
}

/// A window's mean price, as it is shown.
pub(super) fn shown(window: &Window) -> Option<Decimal> {
    window.mean().rounded(PLACES).filter(is_visible)
}

/// Whether anything is left of it: nothing is better than a price of zero.
fn is_visible(price: &Decimal) -> bool {
    !price.is_zero()
}
