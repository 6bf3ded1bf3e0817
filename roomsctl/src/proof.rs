//! Proofs of liabilities: a user's file alone, its memo on chain, and a proof that is taken now.

use crate::{chain, cli::Key, cli::Options, failure::Failure, operator, output};
use clap::Subcommand;
use proto::{
    Lamports,
    proof::{File, Wrong, verify},
};
use serde::Serialize;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

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

/// A file that proves nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}: {1}")]
pub struct NoProof(String, #[source] Wrong);

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
    let file = verify(&bytes).map_err(|wrong| NoProof(name, wrong))?;
    let signed_by = match rpc {
        Some(url) => {
            let is_memo = |memo: &str| file.header.is_in(memo);
            Some(chain::anchored(options, url, &file.signature, is_memo).await?.payer)
        }
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
