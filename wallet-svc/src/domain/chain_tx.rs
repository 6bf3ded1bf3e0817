//! What became of a signed transaction, judged on the testimony of several endpoints.
//!
//! Money moves on these judgements, so they lean to one side: a transaction is open until
//! there is proof, and an endpoint that does not answer proves nothing.

use crate::chain::{Commitment, Testimony};

/// What a transaction of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Pays withdrawals.
    Withdrawal,
    /// Moves deposits to the treasury.
    Sweep,
    /// Writes a receipt.
    Receipt,
    /// Writes the root of a proof of liabilities.
    Proof,
}

impl Purpose {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Withdrawal => "WITHDRAWAL",
            Self::Sweep => "SWEEP",
            Self::Receipt => "RECEIPT",
            Self::Proof => "PROOF",
        }
    }

    /// Reads the word in the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Withdrawal, Self::Sweep, Self::Receipt, Self::Proof]
            .into_iter()
            .find(|purpose| purpose.word() == word)
    }
}

/// The life of one attempt to get a transaction on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// The message and its block hash are committed, nothing is signed.
    Built,
    /// Its signatures are committed, nothing is submitted.
    Signed,
    /// Handed to an endpoint at least once.
    Submitted,
    /// On chain for good, and it did what it says.
    Finalized,
    /// On chain for good as a failure: only its fee moved.
    Failed,
    /// It can never land.
    Dead,
}

impl AttemptState {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Built => "BUILT",
            Self::Signed => "SIGNED",
            Self::Submitted => "SUBMITTED",
            Self::Finalized => "FINALIZED",
            Self::Failed => "FAILED",
            Self::Dead => "DEAD",
        }
    }

    /// Reads the word in the database.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Built, Self::Signed, Self::Submitted, Self::Finalized, Self::Failed, Self::Dead]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// How much proof is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Endpoints that must agree before a transaction counts as dead or failed, which is what
    /// gives money back or signs again.
    pub witnesses: usize,
    /// Blocks beyond the last valid height that must be finalized: room for endpoints whose
    /// nodes lag behind each other.
    pub margin: u64,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Not known yet: it may still land.
    Open,
    /// On chain for good, in this slot.
    Finalized {
        /// The slot.
        slot: u64,
    },
    /// On chain for good as a failure, in this slot.
    Failed {
        /// The slot.
        slot: u64,
    },
    /// It did not land and never can.
    Dead,
}

/// Endpoints say opposite things for certain. Somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("endpoints {0} and {1} contradict each other about a finalized transaction")]
pub struct Contradiction(pub usize, pub usize);

/// Judges a transaction.
///
/// *Finalized*: one endpoint is believed; where it lies, nobody is paid twice and the drift
/// check finds it. *Failed* and *dead* let money go again, so `witnesses` endpoints have to say
/// so and none may say anything else. An endpoint speaks for death only if it knows the
/// landmark (it serves our chain, with history), its finalized height has passed the last valid
/// one by the margin, and it looked through its history at a slot not older than that.
///
/// # Errors
/// One endpoint says finalized, another says failed for good.
pub fn judge(
    testimonies: &[Testimony],
    last_valid_height: u64,
    proof: &Proof,
) -> Result<Fate, Contradiction> {
    let ended = |testimony: &&Testimony| {
        testimony.status.is_some_and(|status| status.commitment == Commitment::Finalized)
    };
    let succeeded = testimonies.iter().filter(ended).find(|t| t.status.is_some_and(|status| !status.failed));
    let failed: Vec<&Testimony> =
        testimonies.iter().filter(ended).filter(|t| t.status.is_some_and(|status| status.failed)).collect();
    match (succeeded, failed.as_slice()) {
        (Some(success), [failure, ..]) => Err(Contradiction(success.endpoint, failure.endpoint)),
        (Some(success), []) => {
            Ok(success.status.map_or(Fate::Open, |status| Fate::Finalized { slot: status.slot }))
        }
        (None, [failure, ..]) if failed.len() >= proof.witnesses => {
            Ok(failure.status.map_or(Fate::Open, |status| Fate::Failed { slot: status.slot }))
        }
        (None, _) => {
            let seen = testimonies.iter().any(|testimony| testimony.status.is_some());
            let for_death =
                testimonies.iter().filter(|testimony| proves_death(testimony, last_valid_height, proof));
            Ok(if !seen && for_death.count() >= proof.witnesses { Fate::Dead } else { Fate::Open })
        }
    }
}

fn proves_death(testimony: &Testimony, last_valid_height: u64, proof: &Proof) -> bool {
    testimony.status.is_none()
        && testimony.knows_landmark
        && testimony.finalized_height > last_valid_height.saturating_add(proof.margin)
        && testimony.status_slot >= testimony.finalized_slot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Status;

    const PROOF: Proof = Proof { witnesses: 2, margin: 10 };

    /// An endpoint whose finalized height is `height` and which finds nothing.
    fn silent(endpoint: usize, height: u64) -> Testimony {
        Testimony {
            endpoint,
            finalized_height: height,
            finalized_slot: height + 1_000,
            status_slot: height + 1_032,
            status: None,
            knows_landmark: true,
        }
    }

    fn sees(endpoint: usize, commitment: Commitment, failed: bool) -> Testimony {
        Testimony { status: Some(Status { slot: 1_100, commitment, failed }), ..silent(endpoint, 111) }
    }

    #[test]
    fn death_takes_two_witnesses_past_the_margin() {
        let judged = |testimonies: &[Testimony]| judge(testimonies, 100, &PROOF);
        assert_eq!(judged(&[silent(0, 111), silent(1, 111)]), Ok(Fate::Dead));
        assert_eq!(judged(&[silent(0, 111), silent(1, 110)]), Ok(Fate::Open));
        assert_eq!(judged(&[silent(0, 111)]), Ok(Fate::Open));
        assert_eq!(judged(&[]), Ok(Fate::Open));
    }

    #[test]
    fn anybody_who_sees_it_keeps_it_alive() {
        for commitment in [Commitment::Processed, Commitment::Confirmed] {
            for failed in [false, true] {
                let testimonies = [silent(0, 200), silent(1, 200), sees(2, commitment, failed)];
                assert_eq!(judge(&testimonies, 100, &PROOF), Ok(Fate::Open), "{commitment:?} {failed}");
            }
        }
    }

    #[test]
    fn an_endpoint_of_another_chain_or_behind_its_own_height_does_not_speak_for_death() {
        let stranger = Testimony { knows_landmark: false, ..silent(1, 200) };
        assert_eq!(judge(&[silent(0, 200), stranger], 100, &PROOF), Ok(Fate::Open));
        let stale = Testimony { status_slot: 1_199, ..silent(1, 200) };
        assert_eq!(judge(&[silent(0, 200), stale], 100, &PROOF), Ok(Fate::Open));
    }

    #[test]
    fn success_needs_one_and_failure_two() {
        let success = sees(0, Commitment::Finalized, false);
        assert_eq!(
            judge(&[success.clone(), silent(1, 200)], 100, &PROOF),
            Ok(Fate::Finalized { slot: 1_100 })
        );
        let failure = sees(1, Commitment::Finalized, true);
        assert_eq!(judge(std::slice::from_ref(&failure), 100, &PROOF), Ok(Fate::Open));
        let both = [failure.clone(), sees(2, Commitment::Finalized, true)];
        assert_eq!(judge(&both, 100, &PROOF), Ok(Fate::Failed { slot: 1_100 }));
        assert_eq!(judge(&[success, failure], 100, &PROOF), Err(Contradiction(0, 1)));
    }
}
