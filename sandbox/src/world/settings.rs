//! What the services of a world are told through their environment.
//!
//! Every service gets the whole list and reads what it declares; only its database and its own
//! addresses differ. A variable that the user has set is left alone, so a real endpoint replaces a
//! simulated one by the same variable as in production.

use anyhow::Result;

use super::{Addresses, callers, folder::Folder, operators};
use crate::environment;
use crate::venues::Venue;

/// A rule that is shorter here than in production, so that a whole room fits into a minute.
#[derive(Clone, Copy, Debug)]
pub struct Lowered {
    /// The variable.
    pub name: &'static str,
    /// Its value in the sandbox.
    pub value: &'static str,
    /// The product's default.
    pub product: &'static str,
}

/// Everything the sandbox lowers; printed at each start.
pub const LOWERED: &[Lowered] = &[
    lowered("ROOM_HORIZON_MIN", "10s", "15m"),
    lowered("ROOM_HORIZONS", "1m,2m,5m,15m,1h", "15m,30m,1h,2h,4h"),
    lowered("ROOM_LOCK_MARGIN", "2s", "5m"),
    lowered("ROOM_MEAN", "5s", "60s"),
    lowered("ROOM_PAST_POST", "1s", "10s"),
    lowered("ROOM_CANCEL_UNTIL", "5s", "60s"),
    lowered("ROOM_CAP_MEAN", "5s", "5m"),
    lowered("ROOM_CAP_PAST_POST", "1s", "60s"),
    lowered("ROOM_SUSPICION_WAIT", "10s", "1h"),
    lowered("ROOM_ARENA_TALK", "5s", "5m"),
    lowered("LEADERBOARD_MIN_BETS", "1", "5"),
    lowered("LEADERBOARD_MIN_STAKED", "0.05", "0.5"),
    lowered("DEPOSIT_WITHDRAWABLE_AFTER", "2s", "10m"),
    lowered("WITHDRAW_NEW_ADDRESS_HOLD", "2s", "24h"),
    // There is one endpoint of one chain, and it does not fork.
    lowered("CHAIN_WITNESSES", "1", "2"),
];

/// Shorter pauses: nothing is decided differently, only sooner.
const PACE: &[(&str, &str)] = &[
    ("DEPOSIT_PAUSE", "200ms"),
    ("DEPOSIT_HOT_PAUSE", "500ms"),
    ("DEPOSIT_COLD_PAUSE", "10s"),
    ("CHAIN_PAUSE", "200ms"),
    ("SWEEP_PAUSE", "5s"),
    ("DRIFT_PAUSE", "10s"),
    ("PROOF_EVERY", "10m"),
];

const fn lowered(name: &'static str, value: &'static str, product: &'static str) -> Lowered {
    Lowered { name, value, product }
}

/// Variables for all services, by name: those of the world, less those the user has set.
///
/// # Errors
/// The wallet's key file cannot be made.
pub(super) fn shared(
    addresses: &Addresses,
    folder: &Folder,
    rpc_urls: String,
    webhook_secret: String,
) -> Result<Vec<(String, String)>> {
    let mut variables = vec![
        ("NETWORK".to_owned(), "local".to_owned()),
        ("LOG_FORMAT".to_owned(), "text".to_owned()),
        ("SOLANA_RPC_URLS".to_owned(), rpc_urls),
        ("SOLANA_WS_URL".to_owned(), addresses.ws.clone()),
        ("HELIUS_WEBHOOK_SECRET".to_owned(), webhook_secret),
    ];
    // With a token alone the gateway talks to Telegram itself.
    if environment::get("TELEGRAM_BOT_TOKEN").is_none() {
        variables.push(("TELEGRAM_API_URL".to_owned(), addresses.page.clone()));
        variables.push(("TELEGRAM_BOT_TOKEN".to_owned(), addresses.bot_token.clone()));
    }
    for (venue, url) in &addresses.venues {
        let name = format!("{}_WS_URL", venue.name().to_uppercase());
        // Binance's setting is the server; its client adds the path of the stream.
        let url = if *venue == Venue::Binance { url.trim_end_matches(venue.path()) } else { url };
        variables.push((name, url.to_owned()));
    }
    variables.push(("TOKEN_RPC_URLS".to_owned(), addresses.token_rpcs.join(",")));
    variables.push(("DEXSCREENER_URL".to_owned(), addresses.dexscreener.clone()));
    for (aggregator, url) in &addresses.aggregators {
        let name = aggregator.name().to_uppercase();
        variables.push((format!("{name}_URL"), url.clone()));
        // Whatever it is: the simulated ones want any key, or none.
        variables.push((format!("{name}_API_KEY"), "sandbox".to_owned()));
    }
    for (host, url) in &addresses.polymarket {
        variables.push((format!("POLYMARKET_{}_URL", host.name().to_uppercase()), url.clone()));
    }
    variables.push(("POLYMARKET_WS_URL".to_owned(), addresses.polymarket_ws.clone()));
    for service in addresses.services.iter().filter(|service| service.replica == 1) {
        let own = service.process.url.map(str::to_owned);
        let name = own.unwrap_or_else(|| format!("{}_GRPC_URL", service.schema.to_uppercase()));
        variables.push((name, format!("http://{}", service.grpc)));
        if service.schema == "settlement" {
            variables.push(("EVIDENCE_URL".to_owned(), format!("http://{}/evidence", service.http)));
        }
    }
    variables.extend(LOWERED.iter().map(|rule| (rule.name.to_owned(), rule.value.to_owned())));
    variables.extend(PACE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let master_key = folder.key_file()?;
    variables.push(("WALLET_MASTER_KEY_FILE".to_owned(), master_key.display().to_string()));
    let people_key = folder.people_file()?;
    variables.push(("PERSONAL_MASTER_KEY_FILE".to_owned(), people_key.display().to_string()));
    let webhooks_key = folder.webhooks_file()?;
    variables.push(("WEBHOOK_MASTER_KEY_FILE".to_owned(), webhooks_key.display().to_string()));
    // Whoever tries them here listens on this machine.
    variables.push(("WEBHOOK_PRIVATE".to_owned(), "on".to_owned()));
    variables.push(("OPERATOR_KEYS".to_owned(), operators::keys(folder.path())?.join(",")));
    variables.push(("GRPC_SERVICE_KEY_FILE".to_owned(), folder.services_file()?.display().to_string()));
    variables.push(("GRPC_KEYS".to_owned(), callers::keys(folder.path())?));
    // Of the 10 SOL that are paid in as capital.
    variables.push(("TREASURY_LOW".to_owned(), "1000000000".to_owned()));
    variables.retain(|(name, _)| environment::get(name).is_none());
    Ok(variables)
}
