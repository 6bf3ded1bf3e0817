//! Telegram's flood control (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits>).
//!
//! Telegram publishes 30 messages a second in all, one a second in a private chat ("short bursts"
//! beyond it are tolerated) and 20 a minute in a group. Here the tolerated burst is a number, and new
//! messages and edits are counted apart within a chat, because Telegram throttles them apart.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// The numbers of the flood control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Messages and edits within any second, over all chats.
    pub overall_per_second: usize,
    /// Messages that a private chat takes at once after a silence; it regains one a second.
    pub private_burst: u32,
    /// Messages within any minute in a group.
    pub group_per_minute: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { overall_per_second: 30, private_burst: 3, group_per_minute: 20 }
    }
}

/// What is being limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Send,
    Edit,
}

/// The highest rates that were let through since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Peaks {
    /// Messages and edits within one second, over all chats.
    pub per_second: usize,
    /// Messages (or edits) within one minute in one private chat.
    pub private_per_minute: usize,
    /// Messages (or edits) within one minute in one group.
    pub group_per_minute: usize,
}

/// Times of what was let through within the last `span`.
struct Window {
    span: Duration,
    times: VecDeque<Instant>,
}

impl Window {
    fn new(span: Duration) -> Self {
        Self { span, times: VecDeque::new() }
    }

    /// How long until fewer than `limit` remain in the window; `None` when it is so now.
    fn wait(&mut self, limit: usize, now: Instant) -> Option<Duration> {
        while self.times.front().is_some_and(|&time| time + self.span <= now) {
            self.times.pop_front();
        }
        let over = self.times.len().checked_sub(limit)?;
        self.times.get(over).map(|&time| (time + self.span).duration_since(now))
    }
}

struct Traffic {
    minute: Window,
    /// When a private chat's allowance is full again.
    full_at: Option<Instant>,
}

/// Decides what Telegram would let through.
pub(crate) struct Limiter {
    limits: Limits,
    overall: Window,
    chats: HashMap<(i64, Kind), Traffic>,
    peaks: Peaks,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, overall: Window::new(SECOND), chats: HashMap::new(), peaks: Peaks::default() }
    }

    pub(crate) fn peaks(&self) -> Peaks {
        self.peaks
    }

    /// Lets one message or edit through, or says after how many whole seconds to come again.
    pub(crate) fn admit(&mut self, chat: i64, private: bool, kind: Kind, now: Instant) -> Result<(), u64> {
        let traffic = self
            .chats
            .entry((chat, kind))
            .or_insert_with(|| Traffic { minute: Window::new(MINUTE), full_at: None });
        let burst = SECOND.saturating_mul(self.limits.private_burst);
        let full_at = traffic.full_at.map_or(now, |at| at.max(now)) + SECOND;
        let wait_chat = if private {
            full_at.duration_since(now).checked_sub(burst).filter(|wait| !wait.is_zero())
        } else {
            traffic.minute.wait(self.limits.group_per_minute, now)
        };
        let wait_all = self.overall.wait(self.limits.overall_per_second, now);
        if let Some(wait) = wait_chat.max(wait_all) {
            let part = u64::from(wait.subsec_nanos() > 0);
            return Err(wait.as_secs().saturating_add(part).max(1));
        }
        traffic.full_at = Some(full_at);
        traffic.minute.wait(usize::MAX, now);
        traffic.minute.times.push_back(now);
        self.overall.times.push_back(now);
        let peak =
            if private { &mut self.peaks.private_per_minute } else { &mut self.peaks.group_per_minute };
        *peak = (*peak).max(traffic.minute.times.len());
        self.peaks.per_second = self.peaks.per_second.max(self.overall.times.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn a_private_chat_takes_a_burst_then_one_a_second() {
        let (mut limiter, start) = (Limiter::new(Limits::default()), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.admit(7, true, Kind::Send, start), Ok(()));
        }
        assert_eq!(limiter.admit(7, true, Kind::Send, start), Err(1));
        assert_eq!(limiter.admit(7, true, Kind::Send, at(start, 999)), Err(1));
        assert_eq!(limiter.admit(7, true, Kind::Send, at(start, 1000)), Ok(()));
        assert_eq!(limiter.admit(7, true, Kind::Send, at(start, 1001)), Err(1));
        // Another chat and another kind have their own allowance.
        assert_eq!(limiter.admit(8, true, Kind::Send, at(start, 1001)), Ok(()));
        assert_eq!(limiter.admit(7, true, Kind::Edit, at(start, 1001)), Ok(()));
        // After a silence the burst is back, and no more than that.
        for _ in 0..3 {
            assert_eq!(limiter.admit(7, true, Kind::Send, at(start, 60_000)), Ok(()));
        }
        assert_eq!(limiter.admit(7, true, Kind::Send, at(start, 60_000)), Err(1));
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let (mut limiter, start) = (Limiter::new(Limits::default()), Instant::now());
        for second in 0..20 {
            assert_eq!(limiter.admit(-1, false, Kind::Send, at(start, second * 1000)), Ok(()));
        }
        assert_eq!(limiter.admit(-1, false, Kind::Send, at(start, 20_000)), Err(40));
        assert_eq!(limiter.admit(-1, false, Kind::Send, at(start, 59_500)), Err(1));
        assert_eq!(limiter.admit(-1, false, Kind::Send, at(start, 60_000)), Ok(()));
        assert_eq!(limiter.admit(-1, false, Kind::Send, at(start, 60_001)), Err(1));
        assert_eq!(limiter.peaks().group_per_minute, 20);
    }

    #[test]
    fn all_chats_together_take_thirty_a_second() {
        let (mut limiter, start) = (Limiter::new(Limits::default()), Instant::now());
        for chat in 1..=30 {
            assert_eq!(limiter.admit(chat, true, Kind::Send, start), Ok(()));
        }
        assert_eq!(limiter.admit(31, true, Kind::Send, at(start, 10)), Err(1));
        assert_eq!(limiter.admit(31, true, Kind::Send, at(start, 1000)), Ok(()));
        assert_eq!(limiter.peaks().per_second, 30);
    }
}
