//! Seals everything anew under the current master key. Rows are taken in small transactions, so it can be stopped and
//! begun again at any point, beside running replicas that know both master keys; at the end every envelope is opened
//! once under the new one alone.

use super::{EnvelopeError, Masters, SealError, Sealed, SealedKey};
use crate::store;
use chassis::{Fault, Pool};
use uuid::Uuid;

/// Rows of one transaction.
const CHUNK: i64 = 500;

/// What a rotation did, and found at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Keys of addresses that were sealed anew.
    pub keys: u64,
    /// Secrets of authenticators that were sealed anew.
    pub totps: u64,
    /// Envelopes that were opened under the current master key alone, at the end: all there are.
    pub proven: u64,
}

/// Why a rotation stops.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The database.
    #[error(transparent)]
    Store(#[from] Fault),
    /// Neither master key opens it.
    #[error("the secret of {owner} opens under neither master key")]
    Closed {
        /// Whose.
        owner: Uuid,
        /// What is wrong with it.
        #[source]
        source: EnvelopeError,
    },
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<sqlx::Error> for RotationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Seals everything anew that is not under the current master key, and proves that nothing else is left.
///
/// # Errors
/// Something opens under neither master key, or the database is away. What was done stays done.
pub async fn rotate(pool: &Pool, masters: &Masters) -> Result<Rotated, RotationError> {
    let mut rotated = Rotated::default();
    loop {
        let done = rotate_keys(pool, masters).await?;
        rotated.keys += done;
        if done == 0 {
            break;
        }
    }
    loop {
        let done = rotate_totps(pool, masters).await?;
        rotated.totps += done;
        if done == 0 {
            break;
        }
    }
    rotated.proven = prove(pool, masters).await?;
    Ok(rotated)
}

async fn rotate_keys(pool: &Pool, masters: &Masters) -> Result<u64, RotationError> {
    let mut tx = pool.begin().await?;
    let mut chunk = store::key::lock_older(&mut tx, &masters.id(), CHUNK).await?;
    for key in &mut chunk {
        let what = Sealed::Key(key.owner, &key.address);
        let owner = key.owner.id();
        let secret =
            masters.open(what, &key.sealed).map_err(|source| RotationError::Closed { owner, source })?;
        key.sealed = masters.seal(what, &secret)?;
    }
    store::key::reseal(&mut tx, &masters.id(), &chunk).await?;
    tx.commit().await?;
    Ok(chunk.len().try_into().unwrap_or(u64::MAX))
}

async fn rotate_totps(pool: &Pool, masters: &Masters) -> Result<u64, RotationError> {
    let mut tx = pool.begin().await?;
    let mut chunk = store::totp::lock_older(&mut tx, &masters.id(), CHUNK).await?;
    for (owner, sealed) in &mut chunk {
        let owner = *owner;
        let secret = masters
            .open(Sealed::Totp(owner), sealed)
            .map_err(|source| RotationError::Closed { owner, source })?;
        *sealed = masters.seal(Sealed::Totp(owner), &secret)?;
    }
    store::totp::reseal(&mut tx, &masters.id(), &chunk).await?;
    tx.commit().await?;
    Ok(chunk.len().try_into().unwrap_or(u64::MAX))
}

/// Opens every envelope under the current master key alone.
async fn prove(pool: &Pool, masters: &Masters) -> Result<u64, RotationError> {
    let mut proven = 0;
    let mut after = None;
    loop {
        let page: Vec<SealedKey> = store::key::page(pool, after, CHUNK).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.owner.id());
        for key in page.iter().filter(|key| key.is_enveloped()) {
            let owner = key.owner.id();
            masters
                .open_current(Sealed::Key(key.owner, &key.address), &key.sealed)
                .map_err(|source| RotationError::Closed { owner, source })?;
            proven += 1;
        }
    }
    let mut after = None;
    loop {
        let page = store::totp::page(pool, after, CHUNK).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (owner, sealed) in &page {
            let owner = *owner;
            masters
                .open_current(Sealed::Totp(owner), sealed)
                .map_err(|source| RotationError::Closed { owner, source })?;
            proven += 1;
        }
    }
    Ok(proven)
}
