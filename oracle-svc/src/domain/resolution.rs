//! The answer to a room, and how it is told.

use super::doubt::Suspicions;
use super::moment::{Moment, Second};
use proto::{
    RoomId,
    room::VoidReason,
    settlement::{Suspicion, Verdict},
    timestamp,
};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This outcome of the room, by its index, happened.
    Answer(u32),
    /// The two prices that were compared are equal.
    Tie,
    /// The series has too many gaps to say.
    Insufficient,
}

impl Outcome {
    /// The first answer of a binary room.
    pub const YES: Self = Self::Answer(0);
    /// The second.
    pub const NO: Self = Self::Answer(1);

    /// Its name in storage and metrics.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Answer(index) => index.to_string().into(),
            Self::Tie => "TIE".into(),
            Self::Insufficient => "ORACLE_INSUFFICIENT".into(),
        }
    }
}

/// What a comparison started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The mean, rounded for display.
    pub price: Option<Decimal>,
    /// The second after its window's last.
    pub window_end: Second,
}

/// The other side of a comparison of two assets; its windows are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The mean at the start, rounded for display.
    pub start_price: Option<Decimal>,
    /// The mean at the deadline, where there was one.
    pub price: Option<Decimal>,
}

/// The answer to one watch, with what it rests on. A function of the stored seconds alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The room that asked.
    pub room: RoomId,
    /// The answer.
    pub outcome: Outcome,
    /// When it was so: a touch's date, the end of the deciding window, or the deadline.
    pub observed_at: Moment,
    /// The price that decided, of a market cap the cap: a touch's first aggregate, or the mean rounded to 8 places for
    /// display (the comparison itself is exact).
    pub price: Option<Decimal>,
    /// First second of the series that proves it.
    pub first: Second,
    /// Last second of it.
    pub last: Second,
    /// The second after the last of the window that decided, where a mean did.
    pub window_end: Option<Second>,
    /// What it started from, where two prices are compared.
    pub start: Option<Start>,
    /// Where two assets are compared, the second one.
    pub rival: Option<Rival>,
    /// Why operators should look before it is paid.
    pub suspicions: Suspicions,
}

impl Resolution {
    /// As settlement-svc is told.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (outcome, void_reason) = match self.outcome {
            Outcome::Answer(index) => (index, VoidReason::Unspecified),
            Outcome::Tie => (0, VoidReason::Tie),
            Outcome::Insufficient => (0, VoidReason::OracleInsufficient),
        };
        let told = [
            (self.suspicions.confidence, Suspicion::Confidence),
            (self.suspicions.excluded_venue, Suspicion::ExcludedVenue),
        ];
        Verdict {
            outcome,
            void_reason: void_reason.into(),
            price: text(self.price),
            observed_at: Some(timestamp(self.observed_at.time())),
            series_first_second: self.first.number(),
            series_last_second: self.last.number(),
            suspicions: told
                .iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, suspicion)| (*suspicion).into())
                .collect(),
            window_end_second: self.window_end.map(Second::number).unwrap_or_default(),
            start_price: text(self.start.and_then(|start| start.price)),
            start_window_end_second: self.start.map(|start| start.window_end.number()).unwrap_or_default(),
            rival_price: text(self.rival.and_then(|rival| rival.price)),
            rival_start_price: text(self.rival.and_then(|rival| rival.start_price)),
        }
    }
}

fn text(price: Option<Decimal>) -> String {
    price.map(|price| price.to_string()).unwrap_or_default()
}
