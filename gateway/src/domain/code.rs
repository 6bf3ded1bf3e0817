//! Codes of an authenticator, as typed.

use serde::{Deserialize, Serialize};

/// What a code is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeFor {
    /// Takes the authenticator into use.
    Add,
    /// Removes it.
    Remove,
}

/// Six digits; apps show them in two groups.
#[must_use]
pub fn code(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_a_code() {
        for (text, read) in [
            ("123456", Some("123456")),
            (" 012 345\n", Some("012345")),
            ("12345", None),
            ("1234567", None),
            ("12345a", None),
            ("０12345", None),
            ("", None),
        ] {
            assert_eq!(code(text).as_deref(), read, "{text}");
        }
    }
}
