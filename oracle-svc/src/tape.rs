//! The recent ticks of one asset, as this process saw them. Every replica keeps one: whoever
//! becomes the writer stores from it what is missing, so that neither a change of writer nor an
//! outage of the database leaves a gap in the series.

use crate::domain::{Moment, Price, Tick};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Ticks in ascending order, the oldest dropped beyond the capacity.
#[derive(Debug)]
pub(crate) struct Tape {
    capacity: usize,
    ticks: Mutex<VecDeque<Arc<Tick>>>,
    newest: watch::Sender<Moment>,
}

impl Tape {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, ticks: Mutex::default(), newest: watch::Sender::new(Moment::default()) }
    }

    /// Appends a tick that is later than all others.
    pub(crate) fn push(&self, tick: Tick) {
        let at = tick.at;
        let mut ticks = self.ticks();
        if ticks.len() >= self.capacity {
            ticks.pop_front();
        }
        ticks.push_back(Arc::new(tick));
        drop(ticks);
        self.newest.send_replace(at);
    }

    /// The newest tick.
    pub(crate) fn last(&self) -> Option<Arc<Tick>> {
        self.ticks().back().cloned()
    }

    /// Waits for ticks later than a moment and returns the first `limit` of them.
    pub(crate) async fn after(&self, at: Moment, limit: usize) -> Vec<Arc<Tick>> {
        let mut newest = self.newest.subscribe();
        loop {
            let ticks = self.taken_after(at, limit);
            if !ticks.is_empty() || newest.wait_for(|newest| *newest > at).await.is_err() {
                return ticks;
            }
        }
    }

    /// The last price at a moment, no older than `within` microseconds.
    pub(crate) fn price_at(&self, at: Moment, within: i64) -> Option<Price> {
        let ticks = self.ticks();
        let after = ticks.partition_point(|tick| tick.at <= at);
        let recent = ticks.iter().take(after).rev().take_while(|tick| at.since(tick.at) <= within);
        recent.filter_map(|tick| tick.aggregate.as_ref()).map(|aggregate| aggregate.price).next()
    }

    fn taken_after(&self, at: Moment, limit: usize) -> Vec<Arc<Tick>> {
        let ticks = self.ticks();
        let first = ticks.partition_point(|tick| tick.at <= at);
        ticks.iter().skip(first).take(limit).cloned().collect()
    }

    fn ticks(&self) -> MutexGuard<'_, VecDeque<Arc<Tick>>> {
        self.ticks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Aggregate;
    use rust_decimal::Decimal;
    use std::collections::BTreeSet;

    fn tick(micros: i64) -> Tick {
        Tick { at: Moment::from_micros(micros), quotes: Vec::new(), rate: None, aggregate: None }
    }

    fn moments(ticks: &[Arc<Tick>]) -> Vec<i64> {
        ticks.iter().map(|tick| tick.at.micros()).collect()
    }

    #[tokio::test]
    async fn gives_what_is_later_oldest_first_and_forgets_the_oldest() {
        let tape = Tape::new(3);
        for micros in 1..=5 {
            tape.push(tick(micros));
        }
        assert_eq!(moments(&tape.after(Moment::default(), 10).await), [3, 4, 5]);
        assert_eq!(moments(&tape.after(Moment::from_micros(3), 1).await), [4]);
    }

    #[test]
    fn knows_the_price_of_a_moment_for_a_while() {
        let tape = Tape::new(10);
        let price = Price::parse("165").unwrap();
        let aggregate =
            Aggregate { price, confidence: Decimal::ZERO, band: Decimal::ONE, counted: BTreeSet::new() };
        tape.push(Tick { aggregate: Some(aggregate), ..tick(100) });
        tape.push(tick(200));
        assert_eq!(tape.price_at(Moment::from_micros(99), 50), None);
        for micros in [100, 150, 200, 250] {
            assert_eq!(tape.price_at(Moment::from_micros(micros), 150), Some(price), "{micros}");
        }
        assert_eq!(tape.price_at(Moment::from_micros(251), 150), None);
    }

    #[tokio::test]
    async fn waits_for_the_next_tick() {
        let tape = Arc::new(Tape::new(3));
        tape.push(tick(1));
        let waiting = tokio::spawn({
            let tape = Arc::clone(&tape);
            async move { moments(&tape.after(Moment::from_micros(1), 10).await) }
        });
        tokio::task::yield_now().await;
        tape.push(tick(2));
        assert_eq!(waiting.await.unwrap(), [2]);
    }
}
