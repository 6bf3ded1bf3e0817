//! What a webhook of Helius posts, read as far as it matters here: which accounts a transaction names
//! and whether it failed. Both of its formats, one transaction or a list of them.
//! <https://www.helius.dev/docs/webhooks>

use serde::Deserialize;
use serde_json::Value;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use std::collections::BTreeSet;

/// Why a body is not taken. Nothing of it counts then.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Not JSON.
    #[error("body is not JSON: {0}")]
    Json(serde_json::Error),
    /// Neither a transaction nor a list of them.
    #[error("body is neither a transaction nor a list of them")]
    Shape,
    /// One of the transactions cannot be read.
    #[error("transaction {index}: {reason}")]
    Transaction {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// The accounts named by the transactions that succeeded.
///
/// # Errors
/// The body is not what Helius posts.
pub fn accounts(body: &[u8]) -> Result<BTreeSet<Pubkey>, BodyError> {
    let transactions = match serde_json::from_slice(body).map_err(BodyError::Json)? {
        Value::Array(transactions) => transactions,
        transaction @ Value::Object(_) => vec![transaction],
        _ => return Err(BodyError::Shape),
    };
    let mut accounts = BTreeSet::new();
    for (index, transaction) in transactions.into_iter().enumerate() {
        let named = named(transaction).map_err(|reason| BodyError::Transaction { index, reason })?;
        accounts.extend(named);
    }
    Ok(accounts)
}

fn named(transaction: Value) -> Result<Vec<Pubkey>, String> {
    let explain = |error: serde_json::Error| error.to_string();
    // The enhanced format has its fields at the top, the raw one has what `getTransaction` answers.
    if transaction.get("transaction").is_some() {
        serde_json::from_value::<Raw>(transaction).map_err(explain)?.accounts()
    } else {
        serde_json::from_value::<Enhanced>(transaction).map_err(explain)?.accounts()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enhanced {
    signature: String,
    transaction_error: Option<Value>,
    native_transfers: Option<Vec<NativeTransfer>>,
    account_data: Option<Vec<AccountData>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NativeTransfer {
    to_user_account: Option<String>,
}

#[derive(Deserialize)]
struct AccountData {
    account: String,
}

impl Enhanced {
    fn accounts(self) -> Result<Vec<Pubkey>, String> {
        signature(&self.signature)?;
        if self.native_transfers.is_none() && self.account_data.is_none() {
            return Err("names no accounts".to_owned());
        }
        let paid = self.native_transfers.into_iter().flatten().filter_map(|one| one.to_user_account);
        let touched = self.account_data.into_iter().flatten().map(|one| one.account);
        // Where there is no account on one side, as in a mint, it is empty.
        let named = paid.chain(touched).filter(|text| !text.is_empty());
        let named = named.map(|text| address(&text)).collect::<Result<Vec<_>, _>>()?;
        // A failed transaction has moved nothing but its fee.
        Ok(if self.transaction_error.is_some() { Vec::new() } else { named })
    }
}

#[derive(Deserialize)]
struct Raw {
    transaction: RawTransaction,
    meta: RawMeta,
}

#[derive(Deserialize)]
struct RawTransaction {
    signatures: Vec<String>,
    message: RawMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMessage {
    account_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMeta {
    err: Option<Value>,
    loaded_addresses: Option<Loaded>,
}

#[derive(Deserialize)]
struct Loaded {
    writable: Vec<String>,
}

impl Raw {
    fn accounts(self) -> Result<Vec<Pubkey>, String> {
        signature(self.transaction.signatures.first().ok_or("has no signature")?)?;
        let loaded = self.meta.loaded_addresses.into_iter().flat_map(|loaded| loaded.writable);
        let named = self.transaction.message.account_keys.into_iter().chain(loaded);
        let named = named.map(|text| address(&text)).collect::<Result<Vec<_>, _>>()?;
        Ok(if self.meta.err.is_some() { Vec::new() } else { named })
    }
}

fn signature(text: &str) -> Result<Signature, String> {
    text.parse().map_err(|_| format!("{text:?} is not a signature"))
}

fn address(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| format!("{text:?} is not an address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn signed(byte: u8) -> String {
        Signature::from([byte; 64]).to_string()
    }

    fn enhanced(to: &[u8], error: &Value) -> Value {
        let transfer = |to: &u8| json!({"fromUserAccount": key(1).to_string(), "toUserAccount": key(*to).to_string(), "amount": 1_250_000_000});
        json!({
            "type": "TRANSFER", "source": "SYSTEM_PROGRAM", "fee": 5000, "feePayer": key(1).to_string(),
            "signature": signed(7), "slot": 5, "timestamp": 1_795_328_027, "transactionError": error,
            "nativeTransfers": to.iter().map(transfer).collect::<Vec<_>>(), "tokenTransfers": [],
            "accountData": [{"account": key(9).to_string(), "nativeBalanceChange": 1, "tokenBalanceChanges": []}],
        })
    }

    fn raw(keys: &[u8], error: &Value) -> Value {
        json!({
            "blockTime": 1_795_328_027, "slot": 5, "version": 0,
            "transaction": {
                "signatures": [signed(7)],
                "message": {"accountKeys": keys.iter().map(|byte| key(*byte).to_string()).collect::<Vec<_>>(),
                            "instructions": [], "recentBlockhash": key(3).to_string()},
            },
            "meta": {"err": error, "fee": 5000, "innerInstructions": [],
                     "loadedAddresses": {"writable": [key(8).to_string()], "readonly": [key(6).to_string()]}},
        })
    }

    fn read(body: &Value) -> Result<Vec<Pubkey>, String> {
        let read = accounts(body.to_string().as_bytes());
        read.map(|accounts| accounts.into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn both_formats_alone_and_in_lists_name_their_accounts() {
        assert_eq!(read(&enhanced(&[2, 4, 2], &Value::Null)).unwrap(), [2, 4, 9].map(key));
        assert_eq!(read(&raw(&[1, 2], &Value::Null)).unwrap(), [1, 2, 8].map(key));
        let batch = json!([enhanced(&[2], &Value::Null), raw(&[5], &Value::Null)]);
        assert_eq!(read(&batch).unwrap(), [2, 5, 8, 9].map(key));
        assert_eq!(read(&json!([])).unwrap(), []);
    }

    #[test]
    fn a_failed_transaction_names_nothing() {
        let failed = json!({"InstructionError": [0, {"Custom": 1}]});
        assert_eq!(read(&json!([enhanced(&[2], &failed), raw(&[5], &failed)])).unwrap(), []);
    }

    #[test]
    fn a_bad_body_is_refused_with_the_reason() {
        let refused = |body: &Value| read(body).unwrap_err();
        assert_eq!(refused(&json!("x")), "body is neither a transaction nor a list of them");
        assert_eq!(
            refused(&json!([enhanced(&[2], &Value::Null), 5])),
            "transaction 1: invalid type: integer `5`, expected struct Enhanced"
        );
        assert!(refused(&json!({"type": "TRANSFER"})).contains("missing field `signature`"));
        assert_eq!(refused(&json!({"signature": signed(7)})), "transaction 0: names no accounts");
        let mut forged = enhanced(&[2], &Value::Null);
        forged["nativeTransfers"][0]["toUserAccount"] = json!("nobody");
        assert_eq!(refused(&forged), "transaction 0: \"nobody\" is not an address");
        forged["signature"] = json!("5");
        assert_eq!(refused(&forged), "transaction 0: \"5\" is not a signature");
        assert!(accounts(b"{").unwrap_err().to_string().starts_with("body is not JSON"));
    }
}
