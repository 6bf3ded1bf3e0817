//! `roomsctl evidence`: fetches a room's bundle, and verifies one.

use crate::{
    chain,
    cli::{Options, RoomKey},
    client,
    commands::room_id,
    failure::Failure,
    output,
};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use proto::{Lamports, RoomId, settlement::GetEvidenceRequest};
use roomsctl::evidence::{Anchor, Basis, Unverified, Verified, Wrong, verify};
use serde::Serialize;
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Check a bundle: prices from quotes, outcome from prices, payouts from bets, root from payouts
    Verify {
        /// The bundle, as GET /evidence/ROOM serves it; - is standard input
        file: PathBuf,
        /// Also read the receipt from this Solana endpoint
        #[arg(long, value_name = "URL")]
        rpc: Option<String>,
    },
    /// Write the bundle of a settled room to a new file, also of a private one
    Get {
        /// Number or id; a number is looked up at room-svc
        room: RoomKey,
        /// The file; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// A bundle in which something does not fit.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}{source}", if matches!(source, Unverified::Wrong { .. }) { " is not what it says\n" } else { " " })]
pub struct Unfit {
    file: String,
    source: Unverified,
}

pub async fn run(options: &Options, command: Evidence) -> Result<(), Failure> {
    match command {
        Evidence::Verify { file, rpc } => check(options, &file, rpc.as_deref()).await,
        Evidence::Get { room, output } => get(options, room, &output).await,
    }
}

/// What is printed of a bundle that fits.
#[derive(Serialize)]
struct Report {
    room: String,
    number: i64,
    kind: &'static str,
    terms_hash: String,
    outcome: String,
    price: String,
    decided_by: Basis,
    bets: u64,
    staked_lamports: i64,
    paid_lamports: i64,
    fees_lamports: i64,
    seconds: u64,
    root: String,
    settled_at: String,
    memo: Option<String>,
    signature: Option<String>,
    /// Who paid for the memo, if the chain was asked.
    signed_by: Option<String>,
}

async fn check(options: &Options, path: &Path, rpc: Option<&str>) -> Result<(), Failure> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let unfit = |source| Unfit { file: name.clone(), source };
    let found = if is_stdin {
        verify(BufReader::new(bar(None).wrap_read(io::stdin().lock())))
    } else {
        let file = File::open(path).map_err(Failure::file(path))?;
        let length = file.metadata().map_err(Failure::file(path))?.len();
        verify(BufReader::new(bar(Some(length)).wrap_read(file)))
    };
    let found = found.map_err(unfit)?;
    let signed_by = match (rpc, &found.receipt) {
        (None, _) => None,
        (Some(url), Some(receipt)) => Some(on_chain(options, url, receipt).await?.map_err(unfit)?),
        (Some(_), None) => {
            let why = "is null: there is nothing on chain to look for yet".to_owned();
            let found = vec![Wrong { path: "receipt".to_owned(), why }];
            return Err(unfit(Unverified::Wrong { found, more: 0 }).into());
        }
    };
    let report = Report::new(found, signed_by);
    if options.json { output::json(&report) } else { output::fields_of(&report.rows()) }
}

/// Progress on the terminal: by bytes, which are known beforehand of a file.
fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.with_style(style).with_finish(indicatif::ProgressFinish::AndClear)
}

/// Looks for the memo. Returns who paid for it.
async fn on_chain(
    options: &Options,
    url: &str,
    receipt: &Anchor,
) -> Result<Result<String, Unverified>, Failure> {
    let found = chain::anchored(options, url, &receipt.signature, |memo| memo == receipt.memo).await?;
    if found.slot == receipt.slot {
        return Ok(Ok(found.payer));
    }
    let why = format!("is {}, the chain says {}", receipt.slot, found.slot);
    let found = vec![Wrong { path: "receipt.slot".to_owned(), why }];
    Ok(Err(Unverified::Wrong { found, more: 0 }))
}

impl Report {
    fn new(found: Verified, signed_by: Option<String>) -> Self {
        let (memo, signature) = found.receipt.map(|receipt| (receipt.memo, receipt.signature)).unzip();
        Self {
            room: found.room,
            number: found.number,
            kind: found.kind,
            terms_hash: found.terms_hash,
            outcome: found.outcome,
            price: found.price,
            decided_by: found.basis,
            bets: found.bets,
            staked_lamports: found.staked,
            paid_lamports: found.paid,
            fees_lamports: found.fees,
            seconds: found.seconds,
            root: found.root,
            settled_at: found.settled_at,
            memo,
            signature,
            signed_by,
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let sol = |lamports: i64| format!("{} SOL", Lamports::new(lamports));
        let decided = match self.decided_by {
            Basis::People => "not by prices: people decided, and no bundle can prove them right".to_owned(),
            Basis::Bets => "by the bets alone, which were counted again".to_owned(),
            Basis::Prices => format!("by {} seconds of prices, made again from their quotes", self.seconds),
        };
        let on_chain = match (&self.signature, &self.signed_by) {
            (None, _) => "there is no receipt yet: nothing on chain vouches for this file".to_owned(),
            (Some(_), Some(signer)) => format!("found, signed by {signer}: is that the treasury?"),
            (Some(_), None) => "not looked for: give --rpc".to_owned(),
        };
        let paid = format!(
            "{} of {} bets: {} paid back and {} in fees, as the rules make it",
            sol(self.staked_lamports),
            self.bets,
            sol(self.paid_lamports),
            sol(self.fees_lamports)
        );
        vec![
            ("room", format!("#{} {} {}", self.number, self.kind, self.room)),
            ("terms hash", self.terms_hash.clone()),
            ("outcome", self.outcome.clone()),
            ("price", self.price.clone()),
            ("decided", decided),
            ("stakes", paid),
            ("root", self.root.clone()),
            ("settled", self.settled_at.clone()),
            ("transaction", self.signature.clone().unwrap_or_default()),
            ("its memo", on_chain),
            ("must be", self.memo.clone().unwrap_or_default()),
        ]
    }
}

/// Fetches a bundle. It gets its name when it is whole; of what broke off nothing is left.
async fn get(options: &Options, room: RoomKey, path: &Path) -> Result<(), Failure> {
    let failed = Failure::file(path);
    if path.try_exists().map_err(&failed)? {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let room = room_id(options, room).await?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let fetched = fetch(options, room, &partial).await;
    if fetched.is_err() {
        // It may not even be there, and what is wrong is said already.
        let _ = fs::remove_file(&partial);
    }
    let bytes = fetched?;
    fs::rename(&partial, path).map_err(&failed)?;
    let file = path.display().to_string();
    if options.json {
        output::json(&json!({"file": file, "bytes": bytes}))
    } else {
        output::text(&format!(
            "{bytes} bytes written to {file}; `roomsctl evidence verify {file}` checks them"
        ))
    }
}

/// Writes a bundle as it comes. Returns how many bytes it has.
async fn fetch(options: &Options, room: RoomId, path: &Path) -> Result<u64, Failure> {
    let failed = Failure::file(path);
    let service = client::settlement(options)?;
    let request = GetEvidenceRequest { room_id: room.bytes() };
    let mut pieces = service.ask(async |mut client| client.get_evidence(request).await).await?;
    let mut out = BufWriter::new(File::create(path).map_err(&failed)?);
    let bar = bar(None);
    while let Some(piece) = pieces.message().await.map_err(|status| service.failed(status))? {
        out.write_all(&piece.bundle).map_err(&failed)?;
        bar.inc(u64::try_from(piece.bundle.len()).unwrap_or_default());
    }
    bar.finish_and_clear();
    let written = out.into_inner().map_err(io::IntoInnerError::into_error);
    written.and_then(|out| out.sync_all()).map_err(&failed)?;
    Ok(bar.position())
}
