//! What the end of a transaction means, in the transaction that ends it.

use super::withdrawals::{lock_unchanged, step};
use crate::{
    domain::{
        chain_tx::{AttemptState, Purpose},
        withdrawal::Step,
    },
    movements,
    store::{
        self,
        chain_tx::{Attempt, FeeDue, Landing},
        withdrawal::Withdrawal,
    },
};
use chassis::{Fault, Unit};
use proto::{Lamports, wallet::ReceiptAnchored};
use solana_pubkey::Pubkey;
use std::time::Duration;

/// After a failure on chain, the same is not tried again for this long.
const APART: Duration = Duration::from_secs(60);

/// Ends an attempt that could still land, and does what its end means. False if it ended before, or if
/// what hangs on it has changed meanwhile: then nothing of this may be committed.
///
/// # Errors
/// The database.
pub async fn end(
    unit: &mut Unit,
    attempt: &Attempt,
    treasury: &Pubkey,
    state: AttemptState,
    landing: Option<Landing>,
) -> Result<bool, Fault> {
    match attempt.purpose {
        Purpose::Withdrawal => end_withdrawals(unit, attempt, treasury, state, landing).await,
        Purpose::Sweep => end_sweep(unit, attempt, treasury, state, landing).await,
        Purpose::Receipt => end_receipt(unit, attempt, state, landing).await,
        Purpose::Proof => end_proof(unit, attempt, state, landing).await,
    }
}

async fn end_withdrawals(
    unit: &mut Unit,
    attempt: &Attempt,
    treasury: &Pubkey,
    state: AttemptState,
    landing: Option<Landing>,
) -> Result<bool, Fault> {
    let read = store::withdrawal::of_chain_tx(&mut *unit.conn(), attempt.id).await?;
    let alone = read.len() == 1;
    // Accounts are locked before withdrawals.
    match (state, landing) {
        (AttemptState::Finalized, Some(landing)) => {
            movements::withdrawal::pay(unit, &read, attempt.id, landing.fee).await?;
        }
        (AttemptState::Failed, _) if alone => {
            for withdrawal in &read {
                movements::withdrawal::give_back(unit, withdrawal).await?;
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
        book_payments(unit, treasury, &locked, landing).await?;
    }
    Ok(true)
}

async fn book_payments(
    unit: &mut Unit,
    treasury: &Pubkey,
    paid: &[Withdrawal],
    landing: Landing,
) -> Result<(), Fault> {
    let mut changes = vec![(*treasury, negative(landing.fee)?)];
    for withdrawal in paid {
        changes.push((*treasury, negative(withdrawal.arrives()?)?));
    }
    store::address::book(unit.conn(), &changes).await
}

async fn end_sweep(
    unit: &mut Unit,
    attempt: &Attempt,
    treasury: &Pubkey,
    state: AttemptState,
    landing: Option<Landing>,
) -> Result<bool, Fault> {
    if !store::chain_tx::end(unit.conn(), attempt.id, attempt.attempt, state, landing).await? {
        return Ok(false);
    }
    match state {
        AttemptState::Finalized => {
            let mut changes = Vec::new();
            for source in store::sweep::end(unit.conn(), attempt.id).await? {
                changes.push((source.address, negative(source.lamports)?));
                changes.push((*treasury, source.lamports));
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

async fn end_proof(
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
            store::proof::mark_anchored(unit.conn(), attempt.id, signature, landing.slot).await?;
        }
        (AttemptState::Failed, ..) => store::proof::give_back(unit.conn(), attempt.id, APART).await?,
        _ => {}
    }
    Ok(true)
}

/// Takes a network fee that is due out of `capital`. False where that is short: it stays due.
///
/// # Errors
/// The database.
pub async fn post_fee(unit: &mut Unit, due: &FeeDue, treasury: &Pubkey) -> Result<bool, Fault> {
    if !movements::network_fee::from_capital(unit, due.id, due.fee).await? {
        return Ok(false);
    }
    if store::chain_tx::mark_fee_posted(unit.conn(), due.id, due.attempt).await? {
        store::address::book(unit.conn(), &[(*treasury, negative(due.fee)?)]).await?;
    }
    Ok(true)
}

/// The same amount the other way.
fn negative(amount: Lamports) -> Result<Lamports, Fault> {
    Lamports::ZERO.checked_sub(amount).map_err(|_| Fault::bug("amounts beyond the ledger"))
}
