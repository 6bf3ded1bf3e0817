//! HEAD_TO_HEAD: which of two assets returns more.
//!
//! Two series, each with a writer of its own, so this is no part of a fold: it is decided from what is stored of both.
//! The windows of both assets end at the same second, the first at which both have enough samples: otherwise one asset
//! would be measured over another time than the other.

use super::doubt::{Doubt, Suspicions};
use super::goal::shown;
use super::market::Asset;
use super::moment::{Moment, Second};
use super::resolution::{Outcome, Resolution, Rival, Start};
use super::samples::{Samples, Window};
use super::watch::{self, Span, deadline_ends, start_ends};
use proto::{Malformed, RoomId, room};
use std::cmp::Ordering;
use std::ops::RangeInclusive;

/// A room on two assets, followed until it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadToHead {
    /// The room that asks.
    pub room: RoomId,
    /// Outcome 0.
    pub asset: Asset,
    /// Outcome 1.
    pub rival: Asset,
    /// From here on, the start prices are taken.
    pub lock_at: Moment,
    /// The deadline prices are taken from its seconds on.
    pub deadline: Moment,
    /// Seconds in the means.
    pub mean: i64,
    /// A larger confidence in a deciding window is suspicious, in basis points; 0 where the terms do not say.
    pub suspicion_bps: u32,
}

/// The stored seconds of both assets, all of which are over before `end`.
#[derive(Debug, Default)]
pub struct Both {
    /// Those of the asset.
    pub asset: Samples,
    /// Those of its rival.
    pub rival: Samples,
    /// The first second that is not over in both series.
    pub end: Second,
}

/// What is known of such a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The answer.
    Resolved(Resolution),
    /// Nothing can be known before this second is over in both series.
    Later(Second),
}

/// Windows of both assets that end together.
type Pair = (Window, Window);

enum Search {
    Found(Pair),
    Later(Second),
    Never(Second),
}

impl HeadToHead {
    /// Reads the terms of a room on two assets.
    ///
    /// # Errors
    /// Terms that this oracle cannot decide as they promise; `quorum` is what its aggregates have.
    pub fn try_from_terms(terms: &room::Terms, quorum: usize) -> Result<Self, Malformed> {
        let Span { room, open_at, deadline } = Span::try_from_terms(terms, quorum)?;
        if terms.kind() != room::Kind::HeadToHead {
            return Err(Malformed("not a room on two assets"));
        }
        let (asset, rival) = (watch::asset(&terms.asset)?, watch::asset(&terms.rival_asset)?);
        if asset == rival {
            return Err(Malformed("an asset is its own rival"));
        }
        // Others are priced only while a room asks for them alone.
        if ![asset, rival].iter().all(|one| Asset::MAJORS.contains(one)) {
            return Err(Malformed("one of two assets has no lasting series"));
        }
        let (lock_at, mean) = (watch::lock_at(terms, open_at, deadline)?, watch::mean(terms)?);
        Ok(Self { room, asset, rival, lock_at, deadline, mean, suspicion_bps: terms.suspicion_bps })
    }

    /// The last second of the first window that could be its start.
    #[must_use]
    pub fn first_look(&self) -> Second {
        start_ends(self.lock_at, self.deadline, self.mean).0.plus(-1)
    }

    /// The seconds that its start prices can come from, and those of its deadline prices.
    #[must_use]
    pub fn seconds(&self) -> [RangeInclusive<Second>; 2] {
        let (_, start) = start_ends(self.lock_at, self.deadline, self.mean);
        let (first, last) = deadline_ends(self.deadline);
        [self.lock_at.second_from()..=start.plus(-1), first.plus(-self.mean)..=last.plus(-1)]
    }

    /// What can be said of it by the seconds that are over.
    #[must_use]
    pub fn look(&self, both: &Both) -> Sight {
        let starts = start_ends(self.lock_at, self.deadline, self.mean);
        let start = match self.search(both, starts) {
            Search::Found(start) => start,
            Search::Later(second) => return Sight::Later(second),
            Search::Never(end) => return Sight::Resolved(self.insufficient(None, end)),
        };
        match self.search(both, deadline_ends(self.deadline)) {
            Search::Found(end) => Sight::Resolved(self.compare(&start, &end)),
            Search::Later(second) => Sight::Later(second),
            Search::Never(end) => Sight::Resolved(self.insufficient(Some(&start), end)),
        }
    }

    /// The first windows of both assets that end together with one of these seconds.
    fn search(&self, both: &Both, (first, last): (Second, Second)) -> Search {
        let found = first
            .through(last.min(both.end))
            .find_map(|end| both.asset.window(end, self.mean).zip(both.rival.window(end, self.mean)));
        match found {
            Some(pair) => Search::Found(pair),
            None if both.end >= last.max(first) => Search::Never(last.max(first)),
            None => Search::Later(both.end.max(first.plus(-1))),
        }
    }

    fn compare(&self, start: &Pair, end: &Pair) -> Resolution {
        // Both returns on one side each: nothing is divided.
        let own = end.0.mean().times(&start.1.mean());
        let rivals = end.1.mean().times(&start.0.mean());
        let outcome = match own.cmp(&rivals) {
            Ordering::Greater => Outcome::Answer(0),
            Ordering::Less => Outcome::Answer(1),
            Ordering::Equal => Outcome::Tie,
        };
        let doubt = [start.0, start.1, end.0, end.1]
            .iter()
            .fold(Doubt::default(), |all, window| all.and(window.doubt));
        Resolution {
            price: shown(&end.0),
            window_end: Some(end.0.end),
            rival: Some(Rival { start_price: shown(&start.1), price: shown(&end.1) }),
            suspicions: doubt.suspicions(self.suspicion_bps),
            ..self.resolution(outcome, end.0.end.begin(), Some(start), end.0.end)
        }
    }

    fn insufficient(&self, start: Option<&Pair>, end: Second) -> Resolution {
        let rival = start.map(|(_, rival)| Rival { start_price: shown(rival), price: None });
        Resolution { rival, ..self.resolution(Outcome::Insufficient, self.deadline, start, end) }
    }

    /// Rests on the seconds from the lock to `end`.
    fn resolution(
        &self,
        outcome: Outcome,
        observed_at: Moment,
        start: Option<&Pair>,
        end: Second,
    ) -> Resolution {
        Resolution {
            room: self.room,
            outcome,
            observed_at,
            price: None,
            first: self.lock_at.second_from(),
            last: end.plus(-1),
            window_end: None,
            start: start.map(|(own, _)| Start { price: shown(own), window_end: own.end }),
            rival: None,
            suspicions: Suspicions::default(),
        }
    }
}

#[cfg(test)]
#[path = "head_to_head_tests.rs"]
mod tests;
