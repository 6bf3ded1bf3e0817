//! The body of the fuzz target over the book, under proptest.

#[path = "../../../fuzz/bodies/book.rs"]
mod body;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_book_adds_up_whatever_was_bet(data in prop::collection::vec(any::<u8>(), 0..160)) {
        body::check(&data);
    }
}

/// Two against each other are a book, and two stakes that do not fit the ledger are none.
#[test]
fn the_check_makes_books() {
    let head = [0, 1, 10, 10, 32, 0];
    assert!(body::check(&[&head[..], &[0, 3, 7, 0, 0], &[1, 2, 7, 0, 0]].concat()));
    assert!(!body::check(&[&head[..], &[0, 255, 0, 0, 0], &[1, 255, 0, 0, 0]].concat()));
}
