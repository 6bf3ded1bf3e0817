//! Taking a bet or a room back.

use super::{Button, Screen, home, question, refusal};
use crate::{callbacks::Callback, domain::RoomView, locales::Language};
use proto::{CommandId, Lamports, Refusal, RoomId, room::Bet};
use time::OffsetDateTime;

/// A bet is taken back.
#[must_use]
pub fn bet_cancelled(language: Language, room: &RoomView, bet: &Bet, now: OffsetDateTime) -> Screen {
    let index = usize::try_from(bet.outcome).unwrap_or(usize::MAX);
    let outcome = question::outcome(language, room, index).into();
    let stake = Lamports::new(bet.stake_lamports).into();
    let asked = question::question(language, room, now).into();
    Screen::new([
        language.fill("bet-cancelled", &[("number", room.number.to_string().into())]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
        language.fill("bet-cancelled-line", &[("stake", stake), ("outcome", outcome)]),
        language.say("bet-cancelled-again"),
    ])
    .row([Button::go(language, "button-open-room", Callback::Room { room: room.id }), home(language)])
    .lasting()
}

/// It stays, and why.
#[must_use]
pub fn bet_not_cancelled(language: Language, room: RoomId, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("bet-not-cancelled"), refusal(language, why, now)])
        .row([
            Button::go(language, "button-open-room", Callback::Room { room }),
            Button::go(language, "button-bets", Callback::Bets { page: 0 }),
            home(language),
        ])
        .lasting()
}

/// Is the room to go?
#[must_use]
pub fn cancel_room(language: Language, room: &RoomView, slip: CommandId, now: OffsetDateTime) -> Screen {
    let asked = question::question(language, room, now).into();
    Screen::new([
        language.fill("cancel-room-title", &[("number", room.number.to_string().into())]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
        language.say("cancel-room-means"),
    ])
    .row([Button::go(language, "button-cancel-room-confirm", Callback::Confirm { slip })])
    .row([Button::go(language, "button-back", Callback::Room { room: room.id })])
}
