//! What is kept of somebody, and how they have it erased.

use super::{Button, Document, Screen, format, home};
use crate::{callbacks::Callback, locales::Language};
use proto::{CommandId, Lamports, Refusal};
use time::OffsetDateTime;

fn back(language: Language) -> Button {
    Button::go(language, "button-privacy", Callback::Privacy)
}

/// What is kept, and what can be done about it.
#[must_use]
pub fn privacy(language: Language) -> Screen {
    Screen::new([language.say("privacy-title"), String::new(), language.say("privacy-kept")])
        .row([Button::go(language, "button-export", Callback::Export)])
        .row([Button::go(language, "button-leave", Callback::Leave)])
        .row([home(language)])
}

/// The file with everything.
#[must_use]
pub fn privacy_export(language: Language, document: Document) -> Screen {
    let screen = Screen { document: Some(document), ..Screen::new([language.say("privacy-export")]) };
    screen.row([back(language), home(language)]).lasting()
}

/// What erasing means. A balance is withdrawn, or given up in so many words.
#[must_use]
pub fn privacy_leave(
    language: Language,
    balance: Lamports,
    excluded_until: Option<OffsetDateTime>,
) -> Screen {
    let mut lines = vec![language.say("leave-title"), String::new(), language.say("leave-means")];
    if let Some(until) = excluded_until {
        let until = format::date(language, until).into();
        lines.extend([String::new(), language.fill("leave-excluded", &[("until", until)])]);
    }
    if balance <= Lamports::ZERO {
        return Screen::new(lines)
            .row([Button::go(language, "button-erase", Callback::Erase)])
            .row([back(language), home(language)]);
    }
    lines.extend([String::new(), language.fill("leave-balance", &[("balance", balance.into())])]);
    let give_up = language.plain("button-give-up", &[("balance", balance.into())]);
    Screen::new(lines)
        .row([Button::go(language, "button-withdraw", Callback::Withdraw)])
        .row([Button::press(give_up, Callback::GiveUp)])
        .row([back(language), home(language)])
}

/// The last question. The way out comes first.
#[must_use]
pub fn privacy_last(language: Language, given_up: Option<Lamports>, slip: CommandId) -> Screen {
    let mut lines = vec![language.say("leave-last")];
    lines.extend(given_up.map(|amount| language.fill("leave-gives-up", &[("balance", amount.into())])));
    Screen::new(lines).row([back(language), home(language)]).row([Button::go(
        language,
        "button-erase-confirm",
        Callback::Confirm { slip },
    )])
}

/// The last message to somebody who has left.
#[must_use]
pub fn erased(language: Language) -> Screen {
    Screen::new([language.say("leave-done")])
}

/// Not yet, and why.
#[must_use]
pub fn leave_refused(language: Language, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("leave-refused"), super::refusal(language, why, now)])
        .row([Button::go(language, "button-leave", Callback::Leave), home(language)])
}
