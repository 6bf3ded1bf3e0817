//! Writes the receipts of settled rooms on chain. A receipt never delays the settlement itself. One that waits gets a
//! memo of its own, several get one with the root over them.

use super::Context;
use crate::{
    chain::{Draft, Unsigned},
    domain::chain_tx::Purpose,
    store,
};
use chassis::{Fault, Held};
use proto::wallet::ReceiptAnchored;
use uuid::Uuid;

/// Transactions begun in one round.
const LIMIT: usize = 20;

impl Context {
    /// One round: builds transactions for receipts that are in none.
    pub(super) async fn anchor(&self, held: &Held) -> Result<(), Fault> {
        for _ in 0..LIMIT {
            let Some(open) = store::receipt::open(self.db.pool()).await? else { return Ok(()) };
            let id = open.chain_tx.unwrap_or_else(Uuid::now_v7);
            let Some(unsigned) = self.memo(id, open.memo()).await? else { return Ok(()) };
            // Which rooms it anchors is committed with the message.
            let mut unit = self.unit(held).await?;
            store::chain_tx::build(unit.conn(), id, Purpose::Receipt, &unsigned).await?;
            store::receipt::assign(unit.conn(), &open, id).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    /// Dates a memo as the next attempt of this transaction; nothing while `capital` cannot pay for it.
    pub(super) async fn memo(&self, id: Uuid, text: String) -> Result<Option<Unsigned>, Fault> {
        let attempt = store::chain_tx::next_attempt(self.db.pool(), id).await?;
        let payer = self.treasury().await?;
        let reference = format!("{id}/{attempt:04}");
        let draft = Draft { payer, transfers: Vec::new(), memo: Some(text), reference, urgent: true };
        let unsigned = self.date(&draft).await?;
        Ok(self.capital_covers(&unsigned).await?.then_some(unsigned))
    }
}

impl From<store::receipt::Anchored> for ReceiptAnchored {
    fn from(receipt: store::receipt::Anchored) -> Self {
        let (leaf, leaves, branch) =
            receipt.place.map(|place| (place.leaf, place.leaves, place.branch)).unwrap_or_default();
        Self {
            room_id: receipt.room.bytes(),
            signature: receipt.signature.to_string(),
            slot: receipt.slot,
            memo: receipt.memo,
            leaf,
            leaves,
            branch: branch.into_iter().map(|hash| hash.to_vec()).collect(),
        }
    }
}
