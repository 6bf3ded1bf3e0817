//! The webhook of Helius: `POST /helius/webhook`. Helius waits a second for success and otherwise
//! repeats the delivery, three times; so what could not be taken is answered with an error, and what is
//! lost all the same is found by polling. <https://www.helius.dev/docs/faqs/webhooks>

use super::{body, take};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use chassis::Db;
use sha2::{Digest, Sha256};
use solana_pubkey::Pubkey;
use subtle::ConstantTimeEq;

/// Where it is posted to.
pub const PATH: &str = "/helius/webhook";

/// A delivery of a hundred transactions of usual size; larger ones are refused with 413.
const BODY_LIMIT: usize = 1024 * 1024;

/// What the sender has to show, kept as its SHA-256: compared in constant time whatever the lengths.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Keeps the digest of a secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    fn is(&self, offered: &[u8]) -> bool {
        let offered: [u8; 32] = Sha256::digest(offered).into();
        self.0.ct_eq(&offered).into()
    }
}

#[derive(Clone)]
struct Receiver {
    secret: Secret,
    db: Db,
}

/// The route.
pub fn router(secret: Secret, db: Db) -> Router {
    Router::new()
        .route(PATH, post(receive))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Receiver { secret, db })
}

/// 401 before the body is read; 400 and 413 say what is wrong with it; 503 asks for a repetition.
async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, request: Request) -> Response {
    let offered = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
    if !receiver.secret.is(offered) {
        metrics::counter!("wallet_webhook_refused_total", "why" => "unauthorized").increment(1);
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let named: Vec<Pubkey> = match body::accounts(&body) {
        Ok(named) => named.into_iter().collect(),
        Err(error) => {
            metrics::counter!("wallet_webhook_refused_total", "why" => "body").increment(1);
            tracing::warn!(%error, "webhook not understood");
            return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
        }
    };
    match take(&receiver.db, "webhook", &named).await {
        Ok(ours) => {
            tracing::debug!(named = named.len(), ours, "webhook taken");
            StatusCode::OK.into_response()
        }
        Err(fault) => {
            tracing::warn!(error = fault.chain(), "webhook not taken");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        let secret = Secret::new("correct horse battery");
        assert!(secret.is(b"correct horse battery"));
        for offered in ["", "correct horse batter", "correct horse battery ", "Correct horse battery"] {
            assert!(!secret.is(offered.as_bytes()), "{offered}");
        }
    }
}
