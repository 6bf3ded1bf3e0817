//! What arrives without being asked for: tracked wallets, large trades, signals, prices, the digest, the operators' words.

use super::{
    about, amounts, name_of, outcome, page_of,
    signals::{mute, summary},
    to_market,
};
use crate::{
    callbacks::Callback,
    domain::{Category, EvmAddress},
    locales::Language,
    screens::{Button, MAX_TEXT, Screen, format, home, question},
};
use proto::{
    Malformed, from_timestamp,
    notifier::{Broadcast, Digest, PriceAlertFired, Signal, WalletAlert},
    oracle::{LargeTrade, WalletChangeKind},
};
use time::{Duration, OffsetDateTime};

/// Room for what stands around the entries of a digest.
const AROUND: usize = 300;

/// What a tracked wallet did, at which price, and how late we are.
pub fn wallet(language: Language, alert: &WalletAlert, now: OffsetDateTime) -> Result<Screen, Malformed> {
    let change = alert.change.as_ref().ok_or(Malformed("alert without a change"))?;
    let kind = match change.kind() {
        WalletChangeKind::Opened => "opened",
        WalletChangeKind::Increased => "increased",
        WalletChangeKind::Reduced => "reduced",
        WalletChangeKind::Closed => "closed",
        WalletChangeKind::Bought => "bought",
        WalletChangeKind::Sold => "sold",
        WalletChangeKind::Redeemed => "redeemed",
        WalletChangeKind::Resolved => "resolved",
        WalletChangeKind::Unspecified => return Err(Malformed("wallet change of an unknown kind")),
    };
    let values = [
        ("kind", kind.into()),
        ("name", name_of(&change.address, &alert.alias).into()),
        ("shares", amounts::shares(language, &change.shares).into()),
        ("outcome", outcome(&change.outcome).into()),
        ("price", amounts::price(language, &change.price).into()),
        ("usd", amounts::usd(language, &change.usd).into()),
    ];
    let mut lines = vec![language.fill("wallet-alert", &values), about(language, change.market.as_ref())];
    if !change.shares_after.is_empty() {
        let shares = amounts::shares(language, &change.shares_after).into();
        lines.push(language.fill("wallet-alert-after", &[("shares", shares)]));
    }
    if let Some(percent) = amounts::percent(&change.usd, &change.portfolio_usd) {
        let portfolio = amounts::usd(language, &change.portfolio_usd).into();
        let values = [("percent", percent.into()), ("portfolio", portfolio)];
        lines.push(language.fill("wallet-alert-part", &values));
    }
    lines.extend(delay(language, change.filled_at.as_ref(), now));
    let holder = EvmAddress::parse(&change.address)
        .map(|wallet| Button::go(language, "button-positions", Callback::Positions { wallet, page: 0 }));
    Ok(Screen::new(lines)
        .row(to_market(change.market.as_ref()))
        .row(holder.into_iter().chain(page_of(language, change.market.as_ref())))
        .row([Button::go(language, "button-alerts", Callback::Alerts), home(language)]))
}

/// When it was filled, and how long after that this is told.
fn delay(
    language: Language,
    filled_at: Option<&prost_types::Timestamp>,
    now: OffsetDateTime,
) -> Option<String> {
    let at = from_timestamp(filled_at).ok()?;
    let late = (now - at).max(Duration::ZERO);
    let values =
        [("at", format::moment(language, at, now).into()), ("delay", format::span(language, late).into())];
    Some(language.fill("alert-delay", &values))
}

/// Somebody traded much.
pub fn large_trade(language: Language, trade: &LargeTrade, now: OffsetDateTime) -> Screen {
    let values = [
        ("kind", if trade.sell { "sold" } else { "bought" }.into()),
        ("name", name_of(&trade.address, &trade.name).into()),
        ("shares", amounts::shares(language, &trade.shares).into()),
        ("outcome", outcome(&trade.outcome).into()),
        ("price", amounts::price(language, &trade.price).into()),
        ("usd", amounts::usd(language, &trade.usd).into()),
    ];
    let mut lines = vec![language.fill("large-trade", &values), about(language, trade.market.as_ref())];
    lines.extend(delay(language, trade.filled_at.as_ref(), now));
    let trader = EvmAddress::parse(&trade.address)
        .map(|wallet| Button::go(language, "button-worth", Callback::Worth { wallet }));
    let off = Callback::CategorySwitch { category: Category::Whale, on: false };
    Screen::new(lines)
        .row(to_market(trade.market.as_ref()))
        .row(trader.into_iter().chain(page_of(language, trade.market.as_ref())))
        .row([Button::go(language, "button-mute", off), home(language)])
}

/// Smart wallets agree.
pub fn signal(language: Language, signal: &Signal) -> Screen {
    let mut lines = vec![
        language.say("signal-title"),
        about(language, signal.market.as_ref()),
        summary(language, signal),
        String::new(),
    ];
    lines.extend(signal.top.iter().map(|holder| {
        let values = [
            ("name", name_of(&holder.address, &holder.label).into()),
            ("usd", amounts::usd(language, &holder.usd).into()),
            ("percent", format::exact_percent(holder.portfolio_bps).into()),
        ];
        language.fill("signal-holder", &values)
    }));
    Screen::new(lines)
        .row(to_market(signal.market.as_ref()))
        .row([
            Button::go(language, "button-consensus", Callback::Consensus { page: 0 }),
            mute(language, true),
        ])
        .row([home(language)])
}

/// A price that somebody waited for.
pub fn price_reached(
    language: Language,
    fired: &PriceAlertFired,
    now: OffsetDateTime,
) -> Result<Screen, Malformed> {
    let alert = fired.alert.as_ref().ok_or(Malformed("price without an alert"))?;
    let values = [
        ("outcome", outcome(&alert.outcome).into()),
        ("price", amounts::price(language, &fired.price).into()),
        ("wanted", amounts::price(language, &alert.price).into()),
    ];
    let key = if alert.below { "price-reached-below" } else { "price-reached-above" };
    let mut lines = vec![language.fill(key, &values), about(language, alert.market.as_ref())];
    if let Ok(at) = from_timestamp(fired.at.as_ref()) {
        let at = format::moment(language, at, now);
        lines.push(language.fill("price-reached-at", &[("at", at.into())]));
    }
    Ok(Screen::new(lines)
        .row(to_market(alert.market.as_ref()))
        .row(page_of(language, alert.market.as_ref()))
        .row([Button::go(language, "button-alerts", Callback::Alerts), home(language)]))
}

/// What was kept back: the first two lines of each notice, `tell` puts one into words. What does not fit is counted.
pub fn digest(
    language: Language,
    digest: &Digest,
    tell: impl Fn(&proto::notifier::Notice) -> Result<Screen, Malformed>,
) -> Screen {
    let since = from_timestamp(digest.since.as_ref()).map(|since| format::date(language, since));
    let title = language.fill("digest-title", &[("since", since.unwrap_or_default().into())]);
    let (mut lines, mut length, mut more) =
        (vec![title], 0, usize::try_from(digest.more).unwrap_or_default());
    for item in &digest.items {
        let told = match tell(item) {
            Ok(screen) => gist(&screen.text),
            // One that this release cannot tell keeps no other from being told.
            Err(malformed) => {
                tracing::warn!(%malformed, "a notice of a digest is not told");
                more += 1;
                continue;
            }
        };
        length += told.encode_utf16().count() + 2;
        if length > MAX_TEXT - AROUND {
            more += 1;
            continue;
        }
        lines.extend([String::new(), told]);
    }
    if more > 0 {
        lines.extend([String::new(), language.fill("digest-more", &[("count", more.into())])]);
    }
    Screen::new(lines).row([
        Button::go(language, "button-tracked", Callback::Tracked),
        Button::go(language, "button-notifications", Callback::Notifications),
        home(language),
    ])
}

/// The first two lines of a notice, or the first where a tag of the second is closed further below.
fn gist(text: &str) -> String {
    let first = |lines: usize| text.lines().take(lines).collect::<Vec<_>>().join("\n");
    // Each tag that opens closes: `<` stands twice as often as `</`. What users wrote has neither.
    let balanced = |text: &String| text.matches('<').count() == 2 * text.matches("</").count();
    [2, 1].map(first).into_iter().find(balanced).unwrap_or_default()
}

/// What the operators tell everybody.
pub fn broadcast(language: Language, told: &Broadcast) -> Result<Screen, Malformed> {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let own = told.texts.iter().find(|text| primary(&text.language) == language.code());
    let text = own.or_else(|| told.texts.first()).ok_or(Malformed("broadcast without a text"))?;
    let text = question::cut(&text.text, 2_000);
    let off = Callback::CategorySwitch { category: Category::System, on: false };
    Ok(Screen::new([language.fill("broadcast", &[("text", text.into())])])
        .row([Button::go(language, "button-mute", off), home(language)]))
}

#[cfg(test)]
mod tests {
    use super::gist;

    #[test]
    fn a_gist_leaves_no_tag_open() {
        assert_eq!(gist("<b>a</b>\nb\nc"), "<b>a</b>\nb");
        assert_eq!(gist("a\n<blockquote>b\nc</blockquote>"), "a");
        assert_eq!(gist("a"), "a");
        assert_eq!(gist("<i>a\nb\nc</i>"), "");
    }
}
