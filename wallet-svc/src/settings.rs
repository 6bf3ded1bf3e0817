//! What wallet-svc is configured with.

use crate::{
    keys::{MasterKey, MasterKeyError},
    workers::ChainSettings,
};
use chassis::settings::{Invalid, Reader};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// Settings of the service.
pub struct WalletSettings {
    /// Chain, withdrawals, pace.
    pub chain: ChainSettings,
    /// What all keys are wrapped under.
    pub master: MasterKey,
}

impl WalletSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// A value is missing or wrong; all problems are reported together.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let chain = ChainSettings::declare(r);
        let inline: Result<Option<SecretString>, Invalid> = r
            .setting(
                "WALLET_MASTER_KEY",
                "Master key of the key store, 64 hexadecimal digits; better in a file.",
            )
            .optional("…");
        let file: Result<Option<PathBuf>, Invalid> = r
            .setting(
                "WALLET_MASTER_KEY_FILE",
                "File with the master key of the key store, 64 hexadecimal digits.",
            )
            .optional("/run/secrets/wallet-master-key");
        let (inline, file) = (inline?, file?);
        let master = match (&inline, &file) {
            (None, Some(file)) => key(r, "WALLET_MASTER_KEY_FILE", MasterKey::try_from_file(Path::new(file))),
            (Some(inline), None) => {
                key(r, "WALLET_MASTER_KEY", MasterKey::try_from_hex(inline.expose_secret()))
            }
            (None, None) => Err(r.refuse("WALLET_MASTER_KEY_FILE", "is needed, or WALLET_MASTER_KEY")),
            (Some(_), Some(_)) => {
                Err(r.refuse("WALLET_MASTER_KEY", "and WALLET_MASTER_KEY_FILE are both set"))
            }
        };
        let chain = chain?;
        chain.check(r)?;
        Ok(Self { chain, master: master? })
    }
}

fn key(
    r: &mut Reader,
    name: &'static str,
    key: Result<MasterKey, MasterKeyError>,
) -> Result<MasterKey, Invalid> {
    key.map_err(|error| r.refuse(name, error.to_string()))
}
