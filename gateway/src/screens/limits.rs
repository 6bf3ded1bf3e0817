//! Limits that people set for themselves: what is used, what can be chosen, and what is about to hold.

use super::{Button, Screen, format, home};
use crate::{
    callbacks::Callback,
    domain::{LimitKind, LimitView, LimitsView},
    locales::Language,
};
use proto::{CommandId, LAMPORTS_PER_SOL, Lamports, Refusal};
use time::OffsetDateTime;

/// Offered amounts, in whole SOL; others are typed.
const PRESETS: [i64; 4] = [1, 5, 20, 100];
/// Offered breaks, in days.
const BREAKS: [u32; 4] = [1, 7, 14, 42];
/// Offered exclusions, in months.
const EXCLUSIONS: [u32; 4] = [6, 12, 24, 60];

/// The name of a limit in texts.
const fn name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::DepositDay => "limit-deposit-day",
        LimitKind::StakeDay => "limit-stake-day",
        LimitKind::LossWeek => "limit-loss-week",
    }
}

/// What it means, in a sentence.
const fn meaning(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::DepositDay => "limit-deposit-day-means",
        LimitKind::StakeDay => "limit-stake-day-means",
        LimitKind::LossWeek => "limit-loss-week-means",
    }
}

fn amount(language: Language, amount: Option<Lamports>) -> String {
    match amount {
        Some(amount) => language.fill("limit-amount", &[("amount", amount.into())]),
        None => language.say("limit-none"),
    }
}

/// A limit and what is used of it, with the looser one that waits.
fn lines(language: Language, kind: LimitKind, limit: &LimitView, now: OffsetDateTime) -> Vec<String> {
    let title = ("name", language.say(name(kind)).into());
    let mut lines = vec![match limit.amount {
        Some(of) => language.fill("limit-line", &[title, ("used", limit.used.into()), ("amount", of.into())]),
        None => language.fill("limit-line-none", &[title]),
    }];
    if let Some((at, next)) = limit.next {
        let next = ("next", crate::locales::Word::Html(amount(language, next)));
        lines.push(language.fill("limit-next", &[next, ("at", format::moment(language, at, now).into())]));
    }
    lines
}

/// All limits. `told` is what was just decided.
#[must_use]
pub fn limits(language: Language, limits: &LimitsView, told: Option<String>, now: OffsetDateTime) -> Screen {
    let mut text = vec![language.say("limits-title"), String::new()];
    if let Some(told) = told {
        text.extend([told, String::new()]);
    }
    for kind in LimitKind::ALL {
        text.extend(lines(language, kind, &limits.of(kind), now));
    }
    text.push(String::new());
    let barred = [("limits-cool-off", limits.cool_off_until), ("limits-excluded", limits.excluded_until)];
    for (key, until) in barred {
        if let Some(until) = until {
            text.push(language.fill(key, &[("until", format::date(language, until).into())]));
        }
    }
    text.extend([String::new(), language.say("limits-how")]);
    let choose = |kind| Button::go(language, button(kind), Callback::Limit { kind });
    Screen::new(text)
        .row([choose(LimitKind::DepositDay), choose(LimitKind::StakeDay)])
        .row([choose(LimitKind::LossWeek), Button::go(language, "button-cool-off", Callback::Break)])
        .row([Button::go(language, "button-exclude", Callback::Exclusion)])
        .row([Button::go(language, "button-settings", Callback::Settings), home(language)])
}

const fn button(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::DepositDay => "button-limit-deposit-day",
        LimitKind::StakeDay => "button-limit-stake-day",
        LimitKind::LossWeek => "button-limit-loss-week",
    }
}

fn back(language: Language) -> Button {
    Button::go(language, "button-limits", Callback::Limits)
}

/// One limit: what it means and which amounts are offered. `wrong` if the last text was no amount.
#[must_use]
pub fn limit(
    language: Language,
    kind: LimitKind,
    limit: &LimitView,
    wrong: bool,
    now: OffsetDateTime,
) -> Screen {
    let mut text = lines(language, kind, limit, now);
    text.extend([String::new(), language.say(meaning(kind)), String::new()]);
    if wrong {
        text.push(language.say("limit-not-a-number"));
    }
    text.push(language.say("limit-ask"));
    let preset = |whole: i64| {
        let amount = Lamports::new(whole.saturating_mul(LAMPORTS_PER_SOL));
        let label = language.plain("button-sol", &[("amount", amount.into())]);
        Button::press(label, Callback::LimitAmount { kind, amount })
    };
    let none = limit.amount.map(|_| Button::go(language, "button-limit-none", Callback::LimitNone { kind }));
    Screen::new(text).row(PRESETS.map(preset)).row(none).row([back(language), home(language)])
}

/// What will hold, and from when.
#[must_use]
pub fn limit_review(
    language: Language,
    kind: LimitKind,
    limit: &LimitView,
    wanted: Option<Lamports>,
    slip: CommandId,
) -> Screen {
    let html = |text| crate::locales::Word::Html(text);
    let values = [
        ("name", language.say(name(kind)).into()),
        ("before", html(amount(language, limit.amount))),
        ("after", html(amount(language, wanted))),
    ];
    let when = if limit.tightens(wanted) { "limit-at-once" } else { "limit-tomorrow" };
    Screen::new([language.fill("limit-review", &values), String::new(), language.say(when)])
        .row([Button::go(language, "button-limit-confirm", Callback::Confirm { slip })])
        .row([Button::go(language, "button-back", Callback::Limit { kind }), back(language)])
}

/// How long a break?
#[must_use]
pub fn cool_off(language: Language) -> Screen {
    let days = |days: u32| {
        let label = language.plain("button-days", &[("days", days.into())]);
        Button::press(label, Callback::BreakDays { days })
    };
    Screen::new([language.say("cool-off-title"), String::new(), language.say("cool-off-means")])
        .row(BREAKS.map(days))
        .row([back(language), home(language)])
}

/// The break about to begin.
#[must_use]
pub fn cool_off_review(language: Language, days: u32, slip: CommandId) -> Screen {
    Screen::new([language.fill("cool-off-review", &[("days", days.into())])])
        .row([Button::go(language, "button-cool-off-confirm", Callback::Confirm { slip })])
        .row([Button::go(language, "button-back", Callback::Break), back(language)])
}

/// For how many months?
#[must_use]
pub fn exclusion(language: Language) -> Screen {
    let months = |months: u32| {
        let label = language.plain("button-months", &[("months", months.into())]);
        Button::press(label, Callback::ExclusionMonths { months })
    };
    Screen::new([language.say("exclusion-title"), String::new(), language.say("exclusion-means")])
        .row(EXCLUSIONS.map(months))
        .row([back(language), home(language)])
}

/// The first of two questions.
#[must_use]
pub fn exclusion_first(language: Language, months: u32) -> Screen {
    let text = language.fill("exclusion-first", &[("months", months.into())]);
    Screen::new([text]).row([back(language)]).row([Button::go(
        language,
        "button-exclude-on",
        Callback::ExclusionSure { months },
    )])
}

/// The second one. The way out comes first.
#[must_use]
pub fn exclusion_last(language: Language, months: u32, slip: CommandId) -> Screen {
    let text = language.fill("exclusion-last", &[("months", months.into())]);
    let label = language.plain("button-exclude-confirm", &[("months", months.into())]);
    Screen::new([text]).row([back(language)]).row([Button::press(label, Callback::Confirm { slip })])
}

/// What became of a wish that was refused.
#[must_use]
pub fn limit_refused(language: Language, why: &Refusal, now: OffsetDateTime) -> Screen {
    Screen::new([language.say("limit-refused"), super::refusal(language, why, now)])
        .row([back(language), home(language)])
}
