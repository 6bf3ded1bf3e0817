//! The wallets whose agreement makes a signal.

use super::{OperatorKey, request_id, settle};
use crate::{
    cli::{Key, Limit, Options},
    client,
    commands::{Pages, malformed},
    failure::Failure,
    output,
    view::notifier::SmartWalletView,
};
use clap::Subcommand;
use proto::{
    Malformed,
    notifier::{ListSmartWalletsRequest, SetSmartWallet, SetSmartWalletDone, SetSmartWalletRequest},
};
use serde_json::json;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum SmartWallets {
    /// Put a wallet on the list, or give it another label
    Add {
        /// Its address at Polymarket
        #[arg(value_parser = address)]
        address: String,
        /// What it is called in signals
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        label: String,
        #[command(flatten)]
        key: Key,
    },
    /// Take a wallet off the list
    Remove {
        /// Its address at Polymarket
        #[arg(value_parser = address)]
        address: String,
        #[command(flatten)]
        key: Key,
    },
    /// List them
    List {
        #[command(flatten)]
        limit: Limit,
    },
}

/// `roomsctl smart-wallet …`.
pub async fn run(options: &Options, command: SmartWallets) -> Result<(), Failure> {
    match command {
        SmartWallets::Add { address, label, key } => set(options, address, label, true, &key).await,
        SmartWallets::Remove { address, key } => set(options, address, String::new(), false, &key).await,
        SmartWallets::List { limit } => list(options, limit).await,
    }
}

async fn set(
    options: &Options,
    address: String,
    label: String,
    listed: bool,
    key: &Key,
) -> Result<(), Failure> {
    let service = client::notifier_operators(options)?;
    let command = OperatorKey::read(&key.key)?.signed(|by| SetSmartWallet {
        address: address.clone(),
        label: label.clone(),
        listed,
        by: Some(by),
    })?;
    let request = SetSmartWalletRequest { request_id: request_id(options), command: Some(command) };
    let _: SetSmartWalletDone = settle(&service, |mut client| {
        let request = request.clone();
        async move { Ok(client.set_smart_wallet(request).await?.map(|answer| answer.outcome)) }
    })
    .await?;
    if options.json {
        output::json(&json!({"address": address, "listed": listed}))
    } else {
        output::text(&format!("{address} is {} the list", if listed { "on" } else { "off" }))
    }
}

async fn list(options: &Options, limit: Limit) -> Result<(), Failure> {
    let service = client::notifier(options)?;
    let mut wallets = Vec::new();
    let mut pages = Pages::new(limit.limit);
    while let Some(page) = pages.next() {
        let request = ListSmartWalletsRequest { page: Some(page) };
        let answer = service.ask(async |mut client| client.list_smart_wallets(request).await).await?;
        let views: Result<Vec<_>, Malformed> = answer.wallets.iter().map(SmartWalletView::try_from).collect();
        pages.read(answer.wallets.len(), answer.next_page_token, 0);
        wallets.extend(views.map_err(malformed(service.name))?);
    }
    if options.json {
        output::json(&json!({"wallets": wallets}))
    } else {
        output::notifier::smart_wallets(&wallets)
    }
}

/// The services know addresses in lower case.
fn address(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or_default();
    if digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(format!("0x{}", digits.to_lowercase()))
    } else {
        Err("not 0x and 40 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_in_any_case() {
        let lower = format!("0x{}", "ab".repeat(20));
        assert_eq!(address(&lower.to_uppercase()), Ok(lower.clone()));
        assert_eq!(address(&lower), Ok(lower.clone()));
        for wrong in ["", "0x", &lower[2..], &lower[..41], &format!("{lower}0"), &lower.replace('b', "g")] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
