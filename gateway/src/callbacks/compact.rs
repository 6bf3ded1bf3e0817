//! A UUID in 22 characters: base64 with the URL alphabet, without padding (RFC 4648, section 5).

use uuid::Uuid;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters of an encoded UUID.
pub const LENGTH: usize = 22;

/// Encodes. Two ids never share a text.
#[must_use]
pub fn encode(uuid: Uuid) -> String {
    let bits = uuid.as_u128();
    (0..LENGTH)
        .map(|place| {
            // 21 characters carry six bits each, the last one carries the remaining two.
            let six = if place < 21 { bits >> (122 - 6 * place) } else { bits << 4 };
            let index = usize::try_from(six & 63).unwrap_or_default();
            char::from(ALPHABET.get(index).copied().unwrap_or(b'A'))
        })
        .collect()
}

/// Decodes what [`encode`] made and nothing else: an id has one text only.
#[must_use]
pub fn decode(text: &str) -> Option<Uuid> {
    if text.len() != LENGTH {
        return None;
    }
    let mut bits: u128 = 0;
    for (place, byte) in text.bytes().enumerate() {
        let index = ALPHABET.iter().position(|letter| *letter == byte)?;
        let six = u128::try_from(index).ok()?;
        if place < 21 {
            bits = bits << 6 | six;
        } else if six & 0b1111 == 0 {
            bits = bits << 2 | six >> 4;
        } else {
            return None;
        }
    }
    Some(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_the_url_alphabet_without_padding() {
        // `python3 -c 'import base64; print(base64.urlsafe_b64encode(bytes(range(16))))'`
        let uuid = Uuid::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        assert_eq!(encode(uuid), "AAECAwQFBgcICQoLDA0ODw");
        assert_eq!(encode(Uuid::max()), "_____________________w");
    }

    proptest! {
        #[test]
        fn returns(bits: u128) {
            let uuid = Uuid::from_u128(bits);
            prop_assert_eq!(decode(&encode(uuid)), Some(uuid));
        }

        #[test]
        fn one_text_per_id(text in "[A-Za-z0-9_-]{22}|.{0,30}") {
            if let Some(uuid) = decode(&text) {
                prop_assert_eq!(encode(uuid), text);
            }
        }
    }
}
