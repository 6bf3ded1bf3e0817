//! What somebody is told, when, and where besides Telegram.

use super::{alerts::thresholds, clock};
use crate::{
    callbacks::Callback,
    domain::Category,
    locales::{Language, Word},
    screens::{Button, Screen, format, home},
};
use proto::{
    from_timestamp,
    notifier::{GetWebhookResponse, Preferences, QuietHours},
};
use time::OffsetDateTime;

/// Offered hours without a sound, and times for the one message of a day; others are typed.
const QUIET: [(u32, u32); 3] = [(22 * 60, 8 * 60), (23 * 60, 7 * 60), (0, 9 * 60)];
const DIGEST: [u32; 4] = [8 * 60, 12 * 60, 18 * 60, 21 * 60];

/// Everything about it. `told` is what was just decided.
#[must_use]
pub fn notifications(language: Language, wanted: &Preferences, told: Option<String>) -> Screen {
    let mut lines = vec![language.say("notifications-title"), String::new()];
    if let Some(told) = told {
        lines.extend([told, String::new()]);
    }
    lines.push(language.say("notifications-how"));
    lines.push(String::new());
    lines.extend(thresholds(language, wanted));
    lines.push(quiet_line(language, wanted.quiet.as_ref()));
    lines.push(digest_line(language, wanted));
    let switch = |category: Category| {
        let on = !wanted.off.contains(&i32::from(category.wire()));
        let name = language.plain(name(category), &[]);
        let key = if on { "button-category-on" } else { "button-category-off" };
        let label = language.plain(key, &[("name", name.into())]);
        Button::press(label, Callback::CategorySwitch { category, on: !on })
    };
    Category::ALL
        .map(switch)
        .chunks(2)
        .fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()))
        .row([
            Button::go(language, "button-quiet", Callback::Quiet),
            Button::go(language, "button-digest", Callback::Digest),
        ])
        .row([
            Button::go(language, "button-alerts", Callback::Alerts),
            Button::go(language, "button-webhook", Callback::Webhook),
        ])
        .row([Button::go(language, "button-settings", Callback::Settings), home(language)])
}

const fn name(category: Category) -> &'static str {
    match category {
        Category::Room => "category-room",
        Category::Tracker => "category-tracker",
        Category::Whale => "category-whale",
        Category::Consensus => "category-consensus",
        Category::Price => "category-price",
        Category::System => "category-system",
    }
}

fn quiet_line(language: Language, quiet: Option<&QuietHours>) -> String {
    match quiet.filter(|quiet| quiet.on) {
        Some(quiet) => language.fill("quiet-on", &span(quiet)),
        None => language.say("quiet-off"),
    }
}

fn span(quiet: &QuietHours) -> [(&'static str, Word); 3] {
    [
        ("from", clock(quiet.from_minute).into()),
        ("until", clock(quiet.until_minute).into()),
        ("zone", zone(Some(quiet)).into()),
    ]
}

/// Whoever never said is in UTC.
fn zone(quiet: Option<&QuietHours>) -> &str {
    quiet.map(|quiet| quiet.time_zone.as_str()).filter(|zone| !zone.is_empty()).unwrap_or("UTC")
}

fn digest_line(language: Language, wanted: &Preferences) -> String {
    let zone = zone(wanted.quiet.as_ref());
    match wanted.digest.as_ref().filter(|digest| digest.on) {
        Some(digest) => {
            language.fill("digest-on", &[("at", clock(digest.minute).into()), ("zone", zone.into())])
        }
        None => language.say("digest-off"),
    }
}

fn back(language: Language) -> [Button; 2] {
    [Button::go(language, "button-notifications", Callback::Notifications), home(language)]
}

fn asking(language: Language, wrong: bool, none: &str, lines: impl IntoIterator<Item = String>) -> Screen {
    let wrong = wrong.then(|| language.say(none)).into_iter().flat_map(|text| [text, String::new()]);
    Screen::new(wrong.chain(lines))
}

/// Which hours? `wrong` if the last text was none.
#[must_use]
pub fn quiet_ask(language: Language, wanted: &Preferences, wrong: bool) -> Screen {
    let quiet = wanted.quiet.clone().unwrap_or_default();
    let on = quiet.on;
    let lines = [quiet_line(language, Some(&quiet)), String::new(), language.say("quiet-ask")];
    let preset = |(from, until): (u32, u32)| {
        let label = format!("{}–{}", clock(from), clock(until));
        Button::press(label, Callback::QuietHours { from, until })
    };
    let key = if on { "button-quiet-off" } else { "button-quiet-on" };
    asking(language, wrong, "quiet-not-hours", lines)
        .row(QUIET.map(preset))
        .row([Button::go(language, key, Callback::QuietSwitch { on: !on })])
        .row(back(language))
}

/// At which time? `wrong` if the last text was none.
#[must_use]
pub fn digest_ask(language: Language, wanted: &Preferences, wrong: bool) -> Screen {
    let lines = [digest_line(language, wanted), String::new(), language.say("digest-ask")];
    let preset = |minute: u32| Button::press(clock(minute), Callback::DigestAt { minute });
    let on = wanted.digest.as_ref().is_some_and(|digest| digest.on);
    asking(language, wrong, "digest-not-a-time", lines)
        .row(DIGEST.map(preset))
        .row(on.then(|| Button::go(language, "button-digest-off", Callback::DigestOff)))
        .row(back(language))
}

/// The webhook with its key and how it fares; the next text may be another address. `told` is what was just decided, or what
/// the last text lacked.
#[must_use]
pub fn webhook(
    language: Language,
    webhook: Option<&GetWebhookResponse>,
    told: Option<String>,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = vec![language.say("webhook-title"), String::new()];
    if let Some(told) = told {
        lines.extend([told, String::new()]);
    }
    match webhook {
        Some(webhook) => {
            lines.push(language.fill("webhook-url", &[("url", webhook.url.as_str().into())]));
            lines.push(language.fill("webhook-key", &[("key", webhook.key.as_str().into())]));
            let success = from_timestamp(webhook.last_success_at.as_ref()).ok();
            if let Some(at) = success {
                let when = format::relative(language, at, now).into();
                lines.push(language.fill("webhook-success", &[("when", when)]));
            }
            if !webhook.last_error.is_empty() {
                lines.push(language.fill("webhook-error", &[("why", webhook.last_error.as_str().into())]));
            }
        }
        None => lines.push(language.say("webhook-none")),
    }
    lines.extend([String::new(), language.say("webhook-ask")]);
    let remove = webhook.map(|_| Button::go(language, "button-webhook-remove", Callback::WebhookRemove));
    Screen::new(lines).row(remove).row(back(language))
}
