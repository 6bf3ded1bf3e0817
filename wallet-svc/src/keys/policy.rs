//! What our keys may sign, decided on the parsed message: transfers of the System program, compute budget settings and
//! memos, and of these only what the authorization names. Everything else is refused by default, also what this code
//! does not understand.

use super::{Authorization, KeyOwner, Operators, Order, Payment};
use crate::domain::withdrawal::OPERATORS;
use proto::{Lamports, WithdrawalId};
use solana_message::{VersionedMessage, compiled_instruction::CompiledInstruction};
use solana_pubkey::Pubkey;
use solana_system_interface::program as system_program;
use std::collections::BTreeSet;

const TRANSFER_TAG: [u8; 4] = 2u32.to_le_bytes();
/// `SetComputeUnitLimit`, `SetComputeUnitPrice` and `SetLoadedAccountsDataSizeLimit`.
/// <https://docs.rs/solana-compute-budget-interface>
const UNIT_LIMIT_TAG: u8 = 2;
const UNIT_PRICE_TAG: u8 = 3;
const LOADED_BYTES_TAG: u8 = 4;

/// Why a message is not signed.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum PolicyError {
    /// Not the canonical bytes of a transaction message.
    #[error("not a transaction message")]
    Malformed,
    /// A message format that we never write.
    #[error("message is not of version 0")]
    Version,
    /// Accounts from a lookup table cannot be judged from the message.
    #[error("message uses an address lookup table")]
    LookupTable,
    /// An account twice in one message.
    #[error("message names {0} twice")]
    Twice(Pubkey),
    /// A program other than System, ComputeBudget and Memo.
    #[error("message calls program {0}")]
    Program(Pubkey),
    /// A System instruction other than a transfer.
    #[error("message has a System instruction that is no transfer")]
    SystemInstruction,
    /// A compute budget instruction other than one limit and one price of compute units and one limit of loaded bytes.
    #[error("message has a compute budget that we never write")]
    ComputeBudget,
    /// A memo that asks for accounts to have signed it.
    #[error("message has a memo with accounts")]
    Memo,
    /// The signers are not exactly the keys given, in their order.
    #[error("message asks for other signatures than those of the keys given")]
    Signers,
    /// The fee is not the treasury's to pay.
    #[error("message lets {0} pay its fee")]
    Payer(Pubkey),
    /// More than this for priority.
    #[error("message offers {offered} lamports for priority, at most {limit} are allowed")]
    Priority {
        /// Lamports above the base fee.
        offered: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A transfer that nothing authorizes.
    #[error("nothing authorizes {} lamports from {} to {}", .0.lamports, .0.from, .0.to)]
    Unauthorized(PolicyTransfer),
    /// A withdrawal that is authorized and not paid by the message, or twice.
    #[error("message does not pay withdrawal {0} exactly once")]
    Unpaid(WithdrawalId),
    /// Too few operators have approved.
    #[error("withdrawal {withdrawal} has {valid} valid approvals of {needed}")]
    Approvals {
        /// Which.
        withdrawal: WithdrawalId,
        /// Different operators with a valid signature.
        valid: usize,
        /// How many are needed.
        needed: u32,
    },
    /// It would do nothing that is worth a signature.
    #[error("message moves nothing")]
    Nothing,
}

/// One transfer that a message would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyTransfer {
    /// Who pays.
    pub from: Pubkey,
    /// Who gets it.
    pub to: Pubkey,
    /// How much.
    pub lamports: u64,
}

/// A message of a form that we write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Required signers in the order of their signatures; the first pays the fee.
    pub signers: Vec<Pubkey>,
    /// Its transfers in order.
    pub transfers: Vec<PolicyTransfer>,
    /// Lamports that it offers above the base fee.
    pub priority: u64,
}

/// Parses the bytes that would be signed.
///
/// # Errors
/// Anything but the canonical bytes of a message made of allowed instructions.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, PolicyError> {
    let message: VersionedMessage = wincode::deserialize_exact(bytes).map_err(|_| PolicyError::Malformed)?;
    // Two byte strings that parse alike would have two signatures.
    if message.sanitize().is_err() || message.serialize() != bytes {
        return Err(PolicyError::Malformed);
    }
    let VersionedMessage::V0(message) = message else {
        return Err(PolicyError::Version);
    };
    if !message.address_table_lookups.is_empty() {
        return Err(PolicyError::LookupTable);
    }
    let keys = &message.account_keys;
    let mut seen = BTreeSet::new();
    if let Some(twice) = keys.iter().find(|key| !seen.insert(**key)) {
        return Err(PolicyError::Twice(*twice));
    }
    let (mut transfers, mut budget) = (Vec::new(), Budget::default());
    for instruction in &message.instructions {
        let program = key(keys, instruction.program_id_index)?;
        if program == system_program::id() {
            transfers.push(transfer(keys, instruction)?);
        } else if program == solana_compute_budget_interface::id() {
            budget.take(instruction)?;
        } else if program != crate::chain::MEMO_PROGRAM {
            return Err(PolicyError::Program(program));
        } else if !instruction.accounts.is_empty() {
            return Err(PolicyError::Memo);
        }
    }
    let signers: Vec<Pubkey> =
        keys.iter().take(usize::from(message.header.num_required_signatures)).copied().collect();
    Ok(Inspected { signers, transfers, priority: budget.priority()? })
}

fn key(keys: &[Pubkey], index: u8) -> Result<Pubkey, PolicyError> {
    keys.get(usize::from(index)).copied().ok_or(PolicyError::Malformed)
}

fn transfer(keys: &[Pubkey], instruction: &CompiledInstruction) -> Result<PolicyTransfer, PolicyError> {
    let (tag, lamports) = instruction.data.split_first_chunk::<4>().ok_or(PolicyError::SystemInstruction)?;
    let (&TRANSFER_TAG, Ok(lamports), [from, to]) =
        (tag, <[u8; 8]>::try_from(lamports), instruction.accounts.as_slice())
    else {
        return Err(PolicyError::SystemInstruction);
    };
    Ok(PolicyTransfer {
        from: key(keys, *from)?,
        to: key(keys, *to)?,
        lamports: u64::from_le_bytes(lamports),
    })
}

/// The compute budget of a message: what priority can cost is the product of the two.
#[derive(Default)]
struct Budget {
    unit_limit: Option<u32>,
    unit_price: Option<u64>,
    loaded_bytes: Option<u32>,
}

impl Budget {
    fn take(&mut self, instruction: &CompiledInstruction) -> Result<(), PolicyError> {
        let refused = Err(PolicyError::ComputeBudget);
        if !instruction.accounts.is_empty() {
            return refused;
        }
        let known = match instruction.data.split_first() {
            Some((&UNIT_LIMIT_TAG, rest)) => match <[u8; 4]>::try_from(rest) {
                Ok(limit) => self.unit_limit.replace(u32::from_le_bytes(limit)).map(u64::from),
                Err(_) => return refused,
            },
            Some((&UNIT_PRICE_TAG, rest)) => match <[u8; 8]>::try_from(rest) {
                Ok(price) => self.unit_price.replace(u64::from_le_bytes(price)),
                Err(_) => return refused,
            },
            Some((&LOADED_BYTES_TAG, rest)) => match <[u8; 4]>::try_from(rest) {
                Ok(limit) => self.loaded_bytes.replace(u32::from_le_bytes(limit)).map(u64::from),
                Err(_) => return refused,
            },
            _ => return refused,
        };
        // The network refuses a second one, too.
        if known.is_some() { refused } else { Ok(()) }
    }

    /// Lamports above the base fee, rounded up as the network does.
    fn priority(&self) -> Result<u64, PolicyError> {
        match (self.unit_price, self.unit_limit) {
            (None | Some(0), _) => Ok(0),
            // Without a limit the network takes one by the number of instructions.
            (Some(_), None) => Err(PolicyError::ComputeBudget),
            (Some(price), Some(limit)) => {
                let micro = u128::from(price) * u128::from(limit);
                Ok(u64::try_from(micro.div_ceil(1_000_000)).unwrap_or(u64::MAX))
            }
        }
    }
}

/// The rules of one deployment.
#[derive(Debug, Clone)]
pub struct Policy {
    operators: Operators,
    approval_threshold: Lamports,
    priority_limit: Lamports,
}

impl Policy {
    /// `approval_threshold`: a withdrawal of this much, fee included, needs two of the operators, whatever its
    /// authorization says. `priority_limit`: the most that a message may offer above the base fee.
    #[must_use]
    pub const fn new(operators: Operators, approval_threshold: Lamports, priority_limit: Lamports) -> Self {
        Self { operators, approval_threshold, priority_limit }
    }

    /// Judges an order by its message.
    ///
    /// # Errors
    /// The first thing in the message that its authorization does not cover.
    pub fn check(&self, order: &Order<'_>) -> Result<(), PolicyError> {
        let message = inspect(order.message)?;
        if !order.keys.iter().map(|key| key.address).eq(message.signers.iter().copied()) {
            return Err(PolicyError::Signers);
        }
        let Some((treasury, sources)) = order.keys.split_first() else { return Err(PolicyError::Signers) };
        if treasury.owner != KeyOwner::Treasury {
            return Err(PolicyError::Payer(treasury.address));
        }
        let limit = u64::try_from(self.priority_limit.get()).unwrap_or_default();
        if message.priority > limit {
            return Err(PolicyError::Priority { offered: message.priority, limit });
        }
        let treasury = treasury.address;
        match order.authorization {
            Authorization::Withdrawals(payments) => {
                if !sources.is_empty() {
                    return Err(PolicyError::Signers);
                }
                self.withdrawals(&treasury, payments, &message.transfers)
            }
            Authorization::Sweep => {
                let sources: BTreeSet<Pubkey> = sources.iter().map(|key| key.address).collect();
                sweep(&treasury, sources, &message.transfers)
            }
            Authorization::Receipt => match message.transfers.first() {
                Some(transfer) => Err(PolicyError::Unauthorized(*transfer)),
                None if sources.is_empty() => Ok(()),
                None => Err(PolicyError::Signers),
            },
        }
    }

    fn withdrawals(
        &self,
        treasury: &Pubkey,
        payments: &[Payment],
        transfers: &[PolicyTransfer],
    ) -> Result<(), PolicyError> {
        let mut ids = BTreeSet::new();
        if let Some(twice) = payments.iter().find(|payment| !ids.insert(payment.withdrawal.uuid())) {
            return Err(PolicyError::Unpaid(twice.withdrawal));
        }
        let mut unpaid: Vec<&Payment> = payments.iter().collect();
        for transfer in transfers {
            let pays = |payment: &&Payment| {
                transfer.from == *treasury
                    && transfer.to == payment.to
                    && Some(transfer.lamports) == payment.arrives()
            };
            let at = unpaid.iter().position(pays).ok_or(PolicyError::Unauthorized(*transfer))?;
            self.approved(unpaid.swap_remove(at))?;
        }
        match unpaid.first() {
            Some(unpaid) => Err(PolicyError::Unpaid(unpaid.withdrawal)),
            None if transfers.is_empty() => Err(PolicyError::Nothing),
            None => Ok(()),
        }
    }

    fn approved(&self, payment: &Payment) -> Result<(), PolicyError> {
        let large = if payment.lamports >= self.approval_threshold { u32::from(OPERATORS) } else { 0 };
        let needed = payment.approvals_needed.max(large);
        if needed == 0 {
            return Ok(());
        }
        let valid = payment.approved_by(&self.operators).len();
        if u32::try_from(valid).is_ok_and(|valid| valid >= needed) {
            Ok(())
        } else {
            Err(PolicyError::Approvals { withdrawal: payment.withdrawal, valid, needed })
        }
    }
}

/// Every source gives to the treasury, and nobody else gives or takes.
fn sweep(
    treasury: &Pubkey,
    mut sources: BTreeSet<Pubkey>,
    transfers: &[PolicyTransfer],
) -> Result<(), PolicyError> {
    if transfers.is_empty() {
        return Err(PolicyError::Nothing);
    }
    for transfer in transfers {
        if transfer.to != *treasury || !sources.remove(&transfer.from) {
            return Err(PolicyError::Unauthorized(*transfer));
        }
    }
    if sources.is_empty() { Ok(()) } else { Err(PolicyError::Signers) }
}

#[cfg(test)]
mod tests;
