use super::{
    EnvelopeError, KeyOwner, Masters, Order, Policy, Sealed, SealedKey, Signer, SignerError,
    masters::SealError,
};
use async_trait::async_trait;
use rand::{TryRngCore, rngs::OsRng};
use solana_keypair::Keypair;
use solana_signature::Signature;
use solana_signer::Signer as _;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Keys sealed under a master key that this process holds. A secret is open only while it signs.
#[derive(Debug)]
pub struct LocalKeystore {
    masters: Arc<Masters>,
    policy: Policy,
}

impl LocalKeystore {
    /// Opens and seals under these master keys, signs what this policy allows.
    #[must_use]
    pub const fn new(masters: Arc<Masters>, policy: Policy) -> Self {
        Self { masters, policy }
    }

    fn open(&self, key: &SealedKey) -> Result<Keypair, EnvelopeError> {
        let opened = self.masters.open(Sealed::Key(key.owner, &key.address), &key.sealed)?;
        let mut secret = Zeroizing::new([0u8; 32]);
        if opened.len() != secret.len() {
            return Err(EnvelopeError::Damaged);
        }
        secret.copy_from_slice(&opened);
        let pair = Keypair::new_from_array(*secret);
        if pair.pubkey() == key.address { Ok(pair) } else { Err(EnvelopeError::Damaged) }
    }
}

#[async_trait]
impl Signer for LocalKeystore {
    async fn create(&self, owner: KeyOwner) -> Result<SealedKey, SignerError> {
        let mut secret = Zeroizing::new([0u8; 32]);
        OsRng.try_fill_bytes(secret.as_mut()).map_err(SignerError::Randomness)?;
        let address = Keypair::new_from_array(*secret).pubkey();
        let sealed = self.masters.seal(Sealed::Key(owner, &address), secret.as_ref());
        let sealed = sealed.map_err(|error| match error {
            SealError::Randomness(error) => SignerError::Randomness(error),
            SealError::Envelope(source) => SignerError::Envelope { address, source },
        })?;
        Ok(SealedKey { owner, address, sealed, master: Some(self.masters.id()) })
    }

    async fn sign(&self, order: &Order<'_>) -> Result<Vec<Signature>, SignerError> {
        self.policy.check(order)?;
        let open = |key: &SealedKey| {
            self.open(key).map_err(|source| SignerError::Envelope { address: key.address, source })
        };
        // All are opened before one signs: a message is signed whole or not at all.
        let pairs = order.keys.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(pairs.iter().map(|pair| pair.sign_message(order.message)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Authorization, MasterKey, Operators, PolicyError};
    use proto::{AccountId, Lamports};
    use solana_hash::Hash;
    use solana_message::{VersionedMessage, v0};
    use solana_system_interface::instruction as system;
    use time::OffsetDateTime;

    fn keystore(current: &str, previous: Option<&str>) -> LocalKeystore {
        let key = |text: &str| MasterKey::try_from_hex(&text.repeat(32)).unwrap();
        let masters = Arc::new(Masters::new(key(current), previous.map(key)));
        LocalKeystore::new(masters, Policy::new(Operators::default(), Lamports::MAX, Lamports::ZERO))
    }

    fn account() -> KeyOwner {
        KeyOwner::Account(AccountId::new(uuid::Uuid::from_u128(7)))
    }

    fn sweep(from: &SealedKey, to: &SealedKey) -> Vec<u8> {
        let instruction = system::transfer(&from.address, &to.address, 5);
        let message = v0::Message::try_compile(&to.address, &[instruction], &[], Hash::default()).unwrap();
        VersionedMessage::V0(message).serialize()
    }

    fn order<'a>(message: &'a [u8], keys: &'a [SealedKey]) -> Order<'a> {
        let authorization = &Authorization::Sweep;
        Order { message, keys, authorization, committed_at: OffsetDateTime::UNIX_EPOCH }
    }

    #[tokio::test]
    async fn all_sign_and_two_signatures_of_one_message_are_one() {
        let store = keystore("5a", None);
        let treasury = store.create(KeyOwner::Treasury).await.unwrap();
        let source = store.create(account()).await.unwrap();
        let message = sweep(&source, &treasury);
        let keys = [treasury, source];
        let first = store.sign(&order(&message, &keys)).await.unwrap();
        assert_eq!(first, keystore("5a", None).sign(&order(&message, &keys)).await.unwrap());
        assert!(
            first.iter().zip(&keys).all(|(signature, key)| signature.verify(key.address.as_ref(), &message))
        );
        assert_eq!(first.len(), 2);
    }

    #[tokio::test]
    async fn a_key_signs_neither_for_others_nor_under_another_name() {
        let store = keystore("5a", None);
        let treasury = store.create(KeyOwner::Treasury).await.unwrap();
        let source = store.create(account()).await.unwrap();
        let message = sweep(&source, &treasury);
        let refused = store.sign(&order(&message, &[source.clone(), treasury.clone()])).await.unwrap_err();
        assert!(matches!(refused, SignerError::Policy(PolicyError::Signers)));
        // A deposit address in the treasury's row, as one who writes to the database would have it.
        let renamed = SealedKey { owner: KeyOwner::Treasury, ..source.clone() };
        let message = sweep(&treasury, &renamed);
        let stolen = SealedKey { owner: account(), ..treasury };
        let refused = store.sign(&order(&message, &[renamed, stolen])).await.unwrap_err();
        assert!(matches!(refused, SignerError::Envelope { source: EnvelopeError::Damaged, .. }));
    }

    #[tokio::test]
    async fn an_older_master_key_opens_while_it_is_known() {
        let treasury = keystore("11", None).create(KeyOwner::Treasury).await.unwrap();
        let source = keystore("22", None).create(account()).await.unwrap();
        let message = sweep(&source, &treasury);
        let keys = [treasury, source];
        assert!(keystore("22", Some("11")).sign(&order(&message, &keys)).await.is_ok());
        let refused = keystore("22", None).sign(&order(&message, &keys)).await.unwrap_err();
        assert!(matches!(refused, SignerError::Envelope { address, .. } if address == keys[0].address));
    }

    #[tokio::test]
    async fn no_text_shows_an_envelope() {
        let key = keystore("5a", None).create(KeyOwner::Treasury).await.unwrap();
        assert!(!format!("{key:?}").contains("sealed"));
    }
}
