//! `parse_mode=HTML`: the text a user sees and the entities over it.
//!
//! The grammar is Telegram's, which is not HTML's: a `<` always opens a tag, an `&` that starts no
//! known entity stands for itself, and tags must be closed in order
//! (<https://core.telegram.org/bots/api#html-style>). Errors name byte offsets as Telegram does.

use crate::botapi::wire::Entity;

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "tg-emoji",
    "code",
    "pre",
    "blockquote",
    "tg-time",
];

struct Open {
    tag: String,
    /// UTF-16 offset of the content.
    offset: usize,
    /// Byte offset of the content in the text so far.
    start: usize,
    argument: String,
    expandable: bool,
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    text: String,
    utf16: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
}

/// Splits HTML into text and entities (sorted, outer before inner).
///
/// # Errors
/// The part of Telegram's description that follows "can't parse entities: ".
pub(crate) fn parse_html(source: &str) -> Result<(String, Vec<Entity>), String> {
    let mut parser = Parser {
        source,
        at: 0,
        text: String::with_capacity(source.len()),
        utf16: 0,
        open: Vec::new(),
        entities: Vec::new(),
    };
    parser.run()?;
    let Parser { text, mut entities, open, .. } = parser;
    if let Some(open) = open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag));
    }
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Ok((text, entities))
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(next) = self.peek() {
            match next {
                '<' if self.rest().starts_with("</") => self.close_tag()?,
                '<' => self.open_tag()?,
                '&' => {
                    let decoded = self.character_reference();
                    self.push(decoded);
                }
                other => {
                    self.at = self.at.saturating_add(other.len_utf8());
                    self.push(other);
                }
            }
        }
        Ok(())
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, character: char) {
        self.text.push(character);
        self.utf16 = self.utf16.saturating_add(character.len_utf16());
    }

    /// Takes characters as long as they please.
    fn take(&mut self, pleases: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest().chars().take_while(|&c| pleases(c)).collect();
        self.at = self.at.saturating_add(taken.len());
        taken
    }

    fn open_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        self.at = self.at.saturating_add(1);
        let tag = self.take(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        if self.peek().is_none() {
            return Err(unclosed());
        }
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
        }
        let mut argument = String::new();
        let mut expandable = false;
        loop {
            self.take(|c| c.is_ascii_whitespace());
            match self.peek() {
                None => return Err(unclosed()),
                Some('>') => break,
                Some(_) => {}
            }
            let (name, value) = self.attribute(&tag, begin)?;
            match (tag.as_str(), name.as_str()) {
                ("a", "href") | ("tg-emoji", "emoji-id") | ("span", "class") => argument = value,
                ("code", "class") => {
                    argument = value.strip_prefix("language-").unwrap_or_default().to_owned();
                }
                ("blockquote", "expandable") => expandable = true,
                _ => {}
            }
        }
        self.at = self.at.saturating_add(1);
        if tag == "span" && argument != "tg-spoiler" {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        if tag == "tg-emoji" && (argument.is_empty() || argument.parse::<u64>().is_err()) {
            return Err("Invalid custom emoji identifier specified".to_owned());
        }
        let (offset, start) = (self.utf16, self.text.len());
        self.open.push(Open { tag, offset, start, argument, expandable });
        Ok(())
    }

    fn attribute(&mut self, tag: &str, begin: usize) -> Result<(String, String), String> {
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        let name_at = self.at;
        let name = self.take(|c| !c.is_ascii_whitespace() && c != '=' && c != '>' && c != '/');
        if name.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {name_at}"));
        }
        let name = name.to_ascii_lowercase();
        self.take(|c| c.is_ascii_whitespace());
        if self.peek() != Some('=') {
            if tag == "blockquote" && self.peek().is_some() {
                return Ok((name, String::new()));
            }
            return Err(format!(
                "Expected equal sign in declaration of an attribute of the tag \"{tag}\" at byte offset {begin}"
            ));
        }
        self.at = self.at.saturating_add(1);
        self.take(|c| c.is_ascii_whitespace());
        let quote = match self.peek() {
            None => return Err(unclosed()),
            Some(quote @ ('"' | '\'')) => quote,
            Some(_) => {
                let token = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
                let value = self.take(token).to_ascii_lowercase();
                if self.peek().is_some_and(|c| !c.is_ascii_whitespace() && c != '>') {
                    return Err(format!("Unexpected end of name token at byte offset {begin}"));
                }
                return Ok((name, value));
            }
        };
        self.at = self.at.saturating_add(1);
        let mut value = String::new();
        loop {
            match self.peek() {
                None => return Err(unclosed()),
                Some('&') => value.push(self.character_reference()),
                Some(c) => {
                    self.at = self.at.saturating_add(c.len_utf8());
                    if c == quote {
                        return Ok((name, value));
                    }
                    value.push(c);
                }
            }
        }
    }

    fn close_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.at = self.at.saturating_add(2);
        let found = self.take(|c| !c.is_ascii_whitespace() && c != '>').to_ascii_lowercase();
        self.take(|c| c.is_ascii_whitespace());
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.at = self.at.saturating_add(1);
        if !found.is_empty() && found != open.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{found}>\"",
                open.tag
            ));
        }
        self.finish(open);
        Ok(())
    }

    /// Turns a closed tag into an entity, unless there is nothing in it.
    fn finish(&mut self, open: Open) {
        let length = self.utf16.saturating_sub(open.offset);
        if length == 0 {
            return;
        }
        let kind = match open.tag.as_str() {
            "b" | "strong" => "bold",
            "i" | "em" => "italic",
            "u" | "ins" => "underline",
            "s" | "strike" | "del" => "strikethrough",
            "span" | "tg-spoiler" => "spoiler",
            "tg-emoji" => "custom_emoji",
            "code" => "code",
            "pre" => "pre",
            "blockquote" if open.expandable => "expandable_blockquote",
            "blockquote" => "blockquote",
            "a" => "text_link",
            _ => return,
        };
        let mut entity = Entity::new(kind, open.offset, length);
        match kind {
            "text_link" => {
                let content = self.text.get(open.start..).unwrap_or_default();
                let url = if open.argument.is_empty() { content } else { &open.argument };
                // Telegram drops a link it cannot open and keeps the text.
                let Some(url) = link(url) else { return };
                entity.url = Some(url);
            }
            "custom_emoji" => entity.custom_emoji_id = Some(open.argument),
            // `<pre><code class="language-x">` is one block in the language x.
            "pre" => {
                let inner = self.entities.iter().position(|inner| {
                    inner.kind == "code" && inner.offset == open.offset && inner.length == length
                });
                if let Some(inner) = inner.map(|index| self.entities.remove(index)) {
                    entity.language = inner.language;
                }
            }
            "code" if !open.argument.is_empty() => entity.language = Some(open.argument),
            _ => {}
        }
        if kind == "code" && self.open.last().is_none_or(|outer| outer.tag != "pre") {
            entity.language = None;
        }
        self.entities.push(entity);
    }

    /// The character an `&…;` stands for; the semicolon may be missing.
    fn character_reference(&mut self) -> char {
        let rest = self.rest().get(1..).unwrap_or_default();
        let (name_len, decoded) = if let Some(number) = rest.strip_prefix('#') {
            let (digits, radix, prefix) = match number.strip_prefix('x') {
                Some(hex) => (hex, 16, 2),
                None => (number, 10, 1),
            };
            let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
            let value = digits.get(..count).and_then(|d| u32::from_str_radix(d, radix).ok());
            let character = value.and_then(char::from_u32).filter(|&c| c != '\0');
            (prefix + count, character)
        } else {
            let count = rest.chars().take_while(char::is_ascii_alphabetic).count();
            let character = match rest.get(..count).unwrap_or_default() {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                _ => None,
            };
            (count, character)
        };
        self.at = self.at.saturating_add(1);
        let Some(decoded) = decoded else { return '&' };
        self.at = self.at.saturating_add(name_len);
        if self.peek() == Some(';') {
            self.at = self.at.saturating_add(1);
        }
        decoded
    }
}

/// A link with its scheme, or nothing when no client could open it.
pub(crate) fn link(url: &str) -> Option<String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let whole = || format!("{}://{rest}", scheme.to_ascii_lowercase());
    match scheme.to_ascii_lowercase().as_str() {
        "tg" | "ton" if !rest.is_empty() => Some(whole()),
        "http" | "https" => {
            let name = host.rsplit('@').next().unwrap_or_default();
            let name = name.split(':').next().unwrap_or_default();
            let dotted = name.split('.').count() > 1 && name.split('.').all(|l| !l.is_empty());
            (dotted && !url.contains(char::is_whitespace)).then(whole)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(html: &str) -> (String, Vec<(String, usize, usize)>) {
        let (text, entities) = parse_html(html).unwrap();
        (text, entities.into_iter().map(|e| (e.kind, e.offset, e.length)).collect())
    }

    /// Kind, offset, length.
    type Span = (&'static str, usize, usize);

    #[test]
    fn html_becomes_text_and_entities() {
        let table: &[(&str, &str, &[Span])] = &[
            ("plain", "plain", &[]),
            ("<b>bold</b> text", "bold text", &[("bold", 0, 4)]),
            ("<STRONG>b</STRONG>", "b", &[("bold", 0, 1)]),
            ("a <i>b <u>c</u></i>", "a b c", &[("italic", 2, 3), ("underline", 4, 1)]),
            // Outer before inner also when both begin at the same place.
            ("<b><i>x</i>y</b>", "xy", &[("bold", 0, 2), ("italic", 0, 1)]),
            // Offsets count UTF-16 units: the chart emoji takes two, the ü one.
            ("📈ü <code>x</code>", "📈ü x", &[("code", 4, 1)]),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;", "1 < 2 && 3 > 2 \"", &[]),
            ("&#36;&#x1F4C8;", "$📈", &[]),
            // Neither known entities nor tags: they stand for themselves.
            ("AT&T &nbsp; a > b", "AT&T &nbsp; a > b", &[]),
            ("&lt without semicolon", "< without semicolon", &[]),
            ("<s>a</s><del>b</del>", "ab", &[("strikethrough", 0, 1), ("strikethrough", 1, 1)]),
            ("<span class=\"tg-spoiler\">x</span>", "x", &[("spoiler", 0, 1)]),
            ("<tg-spoiler>x</tg-spoiler>", "x", &[("spoiler", 0, 1)]),
            ("<blockquote expandable>q</blockquote>", "q", &[("expandable_blockquote", 0, 1)]),
            ("<blockquote>q</blockquote>", "q", &[("blockquote", 0, 1)]),
            ("<b></b>x", "x", &[]),
            ("<b>x</>", "x", &[("bold", 0, 1)]),
        ];
        for (html, text, entities) in table {
            let wanted: Vec<_> = entities.iter().map(|(k, o, l)| ((*k).to_owned(), *o, *l)).collect();
            assert_eq!(shape(html), ((*text).to_owned(), wanted), "{html}");
        }
    }

    #[test]
    fn arguments_of_tags_are_kept() {
        let (_, link) = parse_html("<a href='https://x.org/?a=1&amp;b=2'>x</a>").unwrap();
        assert_eq!(link[0].url.as_deref(), Some("https://x.org/?a=1&b=2"));
        let (_, bare) = parse_html("<a>example.org</a>").unwrap();
        assert_eq!(bare[0].url.as_deref(), Some("http://example.org"));
        let (text, none) = parse_html("<a href=\"javascript:alert(1)\">x</a>").unwrap();
        assert_eq!((text.as_str(), none.len()), ("x", 0));
        let (_, pre) = parse_html("<pre><code class=\"language-rust\">fn</code></pre>").unwrap();
        assert_eq!((pre.len(), pre[0].language.as_deref()), (1, Some("rust")));
        let (_, emoji) = parse_html("<tg-emoji emoji-id=\"5368\">👍</tg-emoji>").unwrap();
        assert_eq!(emoji[0].custom_emoji_id.as_deref(), Some("5368"));
    }

    #[test]
    fn wrong_html_is_refused_in_telegrams_words() {
        let table = [
            ("a <x>b</x>", "Unsupported start tag \"x\" at byte offset 2"),
            ("1 <", "Unclosed start tag at byte offset 2"),
            ("1 < 2", "Unsupported start tag \"\" at byte offset 2"),
            ("<b>a", "Can't find end tag corresponding to start tag \"b\""),
            ("a</b>", "Unexpected end tag at byte offset 1"),
            ("<b><i>a</b></i>", "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\""),
            ("<b", "Unclosed start tag at byte offset 0"),
            ("<a href=\"x", "Unclosed start tag at byte offset 0"),
            ("<b>x</b", "Unclosed end tag at byte offset 4"),
            ("<span>x</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
            ("<br/>", "Unsupported start tag \"br/\" at byte offset 0"),
        ];
        for (html, error) in table {
            assert_eq!(parse_html(html), Err(error.to_owned()), "{html}");
        }
    }
}
