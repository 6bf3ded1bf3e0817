//! The proof of liabilities, and when there is one.

use super::{Button, Document, Screen, format, home};
use crate::{callbacks::Callback, locales::Language};
use proto::{Lamports, proof::File};
use time::OffsetDateTime;

/// The caption of the file, and the file.
#[must_use]
pub fn proof(language: Language, file: &File, bytes: Vec<u8>, explorer: Option<String>) -> Screen {
    let lamports = |lamports: u64| Lamports::new(i64::try_from(lamports).unwrap_or(i64::MAX));
    let header = &file.header;
    let taken_at = i64::try_from(header.taken_at).ok();
    let taken_at = taken_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let when = taken_at.map(|at| format::date(language, at)).unwrap_or_default();
    let owed = lamports(file.owed.sum().unwrap_or_default());
    let totals =
        [("liabilities", lamports(header.liabilities).into()), ("chain", lamports(header.chain).into())];
    let mut lines = vec![
        language.say("proof-title"),
        String::new(),
        language.fill("proof-mine", &[("when", when.into()), ("owed", owed.into())]),
        language.fill("proof-all", &totals),
    ];
    if !header.is_covered() {
        lines.push(language.say("proof-short"));
    }
    let transaction = language.fill("transfer-signature", &[("signature", file.signature.as_str().into())]);
    lines.extend([
        String::new(),
        language.fill("proof-anchor", &[("transaction", crate::locales::Word::Html(transaction))]),
        String::new(),
        language.say("proof-check"),
    ]);
    let day = taken_at.map(|at| at.date().to_string()).unwrap_or_default();
    let name = language.plain("proof-file-name", &[("day", day.into())]);
    let link = explorer.map(|url| Button::link(language.plain("button-explorer", &[]), url));
    let screen = Screen { document: Some(Document { name, bytes }), ..Screen::new(lines) };
    screen.row(link).row([Button::go(language, "button-wallet", Callback::Wallet), home(language)]).lasting()
}

/// None yet, and when the next one is due.
#[must_use]
pub fn no_proof(language: Language, next: Option<OffsetDateTime>, now: OffsetDateTime) -> Screen {
    let mut lines = vec![language.say("proof-none")];
    match next {
        Some(next) if next > now => {
            let when = format::relative(language, next, now);
            lines.push(language.fill("proof-next", &[("when", when.into())]));
        }
        Some(_) => lines.push(language.say("proof-now")),
        None => {}
    }
    Screen::new(lines).row([Button::go(language, "button-wallet", Callback::Wallet), home(language)])
}
