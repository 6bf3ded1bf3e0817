//! The checks of a record: four hexadecimal digits for each of its values, so that whoever changes one in a file can be told
//! which. `docs/evidence.md` has the rule.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The check of a record that stands at a path; the head's is empty.
pub fn of(at: &str, members: &Map<String, Value>) -> String {
    let mut check = Check { path: at.to_owned(), digits: String::new() };
    check.members(members);
    let Check { mut digits, .. } = check;
    let own = if at.is_empty() { "check".to_owned() } else { format!("{at}.check") };
    let seal = short(&own, &digits);
    digits.push_str(&seal);
    digits
}

struct Check {
    path: String,
    digits: String,
}

impl Check {
    /// The members of an object in the order of their names: [`Map`] keeps them sorted.
    fn members(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let end = self.path.len();
            if end > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
            self.value(value);
            self.path.truncate(end);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.add("null"),
            Value::Bool(flag) => self.add(if *flag { "true" } else { "false" }),
            Value::Number(number) => self.add(&number.to_string()),
            Value::String(text) => self.add(text),
            Value::Object(members) => self.members(members),
            Value::Array(items) => {
                self.add(&items.len().to_string());
                for (index, item) in items.iter().enumerate() {
                    let end = self.path.len();
                    // Writing to a text does not fail.
                    let _ = write!(self.path, "[{index}]");
                    self.value(item);
                    self.path.truncate(end);
                }
            }
        }
    }

    fn add(&mut self, value: &str) {
        let digits = short(&self.path, value);
        self.digits.push_str(&digits);
    }
}

fn short(path: &str, value: &str) -> String {
    let hash = Sha256::new().chain_update(path).chain_update("=").chain_update(value).finalize();
    hash.first_chunk::<2>().map(hex::encode).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The example of the manual, which the verifier's own tests have, too.
    #[test]
    fn the_example_of_the_manual() {
        let record = json!({"second": 7, "aggregates": [{"price": "165"}]});
        assert_eq!(of("series[0]", record.as_object().unwrap()), "2e2443f3d1525f55");
    }
}
