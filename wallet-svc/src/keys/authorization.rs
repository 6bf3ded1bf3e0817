//! Why a message may be signed: what it is for, and what operators said to it. The signer believes none of it; it
//! compares every claim with the message and every approval with the operator's public key.

use proto::{
    Lamports, Malformed, WithdrawalId,
    statement::Statement,
    timestamp,
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
    pub operator: Pubkey,
    /// Over `proto::statement` of `approve_withdrawal`.
    pub signature: Signature,
    /// When it was signed: a part of what is signed.
    pub signed_at: OffsetDateTime,
}

/// The public keys of the operators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operators(BTreeSet<Pubkey>);

impl FromIterator<Pubkey> for Operators {
    fn from_iter<I: IntoIterator<Item = Pubkey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl Operators {
    /// The operator whose valid signature an action bears.
    ///
    /// # Errors
    /// The signature is not an operator's, or is over something else, or the action cannot be put into words.
    pub fn verify(&self, action: &impl Statement) -> Result<Pubkey, Malformed> {
        const REFUSED: Malformed = Malformed("operator signature");
        let by = action.by().ok_or(REFUSED)?;
        let operator: Pubkey = by.operator.parse().map_err(|_| REFUSED)?;
        let signature = Signature::try_from(by.signature.as_slice()).map_err(|_| REFUSED)?;
        let genuine = self.0.contains(&operator) && signature.verify(operator.as_ref(), &action.bytes()?);
        if genuine { Ok(operator) } else { Err(REFUSED) }
    }
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
    pub fn approved_by(&self, operators: &Operators) -> BTreeSet<Pubkey> {
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
        self.approvals.iter().filter_map(|approval| operators.verify(&statement(approval)).ok()).collect()
    }
}
