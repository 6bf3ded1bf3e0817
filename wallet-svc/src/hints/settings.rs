use super::webhook::Secret;
use chassis::settings::{Endpoint, Invalid, Reader};
use secrecy::{ExposeSecret, SecretString};

/// A shorter secret can be guessed.
const SECRET_MIN: usize = 16;

/// Where hints may come from. Each is optional.
#[derive(Clone)]
pub struct HintSettings {
    /// What the webhook's sender has to show.
    pub webhook_secret: Option<Secret>,
    /// A WebSocket endpoint of the same chain.
    pub websocket: Option<Endpoint>,
    /// The most addresses subscribed to at a time.
    pub subscriptions: i64,
}

impl HintSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let secret: Result<Option<SecretString>, Invalid> = r
            .setting(
                "HELIUS_WEBHOOK_SECRET",
                "What Helius sends as `Authorization` to /helius/webhook; without it there is no webhook.",
            )
            .optional("…");
        let websocket = r
            .setting(
                "SOLANA_WS_URL",
                "WebSocket endpoint of the chain, for addresses that somebody looks at.",
            )
            .optional("wss://rpc.example.com");
        let subscriptions = r
            .setting("SOLANA_WS_SUBSCRIPTIONS", "The most addresses subscribed to at a time.")
            .between(1, 10_000)
            .or(200);
        let secret = secret?;
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < SECRET_MIN) {
            return Err(r.refuse("HELIUS_WEBHOOK_SECRET", format!("has fewer than {SECRET_MIN} characters")));
        }
        Ok(Self {
            webhook_secret: secret.map(|secret| Secret::new(secret.expose_secret())),
            websocket: websocket?,
            subscriptions: subscriptions?,
        })
    }
}
