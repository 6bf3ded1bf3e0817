//! One room's settlement: the verdict that stands and how far it has come.

use super::{State, Verdict};
use proto::RoomId;
use time::{Duration, OffsetDateTime};

/// A settlement without its facts, which stand in tables of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The room; it has one settlement.
    pub room: RoomId,
    /// The verdict that stands: the first that was told, or what operators made of it.
    pub verdict: Verdict,
    /// The step reached.
    pub state: State,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When the first verdict was told.
    pub decided_at: OffsetDateTime,
    /// When operators agreed on what stands.
    pub ruled_at: Option<OffsetDateTime>,
    /// A frozen room that waits for operators is paid then.
    pub waits_until: Option<OffsetDateTime>,
}

impl Settlement {
    /// Until when operators have time to look, if there is something to look at and they have not agreed on it.
    #[must_use]
    pub fn wait(&self, seconds: u32) -> Option<OffsetDateTime> {
        let looks = self.verdict.is_suspicious() && self.ruled_at.is_none();
        (looks && seconds > 0).then(|| self.decided_at.saturating_add(Duration::seconds(seconds.into())))
    }

    /// Whether it must not be paid yet.
    #[must_use]
    pub fn waits(&self, now: OffsetDateTime) -> bool {
        self.waits_until.is_some_and(|until| now < until)
    }
}
