//! What Helius posts to a webhook, made from what `getTransaction` answers in the encoding `json`.
//! <https://www.helius.dev/docs/webhooks>

use serde_json::{Value, json};

const SYSTEM: &str = "11111111111111111111111111111111";

/// A raw delivery of these transactions.
#[must_use]
pub fn raw(transactions: &[Value]) -> Value {
    let delivered = transactions.iter().map(|transaction| {
        let mut transaction = transaction.clone();
        if let Some(fields) = transaction.as_object_mut() {
            fields.insert("indexWithinBlock".to_owned(), json!(0));
        }
        transaction
    });
    delivered.collect()
}

/// An enhanced delivery of these transactions.
#[must_use]
pub fn enhanced(transactions: &[Value]) -> Value {
    transactions.iter().map(one).collect()
}

fn one(transaction: &Value) -> Value {
    let keys = list(transaction, "/transaction/message/accountKeys");
    let key = |index: usize| keys.get(index).cloned().unwrap_or_default();
    let number = |path: &str, index: usize| {
        list(transaction, path).get(index).and_then(Value::as_i64).unwrap_or_default()
    };
    let change = |index| number("/meta/postBalances", index) - number("/meta/preBalances", index);
    let touched = |index| json!({"account": key(index), "nativeBalanceChange": change(index), "tokenBalanceChanges": []});
    let inner = list(transaction, "/meta/innerInstructions");
    let called = inner.iter().flat_map(|call| list(call, "/instructions"));
    let instructions = list(transaction, "/transaction/message/instructions");
    let transfers =
        instructions.into_iter().chain(called).filter_map(|instruction| transfer(&instruction, &key));
    let field = |path: &str| transaction.pointer(path).cloned().unwrap_or_default();
    json!({
        "description": "", "type": "TRANSFER", "source": "SYSTEM_PROGRAM", "events": {},
        "signature": field("/transaction/signatures/0"), "slot": field("/slot"),
        "timestamp": field("/blockTime"), "fee": field("/meta/fee"), "feePayer": key(0),
        "transactionError": field("/meta/err"), "tokenTransfers": [],
        "nativeTransfers": transfers.collect::<Vec<Value>>(),
        "accountData": (0..keys.len()).map(touched).collect::<Vec<Value>>(),
    })
}

fn list(value: &Value, path: &str) -> Vec<Value> {
    value.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A System transfer: tag 2 and the amount, both little-endian.
fn transfer(instruction: &Value, key: &impl Fn(usize) -> Value) -> Option<Value> {
    let place = |path: &str| instruction.pointer(path).and_then(Value::as_u64)?.try_into().ok();
    if key(place("/programIdIndex")?) != json!(SYSTEM) {
        return None;
    }
    let data = bs58::decode(instruction.get("data")?.as_str()?).into_vec().ok()?;
    let (tag, amount) = data.split_first_chunk::<4>()?;
    let amount = u64::from_le_bytes(*amount.first_chunk::<8>()?);
    let (from, to) = (key(place("/accounts/0")?), key(place("/accounts/1")?));
    (u32::from_le_bytes(*tag) == 2)
        .then(|| json!({"fromUserAccount": from, "toUserAccount": to, "amount": amount}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_told_in_both_formats() {
        let data = bs58::encode([[2, 0, 0, 0].as_slice(), &7_u64.to_le_bytes()].concat()).into_string();
        let answer = json!({
            "slot": 5, "blockTime": 9, "version": "legacy",
            "meta": {"err": null, "fee": 5000, "preBalances": [9_000, 0, 1], "postBalances": [3_993, 7, 1],
                     "innerInstructions": []},
            "transaction": {"signatures": ["s"], "message": {"accountKeys": ["a", "b", SYSTEM],
                "instructions": [{"programIdIndex": 2, "accounts": [0, 1], "data": data}]}},
        });
        let enhanced = enhanced(std::slice::from_ref(&answer));
        assert_eq!(
            enhanced[0]["nativeTransfers"],
            json!([{"fromUserAccount": "a", "toUserAccount": "b", "amount": 7}])
        );
        assert_eq!(enhanced[0]["accountData"][0]["nativeBalanceChange"], json!(-5_007));
        assert_eq!(
            (&enhanced[0]["signature"], &enhanced[0]["transactionError"]),
            (&json!("s"), &Value::Null)
        );
        assert_eq!(raw(&[answer])[0]["transaction"]["signatures"], json!(["s"]));
    }
}
