//! What operators tell everybody.

use proto::{
    Malformed, Refusal,
    common::RefusalCode,
    notifier::{Broadcast, BroadcastState},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Longest text, in characters: with its head a message of Telegram.
const TEXT_MAX: usize = 2_000;

/// Most languages of one.
const LANGUAGES_MAX: usize = 20;

/// Its id, if it can be told.
///
/// # Errors
/// `MALFORMED`, naming the field: no English first, a language twice, no text, or a text that is too long.
pub fn check(broadcast: &Broadcast) -> Result<Uuid, Refusal> {
    let wrong = |field: &'static str| Refusal::new(RefusalCode::Malformed).with("field", field);
    let id = Uuid::from_slice(&broadcast.broadcast_id).map_err(|_| wrong("broadcast_id"))?;
    let languages: BTreeSet<&str> = broadcast.texts.iter().map(|text| text.language.as_str()).collect();
    let english_first = broadcast.texts.first().is_some_and(|text| text.language == "en");
    let several = languages.len() == broadcast.texts.len() && languages.len() <= LANGUAGES_MAX;
    if !english_first || !several || !languages.iter().all(|language| is_language(language)) {
        return Err(wrong("language"));
    }
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_MAX;
    if broadcast.texts.iter().all(|text| fits(&text.text)) { Ok(id) } else { Err(wrong("text")) }
}

/// A tag of BCP 47, by its looks.
fn is_language(tag: &str) -> bool {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= 35 && tag.split('-').all(part)
}

/// Where a broadcast stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is being told.
    Running,
    /// It waits for an operator.
    Paused,
    /// Everybody was told, or nobody will be any more.
    Ended,
}

impl Stand {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Running, Self::Paused, Self::Ended];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Ended => "ENDED",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stand| stand.name() == name)
    }

    /// As others see it.
    #[must_use]
    pub const fn to_message(self) -> BroadcastState {
        match self {
            Self::Running => BroadcastState::Running,
            Self::Paused => BroadcastState::Paused,
            Self::Ended => BroadcastState::Ended,
        }
    }

    /// Where an operator wants it.
    ///
    /// # Errors
    /// Nowhere.
    pub const fn wanted(state: BroadcastState) -> Result<Self, Malformed> {
        match state {
            BroadcastState::Running => Ok(Self::Running),
            BroadcastState::Paused => Ok(Self::Paused),
            BroadcastState::Ended => Ok(Self::Ended),
            BroadcastState::Unspecified => Err(Malformed("no state of a broadcast")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::notifier::BroadcastText;

    fn broadcast(texts: &[(&str, &str)]) -> Broadcast {
        let text = |(language, text): &(&str, &str)| BroadcastText {
            language: (*language).to_owned(),
            text: (*text).to_owned(),
        };
        Broadcast { broadcast_id: vec![7; 16], texts: texts.iter().map(text).collect() }
    }

    #[test]
    fn a_broadcast_has_words_for_everybody() {
        let long = "я".repeat(TEXT_MAX);
        assert_eq!(check(&broadcast(&[("en", "Hello"), ("ru", &long)])), Ok(Uuid::from_bytes([7; 16])));
        assert!(check(&broadcast(&[("en", "Hello"), ("zh-Hans", "你好")])).is_ok());
        let longer = "я".repeat(TEXT_MAX + 1);
        let wrong: [(&[(&str, &str)], &str); 7] = [
            (&[], "language"),
            (&[("ru", "Привет")], "language"),
            (&[("ru", "Привет"), ("en", "Hello")], "language"),
            (&[("en", "Hello"), ("en", "Bye")], "language"),
            (&[("en", "Hello"), ("", "Bye")], "language"),
            (&[("en", " \n")], "text"),
            (&[("en", "Hello"), ("ru", &longer)], "text"),
        ];
        for (texts, field) in wrong {
            let refusal = Refusal::new(RefusalCode::Malformed).with("field", field);
            assert_eq!(check(&broadcast(texts)), Err(refusal), "{texts:?}");
        }
        let nameless = Broadcast { broadcast_id: vec![], ..broadcast(&[("en", "Hello")]) };
        assert!(check(&nameless).is_err());
    }

    #[test]
    fn names_read_back() {
        for stand in Stand::ALL {
            assert_eq!(Stand::of_name(stand.name()), Some(stand));
            assert_eq!(Stand::wanted(stand.to_message()), Ok(stand));
        }
        assert!(Stand::of_name("LOST").is_none() && Stand::wanted(BroadcastState::Unspecified).is_err());
    }
}
