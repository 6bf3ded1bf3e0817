//! The text of a refusal.

use super::{Button, Screen, format, home};
use crate::{
    callbacks::Callback,
    domain::CreateStep,
    locales::{Language, Word},
};
use proto::{Lamports, Refusal, RoomId, common::RefusalCode};
use time::{Duration, OffsetDateTime};

/// The rule in words with its numbers. On the wire amounts are lamports, moments Unix seconds and
/// spans seconds; here they become SOL, times and spans.
#[must_use]
pub fn refusal(language: Language, refusal: &Refusal, now: OffsetDateTime) -> String {
    let name = refusal.code.as_str_name().trim_start_matches("REFUSAL_CODE_");
    let key = format!("refusal-{}", name.to_ascii_lowercase().replace('_', "-"));
    let horizon = refusal.code == RefusalCode::RoomHorizon;
    let days = refusal.code == RefusalCode::LimitInvalid;
    let money = ["BET_", "WITHDRAW_", "LIMIT_", "ACCOUNT_"].iter().any(|of| name.starts_with(of)) && !days;
    let values: Vec<(&str, Word)> = refusal
        .params
        .iter()
        .map(|(name, value)| {
            let shown: Option<Word> = match name.as_str() {
                "lock_at" | "until" => moment(language, value, now).map(Word::Text),
                "min" | "max" if horizon => seconds(language, value).map(Word::Text),
                "min" | "max" | "stake" | "available" | "amount" | "cap" | "used" | "threshold"
                | "withdrawable" | "limit" | "stakable" | "left"
                    if money =>
                {
                    value.parse().ok().map(|lamports| Lamports::new(lamports).into())
                }
                "price" | "target" | "min_usd" | "liquidity_usd" => {
                    proto::decimal(value).ok().map(format::exact).map(Word::Text)
                }
                // Counts choose a plural.
                "max" | "max_players" | "left" | "seconds" => value.parse().ok().map(Word::Number),
                _ => None,
            };
            (name.as_str(), shown.unwrap_or_else(|| value.as_str().into()))
        })
        .collect();
    language.fill(&key, &values)
}

/// A bet that is not placed.
#[must_use]
pub fn bet_refused(language: Language, room: RoomId, why: &Refusal, now: OffsetDateTime) -> Screen {
    let help = match why.code {
        RefusalCode::BetNotEnough => Some(Button::go(language, "button-deposit", Callback::Deposit)),
        RefusalCode::LimitStakeDay
        | RefusalCode::LimitLossWeek
        | RefusalCode::LimitCoolOff
        | RefusalCode::LimitExcluded => Some(Button::go(language, "button-limits", Callback::Limits)),
        RefusalCode::LimitWithdrawOnly => Some(Button::go(language, "button-withdraw", Callback::Withdraw)),
        _ => None,
    };
    Screen::new([language.say("bet-refused"), refusal(language, why, now)])
        .row(
            help.into_iter()
                .chain([Button::go(language, "button-open-room", Callback::Room { room }), home(language)]),
        )
        .lasting()
}

/// A room that is not opened; its draft is kept to be changed. `existing` asks the same question
/// already.
#[must_use]
pub fn room_refused(
    language: Language,
    why: &Refusal,
    existing: Option<(RoomId, String)>,
    now: OffsetDateTime,
) -> Screen {
    let existing = existing.map(|(room, number)| {
        let label = language.plain("button-existing-room", &[("number", number.into())]);
        Button::press(label, Callback::Room { room })
    });
    Screen::new([language.say("room-refused"), refusal(language, why, now)]).row(existing).row([
        Button::go(language, "button-change-room", Callback::Create { step: CreateStep::Review }),
        home(language),
    ])
}

/// A withdrawal that is not requested.
#[must_use]
pub fn withdraw_refused(language: Language, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("withdraw-refused"), refusal(language, why, now)])
        .row([Button::go(language, "button-try-again", Callback::WithdrawAmount), home(language)])
}

fn moment(language: Language, value: &str, now: OffsetDateTime) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(value.parse().ok()?).ok()?;
    Some(format::moment(language, at, now))
}

fn seconds(language: Language, value: &str) -> Option<String> {
    Some(format::span(language, Duration::seconds(value.parse().ok()?)))
}
