//! Wallet and deposit.

use super::{Action, Button, Quote, Screen, format, home};
use crate::{callbacks::Callback, locales::Language};
use proto::{Lamports, wallet::Account};

/// Balances and what can be done with them.
#[must_use]
pub fn wallet(language: Language, account: &Account, sol: Option<Quote>) -> Screen {
    let balance = Lamports::new(account.available_lamports);
    let usd = format::usd(language, balance, sol).into();
    let mut lines = vec![
        language.say("wallet-title"),
        String::new(),
        language.fill("wallet-available", &[("balance", balance.into()), ("usd", usd)]),
    ];
    if account.withdrawable_lamports < account.available_lamports {
        let amount = Lamports::new(account.withdrawable_lamports).into();
        lines.push(language.fill("wallet-withdrawable", &[("amount", amount)]));
        lines.push(language.say("wallet-fresh"));
    }
    if account.withdraw_only_lamports > 0 {
        let amount = Lamports::new(account.withdraw_only_lamports).into();
        lines.push(language.fill("wallet-withdraw-only", &[("amount", amount)]));
    }
    if account.held_lamports > 0 {
        let held = Lamports::new(account.held_lamports).into();
        lines.push(language.fill("wallet-held", &[("held", held)]));
    }
    lines.extend([
        String::new(),
        language.say("desk-address"),
        language.fill("address", &[("address", account.deposit_address.as_str().into())]),
        String::new(),
        language.say("wallet-custody"),
    ]);
    Screen::new(lines)
        .row([
            Button::go(language, "button-deposit", Callback::Deposit),
            Button::go(language, "button-withdraw", Callback::Withdraw),
        ])
        .row([
            Button::go(language, "button-transfers", Callback::Transfers { page: 0 }),
            Button::go(language, "button-proof", Callback::Proof),
            home(language),
        ])
}

/// Where to send SOL.
#[must_use]
pub fn deposit(language: Language, address: &str, minimum: Lamports) -> Screen {
    Screen::new([
        language.say("deposit-title"),
        String::new(),
        language.say("deposit-how"),
        language.fill("address", &[("address", address.into())]),
        String::new(),
        language.say("deposit-speed"),
        String::new(),
        language.fill("deposit-minimum", &[("minimum", minimum.into())]),
        language.say("deposit-tokens"),
    ])
    .row([Button {
        label: language.plain("button-copy-address", &[]),
        action: Action::Copy(address.to_owned()),
    }])
    .row([Button::go(language, "button-wallet", Callback::Wallet), home(language)])
}
