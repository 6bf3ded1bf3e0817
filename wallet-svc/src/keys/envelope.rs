//! The envelope of a secret key: XChaCha20-Poly1305 under a key that HKDF-SHA256 derives from
//! the master key and the owner's opaque id (RFC 5869, draft-irtf-cfrg-xchacha-03).
//!
//! Layout: version (1 byte), nonce (24), ciphertext of the 32 secret bytes with its tag (48).
//! Version, owner and address are authenticated, so an envelope moved to another row stays shut.

use super::KeyOwner;
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use solana_pubkey::Pubkey;
use std::path::Path;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;
const SALT: &[u8] = b"rooms wallet key envelope v1";

/// The secret that all wrapping keys are derived from. It has no `Display`, its `Debug` is
/// redacted, and its memory is wiped when it is dropped.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; 32]>);

/// A master key that cannot be used. The text never repeats what was read.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 64 hexadecimal digits.
    #[error("master key is not 64 hexadecimal digits")]
    Syntax,
    /// The file cannot be read.
    #[error("master key file cannot be read")]
    File(#[source] std::io::Error),
}

impl MasterKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// `Syntax` for anything else.
    pub fn try_from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut()).map_err(|_| MasterKeyError::Syntax)?;
        Ok(Self(SecretBox::new(Box::new(*bytes))))
    }

    /// Reads a file that holds 64 hexadecimal digits, as secret mounts do.
    ///
    /// # Errors
    /// `File` where it cannot be read, `Syntax` for anything but 64 digits.
    pub fn try_from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(MasterKeyError::File)?);
        Self::try_from_hex(&text)
    }

    fn cipher(&self, owner: KeyOwner) -> Result<XChaCha20Poly1305, EnvelopeError> {
        let mut wrapping = Zeroizing::new([0u8; 32]);
        Hkdf::<Sha256>::new(Some(SALT), self.0.expose_secret())
            .expand(owner.id().as_bytes(), wrapping.as_mut())
            .map_err(|_| EnvelopeError::Damaged)?;
        XChaCha20Poly1305::new_from_slice(wrapping.as_ref()).map_err(|_| EnvelopeError::Damaged)
    }

    /// Seals a secret under a nonce that was never used before (24 random bytes).
    pub(super) fn seal(
        &self,
        owner: KeyOwner,
        address: &Pubkey,
        nonce: &[u8; NONCE_LEN],
        secret: &[u8; 32],
    ) -> Result<Vec<u8>, EnvelopeError> {
        let sealed = self
            .cipher(owner)?
            .encrypt(XNonce::from_slice(nonce), Payload { msg: secret, aad: &bound(owner, address) })
            .map_err(|_| EnvelopeError::Damaged)?;
        let mut envelope = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    /// Opens an envelope.
    pub(super) fn open(
        &self,
        owner: KeyOwner,
        address: &Pubkey,
        envelope: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, EnvelopeError> {
        let (&version, rest) = envelope.split_first().ok_or(EnvelopeError::Damaged)?;
        if version != VERSION {
            return Err(EnvelopeError::Version(version));
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(EnvelopeError::Damaged)?;
        let opened = self
            .cipher(owner)?
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &bound(owner, address) })
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::Damaged)?;
        let mut secret = Zeroizing::new([0u8; 32]);
        if opened.len() != secret.len() {
            return Err(EnvelopeError::Damaged);
        }
        secret.copy_from_slice(&opened);
        Ok(secret)
    }
}

/// Why an envelope stays shut.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeError {
    /// A version this build does not know.
    #[error("envelope has version {0}")]
    Version(u8),
    /// Truncated, altered, of another owner, or sealed under another master key.
    #[error("envelope is damaged or sealed under another master key")]
    Damaged,
}

fn bound(owner: KeyOwner, address: &Pubkey) -> Vec<u8> {
    [&[VERSION], owner.id().as_bytes().as_slice(), address.as_ref()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::AccountId;
    use uuid::Uuid;

    fn master(byte: u8) -> MasterKey {
        MasterKey::try_from_hex(&hex::encode([byte; 32])).unwrap()
    }

    #[test]
    fn opens_only_for_its_owner_address_and_master_key() {
        let owner = KeyOwner::Account(AccountId::new(Uuid::from_u128(7)));
        let address = Pubkey::new_from_array([9; 32]);
        let envelope = master(1).seal(owner, &address, &[3; 24], &[5; 32]).unwrap();
        assert_eq!(*master(1).open(owner, &address, &envelope).unwrap(), [5; 32]);

        let damaged = Err(EnvelopeError::Damaged);
        let open = |key: u8, owner, address: &Pubkey, envelope: &[u8]| {
            master(key).open(owner, address, envelope).map(|secret| *secret)
        };
        assert_eq!(open(2, owner, &address, &envelope), damaged);
        assert_eq!(open(1, KeyOwner::Treasury, &address, &envelope), damaged);
        assert_eq!(open(1, owner, &Pubkey::new_from_array([8; 32]), &envelope), damaged);
        for at in 1..envelope.len() {
            let mut altered = envelope.clone();
            altered[at] ^= 1;
            assert_eq!(open(1, owner, &address, &altered), damaged, "byte {at}");
            assert_eq!(open(1, owner, &address, &envelope[..at]), damaged, "cut at {at}");
        }
        let mut newer = envelope;
        newer[0] = 2;
        assert_eq!(open(1, owner, &address, &newer), Err(EnvelopeError::Version(2)));
    }

    #[test]
    fn the_envelope_does_not_contain_the_secret() {
        let address = Pubkey::new_from_array([9; 32]);
        let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let envelope = master(1).seal(KeyOwner::Treasury, &address, &[3; 24], &secret).unwrap();
        assert!(!envelope.windows(4).any(|window| secret.windows(4).any(|part| part == window)));
    }

    #[test]
    fn a_master_key_is_never_shown() {
        let key = master(0xab);
        assert!(!format!("{key:?}").to_lowercase().contains("ab, "));
        assert!(!format!("{key:?}").contains("171"));
        let wrong = MasterKey::try_from_hex("abcdef").unwrap_err();
        assert!(!format!("{wrong:?} {wrong}").contains("abcdef"));
    }
}
