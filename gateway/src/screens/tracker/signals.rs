//! Smart wallets, and what they agree on.

use super::{about, amounts, name_of, outcome, page_line, to_market, turn_pages};
use crate::{
    callbacks::Callback,
    clients::{Leaf, Signals},
    domain::{Category, EvmAddress},
    locales::Language,
    screens::{Button, Screen, format, home, question},
};
use proto::notifier::{Signal, SignalEnd, SmartWallet};
use time::OffsetDateTime;

/// Signals on a page.
pub const PAGE: u32 = 5;
/// Wallets on a page.
pub const SMART: u32 = 10;

/// The wallets whose agreement makes a signal.
#[must_use]
pub fn smart_wallets(language: Language, page: u32, found: &Leaf<SmartWallet>) -> Screen {
    let mut lines = vec![language.say("smart-title"), language.say("smart-how"), String::new()];
    if found.shown.is_empty() {
        lines.push(language.say("smart-none"));
    }
    lines.extend(found.shown.iter().map(|wallet| {
        let name = name_of(&wallet.address, &wallet.label).into();
        language.fill("tracked-line", &[("name", name), ("address", wallet.address.as_str().into())])
    }));
    lines.push(String::new());
    lines.extend(page_line(language, page, found.more));
    let doors: Vec<_> = found
        .shown
        .iter()
        .filter_map(|wallet| {
            let label = question::cut(&name_of(&wallet.address, &wallet.label), super::LABEL / 2);
            Some(Button::press(label, Callback::Worth { wallet: EvmAddress::parse(&wallet.address)? }))
        })
        .collect();
    doors
        .chunks(2)
        .fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()))
        .row(turn_pages(language, page, found.more, |page| Callback::SmartWallets { page }))
        .row([
            Button::go(language, "button-consensus", Callback::Consensus { page: 0 }),
            Button::go(language, "button-tracked", Callback::Tracked),
            home(language),
        ])
}

/// What smart wallets agreed on lately. `on` if the reader is told of new ones.
#[must_use]
pub fn signals(language: Language, page: u32, found: &Signals, on: bool, now: OffsetDateTime) -> Screen {
    let (right, wrong) = found.hits;
    let decided = right.saturating_add(wrong);
    let percent = u64::from(right) * 100 / u64::from(decided.max(1));
    let hits = [("right", right.into()), ("decided", decided.into()), ("percent", percent.into())];
    let mut lines = vec![
        language.say("signals-title"),
        language.say("signals-how"),
        if decided > 0 { language.fill("signals-hits", &hits) } else { language.say("signals-hits-none") },
        String::new(),
    ];
    if found.leaf.shown.is_empty() {
        lines.push(language.say("signals-none"));
    }
    for signal in &found.leaf.shown {
        lines.extend([about(language, signal.market.as_ref()), summary(language, signal), String::new()]);
    }
    lines.extend(page_line(language, page, found.leaf.more));
    if let Some(at) = found.scanned_at {
        let when = format::relative(language, at, now);
        lines.push(language.fill("signals-scanned", &[("when", when.into())]));
    }
    lines.push(language.say(if on { "signals-told" } else { "signals-muted" }));
    let doors = found.leaf.shown.iter().filter_map(|signal| to_market(signal.market.as_ref()));
    doors
        .fold(Screen::new(lines), |screen, door| screen.row([door]))
        .row(turn_pages(language, page, found.leaf.more, |page| Callback::Consensus { page }))
        .row([mute(language, on), Button::go(language, "button-smart", Callback::SmartWallets { page: 0 })])
        .row([Button::go(language, "button-refresh", Callback::Consensus { page }), home(language)])
}

/// Turns the category off, or on again.
pub(super) fn mute(language: Language, on: bool) -> Button {
    let key = if on { "button-mute" } else { "button-unmute" };
    Button::go(language, key, Callback::CategorySwitch { category: Category::Consensus, on: !on })
}

/// Side, wallets, amount, score, and how it ended.
pub(super) fn summary(language: Language, signal: &Signal) -> String {
    let level = match signal.score {
        80.. => "very-high",
        60..80 => "high",
        40..60 => "medium",
        _ => "low",
    };
    let end = match signal.end() {
        SignalEnd::Right => "right",
        SignalEnd::Wrong => "wrong",
        SignalEnd::Split => "split",
        SignalEnd::Open | SignalEnd::Unspecified => "open",
    };
    let values = [
        ("outcome", outcome(&signal.outcome).into()),
        ("wallets", signal.wallets.into()),
        ("usd", amounts::usd(language, &signal.usd).into()),
        ("score", signal.score.into()),
        ("level", level.into()),
        ("end", end.into()),
    ];
    language.fill("signal-line", &values)
}
