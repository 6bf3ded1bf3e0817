//! What a transaction did, read from `getTransaction` in the encoding `json`, which names
//! accounts and instructions alike in every message version.

use proto::Lamports;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_system_interface::program as system_program;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, EncodedTransaction, UiCompiledInstruction, UiInstruction,
    UiMessage, UiTransactionStatusMeta, option_serializer::OptionSerializer,
};

/// A transfer that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Who paid.
    pub from: Pubkey,
    /// Who got it.
    pub to: Pubkey,
    /// How much.
    pub lamports: Lamports,
    /// Index of the instruction in the message.
    pub outer: u16,
    /// Index among the instructions that it called, if it was called by a program.
    pub inner: Option<u16>,
}

/// The balance of one account around a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceChange {
    /// Whose.
    pub address: Pubkey,
    /// Before.
    pub before: Lamports,
    /// After.
    pub after: Lamports,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDetails {
    /// Which.
    pub signature: Signature,
    /// The slot that includes it.
    pub slot: u64,
    /// It moved nothing but its fee.
    pub failed: bool,
    /// What the network charged the first account.
    pub fee: Lamports,
    /// System transfers in the order of execution; none where it failed.
    pub transfers: Vec<Transfer>,
    /// Every account it names, the fee payer first.
    pub balances: Vec<BalanceChange>,
}

/// An answer that is not what the protocol says.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum MalformedTransaction {
    /// Not in the encoding that was asked for.
    #[error("not in the encoding json")]
    Encoding,
    /// Without its result.
    #[error("has no status meta")]
    NoMeta,
    /// An address, index or amount that cannot be.
    #[error("bad {0}")]
    Field(&'static str),
}

use MalformedTransaction::Field;

impl TransactionDetails {
    /// Reads an answer of `getTransaction`.
    ///
    /// # Errors
    /// The answer is not well formed.
    pub fn try_from_rpc(
        signature: Signature,
        answer: EncodedConfirmedTransactionWithStatusMeta,
    ) -> Result<Self, MalformedTransaction> {
        let meta = answer.transaction.meta.ok_or(MalformedTransaction::NoMeta)?;
        let EncodedTransaction::Json(transaction) = answer.transaction.transaction else {
            return Err(MalformedTransaction::Encoding);
        };
        let UiMessage::Raw(message) = transaction.message else {
            return Err(MalformedTransaction::Encoding);
        };
        let keys = keys(&message.account_keys, &meta)?;
        let failed = meta.err.is_some();
        let transfers = if failed { Vec::new() } else { transfers(&keys, &message.instructions, &meta)? };
        Ok(Self {
            signature,
            slot: answer.slot,
            failed,
            fee: lamports(meta.fee)?,
            transfers,
            balances: balances(&keys, &meta)?,
        })
    }
}

/// Static accounts, then those loaded from lookup tables: writable, then read-only.
fn keys(named: &[String], meta: &UiTransactionStatusMeta) -> Result<Vec<Pubkey>, MalformedTransaction> {
    let loaded = match &meta.loaded_addresses {
        OptionSerializer::Some(loaded) => loaded.writable.iter().chain(&loaded.readonly).collect(),
        OptionSerializer::None | OptionSerializer::Skip => Vec::new(),
    };
    named.iter().chain(loaded).map(|key| key.parse().map_err(|_| Field("address"))).collect()
}

fn balances(
    keys: &[Pubkey],
    meta: &UiTransactionStatusMeta,
) -> Result<Vec<BalanceChange>, MalformedTransaction> {
    if keys.len() != meta.pre_balances.len() || keys.len() != meta.post_balances.len() {
        return Err(Field("number of balances"));
    }
    let around = meta.pre_balances.iter().zip(&meta.post_balances);
    keys.iter()
        .zip(around)
        .map(|(&address, (&before, &after))| {
            Ok(BalanceChange { address, before: lamports(before)?, after: lamports(after)? })
        })
        .collect()
}

fn transfers(
    keys: &[Pubkey],
    instructions: &[UiCompiledInstruction],
    meta: &UiTransactionStatusMeta,
) -> Result<Vec<Transfer>, MalformedTransaction> {
    let calls = match &meta.inner_instructions {
        OptionSerializer::Some(calls) => calls.as_slice(),
        OptionSerializer::None | OptionSerializer::Skip => &[],
    };
    let mut found = Vec::new();
    for (index, instruction) in instructions.iter().enumerate() {
        let outer = u16::try_from(index).map_err(|_| Field("instruction index"))?;
        found.extend(transfer(keys, instruction, outer, None)?);
        for called in calls.iter().filter(|call| u16::from(call.index) == outer) {
            for (index, instruction) in called.instructions.iter().enumerate() {
                let UiInstruction::Compiled(instruction) = instruction else {
                    return Err(MalformedTransaction::Encoding);
                };
                let inner = u16::try_from(index).map_err(|_| Field("instruction index"))?;
                found.extend(transfer(keys, instruction, outer, Some(inner))?);
            }
        }
    }
    Ok(found)
}

/// The System instructions that move lamports between existing accounts: `Transfer` (tag 2),
/// `WithdrawNonceAccount` (5), `TransferWithSeed` (11): a little-endian u32 tag, then the
/// amount as u64. Account creation can not pay an address of ours, it needs its signature.
fn transfer(
    keys: &[Pubkey],
    instruction: &UiCompiledInstruction,
    outer: u16,
    inner: Option<u16>,
) -> Result<Option<Transfer>, MalformedTransaction> {
    let key = |index: u8| keys.get(usize::from(index)).copied().ok_or(Field("account index"));
    if key(instruction.program_id_index)? != system_program::id() {
        return Ok(None);
    }
    let data = bs58::decode(&instruction.data).into_vec().map_err(|_| Field("instruction data"))?;
    let Some((tag, rest)) = data.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let accounts = instruction.accounts.as_slice();
    let (from, to) = match (u32::from_le_bytes(*tag), accounts) {
        (2 | 5, [from, to, ..]) | (11, [from, _, to, ..]) => (key(*from)?, key(*to)?),
        _ => return Ok(None),
    };
    let amount = rest.first_chunk::<8>().ok_or(Field("transfer amount"))?;
    Ok(Some(Transfer { from, to, lamports: lamports(u64::from_le_bytes(*amount))?, outer, inner }))
}

fn lamports(amount: u64) -> Result<Lamports, MalformedTransaction> {
    i64::try_from(amount).map(Lamports::new).map_err(|_| Field("amount"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SYSTEM: &str = "11111111111111111111111111111111";

    fn address(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn data(tag: u32, amount: u64) -> String {
        bs58::encode([tag.to_le_bytes().as_slice(), &amount.to_le_bytes()].concat()).into_string()
    }

    /// Shape of a mainnet answer: one call of a program that pays twice, one plain transfer,
    /// one account from a lookup table.
    fn answer() -> Value {
        json!({
            "slot": 5, "blockTime": 1, "version": 0,
            "transaction": {
                "signatures": [Signature::from([7; 64]).to_string()],
                "message": {
                    "header": {"numRequiredSignatures": 1, "numReadonlySignedAccounts": 0, "numReadonlyUnsignedAccounts": 2},
                    "accountKeys": [address(1).to_string(), address(2).to_string(), SYSTEM, address(9).to_string()],
                    "recentBlockhash": SYSTEM,
                    "addressTableLookups": [{"accountKey": address(8).to_string(), "writableIndexes": [0], "readonlyIndexes": []}],
                    "instructions": [
                        {"programIdIndex": 3, "accounts": [0, 1], "data": "3Bxs", "stackHeight": null},
                        {"programIdIndex": 2, "accounts": [0, 4], "data": data(2, 40), "stackHeight": null},
                    ],
                },
            },
            "meta": {
                "err": null, "status": {"Ok": null}, "fee": 5000,
                "preBalances": [10_000, 0, 1, 1, 0], "postBalances": [4_950, 10, 1, 1, 40],
                "innerInstructions": [{"index": 0, "instructions": [
                    {"programIdIndex": 2, "accounts": [0, 1], "data": data(2, 3), "stackHeight": 2},
                    {"programIdIndex": 2, "accounts": [0, 0, 1], "data": data(11, 7), "stackHeight": 2},
                    {"programIdIndex": 2, "accounts": [1], "data": data(8, 1), "stackHeight": 2},
                ]}],
                "loadedAddresses": {"writable": [address(5).to_string()], "readonly": []},
            },
        })
    }

    fn read(answer: Value) -> Result<TransactionDetails, MalformedTransaction> {
        TransactionDetails::try_from_rpc(Signature::from([7; 64]), serde_json::from_value(answer).unwrap())
    }

    #[test]
    fn finds_plain_called_and_looked_up_transfers() {
        let details = read(answer()).unwrap();
        let transfer = |to, amount, outer, inner| Transfer {
            from: address(1),
            to: address(to),
            lamports: Lamports::new(amount),
            outer,
            inner,
        };
        assert_eq!(
            details.transfers,
            [transfer(2, 3, 0, Some(0)), transfer(2, 7, 0, Some(1)), transfer(5, 40, 1, None)]
        );
        assert_eq!(details.balances.len(), 5);
        assert_eq!(details.balances[4].after, Lamports::new(40));
    }

    #[test]
    fn a_failed_transaction_transfers_nothing() {
        let mut failed = answer();
        failed["meta"]["err"] = json!({"InstructionError": [1, {"Custom": 1}]});
        failed["meta"]["status"] = json!({"Err": {"InstructionError": [1, {"Custom": 1}]}});
        let details = read(failed).unwrap();
        assert!(details.failed);
        assert_eq!(details.transfers, []);
        assert_eq!(details.fee, Lamports::new(5_000));
    }

    #[test]
    fn what_does_not_add_up_is_an_error_and_not_an_empty_answer() {
        let mut short = answer();
        short["meta"]["postBalances"] = json!([1, 2]);
        assert_eq!(read(short), Err(Field("number of balances")));
        let mut unloaded = answer();
        unloaded["meta"]["loadedAddresses"] = json!({"writable": [], "readonly": []});
        assert_eq!(read(unloaded), Err(Field("account index")));
        let mut bare = answer();
        bare["meta"] = Value::Null;
        assert_eq!(read(bare), Err(MalformedTransaction::NoMeta));
    }
}
