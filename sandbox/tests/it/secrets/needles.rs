//! A secret in every form in which it could be written down.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// A secret to look for.
pub struct Needle {
    /// Which.
    pub name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    pub fn new(name: &str, secret: &[u8]) -> Self {
        let hex = hex::encode(secret);
        let joined = |with: &str| secret.iter().map(u8::to_string).collect::<Vec<_>>().join(with);
        let mut forms = vec![
            ("raw", secret.to_vec()),
            ("hex", hex.clone().into_bytes()),
            ("HEX", hex.to_uppercase().into_bytes()),
            ("base58", bs58::encode(secret).into_string().into_bytes()),
            ("base32", base32(secret).into_bytes()),
            ("JSON array", joined(",").into_bytes()),
            ("array", joined(", ").into_bytes()),
        ];
        // In base64, what a few bytes become depends on how many came before them: one form for each.
        for before in 0..3 {
            for (name, engine) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
                let padded = [&vec![0; before], secret].concat();
                let text = engine.encode(&padded);
                // The first and the last digits mix with the neighbours.
                let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
                forms.push((name, text.as_bytes()[from..to].to_vec()));
            }
        }
        // Short or printable ones may have one form twice.
        Self { name: name.to_owned(), forms }
    }

    pub fn forms(&self) -> &[(&'static str, Vec<u8>)] {
        &self.forms
    }

    /// The first form that is in there.
    pub fn found_in(&self, haystack: &[u8]) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| contains(haystack, form)).map(|(name, _)| *name)
    }
}

/// Long haystacks, few needles: compare only where the first byte fits.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    // Whole digits alone: the last one would mix with what follows.
    let digits = bits.as_bytes().chunks_exact(5);
    digits
        .map(|five| char::from(DIGITS[usize::from_str_radix(std::str::from_utf8(five).unwrap(), 2).unwrap()]))
        .collect()
}

pub fn from_base32(text: &str) -> Vec<u8> {
    let digit = |c: u8| DIGITS.iter().position(|digit| *digit == c).unwrap();
    let bits: String = text.bytes().map(|c| format!("{:05b}", digit(c))).collect();
    let bytes = bits.as_bytes().chunks_exact(8);
    bytes.map(|eight| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2).unwrap()).collect()
}
