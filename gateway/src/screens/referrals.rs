//! Own link, what came of it, and links to rooms.

use super::{Action, Button, Screen, home, question};
use crate::{callbacks::Callback, domain::RoomView, locales::Language};
use proto::{Lamports, settlement::GetReferralsResponse};

/// Own link, and how many came by it. Without a link it is being made.
#[must_use]
pub fn referrals(
    language: Language,
    found: &GetReferralsResponse,
    link: Option<String>,
    percents: &[String; 3],
) -> Screen {
    let [first, second, third] = percents.each_ref().map(|percent| percent.as_str().into());
    let how = language.fill("referrals-how", &[("first", first), ("second", second), ("third", third)]);
    let mut lines = vec![language.say("referrals-title"), String::new(), how, String::new()];
    match &link {
        Some(link) => {
            lines.push(language.say("referrals-link"));
            lines.push(language.fill("address", &[("address", link.as_str().into())]));
        }
        None => lines.push(language.say("referrals-link-none")),
    }
    lines.push(String::new());
    let earned = Lamports::checked_sum(found.levels.iter().map(|level| Lamports::new(level.earned_lamports)));
    for (level, sums) in (1_u32..).zip(&found.levels) {
        let values = [
            ("level", level.into()),
            ("accounts", sums.accounts.into()),
            ("earned", Lamports::new(sums.earned_lamports).into()),
        ];
        lines.push(language.fill("referrals-level", &values));
    }
    if let Ok(earned) = earned {
        lines.push(language.fill("referrals-earned", &[("earned", earned.into())]));
    }
    if found.referred {
        lines.push(language.say("referrals-referred"));
    }
    let share = link.map(|link| sharing(language, &link, &language.plain("share-text", &[])));
    let refresh = Button::go(language, "button-refresh", Callback::Referrals);
    share.into_iter().fold(Screen::new(lines), Screen::row).row([refresh, home(language)])
}

/// A link to a room, to be sent to somebody.
#[must_use]
pub fn share_room(language: Language, room: &RoomView, link: Option<String>) -> Screen {
    let asked = question::dated_question(language, room);
    let mut lines = vec![
        language.fill("share-title", &[("number", room.number.to_string().into())]),
        language.fill("notice-question", &[("question", asked.as_str().into())]),
        String::new(),
    ];
    lines.push(match &link {
        Some(link) => language.fill("address", &[("address", link.as_str().into())]),
        None => language.say("referrals-link-none"),
    });
    let share = link.map(|link| sharing(language, &link, &asked));
    share
        .into_iter()
        .fold(Screen::new(lines), Screen::row)
        .row([Button::go(language, "button-back", Callback::Room { room: room.id }), home(language)])
}

/// Sends it to a chat, or copies it.
fn sharing(language: Language, link: &str, text: &str) -> [Button; 2] {
    let url = format!("https://t.me/share/url?url={}&text={}", encoded(link), encoded(text));
    let copy = Action::Copy(link.to_owned());
    [
        Button::link(language.plain("button-share-send", &[]), url),
        Button { label: language.plain("button-share-copy", &[]), action: copy },
    ]
}

/// Percent encoding of what is not unreserved: RFC 3986, sections 2.1 and 2.3.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_link_within_a_link_is_encoded() {
        assert_eq!(super::encoded("https://t.me/b?start=a_B-1"), "https%3A%2F%2Ft.me%2Fb%3Fstart%3Da_B-1");
        assert_eq!(super::encoded("≥ $1&2"), "%E2%89%A5%20%241%262");
    }
}
