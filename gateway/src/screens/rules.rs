//! The small print of a room: how it is decided, what is a tie, what it costs, what was hashed.

use super::{format, question};
use crate::{
    domain::{Question, RoomView, Target},
    locales::{Language, Word},
};
use time::Duration;

/// How much of the small print a text has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// All of it.
    Whole,
    /// Without what holds for every room: the page of rules has that.
    Short,
    /// The fee and the hash: the text alone, without a picture, has the rest.
    Least,
}

/// Folded away below the card.
#[must_use]
pub fn rules(language: Language, room: &RoomView, print: Print) -> String {
    let mut lines = if print == Print::Least { Vec::new() } else { decided(language, room) };
    if print == Print::Whole && room.question.is_touch() && room.past_post_seconds > 0 {
        let seconds = ("seconds", room.past_post_seconds.into());
        lines.push(language.fill("card-rule-past-post", &[seconds]));
    }
    if print == Print::Whole {
        lines.push(language.say("card-rule-void"));
    }
    lines.push(language.fill("card-rule-fee", &[("fee", fee_percent(room).into())]));
    if let Some(open) = room.open_price.filter(|_| print != Print::Least) {
        let open = match room.question.supply() {
            Some(_) => format::cap(open),
            None => format::price(open),
        };
        lines.push(language.fill("card-rule-open", &[("open", open.into())]));
    }
    let hash: String = hex::encode(&room.terms_hash).chars().take(16).collect();
    if !hash.is_empty() {
        lines.push(language.fill("card-terms", &[("hash", hash.into())]));
    }
    format!("<blockquote expandable>{}</blockquote>", lines.join("\n"))
}

/// What decides, and on what price.
fn decided(language: Language, room: &RoomView) -> Vec<String> {
    let quorum = || ("quorum", Word::from(room.quorum));
    let mean = || ("mean", Word::from(room.mean_seconds));
    match &room.question {
        Question::Touch(target) => {
            let level = ("target", question::level(room, target.level).into());
            match target.supply {
                None => vec![language.fill("card-rule-touch", &[level, quorum()])],
                Some(_) => {
                    let touch = language.fill("card-rule-cap-touch", &[level, mean()]);
                    [vec![touch], token(language, room, target)].concat()
                }
            }
        }
        Question::Close(target) if target.supply.is_some() => {
            let close = language.fill("card-rule-cap-close", &[mean()]);
            [vec![close], token(language, room, target)].concat()
        }
        Question::Close(_) => vec![language.fill("card-rule-close", &[mean(), quorum()])],
        Question::UpDown => vec![
            language.fill("card-rule-up-down", &[mean()]),
            language.fill("card-rule-price", &[quorum()]),
            language.say("card-rule-tie"),
        ],
        Question::Buckets(_) => {
            vec![language.fill("card-rule-buckets", &[mean()]), language.fill("card-rule-price", &[quorum()])]
        }
        Question::HeadToHead { .. } => vec![
            language.fill("card-rule-head-to-head", &[mean()]),
            language.fill("card-rule-price", &[quorum()]),
            language.say("card-rule-tie"),
        ],
        Question::Custom(custom) => {
            let wait = Duration::seconds(i64::from(custom.unresolved_seconds));
            vec![
                language.fill("card-rule-custom", &[("criterion", custom.criterion.as_str().into())]),
                language.fill("card-rule-source", &[("source", custom.source_url.as_str().into())]),
                language.fill("card-rule-operators", &[("wait", format::span(language, wait).into())]),
            ]
        }
    }
}

/// Which token, and how many there are.
fn token(language: Language, room: &RoomView, target: &Target) -> Vec<String> {
    let supply = target.supply.map(|supply| format::exact(supply).into()).unwrap_or_else(|| "?".into());
    vec![
        language.fill("card-rule-token", &[("mint", room.asset.as_str().into()), ("supply", supply)]),
        language.say("card-rule-token-price"),
    ]
}

/// Both fees together in percent.
fn fee_percent(room: &RoomView) -> String {
    let points = u32::from(room.fees.0.get()) + u32::from(room.fees.1.get());
    format::exact_percent(points)
}
