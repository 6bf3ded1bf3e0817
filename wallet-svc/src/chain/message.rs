//! Messages that we write: transfers, a memo, and what the network wants for carrying them.

use super::{Blockhash, MEMO_PROGRAM};
use proto::Lamports;
use sha2::{Digest, Sha256};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::Instruction;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;
use spl_memo_interface::instruction::build_memo;

/// Wire size of a transaction of message version 0: one IPv6 packet less headers.
/// <https://solana.com/docs/core/transactions>
const WIRE_LIMIT: usize = 1232;
/// One Ed25519 verification. <https://solana.com/docs/core/fees>
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;
/// What a transaction may load, in bytes. The network charges nothing for asking for less. Beyond the lower half of it,
/// which is far more than transfers and memos load, the number says nothing, and so it can tell messages apart.
/// <https://github.com/solana-foundation/solana-improvement-documents/pull/170>
const LOADED_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// A System transfer takes 150, a compute budget instruction too.
pub const COMPUTE_UNITS_PER_TRANSFER: u32 = 450;
/// A memo checks UTF-8 and logs its text: about 300 a byte would be far too much, measured
/// below 40,000 for the longest that we write.
const COMPUTE_UNITS_PER_MEMO: u32 = 40_000;

/// A transfer to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferDraft {
    /// Pays, and signs.
    pub from: Pubkey,
    /// Gets it.
    pub to: Pubkey,
    /// How much, at least 1.
    pub lamports: Lamports,
}

/// What a transaction shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Pays the fee, signs first.
    pub payer: Pubkey,
    /// Its transfers.
    pub transfers: Vec<TransferDraft>,
    /// A public text, for receipts.
    pub memo: Option<String>,
    /// Makes this message unlike another with the same block hash: two messages alike in everything would share their
    /// signature. It goes into the limit of loaded bytes, which takes 8 bytes where a memo took 76, and is left out where
    /// it would cost a transfer: no two full packets pay the same people the same amounts.
    pub reference: String,
    /// Somebody waits for it, so it offers a priority fee. What does not has room for more.
    pub urgent: bool,
}

/// A message ready to be committed, and then signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The bytes that will be signed.
    pub message: Vec<u8>,
    /// Who must sign, in the order of the signatures.
    pub signers: Vec<Pubkey>,
    /// The last block height at which it can land.
    pub last_valid_height: u64,
    /// The most that the network will charge.
    pub fee: Lamports,
}

/// A transaction as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed(VersionedTransaction);

/// Why there is no message.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum MessageError {
    /// An amount of zero or less.
    #[error("a transfer of nothing")]
    Amount,
    /// The transaction would not fit a packet.
    #[error("transaction is larger than {WIRE_LIMIT} bytes")]
    TooLarge,
    /// More accounts than a message can name.
    #[error("message cannot be compiled")]
    Uncompilable,
    /// Stored bytes that are no message, or signatures that are not its own.
    #[error("stored message or signatures are damaged")]
    Damaged,
}

impl Draft {
    /// Dates the draft with a block hash and offers at most `priority_limit` on top of the
    /// base fee, at `unit_price` micro-lamports per compute unit where that is less.
    ///
    /// # Errors
    /// `Amount`, `TooLarge` or `Uncompilable`.
    pub fn compile(
        &self,
        blockhash: &Blockhash,
        unit_price: u64,
        priority_limit: Lamports,
    ) -> Result<Unsigned, MessageError> {
        let units = self.compute_units();
        let limit = u64::try_from(priority_limit.get()).unwrap_or_default();
        // Micro-lamports that the limit buys per unit.
        let affordable = limit.saturating_mul(1_000_000).checked_div(u64::from(units)).unwrap_or_default();
        let unit_price = if self.urgent { unit_price.min(affordable) } else { 0 };
        let distinct = self.message(blockhash, units, unit_price, true)?;
        let (bytes, signers) = match fitting(distinct) {
            Some(fits) => fits,
            None => {
                let plain = self.message(blockhash, units, unit_price, false)?;
                fitting(plain).ok_or(MessageError::TooLarge)?
            }
        };
        let base = u64::try_from(signers.len()).unwrap_or(u64::MAX).saturating_mul(LAMPORTS_PER_SIGNATURE);
        let priority = unit_price.saturating_mul(u64::from(units)).div_ceil(1_000_000);
        let fee = i64::try_from(base.saturating_add(priority)).map_err(|_| MessageError::Amount)?;
        Ok(Unsigned {
            message: bytes,
            signers,
            last_valid_height: blockhash.last_valid_height,
            fee: Lamports::new(fee),
        })
    }

    /// The accounts that it writes to, the payer first: the network asks a price for their locks.
    #[must_use]
    pub fn writes(&self) -> Vec<Pubkey> {
        let mut accounts = vec![self.payer];
        for account in self.transfers.iter().flat_map(|transfer| [transfer.from, transfer.to]) {
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        accounts
    }

    /// Keeps the transfers at the front that fit one packet and returns the others.
    ///
    /// # Errors
    /// Not even one transfer fits, or one is not valid.
    pub fn split_to_fit(&mut self) -> Result<Vec<TransferDraft>, MessageError> {
        let probe = Blockhash { hash: solana_hash::Hash::default(), last_valid_height: 0 };
        let mut rest = Vec::new();
        loop {
            match self.compile(&probe, u64::MAX, Lamports::MAX) {
                Ok(_) => break,
                Err(MessageError::TooLarge) if self.transfers.len() > 1 => rest.extend(self.transfers.pop()),
                Err(error) => return Err(error),
            }
        }
        rest.reverse();
        Ok(rest)
    }

    fn compute_units(&self) -> u32 {
        let plain = u32::try_from(self.transfers.len()).unwrap_or(u32::MAX).saturating_add(3);
        let memos = u32::from(self.memo.is_some());
        plain.saturating_mul(COMPUTE_UNITS_PER_TRANSFER).saturating_add(memos * COMPUTE_UNITS_PER_MEMO)
    }

    /// Half of the most there is, and a number from the reference below that.
    fn loaded_bytes(&self) -> u32 {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(self.reference.as_bytes()));
        LOADED_BYTES_MAX / 2 + u32::from_le_bytes([a, b, c, d]) % (LOADED_BYTES_MAX / 2)
    }

    fn message(
        &self,
        blockhash: &Blockhash,
        units: u32,
        unit_price: u64,
        distinct: bool,
    ) -> Result<v0::Message, MessageError> {
        let mut instructions = Vec::with_capacity(self.transfers.len() + 4);
        if distinct {
            instructions
                .push(ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(self.loaded_bytes()));
        }
        if self.urgent {
            instructions.push(ComputeBudgetInstruction::set_compute_unit_limit(units));
            instructions.push(ComputeBudgetInstruction::set_compute_unit_price(unit_price));
        }
        for transfer in &self.transfers {
            instructions.push(instruction(transfer)?);
        }
        if let Some(text) = &self.memo {
            instructions.push(build_memo(&MEMO_PROGRAM, text.as_bytes(), &[]));
        }
        v0::Message::try_compile(&self.payer, &instructions, &[], blockhash.hash)
            .map_err(|_| MessageError::Uncompilable)
    }
}

/// The bytes of a message and its signers, if the transaction fits a packet.
fn fitting(message: v0::Message) -> Option<(Vec<u8>, Vec<Pubkey>)> {
    let signers: Vec<Pubkey> = message
        .account_keys
        .iter()
        .take(usize::from(message.header.num_required_signatures))
        .copied()
        .collect();
    let bytes = VersionedMessage::V0(message).serialize();
    // Below 128 signatures their count takes one byte.
    (1 + 64 * signers.len() + bytes.len() <= WIRE_LIMIT).then_some((bytes, signers))
}

fn instruction(transfer: &TransferDraft) -> Result<Instruction, MessageError> {
    match u64::try_from(transfer.lamports.get()) {
        Ok(lamports) if lamports > 0 => Ok(system::transfer(&transfer.from, &transfer.to, lamports)),
        _ => Err(MessageError::Amount),
    }
}

impl Signed {
    /// Puts stored signatures to a stored message, checking each of them.
    ///
    /// # Errors
    /// `Damaged` where the message does not parse or a signature is not its signer's.
    pub fn try_new(message: &[u8], signatures: &[Signature]) -> Result<Self, MessageError> {
        let parsed: VersionedMessage =
            wincode::deserialize_exact(message).map_err(|_| MessageError::Damaged)?;
        let signers = parsed.static_account_keys().iter().take(signatures.len());
        let complete = usize::from(parsed.header().num_required_signatures) == signatures.len();
        let verified =
            signers.zip(signatures).all(|(signer, signature)| signature.verify(signer.as_ref(), message));
        if !(complete && verified) {
            return Err(MessageError::Damaged);
        }
        Ok(Self(VersionedTransaction { signatures: signatures.to_vec(), message: parsed }))
    }

    /// The transaction.
    #[must_use]
    pub const fn transaction(&self) -> &VersionedTransaction {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_hash::Hash;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn draft(transfers: usize) -> Draft {
        let to = |at: usize| key(u8::try_from(at).unwrap() + 10);
        let transfer = |at| TransferDraft { from: key(1), to: to(at), lamports: Lamports::new(1) };
        Draft {
            payer: key(1),
            transfers: (0..transfers).map(transfer).collect(),
            memo: None,
            reference: "0190a3b2-0000-7000-8000-000000000000/1".to_owned(),
            urgent: true,
        }
    }

    fn blockhash() -> Blockhash {
        Blockhash { hash: Hash::new_from_array([4; 32]), last_valid_height: 77 }
    }

    #[test]
    fn the_priority_fee_never_passes_its_limit() {
        let limit = Lamports::new(5_000);
        let cheap = draft(3).compile(&blockhash(), 0, limit).unwrap();
        assert_eq!(cheap.fee, Lamports::new(5_000));
        assert_eq!(cheap.last_valid_height, 77);
        for price in [1, 1_000, 1_000_000, u64::MAX] {
            let fee = draft(3).compile(&blockhash(), price, limit).unwrap().fee;
            assert!(fee > Lamports::new(5_000) && fee <= Lamports::new(10_000), "{price}: {fee}");
        }
    }

    #[test]
    fn each_source_signs_and_is_paid_for() {
        let mut sweep = draft(1);
        sweep.transfers = (20..23)
            .map(|byte| TransferDraft { from: key(byte), to: key(1), lamports: Lamports::new(9) })
            .collect();
        let unsigned = sweep.compile(&blockhash(), 0, Lamports::ZERO).unwrap();
        assert_eq!(unsigned.signers.len(), 4);
        assert_eq!(unsigned.signers.first(), Some(&key(1)));
        assert_eq!(unsigned.fee, Lamports::new(20_000));
    }

    #[test]
    fn a_packet_takes_what_fits_and_no_more() {
        let mut many = draft(40);
        let rest = many.split_to_fit().unwrap();
        assert_eq!(many.transfers.len() + rest.len(), 40);
        assert_eq!(many.transfers.len(), 20);
        many.transfers.extend(rest.first());
        assert_eq!(many.compile(&blockhash(), 1, Lamports::ZERO), Err(MessageError::TooLarge));
    }

    #[test]
    fn a_packet_takes_nine_sources() {
        let mut sweep = draft(0);
        sweep.urgent = false;
        sweep.transfers = (20..40)
            .map(|byte| TransferDraft { from: key(byte), to: key(1), lamports: Lamports::new(9) })
            .collect();
        sweep.split_to_fit().unwrap();
        assert_eq!(sweep.transfers.len(), 9);
        let fee = sweep.compile(&blockhash(), u64::MAX, Lamports::MAX).unwrap().fee;
        assert_eq!(fee, Lamports::new(50_000), "no priority");
    }

    #[test]
    fn references_make_messages_differ() {
        let message = |reference: &str| {
            let draft = Draft { reference: reference.to_owned(), ..draft(3) };
            draft.compile(&blockhash(), 1, Lamports::ZERO).unwrap().message
        };
        assert_eq!(message("a/1"), message("a/1"));
        assert_ne!(message("a/1"), message("a/2"));
    }

    #[test]
    fn nothing_is_not_transferred() {
        let mut empty = draft(1);
        empty.transfers[0].lamports = Lamports::ZERO;
        assert_eq!(empty.compile(&blockhash(), 1, Lamports::ZERO), Err(MessageError::Amount));
    }

    #[test]
    fn a_foreign_signature_is_found_before_it_is_sent() {
        let unsigned = draft(1).compile(&blockhash(), 0, Lamports::ZERO).unwrap();
        let foreign = Signature::from([1; 64]);
        assert_eq!(Signed::try_new(&unsigned.message, &[foreign]), Err(MessageError::Damaged));
        assert_eq!(Signed::try_new(&unsigned.message, &[]), Err(MessageError::Damaged));
        assert_eq!(Signed::try_new(b"junk", &[foreign]), Err(MessageError::Damaged));
    }
}
