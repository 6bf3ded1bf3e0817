//! One wager.

use proto::{AccountId, BetId, Lamports, RoomId, room::BetState};
use std::time::Duration;
use time::OffsetDateTime;

/// What a user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wager {
    /// The bet to be.
    pub id: BetId,
    /// In which room.
    pub room_id: RoomId,
    /// Whose.
    pub account_id: AccountId,
    /// Index of the outcome.
    pub outcome: u32,
    /// The amount.
    pub stake: Lamports,
    /// Least gross payout per stake, in hundredths; 0 is no guard.
    pub min_odds_percent: u32,
}

/// When a bet may be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelRule {
    /// So long after its acceptance.
    pub within: Duration,
    /// Not when the lock is nearer than this.
    pub until_lock: Duration,
}

impl CancelRule {
    /// The end of the time in which a bet accepted now may be taken back, if there is any.
    ///
    /// It is shorter than the past-post time of a room that can be seen to end: whoever takes a bet back because the
    /// price was touched elsewhere takes back what would be void anyway.
    #[must_use]
    pub fn end(&self, accepted_at: OffsetDateTime, lock_at: OffsetDateTime) -> Option<OffsetDateTime> {
        let end = (accepted_at + self.within).min(lock_at - self.until_lock);
        (end > accepted_at).then_some(end)
    }
}

/// A bet that took a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bet {
    /// What was asked for.
    pub wager: Wager,
    /// Where it stands.
    pub state: BetState,
    /// When the seat was taken: the moment that rules lock, cancel and past-post.
    pub accepted_at: OffsetDateTime,
    /// Before that its owner may take it back; nothing where that is used up, or too close to the lock.
    pub cancel_until: Option<OffsetDateTime>,
    /// Credited by the settlement.
    pub payout: Lamports,
}

impl Bet {
    /// For messages. `host` is the room's.
    #[must_use]
    pub fn to_message(&self, host: Option<AccountId>) -> proto::room::Bet {
        proto::room::Bet {
            bet_id: self.wager.id.bytes(),
            room_id: self.wager.room_id.bytes(),
            account_id: self.wager.account_id.bytes(),
            outcome: self.wager.outcome,
            stake_lamports: self.wager.stake.get(),
            state: self.state.into(),
            accepted_at: Some(proto::timestamp(self.accepted_at)),
            payout_lamports: self.payout.get(),
            min_odds_percent: self.wager.min_odds_percent,
            by_host: host == Some(self.wager.account_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: CancelRule =
        CancelRule { within: Duration::from_secs(5), until_lock: Duration::from_secs(60) };

    #[test]
    fn a_bet_can_be_taken_back_for_seconds_and_not_near_the_lock() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let end =
            |seconds| RULE.end(at, at + Duration::from_secs(seconds)).map(|end| (end - at).whole_seconds());
        assert_eq!([end(3_600), end(65), end(63), end(61)], [Some(5), Some(5), Some(3), Some(1)]);
        assert_eq!([end(60), end(10)], [None, None]);
    }
}
