//! Answers of RPC endpoints and DexScreener, and accounts.

#![no_main]

#[path = "../bodies/tokens.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    body::check_answer(data);
    body::check_bytes(data);
});
