//! Compares the ledger with the chain at one finalized slot. A drift that persists pauses
//! withdrawals: somebody has to look before more money leaves.

use super::Context;
use crate::{
    chain::{ACCOUNTS, Commitment},
    domain::{
        drift::{Comparison, Verdict, drift, judge},
        pause::Cause,
    },
    store,
};
use chassis::{Fault, Held};
use proto::{Lamports, LamportsError};
use solana_pubkey::Pubkey;
use std::time::Duration;
use time::OffsetDateTime;

/// How often it is tried to read all balances in one slot.
const TRIES: usize = 5;
/// How long a comparison waits for what was on its way when the balances were read.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
const SETTLE_TRIES: usize = 240;

/// Balances read in one slot.
pub(super) struct Reading {
    /// The slot that the endpoint names.
    pub(super) slot: u64,
    /// The newest slot once the answer was there.
    newest: u64,
    /// The sum.
    pub(super) lamports: Lamports,
}

impl Context {
    /// One comparison.
    pub(super) async fn compare(&self, held: &Held) -> Result<(), Fault> {
        self.treasury().await?;
        let money = store::address::with_money(self.db.pool()).await?;
        let addresses: Vec<Pubkey> = money.iter().map(|balance| balance.address).collect();
        let Some(reading) = self.balances(&addresses).await? else {
            tracing::info!(addresses = addresses.len(), "balances not read in one slot, compared next time");
            return Ok(());
        };
        let read_at = self.now().await?;
        let mut since = None;
        let mut read_since = false;
        for _ in 0..SETTLE_TRIES {
            match self.comparisons(&reading, read_at, &addresses).await? {
                // Only what was read since can tell money on its way from money that is lost.
                Some(all) if read_since || drift(&all).map_err(beyond)? == Lamports::ZERO => {
                    return self.conclude_comparison(held, &reading, &all).await;
                }
                _ => {}
            }
            if since.is_none() && self.network.slot(Commitment::Finalized).await? >= reading.newest {
                since = Some(self.now().await?);
            }
            if let Some(since) = since {
                read_since = store::address::hurry(self.db.pool(), &addresses, since).await? == 0;
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        tracing::info!("transactions did not end in time, compared next time");
        Ok(())
    }

    pub(super) async fn now(&self) -> Result<OffsetDateTime, Fault> {
        self.db.unit().await?.now().await
    }

    /// Both sides at the slot that was named and at every later one that the answer may be of;
    /// nothing while the end of one of our transactions is not known.
    async fn comparisons(
        &self,
        reading: &Reading,
        read_at: OffsetDateTime,
        read: &[Pubkey],
    ) -> Result<Option<Vec<Comparison>>, Fault> {
        let mut slots = vec![reading.slot];
        slots.extend(store::reconciliation::busy_slots(self.db.pool(), reading.slot, reading.newest).await?);
        let mut comparisons = Vec::with_capacity(slots.len());
        for slot in slots {
            let around = store::reconciliation::around(self.db.pool(), slot, read_at, read).await?;
            if around.unknown > 0 {
                return Ok(None);
            }
            let ledger = around.chain_account.checked_add(around.elsewhere);
            let ledger = ledger.and_then(|sum| Lamports::ZERO.checked_sub(sum)).map_err(beyond)?;
            let (posted_later, not_posted) = (around.posted_later, around.not_posted);
            comparisons.push(Comparison { slot, chain: reading.lamports, ledger, posted_later, not_posted });
        }
        Ok(Some(comparisons))
    }

    /// The sum of finalized balances in one slot; nothing where the answers are of several slots.
    pub(super) async fn balances(&self, addresses: &[Pubkey]) -> Result<Option<Reading>, Fault> {
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
                let newest = self.network.slot(Commitment::Processed).await?;
                let lamports = Lamports::checked_sum(lamports).map_err(beyond)?;
                return Ok(Some(Reading { slot, newest, lamports }));
            }
        }
        Ok(None)
    }

    async fn conclude_comparison(
        &self,
        held: &Held,
        reading: &Reading,
        all: &[Comparison],
    ) -> Result<(), Fault> {
        let drift = drift(all).map_err(beyond)?;
        let before = store::reconciliation::last(self.db.pool()).await?.map(|compared| compared.drift);
        let verdict = judge(drift, before);
        let mut unit = self.unit(held).await?;
        store::reconciliation::store(unit.conn(), reading.slot, reading.lamports, drift).await?;
        match verdict {
            Verdict::Agree => {}
            Verdict::Suspect(drift) => {
                tracing::warn!(?all, %drift, "ledger and chain differ, looking again");
            }
            Verdict::Drift(drift) => {
                metrics::counter!("wallet_drift_total").increment(1);
                let reason = format!("the chain has {} lamports more than the ledger", drift.get());
                if store::pause::begin(unit.conn(), Cause::Drift, &reason).await? {
                    tracing::error!(?all, %drift, "drift");
                }
            }
        }
        unit.commit().await?;
        let persists = if matches!(verdict, Verdict::Drift(_)) { 1.0 } else { 0.0 };
        metrics::gauge!("wallet_drift_persists").set(persists);
        Ok(())
    }
}

fn beyond(error: LamportsError) -> Fault {
    Fault::bug(error.to_string())
}
