//! Links that people share, and the codes in them.

use proto::RoomId;

/// Longest code.
const MAX: usize = 24;

/// Somebody's code, as their link carries it: letters, digits, `_` and `-`. Whether it is anybody's is settlement-svc's to
/// say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReferralCode {
    bytes: [u8; MAX],
    length: usize,
}

impl ReferralCode {
    /// Reads a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        let mut bytes = [0; MAX];
        let kept = bytes.get_mut(..text.len()).filter(|kept| plain && !kept.is_empty())?;
        kept.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() })
    }

    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let letters = self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok());
        letters.unwrap_or_default()
    }
}

impl std::fmt::Debug for ReferralCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a link names a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomKey {
    /// As the links that we make.
    Id(RoomId),
    /// As people write it.
    Number(i64),
}

/// What a link into the private chat leads to, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Shown next.
    pub room: Option<RoomKey>,
    /// Whose link it is.
    pub code: Option<ReferralCode>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_short_and_plain() {
        for text in ["A", "k7Qx2m", "a_b-C", "0123456789abcdefghijklmn"] {
            assert_eq!(ReferralCode::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "0123456789abcdefghijklmno", "a.b", "a b", "é", "<b>"] {
            assert_eq!(ReferralCode::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_as_it_is_or_not_at_all(text in ".{0,30}") {
            if let Some(code) = ReferralCode::parse(&text) {
                prop_assert_eq!(code.as_str(), text);
            }
        }
    }
}
