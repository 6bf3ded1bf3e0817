//! What stops withdrawals. Each cause is a pause of its own, ended on its own: who resumes after the one has not looked
//! at the other.

/// Why withdrawals are paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Operators said so.
    Operator,
    /// Ledger and chain differ.
    Drift,
    /// All accounts together reached what may leave within 24 hours.
    DailyCap,
    /// Withdrawals came in a burst.
    Burst,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Drift, Self::DailyCap, Self::Burst];

    /// The word in the database and in messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Drift => "drift",
            Self::DailyCap => "daily_cap",
            Self::Burst => "burst",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    /// What an operator should do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Operator => "resume when the reason that was given is over",
            Self::Drift => "compare ledger and chain, find the difference, and only then resume",
            Self::DailyCap => "look at the withdrawals of the last 24 hours; resume if they are genuine",
            Self::Burst => "look at who withdraws; reject what is not genuine, then resume",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
        }
        assert_eq!(Cause::from_word("weather"), None);
    }
}
