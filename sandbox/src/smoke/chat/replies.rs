//! What somebody types where the bot asks for something: first what it cannot use, then what it can.

use anyhow::{Context, Result};
use solana_pubkey::Pubkey;
use time::OffsetDateTime;

use crate::botapi::Shown;
use crate::tokens::FROG;

/// A code that is none of any authenticator.
const WRONG_CODE: &str = "000000";

/// What a text asks for, and what is typed then.
const REPLIES: [(&str, &[&str]); 12] = [
    ("Type the target price", &["10abc", "{price}"]),
    ("Type the target market cap", &["-1", "750k"]),
    ("Type the prices between", &["170 160", "150 160 170"]),
    ("Send me the token's mint", &["frog", FROG]),
    ("Type how long", &["soon", "45m"]),
    ("Choose or type a number", &["1", "3"]),
    ("Type your stake", &["1abc", "0.07"]),
    ("Send me the Solana address", &["nowhere", "{address}"]),
    ("Type an amount in SOL or tap", &["a lot", "0.02"]),
    ("Choose an amount or type one", &["nothing", "7"]),
    ("Tell me in your own words", &["The price never went there."]),
    ("six digits that", &["12", WRONG_CODE]),
];

/// What is typed below a message, one after the other, by somebody with this wallet outside.
pub fn to(shown: &Shown, address: &Pubkey) -> Vec<String> {
    let asked = REPLIES.iter().find(|(asks, _)| shown.text.contains(asks));
    let texts = asked.map(|(_, texts)| *texts).unwrap_or_default();
    let fill =
        |text: &str| text.replace("{price}", &beyond(&shown.text)).replace("{address}", &address.to_string());
    texts.iter().map(|text| fill(text)).collect()
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
