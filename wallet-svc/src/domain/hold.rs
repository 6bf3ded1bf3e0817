//! What becomes of a bet's stake.

use proto::{AccountId, BetId, Lamports, RoomId};

/// States of a hold, as numbered in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The stake lies in the room's escrow.
    Held = 1,
    /// The stake was not taken; that stands, whatever the balance becomes.
    Refused = 2,
    /// The stake was given back, or its hold must not succeed any more.
    Released = 3,
    /// A settlement has paid the bet's line.
    Spent = 4,
}

impl State {
    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// Back from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        [Self::Held, Self::Refused, Self::Released, Self::Spent]
            .into_iter()
            .find(|state| state.number() == number)
    }
}

/// The stake of one bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The bet.
    pub bet: BetId,
    /// Who pays.
    pub account: AccountId,
    /// The room whose escrow takes it.
    pub room: RoomId,
    /// How much; nothing for the tombstone of a hold that never came.
    pub amount: Lamports,
    /// Where it stands.
    pub state: State,
    /// Why, where refused: the encoded `rooms.common.v1.Refusal`.
    pub refusal: Option<Vec<u8>>,
    /// It counts against limits of the account.
    pub watched: bool,
}
