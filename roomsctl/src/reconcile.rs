//! The last comparisons of the ledger with itself and with the chain.

use crate::{cli::Options, client, commands::malformed, failure::Failure, output, view::Instant};
use proto::{
    Lamports,
    wallet::{ChainComparison, EntryComparison, GetLedgerSummaryRequest, GetLedgerSummaryResponse},
};
use serde::Serialize;

/// What differs.
#[derive(Debug, thiserror::Error)]
pub enum Differ {
    #[error("the chain has {0} SOL more than the ledger")]
    Chain(Lamports),
    #[error("{0} balances are not what their entries sum up to; the first: {1}")]
    Entries(u64, String),
}

#[derive(Serialize)]
struct Reconciliation {
    chain: Option<ChainView>,
    entries: Option<EntriesView>,
    balances: Vec<BalanceView>,
}

#[derive(Serialize)]
struct ChainView {
    at: Instant,
    slot: u64,
    chain_lamports: Lamports,
    drift_lamports: Lamports,
}

#[derive(Serialize)]
struct EntriesView {
    begun_at: Instant,
    ended_at: Instant,
    accounts: u64,
    differing: u64,
    first: String,
}

#[derive(Serialize)]
struct BalanceView {
    kind: String,
    lamports: Lamports,
    accounts: u64,
}

/// Shows them; what differs is a failure.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let service = client::wallet(options)?;
    let answer =
        service.ask(async |mut client| client.get_ledger_summary(GetLedgerSummaryRequest {}).await).await?;
    let view = view(&answer).map_err(malformed(service.name))?;
    if options.json {
        output::json(&view)?;
    } else {
        output::fields_of(&rows(&view))?;
    }
    match (&view.chain, &view.entries) {
        (Some(chain), _) if chain.drift_lamports != Lamports::ZERO => {
            Err(Differ::Chain(chain.drift_lamports).into())
        }
        (_, Some(entries)) if entries.differing > 0 => {
            Err(Differ::Entries(entries.differing, entries.first.clone()).into())
        }
        _ => Ok(()),
    }
}

fn view(answer: &GetLedgerSummaryResponse) -> Result<Reconciliation, proto::Malformed> {
    let chain = |one: &ChainComparison| {
        Ok(ChainView {
            at: Instant::of(one.at.as_ref())?,
            slot: one.slot,
            chain_lamports: Lamports::new(one.chain_lamports),
            drift_lamports: Lamports::new(one.drift_lamports),
        })
    };
    let entries = |one: &EntryComparison| {
        Ok(EntriesView {
            begun_at: Instant::of(one.begun_at.as_ref())?,
            ended_at: Instant::of(one.ended_at.as_ref())?,
            accounts: one.accounts,
            differing: one.differing,
            first: one.first.clone(),
        })
    };
    let balances = answer.balances.iter().map(|balance| BalanceView {
        kind: balance.kind.clone(),
        lamports: Lamports::new(balance.lamports),
        accounts: balance.accounts,
    });
    Ok(Reconciliation {
        chain: answer.chain_comparison.as_ref().map(chain).transpose()?,
        entries: answer.entry_comparison.as_ref().map(entries).transpose()?,
        balances: balances.collect(),
    })
}

fn rows(view: &Reconciliation) -> Vec<(&'static str, String)> {
    let never = || "not compared yet".to_owned();
    let chain = view.chain.as_ref().map_or_else(never, |chain| {
        let (lies, drift) = (chain.chain_lamports, chain.drift_lamports);
        format!("{}, slot {}: {lies} SOL lie there, drift {drift} SOL", chain.at, chain.slot)
    });
    let entries = view.entries.as_ref().map_or_else(never, |entries| {
        let (accounts, differing) = (entries.accounts, entries.differing);
        format!("{}: {accounts} accounts, {differing} differ {}", entries.ended_at, entries.first)
    });
    let mut rows = vec![("ledger and chain", chain), ("balances and entries", entries)];
    for balance in &view.balances {
        rows.push((
            "",
            format!("{} {} SOL in {} accounts", balance.kind, balance.lamports, balance.accounts),
        ));
    }
    rows
}
