//! The mint of a token: its address, and its name.

use solana_pubkey::Pubkey;
use std::fmt;

/// Most characters of an address in base58.
const LONGEST: usize = 44;

/// A token on Solana by the address of its mint account, with that address in base58 at hand: it is the token's name
/// wherever assets are named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mint {
    address: Pubkey,
    text: [u8; LONGEST],
    length: u8,
}

impl Mint {
    /// Reads an address in base58; nothing where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address: Pubkey = text.parse().ok()?;
        Some(Self::new(address)).filter(|mint| mint.as_str() == text)
    }

    /// The token of this mint account.
    #[must_use]
    pub fn new(address: Pubkey) -> Self {
        let mut text = [0; LONGEST];
        let written = address.to_string();
        for (to, from) in text.iter_mut().zip(written.bytes()) {
            *to = from;
        }
        Self { address, text, length: u8::try_from(written.len()).unwrap_or_default() }
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Pubkey {
        self.address
    }

    /// Its address in base58.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_text_is_no_mint() {
        for text in ["", "SOL", "1", "0OIl", "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump ", &"1".repeat(45)]
        {
            assert_eq!(Mint::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_its_name(bytes: [u8; 32]) {
            let mint = Mint::new(Pubkey::new_from_array(bytes));
            prop_assert_eq!(Mint::parse(mint.as_str()), Some(mint));
            prop_assert_eq!(mint.address().to_bytes(), bytes);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = Mint::parse(&text);
        }
    }
}
