//! The audit logs: whether nobody touched them since they were sealed.

use crate::{
    cli::Options,
    client::{self, Auditor},
    failure::Failure,
    output,
};
use clap::{Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use proto::{
    audit::{Broken, Hash, Head},
    common::{AuditRecord, ListAuditRequest},
    from_timestamp, timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Records asked for at once.
const PAGE: u32 = 2_000;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Read a whole log, recompute its chain, and name the first record that does not fit
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Verify {
        /// The log of this service, as it answers now
        #[arg(long, group = "which")]
        service: Option<Logged>,
        /// A log that `audit export` wrote
        #[arg(long, value_name = "FILE", group = "which")]
        from: Option<PathBuf>,
        /// A record that must be in it, as an earlier `verify` or a memo on chain names it
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Kept>,
    },
    /// Write a whole log to a new file, a record a line
    Export {
        #[arg(long)]
        service: Logged,
        file: PathBuf,
    },
}

/// Services that write an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logged {
    Notifier,
    Room,
    Settlement,
    Wallet,
}

impl From<Logged> for proto::Service {
    fn from(logged: Logged) -> Self {
        match logged {
            Logged::Notifier => Self::Notifier,
            Logged::Room => Self::Room,
            Logged::Settlement => Self::Settlement,
            Logged::Wallet => Self::Wallet,
        }
    }
}

/// A head that somebody kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    number: u64,
    hash: Hash,
}

impl FromStr for Kept {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "not a number, a colon and 64 hexadecimal digits";
        let (number, hash) = text.split_once(':').ok_or(WRONG)?;
        let hash = hex::decode(hash).map_err(|_| WRONG)?.try_into().map_err(|_| WRONG)?;
        Ok(Self { number: number.parse().map_err(|_| WRONG)?, hash })
    }
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    #[error("the audit log of {service} is broken: {broken}")]
    Chain { service: proto::Service, broken: Broken },
    #[error("the audit log of {service} is another one: record {number} is not the one that was kept")]
    Head { service: proto::Service, number: u64 },
    #[error("the audit log of {service} was cut off: it ends at {end}, and record {number} was kept")]
    Cut { service: proto::Service, end: u64, number: u64 },
    #[error("{file} line {line} is no record of an audit log")]
    Line { file: String, line: usize },
}

pub async fn run(options: &Options, command: Audit) -> Result<(), Failure> {
    match command {
        Audit::Verify { service: Some(service), head, .. } => {
            let mut check = Check::begin(service, head);
            read(options, service, |record| check.take(record)).await?;
            check.end(options)
        }
        Audit::Verify { from, head, .. } => verify_file(options, &from.unwrap_or_default(), head),
        Audit::Export { service, file } => export(options, service, &file).await,
    }
}

/// Reads a whole log page by page.
async fn read(
    options: &Options,
    service: Logged,
    mut take: impl FnMut(AuditRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let auditor: client::Service<Auditor> = client::audit(options, service)?;
    let mut after = 0;
    loop {
        let request = ListAuditRequest { after, size: PAGE };
        let page = auditor.ask(async |mut client| client.list_audit(request).await).await?;
        let Some(last) = page.records.last().map(|record| record.number) else { return Ok(()) };
        // A service that repeats itself would be asked for ever.
        if last <= after {
            let broken = Broken::Repeated { number: last, after };
            return Err(Wrong::Chain { service: service.into(), broken }.into());
        }
        after = last;
        page.records.into_iter().try_for_each(&mut take)?;
    }
}

/// A chain that is being recomputed.
struct Check {
    service: proto::Service,
    end: Head,
    kept: Option<Kept>,
    bar: ProgressBar,
}

impl Check {
    fn begin(service: Logged, kept: Option<Kept>) -> Self {
        let service = service.into();
        let style = ProgressStyle::with_template("{spinner} {human_pos} records, {per_sec}");
        let bar =
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { service, end: Head::genesis(service), kept, bar }
    }

    fn take(&mut self, record: AuditRecord) -> Result<(), Failure> {
        let service = self.service;
        self.end.check(&record).map_err(|broken| Wrong::Chain { service, broken })?;
        if let Some(kept) = self.kept.filter(|kept| kept.number == self.end.number)
            && kept.hash != self.end.hash
        {
            return Err(Wrong::Head { service, number: kept.number }.into());
        }
        self.bar.inc(1);
        Ok(())
    }

    fn end(self, options: &Options) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let Self { service, end, kept, .. } = self;
        if let Some(kept) = kept.filter(|kept| kept.number > end.number) {
            return Err(Wrong::Cut { service, end: end.number, number: kept.number }.into());
        }
        if options.json {
            output::json(&json!({
                "service": service.token(), "records": end.number, "hash": hex::encode(end.hash)
            }))
        } else {
            let text =
                format!("{} records of {service} are as they were sealed; the last is\n{end}", end.number);
            output::text(&text)
        }
    }
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Title {
    audit: Logged,
}

/// Another line of a file.
#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    at: String,
    actor: String,
    action: String,
    subject: String,
    body: String,
    hash: String,
}

impl Line {
    fn of(record: AuditRecord) -> Option<Self> {
        Some(Self {
            number: record.number,
            at: from_timestamp(record.at.as_ref()).ok()?.format(&Rfc3339).ok()?,
            actor: record.actor,
            action: record.action,
            subject: hex::encode(record.subject),
            body: record.body,
            hash: hex::encode(record.hash),
        })
    }

    fn record(self) -> Option<AuditRecord> {
        Some(AuditRecord {
            number: self.number,
            at: Some(timestamp(OffsetDateTime::parse(&self.at, &Rfc3339).ok()?)),
            actor: self.actor,
            action: self.action,
            subject: hex::decode(self.subject).ok()?,
            body: self.body,
            hash: hex::decode(self.hash).ok()?,
        })
    }
}

async fn export(options: &Options, service: Logged, file: &Path) -> Result<(), Failure> {
    let failed = Failure::file(file);
    let mut out = BufWriter::new(File::create_new(file).map_err(&failed)?);
    let write =
        |out: &mut BufWriter<File>, line: String| out.write_all((line + "\n").as_bytes()).map_err(&failed);
    write(&mut out, serde_json::to_string(&Title { audit: service })?)?;
    let mut records = 0_u64;
    read(options, service, |record| {
        let line = Line::of(record).ok_or(proto::Malformed("time of an audit record"));
        let line = line.map_err(|source| Failure::Malformed { service: "audit", source })?;
        records += 1;
        write(&mut out, serde_json::to_string(&line)?)
    })
    .await?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(|out| out.sync_all())
        .map_err(&failed)?;
    let (file, service) = (file.display().to_string(), proto::Service::from(service).token());
    if options.json {
        output::json(&json!({"service": service, "records": records, "file": file}))
    } else {
        output::text(&format!("{records} records of {service} written to {file}"))
    }
}

fn verify_file(options: &Options, file: &Path, kept: Option<Kept>) -> Result<(), Failure> {
    let failed = Failure::file(file);
    let wrong = |line| Wrong::Line { file: file.display().to_string(), line };
    let mut lines = (1..).zip(BufReader::new(File::open(file).map_err(&failed)?).lines());
    let (_, title) = lines.next().ok_or_else(|| wrong(1))?;
    let title: Title = serde_json::from_str(&title.map_err(&failed)?).map_err(|_| wrong(1))?;
    let mut check = Check::begin(title.audit, kept);
    for (number, line) in lines {
        let line: Line = serde_json::from_str(&line.map_err(&failed)?).map_err(|_| wrong(number))?;
        check.take(line.record().ok_or_else(|| wrong(number))?)?;
    }
    check.end(options)
}
