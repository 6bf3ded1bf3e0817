//! The fold: ticks in, resolutions out.
//!
//! Its state follows from the ticks and the seconds that are over, nothing else, so that stored
//! seconds give the same resolutions again after a restart and in anybody's hands. Targets lie in
//! ordered sets: a tick costs the logarithm of the number of watches, and the few it touches.

use super::frame::Frame;
use super::history::History;
use super::moment::{Moment, SECOND, Second};
use super::price::Price;
use super::tick::Tick;
use super::watch::{Outcome, Resolution, Rule, Side, WINDOW_PATIENCE, Watch};
use proto::RoomId;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A touch is confirmed by a run of at least this many aggregates,
const RUN_TICKS: u32 = 3;
/// at least this long from first to last,
const RUN_LENGTH: i64 = 3 * SECOND;
/// with no more than this between two of them.
const RUN_GAP: i64 = 2 * SECOND;
/// An aggregate may be dated this long before its receipt, so a touch can still begin this long
/// after the deadline.
const DATED_WITHIN: i64 = 2;
/// A run that is older than this many seconds is confirmed, so the runs of watches that are still
/// undecided lie within the last seconds of a series.
pub const TAIL: i64 = 10;

/// Aggregates at or beyond a target without interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first_at: Moment,
    dated: Moment,
    price: Price,
    last_at: Moment,
    ticks: u32,
}

impl Run {
    fn confirmed(&self) -> bool {
        self.ticks >= RUN_TICKS && self.last_at.since(self.first_at) >= RUN_LENGTH
    }
}

#[derive(Debug)]
struct Followed {
    watch: Watch,
    /// The second after which it is looked at next.
    due: Second,
}

/// A tick that is not later than what the fold has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tick is not later than the series")]
pub struct OutOfOrder;

/// All watches of one asset.
#[derive(Debug)]
pub struct Fold {
    history: History,
    last_tick: Option<Moment>,
    watches: BTreeMap<RoomId, Followed>,
    rising: BTreeSet<(Price, RoomId)>,
    falling: BTreeSet<(Price, RoomId)>,
    runs: BTreeMap<RoomId, Run>,
    due: BTreeSet<(Second, RoomId)>,
}

impl Fold {
    /// A series that begins with a second; what is before it is a gap to every watch.
    #[must_use]
    pub const fn new(from: Second) -> Self {
        Self {
            history: History::new(from),
            last_tick: None,
            watches: BTreeMap::new(),
            rising: BTreeSet::new(),
            falling: BTreeSet::new(),
            runs: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// A series as it was stored through `last`, with the watches that were followed then: its
    /// history from the samples since `from`, its runs from the frames of the last [`TAIL`] seconds.
    /// Resolutions are those that should have been stored with the tail and were not.
    ///
    /// # Errors
    /// Frames out of order.
    pub fn resume(
        from: Second,
        last: Second,
        samples: impl IntoIterator<Item = (Second, Price)>,
        tail: &[Frame],
        watches: impl IntoIterator<Item = Watch>,
    ) -> Result<(Self, Vec<Resolution>), OutOfOrder> {
        let until = last.plus(1 - TAIL).max(from);
        let mut fold = Self { history: History::restore(from, until, samples), ..Self::new(from) };
        watches.into_iter().for_each(|watch| fold.follow(watch));
        let mut resolved = Vec::new();
        for frame in tail.iter().filter(|frame| frame.second >= until) {
            resolved.extend(fold.replay(frame)?);
        }
        Ok((fold, resolved))
    }

    /// First second that is not over.
    #[must_use]
    pub const fn open(&self) -> Second {
        self.history.open()
    }

    /// How many watches are followed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.watches.len()
    }

    /// Whether nothing is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// Whether a room is followed.
    #[must_use]
    pub fn follows(&self, room: RoomId) -> bool {
        self.watches.contains_key(&room)
    }

    /// Follows a watch from here on. One that opened earlier has to be folded over the stored
    /// seconds first, see [`Fold::adopt`].
    pub fn follow(&mut self, watch: Watch) {
        self.forget(watch.room);
        let due = match watch.rule {
            Rule::Touch { .. } => watch.deadline.second_from().plus(DATED_WITHIN - 1),
            Rule::Close { .. } => watch.deadline.second_from().plus(-1),
        };
        // A second that is over already cannot become due: the next one looks.
        let due = due.max(self.open());
        if let Rule::Touch { side, target } = watch.rule {
            self.targets(side).insert((target, watch.room));
        }
        self.due.insert((due, watch.room));
        self.watches.insert(watch.room, Followed { watch, due });
    }

    /// Stops following a room that was decided, here or elsewhere.
    pub fn forget(&mut self, room: RoomId) {
        let Some(Followed { watch, due }) = self.watches.remove(&room) else { return };
        if let Rule::Touch { side, target } = watch.rule {
            self.targets(side).remove(&(target, room));
        }
        self.runs.remove(&room);
        self.due.remove(&(due, room));
    }

    /// Takes over the watches of a fold over the same series that began earlier or later and has
    /// come to the same second.
    pub fn adopt(&mut self, other: Self) {
        for followed in other.watches.into_values() {
            self.follow(followed.watch);
        }
        self.runs.extend(other.runs);
        if other.history.from() < self.history.from() {
            self.history = other.history;
        }
    }

    /// Takes the next tick; the seconds before it are over.
    ///
    /// # Errors
    /// A tick of a second that is over, or not later than the last one; nothing changes.
    pub fn tick(&mut self, tick: &Tick) -> Result<Vec<Resolution>, OutOfOrder> {
        if tick.second() < self.open() || self.last_tick.is_some_and(|last| tick.at <= last) {
            return Err(OutOfOrder);
        }
        let mut resolved = self.close_before(tick.second());
        self.last_tick = Some(tick.at);
        self.history.note(tick);
        resolved.extend(self.touch(tick));
        Ok(resolved)
    }

    /// Folds one stored second.
    ///
    /// # Errors
    /// A second that is over; what was folded before the offending tick stays folded.
    pub fn replay(&mut self, frame: &Frame) -> Result<Vec<Resolution>, OutOfOrder> {
        let mut resolved = Vec::new();
        for tick in &frame.ticks {
            resolved.extend(self.tick(tick)?);
        }
        if frame.complete {
            resolved.extend(self.close_before(frame.second.plus(1)));
        }
        Ok(resolved)
    }

    /// All seconds before this one are over.
    pub fn close_before(&mut self, second: Second) -> Vec<Resolution> {
        let mut resolved = Vec::new();
        while self.open() < second {
            self.history.close();
            resolved.extend(self.look_at_due());
        }
        resolved
    }

    /// Extends the runs of the targets at or beyond which the price is; all others end.
    fn touch(&mut self, tick: &Tick) -> Vec<Resolution> {
        let mut before = std::mem::take(&mut self.runs);
        let Some(aggregate) = tick.aggregate.as_ref() else { return Vec::new() };
        let price = aggregate.price;
        let lowest = (price, RoomId::new(Uuid::nil()));
        let highest = (price, RoomId::new(Uuid::max()));
        let hits = self.rising.range(..=highest).chain(self.falling.range(lowest..));
        let mut confirmed = Vec::new();
        for room in hits.map(|(_, room)| *room) {
            let Some(Followed { watch, .. }) = self.watches.get(&room) else { continue };
            let Some(run) = extend(before.remove(&room), watch, tick, price) else { continue };
            if run.confirmed() {
                confirmed.push(Resolution {
                    room,
                    outcome: Outcome::Yes,
                    observed_at: run.dated,
                    price: Some(run.price.get()),
                    first: run.first_at.second(),
                    last: run.last_at.second(),
                });
            } else {
                self.runs.insert(room, run);
            }
        }
        for resolution in &confirmed {
            self.forget(resolution.room);
        }
        confirmed
    }

    /// Looks at the watches that are due after the second that has just ended.
    fn look_at_due(&mut self) -> Vec<Resolution> {
        let ended = self.open().plus(-1);
        let mut resolved = Vec::new();
        while let Some((due, room)) = self.due.first().copied().filter(|(due, _)| *due <= ended) {
            self.due.remove(&(due, room));
            let Some(followed) = self.watches.get(&room) else { continue };
            if let Some(resolution) = self.decide(&followed.watch) {
                self.forget(room);
                resolved.push(resolution);
            } else if let Some(followed) = self.watches.get_mut(&room) {
                followed.due = ended.plus(1);
                self.due.insert((followed.due, room));
            }
        }
        resolved
    }

    /// What can be said of a watch after its deadline, or nothing yet.
    fn decide(&self, watch: &Watch) -> Option<Resolution> {
        let end = self.open();
        match watch.rule {
            // A run open at the deadline is followed to its end.
            Rule::Touch { .. } if self.runs.contains_key(&watch.room) => None,
            Rule::Touch { .. } => {
                let covered = self.history.covers(watch.open_at, watch.deadline);
                Some(Resolution {
                    room: watch.room,
                    outcome: if covered { Outcome::No } else { Outcome::Insufficient },
                    observed_at: watch.deadline,
                    price: None,
                    first: watch.open_at.second(),
                    last: end.plus(-1),
                })
            }
            Rule::Close { side, target, mean } => {
                let first_end = watch.deadline.second_from();
                let verdict = self.history.window(end, mean).and_then(|window| {
                    // Sum against n times the target: no division, nothing to round.
                    let target = window.samples.checked_mul(target.get())?;
                    let outcome = if side.reached(window.sum, target) { Outcome::Yes } else { Outcome::No };
                    Some((outcome, end.begin(), mean_for_display(window.sum, window.samples)))
                });
                let exhausted = end >= first_end.plus(WINDOW_PATIENCE);
                let (outcome, observed_at, price) = match verdict {
                    Some(verdict) => verdict,
                    None if exhausted => (Outcome::Insufficient, watch.deadline, None),
                    None => return None,
                };
                let first = first_end.plus(-mean);
                Some(Resolution { room: watch.room, outcome, observed_at, price, first, last: end.plus(-1) })
            }
        }
    }

    fn targets(&mut self, side: Side) -> &mut BTreeSet<(Price, RoomId)> {
        match side {
            Side::AtOrAbove => &mut self.rising,
            Side::AtOrBelow => &mut self.falling,
        }
    }
}

/// The run of a watch whose target the tick's price has reached. None where it cannot count:
/// before the opening, or begun after the deadline.
fn extend(run: Option<Run>, watch: &Watch, tick: &Tick, price: Price) -> Option<Run> {
    let Rule::Touch { side, target } = watch.rule else { return None };
    if tick.at < watch.open_at {
        return None;
    }
    if let Some(run) = run.filter(|run| tick.at.since(run.last_at) <= RUN_GAP) {
        return Some(Run { last_at: tick.at, ticks: run.ticks.saturating_add(1), ..run });
    }
    let dated = tick.dated(side, target);
    (dated < watch.deadline).then_some(Run { first_at: tick.at, dated, price, last_at: tick.at, ticks: 1 })
}

fn mean_for_display(sum: Decimal, samples: Decimal) -> Option<Decimal> {
    sum.checked_div(samples).map(|mean| mean.round_dp(8).normalize())
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
