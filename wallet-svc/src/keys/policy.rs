//! What our keys may sign, decided on the parsed message: transfers of the System program,
//! compute budget settings and memos. Everything else is refused by default, also what this
//! code does not understand.

use solana_message::VersionedMessage;
use solana_pubkey::Pubkey;
use solana_system_interface::program as system_program;

const TRANSFER_TAG: [u8; 4] = 2u32.to_le_bytes();

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
    /// A program other than System, ComputeBudget and Memo.
    #[error("message calls program {0}")]
    Program(Pubkey),
    /// A System instruction other than a transfer.
    #[error("message has a System instruction that is no transfer")]
    SystemInstruction,
    /// The key asked for is not a signer of this message.
    #[error("message does not ask for the signature of {0}")]
    NotASigner(Pubkey),
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

/// A message that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Required signers in the order of their signatures; the first pays the fee.
    pub signers: Vec<Pubkey>,
    /// Its transfers in order.
    pub transfers: Vec<PolicyTransfer>,
}

impl Inspected {
    /// # Errors
    /// `NotASigner` where the message does not ask for this key.
    pub fn require_signer(&self, address: &Pubkey) -> Result<(), PolicyError> {
        if self.signers.contains(address) { Ok(()) } else { Err(PolicyError::NotASigner(*address)) }
    }
}

/// Parses and judges the bytes that would be signed.
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
    let key = |index: u8| keys.get(usize::from(index)).copied().ok_or(PolicyError::Malformed);
    let mut transfers = Vec::new();
    for instruction in &message.instructions {
        let program = key(instruction.program_id_index)?;
        if program == system_program::id() {
            let (tag, lamports) =
                instruction.data.split_first_chunk::<4>().ok_or(PolicyError::SystemInstruction)?;
            let (&TRANSFER_TAG, Ok(lamports), [from, to]) =
                (tag, <[u8; 8]>::try_from(lamports), instruction.accounts.as_slice())
            else {
                return Err(PolicyError::SystemInstruction);
            };
            transfers.push(PolicyTransfer {
                from: key(*from)?,
                to: key(*to)?,
                lamports: u64::from_le_bytes(lamports),
            });
        } else if program != solana_compute_budget_interface::id() && program != crate::chain::MEMO_PROGRAM {
            return Err(PolicyError::Program(program));
        }
    }
    let signers = keys.iter().take(usize::from(message.header.num_required_signatures));
    Ok(Inspected { signers: signers.copied().collect(), transfers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_hash::Hash;
    use solana_instruction::{AccountMeta, Instruction};
    use solana_message::{AddressLookupTableAccount, legacy, v0};
    use solana_system_interface::instruction as system;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn message(instructions: &[Instruction]) -> Vec<u8> {
        let message = v0::Message::try_compile(&key(1), instructions, &[], Hash::default()).unwrap();
        VersionedMessage::V0(message).serialize()
    }

    #[test]
    fn transfers_budgets_and_memos_pass() {
        let bytes = message(&[
            solana_compute_budget_interface::ComputeBudgetInstruction::set_compute_unit_price(7),
            system::transfer(&key(1), &key(2), 5),
            system::transfer(&key(3), &key(1), 6),
            spl_memo_interface::instruction::build_memo(&crate::chain::MEMO_PROGRAM, b"hello", &[]),
        ]);
        let inspected = inspect(&bytes).unwrap();
        assert_eq!(inspected.signers, [key(1), key(3)]);
        let transfer = |from, to, lamports| PolicyTransfer { from: key(from), to: key(to), lamports };
        assert_eq!(inspected.transfers, [transfer(1, 2, 5), transfer(3, 1, 6)]);
        assert_eq!(inspected.require_signer(&key(3)), Ok(()));
        assert_eq!(inspected.require_signer(&key(2)), Err(PolicyError::NotASigner(key(2))));
    }

    #[test]
    fn another_program_is_refused() {
        let foreign = Instruction::new_with_bytes(key(9), b"x", vec![AccountMeta::new(key(1), true)]);
        let bytes = message(&[system::transfer(&key(1), &key(2), 5), foreign]);
        assert_eq!(inspect(&bytes), Err(PolicyError::Program(key(9))));
    }

    #[test]
    fn a_system_instruction_that_gives_the_account_away_is_refused() {
        for instruction in [
            system::assign(&key(1), &key(9)),
            system::create_account(&key(1), &key(2), 1, 0, &key(9)),
            system::advance_nonce_account(&key(2), &key(1)),
        ] {
            assert_eq!(inspect(&message(&[instruction])), Err(PolicyError::SystemInstruction));
        }
        let mut longer = system::transfer(&key(1), &key(2), 5);
        longer.data.push(0);
        assert_eq!(inspect(&message(&[longer])), Err(PolicyError::SystemInstruction));
    }

    #[test]
    fn only_canonical_bytes_of_version_0_are_read() {
        let bytes = message(&[system::transfer(&key(1), &key(2), 5)]);
        assert_eq!(inspect(&bytes[..bytes.len() - 1]), Err(PolicyError::Malformed));
        assert_eq!(inspect(&[bytes.as_slice(), &[0]].concat()), Err(PolicyError::Malformed));
        assert_eq!(inspect(b"\xffsolana offchain"), Err(PolicyError::Malformed));
        assert_eq!(inspect(&[]), Err(PolicyError::Malformed));

        let legacy = legacy::Message::new(&[system::transfer(&key(1), &key(2), 5)], Some(&key(1)));
        let legacy = VersionedMessage::Legacy(legacy).serialize();
        assert_eq!(inspect(&legacy), Err(PolicyError::Version));

        let table = AddressLookupTableAccount { key: key(7), addresses: vec![key(2)] };
        let looked_up = v0::Message::try_compile(
            &key(1),
            &[system::transfer(&key(1), &key(2), 5)],
            &[table],
            Hash::default(),
        );
        let looked_up = VersionedMessage::V0(looked_up.unwrap()).serialize();
        assert_eq!(inspect(&looked_up), Err(PolicyError::LookupTable));
    }
}
