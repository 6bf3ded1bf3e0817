//! Whether the stored keys are ours to use: sealed under a master key that is here, and of the signer that is chosen.
//! Until that is known nothing is signed and no key is made.

use super::{KeyOwner, Masters, Sealed, SignerChoice};
use crate::store;
use chassis::{Fault, Pool};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Keys that this process cannot use.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum WrongKeys {
    /// Another master key.
    #[error("the master key is not the one that {0} is sealed under")]
    Master(&'static str),
    /// The treasury's key belongs to the other signer.
    #[error("the treasury's key is not one of SIGNER={0}")]
    Signer(SignerChoice),
}

/// The check, done once.
pub struct KeyCheck {
    pool: Pool,
    masters: Arc<Masters>,
    signer: SignerChoice,
    passed: OnceCell<()>,
}

impl KeyCheck {
    /// For these master keys and this signer.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, masters: Arc<Masters>, signer: SignerChoice) -> Self {
        Self { pool: pool.into(), masters, signer, passed: OnceCell::new() }
    }

    /// Looks once, and again at the next call where the keys were wrong.
    ///
    /// # Errors
    /// The database.
    pub async fn look(&self) -> Result<Result<(), WrongKeys>, Fault> {
        if self.passed.initialized() {
            return Ok(Ok(()));
        }
        let found = self.examine().await?;
        if found.is_ok() {
            // Another task may have come first: that is as good.
            let _ = self.passed.set(());
        }
        Ok(found)
    }

    /// The same, for work that cannot go on with wrong keys.
    ///
    /// # Errors
    /// The keys are wrong, or the database is away: nobody's message is to blame.
    pub async fn require(&self) -> Result<(), Fault> {
        self.look().await?.map_err(|wrong| Fault::upstream("key store", wrong))
    }

    async fn examine(&self) -> Result<Result<(), WrongKeys>, Fault> {
        let known = self.masters.ids();
        if let Some(owner) = store::key::under_none_of(&self.pool, &known).await? {
            let what =
                if owner == KeyOwner::Treasury { "the treasury's key" } else { "a deposit address's key" };
            return Ok(Err(WrongKeys::Master(what)));
        }
        if store::totp::under_none_of(&self.pool, &known).await? {
            return Ok(Err(WrongKeys::Master("an authenticator")));
        }
        // Ids can be written by hand; what opens cannot.
        let Some(treasury) = store::key::of_owner(&self.pool, KeyOwner::Treasury).await? else {
            return Ok(Ok(()));
        };
        if treasury.is_enveloped() != (self.signer == SignerChoice::Local) {
            return Ok(Err(WrongKeys::Signer(self.signer)));
        }
        let what = Sealed::Key(treasury.owner, &treasury.address);
        if treasury.is_enveloped() && self.masters.open(what, &treasury.sealed).is_err() {
            return Ok(Err(WrongKeys::Master("the treasury's key")));
        }
        Ok(Ok(()))
    }
}
