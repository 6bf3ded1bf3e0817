//! Wallets: those that somebody tracks, what one is worth, holds and did.

use super::{LABEL, about, age, amounts, name_of, outcome, page_line, profile_of, to_market, turn_pages};
use crate::{
    callbacks::Callback,
    clients::{Leaf, Positions},
    domain::{ActivityFilter, EvmAddress},
    locales::Language,
    screens::{Button, Screen, chosen, format, home, pager, pages_of, question},
};
use proto::{
    from_timestamp,
    notifier::{ListTrackedResponse, TrackedWallet},
    oracle::{Activity, ActivityKind, GetPortfolioResponse, Position},
};
use time::OffsetDateTime;

/// Positions on a page.
pub const POSITIONS: u32 = 5;
/// Deeds on a page.
pub const ACTIVITIES: u32 = 8;

/// A wallet as one member knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Which.
    pub wallet: EvmAddress,
    /// What the member calls it; empty for no name.
    pub alias: String,
    /// Whether the member tracks it.
    pub tracked: bool,
}

impl Person {
    fn name(&self) -> String {
        name_of(&self.wallet.to_string(), &self.alias)
    }
}

/// The wallets that somebody tracks. `told` is what was just decided.
#[must_use]
pub fn tracked(language: Language, list: &ListTrackedResponse, told: Option<String>) -> Screen {
    let mut lines = vec![language.say("tracked-title"), String::new()];
    if let Some(told) = told {
        lines.extend([told, String::new()]);
    }
    lines.extend(list.wallets.iter().map(|wallet| {
        let name = name_of(&wallet.address, &wallet.alias).into();
        let address = wallet.address.as_str().into();
        language.fill("tracked-line", &[("name", name), ("address", address)])
    }));
    lines.push(if list.wallets.is_empty() {
        language.say("tracked-none")
    } else {
        let values = [("count", list.wallets.len().into()), ("max", list.max.into())];
        language.fill("tracked-count", &values)
    });
    lines.extend([String::new(), language.say("tracked-how")]);
    let doors: Vec<_> = list
        .wallets
        .iter()
        .filter_map(|wallet| {
            let label = question::cut(&name_of(&wallet.address, &wallet.alias), LABEL / 2);
            Some(Button::press(label, Callback::Worth { wallet: EvmAddress::parse(&wallet.address)? }))
        })
        .collect();
    doors
        .chunks(2)
        .fold(Screen::new(lines), |screen, row| screen.row(row.to_vec()))
        .row([
            Button::go(language, "button-track-more", Callback::TrackMore),
            Button::go(language, "button-alerts", Callback::Alerts),
        ])
        .row([
            Button::go(language, "button-markets", Callback::Markets { page: 0 }),
            Button::go(language, "button-smart", Callback::SmartWallets { page: 0 }),
        ])
        .row([
            Button::go(language, "button-notifications", Callback::Notifications),
            Button::go(language, "button-refresh", Callback::Tracked),
            home(language),
        ])
}

/// Which wallet? `wrong` says what the last text lacked.
#[must_use]
pub fn track_ask(language: Language, wrong: Option<&str>) -> Screen {
    let wrong = wrong.map(|key| language.say(key)).into_iter().flat_map(|text| [text, String::new()]);
    Screen::new(wrong.chain([language.say("track-ask")])).row(back(language))
}

/// Which name? `wrong` if the last one was too long.
#[must_use]
pub fn rename_ask(language: Language, person: &Person, wrong: bool) -> Screen {
    let wrong = wrong.then(|| language.say("track-alias-long"));
    let ask = language.fill("rename-ask", &[("name", person.name().into())]);
    Screen::new(wrong.into_iter().flat_map(|text| [text, String::new()]).chain([ask])).row(back(language))
}

/// A text that names no wallet that could be meant.
#[must_use]
pub fn wallet_unknown(language: Language) -> Screen {
    Screen::new([language.say("wallet-unknown")]).row(back(language))
}

fn back(language: Language) -> [Button; 2] {
    [Button::go(language, "button-tracked", Callback::Tracked), home(language)]
}

/// A wallet is tracked, or was before.
#[must_use]
pub fn following(language: Language, tracked: &TrackedWallet, already: bool) -> Screen {
    let key = if already { "track-already" } else { "track-done" };
    let name = name_of(&tracked.address, &tracked.alias);
    let address = language.fill("address", &[("address", tracked.address.as_str().into())]);
    let screen = Screen::new([language.fill(key, &[("name", name.into())]), address]);
    let Some(wallet) = EvmAddress::parse(&tracked.address) else { return screen.row(back(language)) };
    screen
        .row([
            Button::go(language, "button-worth", Callback::Worth { wallet }),
            Button::go(language, "button-positions", Callback::Positions { wallet, page: 0 }),
        ])
        .row([
            Button::go(language, "button-rename", Callback::Rename { wallet }),
            Button::go(language, "button-untrack", Callback::Untrack { wallet }),
        ])
        .row(back(language))
}

/// What a wallet is worth.
#[must_use]
pub fn worth(language: Language, person: &Person, worth: &GetPortfolioResponse) -> Screen {
    let wallet = person.wallet;
    let mut lines = vec![
        language.fill("worth-title", &[("name", person.name().into())]),
        language.fill("address", &[("address", wallet.to_string().into())]),
    ];
    if !worth.name.is_empty() {
        let name = question::cut(&worth.name, super::OUTCOME).into();
        lines.push(language.fill("worth-public-name", &[("name", name)]));
    }
    lines.push(String::new());
    let value = amounts::usd(language, &worth.value_usd).into();
    lines.push(language.fill("worth-value", &[("value", value), ("count", worth.open_positions.into())]));
    let realized = amounts::gain(language, &worth.realized_pnl_usd).into();
    let open = amounts::gain(language, &worth.unrealized_pnl_usd).into();
    lines.push(language.fill("worth-result", &[("realized", realized), ("open", open)]));
    lines.extend(age(language, worth.age_seconds));
    let choice = if person.tracked {
        vec![
            Button::go(language, "button-rename", Callback::Rename { wallet }),
            Button::go(language, "button-untrack", Callback::Untrack { wallet }),
        ]
    } else {
        vec![Button::go(language, "button-track", Callback::Track { wallet })]
    };
    let all = Callback::Activity { wallet, filter: ActivityFilter::All, page: 0 };
    Screen::new(lines)
        .row([
            Button::go(language, "button-positions", Callback::Positions { wallet, page: 0 }),
            Button::go(language, "button-activity", all),
        ])
        .row(choice)
        .row([
            profile_of(language, wallet),
            Button::go(language, "button-refresh", Callback::Worth { wallet }),
        ])
        .row(back(language))
}

/// A page of what a wallet holds, with totals over all of it.
#[must_use]
pub fn positions(language: Language, person: &Person, page: u32, found: &Positions) -> Screen {
    let wallet = person.wallet;
    let mut lines = vec![language.fill("positions-title", &[("name", person.name().into())]), String::new()];
    let totals = &found.totals;
    if totals.positions == 0 && found.leaf.shown.is_empty() {
        lines.push(language.say("positions-none"));
    } else {
        lines.push(language.fill(
            "positions-totals",
            &[
                ("count", totals.positions.into()),
                ("value", amounts::usd(language, &totals.value_usd).into()),
                ("cost", amounts::usd(language, &totals.cost_usd).into()),
                ("result", amounts::gain(language, &totals.unrealized_pnl_usd).into()),
            ],
        ));
        if totals.redeemable > 0 {
            lines.push(language.fill("positions-redeemable", &[("count", totals.redeemable.into())]));
        }
    }
    for position in &found.leaf.shown {
        lines.push(String::new());
        lines.push(about(language, position.market.as_ref()));
        lines.push(held(language, position));
    }
    lines.push(String::new());
    let pages = pages_of(u64::from(totals.positions), POSITIONS).max(page + 1 + u32::from(found.leaf.more));
    if pages > 1 {
        let page = u64::from(page) + 1;
        lines.push(language.fill("positions-page", &[("page", page.into()), ("pages", pages.into())]));
    }
    lines.extend(age(language, found.leaf.age));
    let doors = found.leaf.shown.iter().filter_map(|position| to_market(position.market.as_ref()));
    let all = Callback::Activity { wallet, filter: ActivityFilter::All, page: 0 };
    doors
        .fold(Screen::new(lines), |screen, door| screen.row([door]))
        .row(turn_pages(language, page, page + 1 < pages, |page| Callback::Positions { wallet, page }))
        .row([
            Button::go(language, "button-worth", Callback::Worth { wallet }),
            Button::go(language, "button-activity", all),
            Button::go(language, "button-refresh", Callback::Positions { wallet, page }),
        ])
        .row(back(language))
}

fn held(language: Language, position: &Position) -> String {
    let values = [
        ("outcome", outcome(&position.outcome).into()),
        ("shares", amounts::shares(language, &position.shares).into()),
        ("average", amounts::price(language, &position.average_price).into()),
        ("price", amounts::price(language, &position.price).into()),
        ("value", amounts::usd(language, &position.value_usd).into()),
        ("result", amounts::gain(language, &position.unrealized_pnl_usd).into()),
    ];
    language.fill(if position.redeemable { "position-won" } else { "position-line" }, &values)
}

/// A page of what a wallet did.
#[must_use]
pub fn activity(
    language: Language,
    person: &Person,
    filter: ActivityFilter,
    page: u32,
    found: &Leaf<Activity>,
    now: OffsetDateTime,
) -> Screen {
    let wallet = person.wallet;
    let mut lines = vec![language.fill("activity-title", &[("name", person.name().into())]), String::new()];
    if found.shown.is_empty() {
        lines.push(language.say("activity-none"));
    }
    for deed in &found.shown {
        lines.push(about(language, deed.market.as_ref()));
        lines.push(done(language, deed, now));
    }
    lines.push(String::new());
    lines.extend(page_line(language, page, found.more));
    lines.extend(age(language, found.age));
    let to = |page| Callback::Activity { wallet, filter, page };
    let tab = |one: ActivityFilter| {
        let key = match one {
            ActivityFilter::All => "button-activity-all",
            ActivityFilter::Trades => "button-activity-trades",
            ActivityFilter::Redeemed => "button-activity-redeemed",
            ActivityFilter::Other => "button-activity-other",
        };
        let label = chosen(language, "button-filter-chosen", language.plain(key, &[]), one == filter);
        Button::press(label, Callback::Activity { wallet, filter: one, page: 0 })
    };
    let [all, trades, redeemed, other] = ActivityFilter::EACH.map(tab);
    Screen::new(lines)
        .row(pager(language, page, page.saturating_add(1 + u32::from(found.more)), to))
        .row([all, trades])
        .row([redeemed, other])
        .row([
            Button::go(language, "button-worth", Callback::Worth { wallet }),
            Button::go(language, "button-positions", Callback::Positions { wallet, page: 0 }),
            Button::go(language, "button-refresh", to(page)),
        ])
        .row(back(language))
}

fn done(language: Language, deed: &Activity, now: OffsetDateTime) -> String {
    let kind = match deed.kind() {
        ActivityKind::Buy => "buy",
        ActivityKind::Sell => "sell",
        ActivityKind::Redeem => "redeem",
        ActivityKind::Split => "split",
        ActivityKind::Merge => "merge",
        ActivityKind::Other | ActivityKind::Unspecified => "other",
    };
    let at = from_timestamp(deed.at.as_ref()).map(|at| format::moment(language, at, now));
    let mut values = vec![
        ("kind", kind.into()),
        ("usd", amounts::usd(language, &deed.usd).into()),
        ("when", at.unwrap_or_default().into()),
    ];
    if deed.price.is_empty() || deed.outcome.is_empty() {
        return language.fill("activity-line", &values);
    }
    values.extend([
        ("shares", amounts::shares(language, &deed.shares).into()),
        ("outcome", outcome(&deed.outcome).into()),
        ("price", amounts::price(language, &deed.price).into()),
    ]);
    language.fill("activity-traded", &values)
}
