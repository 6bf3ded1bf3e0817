//! The master keys of a deployment: the one that seals, and while keys are being rotated the one before it.

use super::{EnvelopeError, MasterId, MasterKey, Sealed, envelope::NONCE_LEN};
use rand::{TryRngCore, rngs::OsRng};
use zeroize::Zeroizing;

/// Why a secret was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The operating system gave no randomness.
    #[error("no randomness")]
    Randomness(#[source] rand::rand_core::OsError),
    /// The cipher refused.
    #[error("envelope")]
    Envelope(#[source] EnvelopeError),
}

/// Seals under the current master key, opens under it or the one before.
#[derive(Debug)]
pub struct Masters {
    current: MasterKey,
    previous: Option<MasterKey>,
}

impl From<MasterKey> for Masters {
    fn from(current: MasterKey) -> Self {
        Self { current, previous: None }
    }
}

impl Masters {
    /// The current master key, and the one that older secrets may still be sealed under.
    #[must_use]
    pub const fn new(current: MasterKey, previous: Option<MasterKey>) -> Self {
        Self { current, previous }
    }

    /// Which master key new secrets are sealed under.
    #[must_use]
    pub fn id(&self) -> MasterId {
        self.current.id()
    }

    /// All that can be opened: the current one first.
    #[must_use]
    pub fn ids(&self) -> Vec<MasterId> {
        std::iter::once(&self.current).chain(&self.previous).map(MasterKey::id).collect()
    }

    /// Seals a secret under the current master key.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, what: Sealed<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE_LEN];
        OsRng.try_fill_bytes(&mut nonce).map_err(SealError::Randomness)?;
        self.current.seal(what, &nonce, secret).map_err(SealError::Envelope)
    }

    /// Opens an envelope under whichever of them it was sealed.
    ///
    /// # Errors
    /// It is damaged, or sealed under a master key that is not here.
    pub fn open(&self, what: Sealed<'_>, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let opened = self.current.open(what, envelope);
        match (&opened, &self.previous) {
            (Err(EnvelopeError::Damaged), Some(previous)) => previous.open(what, envelope),
            _ => opened,
        }
    }

    /// Opens an envelope under the current master key alone.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_current(
        &self,
        what: Sealed<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        self.current.open(what, envelope)
    }
}
