//! The envelope of a secret: XChaCha20-Poly1305 under a key that HKDF-SHA256 derives from the master key and the
//! owner's opaque id (RFC 5869, draft-irtf-cfrg-xchacha-03).
//!
//! Layout: version (1 byte), nonce (24), ciphertext of the secret bytes with its tag (16 more). Version, owner and
//! address are authenticated, so an envelope moved to another row stays shut; each kind of secret has a salt of its
//! own, so one moved to another table does too.

use super::KeyOwner;
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use solana_pubkey::Pubkey;
use std::{os::unix::fs::PermissionsExt, path::Path};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The first byte of an envelope.
pub(super) const VERSION: u8 = 1;
pub(super) const NONCE_LEN: usize = 24;

/// What is sealed, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed<'a> {
    /// The secret key of an address.
    Key(KeyOwner, &'a Pubkey),
    /// The secret of an account's authenticator.
    Totp(Uuid),
}

impl Sealed<'_> {
    const fn salt(self) -> &'static [u8] {
        match self {
            Self::Key(..) => b"rooms wallet key envelope v1",
            Self::Totp(_) => b"rooms wallet totp envelope v1",
        }
    }

    const fn owner(self) -> Uuid {
        match self {
            Self::Key(owner, _) => owner.id(),
            Self::Totp(account) => account,
        }
    }

    fn bound(self) -> Vec<u8> {
        let address: &[u8] = match &self {
            Self::Key(_, address) => address.as_ref(),
            Self::Totp(_) => &[],
        };
        [&[VERSION], self.owner().as_bytes().as_slice(), address].concat()
    }
}

/// Which master key something is sealed under: derived from it, and says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MasterId([u8; 8]);

impl MasterId {
    /// For the database.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// From the database; nothing where it has not 8 bytes.
    #[must_use]
    pub fn try_from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for MasterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The secret that all wrapping keys are derived from. It has no `Display`, its `Debug` is
/// redacted, and its memory is wiped when it is dropped.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; 32]>);

/// A master key that cannot be used. The text never repeats what was read.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 64 hexadecimal digits.
    #[error("is not 64 hexadecimal digits")]
    Syntax,
    /// The file cannot be read.
    #[error("file cannot be read: {0}")]
    File(std::io::Error),
    /// Users that are neither its owner nor of its group have a right on the file.
    #[error("file is open to everybody: take the others' rights away (chmod o=)")]
    Exposed,
}

impl MasterKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// `Syntax` for anything else.
    pub fn try_from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut read = Ok(());
        let key =
            SecretBox::init_with_mut(|bytes: &mut [u8; 32]| read = hex::decode_to_slice(text.trim(), bytes));
        read.map(|()| Self(key)).map_err(|_| MasterKeyError::Syntax)
    }

    /// Reads a file that holds 64 hexadecimal digits, as secret mounts do.
    ///
    /// # Errors
    /// `File` where it cannot be read, `Exposed` where anybody on the machine can read it, `Syntax` for anything but
    /// 64 digits.
    pub fn try_from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let text = secret_file(path)?;
        Self::try_from_hex(&text)
    }

    /// Which master key this is.
    #[must_use]
    pub fn id(&self) -> MasterId {
        let mut id = [0u8; 8];
        // Eight bytes are fewer than the 8,160 that HKDF-SHA256 can give, so this cannot fail.
        let _ = Hkdf::<Sha256>::new(Some(b"rooms wallet master id v1"), self.0.expose_secret())
            .expand(&[], &mut id);
        MasterId(id)
    }

    fn cipher(&self, what: Sealed<'_>) -> Result<XChaCha20Poly1305, EnvelopeError> {
        let mut wrapping = Zeroizing::new([0u8; 32]);
        Hkdf::<Sha256>::new(Some(what.salt()), self.0.expose_secret())
            .expand(what.owner().as_bytes(), wrapping.as_mut())
            .map_err(|_| EnvelopeError::Damaged)?;
        XChaCha20Poly1305::new_from_slice(wrapping.as_ref()).map_err(|_| EnvelopeError::Damaged)
    }

    /// Seals a secret under a nonce that was never used before (24 random bytes).
    pub(super) fn seal(
        &self,
        what: Sealed<'_>,
        nonce: &[u8; NONCE_LEN],
        secret: &[u8],
    ) -> Result<Vec<u8>, EnvelopeError> {
        let sealed = self
            .cipher(what)?
            .encrypt(XNonce::from_slice(nonce), Payload { msg: secret, aad: &what.bound() })
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
        what: Sealed<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let (&version, rest) = envelope.split_first().ok_or(EnvelopeError::Damaged)?;
        if version != VERSION {
            return Err(EnvelopeError::Version(version));
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(EnvelopeError::Damaged)?;
        self.cipher(what)?
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &what.bound() })
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::Damaged)
    }
}

/// Reads a small file with a secret, unless everybody on the machine can, too.
pub(super) fn secret_file(path: &Path) -> Result<Zeroizing<String>, MasterKeyError> {
    let mode = std::fs::metadata(path).map_err(MasterKeyError::File)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(MasterKeyError::Exposed);
    }
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(MasterKeyError::File)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proto::AccountId;
    use uuid::Uuid;

    fn master(byte: u8) -> MasterKey {
        MasterKey::try_from_hex(&hex::encode([byte; 32])).unwrap()
    }

    #[test]
    fn opens_only_for_its_owner_address_kind_and_master_key() {
        let id = Uuid::from_u128(7);
        let owner = KeyOwner::Account(AccountId::new(id));
        let (address, other) = (Pubkey::new_from_array([9; 32]), Pubkey::new_from_array([8; 32]));
        let what = Sealed::Key(owner, &address);
        let envelope = master(1).seal(what, &[3; 24], &[5; 32]).unwrap();
        assert_eq!(*master(1).open(what, &envelope).unwrap(), [5; 32]);

        let damaged = Err(EnvelopeError::Damaged);
        let open =
            |key: u8, what, envelope: &[u8]| master(key).open(what, envelope).map(|secret| secret.to_vec());
        assert_eq!(open(2, what, &envelope), damaged);
        assert_eq!(open(1, Sealed::Key(KeyOwner::Treasury, &address), &envelope), damaged);
        assert_eq!(open(1, Sealed::Key(owner, &other), &envelope), damaged);
        assert_eq!(open(1, Sealed::Totp(id), &envelope), damaged);
        for at in 1..envelope.len() {
            let mut altered = envelope.clone();
            altered[at] ^= 1;
            assert_eq!(open(1, what, &altered), damaged, "byte {at}");
            assert_eq!(open(1, what, &envelope[..at]), damaged, "cut at {at}");
        }
        let mut newer = envelope;
        newer[0] = 2;
        assert_eq!(open(1, what, &newer), Err(EnvelopeError::Version(2)));
    }

    #[test]
    fn the_envelope_does_not_contain_the_secret() {
        let address = Pubkey::new_from_array([9; 32]);
        let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let envelope = master(1).seal(Sealed::Key(KeyOwner::Treasury, &address), &[3; 24], &secret).unwrap();
        assert!(!envelope.windows(4).any(|window| secret.windows(4).any(|part| part == window)));
    }

    #[test]
    fn a_master_key_is_never_shown() {
        let key = master(0xab);
        assert!(!format!("{key:?}").to_lowercase().contains("ab, "));
        assert!(!format!("{key:?}").contains("171"));
        let wrong = MasterKey::try_from_hex("abcdef").unwrap_err();
        assert!(!format!("{wrong:?} {wrong}").contains("abcdef"));
        assert_eq!(key.id(), master(0xab).id());
        assert_ne!(key.id(), master(0xac).id());
    }

    #[test]
    fn a_file_that_everybody_reads_is_refused() {
        let path = std::env::temp_dir().join(format!("rooms-master-{}", Uuid::now_v7()));
        std::fs::write(&path, "5a".repeat(32)).unwrap();
        let read_with = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            MasterKey::try_from_file(&path)
        };
        assert!(matches!(read_with(0o644), Err(MasterKeyError::Exposed)));
        assert!(matches!(read_with(0o602), Err(MasterKeyError::Exposed)));
        assert_eq!(read_with(0o440).unwrap().id(), master(0x5a).id());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(MasterKey::try_from_file(&path), Err(MasterKeyError::File(_))));
    }
}
