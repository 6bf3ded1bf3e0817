//! The script's own record of the market, and its own judgment of what a room may say. It shares no code with the oracle:
//! it reads what the venues are made of, sees no quote and knows no median.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rust_decimal::Decimal;

use crate::venues::{Asset, Market};

/// Between two readings.
const EVERY: Duration = Duration::from_millis(20);

/// Venues quote the market up to a third of a second late.
const LAG_MS: i64 = 400;

/// A touch needs 3 s of aggregates; some of the ends are lost between two of them.
const TOUCH_MS: i64 = 3_000;
const TICK_MS: i64 = 1_000;

/// How far a price may be from the market's: venues round, and stray by less than a basis point.
const STRAY_BPS: i64 = 10;

/// The market as it was.
#[derive(Debug, Default)]
pub struct Truth {
    /// Milliseconds since 1970 and the price, ascending.
    prices: BTreeMap<Asset, Vec<(i64, Decimal)>>,
    /// When there was no quorum of honest, reachable venues.
    blackouts: Vec<(i64, i64)>,
}

/// What a room asked, in the script's words.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// What is priced.
    pub asset: Asset,
    /// In USD.
    pub target: Decimal,
    /// Touched or closed.
    pub touch: bool,
    /// Milliseconds since 1970.
    pub open_at: i64,
    /// Milliseconds since 1970.
    pub deadline: i64,
    /// Seconds of a mean.
    pub mean: i64,
}

/// What it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// An outcome: YES is 0.
    Outcome {
        /// Which.
        outcome: usize,
        /// When it was so, in milliseconds since 1970.
        at: i64,
        /// By which price, if any.
        price: Option<Decimal>,
    },
    /// No reliable price.
    Insufficient,
}

/// Milliseconds since 1970 by this machine, which is every venue's, too.
#[expect(clippy::disallowed_methods, reason = "the script's own record, not a service's time")]
pub fn now() -> i64 {
    let now = time::OffsetDateTime::now_utc();
    now.unix_timestamp() * 1_000 + i64::from(now.millisecond())
}

impl Truth {
    /// Reads the market until it is stopped.
    pub async fn watch(truth: &std::sync::Mutex<Self>, market: &Market) {
        loop {
            let at = now();
            if let Ok(mut truth) = truth.lock() {
                for asset in [Asset::Sol, Asset::Btc, Asset::Eth] {
                    truth.prices.entry(asset).or_default().push((at, market.price(asset)));
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// From one moment to another no quorum could be had.
    pub fn blackout(&mut self, from: i64, to: i64) {
        self.blackouts.push((from, to));
    }

    /// Whether an answer can be right.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn judge(&self, asked: &Asked, answered: Answered) -> Result<()> {
        match (answered, asked.touch) {
            (Answered::Outcome { outcome: 0, at, price }, true) => self.touched(asked, at, price),
            (Answered::Outcome { .. }, true) => self.never_touched(asked),
            (Answered::Outcome { outcome, at, price }, false) => self.closed(asked, outcome, at, price),
            (Answered::Insufficient, _) => self.unknowable(asked),
        }
    }

    /// There was a time at the target that is long enough, and it began when the answer says.
    fn touched(&self, asked: &Asked, at: i64, price: Option<Decimal>) -> Result<()> {
        let stretches = self.beyond(asked)?;
        let long = stretches.iter().find(|(from, to)| {
            to - from >= TOUCH_MS - TICK_MS && (from - 2_000..=from + LAG_MS + TICK_MS).contains(&at)
        });
        ensure!(
            long.is_some(),
            "touched at {at}, but the market was beyond {} in {stretches:?}",
            asked.target
        );
        self.near(asked.asset, at, LAG_MS + 2 * TICK_MS, price.context("a touch without a price")?)
    }

    fn never_touched(&self, asked: &Asked) -> Result<()> {
        let longest = self.beyond(asked)?.into_iter().map(|(from, to)| to - from).max().unwrap_or_default();
        ensure!(longest < TOUCH_MS + TICK_MS, "not touched, but the market was beyond for {longest} ms");
        ensure!(self.blind_within(asked) <= self.bearable(asked) + TICK_MS, "it could not know");
        Ok(())
    }

    /// The mean of the market over the window that the answer names lies where it says.
    fn closed(&self, asked: &Asked, outcome: usize, at: i64, price: Option<Decimal>) -> Result<()> {
        ensure!(at >= asked.deadline, "the window ends before the deadline");
        ensure!(
            at == (asked.deadline + 999) / 1_000 * 1_000
                || self.dark(asked.deadline - asked.mean * 1_000, at),
            "the window ends {} ms late although there was a price",
            at - asked.deadline
        );
        let window = self.between(asked.asset, at - asked.mean * 1_000, at)?;
        let mean = window.iter().sum::<Decimal>() / Decimal::from(window.len());
        let right = usize::from(mean < asked.target);
        ensure!(outcome == right, "the market's mean was {mean}, the target {}", asked.target);
        let price = price.context("a close without a price")?;
        ensure!(same(mean, price), "the market's mean was {mean}, not {price}");
        Ok(())
    }

    fn unknowable(&self, asked: &Asked) -> Result<()> {
        let (blind, bearable) = (self.blind_within(asked), self.bearable(asked));
        ensure!(blind > bearable - 2 * TICK_MS, "blind for {blind} ms only, of {bearable} that are borne");
        Ok(())
    }

    /// Milliseconds without an aggregate that a NO bears.
    fn bearable(&self, asked: &Asked) -> i64 {
        let horizon = asked.deadline - asked.open_at;
        (horizon / 100).max((horizon / 10).min(10_000))
    }

    fn blind_within(&self, asked: &Asked) -> i64 {
        let within = |(from, to): &(i64, i64)| (to.min(&asked.deadline) - from.max(&asked.open_at)).max(0);
        self.blackouts.iter().map(within).sum()
    }

    fn dark(&self, from: i64, to: i64) -> bool {
        self.blackouts.iter().any(|(begun, ended)| *begun < to && *ended > from)
    }

    /// When the market was at or beyond the target while the room ran: from, to.
    fn beyond(&self, asked: &Asked) -> Result<Vec<(i64, i64)>> {
        let prices = self.prices.get(&asked.asset).context("no record")?;
        let inside = |at: i64| at >= asked.open_at && at <= asked.deadline + TOUCH_MS + TICK_MS;
        let first = prices.iter().find(|(at, _)| inside(*at)).context("no record of the opening")?.1;
        let upward = first < asked.target;
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        let mut before = None;
        for (at, price) in prices.iter().filter(|(at, _)| inside(*at)) {
            let reached = if upward { *price >= asked.target } else { *price <= asked.target };
            match (reached, before, stretches.last_mut()) {
                (true, Some(true), Some(last)) => last.1 = *at,
                (true, ..) => stretches.push((*at, *at)),
                (false, ..) => {}
            }
            before = Some(reached);
        }
        Ok(stretches)
    }

    fn between(&self, asset: Asset, from: i64, to: i64) -> Result<Vec<Decimal>> {
        let prices = self.prices.get(&asset).context("no record")?;
        let inside = prices.iter().filter(|(at, _)| (from..to).contains(at));
        let found: Vec<_> = inside.map(|(_, price)| *price).collect();
        ensure!(!found.is_empty(), "no record of {from} to {to}");
        Ok(found)
    }

    /// Some price of the market around a moment is this one.
    fn near(&self, asset: Asset, at: i64, within: i64, price: Decimal) -> Result<()> {
        let around = self.between(asset, at - within, at + within)?;
        ensure!(around.iter().any(|market| same(*market, price)), "{price} was no price of the market");
        Ok(())
    }
}

/// Whether two prices are the same but for rounding and straying.
fn same(market: Decimal, price: Decimal) -> bool {
    (market - price).abs() * Decimal::from(10_000) <= market * Decimal::from(STRAY_BPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of SOL, a reading every 20 ms.
    fn truth(price: impl Fn(i64) -> i64) -> Truth {
        let readings = (0..60_000).step_by(20).map(|at| (at, Decimal::from(price(at)))).collect();
        Truth { prices: [(Asset::Sol, readings)].into(), blackouts: Vec::new() }
    }

    fn asked(touch: bool) -> Asked {
        let target = Decimal::from(165);
        Asked { asset: Asset::Sol, target, touch, open_at: 1_000, deadline: 41_000, mean: 5 }
    }

    fn outcome(outcome: usize, at: i64, price: Option<i64>) -> Answered {
        Answered::Outcome { outcome, at, price: price.map(Decimal::from) }
    }

    #[test]
    fn a_touch_needs_the_market_to_be_there_for_long() {
        let there = truth(|at| if at >= 20_000 { 166 } else { 160 });
        assert!(there.judge(&asked(true), outcome(0, 20_100, Some(166))).is_ok());
        for (at, price) in [(20_100, Some(170)), (25_000, Some(166)), (15_000, Some(166)), (20_100, None)] {
            assert!(there.judge(&asked(true), outcome(0, at, price)).is_err(), "{at} {price:?}");
        }
        assert!(there.judge(&asked(true), outcome(1, 41_000, None)).is_err(), "it was touched");
        let flash = truth(|at| if (20_000..21_000).contains(&at) { 166 } else { 160 });
        assert!(flash.judge(&asked(true), outcome(0, 20_100, Some(166))).is_err());
        assert!(flash.judge(&asked(true), outcome(1, 41_000, None)).is_ok());
    }

    #[test]
    fn a_close_is_the_mean_of_its_window() {
        let late = truth(|at| if at >= 38_000 { 166 } else { 160 });
        assert!(late.judge(&asked(false), outcome(1, 41_000, None)).is_err());
        let mean = Some("163.6".parse().unwrap());
        assert!(late.judge(&asked(false), Answered::Outcome { outcome: 1, at: 41_000, price: mean }).is_ok());
        assert!(
            late.judge(&asked(false), Answered::Outcome { outcome: 0, at: 41_000, price: mean }).is_err()
        );
        assert!(
            late.judge(&asked(false), outcome(0, 44_000, Some(166))).is_err(),
            "there was a price before"
        );
        let mut dark = late;
        dark.blackout(35_000, 43_000);
        assert!(dark.judge(&asked(false), outcome(0, 48_000, Some(166))).is_ok());
    }

    #[test]
    fn a_void_needs_a_blackout() {
        let mut blind = truth(|_| 160);
        assert!(blind.judge(&asked(true), Answered::Insufficient).is_err());
        blind.blackout(10_000, 16_000);
        assert!(blind.judge(&asked(true), Answered::Insufficient).is_ok());
        assert!(blind.judge(&asked(true), outcome(1, 41_000, None)).is_err(), "it could not know");
    }
}
