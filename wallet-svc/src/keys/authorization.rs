//! Why a message may be signed: what it is for, and what operators said to it. The signer believes none of it; it
//! compares every claim with the message and every approval with the operator's public key.

use chassis::operators::{OperatorKey, Operators};
use proto::{
    Lamports, WithdrawalId, timestamp,
    wallet::{ApproveWithdrawal, OperatorSignature},
};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// What a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// The treasury pays these withdrawals, each by one transfer, and nothing else.
    Withdrawals(Vec<Payment>),
    /// Deposit addresses give to the treasury.
    Sweep,
    /// A memo. Nothing moves but the network's fee.
    Receipt,
}

/// A withdrawal that one transfer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Which.
    pub withdrawal: WithdrawalId,
    /// Where to.
    pub to: Pubkey,
    /// What leaves the balance: the amount that operators sign.
    pub lamports: Lamports,
    /// Part of it that stays with us; the rest is the transfer.
    pub fee: Lamports,
    /// Operators that were found to be needed when it was requested. The signer needs more where its own threshold
    /// says so, never fewer.
    pub approvals_needed: u32,
    /// What operators said.
    pub approvals: Vec<Approval>,
}

/// One operator's signature over the statement of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// Whose, as claimed.
    pub operator: OperatorKey,
    /// Over `proto::statement` of `approve_withdrawal`.
    pub signature: Signature,
    /// When it was signed: a part of what is signed.
    pub signed_at: OffsetDateTime,
}

impl Payment {
    /// What the transfer moves.
    #[must_use]
    pub fn arrives(&self) -> Option<u64> {
        let arrives = self.lamports.checked_sub(self.fee).ok()?;
        u64::try_from(arrives.get()).ok().filter(|&arrives| arrives > 0 && self.fee >= Lamports::ZERO)
    }

    /// Different operators with a valid signature over exactly this withdrawal.
    #[must_use]
    pub fn approved_by(&self, operators: &Operators) -> BTreeSet<OperatorKey> {
        let statement = |approval: &Approval| ApproveWithdrawal {
            withdrawal_id: self.withdrawal.bytes(),
            lamports: self.lamports.get(),
            address: self.to.to_string(),
            by: Some(OperatorSignature {
                operator: approval.operator.to_string(),
                signature: approval.signature.as_ref().to_vec(),
                signed_at: Some(timestamp(approval.signed_at)),
            }),
        };
        self.approvals.iter().filter_map(|approval| operators.signer(&statement(approval)).ok()).collect()
    }
}
