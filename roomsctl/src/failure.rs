//! Why a command did not do what it was asked to.

use std::{io, process::ExitCode};

use proto::Malformed;
use tonic::{Code, Status, transport::Uri};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("where is {service}? give --{flag} or {variable}")]
    NoUrl { service: &'static str, flag: &'static str, variable: &'static str },
    #[error("{service} at {url}: {}", told(status))]
    Service { service: &'static str, url: Uri, status: Box<Status> },
    #[error("{service}: {source}")]
    Malformed { service: &'static str, source: Malformed },
    #[error("output: {0}")]
    Output(#[from] io::Error),
    #[error("output: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// The numbers are listed in `--help`.
    pub fn exit_code(&self) -> ExitCode {
        let code = match self {
            Failure::NoUrl { .. } => 2,
            Failure::Service { status, .. } => match status.code() {
                Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 2,
                Code::NotFound => 3,
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => 4,
                _ => 1,
            },
            Failure::Malformed { .. } | Failure::Output(_) | Failure::Json(_) => 1,
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
