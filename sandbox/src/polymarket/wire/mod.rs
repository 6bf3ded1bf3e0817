//! The wire formats, each as its server speaks it.

pub(super) mod clob;
pub(super) mod data;
pub(super) mod gamma;
mod rows;
pub(super) mod socket;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A decimal as a JSON number, digit by digit; what the servers show has six digits after the point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.round_dp(6).normalize().to_string();
        RawValue::from_string(text).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

/// A request that cannot be answered, as all three servers say it.
#[derive(Debug)]
pub(super) struct Refusal(pub StatusCode, pub String);

impl Refusal {
    pub(super) fn bad(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    pub(super) fn missing(why: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, why.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

/// As Gamma writes dates.
pub(super) fn date(second: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

/// All values of a parameter that may be repeated or a list with commas.
pub(super) fn all<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let values = pairs.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
    values.filter(|value| !value.is_empty()).collect()
}

/// The value of a parameter.
pub(super) fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    found.filter(|value| !value.is_empty())
}

/// A whole number that a parameter gives.
pub(super) fn number(pairs: &[(String, String)], name: &str) -> Result<Option<usize>, Refusal> {
    let wrong = |value| Refusal::bad(format!("invalid {name}: {value}"));
    one(pairs, name).map(|value| value.parse().map_err(|_| wrong(value))).transpose()
}
