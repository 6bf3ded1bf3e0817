//! Updates by webhook: Telegram posts them, a 200 confirms.

use super::{Intake, KINDS};
use crate::settings::Webhook;
use axum::{Json, Router, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use teloxide::{payloads::SetWebhookSetters as _, requests::Requester as _, types::Update};

/// Carries the secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// Telegram repeats what is not confirmed; the repetition finds what was done.
const LIMIT: Duration = Duration::from_secs(8);

/// The route that Telegram posts to.
pub fn routes(intake: Intake, secret: SecretString) -> Router {
    Router::new().route("/telegram", post(receive)).with_state((intake, secret))
}

async fn receive(
    State((intake, secret)): State<(Intake, SecretString)>,
    headers: HeaderMap,
    Json(update): Json<Update>,
) -> StatusCode {
    let given = headers.get(SECRET).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
    if !equal(given, secret.expose_secret().as_bytes()) {
        return StatusCode::UNAUTHORIZED;
    }
    match tokio::time::timeout(LIMIT, intake.take(update)).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Takes the same time wherever the two differ.
fn equal(given: &[u8], secret: &[u8]) -> bool {
    let differences = given.iter().zip(secret).fold(0_u8, |seen, (a, b)| seen | (a ^ b));
    given.len() == secret.len() && differences == 0
}

/// Tells Telegram where to post.
///
/// # Errors
/// Telegram does not answer or refuses; to be tried again.
pub async fn register(intake: &Intake, webhook: &Webhook) -> Result<(), String> {
    let url = webhook.url.expose().parse().map_err(|error| format!("not a URL: {error}"))?;
    let call = intake.app().bot.set_webhook(url);
    let call = call.secret_token(webhook.secret.expose_secret()).allowed_updates(KINDS);
    match tokio::time::timeout(LIMIT, call.into_future()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(equal(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!equal(other, b"abc"), "{other:?}");
        }
    }
}
