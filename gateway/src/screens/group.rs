//! What a group sees of us.

use super::{Button, Screen};
use crate::locales::Language;

/// Sends the reader on to the private chat.
#[must_use]
pub fn in_private(language: Language, link: String) -> Screen {
    Screen::new([language.say("group-hello")])
        .row([Button::link(language.plain("button-open-private", &[]), link)])
}
