//! A series: one sample a second, the means over windows of them, and how certain they were.

use super::fields::Fields;
use super::finding::Findings;
use super::price::Fraction;
use super::stream::Array;
use super::terms::Terms;
use super::tick::{self, Market, SECOND, Tick};
use super::touch::Touch;
use serde_json::Value;
use std::{collections::BTreeMap, ops::RangeInclusive};

/// What makes operators look before a room is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doubt {
    /// A price was less certain than the terms accept.
    confidence: bool,
    /// A venue had no vote.
    excluded: bool,
}

impl Doubt {
    /// That of one aggregate: whether its confidence is above so many basis points of its price; 0 accepts everything.
    pub(super) fn of(tick: &Tick, accepted_bps: u32) -> Self {
        let share = |price: u128| price.saturating_mul(u128::from(accepted_bps));
        let wide = |price| accepted_bps > 0 && tick.confidence.saturating_mul(10_000) > share(price);
        Self { confidence: tick.price.is_some_and(wide), excluded: tick.excluded }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self { confidence: self.confidence || other.confidence, excluded: self.excluded || other.excluded }
    }

    /// As a verdict lists them.
    pub(super) fn words(self) -> Vec<&'static str> {
        let told = [(self.confidence, "CONFIDENCE"), (self.excluded, "EXCLUDED_VENUE")];
        told.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect()
    }
}

/// A window with enough samples.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The second after its last.
    pub(super) end: i64,
    pub(super) mean: Fraction,
    pub(super) doubt: Doubt,
}

/// The seconds of one asset, as they were read.
#[derive(Debug)]
pub(super) struct Series {
    array: Array,
    /// Sample and doubt of every second that is there.
    samples: BTreeMap<i64, (Option<u128>, Doubt)>,
    last_tick: i64,
    /// Follows the aggregates of a TOUCH room.
    pub(super) touch: Option<Touch>,
}

impl Series {
    pub(super) fn new(array: Array, touch: Option<Touch>) -> Self {
        Self { array, samples: BTreeMap::new(), last_tick: i64::MIN, touch }
    }

    /// Sample and doubt of every second that is there.
    pub(super) const fn samples(&self) -> &BTreeMap<i64, (Option<u128>, Doubt)> {
        &self.samples
    }

    /// Takes the next second.
    pub(super) fn take(&mut self, index: u64, value: &Value, terms: &Terms, findings: &mut Findings) {
        let path = format!("{}[{index}]", self.array.name());
        let Some(members) = value.as_object() else {
            return findings.add(path, "should be an object");
        };
        let fields = Fields::new(&path, members);
        fields.only(&["second", "complete", "aggregates", "check"], findings);
        let Some(second) = fields.number::<i64>("second", findings) else { return };
        if self.samples.last_key_value().is_some_and(|(last, _)| *last >= second) {
            return findings.add(fields.path("second"), "does not ascend");
        }
        if let Some(touch) = &mut self.touch {
            touch.close_before(second, &self.samples);
        }
        let market = match self.array {
            Array::RivalSeries => Market::of(&terms.told.rival_asset),
            Array::Bets | Array::Series => Market::of(&terms.told.asset),
        };
        let (mut sample, mut doubt) = (None, Doubt::default());
        for (number, aggregate) in fields.array("aggregates", findings).iter().enumerate() {
            let path = format!("{path}.aggregates[{number}]");
            let tick = tick::read(&path, aggregate, market, terms.quorum, findings);
            if tick.at.div_euclid(SECOND) != second || tick.at <= self.last_tick {
                findings
                    .add(format!("{path}.at"), "lies in another second, or not after the aggregate before");
                continue;
            }
            self.last_tick = tick.at;
            doubt = doubt.and(Doubt::of(&tick, terms.told.suspicion_bps));
            sample = tick.price.or(sample);
            if let Some(touch) = &mut self.touch {
                touch.tick(&tick, Doubt::of(&tick, terms.told.suspicion_bps));
            }
        }
        self.samples.insert(second, (sample, doubt));
        if fields.flag("complete", findings)
            && let Some(touch) = &mut self.touch
        {
            touch.close_before(second.saturating_add(1), &self.samples);
        }
    }

    /// Nothing comes any more; the seconds before this one are over.
    pub(super) fn finish(&mut self, end: i64) {
        if let Some(touch) = &mut self.touch {
            touch.close_before(end, &self.samples);
        }
    }

    /// The window of `length` seconds before `end`, if nine tenths of them have a sample.
    pub(super) fn window(&self, end: i64, length: i64) -> Option<Window> {
        let (mut sum, mut count, mut doubt) = (0_u128, 0_u32, Doubt::default());
        for (price, of_second) in self.samples.range(end.saturating_sub(length)..end).map(|(_, kept)| kept) {
            doubt = doubt.and(*of_second);
            if let Some(price) = price {
                sum = sum.checked_add(*price)?;
                count += 1;
            }
        }
        let sufficient = i64::from(count) * 10 >= length * 9;
        let mean = Fraction::mean(sum, count).filter(|_| sufficient)?;
        Some(Window { end, mean, doubt })
    }

    /// Names the seconds outside of those that the verdict rests on.
    pub(super) fn lies_in(&self, allowed: &[RangeInclusive<i64>], findings: &mut Findings) {
        for (index, second) in self.samples.keys().enumerate() {
            if !allowed.iter().any(|range| range.contains(second)) {
                return findings.add(
                    format!("{}[{index}].second", self.array.name()),
                    format!("is {second}, which the verdict does not rest on"),
                );
            }
        }
    }
}

/// Whether [open, deadline] was seen well enough to say that nothing happened: of its whole seconds, those without a sample
/// are at most max(1 % of the horizon, min(10 s, 10 % of it)), and no more than 60 of them follow one another.
pub(super) fn covered(samples: &BTreeMap<i64, (Option<u128>, Doubt)>, open_at: i64, deadline: i64) -> bool {
    const LONGEST: i64 = 60;
    const MOST_OF_SHORT: i64 = 10;
    let first = open_at.div_euclid(SECOND) + i64::from(open_at.rem_euclid(SECOND) > 0);
    let (mut blind, mut stretch, mut longest) = (0, 0, 0);
    for second in first..deadline.div_euclid(SECOND) {
        if samples.get(&second).is_some_and(|(price, _)| price.is_some()) {
            stretch = 0;
        } else {
            (blind, stretch) = (blind + 1, stretch + 1);
            longest = longest.max(stretch);
        }
    }
    let horizon = deadline.saturating_sub(open_at);
    let of_horizon = |parts: i64| blind * SECOND * parts <= horizon;
    longest <= LONGEST && (of_horizon(100) || (blind <= MOST_OF_SHORT && of_horizon(10)))
}
