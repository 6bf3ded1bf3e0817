//! The fold: ticks in, resolutions out.
//!
//! Its state follows from the ticks and the seconds that are over, nothing else, so that stored
//! seconds give the same resolutions again after a restart and in anybody's hands. Targets lie in
//! ordered sets: a tick costs the logarithm of the number of watches, and the few it touches.

use super::decide::Look;
use super::doubt::Doubt;
use super::exact::Ratio;
use super::frame::Frame;
use super::history::History;
use super::moment::{Moment, Second};
use super::price::Price;
use super::resolution::Resolution;
use super::samples::{Sample, Window};
use super::tick::Tick;
use super::touches::{Run, TAIL, Targets, Value};
use super::watch::{Rule, Watch, deadline_ends};
use proto::RoomId;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
struct Followed {
    watch: Watch,
    /// The window of its start price, once that is known.
    start: Option<Window>,
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
    /// Those that an aggregate can touch.
    targets: Targets<Price>,
    /// Those that the mean of so many seconds can touch.
    mean_targets: BTreeMap<i64, Targets<Ratio>>,
    due: BTreeSet<(Second, RoomId)>,
}

impl Fold {
    /// A series that begins with a second; what is before it is a gap to every watch.
    #[must_use]
    pub fn new(from: Second) -> Self {
        Self {
            history: History::new(from),
            last_tick: None,
            watches: BTreeMap::new(),
            targets: Targets::default(),
            mean_targets: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// A series as it was stored through `last`, with the watches that were followed then: means and starts from the
    /// samples since `from` in ascending order, runs from the frames of the last [`TAIL`] seconds.
    /// Resolutions are those that should have been stored with these seconds and were not.
    ///
    /// # Errors
    /// Frames out of order.
    pub fn resume(
        from: Second,
        last: Second,
        samples: impl IntoIterator<Item = Sample>,
        tail: &[Frame],
        watches: impl IntoIterator<Item = Watch>,
    ) -> Result<(Self, Vec<Resolution>), OutOfOrder> {
        let until = last.plus(1 - TAIL).max(from);
        let mut fold = Self::new(from);
        watches.into_iter().for_each(|watch| fold.follow(watch));
        let mut resolved = Vec::new();
        for sample in samples {
            if sample.second >= fold.open() && sample.second < until {
                resolved.extend(fold.close_before(sample.second));
                fold.history.restore(&sample);
            }
        }
        resolved.extend(fold.close_before(until));
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
        let room = watch.room;
        match &watch.rule {
            Rule::Touch { side, target } => self.targets.insert(*side, *target, room),
            Rule::CapTouch { goal, mean } => {
                self.mean_targets.entry(*mean).or_default().insert(goal.side(), goal.level().clone(), room);
            }
            Rule::Close { .. } | Rule::UpDown { .. } | Rule::Buckets { .. } => {}
        }
        // A second that is over already cannot become due: the next one looks.
        let due = watch.first_look().max(self.open());
        self.due.insert((due, room));
        self.watches.insert(room, Followed { watch, start: None, due });
    }

    /// Stops following a room that was decided, here or elsewhere.
    pub fn forget(&mut self, room: RoomId) {
        let Some(Followed { watch, due, .. }) = self.watches.remove(&room) else { return };
        match &watch.rule {
            Rule::Touch { side, target } => self.targets.remove(*side, *target, room),
            Rule::CapTouch { goal, mean } => {
                if let Some(targets) = self.mean_targets.get_mut(mean) {
                    targets.remove(goal.side(), goal.level().clone(), room);
                }
                self.mean_targets.retain(|_, targets| !targets.is_empty());
            }
            Rule::Close { .. } | Rule::UpDown { .. } | Rule::Buckets { .. } => {}
        }
        self.due.remove(&(due, room));
    }

    /// Takes over the watches of a fold over the same series that began earlier or later and has
    /// come to the same second.
    pub fn adopt(&mut self, other: Self) {
        for Followed { watch, start, due } in other.watches.into_values() {
            let room = watch.room;
            self.follow(watch);
            self.put_off(room, due);
            if let Some(followed) = self.watches.get_mut(&room) {
                followed.start = start;
            }
        }
        self.targets.adopt(other.targets);
        for (mean, targets) in other.mean_targets {
            self.mean_targets.entry(mean).or_default().adopt(targets);
        }
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
            resolved.extend(self.touch_means());
            resolved.extend(self.look_at_due());
        }
        resolved
    }

    /// Extends the runs of the targets at or beyond which the price is; all others end.
    fn touch(&mut self, tick: &Tick) -> Vec<Resolution> {
        let Some(aggregate) = tick.aggregate.as_ref() else {
            self.targets.interrupt();
            return Vec::new();
        };
        let (price, watches) = (aggregate.price, &self.watches);
        let value = Value { at: tick.at, doubt: Doubt::of(tick) };
        let confirmed = self.targets.reach(&price, |room, run| {
            let watch = &watches.get(&room)?.watch;
            let Rule::Touch { side, target } = watch.rule else { return None };
            if tick.at < watch.open_at {
                return None;
            }
            run.and_then(|run| run.extended(value)).or_else(|| {
                let dated = tick.dated(side, target);
                (dated < watch.deadline).then(|| Run::begin(value, dated, Some(price.get())))
            })
        });
        self.confirm(&confirmed, None)
    }

    /// The same for means, one a second: those of the windows that end with the second just over. A window lies within
    /// the time of the room, and is dated by its end.
    fn touch_means(&mut self) -> Vec<Resolution> {
        let (end, watches) = (self.open(), &self.watches);
        let at = end.begin();
        let mut confirmed = Vec::new();
        for (mean, targets) in &mut self.mean_targets {
            let Some(window) = self.history.window(end, *mean) else {
                targets.interrupt();
                continue;
            };
            let value = Value { at, doubt: window.doubt };
            let touched = targets.reach(&window.mean(), |room, run| {
                let watch = &watches.get(&room)?.watch;
                let Rule::CapTouch { goal, mean } = &watch.rule else { return None };
                if end.plus(-mean) < watch.open_at.second_from() {
                    return None;
                }
                run.and_then(|run| run.extended(value))
                    .or_else(|| (at < watch.deadline).then(|| Run::begin(value, at, goal.shown(&window))))
            });
            confirmed.push((*mean, touched));
        }
        confirmed.iter().flat_map(|(mean, runs)| self.confirm(runs, Some(*mean))).collect()
    }

    fn confirm(&mut self, runs: &[(RoomId, Run)], mean: Option<i64>) -> Vec<Resolution> {
        let touched = |(room, run): &(RoomId, Run)| Some(self.watches.get(room)?.watch.touched(run, mean));
        let confirmed: Vec<_> = runs.iter().filter_map(touched).collect();
        for (room, _) in runs {
            self.forget(*room);
        }
        confirmed
    }

    /// Looks at the watches that are due after the second that has just ended.
    fn look_at_due(&mut self) -> Vec<Resolution> {
        let ended = self.open().plus(-1);
        let mut resolved = Vec::new();
        while let Some((due, room)) = self.due.first().copied().filter(|(due, _)| *due <= ended) {
            self.due.remove(&(due, room));
            let running = self.has_run(room);
            let Some(followed) = self.watches.get_mut(&room) else { continue };
            match followed.watch.look(&self.history, followed.start.as_ref(), running) {
                Look::Resolved(resolution) => {
                    self.forget(room);
                    resolved.push(resolution);
                }
                Look::Started(window) => {
                    followed.start = Some(window);
                    let deadline_price = deadline_ends(followed.watch.deadline).0.plus(-1);
                    self.put_off(room, deadline_price.max(ended.plus(1)));
                }
                Look::Later => self.put_off(room, ended.plus(1)),
            }
        }
        resolved
    }

    fn has_run(&self, room: RoomId) -> bool {
        self.targets.has_run(room) || self.mean_targets.values().any(|targets| targets.has_run(room))
    }

    /// Looks at a watch again after another second.
    fn put_off(&mut self, room: RoomId, due: Second) {
        if let Some(followed) = self.watches.get_mut(&room) {
            self.due.remove(&(followed.due, room));
            followed.due = due;
            self.due.insert((due, room));
        }
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
