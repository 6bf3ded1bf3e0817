//! The receipt of a settlement on chain: a memo of its own, or a leaf under a memo with the root over several rooms.
//!
//! | hash | bytes under it |
//! |---|---|
//! | leaf | `00`, room id (16), terms hash (32), root over the payouts (32), length of the price (2), price, length of the outcome (2), outcome |
//! | node | `01`, left hash (32), right hash (32) |
//!
//! Integers are big-endian, texts UTF-8, hashes SHA-256; the tree is RFC 6962's ([`crate::merkle`]).

use crate::{
    Malformed, RoomId,
    merkle::{self, Hash},
    wallet::AnchorReceipt,
};

/// Most rooms under one memo. A branch then has at most six hashes.
pub const RECEIPTS_MAX: usize = 64;

/// The five fields, checked.
struct Fields<'a> {
    room: RoomId,
    terms_hash: Hash,
    root: Hash,
    price: &'a str,
    outcome: &'a str,
}

impl<'a> TryFrom<&'a AnchorReceipt> for Fields<'a> {
    type Error = Malformed;

    fn try_from(receipt: &'a AnchorReceipt) -> Result<Self, Malformed> {
        let hash = |bytes: &[u8]| Hash::try_from(bytes).map_err(|_| Malformed("receipt without its hashes"));
        if receipt.price.contains(char::is_whitespace) || receipt.outcome.contains(char::is_control) {
            return Err(Malformed("receipt text breaks the memo"));
        }
        Ok(Self {
            room: RoomId::try_from_bytes(&receipt.room_id)?,
            terms_hash: hash(&receipt.terms_hash)?,
            root: hash(&receipt.root)?,
            price: &receipt.price,
            outcome: &receipt.outcome,
        })
    }
}

/// The memo that anchors one room: `ROOMS1 <room id> <terms hash> <root> <price or -> <outcome>`,
/// hashes in lower-case hexadecimal. The outcome comes last because its label may hold spaces.
///
/// # Errors
/// `Malformed` where the id or a hash has not its length, or a text would break the line.
pub fn receipt_memo(receipt: &AnchorReceipt) -> Result<String, Malformed> {
    let Fields { room, terms_hash, root, price, outcome } = Fields::try_from(receipt)?;
    let price = if price.is_empty() { "-" } else { price };
    let (terms, root) = (hex::encode(terms_hash), hex::encode(root));
    Ok(format!("ROOMS1 {room} {terms} {root} {price} {outcome}"))
}

/// The hash of one room's five fields among several: the table above.
///
/// # Errors
/// As [`receipt_memo`], or where a text is longer than its length can say.
pub fn receipt_leaf(receipt: &AnchorReceipt) -> Result<Hash, Malformed> {
    let Fields { room, terms_hash, root, price, outcome } = Fields::try_from(receipt)?;
    let mut payload = [room.uuid().as_bytes(), terms_hash.as_slice(), root.as_slice()].concat();
    for text in [price, outcome] {
        let length = u16::try_from(text.len()).map_err(|_| Malformed("receipt text is too long"))?;
        payload.extend(length.to_be_bytes());
        payload.extend(text.as_bytes());
    }
    Ok(merkle::leaf(&payload))
}

/// The memo that anchors several rooms: `ROOMS1R <how many> <root over their leaves>`.
#[must_use]
pub fn receipts_memo(leaves: &[Hash]) -> String {
    format!("ROOMS1R {} {}", leaves.len(), hex::encode(merkle::root(leaves)))
}

/// Whether a memo anchors a room: it is the room's own, or the branch leads from the room's leaf, which stands at `place`
/// of `leaves`, up to the root that the memo names. `leaves` is 0 for a memo of one room's own.
///
/// # Errors
/// As [`receipt_leaf`].
pub fn receipt_anchors(
    receipt: &AnchorReceipt,
    memo: &str,
    place: u32,
    leaves: u32,
    branch: &[Hash],
) -> Result<bool, Malformed> {
    if leaves == 0 {
        return Ok(place == 0 && branch.is_empty() && receipt_memo(receipt)? == memo);
    }
    let named = memo.strip_prefix(&format!("ROOMS1R {leaves} ")).unwrap_or_default();
    let mut root = Hash::default();
    let lower = !named.contains(|one: char| one.is_ascii_uppercase());
    let named = lower && hex::decode_to_slice(named, &mut root).is_ok();
    Ok(named && merkle::verify(receipt_leaf(receipt)?, place, leaves, branch, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> AnchorReceipt {
        AnchorReceipt {
            room_id: vec![0x11; 16],
            terms_hash: vec![0xaa; 32],
            outcome: "YES".to_owned(),
            price: "165.02".to_owned(),
            root: vec![0xbb; 32],
        }
    }

    #[test]
    fn names_the_five_fields() {
        let receipt = receipt();
        let memo = receipt_memo(&receipt).unwrap();
        let (terms, root) = ("aa".repeat(32), "bb".repeat(32));
        assert_eq!(memo, format!("ROOMS1 11111111-1111-1111-1111-111111111111 {terms} {root} 165.02 YES"));

        let void = AnchorReceipt { price: String::new(), outcome: "VOID TIE".to_owned(), ..receipt.clone() };
        assert!(receipt_memo(&void).unwrap().ends_with(" - VOID TIE"));
        assert!(receipt_memo(&AnchorReceipt { root: vec![], ..receipt.clone() }).is_err());
        assert!(receipt_memo(&AnchorReceipt { outcome: "YES\n".to_owned(), ..receipt }).is_err());
    }

    /// The hash was computed apart from this code: what is anchored must not change its meaning.
    #[test]
    fn a_leaf_is_what_the_table_says() {
        let bytes = [
            vec![0x00],
            vec![0x11; 16],
            vec![0xaa; 32],
            vec![0xbb; 32],
            b"\x00\x06165.02".to_vec(),
            b"\x00\x03YES".to_vec(),
        ];
        let expected: Hash = <sha2::Sha256 as sha2::Digest>::digest(bytes.concat()).into();
        assert_eq!(receipt_leaf(&receipt()), Ok(expected));
        assert_eq!(hex::encode(expected), "3915d3b8a0f100eb6fd9ae051efd3e2f91245e692cf9a36d83622010948dc121");
    }

    #[test]
    fn every_field_is_under_the_leaf() {
        let changes: [fn(&mut AnchorReceipt); 6] = [
            |receipt| receipt.room_id[15] ^= 1,
            |receipt| receipt.terms_hash[0] ^= 1,
            |receipt| receipt.root[31] ^= 1,
            |receipt| receipt.price.push('0'),
            |receipt| receipt.outcome = "NO".to_owned(),
            // The lengths keep a text from growing at the cost of the other.
            |receipt| (receipt.price, receipt.outcome) = ("165.02Y".to_owned(), "ES".to_owned()),
        ];
        for change in changes {
            let mut changed = receipt();
            change(&mut changed);
            assert_ne!(receipt_leaf(&changed), receipt_leaf(&receipt()));
        }
        assert!(receipt_leaf(&AnchorReceipt { outcome: "x".repeat(65_536), ..receipt() }).is_err());
    }

    #[test]
    fn a_memo_anchors_its_rooms_and_no_others() {
        let rooms: Vec<AnchorReceipt> =
            (1..=5).map(|room| AnchorReceipt { room_id: vec![room; 16], ..receipt() }).collect();
        let leaves: Vec<Hash> = rooms.iter().map(|room| receipt_leaf(room).unwrap()).collect();
        let memo = receipts_memo(&leaves);
        assert_eq!(memo, format!("ROOMS1R 5 {}", hex::encode(merkle::root(&leaves))));
        for (place, room) in (0..).zip(&rooms) {
            let branch = merkle::branch(&leaves, place as usize).unwrap();
            let anchors =
                |memo: &str, place, leaves| receipt_anchors(room, memo, place, leaves, &branch).unwrap();
            assert!(anchors(&memo, place, 5));
            assert!(!anchors(&memo, place, 4), "the memo says how many");
            assert!(!anchors(&memo, (place + 1) % 5, 5));
            assert!(!anchors(&memo.to_uppercase(), place, 5));
            assert!(!anchors(&memo.replace("ROOMS1R", "ROOMS1"), place, 5));
            let other = AnchorReceipt { outcome: "NO".to_owned(), ..room.clone() };
            assert!(!receipt_anchors(&other, &memo, place, 5, &branch).unwrap());
        }
        let own = receipt_memo(&receipt()).unwrap();
        assert!(receipt_anchors(&receipt(), &own, 0, 0, &[]).unwrap());
        assert!(!receipt_anchors(&rooms[0], &own, 0, 0, &[]).unwrap());
        assert!(!receipt_anchors(&receipt(), &own, 0, 1, &[]).unwrap());
    }
}
