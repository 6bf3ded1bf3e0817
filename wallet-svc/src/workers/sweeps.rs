//! Moves deposits to the treasury, several addresses in one transaction. The treasury pays the
//! network fee, and `capital` answers for it: where it is short, sweeps wait.

use super::Context;
use crate::{
    chain::{Draft, TransferDraft, Unsigned},
    domain::chain_tx::Purpose,
    movements::capital,
    store::{self, sweep::Source},
};
use chassis::{Fault, Held};
use uuid::Uuid;

/// Addresses looked at in one round; more than one transaction can carry.
const LIMIT: i64 = 40;

impl Context {
    /// One round: sends a dead sweep again, or begins one.
    pub(super) async fn sweep(&self, held: &Held) -> Result<(), Fault> {
        if let Some(dead) = store::sweep::dead(self.db.pool()).await? {
            let attempt = store::chain_tx::next_attempt(self.db.pool(), dead.chain_tx).await?;
            return self.begin_sweep(held, dead.chain_tx, attempt, dead.sources).await;
        }
        let candidates = store::sweep::candidates(self.db.pool(), self.settings.sweep_min, LIMIT).await?;
        let alone: Vec<Source> = candidates.iter().filter(|source| source.alone).take(1).copied().collect();
        let sources = if alone.is_empty() { candidates } else { alone };
        self.begin_sweep(held, Uuid::now_v7(), 1, sources).await
    }

    async fn begin_sweep(
        &self,
        held: &Held,
        id: Uuid,
        attempt: i32,
        mut sources: Vec<Source>,
    ) -> Result<(), Fault> {
        if sources.is_empty() {
            return Ok(());
        }
        let treasury = self.treasury().await?;
        let transfer =
            |source: &Source| TransferDraft { from: source.address, to: treasury, lamports: source.lamports };
        let transfers = sources.iter().map(transfer).collect();
        let mut draft = Draft {
            payer: treasury,
            transfers,
            memo: None,
            reference: format!("{id}/{attempt:04}"),
            urgent: false,
        };
        draft.split_to_fit().map_err(|error| Fault::bug(error.to_string()))?;
        sources.truncate(draft.transfers.len());
        let unsigned = self.date(&draft).await?;
        if !self.capital_covers(&unsigned).await? {
            return Ok(());
        }
        let mut unit = self.unit(held).await?;
        store::chain_tx::build(unit.conn(), id, Purpose::Sweep, &unsigned).await?;
        store::sweep::begin(unit.conn(), id, &sources).await?;
        unit.commit().await?;
        tracing::info!(chain_tx = %id, attempt, addresses = sources.len(), "sweep built");
        Ok(())
    }

    /// Whether `capital` can pay this fee besides all those it already answers for. Only this
    /// process builds for `capital` at a time or the sum is short for a moment, in which case a
    /// fee stays due until somebody fills it up.
    pub(super) async fn capital_covers(&self, unsigned: &Unsigned) -> Result<bool, Fault> {
        let capital = capital::balance(&self.db).await?;
        let committed = store::chain_tx::fees_committed(self.db.pool()).await?;
        let needed =
            committed.checked_add(unsigned.fee).map_err(|_| Fault::bug("amounts beyond the ledger"))?;
        let covered = capital >= needed;
        metrics::gauge!("wallet_capital_short").set(if covered { 0.0 } else { 1.0 });
        if !covered {
            tracing::warn!(%capital, %needed, "capital is short: sweeps and receipts wait");
        }
        Ok(covered)
    }
}
