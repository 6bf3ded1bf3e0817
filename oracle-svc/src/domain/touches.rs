//! The touch rule: targets in order, and the runs of values at or beyond them.

use super::doubt::Doubt;
use super::moment::{Moment, SECOND};
use super::watch::Side;
use proto::RoomId;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A touch is confirmed by a run of at least this many values,
const RUN_VALUES: u32 = 3;
/// at least this long from first to last,
const RUN_LENGTH: i64 = 3 * SECOND;
/// with no more than this between two of them.
const RUN_GAP: i64 = 2 * SECOND;
/// A run that is older than this many seconds is confirmed, so the runs of watches that are still
/// undecided lie within the last seconds of a series.
pub const TAIL: i64 = 10;

/// A value of the series: an aggregate, or the mean that ends with a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// When it was taken.
    pub(super) at: Moment,
    /// How far from certain it is.
    pub(super) doubt: Doubt,
}

/// Values at or beyond a target without interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// When the first was taken.
    pub(super) first_at: Moment,
    /// The date of the first.
    pub(super) dated: Moment,
    /// The first, as it is shown.
    pub(super) price: Option<Decimal>,
    /// When the newest was taken.
    pub(super) last_at: Moment,
    /// How far from certain they are.
    pub(super) doubt: Doubt,
    values: u32,
}

impl Run {
    /// The run that a value begins.
    pub(super) const fn begin(value: Value, dated: Moment, price: Option<Decimal>) -> Self {
        Self { first_at: value.at, dated, price, last_at: value.at, doubt: value.doubt, values: 1 }
    }

    /// The run with one more value, unless too long after its last.
    pub(super) fn extended(self, value: Value) -> Option<Self> {
        (value.at.since(self.last_at) <= RUN_GAP).then(|| Self {
            last_at: value.at,
            doubt: self.doubt.and(value.doubt),
            values: self.values.saturating_add(1),
            ..self
        })
    }

    pub(super) const fn confirmed(&self) -> bool {
        self.values >= RUN_VALUES && self.last_at.since(self.first_at) >= RUN_LENGTH
    }
}

/// The targets of some watches in order, so that a value finds those it reaches without looking at the others.
#[derive(Debug)]
pub(super) struct Targets<Level> {
    rising: BTreeSet<(Level, RoomId)>,
    falling: BTreeSet<(Level, RoomId)>,
    runs: BTreeMap<RoomId, Run>,
}

impl<Level> Default for Targets<Level> {
    fn default() -> Self {
        Self { rising: BTreeSet::new(), falling: BTreeSet::new(), runs: BTreeMap::new() }
    }
}

impl<Level: Ord + Clone> Targets<Level> {
    pub(super) fn insert(&mut self, side: Side, level: Level, room: RoomId) {
        self.side(side).insert((level, room));
    }

    /// Forgets a watch and its run.
    pub(super) fn remove(&mut self, side: Side, level: Level, room: RoomId) {
        self.side(side).remove(&(level, room));
        self.runs.remove(&room);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rising.is_empty() && self.falling.is_empty()
    }

    /// Whether values are at or beyond the target of this room.
    pub(super) fn has_run(&self, room: RoomId) -> bool {
        self.runs.contains_key(&room)
    }

    /// Takes over the runs of others.
    pub(super) fn adopt(&mut self, other: Self) {
        self.runs.extend(other.runs);
    }

    /// There is no value: every run ends.
    pub(super) fn interrupt(&mut self) {
        self.runs.clear();
    }

    /// Runs that a value extends or begins stay, all others end. `extend` is asked for each room whose target is reached,
    /// with the run it has. Returns the runs that are confirmed.
    pub(super) fn reach(
        &mut self,
        level: &Level,
        mut extend: impl FnMut(RoomId, Option<Run>) -> Option<Run>,
    ) -> Vec<(RoomId, Run)> {
        let mut before = std::mem::take(&mut self.runs);
        let lowest = (level.clone(), RoomId::new(Uuid::nil()));
        let highest = (level.clone(), RoomId::new(Uuid::max()));
        let hits = self.rising.range(..=highest).chain(self.falling.range(lowest..));
        let mut confirmed = Vec::new();
        for room in hits.map(|(_, room)| *room) {
            match extend(room, before.remove(&room)) {
                Some(run) if run.confirmed() => confirmed.push((room, run)),
                Some(run) => {
                    self.runs.insert(room, run);
                }
                None => {}
            }
        }
        confirmed
    }

    fn side(&mut self, side: Side) -> &mut BTreeSet<(Level, RoomId)> {
        match side {
            Side::AtOrAbove => &mut self.rising,
            Side::AtOrBelow => &mut self.falling,
        }
    }
}
