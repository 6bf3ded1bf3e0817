//! What somebody types where the bot asks for something: first what it cannot use, then what it can.

use anyhow::{Context, Result};
use solana_pubkey::Pubkey;
use time::OffsetDateTime;

use crate::botapi::Shown;
use crate::tokens::FROG;

/// A wallet that somebody may follow, and one that nobody does.
pub const WHALE: &str = "0x6a72f61820b26b1fe4d956e17b6dc2a1ea3033ee";
pub const STRANGER: &str = "0x00000000000000000000000000000000000000ff";

/// A code that is none of any authenticator.
const WRONG_CODE: &str = "000000";

/// Longer than what may stand below a question.
const TOO_LONG: &str =
    "Eighty characters are enough for a reason, and these are a few more than eighty, as anybody can count.";

/// What a text asks for, and what is typed then.
static REPLIES: [(&str, &[&str]); 23] = [
    ("Type the target price", &["10abc", "{price}"]),
    ("Type the target market cap", &["-1", "750k"]),
    ("Type the prices between", &["170 160", "150 160 170"]),
    ("Send me the token's mint", &["frog", FROG]),
    ("Type how long", &["soon", "45m"]),
    ("Choose or type a number", &["1", "3"]),
    ("want to add below the question", &[TOO_LONG, "Before supper <b>&"]),
    ("Type your stake", &["1abc", "0.07"]),
    ("Send me the Solana address", &["nowhere", "{address}"]),
    ("Type an amount in SOL or tap", &["a lot", "0.02"]),
    ("Choose an amount or type one", &["nothing", "7"]),
    ("Tell me in your own words", &["The price never went there."]),
    ("six digits that", &["12", WRONG_CODE]),
    ("Send me the wallet's address", &["nobody", "{whale} Big fish"]),
    ("be called? At most 40", &["A name that has a few more letters than forty", "Small fish"]),
    ("a few words of the question", &["will"]),
    ("At which price shall I tell you", &["150", "55¢"]),
    ("tell you what a wallet does that you follow? Choose or type one in dollars", &["nothing", "750"]),
    ("tell you what a wallet does that you follow? Choose or type one in percent", &["200", "3"]),
    ("tell you about trades of anybody?", &["-1", "75k"]),
    ("Choose the hours, or type them", &["at night", "22:00-07:00 Europe/Madrid"]),
    ("Choose a time, or type one", &["noon", "18:30"]),
    ("Send me an https address", &["http://example.org", "https://example.org/hook"]),
];

/// What is typed below a message, one after the other, by somebody with this wallet outside.
pub fn to(shown: &Shown, address: &Pubkey) -> Vec<String> {
    let texts = reply(shown).map(|(_, texts)| *texts).unwrap_or_default();
    let fill = |text: &str| {
        let text = text.replace("{price}", &beyond(&shown.text)).replace("{address}", &address.to_string());
        text.replace("{whale}", WHALE)
    };
    texts.iter().map(|text| fill(text)).collect()
}

/// What a message asks somebody to type, if it does.
pub fn asked(shown: &Shown) -> Option<&'static str> {
    reply(shown).map(|(asks, _)| *asks)
}

fn reply(shown: &Shown) -> Option<&'static (&'static str, &'static [&'static str])> {
    REPLIES.iter().find(|(asks, _)| shown.text.contains(asks))
}

/// Five percent above the price that a text tells; something high where it tells none.
fn beyond(text: &str) -> String {
    let price = text.split_once(" now $").and_then(|(_, rest)| rest.split([' ', '\n']).next());
    let price = price.and_then(|price| price.replace(',', "").parse::<rust_decimal::Decimal>().ok());
    let beyond = price.map(|price| (price * rust_decimal::Decimal::new(105, 2)).round_dp(2).normalize());
    beyond.map_or_else(|| "999999".to_owned(), |beyond| beyond.to_string())
}

/// The code that an authenticator shows so many steps of half a minute from now.
///
/// # Errors
/// It is no secret.
#[expect(clippy::disallowed_methods, reason = "an authenticator app has the machine's clock")]
pub fn code(secret: &[u8], steps: i64) -> Result<String> {
    let at = OffsetDateTime::now_utc() + time::Duration::seconds(30 * steps);
    wallet_svc::domain::totp::code_at(secret, at).context("no code")
}
