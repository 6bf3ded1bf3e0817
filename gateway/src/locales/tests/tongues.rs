//! What a translation owes to English: the same texts with the same values, in its own words and its own plurals.

use super::*;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement, VariantKey};

/// Texts that are the same in every language: names, units, commands to type.
const SAME_EVERYWHERE: &[&str] = &["admin-commands", "privacy-file-name", "proof-file-name"];

/// Texts that happen to be the same words in one other language.
const SAME_WORD: &[(&str, &str)] = &[
    ("es", "button-edit-mint"),
    ("es", "button-edit-rival"),
    ("es", "outcome-no"),
    ("es", "span-hours-minutes"),
    ("es", "span-minutes"),
];

/// Names and units that no language translates.
const NAMES: &[&str] = &["SOL", "USD", "UTC", "ROOMS", "Telegram", "Solana"];

/// The categories in which a language counts whole numbers, and `other` (CLDR 48, plural rules).
const PLURALS: &[(&str, &[&str])] = &[
    ("en", &["one", "other"]),
    ("es", &["one", "many", "other"]),
    ("ru", &["one", "few", "many", "other"]),
    ("zh", &["other"]),
];

fn parsed(sources: &[&str]) -> Vec<FluentResource> {
    sources.iter().map(|source| FluentResource::try_new((*source).to_owned()).unwrap()).collect()
}

fn entries(resources: &[FluentResource]) -> BTreeMap<&str, &Message<&str>> {
    let messages = resources.iter().flat_map(FluentResource::entries).map(|entry| match entry {
        Entry::Message(message) => (message.id.name, message),
        other => panic!("only messages and comments are used here: {other:?}"),
    });
    messages.collect()
}

/// What a pattern is made of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts<'a> {
    variables: BTreeSet<&'a str>,
    /// Words as they stand, without what is filled in.
    words: String,
    /// The keys of each selection.
    selections: Vec<Vec<&'a str>>,
}

impl<'a> Parts<'a> {
    fn of(message: &'a Message<&'a str>) -> Self {
        let mut parts = Self::default();
        parts.read(message.value.as_ref().unwrap());
        parts
    }

    fn read(&mut self, pattern: &'a Pattern<&'a str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.words.push_str(value),
                PatternElement::Placeable { expression: Expression::Inline(inline) } => self.inline(inline),
                PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                    self.inline(selector);
                    let keys = variants.iter().map(|variant| match &variant.key {
                        VariantKey::Identifier { name } => *name,
                        VariantKey::NumberLiteral { value } => *value,
                    });
                    self.selections.push(keys.collect());
                    variants.iter().for_each(|variant| self.read(&variant.value));
                }
            }
        }
    }

    fn inline(&mut self, inline: &'a InlineExpression<&'a str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.variables.insert(id.name);
            }
            InlineExpression::StringLiteral { value } => self.words.push_str(value),
            other => panic!("not used here: {other:?}"),
        }
    }

    /// Letters that are words: without tags and without names of things.
    fn says_something(&self) -> bool {
        let mut words = String::new();
        let mut tag = false;
        for letter in self.words.chars() {
            match letter {
                '<' => tag = true,
                '>' => tag = false,
                _ if !tag => words.push(letter),
                _ => {}
            }
        }
        let mut words: Vec<_> = words.split(|letter: char| !letter.is_alphabetic()).collect();
        words.retain(|word| word.chars().count() > 1 && !NAMES.contains(word));
        !words.is_empty()
    }
}

/// Every pair of an English text and its translation.
fn compare(mut look: impl FnMut(&str, &str, &Parts, Option<&Parts>)) {
    let english = parsed(SOURCES[0].1);
    let english = entries(&english);
    for (code, sources) in &SOURCES[1..] {
        let translated = parsed(sources);
        let translated = entries(&translated);
        for (key, message) in &english {
            let theirs = translated.get(key).map(|message| Parts::of(message));
            look(code, key, &Parts::of(message), theirs.as_ref());
        }
    }
}

#[test]
fn there_are_four_languages() {
    assert_eq!(SOURCES.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["en", "es", "ru", "zh"]);
}

#[test]
fn no_language_lacks_a_text() {
    let mut missing = Vec::new();
    compare(|code, key, _, theirs| {
        if theirs.is_none() {
            missing.push(format!("{code}: {key}"));
        }
    });
    assert!(missing.is_empty(), "not translated yet:\n{}", missing.join("\n"));
}

#[test]
fn a_translation_fills_in_the_same_values() {
    compare(|code, key, english, theirs| {
        let theirs = theirs.map_or(&english.variables, |theirs| &theirs.variables);
        assert_eq!(theirs, &english.variables, "{code}: {key}");
    });
}

#[test]
fn a_translation_is_not_the_english_text() {
    compare(|code, key, english, theirs| {
        let same = theirs.is_some_and(|theirs| theirs.words == english.words) && english.says_something();
        let known = SAME_EVERYWHERE.contains(&key) || SAME_WORD.contains(&(code, key));
        assert!(!same || known, "{code}: {key} is still English: {}", english.words);
        assert!(same || !known, "{code}: {key} is translated and needs no exception any more");
    });
}

/// The Russian and the Chinese of a text have letters of their own, so a forgotten English word in them stands out.
#[test]
fn a_translation_has_no_english_words_left() {
    compare(|code, key, _, theirs| {
        let Some(theirs) = theirs.filter(|_| code != "es" && !SAME_EVERYWHERE.contains(&key)) else { return };
        let words = theirs.words.to_lowercase();
        for word in ["the", "your", "bet", "stake", "is", "of", "and", "not"] {
            let found = words.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
            assert!(!found, "{code}: {key} says {word:?}");
        }
    });
}

#[test]
fn plurals_are_categories_of_the_language() {
    for (code, sources) in SOURCES {
        let (_, own) = PLURALS.iter().find(|(of, _)| of == code).unwrap();
        let any: BTreeSet<_> = ["zero", "one", "two", "few", "many", "other"].into();
        let resources = parsed(sources);
        for (key, message) in entries(&resources) {
            for keys in Parts::of(message).selections {
                let used: Vec<_> = keys.iter().filter(|key| any.contains(**key)).collect();
                assert!(used.iter().all(|key| own.contains(key)), "{code}: {key} counts in {used:?}");
                // In Russian one and few are never enough: five is neither.
                let counts = used.iter().any(|key| **key == "one");
                assert!(*code != "ru" || !counts || keys.contains(&"many"), "{code}: {key} lacks many");
            }
        }
    }
}

#[test]
fn tags_are_closed_in_every_language() {
    for (code, sources) in SOURCES {
        for (key, text) in messages(sources) {
            for tag in ["b", "i", "code", "blockquote"] {
                let count = |mark: &str| text.matches(mark).count();
                assert_eq!(count(&format!("<{tag}>")), count(&format!("</{tag}>")), "{code}: {key} <{tag}>");
            }
        }
    }
}

/// The limit of Telegram for the answer to a press.
#[test]
fn toasts_are_short() {
    for (code, sources) in SOURCES {
        for (key, text) in messages(sources).iter().filter(|(key, _)| key.starts_with("toast-")) {
            assert!(text.chars().count() <= 200, "{code}: {key}");
        }
    }
}
