//! The files that users get: a branch of the newest anchored tree.

use crate::{domain::liabilities::Tree, store};
use chassis::{Db, Fault};
use proto::{AccountId, proof::File, timestamp, wallet::GetProofResponse};
use std::sync::Arc;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Makes files. The newest tree is built once and kept, some 150 bytes a user.
pub struct Proofs {
    db: Db,
    newest: Mutex<Option<(Uuid, Arc<Tree>)>>,
}

impl Proofs {
    /// Reads from this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, newest: Mutex::new(None) }
    }

    /// The file of one account; without one, when to ask again.
    ///
    /// # Errors
    /// The database.
    pub async fn file(&self, account: AccountId) -> Result<GetProofResponse, Fault> {
        let due = store::proof::due(self.db.pool()).await?.map(timestamp);
        let none = GetProofResponse { file: Vec::new(), next_at: due };
        let Some(anchored) = store::proof::newest(self.db.pool()).await? else { return Ok(none) };
        let Some(tree) = self.tree(anchored.header.proof).await? else { return Ok(none) };
        // Accounts that were opened since are in the next one.
        let Some((salt, owed, branch)) = tree.branch(account.uuid()) else { return Ok(none) };
        let signature = anchored.signature.to_string();
        let file = File { header: anchored.header, signature, account, salt, owed, branch };
        let json = file.to_json().map_err(|error| Fault::bug(error.to_string()))?;
        Ok(GetProofResponse { file: json.into_bytes(), ..none })
    }

    /// The tree of a proof. Whoever asks while it is being built waits for it.
    async fn tree(&self, proof: Uuid) -> Result<Option<Arc<Tree>>, Fault> {
        let mut newest = self.newest.lock().await;
        if let Some((_, tree)) = newest.as_ref().filter(|(kept, _)| *kept == proof) {
            return Ok(Some(Arc::clone(tree)));
        }
        let Some((key, bytes)) = store::proof::leaves(self.db.pool(), proof).await? else { return Ok(None) };
        let tree = tokio::task::spawn_blocking(move || Tree::try_from_bytes(&key, &bytes)).await;
        let bug = |error: &dyn std::fmt::Display| Fault::bug(error.to_string());
        let tree = Arc::new(tree.map_err(|error| bug(&error))?.map_err(|error| bug(&error))?);
        *newest = Some((proof, Arc::clone(&tree)));
        Ok(Some(tree))
    }
}
