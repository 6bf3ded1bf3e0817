//! Verifies an evidence bundle: prices from quotes, outcome from prices, payouts from bets, root from payouts.
//!
//! This is a second implementation of the rules, written from `docs/evidence.md`. It shares no code with the services that
//! made the bundle (ADR 0014): an error in one of them shows as a difference between the two. A bundle is read as a stream;
//! what is kept of it are its bets and one sample a second.

mod aggregate;
mod agree;
mod book;
mod check;
mod fields;
mod finding;
mod head;
mod judge;
mod price;
mod replay;
mod room;
mod root;
mod series;
mod stream;
mod terms;
mod tick;
mod touch;
mod tree;

pub use book::{Bet, Book, Fate, Promise, settle};
pub use finding::Wrong;
pub use replay::judged;
pub use room::{Anchor, Basis, Verified};

use room::Room;
use std::io::{self, Read};

/// Why a bundle is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    /// The stream that should have brought it broke off, or somebody cut it.
    #[error("is cut off at line {line}")]
    CutOff {
        /// Where it ends.
        line: usize,
    },
    /// It is no JSON as evidence needs it.
    #[error("is no bundle: {0}")]
    Syntax(String),
    /// Values that do not fit, in the order of the bundle.
    #[error("{}", listed(found, *more))]
    Wrong {
        /// The first of them.
        found: Vec<Wrong>,
        /// How many more there are.
        more: u64,
    },
}

fn listed(found: &[Wrong], more: u64) -> String {
    let mut text: Vec<String> = found.iter().map(Wrong::to_string).collect();
    if more > 0 {
        text.push(format!("and {more} more"));
    }
    text.join("\n")
}

impl From<serde_json::Error> for Unverified {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        match error.classify() {
            Category::Io => Self::Io(error.into()),
            Category::Eof => Self::CutOff { line: error.line() },
            Category::Syntax | Category::Data => Self::Syntax(error.to_string()),
        }
    }
}

/// Verifies a bundle offline.
///
/// # Errors
/// What is wrong, each under the path of its value.
pub fn verify(input: impl Read) -> Result<Verified, Unverified> {
    let mut room = Room::new();
    stream::read(input, &mut room)?;
    room.finish()
}
