//! Terms, dashboard, help, status.

use super::{Button, Quote, Screen, format, home, standings};
use crate::{
    callbacks::Callback,
    domain::{Asset, Period, Record, RoomFilter},
    locales::Language,
};
use chassis::settings::Network;
use proto::{Lamports, wallet::Account};
use time::OffsetDateTime;

/// What the dashboard shows. What could not be read is `None`, and the screen says so.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Balance and address.
    pub account: Option<Account>,
    /// Bets without a result.
    pub live_bets: Option<u64>,
    /// What was settled within 24 hours.
    pub day: Option<Record>,
    /// The price of SOL.
    pub sol: Option<Quote>,
}

/// What a newcomer accepts, by the button `agree`: it knows what they came for.
#[must_use]
pub fn terms(language: Language, network: Network, fee_percent: &str, agree: Callback) -> Screen {
    Screen::new([
        language.say("terms"),
        String::new(),
        language.say("terms-custody"),
        language.fill("terms-points", &[("fee", fee_percent.into())]),
        String::new(),
        language.fill("terms-network", &[("network", network.to_string().into())]),
        String::new(),
        language.say("terms-confirm"),
    ])
    .row([Button::go(language, "button-agree", agree)])
}

/// While wallet-svc opens the account.
#[must_use]
pub fn opening_account(language: Language) -> Screen {
    Screen::new([language.say("opening-account")])
}

/// The dashboard. `welcome` is for the first time.
#[must_use]
pub fn desk(language: Language, desk: &Desk, welcome: bool) -> Screen {
    let mut lines = vec![language.say("desk-title"), String::new()];
    if welcome {
        lines.extend([language.say("desk-welcome"), String::new()]);
    }
    match &desk.account {
        Some(account) => {
            let balance = Lamports::new(account.available_lamports);
            let usd = format::usd(language, balance, desk.sol);
            lines.push(language.fill("desk-balance", &[("balance", balance.into()), ("usd", usd.into())]));
            if account.held_lamports > 0 {
                let held = Lamports::new(account.held_lamports).into();
                lines.push(language.fill("desk-held", &[("held", held)]));
            }
        }
        None => lines.push(language.say("desk-balance-unknown")),
    }
    lines.push(match desk.live_bets {
        Some(count) => language.fill("desk-live-bets", &[("count", count.into())]),
        None => language.say("desk-live-bets-unknown"),
    });
    lines.push(standings::day(language, desk.day.as_ref()));
    if let Some(account) = &desk.account {
        lines.push(String::new());
        lines.push(language.say("desk-address"));
        lines.push(language.fill("address", &[("address", account.deposit_address.as_str().into())]));
    }
    Screen::new(lines)
        .row([
            Button::go(language, "button-rooms", Callback::Rooms { filter: RoomFilter::Live, page: 0 }),
            Button::go(
                language,
                "button-create",
                Callback::Create { step: crate::domain::CreateStep::Review },
            ),
        ])
        .row([
            Button::go(language, "button-bets", Callback::Bets { page: 0 }),
            Button::go(language, "button-wallet", Callback::Wallet),
        ])
        .row([
            Button::go(language, "button-deposit", Callback::Deposit),
            Button::go(language, "button-withdraw", Callback::Withdraw),
        ])
        .row([
            Button::go(language, "button-limits", Callback::Limits),
            Button::go(language, "button-privacy", Callback::Privacy),
        ])
        .row([
            Button::go(language, "button-won", Callback::Won { page: 0 }),
            Button::go(language, "button-recent", Callback::Recent { page: 0 }),
        ])
        .row([
            Button::go(
                language,
                "button-leaderboard",
                Callback::Leaderboard { period: Period::Week, page: 0 },
            ),
            Button::go(language, "button-referrals", Callback::Referrals),
        ])
        .row([
            Button::go(language, "button-tracked", Callback::Tracked),
            Button::go(language, "button-markets", Callback::Markets { page: 0 }),
        ])
        .row([
            Button::go(language, "button-help", Callback::Help),
            Button::go(language, "button-refresh", Callback::Home),
        ])
}

/// How it works, and the commands of the menu.
#[must_use]
pub fn help(language: Language, menu: &[&str]) -> Screen {
    let command = |name: &&str| {
        let what = language.plain(&format!("command-{name}"), &[]);
        language.fill("help-command", &[("name", (*name).into()), ("what", what.into())])
    };
    let lines = [language.say("help"), String::new()].into_iter().chain(menu.iter().map(command));
    Screen::new(lines)
        .row([
            Button::go(language, "button-rooms", Callback::Rooms { filter: RoomFilter::Live, page: 0 }),
            Button::go(language, "button-rules", Callback::Rules),
        ])
        .row([home(language)])
}

/// Which parts answer, and the prices.
#[must_use]
pub fn status(
    language: Language,
    network: Network,
    services: &[(&str, bool)],
    prices: &[(Asset, Option<Quote>)],
    now: OffsetDateTime,
) -> Screen {
    let mut lines = vec![language.say("status-title"), String::new()];
    lines.extend(services.iter().map(|(name, up)| {
        let name = language.say(name).into();
        language.fill(if *up { "status-up" } else { "status-down" }, &[("name", name)])
    }));
    lines.push(String::new());
    lines.extend(prices.iter().map(|(asset, quote)| {
        let asset = ("asset", asset.symbol().into());
        match quote {
            Some(quote) => {
                let price = ("price", format::price(quote.price).into());
                language.fill("status-price", &[asset, price, ("age", format::age(language, *quote).into())])
            }
            None => language.fill("status-no-price", &[asset]),
        }
    }));
    lines.push(String::new());
    lines.push(language.fill("status-network", &[("network", network.to_string().into())]));
    lines.push(language.fill("status-time", &[("time", format::date(language, now).into())]));
    Screen::new(lines).row([Button::go(language, "button-refresh", Callback::Status), home(language)])
}
