//! Keys at Turnkey: they never leave it, and requests are stamped with a key of ours.
//! <https://docs.turnkey.com/developer-reference/api-overview/submissions>
//!
//! A request is an activity, and the same bytes are the same activity: nothing here is remembered to make a repetition
//! safe. The time in the request for a signature is that of the message's commit, so a replica, or this process after a
//! restart, asks for the activity that is there already, also while somebody at Turnkey has still to approve it.

mod api;
mod stamp;

pub use stamp::{ApiKey, ApiKeyError};

use super::{KeyOwner, Order, Policy, SealedKey, Signer, SignerError};
use api::Api;
use async_trait::async_trait;
use chassis::Clock;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

/// So old a request may be refused for its age; its documentation gives no figure.
const FRESH: time::Duration = time::Duration::minutes(2);

/// What is said to Turnkey, and how long it may take.
pub struct TurnkeySettings {
    /// The API, without a path.
    pub url: String,
    /// Our organization.
    pub organization: String,
    /// The name of the wallet that has our addresses.
    pub wallet: String,
    /// Of one request, and of an activity that is being done.
    pub timeout: Duration,
    /// What requests are stamped with.
    pub api_key: ApiKey,
}

/// Why Turnkey gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum TurnkeyError {
    /// No connection, no answer in time, or an answer that is cut off.
    #[error("not reached")]
    Http(#[source] reqwest::Error),
    /// It refuses the request.
    #[error("refused with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The answer is not what the documentation says.
    #[error("answer without {0}")]
    Answer(&'static str),
    /// Somebody at Turnkey has to approve the activity. It is asked for again and not repeated.
    #[error("activity {0} waits for somebody's approval")]
    NeedsApproval(String),
    /// It is still being done. It is asked for again and not repeated.
    #[error("activity {0} is still being done")]
    Pending(String),
    /// It was not done.
    #[error("activity {id} failed: {message}")]
    Failed {
        /// Which.
        id: String,
        /// What Turnkey says.
        message: String,
    },
    /// Somebody at Turnkey said no, or a policy there.
    #[error("activity {0} was rejected")]
    Rejected(String),
    /// The signature is not one of the key over the message.
    #[error("a signature that is not of {0}")]
    Signature(Pubkey),
    /// Our own request cannot be written.
    #[error("request cannot be written")]
    Request(#[from] serde_json::Error),
}

/// The remote signer.
pub struct Turnkey {
    api: Api,
    policy: Policy,
    clock: Clock,
    wallet_name: String,
    wallet: OnceCell<String>,
}

impl Turnkey {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn try_new(settings: TurnkeySettings, policy: Policy, clock: Clock) -> Result<Self, TurnkeyError> {
        let wallet_name = settings.wallet.clone();
        Ok(Self { api: Api::try_new(settings)?, policy, clock, wallet_name, wallet: OnceCell::new() })
    }

    /// The id of our wallet. It is made where there is none; of two replicas that both make it, Turnkey refuses one,
    /// which then finds the other's.
    async fn wallet(&self) -> Result<&str, TurnkeyError> {
        let wallet = self.wallet.get_or_try_init(|| async {
            if let Some(known) = self.api.wallet_named(&self.wallet_name).await? {
                return Ok(known);
            }
            match self.api.create_wallet(&self.wallet_name, self.clock.now()).await {
                Ok(made) => Ok(made),
                Err(error) => self.api.wallet_named(&self.wallet_name).await?.ok_or(error),
            }
        });
        wallet.await.map(String::as_str)
    }

    async fn sign_one(
        &self,
        key: &SealedKey,
        message: &[u8],
        at: OffsetDateTime,
    ) -> Result<Signature, TurnkeyError> {
        let address = key.address.to_string();
        let signature = match self.api.sign_raw_payload(&address, message, at).await {
            // Turnkey takes new requests of now alone, and this message has waited, behind a pause perhaps.
            Err(TurnkeyError::Refused { status: 400, .. }) if self.clock.now() - at > FRESH => {
                self.api.sign_raw_payload(&address, message, redated(at, self.clock.now())).await?
            }
            answer => answer?,
        };
        if signature.verify(key.address.as_ref(), message) {
            Ok(signature)
        } else {
            Err(TurnkeyError::Signature(key.address))
        }
    }
}

#[async_trait]
impl Signer for Turnkey {
    /// Makes an address at a path that follows from its owner, or finds the one that was made before.
    async fn create(&self, owner: KeyOwner) -> Result<SealedKey, SignerError> {
        let (wallet, path) = (self.wallet().await?, path(owner));
        let made = self.api.create_account(wallet, &path, self.clock.now()).await;
        let address = match made {
            Ok(address) => address,
            Err(error) => self.api.account_at(wallet, &path).await?.ok_or(error)?,
        };
        let address = address.parse().map_err(|_| TurnkeyError::Answer("a Solana address"))?;
        Ok(SealedKey {
            owner,
            address,
            sealed: format!("turnkey {wallet} {path}").into_bytes(),
            master: None,
        })
    }

    async fn sign(&self, order: &Order<'_>) -> Result<Vec<Signature>, SignerError> {
        self.policy.check(order)?;
        let mut signatures = Vec::with_capacity(order.keys.len());
        for key in order.keys {
            signatures.push(self.sign_one(key, order.message, order.committed_at).await?);
        }
        Ok(signatures)
    }
}

/// A time of now for a message of then: the same one for a while, so that this request, too, is one activity.
fn redated(at: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    let waited = (now - at).whole_seconds() / FRESH.whole_seconds();
    at.checked_add(time::Duration::seconds(waited.saturating_mul(FRESH.whole_seconds()))).unwrap_or(now)
}

/// The path of an owner's address: 62 bits of the id, all random in the versions in use, so that no two accounts meet.
fn path(owner: KeyOwner) -> String {
    const LEVEL: u128 = 0x7fff_ffff;
    let id = owner.id().as_u128();
    format!("m/44'/501'/{}'/{}'", (id >> 31) & LEVEL, id & LEVEL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::AccountId;
    use uuid::Uuid;

    #[test]
    fn a_path_follows_from_its_owner() {
        let of = |id| path(KeyOwner::Account(AccountId::new(Uuid::from_u128(id))));
        assert_eq!(path(KeyOwner::Treasury), "m/44'/501'/0'/0'");
        assert_eq!(of(0x8000_0000), "m/44'/501'/1'/0'");
        assert_eq!(of(u128::MAX), "m/44'/501'/2147483647'/2147483647'");
    }

    #[test]
    fn a_message_that_waited_is_dated_anew_and_not_at_every_look() {
        let then = OffsetDateTime::UNIX_EPOCH;
        let after = |seconds| redated(then, then + time::Duration::seconds(seconds)).unix_timestamp();
        assert_eq!([121, 239, 240, 3_599].map(after), [120, 120, 240, 3_480]);
    }
}
