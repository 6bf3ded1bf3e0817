//! The keys of a world's two operators, in files as `roomsctl --key` and the Solana CLI read them.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// Their files in the world's folder.
pub const FILES: [&str; 2] = ["operator-1.json", "operator-2.json"];

/// What a file is called until it is whole.
pub(super) const PARTIAL: [&str; 2] = ["operator-1.partial", "operator-2.partial"];

/// The public keys; keys that are not there yet are made.
///
/// # Errors
/// A file cannot be written, or does not hold a key.
pub(super) fn keys(dir: &Path) -> Result<Vec<String>> {
    FILES.into_iter().map(|file| Ok(key(&dir.join(file))?.pubkey().to_string())).collect()
}

/// The key in a file; one that is not there yet is made.
///
/// # Errors
/// The file cannot be written, or does not hold a key.
pub(super) fn key(path: &Path) -> Result<Keypair> {
    if !path.exists() {
        let aside = path.with_extension("partial");
        let numbers: Vec<String> = Keypair::new().to_bytes().iter().map(u8::to_string).collect();
        write_secret(&aside, format!("[{}]", numbers.join(",")).as_bytes())?;
        fs::rename(&aside, path).context("write an operator's key")?;
    }
    let bytes: Vec<u8> = serde_json::from_slice(&fs::read(path)?).context("an operator's key file")?;
    Keypair::try_from(bytes.as_slice()).context("an operator's key file")
}

/// Writes what nobody else may read.
pub(super) fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(bytes)?)
}
