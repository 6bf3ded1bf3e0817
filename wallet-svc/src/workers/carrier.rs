//! Carries committed messages to their end: signs, submits, re-sends the same bytes, and
//! judges what became of them. What an end means is done in the same transaction (`ends`).
//!
//! A pause stops signatures for withdrawals and nothing else: what is signed may be on chain already, and only its end
//! can be told.

use super::{
    Context, ends,
    withdrawals::{lock_unchanged, step},
};
use crate::{
    chain::{Signed, TESTIMONIES, Testimony},
    domain::{
        chain_tx::{AttemptState, Fate, Purpose, judge},
        withdrawal::Step,
    },
    keys::{self, Authorization, Order, Payment, SealedKey},
    store::{
        self,
        chain_tx::{Attempt, Landing, SignError},
        withdrawal::Withdrawal,
    },
};
use chassis::{Fault, Held};
use proto::WithdrawalId;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

impl Context {
    /// One round over every attempt that can still land.
    pub(super) async fn carry(&self, held: &Held) -> Result<(), Fault> {
        for attempt in store::chain_tx::live(self.db.pool()).await? {
            match attempt.state {
                AttemptState::Built if self.may_sign(&attempt).await? => self.try_sign(held, attempt).await?,
                AttemptState::Signed => self.submit(held, &attempt).await?,
                _ => {}
            }
        }
        let live: Vec<Attempt> = store::chain_tx::live(self.db.pool()).await?;
        let signed: Vec<Attempt> =
            live.into_iter().filter(|attempt| !attempt.signatures.is_empty()).collect();
        let landmark = store::chain_tx::landmark(self.db.pool()).await?.map(|(landmark, _)| landmark);
        for attempts in signed.chunks(TESTIMONIES) {
            let signatures: Vec<Signature> =
                attempts.iter().filter_map(|attempt| attempt.signatures.first()).copied().collect();
            let testimonies = self.network.testimonies(&signatures, landmark.as_ref()).await;
            for (attempt, testimonies) in attempts.iter().zip(testimonies) {
                self.conclude(held, attempt, &testimonies).await?;
            }
        }
        self.post_fees(held).await
    }

    async fn may_sign(&self, attempt: &Attempt) -> Result<bool, Fault> {
        Ok(attempt.purpose != Purpose::Withdrawal || !store::pause::paused(self.db.pool()).await?)
    }

    /// One message that the signer refuses does not stop the others.
    async fn try_sign(&self, held: &Held, attempt: Attempt) -> Result<(), Fault> {
        let (id, number) = (attempt.id, attempt.attempt);
        match self.sign(held, attempt).await {
            Err(fault) if !matches!(fault, Fault::LeaseLost(_)) => {
                metrics::counter!("wallet_not_signed_total").increment(1);
                tracing::error!(chain_tx = %id, attempt = number, error = fault.chain(), "not signed");
                Ok(())
            }
            done => done,
        }
    }

    /// Signs a committed message and commits the signatures before anybody else sees them.
    async fn sign(&self, held: &Held, mut attempt: Attempt) -> Result<(), Fault> {
        let inspected =
            keys::inspect(&attempt.message).map_err(|error| Fault::from(keys::SignerError::from(error)))?;
        let ours = store::key::of_addresses(self.db.pool(), &inspected.signers).await?;
        let key = |signer: &Pubkey| ours.iter().find(|key| key.address == *signer).cloned();
        let keys: Option<Vec<SealedKey>> = inspected.signers.iter().map(key).collect();
        let keys = keys.ok_or_else(|| Fault::bug("a message asks for a key that is not ours"))?;
        let paid = store::withdrawal::of_chain_tx(self.db.pool(), attempt.id).await?;
        let authorization = self.authorization(attempt.purpose, &paid).await?;
        let order = Order {
            message: &attempt.message,
            keys: &keys,
            authorization: &authorization,
            committed_at: attempt.built_at,
        };
        attempt.signatures = self.signer.sign(&order).await?;
        let mut unit = self.unit(held).await?;
        let Some(mut paid) = lock_unchanged(&mut unit, &paid).await? else { return Ok(()) };
        // The signer may have taken a while. From the commit on a pause comes too late.
        if attempt.purpose == Purpose::Withdrawal && store::pause::paused(unit.conn()).await? {
            return Ok(());
        }
        match store::chain_tx::sign(unit.conn(), attempt.id, attempt.attempt, &attempt.signatures).await {
            Ok(()) => {}
            Err(SignError::Store(error)) => return Err(error.into()),
            Err(conflict @ SignError::Conflict) => {
                metrics::counter!("wallet_signature_conflicts_total").increment(1);
                tracing::error!(chain_tx = %attempt.id, attempt = attempt.attempt, "another signature for one message");
                return Err(Fault::bug(conflict.to_string()));
            }
        }
        for withdrawal in &mut paid {
            withdrawal.signature = attempt.signatures.first().copied();
            step(&mut unit, withdrawal, Step::Sign).await?;
        }
        unit.commit().await?;
        self.submit(held, &attempt).await
    }

    /// What the signer may believe about a message only after having compared it with the message.
    async fn authorization(&self, purpose: Purpose, paid: &[Withdrawal]) -> Result<Authorization, Fault> {
        let ids: Vec<WithdrawalId> = paid.iter().map(|withdrawal| withdrawal.id).collect();
        Ok(match purpose {
            Purpose::Sweep => Authorization::Sweep,
            Purpose::Receipt | Purpose::Proof => Authorization::Receipt,
            Purpose::Withdrawal => {
                let mut approvals = store::operator::approvals(self.db.pool(), &ids).await?;
                let payments = paid.iter().map(|withdrawal| Payment {
                    withdrawal: withdrawal.id,
                    to: withdrawal.address,
                    lamports: withdrawal.lamports,
                    fee: withdrawal.fee,
                    approvals_needed: u32::try_from(withdrawal.approvals_needed).unwrap_or_default(),
                    approvals: approvals.remove(&withdrawal.id).unwrap_or_default(),
                });
                Authorization::Withdrawals(payments.collect())
            }
        })
    }

    /// Hands in the bytes. Whatever the endpoint answers, only testimony decides.
    async fn submit(&self, held: &Held, attempt: &Attempt) -> Result<(), Fault> {
        let signed = Signed::try_new(&attempt.message, &attempt.signatures)
            .map_err(|error| Fault::bug(error.to_string()))?;
        if let Err(error) = self.network.submit(&signed).await {
            tracing::info!(chain_tx = %attempt.id, attempt = attempt.attempt, %error, "not taken, or not known to be");
            return Ok(());
        }
        let paid = store::withdrawal::of_chain_tx(self.db.pool(), attempt.id).await?;
        let mut unit = self.unit(held).await?;
        let Some(mut paid) = lock_unchanged(&mut unit, &paid).await? else { return Ok(()) };
        if store::chain_tx::mark_submitted(unit.conn(), attempt.id, attempt.attempt).await? {
            for withdrawal in &mut paid {
                step(&mut unit, withdrawal, Step::Submit).await?;
            }
            unit.commit().await?;
        }
        Ok(())
    }

    async fn conclude(&self, held: &Held, attempt: &Attempt, testimonies: &[Testimony]) -> Result<(), Fault> {
        let fate = match judge(testimonies, attempt.last_valid_height, &self.settings.proof) {
            Ok(fate) => fate,
            Err(contradiction) => {
                metrics::counter!("wallet_contradictions_total").increment(1);
                tracing::error!(chain_tx = %attempt.id, %contradiction, "nothing is concluded");
                return Ok(());
            }
        };
        match fate {
            Fate::Open => {
                // Bytes may be re-sent freely: one endpoint's word does not stop it.
                let settled = |one: &Testimony| {
                    one.status.is_some() || one.finalized_height > attempt.last_valid_height
                };
                if testimonies.iter().all(settled) { Ok(()) } else { self.submit(held, attempt).await }
            }
            Fate::Dead => self.end(held, attempt, AttemptState::Dead, None).await,
            Fate::Finalized { slot } => self.land(held, attempt, AttemptState::Finalized, slot).await,
            Fate::Failed { slot } => self.land(held, attempt, AttemptState::Failed, slot).await,
        }
    }

    /// Reads what the landed transaction cost, then ends it.
    async fn land(
        &self,
        held: &Held,
        attempt: &Attempt,
        state: AttemptState,
        slot: u64,
    ) -> Result<(), Fault> {
        let Some(signature) = attempt.signatures.first() else { return Ok(()) };
        let details = self.network.transaction(signature).await?;
        let Some(details) = details
            .filter(|details| details.slot == slot && details.failed == (state == AttemptState::Failed))
        else {
            tracing::info!(%signature, "landed, but its details are not there yet");
            return Ok(());
        };
        self.end(held, attempt, state, Some(Landing { slot, fee: details.fee })).await
    }

    async fn end(
        &self,
        held: &Held,
        attempt: &Attempt,
        state: AttemptState,
        landing: Option<Landing>,
    ) -> Result<(), Fault> {
        let treasury = self.treasury().await?;
        let mut unit = self.unit(held).await?;
        if ends::end(&mut unit, attempt, &treasury, state, landing).await? {
            unit.commit().await?;
            metrics::counter!("wallet_chain_tx_ended_total", "state" => state.word(), "purpose" => attempt.purpose.word())
                .increment(1);
            tracing::info!(chain_tx = %attempt.id, attempt = attempt.attempt, state = state.word(), purpose = attempt.purpose.word(), "ended");
        }
        Ok(())
    }

    /// Lets the ledger take fees that `capital` owes. Where it is short they stay due, which
    /// the comparison of ledger and chain knows.
    async fn post_fees(&self, held: &Held) -> Result<(), Fault> {
        let due = store::chain_tx::fees_due(self.db.pool()).await?;
        metrics::gauge!("wallet_network_fees_due").set(u32::try_from(due.len()).unwrap_or(u32::MAX));
        for fee in due {
            let mut unit = self.unit(held).await?;
            if !ends::post_fee(&mut unit, &fee, &self.treasury().await?).await? {
                tracing::warn!(chain_tx = %fee.id, fee = %fee.fee, "capital is short of a network fee");
                return Ok(());
            }
            unit.commit().await?;
        }
        Ok(())
    }
}
