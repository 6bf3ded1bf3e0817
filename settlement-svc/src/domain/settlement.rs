//! One room's settlement: the verdict that stands and how far it has come.

use super::{State, Verdict};
use proto::RoomId;

/// A settlement without its facts, which stand in tables of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The room; it has one settlement.
    pub room: RoomId,
    /// The first verdict that was told.
    pub verdict: Verdict,
    /// The step reached.
    pub state: State,
    /// Counts the changes, from 1.
    pub version: i64,
}
