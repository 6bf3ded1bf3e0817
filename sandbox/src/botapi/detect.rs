//! Entities that Telegram finds by itself in any text: commands, mentions, tags and links.

use crate::botapi::wire::{Entity, utf16_len};

/// Adds the entities found in `text` that do not touch those already there.
///
/// Bare domains are left alone, unlike Telegram does it: only `http(s)://`, `tg://` and `t.me/`
/// links are found.
pub(crate) fn detect(text: &str, entities: &mut Vec<Entity>) {
    let mut found = Vec::new();
    let (mut offset, mut at, mut before) = (0_usize, 0_usize, None);
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (step, units) = match entity_at(rest, before) {
            Some((kind, bytes)) => {
                let piece = rest.get(..bytes).unwrap_or_default();
                let length = utf16_len(piece);
                found.push(Entity::new(kind, offset, length));
                before = piece.chars().next_back();
                (bytes, length)
            }
            None => {
                before = Some(next);
                (next.len_utf8(), next.len_utf16())
            }
        };
        at = at.saturating_add(step);
        offset = offset.saturating_add(units);
    }
    let taken = |new: &Entity| {
        entities.iter().any(|old| {
            let apart = new.end() <= old.offset || new.offset >= old.end();
            let opaque = matches!(old.kind.as_str(), "code" | "pre" | "text_link" | "text_mention");
            !apart && opaque
        })
    };
    let fresh: Vec<_> = found.into_iter().filter(|new| !taken(new)).collect();
    entities.extend(fresh);
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
}

/// The command a text begins with, as `(name, bot it is addressed to)`.
pub(crate) fn leading_command(text: &str) -> Option<(&str, Option<&str>)> {
    let ("bot_command", bytes) = entity_at(text, None)? else { return None };
    let whole = text.get(1..bytes)?;
    Some(match whole.split_once('@') {
        Some((name, bot)) => (name, Some(bot)),
        None => (whole, None),
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Bytes of the longest beginning made of characters that please.
fn span(text: &str, pleases: impl Fn(char) -> bool) -> usize {
    text.chars().take_while(|&c| pleases(c)).map(char::len_utf8).sum()
}

fn entity_at(rest: &str, before: Option<char>) -> Option<(&'static str, usize)> {
    if before.is_some_and(is_word) {
        return None;
    }
    if ["http://", "https://", "tg://", "t.me/"].iter().any(|start| rest.starts_with(start)) {
        let raw = span(rest, |c| !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | '«' | '»'));
        let url = rest.get(..raw)?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
        return url.ends_with(is_word_or_slash).then_some(("url", url.len()));
    }
    let (sign, tail) = (rest.chars().next()?, rest.get(1..)?);
    let after = |bytes: usize| tail.get(bytes..).and_then(|end| end.chars().next());
    match sign {
        '/' if !before.is_some_and(|c| matches!(c, '/' | '<' | '>')) => {
            let name = span(tail, is_name);
            let mut whole = name;
            if let Some(bot) = tail.get(name..).and_then(|end| end.strip_prefix('@')) {
                let length = span(bot, is_name);
                if (3..=32).contains(&length) {
                    whole = name.saturating_add(1).saturating_add(length);
                }
            }
            let closed = !after(whole).is_some_and(|c| is_word(c) || matches!(c, '/' | '<' | '>'));
            ((1..=64).contains(&name) && closed).then_some(("bot_command", whole + 1))
        }
        '@' => {
            let name = span(tail, is_name);
            let closed = !after(name).is_some_and(is_word);
            ((4..=32).contains(&name) && closed).then_some(("mention", name + 1))
        }
        '#' => {
            let name = span(tail, is_word);
            let lettered = tail.get(..name)?.chars().any(|c| !c.is_numeric());
            (name > 0 && lettered).then_some(("hashtag", name + 1))
        }
        '$' => {
            let name = span(tail, |c| c.is_ascii_uppercase());
            let closed = !after(name).is_some_and(is_word);
            ((1..=8).contains(&name) && closed).then_some(("cashtag", name + 1))
        }
        _ => None,
    }
}

fn is_word_or_slash(c: char) -> bool {
    is_word(c) || matches!(c, '/' | '=' | '-' | '%' | '#' | '&' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let mut entities = Vec::new();
        detect(text, &mut entities);
        let units: Vec<u16> = text.encode_utf16().collect();
        let piece = |e: &Entity| String::from_utf16(&units[e.offset..e.end()]).unwrap();
        entities.iter().map(|e| (e.kind.clone(), piece(e))).collect()
    }

    #[test]
    fn commands_mentions_tags_and_links_are_found() {
        let table: &[(&str, &[(&str, &str)])] = &[
            ("/start ref_1", &[("bot_command", "/start")]),
            ("🎲 /bet@rooms_bot now", &[("bot_command", "/bet@rooms_bot")]),
            ("and/or 1/2 a//b", &[]),
            ("/a/b", &[]),
            ("hi @alice_1, @al", &[("mention", "@alice_1")]),
            ("mail@example", &[]),
            ("$SOL at $165", &[("cashtag", "$SOL")]),
            ("#win #1", &[("hashtag", "#win")]),
            (
                "see https://x.org/a?b=1. And (t.me/bot)",
                &[("url", "https://x.org/a?b=1"), ("url", "t.me/bot")],
            ),
        ];
        for (text, wanted) in table {
            let wanted: Vec<_> = wanted.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect();
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    #[test]
    fn code_hides_what_is_in_it() {
        let mut entities = vec![Entity::new("code", 0, 6)];
        detect("/start /help", &mut entities);
        let kinds: Vec<_> = entities.iter().map(|e| (e.kind.as_str(), e.offset)).collect();
        assert_eq!(kinds, [("code", 0), ("bot_command", 7)]);
    }

    #[test]
    fn a_leading_command_knows_its_bot() {
        assert_eq!(leading_command("/bet@x_bot 1"), Some(("bet", Some("x_bot"))));
        assert_eq!(leading_command("/bet 1"), Some(("bet", None)));
        assert_eq!(leading_command("hi /bet"), None);
    }
}
