//! Keys of our addresses and the one place where they sign.
//!
//! A key is made for an owner, kept sealed in the table `wallet.key`, and used only through
//! [`Signer`]. Nothing shows, exports or logs it.

mod envelope;
mod keystore;
mod policy;

pub use envelope::{EnvelopeError, MasterKey, MasterKeyError};
pub use keystore::LocalKeystore;
pub use policy::{Inspected, PolicyError, PolicyTransfer, inspect};

use async_trait::async_trait;
use proto::AccountId;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
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
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedKey")
            .field("owner", &self.owner)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
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

    /// Signs a serialized transaction message. The signature depends on key and message alone:
    /// asked twice, it is the same.
    ///
    /// # Errors
    /// The message is not one that we would ever sign, or the key cannot be opened.
    async fn sign(&self, key: &SealedKey, message: &[u8]) -> Result<Signature, SignerError>;
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
}
