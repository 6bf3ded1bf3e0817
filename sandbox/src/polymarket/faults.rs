//! What is wrong with a host.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

/// A server of Polymarket's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// Trades, activity, positions.
    Data,
    /// Markets and events.
    Gamma,
    /// Books and prices, and the WebSocket.
    Clob,
}

impl Host {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Data, Self::Gamma, Self::Clob];

    /// As in addresses and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Gamma => "gamma",
            Self::Clob => "clob",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No such host or fault.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{given:?} is unknown; known are {known}")]
pub struct Unknown {
    given: String,
    known: &'static str,
}

impl FromStr for Host {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.into_iter().find(|host| host.name() == text);
        found.ok_or_else(|| Unknown { given: text.to_owned(), known: "data, gamma, clob" })
    }
}

/// What a host does instead of answering properly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It answers properly.
    #[default]
    None,
    /// The edge answers 502 with a page for people. WebSockets are closed and not opened again.
    Away,
    /// It takes requests and never answers; WebSockets stay open and say nothing.
    Silent,
    /// It answers 200 with an object that says `error`.
    Error,
    /// Answers end in the middle.
    Garbled,
    /// It answers 429 and for how many seconds.
    Limited(u64),
    /// Rows of a page come in any order.
    Shuffled,
    /// Every third row comes to be seen this much later than its neighbours.
    Late(Duration),
}

impl Fault {
    /// As in requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Away => "away",
            Self::Silent => "silent",
            Self::Error => "error",
            Self::Garbled => "garbled",
            Self::Limited(_) => "limited",
            Self::Shuffled => "shuffled",
            Self::Late(_) => "late",
        }
    }

    /// By its name; some last for or come by seconds.
    ///
    /// # Errors
    /// No fault is called that.
    pub fn named(name: &str, seconds: Option<u64>) -> Result<Self, Unknown> {
        match (name, seconds) {
            ("none", None) => Ok(Self::None),
            ("away", None) => Ok(Self::Away),
            ("silent", None) => Ok(Self::Silent),
            ("error", None) => Ok(Self::Error),
            ("garbled", None) => Ok(Self::Garbled),
            ("shuffled", None) => Ok(Self::Shuffled),
            ("limited", seconds) => Ok(Self::Limited(seconds.unwrap_or(2))),
            ("late", seconds) => Ok(Self::Late(Duration::from_secs(seconds.unwrap_or(3)))),
            _ => Err(Unknown {
                given: name.to_owned(),
                known: "none, away, silent, error, garbled, shuffled, and limited and late with seconds",
            }),
        }
    }
}
