use super::{EnvelopeError, KeyOwner, MasterKey, SealedKey, Signer, SignerError, policy};
use async_trait::async_trait;
use rand::{TryRngCore, rngs::OsRng};
use solana_keypair::Keypair;
use solana_signature::Signature;
use solana_signer::Signer as _;
use zeroize::Zeroizing;

/// Keys sealed under a master key that this process holds. A secret is open only while it signs.
#[derive(Debug)]
pub struct LocalKeystore {
    master: MasterKey,
}

impl LocalKeystore {
    /// Opens and seals under this master key.
    #[must_use]
    pub const fn new(master: MasterKey) -> Self {
        Self { master }
    }

    fn seal(&self, owner: KeyOwner) -> Result<SealedKey, SignerError> {
        let mut secret = Zeroizing::new([0u8; 32]);
        let mut nonce = [0u8; 24];
        OsRng.try_fill_bytes(secret.as_mut()).map_err(SignerError::Randomness)?;
        OsRng.try_fill_bytes(&mut nonce).map_err(SignerError::Randomness)?;
        let address = Keypair::new_from_array(*secret).pubkey();
        let sealed = self
            .master
            .seal(owner, &address, &nonce, &secret)
            .map_err(|source| SignerError::Envelope { address, source })?;
        Ok(SealedKey { owner, address, sealed })
    }

    fn open(&self, key: &SealedKey) -> Result<Keypair, EnvelopeError> {
        let secret = self.master.open(key.owner, &key.address, &key.sealed)?;
        let pair = Keypair::new_from_array(*secret);
        if pair.pubkey() == key.address { Ok(pair) } else { Err(EnvelopeError::Damaged) }
    }
}

#[async_trait]
impl Signer for LocalKeystore {
    async fn create(&self, owner: KeyOwner) -> Result<SealedKey, SignerError> {
        self.seal(owner)
    }

    async fn sign(&self, key: &SealedKey, message: &[u8]) -> Result<Signature, SignerError> {
        policy::inspect(message)?.require_signer(&key.address)?;
        let pair = self.open(key).map_err(|source| SignerError::Envelope { address: key.address, source })?;
        Ok(pair.sign_message(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::PolicyError;
    use solana_hash::Hash;
    use solana_message::{VersionedMessage, v0};
    use solana_system_interface::instruction as system;

    fn keystore() -> LocalKeystore {
        LocalKeystore::new(MasterKey::try_from_hex(&"5a".repeat(32)).unwrap())
    }

    fn transfer(from: &SealedKey) -> Vec<u8> {
        let to = solana_pubkey::Pubkey::new_from_array([2; 32]);
        let instruction = system::transfer(&from.address, &to, 5);
        let message = v0::Message::try_compile(&from.address, &[instruction], &[], Hash::default()).unwrap();
        VersionedMessage::V0(message).serialize()
    }

    #[tokio::test]
    async fn two_signatures_of_one_message_are_one() {
        let key = keystore().create(KeyOwner::Treasury).await.unwrap();
        let message = transfer(&key);
        let first = keystore().sign(&key, &message).await.unwrap();
        let second = keystore().sign(&key, &message).await.unwrap();
        assert_eq!(first, second);
        assert!(first.verify(key.address.as_ref(), &message));
    }

    #[tokio::test]
    async fn a_key_signs_neither_for_others_nor_under_another_name() {
        let key = keystore().create(KeyOwner::Treasury).await.unwrap();
        let other = keystore().create(KeyOwner::Treasury).await.unwrap();
        let refused = keystore().sign(&key, &transfer(&other)).await.unwrap_err();
        assert!(matches!(
            refused,
            SignerError::Policy(PolicyError::NotASigner(address)) if address == key.address
        ));
        let renamed = SealedKey { address: other.address, ..key };
        let refused = keystore().sign(&renamed, &transfer(&other)).await.unwrap_err();
        assert!(matches!(refused, SignerError::Envelope { source: EnvelopeError::Damaged, .. }));
    }

    #[tokio::test]
    async fn no_text_shows_an_envelope() {
        let key = keystore().create(KeyOwner::Treasury).await.unwrap();
        assert!(!format!("{key:?}").contains("sealed"));
    }
}
