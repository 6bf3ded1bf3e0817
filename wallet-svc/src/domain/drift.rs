//! Whether the ledger and the chain agree.

use proto::{Lamports, LamportsError};

/// Both sides at one finalized slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The finalized slot at which the balances were read.
    pub slot: u64,
    /// What lay at the addresses that were read.
    pub chain: Lamports,
    /// What the ledger says lies there now: its `chain` account with the sign turned, less what
    /// was posted for other addresses.
    pub ledger: Lamports,
    /// What the ledger has posted of later slots: added to the chain, or taken from it if
    /// negative.
    pub posted_later: Lamports,
    /// What our own transactions did up to that slot and the ledger has not posted yet.
    pub not_posted: Lamports,
}

impl Comparison {
    /// What the chain has more than the ledger, less where negative; zero is agreement.
    ///
    /// # Errors
    /// Amounts beyond the ledger's range.
    pub fn drift(&self) -> Result<Lamports, LamportsError> {
        let expected = self.ledger.checked_sub(self.posted_later)?.checked_add(self.not_posted)?;
        self.chain.checked_sub(expected)
    }
}

/// What the chain has more than the ledger.
///
/// The first comparison is at the slot that the endpoint names. Some endpoints name a finalized
/// slot and answer with a newer state: the others are at the slots from there to the newest at
/// which anything of ours happened, and agreement at one of them is agreement.
///
/// # Errors
/// Amounts beyond the ledger's range.
pub fn drift(comparisons: &[Comparison]) -> Result<Lamports, LamportsError> {
    let mut named = Lamports::ZERO;
    for (place, comparison) in comparisons.iter().enumerate() {
        match comparison.drift()? {
            Lamports::ZERO => return Ok(Lamports::ZERO),
            drift if place == 0 => named = drift,
            _ => {}
        }
    }
    Ok(named)
}

/// What a comparison means, given what the one before it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They agree.
    Agree,
    /// They differ for the first time, or by another amount than before: money may be on its
    /// way that the scanner has not seen.
    Suspect(Lamports),
    /// They differ by the same amount twice: withdrawals stop.
    Drift(Lamports),
}

/// Judges a drift; `before` is what the last comparison found.
#[must_use]
pub fn judge(now: Lamports, before: Option<Lamports>) -> Verdict {
    if now == Lamports::ZERO {
        Verdict::Agree
    } else if before == Some(now) {
        Verdict::Drift(now)
    } else {
        Verdict::Suspect(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison() -> Comparison {
        Comparison {
            slot: 9,
            chain: Lamports::new(100),
            ledger: Lamports::new(100),
            posted_later: Lamports::ZERO,
            not_posted: Lamports::ZERO,
        }
    }

    #[test]
    fn what_is_on_its_way_is_no_drift() {
        assert_eq!(comparison().drift(), Ok(Lamports::ZERO));
        // A deposit of 7 was credited in a later slot than the balances were read.
        let later = Comparison { ledger: Lamports::new(107), posted_later: Lamports::new(7), ..comparison() };
        assert_eq!(later.drift(), Ok(Lamports::ZERO));
        // A withdrawal of 30 has landed and is not posted.
        let landed = Comparison { chain: Lamports::new(70), not_posted: Lamports::new(-30), ..comparison() };
        assert_eq!(landed.drift(), Ok(Lamports::ZERO));
        let lost = Comparison { chain: Lamports::new(99), ..comparison() };
        assert_eq!(lost.drift(), Ok(Lamports::new(-1)));
    }

    #[test]
    fn a_newer_state_than_the_slot_that_is_named_is_recognised() {
        // 40 arrived two slots after the one named, and the endpoint shows it already.
        let named = Comparison {
            chain: Lamports::new(140),
            ledger: Lamports::new(140),
            posted_later: Lamports::new(40),
            ..comparison()
        };
        assert_eq!(drift(&[named]), Ok(Lamports::new(40)));
        let newer = Comparison { slot: 11, posted_later: Lamports::ZERO, ..named };
        assert_eq!(drift(&[named, newer]), Ok(Lamports::ZERO));
        let stolen = |one: Comparison| Comparison { chain: Lamports::new(133), ..one };
        assert_eq!(drift(&[stolen(named), stolen(newer)]), Ok(Lamports::new(33)));
    }

    #[test]
    fn drift_must_persist() {
        let amount = Lamports::new(-3);
        assert_eq!(judge(Lamports::ZERO, Some(amount)), Verdict::Agree);
        assert_eq!(judge(amount, None), Verdict::Suspect(amount));
        assert_eq!(judge(amount, Some(Lamports::new(-2))), Verdict::Suspect(amount));
        assert_eq!(judge(amount, Some(amount)), Verdict::Drift(amount));
    }
}
