//! How far a settlement has come.

/// The steps of a settlement, in their order. A step is never taken back; the verdict may be
/// replaced before `Posting`, after it money has moved and there is only the dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// A verdict stands; the room is asked to freeze.
    Decided,
    /// The room answered with what it froze.
    Frozen,
    /// Its bets were read and agree, the book is made.
    Computed,
    /// The payouts are on their way to the ledger.
    Posting,
    /// The ledger has them all: the room is settled.
    Posted,
    /// The receipt is on chain. Nothing is left to do.
    Anchored,
}

/// What an attempt to take a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The state changed; its effects are due now.
    Taken,
    /// It was taken before: a repeated message, nothing is due.
    Repeated,
}

/// A message that answers a question not yet asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a settlement that is {from:?} cannot become {to:?}")]
pub struct OutOfOrder {
    from: State,
    to: State,
}

impl State {
    const ORDER: [Self; 6] =
        [Self::Decided, Self::Frozen, Self::Computed, Self::Posting, Self::Posted, Self::Anchored];

    /// Takes the step to `to` if it is the next one.
    ///
    /// # Errors
    /// `OutOfOrder` where steps between would be left out.
    pub fn step(&mut self, to: Self) -> Result<Step, OutOfOrder> {
        if to <= *self {
            return Ok(Step::Repeated);
        }
        let next = Self::ORDER.into_iter().find(|state| state > self);
        if next != Some(to) {
            return Err(OutOfOrder { from: *self, to });
        }
        *self = to;
        Ok(Step::Taken)
    }

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decided => "DECIDED",
            Self::Frozen => "FROZEN",
            Self::Computed => "COMPUTED",
            Self::Posting => "POSTING",
            Self::Posted => "POSTED",
            Self::Anchored => "ANCHORED",
        }
    }

    /// Reads the word of the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ORDER.into_iter().find(|state| state.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_forward_one_step_at_a_time() {
        for (index, from) in State::ORDER.into_iter().enumerate() {
            assert_eq!(State::from_word(from.word()), Some(from));
            for (target, to) in State::ORDER.into_iter().enumerate() {
                let mut state = from;
                let step = state.step(to);
                match target.checked_sub(index) {
                    None | Some(0) => assert_eq!((step, state), (Ok(Step::Repeated), from)),
                    Some(1) => assert_eq!((step, state), (Ok(Step::Taken), to)),
                    Some(_) => assert_eq!((step, state), (Err(OutOfOrder { from, to }), from)),
                }
            }
        }
        assert_eq!(State::from_word("SETTLED"), None);
    }
}
