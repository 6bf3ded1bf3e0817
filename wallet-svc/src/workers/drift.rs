//! Compares the ledger with the chain at one finalized slot. A drift that persists pauses
//! withdrawals: somebody has to look before more money leaves.

use super::Context;
use crate::{
    chain::ACCOUNTS,
    domain::drift::{Comparison, Verdict, judge},
    store,
};
use chassis::{Fault, Held};
use proto::Lamports;
use solana_pubkey::Pubkey;
use std::time::Duration;

/// How often it is tried to read all balances in one slot.
const TRIES: usize = 5;
/// How long a comparison waits for transactions that were on their way when the balances were
/// read, and how often it looks.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
const SETTLE_TRIES: usize = 240;

impl Context {
    /// One comparison.
    pub(super) async fn compare(&self, held: &Held) -> Result<(), Fault> {
        self.treasury().await?;
        let addresses: Vec<Pubkey> =
            store::address::with_money(self.db.pool()).await?.iter().map(|balance| balance.address).collect();
        let read_at = self.db.unit().await?.now().await?;
        let Some((slot, chain)) = self.balances(&addresses).await? else {
            tracing::info!(addresses = addresses.len(), "balances not read in one slot, compared next time");
            return Ok(());
        };
        for _ in 0..SETTLE_TRIES {
            // One snapshot: the ledger must not move between the sums.
            let mut unit = self.db.unit().await?;
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(unit.conn()).await?;
            let around = store::reconciliation::around(&mut *unit.conn(), slot, read_at, &addresses).await?;
            if around.unknown == 0 {
                let ledger = around
                    .chain_account
                    .checked_add(around.elsewhere)
                    .and_then(|sum| Lamports::ZERO.checked_sub(sum));
                let comparison = Comparison {
                    slot,
                    chain,
                    ledger: ledger.map_err(|_| Fault::bug("amounts beyond the ledger"))?,
                    posted_later: around.posted_later,
                    not_posted: around.not_posted,
                };
                drop(unit);
                return self.conclude_comparison(held, &comparison, &addresses).await;
            }
            drop(unit);
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        tracing::info!("transactions did not end in time, compared next time");
        Ok(())
    }

    /// The sum of finalized balances in one slot; nothing where the answers are of several slots.
    pub(super) async fn balances(&self, addresses: &[Pubkey]) -> Result<Option<(u64, Lamports)>, Fault> {
        for _ in 0..TRIES {
            let mut slots = Vec::new();
            let mut lamports = Vec::with_capacity(addresses.len());
            for chunk in addresses.chunks(ACCOUNTS) {
                let accounts = self.network.accounts(chunk).await?;
                slots.push(accounts.slot);
                lamports.extend(accounts.value.iter().flatten().map(|account| account.lamports));
            }
            let Some(&slot) = slots.first() else { return Ok(None) };
            if slots.iter().all(|other| *other == slot) {
                let sum =
                    Lamports::checked_sum(lamports).map_err(|_| Fault::bug("amounts beyond the ledger"))?;
                return Ok(Some((slot, sum)));
            }
        }
        Ok(None)
    }

    async fn conclude_comparison(
        &self,
        held: &Held,
        comparison: &Comparison,
        read: &[Pubkey],
    ) -> Result<(), Fault> {
        let drift = comparison.drift().map_err(|_| Fault::bug("amounts beyond the ledger"))?;
        let before = store::reconciliation::last(self.db.pool()).await?.map(|compared| compared.drift);
        let verdict = judge(drift, before);
        let mut unit = self.unit(held).await?;
        store::reconciliation::store(unit.conn(), comparison.slot, comparison.chain, drift).await?;
        match verdict {
            Verdict::Agree => {}
            Verdict::Suspect(drift) => {
                tracing::warn!(?comparison, %drift, "ledger and chain differ, looking again");
                store::address::hurry(&mut *unit.conn(), read).await?;
            }
            Verdict::Drift(drift) => {
                metrics::counter!("wallet_drift_total").increment(1);
                let reason = format!("the chain has {} lamports more than the ledger", drift.get());
                if store::reconciliation::pause_withdrawals(unit.conn(), &reason).await? {
                    tracing::error!(?comparison, %drift, "drift: withdrawals are paused");
                }
            }
        }
        unit.commit().await?;
        let persists = if matches!(verdict, Verdict::Drift(_)) { 1.0 } else { 0.0 };
        metrics::gauge!("wallet_drift_persists").set(persists);
        Ok(())
    }
}
