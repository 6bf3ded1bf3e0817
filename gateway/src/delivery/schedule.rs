//! When which message goes out: Telegram's limits as a pure data structure.
//!
//! Per chat one message is in flight and the others wait in line; a later interactive edit of a
//! message takes the place of an earlier one (notices know by themselves which is newer). Over all chats the interactive lane goes first, but every third
//! slot belongs to the notices, so that neither starves.

use crate::settings::Limits;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Every third slot belongs to the notices while any waits.
const INTERACTIVE_IN_A_ROW: u32 = 2;

/// Who waits for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A user who pressed or typed something.
    Interactive,
    /// A notice.
    Notice,
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
    in_flight: bool,
    /// Earliest next new message, and earliest next edit.
    ready: [Option<Instant>; 2],
    /// Told by Telegram.
    held_until: Option<Instant>,
    /// Of a group: what went out within the last minute.
    recent: VecDeque<Instant>,
}

/// All chats that have something waiting or went out lately.
pub struct Schedule<T> {
    limits: Limits,
    chats: HashMap<i64, Chat<T>>,
    recent: VecDeque<Instant>,
    held_until: Option<Instant>,
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
            recent: VecDeque::new(),
            held_until: None,
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
        let used = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        let full = self.recent.front().copied().filter(|_| used >= self.limits.overall_per_second);
        let mut best: [Option<(u64, i64)>; 2] = [None, None];
        let mut earliest: Option<Instant> = None;
        for (id, chat) in &mut self.chats {
            let Some(head) = chat.line.front() else { continue };
            if chat.in_flight {
                continue;
            }
            let (number, lane) = (head.number, head.ticket.lane);
            match chat.ready_at(*id, now, &self.limits).filter(|at| *at > now) {
                Some(at) => earliest = Some(earliest.map_or(at, |earliest| earliest.min(at))),
                None => {
                    let place = match lane {
                        Lane::Interactive => &mut best[0],
                        Lane::Notice => &mut best[1],
                    };
                    if place.is_none_or(|(other, _)| number < other) {
                        *place = Some((number, *id));
                    }
                }
            }
        }
        let notice_turn = self.interactive_run >= INTERACTIVE_IN_A_ROW && best[1].is_some();
        let chosen = if notice_turn { best[1] } else { best[0].or(best[1]) };
        match (chosen, full) {
            (Some(_), Some(oldest)) => Next::At(oldest + SECOND),
            (Some((_, id)), None) => self.take(id, now),
            (None, _) => earliest.map_or(Next::Idle, Next::At),
        }
    }

    fn take(&mut self, id: i64, now: Instant) -> Next<T> {
        let gap = self.limits.chat_gap;
        let Some(chat) = self.chats.get_mut(&id) else { return Next::Idle };
        let Some(queued) = chat.line.pop_front() else { return Next::Idle };
        chat.in_flight = true;
        let slot = usize::from(queued.ticket.kind != Kind::Send);
        if let Some(ready) = chat.ready.get_mut(slot) {
            *ready = Some(now + gap);
        }
        if id < 0 {
            chat.recent.push_back(now);
        }
        self.recent.push_back(now);
        self.interactive_run = match queued.ticket.lane {
            Lane::Interactive => self.interactive_run.saturating_add(1),
            Lane::Notice => 0,
        };
        Next::Go(queued.ticket)
    }

    /// A call ended; the chat may go on.
    pub fn done(&mut self, chat: i64, now: Instant) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.in_flight = false;
        }
        // Chats without memory that matters are forgotten.
        self.chats.retain(|_, chat| {
            trim(&mut chat.recent, now, MINUTE);
            let rested = chat.ready.iter().flatten().chain(&chat.held_until).all(|at| *at <= now);
            !(chat.line.is_empty() && !chat.in_flight && rested && chat.recent.is_empty())
        });
    }

    /// Telegram said how long to wait. When a second chat is told so as well, everything waits:
    /// then it is the bot that is too fast.
    pub fn hold(&mut self, chat: i64, until: Instant, now: Instant) {
        let others =
            self.chats.iter().any(|(id, other)| *id != chat && other.held_until.is_some_and(|at| at > now));
        if others {
            self.held_until = Some(self.held_until.map_or(until, |at| at.max(until)));
        }
        self.chats.entry(chat).or_default().held_until = Some(until);
    }
}

impl<T> Default for Chat<T> {
    fn default() -> Self {
        Self {
            line: VecDeque::new(),
            in_flight: false,
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
        let slot = usize::from(self.line.front().is_some_and(|head| head.ticket.kind != Kind::Send));
        let gap = self.ready.get(slot).copied().flatten();
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
