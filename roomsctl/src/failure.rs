//! Why a command did not do what it was asked to.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use proto::{Malformed, Refusal, common::RefusalCode};
use tonic::{Code, Status, transport::Uri};

use crate::{
    audit,
    bundle::Unfit,
    chain::Unanchored,
    operator::{self, KeyError},
    proof::NoProof,
    reconcile::Differ,
};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("where is {service}? give --{flag} or {variable}")]
    NoUrl { service: &'static str, flag: &'static str, variable: &'static str },
    #[error("{service} at {url}: {}", told(status))]
    Service { service: &'static str, url: Uri, status: Box<Status> },
    #[error("{service}: {source}")]
    Malformed { service: &'static str, source: Malformed },
    #[error("refused: {}{}", .0, operator::advice(.0).map(|advice| format!("; {advice}")).unwrap_or_default())]
    Refused(Refusal),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("cannot be signed: {0}")]
    Statement(Malformed),
    #[error("{answer} is no answer of this room; it has {known}")]
    NoOutcome { answer: String, known: String },
    #[error(transparent)]
    Proof(#[from] NoProof),
    #[error(transparent)]
    Evidence(#[from] Unfit),
    #[error(transparent)]
    Chain(#[from] Unanchored),
    #[error(transparent)]
    Audit(#[from] audit::Wrong),
    #[error(transparent)]
    Differ(#[from] Differ),
    #[error("{}: {source}", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("output: {0}")]
    Output(#[from] io::Error),
    #[error("output: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// A file could not be read or written.
    pub fn file(file: &Path) -> impl Fn(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File { file: file.clone(), source }
    }

    /// The numbers are listed in `--help`.
    pub fn exit_code(&self) -> ExitCode {
        let code = match self {
            Failure::Refused(refusal) if refusal.code == RefusalCode::NotFound => 3,
            Failure::NoUrl { .. }
            | Failure::Refused(_)
            | Failure::Key(_)
            | Failure::Statement(_)
            | Failure::NoOutcome { .. } => 2,
            Failure::Service { status, .. } => match status.code() {
                Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 2,
                Code::NotFound => 3,
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => 4,
                _ => 1,
            },
            Failure::Chain(Unanchored::Rpc(_)) => 4,
            Failure::Proof(_)
            | Failure::Evidence(_)
            | Failure::Chain(_)
            | Failure::Audit(_)
            | Failure::Differ(_)
            | Failure::File { .. }
            | Failure::Malformed { .. }
            | Failure::Output(_)
            | Failure::Json(_) => 1,
        };
        ExitCode::from(code)
    }
}

fn told(status: &Status) -> String {
    let word = status.code().description();
    match status.message() {
        "" => word.to_owned(),
        message => format!("{word}: {message}"),
    }
}
