//! Pure decisions: which verdict stands, what the bets of a room are paid, and the root that
//! commits to it.

mod book;
mod frozen;
mod guards;
mod merkle;
mod rules;
mod settlement;
mod state;
mod verdict;

#[cfg(test)]
mod tests;

pub use book::{Bet, Book, BookError, Fate, Line, settle};
pub use frozen::{Frozen, Mismatch};
pub use merkle::{Hash, root};
pub use rules::{MalformedTerms, Rules};
pub use settlement::Settlement;
pub use state::{OutOfOrder, State, Step};
pub use verdict::{Ruling, Verdict, void_from_word, void_word};
