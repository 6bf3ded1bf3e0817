//! The hot wallet's key: made once, by whichever replica comes first.

use crate::{
    keys::{KeyOwner, Signer},
    store,
};
use chassis::{Db, Fault};
use solana_pubkey::Pubkey;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The treasury's address, once it is known.
#[derive(Default)]
pub(super) struct Treasury(OnceCell<Pubkey>);

impl Treasury {
    /// The address; makes and stores the key where there is none.
    pub(super) async fn address(&self, db: &Db, signer: &dyn Signer) -> Result<Pubkey, Fault> {
        self.0
            .get_or_try_init(|| async {
                if let Some(key) = store::key::of_owner(db.pool(), KeyOwner::Treasury).await? {
                    return Ok(key.address);
                }
                let key = signer.create(KeyOwner::Treasury).await?;
                let mut unit = db.unit().await?;
                let address = store::key::add(unit.conn(), &key, Duration::ZERO).await?;
                unit.commit().await?;
                tracing::info!(%address, "treasury");
                Ok(address)
            })
            .await
            .copied()
    }
}
