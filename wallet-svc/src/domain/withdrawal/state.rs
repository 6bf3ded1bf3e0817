//! The states of a withdrawal and the steps between them.

use proto::wallet::WithdrawalState as Wire;

/// Where a withdrawal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Reserved; the destination is not looked at yet.
    Requested,
    /// Waits for the hold on a new address, or for operators.
    Held,
    /// May be sent.
    Approved,
    /// Part of a transaction whose message is committed.
    Signed,
    /// That transaction was handed in.
    Submitted,
    /// Paid.
    Finalized,
    /// Not paid, given back.
    Failed,
    /// Its transaction is proven dead; it is sent again in a new one.
    Expired,
    /// Taken back by the user before approval.
    Cancelled,
    /// Refused after it was reserved, given back.
    Rejected,
}

/// What can happen to a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The destination can take it.
    Hold,
    /// The destination cannot take it, or an operator says no.
    Reject,
    /// The user takes it back.
    Cancel,
    /// Its hold is over and it has the approvals that it needs.
    Approve,
    /// The message of a transaction that pays it is committed.
    Sign,
    /// That transaction was handed in.
    Submit,
    /// That transaction is on chain for good.
    Finalize,
    /// That transaction is on chain as a failure.
    Fail,
    /// That transaction is dead.
    Expire,
}

/// A step that a state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a withdrawal that is {0:?} does not {1:?}")]
pub struct IllegalStep(pub State, pub Step);

impl State {
    const ALL: [Self; 10] = [
        Self::Requested,
        Self::Held,
        Self::Approved,
        Self::Signed,
        Self::Submitted,
        Self::Finalized,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// The next state.
    ///
    /// # Errors
    /// The step is not allowed here.
    pub const fn after(self, step: Step) -> Result<Self, IllegalStep> {
        use State::{
            Approved, Cancelled, Expired, Failed, Finalized, Held, Rejected, Requested, Signed, Submitted,
        };
        Ok(match (self, step) {
            (Requested, Step::Hold) => Held,
            (Requested | Held | Approved | Expired, Step::Reject) => Rejected,
            (Requested | Held, Step::Cancel) => Cancelled,
            (Held, Step::Approve) => Approved,
            (Approved | Expired, Step::Sign) => Signed,
            (Signed | Submitted, Step::Submit) => Submitted,
            (Signed | Submitted, Step::Finalize) => Finalized,
            (Signed | Submitted, Step::Fail) => Failed,
            (Signed | Submitted, Step::Expire) => Expired,
            _ => return Err(IllegalStep(self, step)),
        })
    }

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Held => "HELD",
            Self::Approved => "APPROVED",
            Self::Signed => "SIGNED",
            Self::Submitted => "SUBMITTED",
            Self::Finalized => "FINALIZED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }

    /// Reads the word in the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether its owner may still take it back.
    #[must_use]
    pub const fn cancellable(self) -> bool {
        self.after(Step::Cancel).is_ok()
    }

    /// Reads the state of a message.
    #[must_use]
    pub fn from_wire(wire: Wire) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.wire() == wire)
    }

    /// The state in messages.
    #[must_use]
    pub const fn wire(self) -> Wire {
        match self {
            Self::Requested => Wire::Requested,
            Self::Held => Wire::Held,
            Self::Approved => Wire::Approved,
            Self::Signed => Wire::Signed,
            Self::Submitted => Wire::Submitted,
            Self::Finalized => Wire::Finalized,
            Self::Failed => Wire::Failed,
            Self::Expired => Wire::Expired,
            Self::Cancelled => Wire::Cancelled,
            Self::Rejected => Wire::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_an_end_state_and_nothing_skips_the_signature() {
        use Step::{Approve, Cancel, Expire, Fail, Finalize, Hold, Reject, Sign, Submit};
        let steps = [Hold, Reject, Cancel, Approve, Sign, Submit, Finalize, Fail, Expire];
        for end in [State::Finalized, State::Failed, State::Cancelled, State::Rejected] {
            assert!(steps.iter().all(|&step| end.after(step).is_err()), "{end:?}");
        }
        for unsigned in [State::Requested, State::Held, State::Approved, State::Expired] {
            assert!(
                [Submit, Finalize, Fail].iter().all(|&step| unsigned.after(step).is_err()),
                "{unsigned:?}"
            );
        }
        // Once a message may be live, nothing but its own end gives the money back.
        for live in [State::Signed, State::Submitted] {
            assert!([Reject, Cancel, Sign].iter().all(|&step| live.after(step).is_err()), "{live:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word("PAID"), None);
    }
}
