//! Saying that a result is wrong, and what came of it.

use super::{Button, Screen, home, question};
use crate::{callbacks::Callback, domain::RoomView, locales::Language};
use proto::{
    CommandId, Lamports, Malformed, Refusal, RoomId,
    notifier::BetRefunded,
    settlement::{Dispute, DisputeState},
};
use time::OffsetDateTime;

/// Longest text of a dispute, in characters.
pub const DISPUTE_MAX: usize = 500;

/// What is wrong? `wrong` if the last text was too long.
#[must_use]
pub fn dispute_ask(language: Language, room: &RoomView, wrong: bool) -> Screen {
    let number = room.number.to_string().into();
    let asked = question::dated_question(language, room).into();
    let mut lines = vec![
        language.fill("dispute-title", &[("number", number)]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
    ];
    if wrong {
        lines.push(language.fill("dispute-too-long", &[("max", DISPUTE_MAX.into())]));
    }
    lines.push(language.say("dispute-ask"));
    Screen::new(lines).row([Button::go(language, "button-back", Callback::Verdict { room: room.id })])
}

/// The words as they will be handed in.
#[must_use]
pub fn dispute_review(language: Language, room: &RoomView, text: &str, slip: CommandId) -> Screen {
    let number = room.number.to_string().into();
    Screen::new([
        language.fill("dispute-title", &[("number", number)]),
        language.fill("dispute-words", &[("text", text.into())]),
        String::new(),
        language.say("dispute-means"),
    ])
    .row([Button::go(language, "button-dispute-confirm", Callback::Confirm { slip })])
    .row([
        Button::go(language, "button-dispute-change", Callback::Dispute { room: room.id }),
        Button::go(language, "button-cancel", Callback::Verdict { room: room.id }),
    ])
}

/// It is handed in.
#[must_use]
pub fn dispute_opened(language: Language, room: RoomId, dispute: &Dispute) -> Screen {
    Screen::new([
        language.say("dispute-opened"),
        language.fill("dispute-words", &[("text", dispute.text.as_str().into())]),
    ])
    .row(doors(language, room))
    .lasting()
}

/// It is not.
#[must_use]
pub fn dispute_refused(language: Language, room: RoomId, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("dispute-refused"), super::refusal(language, why, now)])
        .row(doors(language, room))
}

/// What became of a dispute. One that is only open is the answer to its own request.
pub(super) fn dispute(language: Language, dispute: &Dispute) -> Result<Screen, Malformed> {
    let room = RoomId::try_from_bytes(&dispute.room_id)?;
    let key = match dispute.state() {
        DisputeState::Open => "notice-dispute-open",
        DisputeState::Upheld => "notice-dispute-upheld",
        DisputeState::Refunding => "notice-dispute-refunding",
        DisputeState::AwaitingFunds => "notice-dispute-awaiting-funds",
        DisputeState::Refunded => "notice-dispute-refunded",
        DisputeState::Unspecified => return Err(Malformed("dispute without a state")),
    };
    let mut lines = vec![language.say(key)];
    if !dispute.reason.is_empty() {
        lines.push(language.fill("notice-reason", &[("reason", dispute.reason.as_str().into())]));
    }
    lines.push(String::new());
    lines.push(language.fill("dispute-words", &[("text", dispute.text.as_str().into())]));
    Ok(Screen::new(lines).row(doors(language, room)))
}

/// A losing stake is back.
pub(super) fn bet_refunded(language: Language, refunded: &BetRefunded) -> Result<Screen, Malformed> {
    let room = refunded.room.as_ref().ok_or(Malformed("refund without a room"))?;
    let bet = refunded.bet.as_ref().ok_or(Malformed("refund without a bet"))?;
    let terms = room.terms.as_ref().ok_or(Malformed("refund without terms"))?;
    let view = RoomView::of_terms(room.room_number, terms, &[])?;
    let amount = Lamports::new(bet.lamports).into();
    let number = room.room_number.to_string().into();
    let asked = question::dated_question(language, &view).into();
    let mut lines = vec![
        language.fill("notice-refunded", &[("amount", amount), ("number", number)]),
        language.fill("notice-question", &[("question", asked)]),
        String::new(),
        language.say("notice-refunded-why"),
    ];
    if !room.reason.is_empty() {
        lines.push(language.fill("notice-reason", &[("reason", room.reason.as_str().into())]));
    }
    Ok(Screen::new(lines).row(doors(language, view.id)))
}

fn doors(language: Language, room: RoomId) -> [Button; 3] {
    [
        Button::go(language, "button-result", Callback::Verdict { room }),
        Button::go(language, "button-bets", Callback::Bets { page: 0 }),
        home(language),
    ]
}
