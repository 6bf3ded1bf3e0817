//! Everything that a member can set, and the choice of the language.

use super::{Button, Screen, chosen, format, home};
use crate::{callbacks::Callback, locales::Language};
use proto::{from_timestamp, wallet::GetTotpResponse};
use time::OffsetDateTime;

/// What a member can set. `told` is what was just decided.
#[must_use]
pub fn settings(
    language: Language,
    totp: &GetTotpResponse,
    told: Option<String>,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = vec![language.say("settings-title"), String::new()];
    if let Some(told) = told {
        lines.extend([told, String::new()]);
    }
    lines.push(language.fill("settings-language", &[("name", name(language).into())]));
    let young = from_timestamp(totp.counts_from.as_ref()).ok().filter(|from| *from > now);
    lines.push(match young {
        _ if !totp.confirmed => language.say("settings-authenticator-none"),
        Some(at) => {
            let at = format::moment(language, at, now).into();
            language.fill("settings-authenticator-young", &[("at", at)])
        }
        None => language.say("settings-authenticator"),
    });
    lines.extend([String::new(), language.say("settings-authenticator-why")]);
    let (key, callback) = if totp.confirmed {
        ("button-authenticator-remove", Callback::AuthenticatorRemove)
    } else {
        ("button-authenticator-add", Callback::AuthenticatorAdd)
    };
    Screen::new(lines)
        .row([
            Button::go(language, "button-language", Callback::Languages),
            Button::go(language, "button-notifications", Callback::Notifications),
        ])
        .row([Button::go(language, key, callback)])
        .row([
            Button::go(language, "button-limits", Callback::Limits),
            Button::go(language, "button-privacy", Callback::Privacy),
        ])
        .row([home(language)])
}

/// The languages there are, each by its own name. `told` if one was just chosen.
#[must_use]
pub fn languages(language: Language, told: bool) -> Screen {
    let mut lines = vec![language.say("language-title"), String::new()];
    if told {
        lines.extend([language.say("language-set"), String::new()]);
    }
    lines.push(language.say("language-how"));
    let choices: Vec<_> = Language::all()
        .map(|choice| {
            let label = chosen(language, "button-chosen", name(choice), choice == language);
            Button::press(label, Callback::Speak { language: choice })
        })
        .collect();
    let rows = choices.chunks(2).fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()));
    rows.row([Button::go(language, "button-settings", Callback::Settings), home(language)])
}

/// What its speakers call a language.
fn name(language: Language) -> String {
    language.plain("language-name", &[])
}
