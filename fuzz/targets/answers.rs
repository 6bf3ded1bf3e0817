//! Aggregators' HTTP answers.

#![no_main]

#[path = "../bodies/answers.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    body::check(data);
    body::check_damaged(data);
});
