//! Hints that money may have arrived: what a webhook posts, what a WebSocket tells.
//!
//! Nothing is credited from a hint. It makes the addresses that it names due now, and polling reads
//! from the chain what happened. A hint that is lost, late, repeated or forged therefore costs time
//! or a request, never money; without any hint polling alone finds every deposit.

pub mod body;
mod settings;
mod subscriptions;
mod webhook;

pub use settings::HintSettings;
pub use subscriptions::{Request, Subscriptions};
pub use webhook::{PATH, Secret, router};

use crate::store;
use chassis::{Db, Fault};
use solana_pubkey::Pubkey;
use std::time::Duration;

/// How long a named address is read often: long enough to be final, and for an endpoint that lags to
/// catch up. Anybody can have any address named by paying it, so it is short.
const HOT_FOR: Duration = Duration::from_secs(120);

/// Makes these addresses due now, those of them that are ours. Returns how many are.
async fn take(db: &Db, road: &'static str, addresses: &[Pubkey]) -> Result<u64, Fault> {
    if addresses.is_empty() {
        return Ok(0);
    }
    let ours = store::address::hint(db.pool(), addresses, HOT_FOR).await?;
    metrics::counter!("wallet_hints_total", "road" => road).increment(ours);
    Ok(ours)
}

/// Takes what a WebSocket told.
///
/// # Errors
/// The database.
pub async fn told(db: &Db, address: Pubkey) -> Result<u64, Fault> {
    take(db, "websocket", &[address]).await
}
