//! The touch rule: an unbroken run of at least three values at or beyond the target, first to last at least 3 s, gaps at
//! most 2 s, whose first is dated before the deadline.

use super::series::{Doubt, covered};
use super::terms::{Rule, Side, Terms};
use super::tick::{SECOND, Tick};
use std::collections::BTreeMap;

const VALUES: u32 = 3;
const LENGTH: i64 = 3 * SECOND;
const GAP: i64 = 2 * SECOND;
/// An aggregate may be dated so many seconds before it was taken, so a run may begin so long after the deadline.
const DATED_WITHIN: i64 = 2;

/// Values at or beyond the target. Times in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Run<P> {
    pub(super) first_at: i64,
    pub(super) last_at: i64,
    /// The date of its first value.
    pub(super) dated: i64,
    /// Its first value.
    pub(super) price: P,
    pub(super) doubt: Doubt,
    values: u32,
}

impl<P> Run<P> {
    pub(super) const fn begin(at: i64, dated: i64, price: P, doubt: Doubt) -> Self {
        Self { first_at: at, last_at: at, dated, price, doubt, values: 1 }
    }

    /// One value more. False where it comes too late to belong to this run.
    pub(super) fn extend(&mut self, at: i64, doubt: Doubt) -> bool {
        if at.saturating_sub(self.last_at) > GAP {
            return false;
        }
        self.last_at = at;
        self.values += 1;
        self.doubt = self.doubt.and(doubt);
        true
    }

    pub(super) const fn confirmed(&self) -> bool {
        self.values >= VALUES && self.last_at.saturating_sub(self.first_at) >= LENGTH
    }
}

/// How a TOUCH room ends.
#[derive(Clone, Debug)]
pub(super) enum End<P> {
    /// A run was confirmed.
    Touched(Run<P>),
    /// None was, as is known after this second; whether the series can tell is a question of coverage.
    Untouched { after: i64, covered: bool },
}

/// Follows the aggregates of a TOUCH room.
#[derive(Debug)]
pub(super) struct Touch {
    side: Side,
    target: u128,
    open_at: i64,
    deadline: i64,
    run: Option<Run<u128>>,
    /// First second that is not over.
    open: i64,
    end: Option<End<u128>>,
}

impl Touch {
    /// Nothing for a room of another kind.
    pub(super) const fn of(terms: &Terms) -> Option<Self> {
        let Rule::Touch { side, target } = terms.rule else { return None };
        let (open_at, deadline) = (terms.open_at, terms.deadline);
        let open = open_at.div_euclid(SECOND);
        Some(Self { side, target, open_at, deadline, run: None, open, end: None })
    }

    /// The end, if it came.
    pub(super) const fn end(&self) -> Option<&End<u128>> {
        self.end.as_ref()
    }

    /// All seconds before this one are over. After the deadline, that ends the room unless a run still goes on.
    pub(super) fn close_before(&mut self, second: i64, samples: &BTreeMap<i64, (Option<u128>, Doubt)>) {
        let due = first_second(self.deadline) + DATED_WITHIN - 1;
        while self.open < second && self.end.is_none() {
            if self.open >= due && self.run.is_none() {
                let covered = covered(samples, self.open_at, self.deadline);
                self.end = Some(End::Untouched { after: self.open, covered });
            }
            self.open += 1;
        }
    }

    /// The next aggregate.
    pub(super) fn tick(&mut self, tick: &Tick, doubt: Doubt) {
        if self.end.is_some() {
            return;
        }
        let reached = |price: u128| self.side.holds(price.cmp(&self.target));
        let Some(price) = tick.price.filter(|price| reached(*price) && tick.at >= self.open_at) else {
            self.run = None;
            return;
        };
        let going_on = self.run.as_mut().is_some_and(|run| run.extend(tick.at, doubt));
        if !going_on {
            let dated = tick.dated(reached);
            self.run = (dated < self.deadline).then(|| Run::begin(tick.at, dated, price, doubt));
        }
        if let Some(run) = self.run.take_if(|run| run.confirmed()) {
            self.end = Some(End::Touched(run));
        }
    }
}

/// The first second that begins at or after a moment.
pub(super) const fn first_second(at: i64) -> i64 {
    at.div_euclid(SECOND) + if at.rem_euclid(SECOND) > 0 { 1 } else { 0 }
}
