//! Proofs of liabilities: a user's file alone, its memo on chain, and a proof that is taken now.

use crate::{cli::Key, cli::Options, failure::Failure, operator, output};
use clap::Subcommand;
use proto::{
    Lamports,
    proof::{File, Wrong, verify},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The memo program. <https://spl.solana.com/memo>
const MEMO_PROGRAMS: [&str; 2] =
    ["MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"];

#[derive(Debug, Subcommand)]
pub enum Proof {
    /// Check a user's proof: offline, that their amounts are a part of the total under its root
    Verify {
        /// The file, as the bot sent it
        file: PathBuf,
        /// Also read the root from this Solana endpoint
        #[arg(long, value_name = "URL")]
        rpc: Option<String>,
    },
    /// Take a proof of everything that is owed now, and write its root on chain
    Take {
        #[command(flatten)]
        key: Key,
    },
}

/// Why a proof is not on chain as it says.
#[derive(Debug, thiserror::Error)]
pub enum Unanchored {
    #[error("{0}: {1}")]
    File(String, #[source] Wrong),
    #[error("the Solana endpoint does not answer: {0}")]
    Rpc(String),
    #[error("there is no finalized transaction {0}")]
    NotFound(String),
    #[error("transaction {0} failed on chain")]
    Failed(String),
    #[error("transaction {signature} has no memo with this root; its memos are {found:?}")]
    Memo { signature: String, found: Vec<String> },
}

pub async fn run(options: &Options, command: Proof) -> Result<(), Failure> {
    match command {
        Proof::Verify { file, rpc } => check(options, &file, rpc.as_deref()).await,
        Proof::Take { key } => operator::take_proof(options, &key.key).await,
    }
}

/// A proof that fits.
#[derive(Serialize)]
struct Verified {
    proof: String,
    account: String,
    owed_lamports: u64,
    taken_at: String,
    liabilities_lamports: u64,
    chain_lamports: u64,
    slot: u64,
    leaves: u64,
    covered: bool,
    memo: String,
    signature: String,
    /// Who paid for the memo, if the chain was asked.
    signed_by: Option<String>,
}

async fn check(options: &Options, path: &Path, rpc: Option<&str>) -> Result<(), Failure> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(Failure::file(path))?;
    let file = verify(&bytes).map_err(|wrong| Unanchored::File(name, wrong))?;
    let signed_by = match rpc {
        Some(url) => Some(anchored(&file, url, options).await?),
        None => None,
    };
    let header = &file.header;
    let verified = Verified {
        proof: header.proof.to_string(),
        account: file.account.to_string(),
        owed_lamports: file.owed.sum().unwrap_or_default(),
        taken_at: moment(header.taken_at),
        liabilities_lamports: header.liabilities,
        chain_lamports: header.chain,
        slot: header.slot,
        leaves: header.leaves,
        covered: header.is_covered(),
        memo: header.memo(),
        signature: file.signature.clone(),
        signed_by,
    };
    if options.json { output::json(&verified) } else { output::fields_of(&rows(&file, &verified)) }
}

fn rows(file: &File, verified: &Verified) -> Vec<(&'static str, String)> {
    let sol = |lamports: u64| format!("{} SOL", Lamports::new(i64::try_from(lamports).unwrap_or(i64::MAX)));
    let owed = &file.owed;
    let parts = format!(
        "{} available, {} held, {} staked, {} leaving",
        owed.available, owed.held, owed.staked, owed.leaving
    );
    let on_chain = match &verified.signed_by {
        Some(signer) => format!("found, signed by {signer}: is that the treasury?"),
        None => "not looked for: give --rpc".to_owned(),
    };
    let covers = if verified.covered { "covers it" } else { "DOES NOT COVER IT" };
    vec![
        ("proof", verified.proof.clone()),
        ("taken", verified.taken_at.clone()),
        ("account", verified.account.clone()),
        ("owed to it", format!("{} ({parts})", sol(verified.owed_lamports))),
        ("is a part of", format!("{} in {} leaves", sol(verified.liabilities_lamports), verified.leaves)),
        (
            "on chain lay",
            format!("{} at slot {}, which {covers}", sol(verified.chain_lamports), verified.slot),
        ),
        ("transaction", verified.signature.clone()),
        ("its memo", on_chain),
        ("must begin with", verified.memo.clone()),
    ]
}

fn moment(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let rfc = time::format_description::well_known::Rfc3339;
    at.and_then(|at| at.format(&rfc).ok()).unwrap_or_default()
}

/// Finds the memo in the transaction. Returns who paid for it.
async fn anchored(file: &File, url: &str, options: &Options) -> Result<String, Unanchored> {
    let transaction = transaction(url, &file.signature, options).await?;
    let signature = file.signature.clone();
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
    if !found.iter().any(|memo| file.header.is_in(memo)) {
        return Err(Unanchored::Memo { signature, found });
    }
    let payer = transaction.pointer("/transaction/message/accountKeys/0/pubkey").and_then(Value::as_str);
    Ok(payer.unwrap_or_default().to_owned())
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
