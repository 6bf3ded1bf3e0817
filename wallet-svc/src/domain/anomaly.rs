//! What does not look like people who use the product: somebody should look at it before money leaves.

use proto::Lamports;
use time::Duration;

/// A rule that watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Many withdrawals, or much money in them, within a while.
    Burst,
    /// Several accounts withdraw to one address.
    SharedAddress,
    /// Codes and signatures that do not hold, within a while.
    RefusedAuthorization,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Burst, Self::SharedAddress, Self::RefusedAuthorization];

    /// The word in the database and in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::SharedAddress => "shared_address",
            Self::RefusedAuthorization => "refused_authorization",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }

    /// What to look at.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Burst => {
                "withdrawals are paused: look at who withdraws (roomsctl withdrawals), reject what is not genuine, then resume `burst`"
            }
            Self::SharedAddress => {
                "look at the accounts that withdraw to this address: one person with many accounts, or stolen ones"
            }
            Self::RefusedAuthorization => {
                "look at wallet.totp for locked accounts and at the log for operators' signatures that were refused: somebody may be guessing"
            }
        }
    }
}

/// From where on something is an anomaly.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// How far the rules look back.
    pub burst_window: Duration,
    /// Withdrawals requested within it.
    pub burst_count: i64,
    /// Their sum.
    pub burst_amount: Lamports,
    /// How far back withdrawals to one address are counted.
    pub address_window: Duration,
    /// Accounts that withdraw to it.
    pub address_accounts: i64,
    /// How far back refused codes and signatures are counted.
    pub refused_window: Duration,
    /// How many of them.
    pub refused_count: i64,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What it is about: an address, or nothing in particular.
    pub subject: String,
    /// How many withdrawals, accounts or refusals.
    pub count: i64,
    /// The money in it.
    pub amount: Lamports,
}

/// Withdrawals that were requested within a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requested {
    /// How many.
    pub count: i64,
    /// Their sum.
    pub amount: Lamports,
}

impl Thresholds {
    /// Whether withdrawals come in a burst.
    #[must_use]
    pub fn burst(&self, requested: Requested) -> Option<Finding> {
        let Requested { count, amount } = requested;
        let is = count >= self.burst_count || amount >= self.burst_amount;
        is.then(|| Finding { rule: Rule::Burst, subject: String::new(), count, amount })
    }

    /// Whether too many codes and signatures were refused.
    #[must_use]
    pub fn refused(&self, count: i64) -> Option<Finding> {
        let finding = Finding {
            rule: Rule::RefusedAuthorization,
            subject: String::new(),
            count,
            amount: Lamports::ZERO,
        };
        (count >= self.refused_count).then_some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds {
        burst_window: Duration::HOUR,
        burst_count: 3,
        burst_amount: Lamports::new(100),
        address_window: Duration::DAY,
        address_accounts: 2,
        refused_window: Duration::HOUR,
        refused_count: 5,
    };

    #[test]
    fn a_burst_is_many_withdrawals_or_much_money() {
        let requested = |count, amount| THRESHOLDS.burst(Requested { count, amount: Lamports::new(amount) });
        assert_eq!(requested(2, 99), None);
        assert_eq!(requested(3, 3).unwrap().count, 3);
        assert_eq!(requested(1, 100).unwrap().amount, Lamports::new(100));
    }

    #[test]
    fn refusals_count_from_the_threshold_on() {
        assert_eq!(THRESHOLDS.refused(4), None);
        assert!(THRESHOLDS.refused(5).is_some());
    }
}
