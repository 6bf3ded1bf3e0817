//! The question of a room and its answers, made from its terms in the reader's language.

use super::format;
use crate::{
    domain::{Question, RoomView, Target},
    locales::{Language, Word},
};
use rust_decimal::Decimal;
use time::OffsetDateTime;

/// Characters of an asset's name that are shown whole; a mint's address is longer.
const NAME: usize = 12;

/// Characters of an operator's words on a button.
const SHORT: usize = 32;

/// The whole question, plain: it goes into other texts, which escape it.
#[must_use]
pub fn question(language: Language, room: &RoomView, now: OffsetDateTime) -> String {
    ask(language, room, |at| format::moment(language, at, now))
}

/// The question with the deadline's date, for what is read later.
#[must_use]
pub fn dated_question(language: Language, room: &RoomView) -> String {
    ask(language, room, |at| format::date(language, at))
}

fn ask(language: Language, room: &RoomView, moment: impl Fn(OffsetDateTime) -> String) -> String {
    let asset = ("asset", asset(&room.asset).into());
    let deadline = ("deadline", moment(room.deadline).into());
    let from = || ("from", moment(room.lock_at).into());
    match &room.question {
        Question::Touch(target) => {
            let key = key(
                target,
                ["question-touch-up", "question-touch-down"],
                ["question-cap-touch-up", "question-cap-touch-down"],
            );
            language.plain(key, &[asset, ("target", level(room, target.level).into()), deadline])
        }
        Question::Close(target) => {
            let key = key(
                target,
                ["question-close-above", "question-close-below"],
                ["question-cap-close-above", "question-cap-close-below"],
            );
            language.plain(key, &[asset, ("target", level(room, target.level).into()), deadline])
        }
        Question::UpDown => language.plain("question-up-down", &[asset, from(), deadline]),
        Question::Buckets(_) => language.plain("question-buckets", &[asset, deadline]),
        Question::HeadToHead { rival } => {
            let rival = ("rival", self::asset(rival).into());
            language.plain("question-head-to-head", &[asset, rival, from(), deadline])
        }
        Question::Custom(custom) => custom.text.clone(),
    }
}

/// Of texts for above and below, the one for prices or the one for market caps.
const fn key(target: &Target, price: [&'static str; 2], cap: [&'static str; 2]) -> &'static str {
    let [above, below] = if target.supply.is_some() { cap } else { price };
    if target.upward { above } else { below }
}

/// A few characters for a button: `SOL ↑ $165`.
#[must_use]
pub fn short(language: Language, room: &RoomView) -> String {
    let asset = ("asset", asset(&room.asset).into());
    match &room.question {
        Question::Touch(target) => {
            let key = key(
                target,
                ["short-touch-up", "short-touch-down"],
                ["short-cap-touch-up", "short-cap-touch-down"],
            );
            language.plain(key, &[asset, ("target", level(room, target.level).into())])
        }
        Question::Close(target) => {
            let key = key(
                target,
                ["short-close-above", "short-close-below"],
                ["short-cap-close-above", "short-cap-close-below"],
            );
            language.plain(key, &[asset, ("target", level(room, target.level).into())])
        }
        Question::UpDown => language.plain("short-up-down", &[asset]),
        Question::Buckets(_) => {
            language.plain("short-buckets", &[asset, ("ranges", room.outcomes.len().into())])
        }
        Question::HeadToHead { rival } => {
            language.plain("short-head-to-head", &[asset, ("rival", self::asset(rival).into())])
        }
        Question::Custom(custom) => cut(&custom.text, SHORT),
    }
}

/// An answer in words. YES and NO, UP and DOWN are translated, ranges are made from their bounds, others stand as hashed.
#[must_use]
pub fn outcome(language: Language, room: &RoomView, index: usize) -> String {
    if let Question::Buckets(bounds) = &room.question {
        return range(language, bounds, index);
    }
    match room.outcomes.get(index).map(String::as_str) {
        Some("YES") => language.plain("outcome-yes", &[]),
        Some("NO") => language.plain("outcome-no", &[]),
        Some("UP") => language.plain("outcome-up", &[]),
        Some("DOWN") => language.plain("outcome-down", &[]),
        Some(label) => label.to_owned(),
        None => format!("#{index}"),
    }
}

/// Range `index` lies from bound `index - 1` on and below bound `index`.
fn range(language: Language, bounds: &[Decimal], index: usize) -> String {
    let low = index.checked_sub(1).and_then(|below| bounds.get(below));
    let value = |bound: &Decimal| Word::from(format::exact(*bound));
    match (low, bounds.get(index)) {
        (None, Some(high)) => language.plain("range-below", &[("high", value(high))]),
        (Some(low), Some(high)) => {
            language.plain("range-between", &[("low", value(low)), ("high", value(high))])
        }
        (Some(low), None) => language.plain("range-above", &[("low", value(low))]),
        (None, None) => format!("#{index}"),
    }
}

/// The name of an asset; of a mint its first and last characters.
#[must_use]
pub fn asset(name: &str) -> String {
    if name.chars().count() <= NAME { name.to_owned() } else { super::withdraw::shortened(name) }
}

/// A price, or a market cap, as the terms have it.
#[must_use]
pub fn level(room: &RoomView, level: Decimal) -> String {
    if room.question.supply().is_some() { format::exact_cap(level) } else { format::exact(level) }
}

/// A text of at most so many characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
