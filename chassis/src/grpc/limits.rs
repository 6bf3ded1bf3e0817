//! How often a caller may call a method: a budget that fills at a steady rate up to two seconds' worth, counted per process.
//!
//! GCRA (ITU-T I.371): of each budget only the moment is kept at which it will be full again. One that is full is not kept
//! at all, so memory holds those alone who called within the last seconds.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How much may be saved up.
const BURST: Duration = Duration::from_secs(2);

/// Budgets kept; beyond them whoever is not known yet has to wait.
const KEPT: usize = 20_000;

/// A caller, and a method by its service and its name.
type Key = (String, &'static str, &'static str);

/// The budgets of all callers.
#[derive(Debug, Default)]
pub struct Limits(Mutex<HashMap<Key, Instant>>);

impl Limits {
    /// Takes `cost` from a budget that fills with `per_second`, or says how long to wait.
    ///
    /// # Errors
    /// It is used up.
    pub fn take(&self, key: Key, per_second: u32, cost: u32, now: Instant) -> Result<(), Duration> {
        let price = Duration::from_secs(1) / per_second.max(1) * cost;
        // A call dearer than the whole budget is let through when that is full.
        let burst = BURST.max(price);
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= KEPT && !full_at.contains_key(&key) {
            full_at.retain(|_, full| *full > now);
            if full_at.len() >= KEPT {
                return Err(BURST);
            }
        }
        let full = full_at.entry(key).or_insert(now);
        let then = (*full).max(now) + price;
        let ahead = then.duration_since(now);
        if ahead > burst {
            return Err(ahead - burst);
        }
        *full = then;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    fn key(caller: &str, method: &'static str) -> Key {
        (caller.to_owned(), "service", method)
    }

    #[test]
    fn a_budget_is_used_up_and_fills_again() {
        let (limits, start) = (Limits::default(), monotonic());
        let take = |at: Duration| limits.take(key("alice", "Get"), 10, 1, start + at);
        for call in 0..20 {
            assert_eq!(take(Duration::ZERO), Ok(()), "{call}");
        }
        assert_eq!(take(Duration::ZERO), Err(Duration::from_millis(100)));
        assert_eq!(take(Duration::from_millis(99)), Err(Duration::from_millis(1)));
        // Whoever waits as long as told to is let through, once.
        assert_eq!(take(Duration::from_millis(100)), Ok(()));
        assert!(take(Duration::from_millis(100)).is_err());
    }

    #[test]
    fn nobody_uses_up_the_budget_of_another_or_of_another_method() {
        let (limits, now) = (Limits::default(), monotonic());
        while limits.take(key("alice", "Get"), 10, 1, now).is_ok() {}
        assert_eq!(limits.take(key("bob", "Get"), 10, 1, now), Ok(()));
        assert_eq!(limits.take(key("alice", "List"), 10, 1, now), Ok(()));
    }

    #[test]
    fn what_is_dear_uses_up_more_and_is_never_impossible() {
        let (limits, now) = (Limits::default(), monotonic());
        let dear = |per_second| limits.take(key("alice", "Read"), per_second, 10, now);
        assert_eq!([dear(10), dear(10)], [Ok(()); 2]);
        assert_eq!(dear(10), Err(Duration::from_secs(1)));
        let slow = Limits::default();
        assert_eq!(slow.take(key("alice", "Read"), 1, 10, now), Ok(()));
        assert_eq!(slow.take(key("alice", "Read"), 1, 10, now), Err(Duration::from_secs(10)));
        assert_eq!(slow.take(key("alice", "Read"), 1, 10, now + Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_old_callers_make_room() {
        let (limits, now) = (Limits::default(), monotonic());
        for caller in 0..KEPT {
            assert_eq!(limits.take(key(&caller.to_string(), "Get"), 10, 1, now), Ok(()));
        }
        assert!(limits.take(key("one more", "Get"), 10, 1, now).is_err());
        assert_eq!(limits.take(key("0", "Get"), 10, 1, now), Ok(()), "who is known goes on");
        assert_eq!(limits.take(key("one more", "Get"), 10, 1, now + BURST), Ok(()));
    }
}
