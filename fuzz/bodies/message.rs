//! What holds of every text that somebody types.

use gateway::{
    arrival::{Arrival, Content},
    domain,
    locales::Language,
    router::Command,
};
use proto::Lamports;
use rust_decimal::Decimal;
use serde_json::json;

/// Reads a text as everything that a dialogue may ask for. Returns whether it is something of that.
pub fn check(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    arrives_as_it_was_sent(&text);
    is_shown_as_text(&text);
    let read = [target(&text), bounds(&text), horizon(&text), address(&text), stake(&text), command(&text)];
    read.contains(&true)
}

/// A price is positive and reads the same when it is shown.
fn target(text: &str) -> bool {
    let Some(price) = domain::target(text) else { return false };
    assert!(price > Decimal::ZERO);
    let shown = price.to_string();
    assert!(shown.len() > 20 || domain::target(&shown) == Some(price), "{text} is shown as {shown}");
    true
}

fn bounds(text: &str) -> bool {
    let Some(bounds) = domain::bounds(text) else { return false };
    assert!((1..=7).contains(&bounds.len()) && bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
    true
}

fn horizon(text: &str) -> bool {
    domain::horizon(text).is_some_and(|seconds| {
        assert!(seconds > 0);
        assert_eq!(domain::horizon(&format!("{seconds}s")), Some(seconds));
        true
    })
}

fn address(text: &str) -> bool {
    domain::solana_address(text).is_some_and(|address| {
        assert_eq!(domain::solana_address(&address).as_ref(), Some(&address));
        assert!((32..=44).contains(&address.len()) && address.is_ascii());
        true
    })
}

fn stake(text: &str) -> bool {
    Lamports::parse_sol(text).is_ok_and(|stake| {
        assert_eq!(Lamports::parse_sol(&stake.to_string()), Ok(stake));
        true
    })
}

fn command(text: &str) -> bool {
    let command = Command::of(text);
    assert_eq!(command.is_some(), text.starts_with('/'));
    command.is_some_and(|command| command != Command::Unknown)
}

/// Whatever somebody writes, others read it as text and never as markup.
fn is_shown_as_text(text: &str) {
    let shown = Language::ENGLISH.fill("card-subtitle", &[("subtitle", text.into())]);
    let inner = shown.strip_prefix("<i>").and_then(|rest| rest.strip_suffix("</i>"));
    let inner = inner.expect("the look of a subtitle");
    assert!(!inner.contains(['<', '>']), "{shown}");
    let read = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    assert_eq!(read, text);
}

fn arrives_as_it_was_sent(text: &str) {
    let user = json!({"id": 7, "is_bot": false, "first_name": "A"});
    let chat = json!({"id": 7, "type": "private", "first_name": "A"});
    let message = json!({"message_id": 3, "date": 1, "chat": chat, "from": user, "text": text});
    let update = json!({"update_id": 1, "message": message}).to_string();
    let update = serde_json::from_str(&update).expect("an update");
    let arrival = Arrival::of(&update).expect("somebody wrote");
    assert_eq!((arrival.content, arrival.private), (Content::Text(text.to_owned()), true));
}
