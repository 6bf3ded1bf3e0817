//! The checks that every record carries: four hexadecimal digits for each of its values, so that a changed one can be named.
//! They tell damage from a whole record, not truth from a lie: whoever rewrites a record can write its check, too.

use super::finding::{Findings, shown};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Hexadecimal digits for each value.
const DIGITS: usize = 4;

/// Holds the values of a record against its `check`. `at` is the record's path, empty for the head.
pub(super) fn verify(at: &str, record: &Map<String, Value>, findings: &mut Findings) {
    let mut path = at.to_owned();
    let own = inside(at, "check");
    let Some(check) = record.get("check").and_then(Value::as_str) else {
        return findings.add(own, "is missing");
    };
    let Some((values, seal)) = check.len().checked_sub(DIGITS).and_then(|cut| check.split_at_checked(cut))
    else {
        return findings.add(own, "is too short");
    };
    if values.len() % DIGITS != 0 || digits(&own, values) != seal {
        return findings.add(own, "was changed: its last four digits do not fit those before");
    }
    let mut expected = values.as_bytes().chunks_exact(DIGITS);
    let (mut count, mut differing) = (0, Vec::new());
    walk_members(&mut path, record, &mut |path, value| {
        count += 1;
        if expected.next() != Some(digits(path, value).as_bytes()) {
            differing.push((path.to_owned(), value.to_owned()));
        }
    });
    // Where values are missing or too many, all behind them have moved: only the first says where.
    let told = if count * DIGITS == values.len() { differing.len() } else { 1 };
    for (path, value) in differing.into_iter().take(told) {
        findings.add(path, format!("was changed: {} is not what its record was made with", shown(&value)));
    }
    if count * DIGITS < values.len() && told == 1 {
        let missing = values.len() / DIGITS - count;
        findings.add(own, format!("is about {missing} more values than there are"));
    }
}

/// Calls back with the path and the text of every value, members in the order of their names. An array's length is a value
/// under the array's own path.
fn walk_members(path: &mut String, members: &Map<String, Value>, each: &mut impl FnMut(&str, &str)) {
    let whole = path.is_empty();
    // serde_json keeps members sorted by their bytes.
    for (name, value) in members.iter().filter(|(name, _)| *name != "check") {
        let end = path.len();
        if !(whole && end == 0) {
            path.push('.');
        }
        path.push_str(name);
        walk(path, value, each);
        path.truncate(end);
    }
}

fn walk(path: &mut String, value: &Value, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Null => each(path, "null"),
        Value::Bool(value) => each(path, if *value { "true" } else { "false" }),
        Value::Number(number) => each(path, &number.to_string()),
        Value::String(text) => each(path, text),
        Value::Array(items) => {
            each(path, &items.len().to_string());
            for (index, item) in items.iter().enumerate() {
                let end = path.len();
                path.push_str(&format!("[{index}]"));
                walk(path, item, each);
                path.truncate(end);
            }
        }
        Value::Object(members) => walk_members(path, members, each),
    }
}

fn digits(path: &str, value: &str) -> String {
    let hash = Sha256::new().chain_update(path).chain_update("=").chain_update(value).finalize();
    hash.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// The path of a member.
pub(super) fn inside(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings(at: &str, record: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        verify(at, record.as_object().unwrap(), &mut findings);
        findings.into_parts().0.into_iter().map(|wrong| wrong.path).collect()
    }

    /// The record of the manual (`docs/evidence.md`).
    fn record() -> Value {
        json!({"second": 7, "aggregates": [{"price": "165"}], "check": "2e2443f3d1525f55"})
    }

    #[test]
    fn the_example_of_the_manual() {
        let parts = [
            ("series[0].aggregates", "1"),
            ("series[0].aggregates[0].price", "165"),
            ("series[0].second", "7"),
        ];
        let values: String = parts.iter().map(|(path, value)| digits(path, value)).collect();
        let check = digits("series[0].check", &values);
        assert_eq!(record()["check"], format!("{values}{check}"));
        assert!(findings("series[0]", &record()).is_empty());
    }

    #[test]
    fn names_the_value_that_was_changed() {
        let changed = |pointer: &str, value: Value| {
            let mut record = record();
            *record.pointer_mut(pointer).unwrap() = value;
            findings("series[0]", &record)
        };
        assert_eq!(changed("/aggregates/0/price", json!("166")), ["series[0].aggregates[0].price"]);
        assert_eq!(changed("/second", json!(8)), ["series[0].second"]);
        assert_eq!(changed("/check", json!("2e2443f3d1525f56")), ["series[0].check"]);
        assert_eq!(changed("/check", json!("2e2543f3d1525f55")), ["series[0].check"]);
        assert_eq!(changed("/aggregates", json!([]))[0], "series[0].aggregates");
        assert_eq!(findings("series[1]", &record())[0], "series[1].check");
    }
}
