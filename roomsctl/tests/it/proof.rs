//! A user's proof, as they check it.

use crate::{parsed, roomsctl_at};
use proto::{
    AccountId, Lamports,
    proof::{File, Header, Node, Owed, Sibling},
};
use serde_json::{Value, json as value};
use std::path::PathBuf;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use uuid::Uuid;

pub const NOWHERE: &str = "http://127.0.0.1:9";

fn proof() -> File {
    let account = AccountId::new(Uuid::from_u128(0xa));
    let owed = Owed { available: Lamports::new(1_250_000_000), ..Owed::default() };
    let other = Node { hash: [8; 32], sum: 3_000_000_000 };
    let leaf = Node::leaf(&[7; 32], account.uuid(), &owed).unwrap();
    let top = Node::above(&other, &leaf).unwrap();
    let header = Header {
        proof: Uuid::from_u128(9),
        taken_at: 1_795_305_600,
        leaves: 2,
        liabilities: top.sum,
        chain: top.sum - 1,
        slot: 77,
        tree: top.hash,
    };
    let signature = "5".repeat(88);
    File { header, signature, account, salt: [7; 32], owed, branch: vec![Sibling::Left(other)] }
}

/// A file of this test.
pub fn written(name: &str, content: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("roomsctl-{name}-{}.json", std::process::id()));
    std::fs::write(&file, content).unwrap();
    file
}

/// A Solana endpoint that knows one transaction.
pub async fn endpoint(transaction: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = vec![0; 4_096];
            let read = stream.read(&mut asked).await.unwrap();
            assert!(String::from_utf8_lossy(&asked[..read]).contains("POST"));
            let body = value!({"jsonrpc": "2.0", "id": 1, "result": transaction}).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

pub fn transaction(memo: &str) -> Value {
    value!({"slot": 80, "meta": {"err": null}, "transaction": {"message": {
        "accountKeys": [{"pubkey": "Treasury1111111111111111111111111111111111", "signer": true}],
        "instructions": [
            {"programId": "ComputeBudget111111111111111111111111111111", "data": "x", "accounts": []},
            {"programId": "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "program": "spl-memo", "parsed": memo},
        ],
    }}})
}

#[tokio::test]
async fn a_file_is_checked_offline_and_what_does_not_fit_is_named() {
    let text = proof().to_json().unwrap();
    let file = written("proof", &text);
    let name = file.display().to_string();
    let table = roomsctl_at(NOWHERE, &["proof", "verify", &name]).await;
    let shown = String::from_utf8(table.stdout).unwrap();
    assert!(table.status.success());
    for words in
        ["1.25 SOL", "4.25 SOL in 2 leaves", "DOES NOT COVER IT", "not looked for", &proof().header.memo()]
    {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    let verified = parsed(&roomsctl_at(NOWHERE, &["proof", "verify", &name, "--json"]).await);
    assert_eq!((&verified["owed_lamports"], &verified["covered"]), (&value!(1_250_000_000), &value!(false)));

    for (from, to, names) in [
        ("1250000000", "1250000001", "do not lead to the tree's hash"),
        ("\"slot\":77", "\"slot\":78", "the root does not follow"),
        ("3000000000", "2000000000", "do not lead to the tree's hash"),
        ("555", "554", "not byte for byte"),
        ("{", "", "not a proof file"),
    ] {
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let output = roomsctl_at(NOWHERE, &["proof", "verify", &name]).await;
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{from}: {told}");
        assert!(told.contains(names) && told.contains(&name), "{from}: {told}");
    }
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn its_root_is_looked_for_on_chain() {
    let file = written("anchored", &proof().to_json().unwrap());
    let name = file.display().to_string();
    let check = async |transaction: Value| {
        let url = endpoint(transaction).await;
        roomsctl_at(NOWHERE, &["proof", "verify", &name, "--rpc", &url]).await
    };
    let memo = format!("{}\nrooms audit wallet 7:00", proof().header.memo());
    let found = check(transaction(&memo)).await;
    let told = String::from_utf8(found.stdout).unwrap();
    assert!(found.status.success() && told.contains("signed by Treasury1"), "{told}");

    let mut elsewhere = transaction(&memo);
    elsewhere["transaction"]["message"]["instructions"][1]["programId"] = "Other".into();
    let mut failed = transaction(&memo);
    failed["meta"]["err"] = value!({"InstructionError": [1, "Custom"]});
    for (transaction, names) in [
        (transaction(&memo.replace(" 77 ", " 78 ")), "has no memo with this root"),
        (elsewhere, "has no memo with this root"),
        (failed, "failed on chain"),
        (Value::Null, "there is no finalized transaction"),
    ] {
        let output = check(transaction).await;
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(names), "{names}: {told}");
    }
    let away = roomsctl_at(NOWHERE, &["proof", "verify", &name, "--rpc", NOWHERE]).await;
    assert_eq!(away.status.code(), Some(4));
    std::fs::remove_file(&file).unwrap();
}
