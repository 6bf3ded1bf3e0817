//! The words: Fluent bundles, one per language.
//!
//! `locales/<language>/*.ftl` holds every text a user sees; `build.rs` lists the files. A new language is a folder, a new
//! topic is a file; what a language does not translate falls back to English.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::OnceLock;
use unic_langid::LanguageIdentifier;

/// Language code and its sources. The first is English, which stands in for the others.
const SOURCES: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/locales.rs"));

type Bundle = FluentBundle<FluentResource>;

/// Each is read when somebody speaks it: together they are a fifth of an idle gateway's memory.
static BUNDLES: [OnceLock<Bundle>; SOURCES.len()] = [const { OnceLock::new() }; SOURCES.len()];

fn bundle((code, sources): &(&str, &[&str])) -> Bundle {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // Telegram shows the isolation marks of Fluent as boxes on some phones.
    bundle.set_use_isolating(false);
    for source in *sources {
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(code, ?errors, "a text does not parse");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(code, ?errors, "a text is defined twice");
        }
    }
    bundle
}

/// A language with texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(usize);

impl Language {
    /// The one that is always complete.
    pub const ENGLISH: Self = Self(0);

    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SOURCES.len()).map(Self)
    }

    /// The language for a tag such as `pt-br`; English when there are no texts for it.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        SOURCES.iter().position(|(code, _)| *code == primary).map_or(Self::ENGLISH, Self)
    }

    /// Its code, `en`.
    #[must_use]
    pub fn code(self) -> &'static str {
        SOURCES.get(self.0).map_or("en", |(code, _)| code)
    }

    /// A text without values.
    #[must_use]
    pub fn say(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// A text with values; what is not marked [`Word::Html`] is escaped.
    #[must_use]
    pub fn fill(self, key: &str, values: &[(&str, Word)]) -> String {
        self.format(key, values, true)
    }

    /// A plain text (button, toast, command) with values, nothing escaped.
    #[must_use]
    pub fn plain(self, key: &str, values: &[(&str, Word)]) -> String {
        self.format(key, values, false)
    }

    /// Whether there is such a text.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        self.bundles().any(|bundle| bundle.has_message(key))
    }

    /// Texts without values, of a language that nobody may ever speak: the files with them are read and forgotten.
    #[must_use]
    pub fn in_passing(self, keys: &[String]) -> Vec<String> {
        let with_keys = |it: &Self| {
            let (code, sources) = SOURCES.get(it.0)?;
            let mut sources = sources.to_vec();
            sources.retain(|source| keys.iter().any(|key| source.contains(key.as_str())));
            Some(bundle(&(code, &sources)))
        };
        let bundles: Vec<_> = [self, Self::ENGLISH].iter().filter_map(with_keys).collect();
        keys.iter().map(|key| format(bundles.iter(), key, &FluentArgs::new())).collect()
    }

    fn bundles(self) -> impl Iterator<Item = &'static Bundle> {
        [self, Self::ENGLISH]
            .into_iter()
            .filter_map(|it| BUNDLES.get(it.0).zip(SOURCES.get(it.0)))
            .map(|(kept, source)| kept.get_or_init(|| bundle(source)))
    }

    fn format(self, key: &str, values: &[(&str, Word)], html: bool) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.fluent(html));
        }
        format(self.bundles(), key, &args)
    }
}

/// A text of the first bundle that has it.
fn format<'b>(mut bundles: impl Iterator<Item = &'b Bundle>, key: &str, args: &FluentArgs) -> String {
    let found = bundles
        .find_map(|bundle| Some((bundle, bundle.get_message(key).and_then(|message| message.value())?)));
    let Some((bundle, pattern)) = found else {
        tracing::error!(key, "a text is missing");
        return key.to_owned();
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
    if !errors.is_empty() {
        tracing::error!(key, ?errors, "a text lacks a value");
    }
    text
}

/// A value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Anything that may come from outside: escaped in HTML.
    Text(String),
    /// Made by another text: taken as it is.
    Html(String),
    /// A number that may choose a plural.
    Number(i64),
}

impl Word {
    fn fluent(&self, html: bool) -> FluentValue<'_> {
        match self {
            Self::Text(text) if html => escape(text).into(),
            Self::Text(text) | Self::Html(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
        }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<proto::Lamports> for Word {
    fn from(amount: proto::Lamports) -> Self {
        Self::Text(amount.to_string())
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl From<$number> for Word {
            fn from(number: $number) -> Self {
                i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::Number)
            }
        }
    )+};
}

numbers!(i64, u32, u64, usize);

/// Escapes what Telegram's HTML gives a meaning.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
