//! The body of the fuzz target over aggregators' answers, under proptest.

#[path = "../../../fuzz/bodies/answers.rs"]
mod body;

use proptest::{collection::vec, prelude::*};

#[test]
fn every_shape_is_an_answer_of_its_aggregator_and_of_nobody_else() {
    for (owner, text) in body::SHAPES {
        body::check(text.as_bytes());
        assert!(!owner.format().read(text.as_bytes()).unwrap().is_empty());
    }
    // Nothing is written over anything: the shapes themselves.
    for which in 0..3 {
        body::check_damaged(&[which, 0, 0, 0]);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(data in vec(any::<u8>(), 0..200)) {
        body::check(&data);
    }

    #[test]
    fn damaged_answers_are_read_or_refused(which: u8, at: u16, count: u8, text in "[-0-9a-zA-Z\"{}:,.]{0,16}") {
        let [high, low] = at.to_be_bytes();
        let data: Vec<u8> = [which, high, low, count].into_iter().chain(text.bytes()).collect();
        body::check_damaged(&data);
    }
}
