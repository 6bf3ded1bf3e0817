//! Webhooks as settings.

use super::{MasterKey, Webhooks};
use chassis::settings::{Invalid, Reader, Switch};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;

impl Webhooks {
    /// Declares and reads them.
    ///
    /// # Errors
    /// Both ways of giving the key, or what is no key.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let inline: Result<Option<SecretString>, Invalid> = r
            .setting(
                "WEBHOOK_MASTER_KEY",
                "Key from which those that sign webhooks are derived, 64 hexadecimal digits; better in a file. Without it \
                 nobody can have a webhook.",
            )
            .optional("…");
        let file: Result<Option<PathBuf>, Invalid> = r
            .setting("WEBHOOK_MASTER_KEY_FILE", "File with WEBHOOK_MASTER_KEY.")
            .optional("/run/secrets/webhook-master-key");
        let private = r
            .setting(
                "WEBHOOK_PRIVATE",
                "Webhooks may name addresses of our own network, and http: for a sandbox alone.",
            )
            .mainnet_fixed()
            .or(Switch::Off);
        let (inline, file, private) = (inline?, file?, private?);
        let text = match (inline, file) {
            (Some(_), Some(_)) => {
                return Err(r.refuse("WEBHOOK_MASTER_KEY", "and WEBHOOK_MASTER_KEY_FILE are both set"));
            }
            (Some(inline), None) => Some(inline),
            (None, Some(file)) => match std::fs::read_to_string(file) {
                Ok(text) => Some(text.into()),
                Err(error) => {
                    return Err(r.refuse("WEBHOOK_MASTER_KEY_FILE", format!("cannot be read: {error}")));
                }
            },
            (None, None) => None,
        };
        let master = match text {
            None => None,
            Some(text) => match MasterKey::of_hex(text.expose_secret()) {
                Some(key) => Some(key),
                None => return Err(r.refuse("WEBHOOK_MASTER_KEY", "is not 64 hexadecimal digits")),
            },
        };
        Ok(Self { master, private: private.is_on() })
    }
}
