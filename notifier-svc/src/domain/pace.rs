//! How many notifications are told at a time, and how long they are worth telling.

use proto::notifier::Lane;
use std::time::Duration;
use time::OffsetDateTime;

/// How many notifications may be in the gateway's hands.
#[derive(Clone, Copy, Debug)]
pub struct Credit {
    /// At most.
    pub all: u32,
    /// Of the lanes from whales on down, so that there is always room for what matters more.
    pub bulk: u32,
}

/// How long notices are worth telling, from the moment at which they may be told.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// What somebody asked for.
    pub tracker: Duration,
    /// What happens in the whole market.
    pub market: Duration,
}

impl Freshness {
    /// When a notice of this lane is too old.
    #[must_use]
    pub fn end(&self, lane: Lane, from: OffsetDateTime) -> Option<OffsetDateTime> {
        match lane {
            Lane::Tracker => Some(from + self.tracker),
            Lane::Whale => Some(from + self.market),
            Lane::Unspecified
            | Lane::Security
            | Lane::Result
            | Lane::Room
            | Lane::Digest
            | Lane::Broadcast => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happens_elsewhere_grows_old() {
        let fresh = Freshness { tracker: Duration::from_secs(60), market: Duration::from_secs(30) };
        let at = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(fresh.end(Lane::Tracker, at), Some(at + Duration::from_secs(60)));
        assert_eq!(fresh.end(Lane::Whale, at), Some(at + Duration::from_secs(30)));
        for lane in [Lane::Security, Lane::Result, Lane::Room, Lane::Digest, Lane::Broadcast] {
            assert_eq!(fresh.end(lane, at), None, "{lane:?}");
        }
    }
}
