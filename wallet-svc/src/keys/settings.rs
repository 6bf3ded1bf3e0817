//! Which signer, and which secrets.

use super::{ApiKey, MasterKey, Masters, TurnkeySettings, envelope::secret_file};
use crate::domain::totp::TotpRules;
use chassis::settings::{Endpoint, Invalid, Reader, Value};
use secrecy::{ExposeSecret, SecretString};
use std::{path::PathBuf, sync::Arc, time::Duration};
use zeroize::Zeroizing;

chassis::choice! {
    /// Who has the keys of our addresses.
    pub enum SignerChoice {
        /// This database has them, sealed under the master key.
        Local = "local",
        /// Turnkey has them.
        Turnkey = "turnkey",
    }
}

/// Settings of the keys.
pub struct KeySettings {
    /// What secrets in the database are sealed under.
    pub masters: Arc<Masters>,
    /// Who signs: Turnkey where it is set, else the local key store.
    pub turnkey: Option<TurnkeySettings>,
    /// How codes of authenticators are judged.
    pub totp: TotpRules,
}

impl KeySettings {
    /// Who has the keys.
    #[must_use]
    pub const fn choice(&self) -> SignerChoice {
        if self.turnkey.is_some() { SignerChoice::Turnkey } else { SignerChoice::Local }
    }

    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is missing or wrong.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let current = Secret::declare(
            r,
            ("WALLET_MASTER_KEY", "Master key of the key store, 64 hexadecimal digits; better in a file."),
            (
                "WALLET_MASTER_KEY_FILE",
                "File with the master key, 64 hexadecimal digits; not readable by everybody.",
            ),
            "/run/secrets/wallet-master-key",
        );
        let previous = Secret::declare(
            r,
            ("WALLET_MASTER_KEY_OLD", "While keys are rotated: the master key before this one."),
            (
                "WALLET_MASTER_KEY_OLD_FILE",
                "While keys are rotated: file with the master key before this one.",
            ),
            "/run/secrets/wallet-master-key-old",
        );
        let signer = r
            .setting("SIGNER", "Who has the keys of our addresses; those of the other one are not found.")
            .or(SignerChoice::Local);
        let turnkey = Self::turnkey(r, signer);
        let totp = Self::totp(r);
        let (current, previous) = (current?, previous?);
        let Some(current) = current else {
            return Err(r.refuse("WALLET_MASTER_KEY_FILE", "is needed, or WALLET_MASTER_KEY"));
        };
        let key = |r: &mut Reader, secret: &Secret| {
            MasterKey::try_from_hex(&secret.text).map_err(|error| r.refuse(secret.name, error.to_string()))
        };
        let current = key(r, &current)?;
        let previous = previous.map(|secret| key(r, &secret)).transpose()?;
        Ok(Self { masters: Arc::new(Masters::new(current, previous)), turnkey: turnkey?, totp: totp? })
    }

    fn totp(r: &mut Reader) -> Result<TotpRules, Invalid> {
        let counts_after = r
            .setting(
                "TOTP_COUNTS_AFTER",
                "How long after it was added an authenticator begins to raise limits.",
            )
            .mainnet_no_less()
            .or(Duration::from_secs(24 * 3_600));
        let lock = r
            .setting("TOTP_LOCK", "How long codes are refused after five wrong ones.")
            .mainnet_no_less()
            .or(Duration::from_secs(900));
        Ok(TotpRules { counts_after: counts_after?, lock: lock? })
    }

    fn turnkey(
        r: &mut Reader,
        signer: Result<SignerChoice, Invalid>,
    ) -> Result<Option<TurnkeySettings>, Invalid> {
        let url = Endpoint::parse("https://api.turnkey.com").map_err(|why| r.refuse("TURNKEY_URL", why))?;
        let url = r.setting("TURNKEY_URL", "Turnkey's API.").or(url);
        let organization: Result<Option<String>, Invalid> = r
            .setting("TURNKEY_ORGANIZATION", "Id of our organization at Turnkey.")
            .optional("0190a3b2-0000-7000-8000-000000000000");
        let wallet = r
            .setting(
                "TURNKEY_WALLET",
                "Name of the wallet at Turnkey that our addresses are in; made if it is not there.",
            )
            .or("rooms".to_owned());
        let timeout = r
            .setting("TURNKEY_TIMEOUT", "How long one request to Turnkey may take, and how long a signature in the making is waited for.")
            .between(Duration::from_millis(100), Duration::from_secs(60))
            .or(Duration::from_secs(10));
        let key = Secret::declare(
            r,
            (
                "TURNKEY_API_KEY",
                "Private key (P-256, hexadecimal) that requests to Turnkey are stamped with; better in a file.",
            ),
            ("TURNKEY_API_KEY_FILE", "File with the private key that requests to Turnkey are stamped with."),
            "/run/secrets/turnkey-api-key",
        );
        let (signer, url, organization, wallet, timeout, key) =
            (signer?, url?, organization?, wallet?, timeout?, key?);
        if signer == SignerChoice::Local {
            return Ok(None);
        }
        let Some(organization) = organization else {
            return Err(r.refuse("TURNKEY_ORGANIZATION", "is needed with SIGNER=turnkey"));
        };
        let Some(key) = key else {
            return Err(r.refuse("TURNKEY_API_KEY_FILE", "or TURNKEY_API_KEY is needed with SIGNER=turnkey"));
        };
        let api_key =
            ApiKey::try_from_hex(&key.text).map_err(|error| r.refuse(key.name, error.to_string()))?;
        Ok(Some(TurnkeySettings { url: url.expose().to_owned(), organization, wallet, timeout, api_key }))
    }
}

/// A secret that is in a variable, or in a file that a variable names.
struct Secret {
    name: &'static str,
    text: Zeroizing<String>,
}

impl Secret {
    fn declare(
        r: &mut Reader,
        inline: (&'static str, &'static str),
        file: (&'static str, &'static str),
        example: &'static str,
    ) -> Result<Option<Self>, Invalid> {
        let text: Result<Option<SecretString>, Invalid> = r.setting(inline.0, inline.1).optional("…");
        let path: Result<Option<PathBuf>, Invalid> = r.setting(file.0, file.1).optional(example);
        match (text?, path?) {
            (None, None) => Ok(None),
            (Some(text), None) => {
                Ok(Some(Self { name: inline.0, text: Zeroizing::new(text.expose_secret().to_owned()) }))
            }
            (None, Some(path)) => match secret_file(&path) {
                Ok(text) => Ok(Some(Self { name: file.0, text })),
                Err(error) => Err(r.refuse(file.0, error.to_string())),
            },
            (Some(_), Some(_)) => Err(r.refuse(inline.0, format!("and {} are both set", file.0))),
        }
    }
}
