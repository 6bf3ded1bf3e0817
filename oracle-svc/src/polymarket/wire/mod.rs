//! Polymarket's answers, read without a detour through binary floats. Unknown fields are ignored; a row that cannot be
//! read is left out and counted; an answer of another shape is an error and never an empty list.

mod clob;
mod data;
mod gamma;
mod socket;

pub use clob::{book, history};
pub use data::{activity, positions, trades};
pub use gamma::{event, market, markets, search};
pub use socket::{Said, said, subscribe, subscription, unsubscribe};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;
use std::str::FromStr as _;

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not the JSON that was expected.
    #[error("not of the expected shape")]
    Shape(#[from] serde_json::Error),
    /// Rows, but none that can be read: their shape has changed.
    #[error("none of {0} rows can be read")]
    Rows(usize),
    /// More is promised, but not where.
    #[error("more rows without a cursor")]
    NoCursor,
}

/// Some rows of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Those that can be read.
    pub rows: Vec<T>,
    /// Where the next ones are; nothing after the last page.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    // Must be there: an object that says what went wrong has none. Null is a documented miss.
    #[serde(borrow, deserialize_with = "Option::deserialize")]
    data: Option<Vec<&'a RawValue>>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    next_cursor: Option<String>,
    has_more: Option<bool>,
}

/// A page in the envelope of the Data API v2, or the bare list of v1.
fn page<'a, R: Deserialize<'a>, T>(
    body: &'a [u8],
    what: &'static str,
    read: impl Fn(R) -> Option<T>,
) -> Result<Page<T>, WireError> {
    let is_bare = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let (data, pagination) = if is_bare {
        (serde_json::from_slice(body)?, None)
    } else {
        let envelope: Envelope<'_> = serde_json::from_slice(body)?;
        (envelope.data.unwrap_or_default(), envelope.pagination)
    };
    let rows = rows(data, what, read)?;
    let next = match pagination {
        Some(Pagination { has_more: Some(false), .. }) | None => None,
        Some(Pagination { has_more: Some(true), next_cursor: None }) => return Err(WireError::NoCursor),
        Some(Pagination { next_cursor, .. }) => next_cursor.filter(|cursor| !cursor.is_empty()),
    };
    Ok(Page { rows, next })
}

fn rows<'a, R: Deserialize<'a>, T>(
    raw: Vec<&'a RawValue>,
    what: &'static str,
    read: impl Fn(R) -> Option<T>,
) -> Result<Vec<T>, WireError> {
    let count = raw.len();
    let readable: Vec<T> =
        raw.into_iter().filter_map(|row| serde_json::from_str(row.get()).ok().and_then(&read)).collect();
    if readable.is_empty() && count > 0 {
        return Err(WireError::Rows(count));
    }
    let unreadable = u64::try_from(count - readable.len()).unwrap_or_default();
    if unreadable > 0 {
        tracing::warn!(what, unreadable, "rows left out");
        metrics::counter!("rooms_polymarket_unreadable_total", "what" => what).increment(unreadable);
    }
    Ok(readable)
}

/// A decimal in a JSON number, by its digits, or in a string.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    digits(raw.get()).ok_or_else(|| D::Error::custom("not a decimal"))
}

/// A decimal that may be missing, null or unreadable: then it is unknown.
fn perhaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    Ok(<&RawValue>::deserialize(deserializer).ok().and_then(|raw| digits(raw.get())))
}

fn digits(raw: &str) -> Option<Decimal> {
    let text = raw.trim_matches('"');
    if text.contains(['e', 'E']) {
        return Decimal::from_scientific(text).ok();
    }
    // More digits than a decimal has are rounded: they are leftovers of somebody else's floats.
    Decimal::from_str(text).ok()
}

/// An integer in a JSON number or in a string.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    raw.get().trim_matches('"').parse().map_err(|_| D::Error::custom("not an integer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(deserialize_with = "decimal")]
        n: Decimal,
    }

    fn read(body: &str) -> Result<Page<String>, WireError> {
        page(body.as_bytes(), "test", |row: Row| Some(row.n.to_string()))
    }

    #[test]
    fn digits_survive_that_a_float_would_lose() {
        let body = r#"{"data":[{"n":9007199254740993.25},{"n":"0.30000000000000004"},{"n":1.5e-7}],"pagination":{"has_more":false}}"#;
        assert_eq!(read(body).unwrap().rows, ["9007199254740993.25", "0.30000000000000004", "0.00000015"]);
    }

    #[test]
    fn an_error_is_never_an_empty_list() {
        for wrong in [
            r#"{"error":"internal"}"#,
            "{}",
            "",
            "null",
            "\"down\"",
            "<html>",
            r#"{"data":"x"}"#,
            r#"{"data":[{"n":1}]"#,
            r#"{"data":[{"m":1}],"pagination":{"has_more":false}}"#,
            r#"{"data":[{"n":1}],"pagination":{"has_more":true,"next_cursor":null}}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        for empty in
            [r#"{"data":[],"pagination":{"has_more":false,"next_cursor":null}}"#, r#"{"data":null}"#, "[]"]
        {
            assert_eq!(read(empty).unwrap(), Page { rows: Vec::new(), next: None }, "{empty}");
        }
    }

    #[test]
    fn a_page_says_where_the_next_one_is_and_leaves_out_what_cannot_be_read() {
        let body = r#"{"data":[{"n":1},{"n":"x"},{"n":true}],"pagination":{"limit":3,"next_cursor":"c2","has_more":true}}"#;
        assert_eq!(read(body).unwrap(), Page { rows: vec!["1".to_owned()], next: Some("c2".to_owned()) });
    }
}
