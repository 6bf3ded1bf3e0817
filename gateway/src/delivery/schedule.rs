//! When which message goes out: Telegram's limits as a pure data structure.
//!
//! Per chat one message is in flight and the others wait in line; a later interactive edit of a
//! message takes the place of an earlier one (notices know by themselves which is newer). Over all
//! chats the interactive lane goes first, but every third slot belongs to the notices, so that
//! neither starves; among notices the more urgent one goes first.
//!
//! Nobody knows when Telegram counts a message, only that it has once it answered. So a message
//! fills its slot until a second (a minute, in a group) after its answer: however long each call
//! takes on its way, Telegram never sees more than it allows.

use crate::settings::Limits;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Every third slot belongs to the notices while any waits.
const INTERACTIVE_IN_A_ROW: u32 = 2;

/// Notices go out evenly, so that whoever presses a button finds a slot soon. A pace that fell
/// behind may catch up by so much.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Who waits for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A user who pressed or typed something.
    Interactive,
    /// A notice; the lower, the sooner.
    Notice(i16),
}

/// What a message does in its chat. Telegram throttles the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Appears at the end.
    Send,
    /// Changes an earlier one.
    Edit(i32),
}

/// A message waiting for its turn.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket<T> {
    /// Where to; groups are negative.
    pub chat: i64,
    /// Who waits.
    pub lane: Lane,
    /// What it does.
    pub kind: Kind,
    /// The message itself.
    pub load: T,
}

impl<T> Ticket<T> {
    const fn slot(&self) -> Slot {
        match self.kind {
            Kind::Send => Slot::Send,
            Kind::Edit(_) => Slot::Edit,
        }
    }
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// Send this one.
    Go(Ticket<T>),
    /// Nothing can go before this moment.
    At(Instant),
    /// Nothing waits that could go.
    Idle,
}

struct Queued<T> {
    number: u64,
    ticket: Ticket<T>,
}

struct Chat<T> {
    line: VecDeque<Queued<T>>,
    /// A new message, or an edit.
    in_flight: Option<Slot>,
    /// Earliest next new message, and earliest next edit.
    ready: [Option<Instant>; 2],
    /// Told by Telegram.
    held_until: Option<Instant>,
    /// Of a group: what was answered within the last minute.
    recent: VecDeque<Instant>,
}

/// What Telegram counts apart within a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Send = 0,
    Edit = 1,
}

/// Chats by what they could do at one moment.
struct Candidates {
    interactive: Option<i64>,
    notice: Option<i64>,
    earliest: Option<Instant>,
}

/// All chats that have something waiting or went out lately.
pub struct Schedule<T> {
    limits: Limits,
    chats: HashMap<i64, Chat<T>>,
    in_flight: usize,
    /// What was answered within the last second.
    recent: VecDeque<Instant>,
    held_until: Option<Instant>,
    /// Earliest next notice.
    notice_at: Option<Instant>,
    interactive_run: u32,
    number: u64,
}

impl<T> Schedule<T> {
    /// Nothing waits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            chats: HashMap::new(),
            in_flight: 0,
            recent: VecDeque::new(),
            held_until: None,
            notice_at: None,
            interactive_run: 0,
            number: 0,
        }
    }

    /// Puts a message in line. Returns the edit that it supersedes, if there is one.
    pub fn push(&mut self, ticket: Ticket<T>) -> Option<T> {
        let number = self.number;
        self.number += 1;
        let interactive =
            |queued: &Queued<T>| ticket.lane == Lane::Interactive && queued.ticket.lane == Lane::Interactive;
        let line = &mut self.chats.entry(ticket.chat).or_default().line;
        let same = |queued: &&mut Queued<T>| {
            matches!(ticket.kind, Kind::Edit(_)) && queued.ticket.kind == ticket.kind && interactive(queued)
        };
        match line.iter_mut().find(same) {
            Some(queued) => Some(std::mem::replace(&mut queued.ticket, ticket).load),
            None => {
                line.push_back(Queued { number, ticket });
                None
            }
        }
    }

    /// Puts a message back at the head of its line: it was refused for now. Returns it if a later
    /// edit of the same message has come meanwhile.
    pub fn push_back(&mut self, ticket: Ticket<T>) -> Option<T> {
        let line = &mut self.chats.entry(ticket.chat).or_default().line;
        let later =
            |queued: &Queued<T>| queued.ticket.kind == ticket.kind && queued.ticket.lane == Lane::Interactive;
        if matches!(ticket.kind, Kind::Edit(_)) && line.iter().any(later) {
            return Some(ticket.load);
        }
        line.push_front(Queued { number: 0, ticket });
        None
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.chats.values().map(|chat| chat.line.len()).sum()
    }

    /// The message whose turn it is.
    pub fn next(&mut self, now: Instant) -> Next<T> {
        trim(&mut self.recent, now, SECOND);
        if let Some(at) = self.held_until.filter(|at| *at > now) {
            return if self.waiting() == 0 { Next::Idle } else { Next::At(at) };
        }
        let Candidates { interactive, notice, earliest } = self.candidates(now);
        // Only where nobody presses buttons is there a pace to keep.
        let pace = self.notice_at.filter(|at| *at > now && interactive.is_none());
        let due = notice.filter(|_| pace.is_none());
        let notice_turn = self.interactive_run >= INTERACTIVE_IN_A_ROW && due.is_some();
        let chosen = if notice_turn { due } else { interactive.or(due) };
        let Some(chat) = chosen else {
            let pace = pace.filter(|_| notice.is_some());
            return pace.into_iter().chain(earliest).min().map_or(Next::Idle, Next::At);
        };
        let used = u32::try_from(self.recent.len() + self.in_flight).unwrap_or(u32::MAX);
        match self.recent.front() {
            _ if used < self.limits.overall_per_second => self.take(chat, now),
            Some(oldest) => Next::At(*oldest + SECOND),
            // The next answer gives a slot a time to be free.
            None => Next::Idle,
        }
    }

    /// The chats whose heads could go now, and when the next one can that cannot.
    fn candidates(&mut self, now: Instant) -> Candidates {
        let mut interactive: Option<(u64, i64)> = None;
        let mut notice: Option<(i16, u64, i64)> = None;
        let mut earliest: Option<Instant> = None;
        for (id, chat) in &mut self.chats {
            let Some(head) = chat.line.front() else { continue };
            if chat.in_flight.is_some() {
                continue;
            }
            let (number, lane) = (head.number, head.ticket.lane);
            match (chat.ready_at(*id, now, &self.limits).filter(|at| *at > now), lane) {
                (Some(at), _) => earliest = Some(earliest.map_or(at, |earliest| earliest.min(at))),
                (None, Lane::Interactive) => {
                    let this = (number, *id);
                    interactive = Some(interactive.map_or(this, |best| best.min(this)));
                }
                (None, Lane::Notice(urgency)) => {
                    let this = (urgency, number, *id);
                    notice = Some(notice.map_or(this, |best| best.min(this)));
                }
            }
        }
        Candidates { interactive: interactive.map(|(_, id)| id), notice: notice.map(|(.., id)| id), earliest }
    }

    fn take(&mut self, id: i64, now: Instant) -> Next<T> {
        let Some(chat) = self.chats.get_mut(&id) else { return Next::Idle };
        let Some(queued) = chat.line.pop_front() else { return Next::Idle };
        chat.in_flight = Some(queued.ticket.slot());
        self.in_flight += 1;
        match queued.ticket.lane {
            Lane::Interactive => self.interactive_run = self.interactive_run.saturating_add(1),
            Lane::Notice(_) => {
                self.interactive_run = 0;
                let late = now.checked_sub(CATCH_UP).unwrap_or(now);
                let from = self.notice_at.filter(|at| *at >= late).unwrap_or(now);
                self.notice_at = Some(from + SECOND / self.limits.overall_per_second.max(1));
            }
        }
        Next::Go(queued.ticket)
    }

    /// A call ended, which was answered a moment ago; the chat may go on.
    pub fn done(&mut self, chat: i64, answered: Instant) {
        let gap = self.limits.chat_gap;
        if let Some(in_flight) = self.chats.get_mut(&chat)
            && let Some(slot) = in_flight.in_flight.take()
        {
            self.in_flight = self.in_flight.saturating_sub(1);
            let place = self.recent.partition_point(|other| *other <= answered);
            self.recent.insert(place, answered);
            if let Some(ready) = in_flight.ready.get_mut(slot as usize) {
                *ready = Some(answered + gap);
            }
            if chat < 0 {
                in_flight.recent.push_back(answered);
            }
        }
        // Chats without memory that matters are forgotten.
        self.chats.retain(|_, chat| {
            trim(&mut chat.recent, answered, MINUTE);
            let rested = chat.ready.iter().flatten().chain(&chat.held_until).all(|at| *at <= answered);
            !(chat.line.is_empty() && chat.in_flight.is_none() && rested && chat.recent.is_empty())
        });
    }

    /// Nothing goes before this moment: what somebody else sent until now still counts.
    pub fn rest(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |at| at.max(until)));
    }

    /// Telegram said how long to wait. When a second chat is told so as well, everything waits:
    /// then it is the bot that is too fast.
    pub fn hold(&mut self, chat: i64, until: Instant, now: Instant) {
        let others =
            self.chats.iter().any(|(id, other)| *id != chat && other.held_until.is_some_and(|at| at > now));
        if others {
            self.rest(until);
        }
        self.chats.entry(chat).or_default().held_until = Some(until);
    }
}

impl<T> Default for Chat<T> {
    fn default() -> Self {
        Self {
            line: VecDeque::new(),
            in_flight: None,
            ready: [None, None],
            held_until: None,
            recent: VecDeque::new(),
        }
    }
}

impl<T> Chat<T> {
    /// When its first message may go.
    fn ready_at(&mut self, id: i64, now: Instant, limits: &Limits) -> Option<Instant> {
        trim(&mut self.recent, now, MINUTE);
        let slot = self.line.front().map(|head| head.ticket.slot());
        let gap = slot.and_then(|slot| self.ready.get(slot as usize).copied().flatten());
        let full = usize::try_from(limits.group_per_minute).unwrap_or(usize::MAX);
        let group = if id < 0 && self.recent.len() >= full {
            self.recent.front().map(|oldest| *oldest + MINUTE)
        } else {
            None
        };
        [gap, self.held_until, group].into_iter().flatten().max()
    }
}

fn trim(times: &mut VecDeque<Instant>, now: Instant, span: Duration) {
    while times.front().is_some_and(|at| *at + span <= now) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests;
