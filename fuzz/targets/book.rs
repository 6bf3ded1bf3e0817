//! Books of rooms with any bets, guards and verdicts.

#![no_main]

#[path = "../bodies/book.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    body::check(data);
});
