//! The answers Telegram gives when it does not do what it was asked.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as the Bot API words it; its text is part of the contract, bots compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) description: String,
    /// Seconds to wait, in answers with code 429.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), retry_after: None }
    }

    /// 400, the request itself is wrong.
    pub(crate) fn bad(what: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", what.as_ref()))
    }

    /// 401, the token belongs to no bot.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 403, the user or the chat does not want this bot.
    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(403, format!("Forbidden: {why}"))
    }

    /// 404, there is no such method or file.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("Not Found: {what}"))
    }

    /// 409, two ways of receiving updates are in use at once.
    pub(crate) fn conflict(why: &str) -> Self {
        Self::new(409, format!("Conflict: {why}"))
    }

    /// 429, to be repeated after so many seconds.
    pub(crate) fn too_many(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    /// 5xx, injected by a test.
    pub(crate) fn outage(code: u16) -> Self {
        let reason = StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason());
        Self::new(code, reason.unwrap_or("Internal Server Error"))
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "the world folder cannot be written");
        Self::new(500, "Internal Server Error: the world folder cannot be written")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let (Some(seconds), Some(fields)) = (self.retry_after, body.as_object_mut()) {
            fields.insert("parameters".into(), json!({"retry_after": seconds}));
        }
        (status, Json(body)).into_response()
    }
}
