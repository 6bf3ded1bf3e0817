//! The authenticator: adding, removing, being asked for its code.

use super::{Button, Screen};
use crate::{callbacks::Callback, domain::CodeFor, locales::Language};
use proto::{
    CommandId, Refusal,
    wallet::{SecurityChange, SecurityChanged},
};
use time::OffsetDateTime;

/// The secret, as the caption of its picture.
#[must_use]
pub fn authenticator_scan(language: Language, secret: &str, uri: &str) -> Screen {
    Screen::new([language.fill("authenticator-scan", &[("secret", secret.into()), ("uri", uri.into())])])
        .row([back(language)])
        .lasting()
}

/// Asks for a code of the authenticator that shall go. `wrong` if the last text was none.
#[must_use]
pub fn authenticator_ask_remove(language: Language, wrong: bool) -> Screen {
    let problem = wrong.then(|| language.say("authenticator-not-a-code"));
    Screen::new(problem.into_iter().chain([language.say("authenticator-ask-remove")])).row([back(language)])
}

/// A text that is no code.
#[must_use]
pub fn authenticator_not_a_code(language: Language) -> Screen {
    Screen::new([language.say("authenticator-not-a-code")]).row([back(language)])
}

/// The code is there; its button uses it.
#[must_use]
pub fn authenticator_confirm(language: Language, code_for: CodeFor, slip: CommandId) -> Screen {
    let question = match code_for {
        CodeFor::Add => "authenticator-confirm-add",
        CodeFor::Remove => "authenticator-confirm-remove",
    };
    Screen::new([language.say(question)])
        .row([Button::go(language, "button-use-code", Callback::Confirm { slip })])
        .row([back(language)])
}

/// wallet-svc has something against it.
#[must_use]
pub fn authenticator_refused(language: Language, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("authenticator-refused"), super::refusal(language, why, now)])
        .row([back(language)])
}

/// What the owner of an account should know even if somebody else did it.
pub(super) fn security(language: Language, changed: &SecurityChanged) -> Option<Screen> {
    let key = match changed.change() {
        SecurityChange::TotpAdded => "notice-authenticator-added",
        SecurityChange::TotpRemoved => "notice-authenticator-removed",
        SecurityChange::TotpLocked => "notice-authenticator-locked",
        SecurityChange::Unspecified => return None,
    };
    Some(
        Screen::new([language.say(key), String::new(), language.say("notice-not-you")]).row([back(language)]),
    )
}

fn back(language: Language) -> Button {
    Button::go(language, "button-settings", Callback::Settings)
}
