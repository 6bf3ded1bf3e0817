//! The body of the fuzz target over the webhook, under proptest.

#[path = "../../../fuzz/bodies/webhook.rs"]
mod body;

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};
use servers::helius;
use solana_pubkey::Pubkey;
use solana_signature::Signature;

/// The words of both formats: chance alone would never write them.
const WORDS: [&str; 15] = [
    "signature",
    "signatures",
    "transaction",
    "message",
    "meta",
    "err",
    "accountKeys",
    "loadedAddresses",
    "writable",
    "nativeTransfers",
    "toUserAccount",
    "fromUserAccount",
    "accountData",
    "account",
    "transactionError",
];

fn address(byte: u8) -> String {
    Pubkey::new_from_array([byte; 32]).to_string()
}

/// What the chain says about a transfer.
fn transaction() -> Value {
    json!({
        "slot": 5, "blockTime": 9, "version": "legacy",
        "meta": {"err": null, "fee": 5000, "preBalances": [9_000, 0, 1], "postBalances": [3_993, 7, 1],
                 "innerInstructions": [], "loadedAddresses": {"writable": [], "readonly": []}},
        "transaction": {
            "signatures": [Signature::from([7; 64]).to_string()],
            "message": {"accountKeys": [address(1), address(2), address(0)], "recentBlockhash": address(3),
                        "instructions": [{"programIdIndex": 2, "accounts": [0, 1], "data": "3Bxs3zxH1DZVrsVy"}]},
        },
    })
}

/// A delivery as Helius makes it, in both formats at once.
fn delivery() -> Vec<u8> {
    let both = [helius::enhanced(&[transaction()]), helius::raw(&[transaction()])];
    let list: Value = both.iter().flat_map(|list| list.as_array().unwrap().clone()).collect();
    list.to_string().into_bytes()
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<u8>().prop_map(|byte| json!(address(byte))),
        any::<u8>().prop_map(|byte| json!(Signature::from([byte; 64]).to_string())),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let field = (prop::sample::select(&WORDS[..]), inner.clone());
        let named = |(name, value): (&str, Value)| (name.to_owned(), value);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            vec(field, 0..6).prop_map(move |fields| fields.into_iter().map(named).collect()),
        ]
    })
}

#[test]
fn a_whole_delivery_is_read() {
    assert!(body::check(&delivery()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(data in vec(any::<u8>(), 0..512)) {
        body::check(&data);
    }

    #[test]
    fn any_words_in_any_order_are_read_or_refused(data in value()) {
        body::check(data.to_string().as_bytes());
    }

    #[test]
    fn a_delivery_cut_or_changed_anywhere_is_read_or_refused(at in any::<Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut data = delivery();
        let at = at.index(data.len());
        if cut { data.truncate(at) } else { data[at] = byte }
        prop_assert!(!(cut && body::check(&data)), "half a delivery is none");
        body::check(&data);
    }
}
