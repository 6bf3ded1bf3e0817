//! The recent ticks of one asset, as this process saw them. Every replica keeps one: whoever
//! becomes the writer stores from it what is missing, so that neither a change of writer nor an
//! outage of the database leaves a gap in the series.

use crate::domain::{Moment, Tick};
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
