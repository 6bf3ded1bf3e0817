//! What goes wrong on our side, and whose fault it is.

use proto::Malformed;
use std::error::Error;

/// A failure that is ours, not the user's. It never decides anything: the work is repeated until
/// it succeeds or until one message is found to cause it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database refused or is away.
    #[error("database")]
    Store(#[from] sqlx::Error),
    /// A message breaks its contract.
    #[error("contract")]
    Malformed(#[from] Malformed),
    /// Another part is away: broker, service, chain, venue.
    #[error("{what} is away")]
    Upstream {
        /// Which part.
        what: &'static str,
        /// Why it could not be asked.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The holder of a lease was replaced.
    #[error("lease {0} was lost")]
    LeaseLost(String),
    /// Something that cannot be; named so that it can be found.
    #[error("bug: {0}")]
    Bug(String),
}

/// Whom a fault blames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The surroundings: the same messages will succeed later.
    Nobody,
    /// One of the messages in hand.
    Message,
}

impl Fault {
    /// Another part is away; nobody's message is to blame.
    pub fn upstream(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Upstream { what, source: source.into() }
    }

    /// Something that cannot be.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::Bug(what.into())
    }

    /// Who is to blame. Only what a repetition cannot mend blames a message: a contract that is
    /// broken, data that does not fit (SQLSTATE classes 22 and 23), a bug.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Store(sqlx::Error::Database(error)) => match error.code().as_deref() {
                Some(code) if code.starts_with("22") || code.starts_with("23") => Blame::Message,
                _ => Blame::Nobody,
            },
            Self::Store(
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_),
            ) => Blame::Message,
            Self::Store(_) | Self::Upstream { .. } | Self::LeaseLost(_) => Blame::Nobody,
            Self::Malformed(_) | Self::Bug(_) => Blame::Message,
        }
    }

    /// The error with all its causes on one line, for logs.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
