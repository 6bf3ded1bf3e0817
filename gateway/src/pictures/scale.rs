//! Where values and moments lie on a chart.
//!
//! Floats end here: they are places in a picture, and no price is ever read back from them.

use super::{canvas::Area, chart::Chart};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

/// Room above and below the values, in parts of their range.
const MARGIN: Decimal = Decimal::from_parts(12, 0, 0, false, 2);

/// From values to pixels.
pub(super) struct Scale {
    area: Area,
    span: (i64, i64),
    low: Decimal,
    range: Decimal,
}

impl Scale {
    /// Holds everything that a chart shows; nothing for a chart without values or time.
    pub(super) fn of(chart: &Chart, area: Area) -> Option<Self> {
        let points = chart.tracks.iter().flat_map(|track| &track.points);
        let levels =
            chart.levels.iter().map(|level| level.value).chain(chart.decided.map(|(_, value)| value));
        let values = || points.clone().flat_map(|point| [point.low, point.high]).chain(levels.clone());
        Self::try_new(area, chart.span, values().min()?, values().max()?)
    }

    /// From a range of values; one that is a single value lies in the middle.
    pub(super) fn try_new(area: Area, span: (i64, i64), low: Decimal, high: Decimal) -> Option<Self> {
        if span.1 <= span.0 {
            return None;
        }
        let range = high.checked_sub(low)?;
        let range = if range.is_zero() { high.abs().max(Decimal::ONE) / Decimal::ONE_HUNDRED } else { range };
        let margin = range.checked_mul(MARGIN)?;
        let rim = if high == low { range } else { margin };
        let all = high.checked_sub(low)?.checked_add(rim)?.checked_add(rim)?;
        Some(Self { area, span, low: low.checked_sub(rim)?, range: all })
    }

    /// Whether a moment is on the chart.
    pub(super) fn holds(&self, second: i64) -> bool {
        (self.span.0..=self.span.1).contains(&second)
    }

    /// From the left edge of the picture.
    pub(super) fn x(&self, second: i64) -> f32 {
        let part = (second - self.span.0) as f32 / (self.span.1 - self.span.0) as f32;
        self.area.left + self.area.width() * part.clamp(0.0, 1.0)
    }

    /// From the upper edge of the picture.
    pub(super) fn y(&self, value: Decimal) -> f32 {
        let part = value.checked_sub(self.low).and_then(|above| above.checked_div(self.range));
        let part = part.and_then(|part| part.to_f32()).unwrap_or(0.5);
        self.area.bottom - self.area.height() * part.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area::new(10.0, 20.0, 110.0, 220.0);

    #[test]
    fn values_and_moments_have_their_places() {
        let scale = Scale::try_new(AREA, (100, 200), Decimal::from(150), Decimal::from(160)).unwrap();
        assert_eq!((scale.x(100), scale.x(150), scale.x(200)), (10.0, 60.0, 110.0));
        assert_eq!(scale.y(Decimal::from(155)), 120.0, "the middle");
        assert!(scale.y(Decimal::from(160)) < scale.y(Decimal::from(150)), "more is higher");
        assert!(scale.y(Decimal::from(160)) > 20.0, "with room above");
        assert_eq!(scale.y(Decimal::from(1_000)), 20.0, "and nothing outside");
        assert!(scale.holds(100) && !scale.holds(201));
    }

    #[test]
    fn a_still_price_lies_in_the_middle() {
        let scale = Scale::try_new(AREA, (0, 1), Decimal::from(150), Decimal::from(150)).unwrap();
        assert_eq!(scale.y(Decimal::from(150)), 120.0);
        assert!(Scale::try_new(AREA, (1, 1), Decimal::ONE, Decimal::TWO).is_none());
        assert!(Scale::try_new(AREA, (0, 1), Decimal::MIN, Decimal::MAX).is_none());
    }
}
