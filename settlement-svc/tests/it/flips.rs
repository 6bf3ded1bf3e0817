//! Every value of a bundle, changed into another plausible one; arrays cut, doubled and swapped; members taken out.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// The members behind the head, in their order.
const TAIL: [&str; 5] = ["bets", "series", "rival_series", "receipt", "end"];

/// A bundle with one change.
pub struct Flip {
    /// What has to be named.
    pub path: String,
    pub what: &'static str,
    pub bundle: Value,
}

/// The bundle as text, its members in the order of the format.
pub fn written(bundle: &Value) -> String {
    let members = bundle.as_object().unwrap();
    let head = members.iter().filter(|(name, _)| !TAIL.contains(&name.as_str()));
    let tail = TAIL.iter().filter_map(|name| members.get_key_value(*name));
    let text: Vec<String> = head.chain(tail).map(|(name, value)| format!("{name:?}:{value}")).collect();
    format!("{{{}}}", text.join(","))
}

/// All of them.
pub fn of(bundle: &Value) -> Vec<Flip> {
    let mut flips = Vec::new();
    let mut places = Vec::new();
    walk(bundle, "", "", &mut places);
    for (path, pointer) in places {
        let Some(value) = bundle.pointer(&pointer) else { continue };
        let mut change = |path: &str, what, to: Value| {
            let mut bundle = bundle.clone();
            *bundle.pointer_mut(&pointer).unwrap() = to;
            flips.push(Flip { path: path.to_owned(), what, bundle });
        };
        match value {
            Value::Array(items) => arrays(&path, items, &mut change),
            Value::Object(_) => {}
            leaf => change(&path, "another value", other(leaf)),
        }
    }
    flips
}

fn walk(value: &Value, path: &str, pointer: &str, places: &mut Vec<(String, String)>) {
    places.push((path.to_owned(), pointer.to_owned()));
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), &format!("{pointer}/{index}"), places);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(value, &path, &format!("{pointer}/{name}"), places);
            }
        }
        _ => {}
    }
}

fn arrays(path: &str, items: &[Value], change: &mut impl FnMut(&str, &'static str, Value)) {
    let [.., last] = items else {
        let named = if TAIL.contains(&path) { format!("{path}[0]") } else { path.to_owned() };
        return change(&named, "one more", Value::from(vec![Value::from("1")]));
    };
    change(path, "one less", items[..items.len() - 1].to_vec().into());
    if !TAIL.contains(&path) {
        change(path, "the last one twice", [items, &[last.clone()][..]].concat().into());
    }
}

/// Another plausible value of its kind.
fn other(leaf: &Value) -> Value {
    match leaf {
        Value::Null => "1".into(),
        Value::Bool(flag) => (!flag).into(),
        Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
        Value::String(text) => changed(text).into(),
        Value::Array(_) | Value::Object(_) => leaf.clone(),
    }
}

fn changed(text: &str) -> String {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return (at + Duration::microseconds(1)).format(&Rfc3339).unwrap();
    }
    // Digits, hashes, ids: the last character becomes its neighbour. Words get another end.
    match text.chars().last() {
        Some(last @ ('0'..='8' | 'a'..='e')) => {
            let next = char::from(u8::try_from(last).unwrap() + 1);
            format!("{}{next}", &text[..text.len() - 1])
        }
        Some('9' | 'f') => format!("{}1", &text[..text.len() - 1]),
        _ => format!("{text}X"),
    }
}

/// Whether a path is outside of the arrays of records, or in one of the first two or the last of them.
pub fn is_near_an_end(path: &str, bundle: &Value) -> bool {
    let Some((array, rest)) = path.split_once('[').filter(|(array, _)| TAIL.contains(array)) else {
        return true;
    };
    let index: usize = rest.split(']').next().unwrap().parse().unwrap();
    index < 2 || index + 1 >= bundle[array].as_array().unwrap().len()
}

/// The path of all values like this one.
pub fn without_places(path: &str) -> String {
    path.chars().filter(|one| !one.is_ascii_digit()).collect()
}

/// Writes the check of every record anew, and the counts at the end, as a liar would: the manual's rule a third time.
pub fn check_anew(bundle: &mut Value) {
    let members = bundle.as_object_mut().unwrap();
    let mut tail = Map::new();
    for name in TAIL {
        tail.extend(members.remove_entry(name));
    }
    seal("", members);
    let counts: Vec<(&str, usize)> =
        TAIL[..3].iter().map(|name| (*name, tail[*name].as_array().unwrap().len())).collect();
    for (name, count) in counts {
        tail["end"][name] = count.into();
    }
    tail["end"]["anchored"] = (!tail["receipt"].is_null()).into();
    for (name, value) in &mut tail {
        match value {
            Value::Array(records) => {
                for (index, record) in records.iter_mut().enumerate() {
                    if let Some(record) = record.as_object_mut() {
                        seal(&format!("{name}[{index}]"), record);
                    }
                }
            }
            Value::Object(record) => seal(name, record),
            _ => {}
        }
    }
    members.append(&mut tail);
}

fn seal(at: &str, record: &mut Map<String, Value>) {
    record.remove("check");
    let mut check = String::new();
    let mut places = Vec::new();
    let whole = Value::Object(record.clone());
    walk(&whole, at, "", &mut places);
    for (path, pointer) in places {
        let text = match whole.pointer(&pointer).unwrap() {
            Value::Object(_) => continue,
            Value::Array(items) => items.len().to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        check += &short(&path, &text);
    }
    let own = if at.is_empty() { "check".to_owned() } else { format!("{at}.check") };
    let last = short(&own, &check);
    record.insert("check".to_owned(), (check + &last).into());
}

fn short(path: &str, value: &str) -> String {
    hex::encode(&Sha256::digest(format!("{path}={value}"))[..2])
}
