//! An operator's key: a file as the Solana CLI writes it, 64 numbers in JSON, that nobody else may read.

use solana_keypair::Keypair;
use solana_signer::Signer;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// What others than the owner may do with a file.
const OTHERS: u32 = 0o077;

/// A larger file is no key.
const FILE_MAX: u64 = 4_096;

/// Signs for one operator.
pub struct OperatorKey(Keypair);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read the key in {}: {source}", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("cannot write a key to {}: {source}", file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("others may read {0}: if nobody did, `chmod 600 {0}`; else make a new key", file.display())]
    Open { file: PathBuf },
    #[error("{} does not hold 64 hexadecimal digits", file.display())]
    NoSecret { file: PathBuf },
    #[error("{} is no key file of the Solana CLI: it holds 64 numbers in JSON", file.display())]
    Malformed { file: PathBuf },
}

impl OperatorKey {
    /// Makes a key in a new file.
    pub fn make(file: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Write { file: file.to_owned(), source };
        let key = Keypair::new();
        let numbers: Vec<String> = key.to_bytes().iter().map(u8::to_string).collect();
        let mut out =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
        out.write_all(format!("[{}]", numbers.join(",")).as_bytes()).map_err(failed)?;
        out.sync_all().map_err(failed)?;
        Ok(Self(key))
    }

    /// Reads a key that nobody else may read.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Read { file: file.to_owned(), source };
        let malformed = || KeyError::Malformed { file: file.to_owned() };
        let source = File::open(file).map_err(failed)?;
        if source.metadata().map_err(failed)?.permissions().mode() & OTHERS != 0 {
            return Err(KeyError::Open { file: file.to_owned() });
        }
        let mut text = String::new();
        source.take(FILE_MAX).read_to_string(&mut text).map_err(|_| malformed())?;
        let bytes: Vec<u8> = serde_json::from_str(&text).map_err(|_| malformed())?;
        // It also compares the public half with the secret one.
        Keypair::try_from(bytes.as_slice()).map(Self).map_err(|_| malformed())
    }

    /// The key of a secret of 32 bytes, which `file` holds in hexadecimal.
    pub fn try_from_hex(text: &str, file: &Path) -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        hex::decode_to_slice(text.trim(), &mut secret)
            .map_err(|_| KeyError::NoSecret { file: file.to_owned() })?;
        Ok(Self(Keypair::new_from_array(secret)))
    }

    /// The public key in base58.
    pub fn address(&self) -> String {
        self.0.pubkey().to_string()
    }

    /// The 64 bytes of a signature.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign_message(message).as_ref().to_vec()
    }
}
