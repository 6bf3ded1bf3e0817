//! What can be said of a watch when a second is over.

use super::doubt::Suspicions;
use super::exact::Ratio;
use super::goal::shown;
use super::history::History;
use super::moment::{Moment, Second};
use super::resolution::{Outcome, Resolution, Start};
use super::samples::Window;
use super::touches::Run;
use super::watch::{Rule, Watch, deadline_ends, start_ends};
use std::cmp::Ordering;

/// An aggregate may be dated this many seconds before its receipt, so a touch can still begin so long after the
/// deadline.
const DATED_WITHIN: i64 = 2;

/// What is known of a watch.
pub(super) enum Look {
    /// The answer.
    Resolved(Resolution),
    /// The start price is that of this window.
    Started(Window),
    /// Nothing yet.
    Later,
}

impl Watch {
    /// The second after which it is to be looked at first.
    pub(super) fn first_look(&self) -> Second {
        let deadline = deadline_ends(self.deadline).0;
        let end = match self.rule {
            Rule::Touch { .. } => deadline.plus(DATED_WITHIN),
            Rule::CapTouch { .. } | Rule::Close { .. } | Rule::Buckets { .. } => deadline,
            Rule::UpDown { lock_at, mean } => start_ends(lock_at, self.deadline, mean).0,
        };
        end.plus(-1)
    }

    /// What can be said of it now. `start` is the window of its start price, where that is known; `running` says that a
    /// run at or beyond its target has not ended.
    pub(super) fn look(&self, history: &History, start: Option<&Window>, running: bool) -> Look {
        match &self.rule {
            // A run open at the deadline is followed to its end.
            Rule::Touch { .. } | Rule::CapTouch { .. } if running => Look::Later,
            Rule::Touch { .. } | Rule::CapTouch { .. } => Look::Resolved(self.untouched(history)),
            Rule::Close { goal, mean } => self.by_deadline_price(history, *mean, |window| {
                let outcome = if goal.met_by(window) { Outcome::YES } else { Outcome::NO };
                Resolution { price: goal.shown(window), ..self.answer(outcome, window) }
            }),
            Rule::Buckets { bounds, mean } => self.by_deadline_price(history, *mean, |window| {
                let value = window.mean();
                let at_or_below = bounds.iter().filter(|bound| value >= Ratio::from(**bound)).count();
                let index = u32::try_from(at_or_below).unwrap_or(u32::MAX);
                self.answer(Outcome::Answer(index), window)
            }),
            Rule::UpDown { lock_at, mean } => self.up_or_down(history, start, *lock_at, *mean),
        }
    }

    /// A run was confirmed, by an aggregate or by the mean of so many seconds.
    pub(super) fn touched(&self, run: &Run, mean: Option<i64>) -> Resolution {
        let (first, last) = match mean {
            None => (run.first_at.second(), run.last_at.second()),
            Some(mean) => (run.first_at.second().plus(-mean), run.last_at.second().plus(-1)),
        };
        Resolution {
            price: run.price,
            window_end: mean.map(|_| run.first_at.second()),
            suspicions: run.doubt.suspicions(self.suspicion_bps),
            ..self.resolution(Outcome::YES, run.dated, first, last)
        }
    }

    /// No run was confirmed: NO, if anybody was looking. It rests on all seconds and not on a window that somebody could
    /// have pushed, so it is not suspicious.
    fn untouched(&self, history: &History) -> Resolution {
        let covered = history.covers(self.open_at, self.deadline);
        let outcome = if covered { Outcome::NO } else { Outcome::Insufficient };
        self.resolution(outcome, self.deadline, self.open_at.second(), history.open().plus(-1))
    }

    fn by_deadline_price(
        &self,
        history: &History,
        mean: i64,
        answer: impl FnOnce(&Window) -> Resolution,
    ) -> Look {
        let (end, (first_end, last_end)) = (history.open(), deadline_ends(self.deadline));
        match history.window(end, mean).filter(|_| end <= last_end) {
            Some(window) => {
                let first = first_end.plus(-mean);
                Look::Resolved(Resolution { first, ..answer(&window) })
            }
            None if end >= last_end => Look::Resolved(self.insufficient(first_end.plus(-mean), end)),
            None => Look::Later,
        }
    }

    fn up_or_down(&self, history: &History, start: Option<&Window>, lock_at: Moment, mean: i64) -> Look {
        let (end, first) = (history.open(), lock_at.second_from());
        let Some(start) = start else {
            let (_, last_end) = start_ends(lock_at, self.deadline, mean);
            return match history.window(end, mean).filter(|_| end <= last_end) {
                Some(window) => Look::Started(window),
                None if end >= last_end => Look::Resolved(self.insufficient(first, end)),
                None => Look::Later,
            };
        };
        let from = Start { price: shown(start), window_end: start.end };
        let look = self.by_deadline_price(history, mean, |window| {
            let outcome = match window.mean().cmp(&start.mean()) {
                Ordering::Greater => Outcome::Answer(0),
                Ordering::Less => Outcome::Answer(1),
                Ordering::Equal => Outcome::Tie,
            };
            let suspicions = window.doubt.and(start.doubt).suspicions(self.suspicion_bps);
            Resolution { suspicions, ..self.answer(outcome, window) }
        });
        match look {
            Look::Resolved(resolution) => {
                Look::Resolved(Resolution { first, start: Some(from), ..resolution })
            }
            other => other,
        }
    }

    /// A window decided.
    fn answer(&self, outcome: Outcome, window: &Window) -> Resolution {
        Resolution {
            price: shown(window),
            window_end: Some(window.end),
            suspicions: window.doubt.suspicions(self.suspicion_bps),
            ..self.resolution(outcome, window.end.begin(), window.end, window.end.plus(-1))
        }
    }

    /// No window will decide any more; the seconds before `end` show it.
    fn insufficient(&self, first: Second, end: Second) -> Resolution {
        self.resolution(Outcome::Insufficient, self.deadline, first, end.plus(-1))
    }

    fn resolution(&self, outcome: Outcome, observed_at: Moment, first: Second, last: Second) -> Resolution {
        Resolution {
            room: self.room,
            outcome,
            observed_at,
            price: None,
            first,
            last,
            window_end: None,
            start: None,
            rival: None,
            suspicions: Suspicions::default(),
        }
    }
}
