//! The group in which the players of a room meet.

use super::{Button, Screen, question};
use crate::{domain::RoomView, locales::Language};

/// Telegram's limit for the title of a group, in characters.
const TITLE: usize = 128;

/// What a group is called while it hosts a room. It is read by everybody in it: in the language that everybody has.
#[must_use]
pub fn arena_title(room: &RoomView) -> String {
    let language = Language::ENGLISH;
    let short = question::short(language, room).into();
    let title =
        language.plain("arena-title", &[("number", room.number.to_string().into()), ("short", short)]);
    title.chars().take(TITLE).collect()
}

/// What a group is called while it waits for a room.
#[must_use]
pub fn arena_title_free() -> String {
    Language::ENGLISH.plain("arena-title-free", &[])
}

/// Said to somebody who does not play and wants to come in; `link` leads to the room.
#[must_use]
pub fn arena_players_only(language: Language, room: i64, link: Option<String>) -> Screen {
    let number = ("number", room.to_string().into());
    let open = link.map(|link| Button::link(language.plain("button-open-room", &[]), link));
    Screen::new([language.fill("arena-players-only", &[number])]).row(open)
}

/// Said to somebody who comes too late.
#[must_use]
pub fn arena_over(language: Language) -> Screen {
    Screen::new([language.say("arena-over")])
}

impl Screen {
    /// Adds the way into the group of the players, if there is one.
    #[must_use]
    pub fn with_arena(mut self, language: Language, link: Option<String>) -> Self {
        if let Some(link) = link {
            self.keyboard.insert(0, vec![Button::link(language.plain("button-arena", &[]), link)]);
        }
        self
    }
}
