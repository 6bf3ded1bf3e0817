//! What the parts say to each other: the real messages, unencoded.

use proto::{
    Refusal,
    common::RefusalCode,
    room::{CancelBet, CancelRoom, FreezeRoom, PlaceBet, RoomFrozen},
    settlement::{ResolveRoom, RoomDecided, RoomSettled, RuleRoom},
    wallet::{
        AnchorReceipt, HoldStakes, PayoutsPosted, PostPayouts, ReceiptAnchored, ReleaseStakes, StakesDecided,
    },
};
use std::sync::Arc;
use uuid::Uuid;

/// Who takes messages in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// room-svc.
    Room,
    /// wallet-svc.
    Wallet,
    /// settlement-svc.
    Settlement,
    /// Players behind the gateway, and the oracle.
    World,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Room, Self::Wallet, Self::Settlement, Self::World];
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    Refused(RefusalCode),
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        Self::Refused(refusal.code)
    }
}

/// The outcome of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub command: Uuid,
    pub answer: Answer,
}

#[derive(Clone, Debug)]
pub enum Body {
    PlaceBet(PlaceBet),
    CancelBet(CancelBet),
    CancelRoom(CancelRoom),
    Freeze(FreezeRoom),
    HoldStakes(HoldStakes),
    ReleaseStakes(ReleaseStakes),
    StakesDecided(StakesDecided),
    Resolve(ResolveRoom),
    /// Two operators agree on it.
    Rule(RuleRoom),
    RoomDecided(RoomDecided),
    RoomFrozen(RoomFrozen),
    PostPayouts(PostPayouts),
    PayoutsPosted(PayoutsPosted),
    RoomSettled(RoomSettled),
    AnchorReceipt(AnchorReceipt),
    ReceiptAnchored(ReceiptAnchored),
    Told(Told),
}

impl Body {
    /// Whose consumers it reaches.
    pub const fn readers(&self) -> &'static [Part] {
        match self {
            Self::PlaceBet(_)
            | Self::CancelBet(_)
            | Self::CancelRoom(_)
            | Self::Freeze(_)
            | Self::StakesDecided(_)
            | Self::RoomSettled(_) => &[Part::Room],
            Self::RoomDecided(_) => &[Part::Room, Part::World],
            Self::HoldStakes(_) | Self::ReleaseStakes(_) | Self::PostPayouts(_) | Self::AnchorReceipt(_) => {
                &[Part::Wallet]
            }
            Self::Resolve(_)
            | Self::Rule(_)
            | Self::RoomFrozen(_)
            | Self::PayoutsPosted(_)
            | Self::ReceiptAnchored(_) => &[Part::Settlement],
            Self::Told(_) => &[Part::World],
        }
    }
}

/// A message under its id; a repeat is the same bytes under the same id.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: Uuid,
    pub body: Arc<Body>,
}

impl Message {
    pub fn new(id: Uuid, body: Body) -> Self {
        Self { id, body: Arc::new(body) }
    }
}
