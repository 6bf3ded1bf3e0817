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
            // A forged hint costs a request: unlike a price it need not come encrypted.
            .check("ws:// or wss://", |url: &Endpoint| {
                let is_one = ["ws://", "wss://"].iter().any(|scheme| url.expose().starts_with(scheme));
                if is_one { Ok(()) } else { Err("is not the address of a WebSocket".to_owned()) }
            })
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

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::settings::{self, Variables};

    fn refused(name: &'static str, value: &'static str) -> Vec<String> {
        let read = settings::read(Variables::from([(name, value)]), HintSettings::declare);
        read.err()
            .map(|problems| problems.iter().map(|one| format!("{} {}", one.name, one.why)).collect())
            .unwrap_or_default()
    }

    #[test]
    fn both_roads_are_optional_and_neither_is_open_to_guesses() {
        let none = settings::read(Variables::default(), HintSettings::declare).unwrap();
        assert!(none.webhook_secret.is_none() && none.websocket.is_none());
        for (name, value) in
            [("HELIUS_WEBHOOK_SECRET", "fifteen letters"), ("SOLANA_WS_URL", "http://127.0.0.1:8900")]
        {
            let problems = refused(name, value);
            assert!(
                problems.len() == 1 && problems[0].contains(name) && !problems[0].contains(value),
                "{problems:?}"
            );
        }
        assert_eq!(refused("HELIUS_WEBHOOK_SECRET", "sixteen letters!"), Vec::<String>::new());
        assert_eq!(refused("SOLANA_WS_URL", "ws://127.0.0.1:8900"), Vec::<String>::new());
    }
}
