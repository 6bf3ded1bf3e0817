//! The receipt of a settlement on chain.

use crate::{Malformed, RoomId, wallet::AnchorReceipt};

/// The memo that anchors one room: `ROOMS1 <room id> <terms hash> <root> <price or -> <outcome>`,
/// hashes in lower-case hexadecimal. The outcome comes last because its label may hold spaces.
///
/// # Errors
/// `Malformed` where the id or a hash has not its length, or a text would break the line.
pub fn receipt_memo(receipt: &AnchorReceipt) -> Result<String, Malformed> {
    let room = RoomId::try_from_bytes(&receipt.room_id)?;
    if receipt.terms_hash.len() != 32 || receipt.root.len() != 32 {
        return Err(Malformed("receipt without its hashes"));
    }
    if receipt.price.contains(char::is_whitespace) || receipt.outcome.contains(char::is_control) {
        return Err(Malformed("receipt text breaks the memo"));
    }
    let price = if receipt.price.is_empty() { "-" } else { &receipt.price };
    let (terms, root) = (hex::encode(&receipt.terms_hash), hex::encode(&receipt.root));
    Ok(format!("ROOMS1 {room} {terms} {root} {price} {}", receipt.outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_five_fields() {
        let receipt = AnchorReceipt {
            room_id: vec![0x11; 16],
            terms_hash: vec![0xaa; 32],
            outcome: "YES".to_owned(),
            price: "165.02".to_owned(),
            root: vec![0xbb; 32],
        };
        let memo = receipt_memo(&receipt).unwrap();
        let (terms, root) = ("aa".repeat(32), "bb".repeat(32));
        assert_eq!(memo, format!("ROOMS1 11111111-1111-1111-1111-111111111111 {terms} {root} 165.02 YES"));

        let void = AnchorReceipt { price: String::new(), outcome: "VOID TIE".to_owned(), ..receipt.clone() };
        assert!(receipt_memo(&void).unwrap().ends_with(" - VOID TIE"));
        assert!(receipt_memo(&AnchorReceipt { root: vec![], ..receipt.clone() }).is_err());
        assert!(receipt_memo(&AnchorReceipt { outcome: "YES\n".to_owned(), ..receipt }).is_err());
    }
}
