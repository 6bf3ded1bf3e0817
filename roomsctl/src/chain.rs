//! Memos on chain, read from any Solana endpoint.

use crate::cli::Options;
use serde_json::{Value, json};

/// The memo program. <https://spl.solana.com/memo>
const MEMO_PROGRAMS: [&str; 2] =
    ["MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"];

/// Why something is not on chain as it says.
#[derive(Debug, thiserror::Error)]
pub enum Unanchored {
    #[error("the Solana endpoint does not answer: {0}")]
    Rpc(String),
    #[error("there is no finalized transaction {0}")]
    NotFound(String),
    #[error("transaction {0} failed on chain")]
    Failed(String),
    #[error("transaction {signature} has no memo with this root; its memos are {found:?}")]
    Memo { signature: String, found: Vec<String> },
}

/// A finalized transaction with the memo that was looked for.
pub struct Anchored {
    /// Who paid for it.
    pub payer: String,
    /// The slot it landed in.
    pub slot: u64,
}

/// Looks for a memo in a transaction.
pub async fn anchored(
    options: &Options,
    url: &str,
    signature: &str,
    is_memo: impl Fn(&str) -> bool,
) -> Result<Anchored, Unanchored> {
    let transaction = transaction(url, signature, options).await?;
    let signature = signature.to_owned();
    if transaction.is_null() {
        return Err(Unanchored::NotFound(signature));
    }
    if transaction.pointer("/meta/err").is_none_or(|error| !error.is_null()) {
        return Err(Unanchored::Failed(signature));
    }
    let instructions = transaction.pointer("/transaction/message/instructions").and_then(Value::as_array);
    let instructions = instructions.map(Vec::as_slice).unwrap_or_default();
    let memo = |one: &Value| {
        let text = |name| one.get(name).and_then(Value::as_str);
        text("parsed")
            .filter(|_| text("programId").is_some_and(|program| MEMO_PROGRAMS.contains(&program)))
            .map(str::to_owned)
    };
    let found: Vec<String> = instructions.iter().filter_map(memo).collect();
    if !found.iter().any(|memo| is_memo(memo)) {
        return Err(Unanchored::Memo { signature, found });
    }
    let payer = transaction.pointer("/transaction/message/accountKeys/0/pubkey").and_then(Value::as_str);
    let slot = transaction.get("slot").and_then(Value::as_u64);
    Ok(Anchored { payer: payer.unwrap_or_default().to_owned(), slot: slot.unwrap_or_default() })
}

async fn transaction(url: &str, signature: &str, options: &Options) -> Result<Value, Unanchored> {
    let failed = |error: &dyn std::fmt::Display| Unanchored::Rpc(error.to_string());
    // Fails only if a provider was chosen before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client =
        reqwest::Client::builder().timeout(options.timeout).build().map_err(|error| failed(&error))?;
    let config =
        json!({"encoding": "jsonParsed", "commitment": "finalized", "maxSupportedTransactionVersion": 1});
    let question =
        json!({"jsonrpc": "2.0", "id": 1, "method": "getTransaction", "params": [signature, config]});
    let answer = client.post(url).json(&question).send().await.map_err(|error| failed(&error))?;
    let answer: Value = answer.json().await.map_err(|error| failed(&error))?;
    match answer.get("error") {
        Some(error) if !error.is_null() => Err(failed(error)),
        _ => Ok(answer.get("result").cloned().unwrap_or_default()),
    }
}
