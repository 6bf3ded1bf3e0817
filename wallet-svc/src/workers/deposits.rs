//! Reads the histories of our addresses and credits what arrived.
//!
//! Polling is the truth: an address is read from its cursor on, oldest first, and the cursor
//! moves over finalized transactions only, together with their credits.

use super::Context;
use crate::{
    chain::{Commitment, HistoryItem, TransactionDetails},
    domain::deposit::{Arrival, arrival},
    keys::KeyOwner,
    limits, movements,
    store::{self, address::Due, deposit::Deposit},
};
use chassis::{Fault, Held, Unit};
use futures::{StreamExt, TryStreamExt};
use proto::{
    AccountId, Lamports,
    wallet::{DepositChanged, DepositState},
};
use solana_signature::Signature;
use std::time::Duration;

/// Addresses taken in one round, and read at the same time.
const DUE: i64 = 64;
const AT_ONCE: usize = 4;
/// Transactions committed together with their cursor.
const TOGETHER: usize = 50;
/// An address that could not be read is left alone this long.
const POSTPONED: Duration = Duration::from_secs(5);

/// A transaction of an address that somebody else made.
struct Foreign {
    item: HistoryItem,
    details: Option<TransactionDetails>,
}

impl Context {
    /// Reads every address that is due.
    pub(super) async fn read_deposits(&self, held: &Held) -> Result<(), Fault> {
        self.treasury().await?;
        let due = store::address::due(self.db.pool(), DUE).await?;
        futures::stream::iter(due)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |due| async move {
                match self.read_address(held, &due).await {
                    Ok(()) => Ok(()),
                    Err(lost @ Fault::LeaseLost(_)) => Err(lost),
                    Err(fault) => {
                        metrics::counter!("wallet_addresses_unread_total").increment(1);
                        tracing::warn!(address = %due.address, error = fault.chain(), "address not read");
                        let mut unit = self.unit(held).await?;
                        let (hot, cold) = (POSTPONED, POSTPONED.max(self.settings.pace.hot));
                        store::address::done(unit.conn(), &due.address, None, hot, cold).await?;
                        unit.commit().await
                    }
                }
            })
            .await
    }

    async fn read_address(&self, held: &Held, due: &Due) -> Result<(), Fault> {
        let history = self.network.history(&due.address, due.cursor.as_ref()).await?;
        let finalized = history.iter().take_while(|item| item.commitment == Commitment::Finalized).count();
        let (finalized, fresh) = history.split_at(finalized.min(history.len()));
        for items in finalized.chunks(TOGETHER) {
            let read = self.details(items).await?;
            let mut unit = self.unit(held).await?;
            for foreign in &read {
                self.credit(&mut unit, due, foreign).await?;
            }
            if let Some(last) = items.last() {
                store::address::move_cursor(unit.conn(), &due.address, &last.signature).await?;
            }
            unit.commit().await?;
        }
        self.note_fresh(held, due, fresh).await
    }

    /// What these transactions did, except our own, which are booked when they end, and those
    /// that failed, which moved nothing here.
    async fn details(&self, items: &[HistoryItem]) -> Result<Vec<Foreign>, Fault> {
        let signatures: Vec<Signature> = items.iter().map(|item| item.signature).collect();
        let ours = store::chain_tx::ours(self.db.pool(), &signatures).await?;
        let foreign: Vec<HistoryItem> =
            items.iter().filter(|item| !item.failed && !ours.contains(&item.signature)).copied().collect();
        futures::stream::iter(foreign)
            .map(|item| async move {
                let details = self.network.transaction(&item.signature).await?;
                Ok::<_, Fault>(Foreign { item, details })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn credit(&self, unit: &mut Unit, due: &Due, foreign: &Foreign) -> Result<(), Fault> {
        let details = complete(foreign)?;
        match arrival(details, &due.address).map_err(|error| Fault::bug(error.to_string()))? {
            Arrival::Transfers(transfers) => {
                for transfer in transfers {
                    let deposit =
                        deposit(due, details, Some(transfer.outer), transfer.inner, transfer.lamports);
                    self.post(unit, &deposit, false).await?;
                }
            }
            Arrival::Unexplained(lamports) => {
                metrics::counter!("wallet_deposits_unexplained_total").increment(1);
                tracing::error!(address = %due.address, signature = %details.signature, %lamports, "a balance rose without transfers");
                self.post(unit, &deposit(due, details, None, None, lamports), true).await?;
            }
            Arrival::Missing(lamports) => {
                metrics::counter!("wallet_deposits_missing_total").increment(1);
                tracing::error!(address = %due.address, signature = %details.signature, %lamports, "a balance fell without our signature");
            }
        }
        Ok(())
    }

    /// Credits a deposit that was not credited before, and tells its owner.
    async fn post(&self, unit: &mut Unit, deposit: &Deposit, unexplained: bool) -> Result<(), Fault> {
        if let Some((account, available)) = credit(unit, deposit, unexplained).await? {
            self.tell(unit, deposit, account, DepositState::Credited, available);
        }
        Ok(())
    }

    /// Notes what is confirmed and not yet finalized, so that its owner sees it coming.
    async fn note_fresh(&self, held: &Held, due: &Due, fresh: &[HistoryItem]) -> Result<(), Fault> {
        let signatures: Vec<Signature> = fresh.iter().map(|item| item.signature).collect();
        let noted = store::deposit::seen_before(self.db.pool(), &due.address, &signatures).await?;
        let unknown: Vec<HistoryItem> = fresh
            .iter()
            .filter(|item| item.commitment >= Commitment::Confirmed && !noted.contains(&item.signature))
            .copied()
            .collect();
        let read = self.details(&unknown).await?;
        let mut unit = self.unit(held).await?;
        for foreign in &read {
            // Not there yet is no fault here: it is read again.
            let Some(details) = &foreign.details else { continue };
            let Ok(Arrival::Transfers(transfers)) = arrival(details, &due.address) else { continue };
            for transfer in transfers {
                let deposit = deposit(due, details, Some(transfer.outer), transfer.inner, transfer.lamports);
                let KeyOwner::Account(account) = deposit.owner else { continue };
                if store::deposit::note_seen(unit.conn(), &deposit).await? {
                    self.tell(&mut unit, &deposit, account, DepositState::Seen, Lamports::ZERO);
                }
            }
        }
        let pace = &self.settings.pace;
        let soon = if fresh.is_empty() { pace.cold } else { pace.hot };
        store::address::done(unit.conn(), &due.address, Some(due.asked_at), pace.hot, soon).await?;
        unit.commit().await
    }

    fn tell(
        &self,
        unit: &mut Unit,
        deposit: &Deposit,
        account: AccountId,
        state: DepositState,
        available: Lamports,
    ) {
        if deposit.lamports < self.settings.notice_min {
            return;
        }
        unit.event(&DepositChanged {
            deposit_id: deposit.id.bytes(),
            account_id: account.bytes(),
            lamports: deposit.lamports.get(),
            signature: deposit.signature.to_string(),
            state: state.into(),
            available_lamports: available.get(),
        });
    }
}

/// Credits a deposit, if it was not credited before, to whom it belongs. Returns the account with its
/// available balance where that is a user.
///
/// # Errors
/// The database.
pub async fn credit(
    unit: &mut Unit,
    deposit: &Deposit,
    unexplained: bool,
) -> Result<Option<(AccountId, Lamports)>, Fault> {
    if !store::deposit::mark_credited(unit.conn(), deposit).await? {
        return Ok(None);
    }
    let ownerless = unexplained
        || match deposit.owner {
            KeyOwner::Account(account) => limits::has_left(unit, account).await?,
            KeyOwner::Treasury => false,
        };
    let (id, lamports) = (deposit.id, deposit.lamports);
    let credited = match deposit.owner {
        KeyOwner::Account(account) if !ownerless => {
            let available = movements::deposit::credit(unit, id, account, lamports).await?;
            Some((account, available))
        }
        KeyOwner::Treasury if !ownerless => {
            movements::capital::fill_up(unit, id, lamports).await?;
            None
        }
        KeyOwner::Account(_) | KeyOwner::Treasury => {
            movements::deposit::unclaimed(unit, id, lamports).await?;
            None
        }
    };
    store::address::book(unit.conn(), &[(deposit.address, lamports)]).await?;
    metrics::counter!("wallet_deposits_credited_total").increment(1);
    tracing::info!(deposit = %id, owner = ?deposit.owner, %lamports, "credited");
    if let Some((account, _)) = credited {
        limits::deposited(unit, account, id, lamports).await?;
    }
    Ok(credited)
}

/// A finalized transaction that the endpoint lists has to be there, in that slot, and not as a
/// failure; else the endpoint is not consistent and is asked again later.
fn complete(foreign: &Foreign) -> Result<&TransactionDetails, Fault> {
    foreign
        .details
        .as_ref()
        .filter(|details| details.slot == foreign.item.slot && !details.failed)
        .ok_or_else(|| Fault::upstream("solana rpc", "a listed transaction is not there as it was listed"))
}

fn deposit(
    due: &Due,
    details: &TransactionDetails,
    outer: Option<u16>,
    inner: Option<u16>,
    lamports: Lamports,
) -> Deposit {
    Deposit {
        id: Deposit::id_of(&details.signature, outer, inner, &due.address),
        owner: due.owner,
        address: due.address,
        signature: details.signature,
        outer,
        inner,
        lamports,
        slot: details.slot,
    }
}
