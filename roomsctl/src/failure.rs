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
    confirm::Unconfirmed,
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
    #[error("what was given as a token cannot be one")]
    Token,
    #[error("--tls-cert and --tls-key are given together or not at all")]
    HalfTls,
    #[error("a certificate or its key cannot be used: {0}")]
    Tls(#[from] tonic::transport::Error),
    #[error(transparent)]
    Unconfirmed(#[from] Unconfirmed),
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
            Failure::Refused(refusal)
                if matches!(refusal.code, RefusalCode::NotFound | RefusalCode::AccountUnknown) =>
            {
                3
            }
            Failure::NoUrl { .. }
            | Failure::Refused(_)
            | Failure::Key(_)
            | Failure::Statement(_)
            | Failure::Token
            | Failure::HalfTls
            | Failure::Tls(_)
            | Failure::NoOutcome { .. } => 2,
            Failure::Service { status, .. } => match status.code() {
                Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange | Code::AlreadyExists => {
                    2
                }
                // Without a token that allows it.
                Code::Unauthenticated | Code::PermissionDenied => 2,
                Code::NotFound => 3,
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted => 4,
                _ => 1,
            },
            Failure::Chain(Unanchored::Rpc(_)) => 4,
            Failure::Unconfirmed(_) => 5,
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
