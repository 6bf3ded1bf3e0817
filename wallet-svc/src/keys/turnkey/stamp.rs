//! The stamp on a request: an ECDSA signature (P-256, SHA-256) over its exact body.
//! <https://docs.turnkey.com/developer-reference/api-overview/stamps>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{DerSignature, SigningKey, signature::Signer as _};
use zeroize::Zeroizing;

/// A key that Turnkey knows the public half of. Its memory is wiped when it is dropped.
pub struct ApiKey {
    signing: SigningKey,
    public: String,
}

/// A key that cannot be used. The text never repeats what was read.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("is not a P-256 private key in 64 hexadecimal digits")]
pub struct ApiKeyError;

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey({})", self.public)
    }
}

impl ApiKey {
    /// Reads the private key as Turnkey's dashboard shows it.
    ///
    /// # Errors
    /// Not 64 hexadecimal digits, or not a number of the curve.
    pub fn try_from_hex(text: &str) -> Result<Self, ApiKeyError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut()).map_err(|_| ApiKeyError)?;
        let signing = SigningKey::from_slice(bytes.as_ref()).map_err(|_| ApiKeyError)?;
        let public = hex::encode(signing.verifying_key().to_encoded_point(true).as_bytes());
        Ok(Self { signing, public })
    }

    /// The value of the header `X-Stamp` for a body.
    pub(super) fn stamp(&self, body: &[u8]) -> String {
        let signature: DerSignature = self.signing.sign(body);
        let stamp = serde_json::json!({
            "publicKey": self.public,
            "signature": hex::encode(signature.as_bytes()),
            "scheme": "SIGNATURE_SCHEME_TK_API_P256",
        });
        URL_SAFE_NO_PAD.encode(stamp.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_never_shown() {
        let key = ApiKey::try_from_hex(&"5a".repeat(32)).unwrap();
        let shown = format!("{key:?} {}", key.stamp(b"{}"));
        assert!(!shown.contains("5a5a5a5a"));
        for wrong in ["", "zz", &"00".repeat(32), &"ff".repeat(32), &"5a".repeat(31)] {
            assert_eq!(ApiKey::try_from_hex(wrong).err(), Some(ApiKeyError), "{wrong}");
        }
    }
}
