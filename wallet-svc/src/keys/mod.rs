//! Keys of our addresses and the one place where they sign.
//!
//! A key is made for an owner, kept sealed in the table `wallet.key`, and used only through
//! [`Signer`]. Nothing shows, exports or logs it.

mod authorization;
mod check;
mod envelope;
mod keystore;
mod masters;
mod policy;
mod rotation;
mod settings;
mod turnkey;

pub use authorization::{Approval, Authorization, Payment};
pub use check::{KeyCheck, WrongKeys};
pub use envelope::{EnvelopeError, MasterId, MasterKey, MasterKeyError, Sealed};
pub use keystore::LocalKeystore;
pub use masters::{Masters, SealError};
pub use policy::{Inspected, Policy, PolicyError, PolicyTransfer, inspect};
pub use rotation::{Rotated, RotationError, rotate};
pub use settings::{KeySettings, SignerChoice};
pub use turnkey::{ApiKey, ApiKeyError, Turnkey, TurnkeyError, TurnkeySettings};

pub use chassis::operators::{OperatorKey, Operators};

use async_trait::async_trait;
use proto::AccountId;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// A user: the address takes deposits.
    Account(AccountId),
    /// The hot wallet: pays withdrawals and network fees, takes sweeps.
    Treasury,
}

impl KeyOwner {
    /// The opaque id that the wrapping key is derived from. The treasury's is nil, which no
    /// account can have.
    #[must_use]
    pub const fn id(self) -> Uuid {
        match self {
            Self::Account(account) => account.uuid(),
            Self::Treasury => Uuid::nil(),
        }
    }

    /// The owner of a stored key.
    #[must_use]
    pub const fn from_id(id: Uuid) -> Self {
        if id.is_nil() { Self::Treasury } else { Self::Account(AccountId::new(id)) }
    }
}

/// A key as it is stored: the address in clear, the secret in whatever form its signer needs
/// to use it again, which is worth nothing without that signer.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// Whose it is.
    pub owner: KeyOwner,
    /// The public key.
    pub address: Pubkey,
    /// The envelope of the local keystore, or a remote signer's name for the key.
    pub sealed: Vec<u8>,
    /// The master key that `sealed` is under; none for a remote signer's.
    pub master: Option<MasterId>,
}

impl SealedKey {
    /// The local key store has it: `sealed` is an envelope, not a remote signer's name.
    #[must_use]
    pub fn is_enveloped(&self) -> bool {
        self.sealed.first() == Some(&envelope::VERSION)
    }
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedKey")
            .field("owner", &self.owner)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What is to be signed, by whom, and why.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// A serialized transaction message, committed before.
    pub message: &'a [u8],
    /// The keys of all its signers, in their order.
    pub keys: &'a [SealedKey],
    /// What it is for.
    pub authorization: &'a Authorization,
    /// When the message was committed: the same on every replica and after a restart, so that a remote signer takes
    /// a request that is repeated for the one it knows.
    pub committed_at: OffsetDateTime,
}

/// Makes keys and signs with them. It parses what it signs and trusts no description of it.
#[async_trait]
pub trait Signer: Send + Sync {
    /// Makes a new key. The caller stores it in the transaction that gives it a use; until then
    /// it is worthless, so making one twice does no harm.
    ///
    /// # Errors
    /// No randomness, or the remote signer is away.
    async fn create(&self, owner: KeyOwner) -> Result<SealedKey, SignerError>;

    /// Signs a message with all its keys, or with none. The signatures depend on keys and message alone: asked twice,
    /// they are the same.
    ///
    /// # Errors
    /// The message does something that its authorization does not cover, a key cannot be opened, or the remote signer
    /// is away or waits for somebody.
    async fn sign(&self, order: &Order<'_>) -> Result<Vec<Signature>, SignerError>;
}

/// Why no signature was made.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The message breaks the signing policy.
    #[error("message refused")]
    Policy(#[from] PolicyError),
    /// The stored key does not open.
    #[error("key of {address} does not open")]
    Envelope {
        /// The address of the key.
        address: Pubkey,
        /// What is wrong with its envelope.
        #[source]
        source: EnvelopeError,
    },
    /// The operating system gave no randomness.
    #[error("no randomness")]
    Randomness(#[source] rand::rand_core::OsError),
    /// The remote signer.
    #[error("turnkey")]
    Turnkey(#[from] TurnkeyError),
}
