//! Whether endpoints serve our chain, judged by a landmark: the newest finalized transaction that we know.

use crate::chain::Testimony;

/// What the landmark says about the endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognition {
    /// One finds it, and none that should does not.
    Ours,
    /// One has passed its slot and does not find it.
    Another,
    /// None answers that has come so far.
    Unknown,
}

/// Judges what endpoints testify about the landmark, which was finalized in `slot`. An endpoint that is not there yet
/// says nothing: it lags, and will be asked again.
#[must_use]
pub fn recognise(testimonies: &[Testimony], slot: u64) -> Recognition {
    let missing = |one: &Testimony| {
        one.status.is_none() && one.finalized_slot >= slot && one.status_slot >= one.finalized_slot
    };
    if testimonies.iter().any(missing) {
        Recognition::Another
    } else if testimonies.iter().any(|one| one.status.is_some()) {
        Recognition::Ours
    } else {
        Recognition::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Commitment, Status};

    fn endpoint(finalized_slot: u64, finds: bool) -> Testimony {
        Testimony {
            endpoint: 0,
            finalized_height: finalized_slot,
            finalized_slot,
            status_slot: finalized_slot + 32,
            status: finds.then_some(Status { slot: 100, commitment: Commitment::Finalized, failed: false }),
            knows_landmark: true,
        }
    }

    #[test]
    fn one_endpoint_that_lags_closes_nothing() {
        assert_eq!(recognise(&[endpoint(120, true), endpoint(99, false)], 100), Recognition::Ours);
        assert_eq!(recognise(&[endpoint(99, false), endpoint(98, false)], 100), Recognition::Unknown);
        assert_eq!(recognise(&[], 100), Recognition::Unknown);
    }

    #[test]
    fn one_endpoint_that_should_know_and_does_not_closes_all() {
        assert_eq!(recognise(&[endpoint(120, true), endpoint(100, false)], 100), Recognition::Another);
        assert_eq!(recognise(&[endpoint(500, false)], 100), Recognition::Another);
        // Its history was read at an older slot than its height: that is no answer about this slot.
        let stale = Testimony { status_slot: 400, ..endpoint(500, false) };
        assert_eq!(recognise(&[stale], 100), Recognition::Unknown);
    }
}
