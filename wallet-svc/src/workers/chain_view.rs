//! What questions about the chain are answered from.

use super::{Context, requests};
use crate::{
    chain::AtSlot,
    domain::{
        ledger::Account,
        withdrawal::{Request, Totp, check_destination, decide},
    },
    store,
};
use chassis::Fault;
use proto::{AccountId, Lamports, Refusal, wallet::PreviewWithdrawalResponse};
use solana_pubkey::Pubkey;
use std::sync::Arc;

/// A view of the running chain side. Cloning is cheap.
#[derive(Clone)]
pub struct ChainView(pub(super) Arc<Context>);

impl ChainView {
    /// The treasury's address.
    ///
    /// # Errors
    /// The database or the signer.
    pub async fn treasury(&self) -> Result<Pubkey, Fault> {
        self.0.treasury().await
    }

    /// Finalized lamports at all addresses of ours with money, in one slot; none if they could
    /// not be read in one.
    ///
    /// # Errors
    /// The database or the network.
    pub async fn lamports(&self) -> Result<Option<AtSlot<Lamports>>, Fault> {
        let addresses: Vec<Pubkey> = store::address::with_money(self.0.db.pool())
            .await?
            .iter()
            .map(|balance| balance.address)
            .collect();
        let read = self.0.balances(&addresses).await?;
        Ok(read.map(|read| AtSlot { slot: read.slot, value: read.lamports }))
    }

    /// What a withdrawal would cost and whether it would be refused as things stand, including
    /// what the chain says about its destination. Nothing is reserved. `totp` is what a code would say.
    ///
    /// # Errors
    /// The database or the network.
    pub async fn preview(
        &self,
        account: AccountId,
        address: String,
        amount: Lamports,
        totp: Totp,
    ) -> Result<PreviewWithdrawalResponse, Fault> {
        let rules = &self.0.settings.withdrawals;
        let request = Request { address, amount };
        let balances = store::ledger::balances(self.0.db.pool(), &[Account::available(account)]).await?;
        let available = balances.get(&Account::available(account)).copied().unwrap_or_default();
        let mut conn = self.0.db.pool().reader().await?;
        let facts = requests::facts(&mut conn, account, &request, available, totp, rules).await?;
        drop(conn);
        let refused = |refusal: &Refusal| PreviewWithdrawalResponse {
            fee_lamports: rules.fee.get(),
            refusal: Some(refusal.into()),
            ..Default::default()
        };
        let accepted = match decide(&request, &facts, rules).verdict {
            Ok(accepted) => accepted,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        let arrives = accepted.arrives().map_err(|error| Fault::bug(error.to_string()))?;
        let accounts = self.0.network.accounts(&[accepted.address]).await?;
        let destination = self.0.destination(accounts.value.into_iter().next().flatten()).await?;
        if let Err(refusal) = check_destination(&destination, arrives, &accepted.address) {
            return Ok(refused(&refusal));
        }
        let hold_seconds = u32::try_from(accepted.hold.as_secs()).unwrap_or(u32::MAX);
        Ok(PreviewWithdrawalResponse {
            fee_lamports: accepted.fee.get(),
            arrives_lamports: arrives.get(),
            hold_seconds,
            approvals_needed: accepted.approvals_needed.into(),
            needs_totp: totp != Totp::None,
            ..Default::default()
        })
    }
}
