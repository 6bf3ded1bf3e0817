//! The body of the fuzz target over the signer's policy, under proptest.

#[path = "../../../fuzz/bodies/transaction.rs"]
mod body;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_accepted_moves_what_is_authorized(data in prop::collection::vec(any::<u8>(), 0..64)) {
        body::check(&data);
    }
}

/// Without changes each of the three kinds is accepted: a policy that accepts nothing would pass the test above.
#[test]
fn what_we_write_ourselves_is_accepted() {
    for kind in 0..4 {
        assert!(body::check(&[kind]), "kind {kind}");
    }
}

#[test]
fn forged_approvals_and_a_priority_above_the_limit_are_refused() {
    for forged in 1..=6 {
        assert!(!body::check(&[2, forged]), "approvals {forged}");
    }
    // 10,000 micro-lamports for each of 5,000 units are within the limit of 5,000 lamports, 10,001 lamports are not.
    assert!(body::check(&[1, 0x10, 0x27, 0]));
    assert!(!body::check(&[1, 0x11, 0x27, 0]));
}
