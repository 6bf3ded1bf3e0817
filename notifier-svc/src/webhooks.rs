//! The second way to be told: each stored notification is posted to the webhook of its account, in order, signed.
//!
//! A webhook that fails is asked again after 5 s, 10 s, 20 s and so on up to an hour; what could not be told within a day is
//! given up. Whoever names a webhook makes us call an address of their choice, so only public ones are called: the name is
//! resolved here, the connection is made to the address that was looked at, and no redirect is followed.

mod body;
mod call;
pub mod settings;

pub use call::{Caller, check};

use hkdf::Hkdf;
use proto::AccountId;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

/// The key from which those of the webhooks are derived.
pub struct MasterKey(SecretBox<[u8; 32]>);

impl MasterKey {
    /// Reads one of 64 hexadecimal digits.
    #[must_use]
    pub fn of_hex(text: &str) -> Option<Self> {
        let mut read = Ok(());
        let key = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| {
            read = hex::decode_to_slice(text.trim(), bytes);
        });
        read.ok().map(|()| Self(key))
    }

    /// The key of one account for one address: 64 hexadecimal digits, which sign as they are written. Another address has
    /// another key. HKDF-SHA256 (RFC 5869), so that none is stored.
    #[must_use]
    pub fn of(&self, account: AccountId, url: &str) -> String {
        let source = Hkdf::<Sha256>::new(Some(b"rooms notifier webhooks v1"), self.0.expose_secret());
        let mut key = [0; 32];
        // 32 bytes are always within what HKDF yields.
        let _ = source.expand_multi_info(&[account.uuid().as_bytes(), url.as_bytes()], &mut key);
        hex::encode(key)
    }
}

/// Whether, with which key, and whom.
pub struct Webhooks {
    /// Without one there are no webhooks.
    pub master: Option<MasterKey>,
    /// Addresses of our own network, and http, are allowed: in the sandbox, where there are no others.
    pub private: bool,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { master, private } = self;
        f.debug_struct("Webhooks").field("master", &master.is_some()).field("private", private).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_account_and_address_has_a_key_of_its_own() {
        let master = MasterKey::of_hex(&"07".repeat(32)).unwrap();
        let account = |number| AccountId::new(Uuid::from_u128(number));
        let key = master.of(account(1), "https://example.com/hook");
        // Computed by another implementation of RFC 5869: Python's hmac and hashlib.
        assert_eq!(key, "18361b6121b25263b6059afd0161c1480c30992c19f62115b362adc3b2d2895d");
        assert_ne!(key, master.of(account(2), "https://example.com/hook"));
        assert_ne!(key, master.of(account(1), "https://example.com/other"));
        assert_ne!(
            key,
            MasterKey::of_hex(&"08".repeat(32)).unwrap().of(account(1), "https://example.com/hook")
        );
        for wrong in ["", "07", &"0g".repeat(32), &"07".repeat(33)] {
            assert!(MasterKey::of_hex(wrong).is_none(), "{wrong}");
        }
    }
}
