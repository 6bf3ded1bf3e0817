mod tongues;

use super::*;
use fluent_bundle::FluentResource;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every `key = …` of one language with its text as written.
fn messages(sources: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in sources {
        let mut key = None;
        for line in source.lines() {
            let starts = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let (true, Some((name, text))) = (starts, line.split_once(" =")) {
                key = Some(name.to_owned());
                assert!(found.insert(name.to_owned(), text.to_owned()).is_none(), "{name} stands twice");
            } else if let (true, Some(key)) = (line.starts_with(' '), &key) {
                let text: &mut String = found.get_mut(key).unwrap();
                text.push('\n');
                text.push_str(line);
            }
        }
    }
    found
}

fn rust_files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// What stands between quotes and looks like a key.
fn quoted(source: &str) -> BTreeSet<String> {
    let key = |text: &&str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    source.split('"').filter(key).map(str::to_owned).collect()
}

#[test]
fn every_text_parses_in_every_language() {
    for (code, sources) in SOURCES {
        for source in *sources {
            if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
                panic!("{code}: {errors:?}");
            }
        }
    }
}

/// A text nobody uses is dead, a key nobody wrote shows as its name.
#[test]
fn texts_and_code_agree() {
    let written: BTreeSet<String> = messages(SOURCES[0].1).into_keys().collect();
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let used: BTreeSet<String> = files.iter().flat_map(|file| quoted(file)).collect();
    let by_name = ["refusal-", "command-", "group-command-"];
    let unsaid = |key: &&String| !by_name.iter().any(|start| key.starts_with(start)) && !used.contains(*key);
    let dead: Vec<_> = written.iter().filter(unsaid).collect();
    assert!(dead.is_empty(), "nobody says {dead:?}");
    for file in &files {
        for call in [".say(\"", ".fill(\"", ".plain(\"", "label(\""] {
            for part in file.split(call).skip(1) {
                let key = part.split('"').next().unwrap();
                assert!(written.contains(key), "{key} is said and not written");
            }
        }
    }
}

#[test]
fn buttons_toasts_and_commands_carry_no_html() {
    for (_, sources) in SOURCES {
        for (key, text) in messages(sources) {
            let plain = ["button-", "toast-", "command-"].iter().any(|start| key.starts_with(start));
            assert!(!plain || !text.contains('<'), "{key}");
        }
    }
}

#[test]
fn other_languages_write_nothing_that_english_lacks() {
    let english = messages(SOURCES[0].1);
    for (code, sources) in &SOURCES[1..] {
        for key in messages(sources).keys() {
            assert!(english.contains_key(key), "{code}: {key}");
        }
    }
}

/// The contract of refusals is the comment above each code: `// params: a, b`.
#[test]
fn every_refusal_has_a_text_with_documented_numbers() {
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/rooms/common/v1/common.proto");
    let contract = std::fs::read_to_string(contract).unwrap();
    let english = messages(SOURCES[0].1);
    let (mut params, mut seen) = (BTreeSet::new(), 0);
    for line in contract.lines().map(str::trim) {
        if let Some((_, list)) = line.split_once("params: ") {
            params = list.split(", ").map(str::to_owned).collect();
        }
        let Some((name, _)) = line.strip_prefix("REFUSAL_CODE_").and_then(|rest| rest.split_once(" = "))
        else {
            continue;
        };
        let key = format!("refusal-{}", name.to_ascii_lowercase().replace('_', "-"));
        let text = english.get(&key).unwrap_or_else(|| panic!("{key} has no text"));
        for part in text.split("{ $").skip(1) {
            let param = part.split([' ', '}']).next().unwrap();
            assert!(params.contains(param), "{key} names {param}, the contract has {params:?}");
        }
        params.clear();
        seen += 1;
    }
    assert!(seen > 30, "{seen} codes");
}

#[test]
fn what_comes_from_outside_is_escaped() {
    let text = Language::ENGLISH.fill("card-subtitle", &[("subtitle", "<b>&\"x\"".into())]);
    assert_eq!(text, "<i>&lt;b&gt;&amp;&quot;x&quot;</i>");
    assert_eq!(Language::ENGLISH.plain("button-asset", &[("asset", "<&>".into())]), "<&>");
}

#[test]
fn languages_come_from_tags() {
    for (tag, code) in [
        ("en-GB", "en"),
        ("EN", "en"),
        ("tlh", "en"),
        ("", "en"),
        ("es-419", "es"),
        ("ru", "ru"),
        ("zh-hans", "zh"),
        ("zh_CN", "zh"),
    ] {
        assert_eq!(Language::of_tag(tag).code(), code, "{tag}");
    }
}
