//! Who people are, sealed.
//!
//! Everything personal of an account is one text under a data key of its own, and the data key is wrapped under the
//! master key: whoever destroys the data key has erased the person. All of it is XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03): nonce (24 bytes), then ciphertext and tag; the account is authenticated, so that
//! nothing sealed can be moved to another row. People are found by an HMAC-SHA256 of their Telegram id (RFC 2104); what
//! outlives them is a second one under another key, so that the two cannot be compared. Keys are derived from the
//! master key by HKDF-SHA256 (RFC 5869).

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use chassis::{
    Fault,
    settings::{Invalid, Reader},
};
use hkdf::Hkdf;
use proto::AccountId;
use rand::{TryRngCore as _, rngs::OsRng};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::PathBuf;
use zeroize::Zeroizing;

const NONCE: usize = 24;

/// Everything personal that is kept of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Telegram's number of the user.
    pub telegram_user_id: i64,
    /// The private chat.
    pub chat_id: i64,
    /// Chosen language.
    pub language: String,
}

/// A person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPerson {
    /// The data key under the master key.
    pub key: Vec<u8>,
    /// The person under the data key.
    pub person: Vec<u8>,
}

/// Seals and finds people. Its keys are wiped when it is dropped.
pub struct Vault {
    wrapping: SecretBox<[u8; 32]>,
    lookup: SecretBox<[u8; 32]>,
    exclusion: SecretBox<[u8; 32]>,
}

/// What is stored does not open: another master key, or not what was sealed.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("a sealed person does not open")]
pub struct Shut;

/// A master key that is none. The text never repeats what was read.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("is not 64 hexadecimal digits")]
pub struct NotAKey;

impl From<Shut> for Fault {
    fn from(shut: Shut) -> Self {
        Self::bug(shut.to_string())
    }
}

impl Vault {
    /// Reads a master key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// It is something else.
    pub fn try_from_hex(text: &str) -> Result<Self, NotAKey> {
        let mut read = Ok(());
        let master = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| {
            read = hex::decode_to_slice(text.trim(), bytes);
        });
        read.map(|()| Self::new(&master)).map_err(|_| NotAKey)
    }

    /// Derives its keys from the master key.
    #[must_use]
    pub fn new(master: &SecretBox<[u8; 32]>) -> Self {
        let source = Hkdf::<Sha256>::new(Some(b"rooms gateway people v1"), master.expose_secret());
        let derive = |purpose: &[u8]| {
            SecretBox::init_with_mut(|key: &mut [u8; 32]| {
                // 32 bytes are always within what HKDF yields.
                let _ = source.expand(purpose, key);
            })
        };
        Self { wrapping: derive(b"data keys"), lookup: derive(b"lookup"), exclusion: derive(b"exclusion") }
    }

    /// What a Telegram user is found by.
    #[must_use]
    pub fn lookup(&self, telegram_user_id: i64) -> [u8; 32] {
        keyed_hash(&self.lookup, telegram_user_id)
    }

    /// What the exclusion of somebody who is gone is kept under.
    #[must_use]
    pub fn exclusion(&self, telegram_user_id: i64) -> [u8; 32] {
        keyed_hash(&self.exclusion, telegram_user_id)
    }

    /// Seals a person under a fresh data key.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn seal(&self, account: AccountId, person: &Person) -> Result<SealedPerson, Fault> {
        let mut data_key = Zeroizing::new([0; 32]);
        random(data_key.as_mut_slice())?;
        let text = serde_json::to_vec(person).map(Zeroizing::new).map_err(|_| Fault::bug("not JSON"))?;
        Ok(SealedPerson {
            key: seal(self.wrapping.expose_secret(), account, data_key.as_slice())?,
            person: seal(&data_key, account, &text)?,
        })
    }

    /// Opens a person.
    ///
    /// # Errors
    /// It does not open.
    pub fn open(&self, account: AccountId, sealed: &SealedPerson) -> Result<Person, Shut> {
        let data_key = open(self.wrapping.expose_secret(), account, &sealed.key)?;
        let data_key: Zeroizing<[u8; 32]> = Zeroizing::new(data_key.as_slice().try_into().map_err(|_| Shut)?);
        let text = open(&data_key, account, &sealed.person)?;
        serde_json::from_slice(&text).map_err(|_| Shut)
    }
}

fn keyed_hash(key: &SecretBox<[u8; 32]>, telegram_user_id: i64) -> [u8; 32] {
    // The extraction of HKDF is HMAC with the salt as its key.
    Hkdf::<Sha256>::extract(Some(key.expose_secret()), &telegram_user_id.to_be_bytes()).0.into()
}

fn random(bytes: &mut [u8]) -> Result<(), Fault> {
    OsRng.try_fill_bytes(bytes).map_err(|error| Fault::upstream("operating system", error))
}

fn seal(key: &[u8; 32], account: AccountId, secret: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut nonce = [0; NONCE];
    random(&mut nonce)?;
    let account = account.uuid();
    let payload = Payload { msg: secret, aad: account.as_bytes() };
    let sealed = XChaCha20Poly1305::new(key.into()).encrypt(XNonce::from_slice(&nonce), payload);
    let sealed = sealed.map_err(|_| Fault::bug("a person cannot be sealed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &[u8; 32], account: AccountId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Shut> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(Shut)?;
    let account = account.uuid();
    let payload = Payload { msg: sealed, aad: account.as_bytes() };
    let opened = XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(nonce), payload);
    opened.map(Zeroizing::new).map_err(|_| Shut)
}

/// Declares and reads the master key of people, which is another one than that of wallets.
///
/// # Errors
/// None, or both, or not 64 hexadecimal digits.
pub fn declare(r: &mut Reader) -> Result<Vault, Invalid> {
    let inline: Result<Option<SecretString>, Invalid> = r
        .setting(
            "PERSONAL_MASTER_KEY",
            "Master key of personal data, 64 hexadecimal digits, another one than the wallets'; better in a file.",
        )
        .optional("…");
    let file: Result<Option<PathBuf>, Invalid> = r
        .setting(
            "PERSONAL_MASTER_KEY_FILE",
            "File with the master key of personal data, 64 hexadecimal digits.",
        )
        .optional("/run/secrets/personal-master-key");
    let text = match (inline?, file?) {
        (Some(inline), None) => inline,
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => text.into(),
            Err(error) => {
                return Err(r.refuse("PERSONAL_MASTER_KEY_FILE", format!("cannot be read: {error}")));
            }
        },
        (None, None) => {
            return Err(r.refuse("PERSONAL_MASTER_KEY_FILE", "is needed, or PERSONAL_MASTER_KEY"));
        }
        (Some(_), Some(_)) => {
            return Err(r.refuse("PERSONAL_MASTER_KEY", "and PERSONAL_MASTER_KEY_FILE are both set"));
        }
    };
    Vault::try_from_hex(text.expose_secret())
        .map_err(|error| r.refuse("PERSONAL_MASTER_KEY", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(seed: u8) -> Vault {
        Vault::new(&SecretBox::new(Box::new([seed; 32])))
    }

    fn account(number: u128) -> AccountId {
        AccountId::new(uuid::Uuid::from_u128(number))
    }

    fn anna() -> Person {
        Person { telegram_user_id: 5_000_000_001, chat_id: 5_000_000_001, language: "en".to_owned() }
    }

    #[test]
    fn a_person_opens_with_its_own_key_and_in_its_own_row_only() {
        let sealed = vault(1).seal(account(1), &anna()).unwrap();
        assert_eq!(vault(1).open(account(1), &sealed), Ok(anna()));
        assert_eq!(vault(2).open(account(1), &sealed), Err(Shut));
        assert_eq!(vault(1).open(account(2), &sealed), Err(Shut));
        let other = vault(1).seal(account(1), &anna()).unwrap();
        assert_ne!(sealed, other, "data keys are random");
        assert_eq!(vault(1).open(account(1), &SealedPerson { key: other.key, ..sealed.clone() }), Err(Shut));
        let mut broken = sealed.clone();
        broken.person[30] ^= 1;
        assert_eq!(vault(1).open(account(1), &broken), Err(Shut));
        assert_eq!(vault(1).open(account(1), &SealedPerson { key: vec![0; 5], ..sealed }), Err(Shut));
    }

    #[test]
    fn what_is_stored_names_nobody() {
        let vault = vault(1);
        let sealed = vault.seal(account(1), &anna()).unwrap();
        let id = anna().telegram_user_id;
        let stored = [sealed.key, sealed.person, vault.lookup(id).to_vec(), vault.exclusion(id).to_vec()];
        for bytes in stored {
            for needle in
                [id.to_string().into_bytes(), id.to_be_bytes()[3..].to_vec(), id.to_le_bytes()[..5].to_vec()]
            {
                assert!(!bytes.windows(needle.len()).any(|part| part == needle));
            }
        }
    }

    #[test]
    fn hashes_are_keyed_and_for_one_purpose() {
        let (one, two) = (vault(1), vault(2));
        assert_eq!(one.lookup(7), vault(1).lookup(7));
        assert_ne!(one.lookup(7), one.lookup(8));
        assert_ne!(one.lookup(7), two.lookup(7));
        assert_ne!(one.lookup(7), one.exclusion(7));
    }
}
