//! What things are called on chain and by people, made of a seed: the same for the same seed.

use sha2::{Digest, Sha256};

/// Of an address, of 32.
const ADDRESS_BYTES: usize = 20;

const FIRST: [&str; 12] = [
    "Quiet", "Brass", "Lucky", "Amber", "Velvet", "Northern", "Patient", "Copper", "Hollow", "Paper",
    "Winter", "Silver",
];
const SECOND: [&str; 12] = [
    "Heron", "Anchor", "Ledger", "Otter", "Lantern", "Falcon", "Harbor", "Quarry", "Comet", "Badger",
    "Willow", "Sextant",
];

/// A wallet: `0x` and 40 digits.
pub(super) fn address(seed: u64, number: usize) -> String {
    let bytes = bytes(seed, "wallet", number);
    let (address, _) = bytes.split_at(ADDRESS_BYTES);
    format!("0x{}", hex::encode(address))
}

/// The public name of a wallet's owner; every third has none.
pub(super) fn person(seed: u64, number: usize) -> String {
    if number.is_multiple_of(3) { String::new() } else { pseudonym(seed, number) }
}

/// The name that the page makes up for whoever has none.
pub(super) fn pseudonym(seed: u64, number: usize) -> String {
    let [first, second, third, ..] = bytes(seed, "name", number);
    let pick = |from: [&'static str; 12], byte: u8| {
        from.get(usize::from(byte) % from.len()).copied().unwrap_or_default()
    };
    format!("{}-{}{third}", pick(FIRST, first), pick(SECOND, second))
}

/// A market's condition: `0x` and 64 digits.
pub(super) fn condition(seed: u64, number: usize) -> String {
    hash(seed, "condition", number)
}

/// The token of an outcome of a market: a decimal number of up to 78 digits.
pub(super) fn token(seed: u64, market: usize, outcome: usize) -> String {
    decimal(bytes(seed, "token", market * 2 + outcome))
}

/// A transaction: `0x` and 64 digits.
pub(super) fn transaction(seed: u64, number: usize) -> String {
    hash(seed, "transaction", number)
}

fn hash(seed: u64, kind: &str, number: usize) -> String {
    format!("0x{}", hex::encode(bytes(seed, kind, number)))
}

fn bytes(seed: u64, kind: &str, number: usize) -> [u8; 32] {
    let hash = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(kind);
    hash.chain_update(number.to_string()).finalize().into()
}

/// A number of 256 bits as people write it.
fn decimal(bytes: [u8; 32]) -> String {
    // The lowest digit first.
    let mut digits: Vec<u32> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 10;
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_256_bits_is_written_whole() {
        let mut small = [0; 32];
        small[30] = 1;
        assert_eq!(decimal(small), "256");
        let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(decimal([255; 32]), largest);
    }

    #[test]
    fn names_are_the_same_for_the_same_seed() {
        assert_eq!(address(1, 7), address(1, 7));
        assert_ne!(address(1, 7), address(2, 7));
        assert_eq!((address(1, 7).len(), condition(1, 7).len()), (42, 66));
    }
}
