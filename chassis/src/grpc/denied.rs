//! Why a call is not let in, and how that is told: the standard details of gRPC (`google.rpc.ErrorInfo`, `RetryInfo`), so that
//! any client can tell one reason from another without reading prose.

use proto::token::Role;
use std::{collections::HashMap, time::Duration};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Whose reasons these are.
const DOMAIN: &str = "rooms";

/// Why a call is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token.
    #[error("a token is needed: `authorization: Bearer …`")]
    Missing,
    /// Not genuine, for another audience, or more than its key may vouch for. Which of these is not told.
    #[error("the token does not count here")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token does not count yet: is a clock wrong?")]
    NotYet,
    /// Genuine, and not enough.
    #[error("a token of the role {0} does not allow this")]
    Role(Role),
    /// A player asked for what belongs to somebody else.
    #[error("that is not yours")]
    NotYours,
    /// A method that is not declared, or none.
    #[error("no such method")]
    Unknown,
    /// The budget is used up.
    #[error("too many calls, wait {} ms", .0.as_millis())]
    TooMany(Duration),
}

impl Denied {
    /// Its name, for programs and metrics.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Invalid => "TOKEN_INVALID",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYet => "TOKEN_NOT_YET_VALID",
            Self::Role(_) => "ROLE_TOO_LOW",
            Self::NotYours => "NOT_YOURS",
            Self::Unknown => "METHOD_UNKNOWN",
            Self::TooMany(_) => "TOO_MANY_CALLS",
        }
    }
}

impl From<Denied> for Status {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::Missing | Denied::Invalid | Denied::Expired | Denied::NotYet => Code::Unauthenticated,
            Denied::Role(_) | Denied::NotYours | Denied::Unknown => Code::PermissionDenied,
            Denied::TooMany(_) => Code::ResourceExhausted,
        };
        let metadata = match denied {
            Denied::Role(role) => HashMap::from([("role".to_owned(), role.to_string())]),
            _ => HashMap::new(),
        };
        let mut details = ErrorDetails::with_error_info(denied.reason(), DOMAIN, metadata);
        if let Denied::TooMany(wait) = denied {
            details.set_retry_info(Some(wait));
        }
        Self::with_error_details(code, denied.to_string(), details)
    }
}
