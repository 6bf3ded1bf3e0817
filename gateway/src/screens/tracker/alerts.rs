//! Prices that somebody waits for, and from which size on something is told.

use super::{amounts, asked, outcome};
use crate::{
    callbacks::Callback,
    domain::{AlertId, Threshold},
    locales::Language,
    screens::{Button, Screen, format, home, question},
};
use proto::notifier::{ListPriceAlertsResponse, Preferences, PriceAlert};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Offered sizes of each kind, in its unit.
const fn presets(kind: Threshold) -> [u32; 4] {
    match kind {
        Threshold::Value => [100, 500, 1_000, 5_000],
        Threshold::Share => [100, 200, 500, 1_000],
        Threshold::Whale => [10_000, 50_000, 100_000, 500_000],
    }
}

/// A size in words: dollars, or percent.
fn size(kind: Threshold, value: u32) -> String {
    match kind {
        Threshold::Value | Threshold::Whale => amounts::dollars(Decimal::from(value)),
        Threshold::Share => format!("{} %", format::exact_percent(value)),
    }
}

/// The sizes from which on something is told.
pub(super) fn thresholds(language: Language, told: &Preferences) -> [String; 2] {
    let wallet = [
        ("usd", amounts::usd(language, &told.min_usd).into()),
        ("percent", format::exact_percent(told.min_portfolio_bps).into()),
    ];
    let whale = [("usd", amounts::usd(language, &told.whale_usd).into())];
    [language.fill("alerts-wallets", &wallet), language.fill("alerts-whales", &whale)]
}

/// All of them. `told` is what was just decided.
#[must_use]
pub fn alerts(
    language: Language,
    prices: &ListPriceAlertsResponse,
    told: &Preferences,
    above: Option<String>,
) -> Screen {
    let mut lines = vec![language.say("alerts-title"), String::new()];
    if let Some(above) = above {
        lines.extend([above, String::new()]);
    }
    if prices.alerts.is_empty() {
        lines.push(language.say("alerts-none"));
    } else {
        let count = [("count", prices.alerts.len().into()), ("max", prices.max.into())];
        lines.push(language.fill("alerts-prices", &count));
    }
    lines.extend(prices.alerts.iter().map(|alert| waits(language, alert, "alert-above", "alert-below")));
    lines.push(String::new());
    lines.extend(thresholds(language, told));
    let removals = prices.alerts.iter().filter_map(|alert| {
        let id = AlertId::new(Uuid::from_slice(&alert.alert_id).ok()?);
        let price = amounts::price(language, &alert.price).into();
        let values = [("outcome", question::cut(&alert.outcome, 20).into()), ("price", price)];
        let label = language.plain("button-alert-remove", &values);
        Some(Button::press(label, Callback::PriceAlertRemove { alert: id }))
    });
    let removals: Vec<_> = removals.collect();
    let choose = |key, kind| Button::go(language, key, Callback::Threshold { kind });
    removals
        .chunks(2)
        .fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()))
        .row([
            choose("button-threshold-value", Threshold::Value),
            choose("button-threshold-share", Threshold::Share),
        ])
        .row([
            choose("button-threshold-whale", Threshold::Whale),
            Button::go(language, "button-markets", Callback::Markets { page: 0 }),
        ])
        .row([
            Button::go(language, "button-notifications", Callback::Notifications),
            Button::go(language, "button-tracked", Callback::Tracked),
            home(language),
        ])
}

/// One price that is waited for.
fn waits(language: Language, alert: &PriceAlert, above: &str, below: &str) -> String {
    let values = [
        ("question", asked(alert.market.as_ref()).into()),
        ("outcome", outcome(&alert.outcome).into()),
        ("price", amounts::price(language, &alert.price).into()),
    ];
    language.fill(if alert.below { below } else { above }, &values)
}

/// What was just promised.
#[must_use]
pub fn alert_set(language: Language, alert: &PriceAlert) -> String {
    waits(language, alert, "alert-set-above", "alert-set-below")
}

/// From which size on? `wrong` if the last text was none.
#[must_use]
pub fn threshold_ask(language: Language, kind: Threshold, wrong: bool) -> Screen {
    let (ask, none) = match kind {
        Threshold::Value => ("threshold-value-ask", "threshold-not-usd"),
        Threshold::Share => ("threshold-share-ask", "threshold-not-percent"),
        Threshold::Whale => ("threshold-whale-ask", "threshold-not-usd"),
    };
    let wrong = wrong.then(|| language.say(none)).into_iter().flat_map(|text| [text, String::new()]);
    let [a, b, c, d] =
        presets(kind).map(|value| Button::press(size(kind, value), Callback::ThresholdAt { kind, value }));
    Screen::new(wrong.chain([language.say(ask)]))
        .row([a, b])
        .row([c, d])
        .row([Button::go(language, "button-alerts", Callback::Alerts), home(language)])
}
