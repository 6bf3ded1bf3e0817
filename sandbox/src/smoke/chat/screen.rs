//! What a message is to somebody who looks at it: which screen, and which buttons.

use std::collections::BTreeSet;

use gateway::callbacks::Press;
use gateway::locales::Language;

use super::replies;
use crate::botapi::Shown;
use crate::smoke::tale::timeless;

/// Telegram's limit for texts and for captions, in UTF-16 units.
const LONGEST: [usize; 2] = [4_096, 1_024];

/// How lines begin that are about one thing among others, or about the moment: of a list, of a room, of the limits that somebody
/// has, what was just done, how old it is, what is set.
const ENTRIES: [&str; 31] = [
    "#",
    "0",
    "+0",
    "−0",
    "-0",
    "Will ",
    "Where will",
    "Which gains",
    "🟢",
    "🔒",
    "⏳",
    "🏁",
    "↩",
    "Deposits in",
    "Stakes in",
    "Losses in",
    "◆",
    "👛",
    "🐋",
    "🔔",
    "🎲",
    "✅",
    "❌",
    "🟰",
    "Known at",
    "✓",
    "⏱",
    "🌙",
    "📮",
    "Chart since",
    "roomsctl ",
];

/// A button that comes back to the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As it is read.
    pub label: String,
    /// What comes back.
    pub data: String,
    /// What the gateway makes of it; nothing if it makes nothing of it.
    pub press: Option<Press>,
}

impl Key {
    /// The name of its callback.
    pub fn name(&self) -> &'static str {
        self.press.map_or("unreadable", |press| press.callback.name())
    }

    /// Whether what it does depends on a dialogue.
    pub fn continues(&self) -> bool {
        let name = self.name();
        ["Create", "Withdraw", "Confirm"].iter().any(|dialogue| name.starts_with(dialogue))
            && name != "CreateCancel"
    }
}

/// The buttons of a message that come back to the bot, in their order.
pub fn keys(shown: &Shown) -> Vec<Key> {
    let buttons =
        shown.message.reply_markup.iter().flat_map(|markup| markup.inline_keyboard.iter().flatten());
    let key = |button: &crate::botapi::Button| {
        let data = button.callback_data.clone()?;
        Some(Key { label: button.text.clone(), press: Press::decode(&data).ok(), data })
    };
    buttons.filter_map(key).collect()
}

/// Addresses behind the buttons that open something.
pub fn links(shown: &Shown) -> Vec<String> {
    let buttons =
        shown.message.reply_markup.iter().flat_map(|markup| markup.inline_keyboard.iter().flatten());
    buttons.filter_map(|button| button.url.clone()).collect()
}

/// Two messages with the same name are the same screen: the same words but for numbers, names of assets and times, and the same
/// kinds of buttons. Lists are the same however long they are.
pub fn name_of(shown: &Shown) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in own_lines(shown) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    format!("{} [{}]", lines.join(" | "), kinds_of_keys(shown))
}

/// What a screen is for, whatever it says at the moment: what it asks for or how its title begins, and its kinds of buttons.
/// There are far fewer of them than names, which have the words of others in them, as markets and wallets are called. Within
/// the wizard, and before what is confirmed, it matters what was chosen so far.
pub fn kind_of(shown: &Shown) -> String {
    if keys(shown).iter().any(|key| matches!(key.name(), "CreateCancel" | "Confirm")) {
        return name_of(shown);
    }
    let title = || own_lines(shown).next().unwrap_or_default();
    let what = replies::asked(shown).map_or_else(title, str::to_owned);
    let what = what.split(" · ").next().unwrap_or_default();
    format!("{what} [{}]", kinds_of_keys(shown))
}

/// Its lines without data.
fn own_lines(shown: &Shown) -> impl Iterator<Item = String> {
    let own = shown.text.lines().filter(|line| !is_entry(line));
    own.map(|line| words(&timeless(line, &[]))).filter(|line| !line.is_empty() && !is_entry(line))
}

fn kinds_of_keys(shown: &Shown) -> String {
    let names: BTreeSet<&str> = keys(shown).iter().map(Key::name).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// A line without what another room, person or moment would have there.
pub fn words(line: &str) -> String {
    let word = |word: &str| -> String {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        match bare {
            "BTC" | "ETH" | "SOL" => word.replace(bare, "SOL"),
            "UP" | "DOWN" | "NO" | "YES" => word.replace(bare, "YES"),
            _ if word.chars().any(|c| c.is_ascii_digit()) => "0".to_owned(),
            _ => word.to_owned(),
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a line is about one thing of a list, or asks what a room asks.
fn is_entry(line: &str) -> bool {
    // A price per share is one of a market.
    ENTRIES.iter().any(|beginning| line.starts_with(beginning)) || line.contains('¢')
}

/// Whether the bot has not said its word yet: nothing to press, and something is under way.
pub fn is_under_way(shown: &Shown) -> bool {
    shown.buttons.is_empty() && (shown.text.ends_with('…') || shown.text.starts_with("Still working"))
}

/// Whether it says, in any language, that something of ours did not work.
pub fn is_fault(shown: &Shown) -> bool {
    let mut faults = Language::all().map(|language| gateway::screens::fault(language, "").text);
    let first = shown.text.lines().next().unwrap_or_default();
    !first.is_empty() && faults.any(|fault| fault.lines().next() == Some(first))
}

/// What no message may be.
pub fn flaw(shown: &Shown) -> Option<String> {
    let longest = if shown.message.text.is_some() { LONGEST[0] } else { LONGEST[1] };
    let length = shown.text.encode_utf16().count();
    (length > longest).then(|| format!("a text of {length} of at most {longest} units"))
}

/// A way on for who is stuck: commands in a text can be tapped.
pub fn has_command(shown: &Shown) -> bool {
    shown.text.split_whitespace().any(|word| word.starts_with("/start"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::botapi::{Button, Chat, Keyboard, Message, User};

    fn shown(text: &str, data: &[&str]) -> Shown {
        let user = User {
            id: 1,
            is_bot: true,
            first_name: "ROOMS".into(),
            last_name: None,
            username: None,
            language_code: None,
        };
        let button = |data: &&str| Button {
            text: "go".into(),
            callback_data: Some((*data).to_owned()),
            ..Button::default()
        };
        let keyboard = Keyboard { inline_keyboard: vec![data.iter().map(button).collect()] };
        let message: Message = serde_json::from_value(serde_json::json!({
            "message_id": 1, "from": user, "date": 0, "text": text, "reply_markup": keyboard,
            "chat": Chat { id: 1, kind: "private".into(), title: None, first_name: None, last_name: None, username: None },
        }))
        .unwrap();
        Shown {
            seq: 1,
            chat_id: 1,
            message_id: 1,
            text: text.to_owned(),
            buttons: vec![data.iter().map(|_| "go".to_owned()).collect()],
            from_bot: true,
            edited: false,
            deleted: false,
            silent: false,
            message,
        }
    }

    #[test]
    fn a_screen_is_its_words_and_its_kinds_of_buttons() {
        let desk = shown("Your desk\n\nBalance 2 SOL · ≈ $330.20\n1 live bet", &["2w", "2h"]);
        let richer = shown("Your desk\n\nBalance 17.5 SOL · ≈ $2,330\n1 live bet", &["2w", "2h"]);
        assert_eq!(name_of(&desk), name_of(&richer));
        assert_ne!(name_of(&desk), name_of(&shown("Your desk\n\nBalance unavailable", &["2w", "2h"])));
        assert_ne!(name_of(&desk), name_of(&shown(&desk.text, &["2w", "2hp"])));
    }

    #[test]
    fn a_list_is_the_same_however_long_it_is() {
        let short =
            shown("Live rooms\n#1 Will SOL rise to $165 before 18:00 UTC?\nPage 1 of 2", &["2rs.l.0", "2h"]);
        let long = shown(
            "Live rooms\n#7 Will BTC fall to $9 before 18:00 UTC?\n#8 Where will ETH be at 19:00 UTC?\nPage 2 of 2",
            &["2rs.l.0", "2rs.l.1", "2h"],
        );
        assert_eq!(name_of(&short), name_of(&long));
    }

    #[test]
    fn what_others_call_things_does_not_make_another_kind_of_screen() {
        let market = |text: &str| shown(text, &["2m.0", "2h"]);
        let one =
            market("◆ Will the price of Bitcoin be above $9?\nends in 8 d\n\nYes 62¢ · bid 61¢\nNo 38¢");
        let other =
            market("◆ Wanderers vs. Rovers\nends in 3 h\n\nWanderers 40¢\nRovers 60¢\n⏱ As of 9 s ago");
        assert_eq!(name_of(&one), name_of(&other));
        let ask = |name: &str| {
            let asks =
                format!("What shall {name} be called? At most 40 characters; send a dash (-) for no name.");
            shown(&asks, &["2k", "2h"])
        };
        assert_eq!(kind_of(&ask("Big fish")), kind_of(&ask("0x6a72…33ee")));
        assert_ne!(kind_of(&ask("Big fish")), kind_of(&shown("Big fish", &["2k", "2h"])));
        let history = |name: &str| shown(&format!("History · {name}\nNothing of this kind."), &["2k", "2h"]);
        assert_eq!(kind_of(&history("Big fish")), kind_of(&history("Small fish")));
        let asset = |kind: &str| shown(&format!("New room\n{kind}\n\nWhich price?"), &["2cra.s", "2crx"]);
        assert_ne!(kind_of(&asset("Touch")), kind_of(&asset("Head to head")));
    }

    #[test]
    fn what_is_too_long_or_unreadable_is_seen() {
        assert!(flaw(&shown(&"🟢".repeat(2_049), &[])).is_some());
        assert!(flaw(&shown(&"x".repeat(4_096), &[])).is_none());
        let keys = keys(&shown("", &["1h", "2h"]));
        assert_eq!(keys.iter().map(Key::name).collect::<Vec<_>>(), ["unreadable", "Home"]);
    }
}
