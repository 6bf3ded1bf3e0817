//! Wallets, markets and signals of Polymarket, and what is told of them.

mod alerts;
mod amounts;
mod markets;
mod notifications;
mod room;
mod signals;
mod told;
mod wallets;

pub use alerts::{alert_set, alerts, threshold_ask};
pub use markets::{
    COURSE_SECONDS, MARKETS, Searched, market, market_captions, market_drawing, market_search,
    market_unknown, markets, price_alert_ask,
};
pub use notifications::{digest_ask, notifications, quiet_ask, webhook};
pub use room::{custom_command, room_custom, room_filled, room_not_possible};
pub use signals::{PAGE as SIGNALS, SMART, signals, smart_wallets};
pub(super) use told::{broadcast, digest, large_trade, price_reached, signal, wallet};
pub use wallets::{
    ACTIVITIES, POSITIONS, Person, activity, following, positions, rename_ask, track_ask, tracked,
    wallet_unknown, worth,
};

use super::{Button, Screen, format, home, question};
use crate::{
    callbacks::Callback,
    domain::{ConditionId, EvmAddress},
    locales::Language,
};
use proto::oracle::MarketRef;
use time::Duration;

/// Longest question and outcome that are shown, in characters.
const QUESTION: usize = 200;
const OUTCOME: usize = 40;
/// Longest label of a button in a row of its own.
const LABEL: usize = 44;

/// Polymarket does not answer; `again` asks once more.
#[must_use]
pub fn polymarket_away(language: Language, again: Callback) -> Screen {
    Screen::new([language.say("polymarket-away"), String::new(), language.say("polymarket-away-kept")]).row([
        Button::go(language, "button-refresh", again),
        Button::go(language, "button-tracked", Callback::Tracked),
        home(language),
    ])
}

/// A question of a market.
fn asked(market: Option<&MarketRef>) -> String {
    question::cut(market.map_or("?", |market| market.question.as_str()), QUESTION)
}

/// The name of an outcome.
fn outcome(name: &str) -> String {
    question::cut(name, OUTCOME)
}

/// A line of a list that says which market it is about.
fn about(language: Language, market: Option<&MarketRef>) -> String {
    language.fill("market-question", &[("question", asked(market).into())])
}

fn condition(market: Option<&MarketRef>) -> Option<ConditionId> {
    ConditionId::parse(&market?.condition_id)
}

/// A button that shows a market, under its question.
fn to_market(market: Option<&MarketRef>) -> Option<Button> {
    let label = question::cut(&market?.question, LABEL);
    Some(Button::press(label, Callback::Market { market: condition(market)? }))
}

/// The page of a market at Polymarket; nothing for names that do not belong into an address.
fn page_of(language: Language, market: Option<&MarketRef>) -> Option<Button> {
    let MarketRef { event_slug, slug, .. } = market?;
    let plain = |slug: &String| {
        !slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if !plain(event_slug) || !plain(slug) {
        return None;
    }
    let url = format!("https://polymarket.com/event/{event_slug}/{slug}");
    Some(Button::link(language.plain("button-polymarket", &[]), url))
}

/// The page of a wallet at Polymarket.
fn profile_of(language: Language, wallet: EvmAddress) -> Button {
    let url = format!("https://polymarket.com/profile/{wallet}");
    Button::link(language.plain("button-polymarket", &[]), url)
}

/// What somebody calls a wallet, or a part of its address.
fn name_of(address: &str, alias: &str) -> String {
    if !alias.is_empty() {
        return question::cut(alias, OUTCOME);
    }
    EvmAddress::parse(address).map_or_else(|| question::asset(address), |wallet| wallet.short())
}

/// How old an answer is; nothing for a fresh one.
fn age(language: Language, seconds: u32) -> Option<String> {
    let span = format::span(language, Duration::seconds(i64::from(seconds)));
    (seconds > 0).then(|| language.fill("polymarket-age", &[("span", span.into())]))
}

/// Before, after: for pages counted from 0 of a list whose end is not known.
fn turn_pages(language: Language, page: u32, more: bool, to: impl Fn(u32) -> Callback) -> Vec<Button> {
    let before = page.checked_sub(1).map(|page| Button::go(language, "button-page-before", to(page)));
    let after = page.checked_add(1).filter(|_| more);
    before.into_iter().chain(after.map(|page| Button::go(language, "button-page-after", to(page)))).collect()
}

/// Which page it is, unless it is the only one.
fn page_line(language: Language, page: u32, more: bool) -> Option<String> {
    let number = u64::from(page) + 1;
    (page > 0 || more).then(|| language.fill("tracker-page", &[("page", number.into())]))
}

/// A time of the day: `22:00`.
fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}
