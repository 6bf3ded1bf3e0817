//! Carries committed messages to their end: signs, submits, re-sends the same bytes, and
//! judges what became of them. What an end means is decided in the same transaction.

use super::{
    Context, postings,
    withdrawals::{lock_unchanged, step},
};
use crate::{
    chain::{Signed, TESTIMONIES, Testimony},
    domain::{
        chain_tx::{AttemptState, Fate, Purpose, judge},
        withdrawal::Step,
    },
    keys,
    store::{
        self,
        chain_tx::{Attempt, Landing, SignError},
        withdrawal::Withdrawal,
    },
};
use chassis::{Fault, Held, Unit};
use proto::{Lamports, wallet::ReceiptAnchored};
use solana_signature::Signature;
use std::time::Duration;

/// After a failure on chain, the same is not tried again for this long.
const APART: Duration = Duration::from_secs(60);

impl Context {
    /// One round over every attempt that can still land.
    pub(super) async fn carry(&self, held: &Held) -> Result<(), Fault> {
        for attempt in store::chain_tx::live(self.db.pool()).await? {
            match attempt.state {
                AttemptState::Built => self.sign(held, attempt).await?,
                AttemptState::Signed => self.submit(held, &attempt).await?,
                _ => {}
            }
        }
        let live: Vec<Attempt> = store::chain_tx::live(self.db.pool()).await?;
        let signed: Vec<Attempt> =
            live.into_iter().filter(|attempt| !attempt.signatures.is_empty()).collect();
        let landmark = store::chain_tx::landmark(self.db.pool()).await?;
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

    /// Signs a committed message and commits the signatures before anybody else sees them.
    async fn sign(&self, held: &Held, mut attempt: Attempt) -> Result<(), Fault> {
        let inspected =
            keys::inspect(&attempt.message).map_err(|error| Fault::from(keys::SignerError::from(error)))?;
        let keys = store::key::of_addresses(self.db.pool(), &inspected.signers).await?;
        for signer in &inspected.signers {
            let key = keys.iter().find(|key| key.address == *signer);
            let key = key.ok_or_else(|| Fault::bug("a message asks for a key that is not ours"))?;
            attempt.signatures.push(self.signer.sign(key, &attempt.message).await?);
        }
        let paid = store::withdrawal::of_chain_tx(self.db.pool(), attempt.id).await?;
        let mut unit = self.unit(held).await?;
        let Some(mut paid) = lock_unchanged(&mut unit, &paid).await? else { return Ok(()) };
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
        let mut unit = self.unit(held).await?;
        let ended = match attempt.purpose {
            Purpose::Withdrawal => self.end_withdrawals(&mut unit, attempt, state, landing).await?,
            Purpose::Sweep => self.end_sweep(&mut unit, attempt, state, landing).await?,
            Purpose::Receipt => end_receipt(&mut unit, attempt, state, landing).await?,
        };
        if ended {
            unit.commit().await?;
            metrics::counter!("wallet_chain_tx_ended_total", "state" => state.word(), "purpose" => attempt.purpose.word())
                .increment(1);
            tracing::info!(chain_tx = %attempt.id, attempt = attempt.attempt, state = state.word(), purpose = attempt.purpose.word(), "ended");
        }
        Ok(())
    }

    async fn end_withdrawals(
        &self,
        unit: &mut Unit,
        attempt: &Attempt,
        state: AttemptState,
        landing: Option<Landing>,
    ) -> Result<bool, Fault> {
        let read = store::withdrawal::of_chain_tx(self.db.pool(), attempt.id).await?;
        let alone = read.len() == 1;
        // Accounts are locked before withdrawals.
        match (state, landing) {
            (AttemptState::Finalized, Some(landing)) => {
                postings::withdrawals_paid(unit, &read, attempt.id, landing.fee).await?;
            }
            (AttemptState::Failed, _) if alone => {
                for withdrawal in &read {
                    postings::withdrawal_returns(unit, withdrawal).await?;
                }
            }
            _ => {}
        }
        let Some(mut locked) = lock_unchanged(unit, &read).await? else { return Ok(false) };
        if !store::chain_tx::end(unit.conn(), attempt.id, attempt.attempt, state, landing).await? {
            return Ok(false);
        }
        for withdrawal in &mut locked {
            match state {
                AttemptState::Finalized => step(unit, withdrawal, Step::Finalize).await?,
                AttemptState::Failed if alone => step(unit, withdrawal, Step::Fail).await?,
                AttemptState::Failed => {
                    // One of them made all fail: each is sent by itself.
                    withdrawal.chain_tx = None;
                    withdrawal.alone = true;
                    step(unit, withdrawal, Step::Expire).await?;
                }
                _ => step(unit, withdrawal, Step::Expire).await?,
            }
        }
        if let (AttemptState::Finalized, Some(landing)) = (state, landing) {
            store::chain_tx::mark_fee_posted(unit.conn(), attempt.id, attempt.attempt).await?;
            self.book_payments(unit, &locked, landing).await?;
        }
        Ok(true)
    }

    async fn book_payments(
        &self,
        unit: &mut Unit,
        paid: &[Withdrawal],
        landing: Landing,
    ) -> Result<(), Fault> {
        let treasury = self.treasury().await?;
        let mut changes = vec![(treasury, negative(landing.fee)?)];
        for withdrawal in paid {
            changes.push((treasury, negative(withdrawal.arrives()?)?));
        }
        store::address::book(unit.conn(), &changes).await
    }

    async fn end_sweep(
        &self,
        unit: &mut Unit,
        attempt: &Attempt,
        state: AttemptState,
        landing: Option<Landing>,
    ) -> Result<bool, Fault> {
        if !store::chain_tx::end(unit.conn(), attempt.id, attempt.attempt, state, landing).await? {
            return Ok(false);
        }
        match state {
            AttemptState::Finalized => {
                let treasury = self.treasury().await?;
                let mut changes = Vec::new();
                for source in store::sweep::end(unit.conn(), attempt.id).await? {
                    changes.push((source.address, negative(source.lamports)?));
                    changes.push((treasury, source.lamports));
                }
                store::address::book(unit.conn(), &changes).await?;
            }
            AttemptState::Failed => {
                let sources = store::sweep::end(unit.conn(), attempt.id).await?;
                store::sweep::set_apart(unit.conn(), &sources, APART).await?;
            }
            _ => {}
        }
        Ok(true)
    }

    /// Lets the ledger take fees that `capital` owes. Where it is short they stay due, which
    /// the comparison of ledger and chain knows.
    async fn post_fees(&self, held: &Held) -> Result<(), Fault> {
        let due = store::chain_tx::fees_due(self.db.pool()).await?;
        metrics::gauge!("wallet_network_fees_due").set(u32::try_from(due.len()).unwrap_or(u32::MAX));
        for fee in due {
            let mut unit = self.unit(held).await?;
            if !postings::capital_network_fee(&mut unit, fee.id, fee.fee).await? {
                tracing::warn!(chain_tx = %fee.id, fee = %fee.fee, "capital is short of a network fee");
                return Ok(());
            }
            if store::chain_tx::mark_fee_posted(unit.conn(), fee.id, fee.attempt).await? {
                store::address::book(unit.conn(), &[(self.treasury().await?, negative(fee.fee)?)]).await?;
                unit.commit().await?;
            }
        }
        Ok(())
    }
}

async fn end_receipt(
    unit: &mut Unit,
    attempt: &Attempt,
    state: AttemptState,
    landing: Option<Landing>,
) -> Result<bool, Fault> {
    if !store::chain_tx::end(unit.conn(), attempt.id, attempt.attempt, state, landing).await? {
        return Ok(false);
    }
    match (state, landing, attempt.signatures.first()) {
        (AttemptState::Finalized, Some(landing), Some(signature)) => {
            for receipt in
                store::receipt::mark_anchored(unit.conn(), attempt.id, signature, landing.slot).await?
            {
                unit.event(&ReceiptAnchored::from(receipt));
            }
        }
        (AttemptState::Failed, ..) => store::receipt::give_back(unit.conn(), attempt.id, APART).await?,
        _ => {}
    }
    Ok(true)
}

fn negative(amount: Lamports) -> Result<Lamports, Fault> {
    Lamports::ZERO.checked_sub(amount).map_err(|_| Fault::bug("amounts beyond the ledger"))
}
