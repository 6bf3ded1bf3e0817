//! A bundle as a stranger checks it, and as an operator fetches it. The bundle is the one in the manual, which
//! settlement-svc's tests keep current.

use crate::{
    parsed,
    peer::Peer,
    proof::{NOWHERE, endpoint, transaction, written},
    roomsctl_at,
};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

/// The bundle of the manual.
pub const EXAMPLE: &str = include_str!("../../../docs/evidence-example.json");

fn told(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_bundle_is_checked_offline() {
    let file = written("bundle", EXAMPLE);
    let name = file.display().to_string();
    let table = roomsctl_at(NOWHERE, &["evidence", "verify", &name]).await;
    let shown = told(&table.stdout);
    assert!(table.status.success(), "{}", told(&table.stderr));
    for part in ["CLOSE", "NO", "164.996", "5 bets", "5 seconds", "not looked for: give --rpc", "ROOMS1 "] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let json = parsed(&roomsctl_at(NOWHERE, &["evidence", "verify", &name, "--json"]).await);
    assert_eq!(
        (&json["outcome"], &json["bets"], &json["signed_by"]),
        (&json!("NO"), &json!(5), &Value::Null)
    );
    let paid = ["paid_lamports", "fees_lamports"].map(|name| json[name].as_i64().unwrap());
    assert_eq!(json["staked_lamports"], paid.iter().sum::<i64>());
    std::fs::remove_file(&file).unwrap();
}

async fn from_stdin(text: &str) -> std::process::Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roomsctl"))
        .args(["evidence", "verify", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let whole = from_stdin(EXAMPLE).await;
    assert!(whole.status.success(), "{}", told(&whole.stderr));
    for (from, to, names) in [
        (
            r#""price":"164.97","confidence""#,
            r#""price":"164.98","confidence""#,
            "series[2].aggregates[0].price: ",
        ),
        (
            r#""price":"164.97","confidence""#,
            r#""price":"164.98","confidence""#,
            "is 164.98, the quotes make 164.97",
        ),
        (r#""fate":"LOST""#, r#""fate":"WON""#, "bets[0].fate: "),
        (r#""quorum":3"#, r#""quorum":2"#, "terms.quorum: "),
        (r#""format":"rooms-evidence/2""#, r#""format":"rooms-evidence/3""#, "format: is rooms-evidence/3"),
        (r#""slot":77"#, r#""slot":77.5"#, "is no bundle: "),
        (r#""slot":77"#, r#""slot":77,"slot":77"#, "stands here twice"),
        (r#""end":{"bets":5"#, r#""end":{"bets":4"#, "bets: has 5 records, the end says 4"),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        let output = from_stdin(&EXAMPLE.replacen(from, to, 1)).await;
        assert_eq!(output.status.code(), Some(1), "{to}");
        let told = told(&output.stderr);
        assert!(told.contains(names), "{names} is missing in\n{told}");
    }
    let cut = from_stdin(&EXAMPLE[..EXAMPLE.len() / 2]).await;
    assert_eq!(cut.status.code(), Some(1));
    assert!(told(&cut.stderr).contains("is cut off at line"), "{}", told(&cut.stderr));
    let missing = roomsctl_at(NOWHERE, &["evidence", "verify", "/no/such/file"]).await;
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test]
async fn its_memo_is_looked_for_on_chain() {
    let bundle: Value = serde_json::from_str(EXAMPLE).unwrap();
    let memo = bundle["receipt"]["memo"].as_str().unwrap();
    let file = written("anchored-bundle", EXAMPLE);
    let name = file.display().to_string();
    let check = async |slot: i64, memo: &str| {
        let mut transaction = transaction(memo);
        transaction["slot"] = slot.into();
        let url = endpoint(transaction).await;
        roomsctl_at(NOWHERE, &["evidence", "verify", &name, "--rpc", &url]).await
    };
    let found = check(77, memo).await;
    assert!(found.status.success(), "{}", told(&found.stderr));
    assert!(told(&found.stdout).contains("signed by Treasury1"));
    for (slot, memo, names) in [
        (78, memo.to_owned(), "receipt.slot: is 77, the chain says 78"),
        (77, format!("{memo} "), "has no memo with this root"),
    ] {
        let output = check(slot, &memo).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output.stderr).contains(names), "{}", told(&output.stderr));
    }
    let away = roomsctl_at(NOWHERE, &["evidence", "verify", &name, "--rpc", NOWHERE]).await;
    assert_eq!(away.status.code(), Some(4));
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn a_bundle_is_fetched_whole_or_not_at_all() {
    let peer = Peer::start().await;
    let folder = std::env::temp_dir().join(format!("roomsctl-get-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let whole = path("whole.json");
    let get =
        async |room: &str, file: &str| roomsctl_at(&peer.url(), &["evidence", "get", room, "-o", file]).await;
    let output = get("1", &whole).await;
    assert!(output.status.success(), "{}", told(&output.stderr));
    assert_eq!(std::fs::read_to_string(&whole).unwrap(), EXAMPLE);
    assert_eq!(get("1", &whole).await.status.code(), Some(1), "an existing file stays");

    let broken = path("broken.json");
    let output = get("00000000-0000-0000-0000-00000000029a", &broken).await;
    assert_eq!(output.status.code(), Some(4), "{}", told(&output.stderr));
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["whole.json"], "of what broke off nothing is left");
    let unknown = get("00000000-0000-0000-0000-000000000009", &path("unknown.json")).await;
    assert_eq!(unknown.status.code(), Some(3));
    std::fs::remove_dir_all(&folder).unwrap();
}
