//! Pure decisions: which verdict stands, what the bets of a room are paid, and the root that
//! commits to it.

mod book;
mod deciding;
pub mod dispute;
mod frozen;
mod guards;
pub mod hearing;
mod merkle;
pub mod referral;
mod rules;
mod saga_step;
mod settlement;
pub mod standing;
mod state;
mod totals;
mod verdict;

#[cfg(test)]
mod cheats;
#[cfg(test)]
mod tests;

pub use book::{Bet, Book, BookError, Fate, Line, settle};
pub use deciding::deciding_seconds;
pub use frozen::{Frozen, Mismatch};
pub use hearing::{Said, agreeing};
pub use merkle::{Hash, root};
pub use rules::{MalformedTerms, Rules};
pub use saga_step::SagaStep;
pub use settlement::Settlement;
pub use state::{OutOfOrder, State, Step};
pub use totals::{Due, Totals};
pub use verdict::{Ruling, Verdict, suspicion_from_word, suspicion_word, void_from_word, void_word};
