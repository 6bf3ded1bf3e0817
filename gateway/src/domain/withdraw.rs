//! The draft of a withdrawal.

use proto::Lamports;
use serde::{Deserialize, Serialize};

/// What the user is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithdrawStep {
    /// Where to.
    #[default]
    Address,
    /// How much.
    Amount,
    /// A code of the authenticator.
    Code,
    /// Confirmed by button only.
    Preview,
}

/// A withdrawal that is not requested yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawDraft {
    /// Where the user is.
    pub step: WithdrawStep,
    /// Typed so far.
    pub address: Option<String>,
    /// Typed or chosen so far.
    pub amount: Option<Lamports>,
}

impl WithdrawDraft {
    /// Goes to a step, not beyond a missing address.
    #[must_use]
    pub fn at(mut self, step: WithdrawStep) -> Self {
        self.step = if self.address.is_none() { WithdrawStep::Address } else { step };
        self
    }

    /// Whether the next message of the user is meant for this step.
    #[must_use]
    pub const fn awaits_text(&self) -> bool {
        matches!(self.step, WithdrawStep::Address | WithdrawStep::Amount | WithdrawStep::Code)
    }
}

/// A share of what can be withdrawn, rounded down; 100 % is all of it.
#[must_use]
pub fn share(amount: Lamports, percent: u32) -> Lamports {
    Lamports::try_from_wide(amount.wide() * i128::from(percent.min(100)) / 100).unwrap_or(Lamports::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_more_than_all() {
        assert_eq!(share(Lamports::new(999), 100), Lamports::new(999));
        assert_eq!(share(Lamports::new(999), 50), Lamports::new(499));
        assert_eq!(share(Lamports::MAX, 4_000_000_000), Lamports::MAX);
    }

    #[test]
    fn no_amount_without_an_address() {
        assert_eq!(WithdrawDraft::default().at(WithdrawStep::Amount).step, WithdrawStep::Address);
    }
}
