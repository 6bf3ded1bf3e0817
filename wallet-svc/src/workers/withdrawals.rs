//! Takes withdrawals from the request to a committed message. From there on the carrier has
//! them.

use super::Context;
use crate::{
    audit,
    chain::{AccountState, Draft, TransferDraft, Unsigned},
    domain::{
        chain_tx::Purpose,
        withdrawal::{Destination, State, Step, check_destination},
    },
    movements,
    store::{self, withdrawal::Withdrawal},
};
use chassis::{Fault, Held, Unit};
use proto::{
    Lamports, Refusal,
    common::Outcome,
    wallet::{RequestWithdrawalDone, WithdrawalChanged},
};
use solana_pubkey::Pubkey;
use solana_system_interface::program as system_program;
use uuid::Uuid;

/// Withdrawals looked at in one round; more than one transaction can carry.
const LIMIT: i64 = 40;

impl Context {
    /// One round over all withdrawals that are not on their way yet.
    pub(super) async fn move_withdrawals(&self, held: &Held) -> Result<(), Fault> {
        self.look_at_requests(held).await?;
        if store::pause::paused(self.db.pool()).await? {
            return Ok(());
        }
        self.approve(held).await?;
        self.send_again(held).await?;
        self.send(held, State::Expired).await?;
        self.send(held, State::Approved).await
    }

    /// Asks the chain whether each destination can take what arrives, and answers the request.
    async fn look_at_requests(&self, held: &Held) -> Result<(), Fault> {
        let requested = store::withdrawal::unassigned(self.db.pool(), State::Requested, LIMIT).await?;
        for (withdrawal, checked) in self.check_all(requested).await? {
            let mut unit = self.unit(held).await?;
            match checked {
                Ok(()) => {
                    let Some(mut locked) = lock_unchanged(&mut unit, &[withdrawal]).await? else { continue };
                    for withdrawal in &mut locked {
                        step(&mut unit, withdrawal, Step::Hold).await?;
                        let done = RequestWithdrawalDone { withdrawal: Some(withdrawal.wire()) };
                        let id = withdrawal.id.uuid();
                        unit.decide(id, Outcome::done(id.as_bytes(), &done));
                    }
                    unit.commit().await?;
                }
                Err(refusal) => self.reject(unit, withdrawal, &refusal).await?,
            }
        }
        Ok(())
    }

    async fn approve(&self, held: &Held) -> Result<(), Fault> {
        let over = store::withdrawal::hold_over(self.db.pool(), LIMIT).await?;
        if over.is_empty() {
            return Ok(());
        }
        let mut unit = self.unit(held).await?;
        for mut withdrawal in store::withdrawal::lock(unit.conn(), &over).await? {
            if withdrawal.state == State::Held {
                step(&mut unit, &mut withdrawal, Step::Approve).await?;
            }
        }
        unit.commit().await
    }

    /// Makes the next attempt for withdrawals whose transaction is dead, in the same company.
    async fn send_again(&self, held: &Held) -> Result<(), Fault> {
        let together = store::withdrawal::expired_together(self.db.pool()).await?;
        let Some(chain_tx) = together.first().and_then(|withdrawal| withdrawal.chain_tx) else {
            return Ok(());
        };
        let ready = self.still_payable(held, together).await?;
        let attempt = store::chain_tx::next_attempt(self.db.pool(), chain_tx).await?;
        self.build(held, chain_tx, attempt, ready).await.map(drop)
    }

    /// Builds a transaction for withdrawals in this state that are in none: together where they
    /// may be, else the first alone.
    async fn send(&self, held: &Held, state: State) -> Result<(), Fault> {
        let waiting = store::withdrawal::unassigned(self.db.pool(), state, LIMIT).await?;
        let ready = self.still_payable(held, waiting).await?;
        let alone: Vec<Withdrawal> =
            ready.iter().filter(|withdrawal| withdrawal.alone).take(1).cloned().collect();
        let group = if alone.is_empty() { ready } else { alone };
        let funded = self.funded(group).await?;
        self.build(held, Uuid::now_v7(), 1, funded).await.map(drop)
    }

    /// Asks about the destinations again, as time has passed, and gives back what cannot be paid.
    async fn still_payable(&self, held: &Held, waiting: Vec<Withdrawal>) -> Result<Vec<Withdrawal>, Fault> {
        let mut payable = Vec::with_capacity(waiting.len());
        for (withdrawal, checked) in self.check_all(waiting).await? {
            match checked {
                Ok(()) => payable.push(withdrawal),
                Err(refusal) => self.reject(self.unit(held).await?, withdrawal, &refusal).await?,
            }
        }
        Ok(payable)
    }

    async fn check_all(
        &self,
        withdrawals: Vec<Withdrawal>,
    ) -> Result<Vec<(Withdrawal, Result<(), Refusal>)>, Fault> {
        if withdrawals.is_empty() {
            return Ok(Vec::new());
        }
        let addresses: Vec<Pubkey> = withdrawals.iter().map(|withdrawal| withdrawal.address).collect();
        let accounts = self.network.accounts(&addresses).await?;
        let mut checked = Vec::with_capacity(withdrawals.len());
        for (withdrawal, account) in withdrawals.into_iter().zip(accounts.value) {
            let destination = self.destination(account).await?;
            let result = check_destination(&destination, withdrawal.arrives()?, &withdrawal.address);
            checked.push((withdrawal, result));
        }
        Ok(checked)
    }

    pub(super) async fn destination(&self, account: Option<AccountState>) -> Result<Destination, Fault> {
        let rent_minimum = self.network.rent_minimum(account.map_or(0, |account| account.data_len)).await?;
        Ok(Destination {
            balance: account.map_or(Lamports::ZERO, |account| account.lamports),
            wallet: account.is_none_or(|account| account.owner == system_program::id()),
            rent_minimum,
        })
    }

    /// The withdrawals at the front that the treasury can pay, and itself stay rent-exempt.
    async fn funded(&self, waiting: Vec<Withdrawal>) -> Result<Vec<Withdrawal>, Fault> {
        if waiting.is_empty() {
            return Ok(waiting);
        }
        let bug = |_| Fault::bug("amounts beyond the ledger");
        let treasury = self.treasury().await?;
        let lies = store::address::balance(self.db.pool(), &treasury).await?;
        let leaving = store::withdrawal::leaving(self.db.pool()).await?;
        let fees = store::chain_tx::fees_committed(self.db.pool()).await?;
        let stays = self.network.rent_minimum(0).await?;
        let mut left = Lamports::checked_sum([leaving, fees, stays])
            .and_then(|reserved| lies.checked_sub(reserved))
            .map_err(bug)?;
        let mut funded = Vec::with_capacity(waiting.len());
        for withdrawal in waiting {
            left = left.checked_sub(withdrawal.lamports).map_err(bug)?;
            if left < Lamports::ZERO {
                metrics::counter!("wallet_treasury_short_total").increment(1);
                tracing::warn!(withdrawal = %withdrawal.id, %left, "the treasury is short, withdrawals wait");
                break;
            }
            funded.push(withdrawal);
        }
        Ok(funded)
    }

    /// Commits an unsigned message that pays these withdrawals, as many of them as fit.
    async fn build(
        &self,
        held: &Held,
        id: Uuid,
        attempt: i32,
        mut group: Vec<Withdrawal>,
    ) -> Result<(), Fault> {
        if group.is_empty() {
            return Ok(());
        }
        let treasury = self.treasury().await?;
        let mut transfers = Vec::with_capacity(group.len());
        for withdrawal in &group {
            transfers.push(TransferDraft {
                from: treasury,
                to: withdrawal.address,
                lamports: withdrawal.arrives()?,
            });
        }
        let mut draft = Draft {
            payer: treasury,
            transfers,
            memo: None,
            reference: format!("{id}/{attempt:04}"),
            urgent: true,
        };
        let rest = draft.split_to_fit().map_err(|error| Fault::bug(error.to_string()))?;
        if attempt > 1 && !rest.is_empty() {
            return Err(Fault::bug("what fitted one transaction does not fit the next"));
        }
        group.truncate(draft.transfers.len());
        let unsigned = self.date(&draft).await?;

        let mut unit = self.unit(held).await?;
        if !commit_message(&mut unit, id, &group, &unsigned).await? {
            return Ok(());
        }
        unit.commit().await?;
        tracing::info!(chain_tx = %id, attempt, withdrawals = group.len(), "built");
        Ok(())
    }

    /// Dates a draft with a fresh block hash and the priority fee of the moment.
    pub(super) async fn date(&self, draft: &Draft) -> Result<Unsigned, Fault> {
        // A guess of the fee is enough: without an answer none is offered.
        let price = self.network.compute_unit_price(&draft.writes()).await.unwrap_or_default();
        let blockhash = self.network.blockhash().await?;
        draft
            .compile(&blockhash, price, self.settings.priority_limit)
            .map_err(|error| Fault::bug(error.to_string()))
    }

    /// Gives a reserved withdrawal back and says why.
    async fn reject(&self, mut unit: Unit, withdrawal: Withdrawal, refusal: &Refusal) -> Result<(), Fault> {
        movements::withdrawal::give_back(&mut unit, &withdrawal).await?;
        let requested = withdrawal.state == State::Requested;
        let Some(mut locked) = lock_unchanged(&mut unit, &[withdrawal]).await? else { return Ok(()) };
        for withdrawal in &mut locked {
            withdrawal.reason = Some(refusal.to_string());
            if requested {
                // Nobody has heard of it: the refusal is the whole answer.
                store::withdrawal::step(unit.conn(), withdrawal, Step::Reject).await?;
                audit::stepped(&mut unit, withdrawal, Step::Reject);
                let id = withdrawal.id.uuid();
                unit.decide(id, Outcome::refused(id.as_bytes(), refusal));
            } else {
                step(&mut unit, withdrawal, Step::Reject).await?;
            }
        }
        unit.commit().await
    }
}

/// Takes a step and tells it.
pub(crate) async fn step(unit: &mut Unit, withdrawal: &mut Withdrawal, step: Step) -> Result<(), Fault> {
    store::withdrawal::step(unit.conn(), withdrawal, step).await?;
    audit::stepped(unit, withdrawal, step);
    unit.event(&WithdrawalChanged { withdrawal: Some(withdrawal.wire()) });
    Ok(())
}

/// Takes the money of withdrawals out of their accounts together with the message that pays them. False
/// if one of them changed since it was read: then nothing of this may be committed.
///
/// # Errors
/// The database.
pub async fn commit_message(
    unit: &mut Unit,
    id: Uuid,
    group: &[Withdrawal],
    unsigned: &Unsigned,
) -> Result<bool, Fault> {
    movements::withdrawal::leave(unit, group).await?;
    let Some(mut locked) = lock_unchanged(unit, group).await? else { return Ok(false) };
    store::chain_tx::build(unit.conn(), id, Purpose::Withdrawal, unsigned).await?;
    for withdrawal in &mut locked {
        store::withdrawal::assign(unit.conn(), withdrawal, id).await?;
    }
    Ok(true)
}

/// Locks withdrawals that were read before the transaction; nothing if one changed since.
pub(super) async fn lock_unchanged(
    unit: &mut Unit,
    read: &[Withdrawal],
) -> Result<Option<Vec<Withdrawal>>, Fault> {
    let ids: Vec<_> = read.iter().map(|withdrawal| withdrawal.id).collect();
    let locked = store::withdrawal::lock(unit.conn(), &ids).await?;
    let unchanged = |one: &Withdrawal| {
        locked
            .iter()
            .any(|now| now.id == one.id && now.version == one.version && now.chain_tx == one.chain_tx)
    };
    Ok(read.iter().all(unchanged).then_some(locked))
}
