//! One wager.

use proto::{AccountId, BetId, Lamports, RoomId, room::BetState};
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

/// A bet that took a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bet {
    /// What was asked for.
    pub wager: Wager,
    /// Where it stands.
    pub state: BetState,
    /// When the seat was taken: the moment that rules lock, cancel and past-post.
    pub accepted_at: OffsetDateTime,
    /// Credited by the settlement.
    pub payout: Lamports,
}

impl Bet {
    /// For messages.
    #[must_use]
    pub fn to_message(&self) -> proto::room::Bet {
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
            ..Default::default()
        }
    }
}
