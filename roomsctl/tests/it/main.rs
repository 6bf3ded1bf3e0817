//! The command line against servers that speak the contracts over real gRPC.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod access;
mod audit;
mod desk;
mod evidence;
mod letters;
mod operators;
mod peer;
mod proof;
mod telling;
mod tools;

use std::process::{Output, Stdio};

use peer::{ACCOUNT, Peer, ROOM, id};
use serde_json::{Value, json};
use tokio::process::Command;

async fn roomsctl(peer: &Peer, arguments: &[&str]) -> Output {
    roomsctl_at(&peer.url(), arguments).await
}

/// With every service at one address.
async fn roomsctl_at(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_roomsctl"))
        .env("ROOMSCTL_ROOM_URL", url)
        .env("ROOMSCTL_WALLET_URL", url)
        .env("ROOMSCTL_SETTLEMENT_URL", url)
        .env("ROOMSCTL_NOTIFIER_URL", url)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

/// The JSON that a command printed.
fn parsed(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn table(peer: &Peer, arguments: &[&str]) -> String {
    let output = roomsctl(peer, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn json(peer: &Peer, arguments: &[&str]) -> Value {
    serde_json::from_str(&table(peer, &[arguments, &["--json"]].concat()).await).unwrap()
}

#[tokio::test]
async fn rooms_are_listed_over_all_pages_up_to_the_limit() {
    let peer = Peer::start().await;
    let all = json(&peer, &["rooms", "list", "--limit", "500"]).await;
    assert_eq!((all["rooms"].as_array().unwrap().len(), &all["total"]), (250, &json!(250)));
    assert_eq!(all["rooms"][249]["number"], 250);
    let some = json(&peer, &["rooms", "list", "--limit", "120"]).await;
    assert_eq!(some["rooms"].as_array().unwrap().len(), 120);
    let locked = json(&peer, &["rooms", "list", "--state", "locked,settled"]).await;
    assert_eq!(locked, json!({"rooms": [], "total": 0}));
    let chat = json(&peer, &["rooms", "list", "--chat", "-1001"]).await;
    assert_eq!(chat["total"], 0);
    let text = table(&peer, &["rooms", "list", "--limit", "2"]).await;
    for part in [
        "OPEN",
        "TOUCH",
        "SOL",
        ">= 165",
        "2026-11-22 04:00:00",
        "2/10",
        "YES 1.5, NO 0.000000001",
        "2 of 250",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[tokio::test]
async fn a_room_is_shown_by_number_and_by_id() {
    let peer = Peer::start().await;
    let by_number = json(&peer, &["rooms", "show", "#1"]).await;
    assert_eq!(by_number, json(&peer, &["rooms", "show", &id(ROOM)]).await);
    assert_eq!(
        by_number["pools"],
        json!([
            {"outcome": "YES", "lamports": 1_500_000_000},
            {"outcome": "NO", "lamports": 1},
        ])
    );
    assert_eq!(
        (&by_number["lock_at"], &by_number["deadline"]),
        (&json!("2026-11-22T03:30:00Z"), &json!("2026-11-22T04:00:00Z"))
    );
    assert_eq!(by_number["result"]["void_reason"], "NO_OPPOSITION");
    assert_eq!(by_number["result"]["outcome"], Value::Null);
    let text = table(&peer, &["rooms", "show", "1"]).await;
    assert!(text.contains("void: NO_OPPOSITION") && text.contains("200 + 100 bps"), "{text}");
}

#[tokio::test]
async fn bets_are_listed_by_room_and_by_account() {
    let peer = Peer::start().await;
    let account = id(ACCOUNT);
    for arguments in [["--room", "1"], ["--account", &account]] {
        let bets = json(&peer, &[&["bets", "list"][..], &arguments].concat()).await;
        assert_eq!(bets["total"], 1, "{bets}");
        let bet = &bets["bets"][0];
        assert_eq!(
            (&bet["outcome"], &bet["room_number"], &bet["stake_lamports"]),
            (&json!("NO"), &json!(1), &json!(1))
        );
    }
    let text = table(&peer, &["bets", "list", "--room", "1"]).await;
    assert!(text.contains("0.000000001") && text.contains("ACCEPTED") && text.contains(&account), "{text}");
    assert_eq!(roomsctl(&peer, &["bets", "list"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn a_wallet_is_shown_with_its_movements() {
    let peer = Peer::start().await;
    let wallet = json(&peer, &["wallet", "show", &id(ACCOUNT)]).await;
    assert_eq!(wallet["account"]["available_lamports"], 2_500_000_000_u64);
    assert_eq!(wallet["transfers"][0]["kind"], "STAKE");
    assert_eq!(wallet["transfers"][0]["lamports"], -1);
    let text = table(&peer, &["wallet", "show", &id(ACCOUNT)]).await;
    assert!(text.contains("2.5 SOL") && text.contains("-0.000000001"), "{text}");
}

#[tokio::test]
async fn a_settlement_is_shown_by_number() {
    let peer = Peer::start().await;
    let settlement = json(&peer, &["settlement", "show", "1"]).await;
    assert_eq!(settlement["room_id"], id(ROOM));
    assert_eq!((&settlement["state"], &settlement["outcome"]), (&json!("ANCHORED"), &json!(1)));
    assert_eq!(settlement["root"], "ff".repeat(32));
    assert!(table(&peer, &["settlement", "show", "1"]).await.contains("0.03 SOL"));
}

#[tokio::test]
async fn failures_have_their_exit_status_and_say_where() {
    let peer = Peer::start().await;
    let nobody = "http://127.0.0.1:1";
    let stranger = id(0xdead);
    for (arguments, code, complaint) in [
        (vec!["rooms", "show", "7"], 3, "room-svc at http://127.0.0.1"),
        (vec!["wallet", "show", &stranger], 3, "no such account"),
        (vec!["rooms", "show", "first"], 2, "neither the number nor the id"),
        (vec!["rooms", "list", "--room-url", nobody], 4, "room-svc at http://127.0.0.1:1"),
        (vec!["rooms", "list", "--room-url", "ftp://x"], 2, "not an http:// URL"),
        (vec!["rooms", "list", "--limit", "0"], 2, "--limit"),
        (vec!["rooms", "show", "666"], 1, "room-svc: malformed message"),
        (vec!["rooms", "show", "667"], 1, "boom"),
        (vec!["rooms", "show", "668", "--timeout", "1"], 4, "room-svc at"),
    ] {
        let output = roomsctl(&peer, &arguments).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(complaint) && output.stdout.is_empty(), "{arguments:?}: {error}");
    }
    let homeless = Command::new(env!("CARGO_BIN_EXE_roomsctl"))
        .env_remove("ROOMSCTL_ROOM_URL")
        .args(["rooms", "list"])
        .output()
        .await
        .unwrap();
    assert_eq!(homeless.status.code(), Some(2));
    assert!(String::from_utf8(homeless.stderr).unwrap().contains("--room-url or ROOMSCTL_ROOM_URL"));
}

#[tokio::test]
async fn a_closed_pipe_is_no_failure() {
    let peer = Peer::start().await;
    let command = format!(
        "set -o pipefail; {} rooms list --limit 250 --room-url {} | true",
        env!("CARGO_BIN_EXE_roomsctl"),
        peer.url()
    );
    let output = Command::new("bash").args(["-c", &command]).output().await.unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn help_names_every_command_variable_and_exit_status() {
    let peer = Peer::start().await;
    let help = table(&peer, &["--help"]).await;
    for part in [
        "rooms",
        "wallet",
        "bets",
        "settlement",
        "withdrawals",
        "pauses",
        "broadcast",
        "smart-wallet",
        "notifications",
        "resume",
        "operator",
        "ROOMSCTL_ROOM_URL",
        "ROOMSCTL_WALLET_URL",
        "ROOMSCTL_SETTLEMENT_URL",
        "ROOMSCTL_NOTIFIER_URL",
        "ROOMSCTL_TIMEOUT",
        "waiting",
        "ban",
        "dead-letters",
        "completions",
        "--json",
        "--yes",
        "Exit status",
        "nobody confirmed it",
    ] {
        assert!(help.contains(part), "{part} is missing in\n{help}");
    }
}

#[tokio::test]
async fn a_difference_is_shown_and_fails() {
    let peer = Peer::start().await;
    let output = roomsctl(&peer, &["reconcile"]).await;
    let (shown, told) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1));
    for part in ["slot 77", "drift -0.000000005 SOL", "9 accounts, 0 differ", "escrow 1.5 SOL in 2 accounts"]
    {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    assert!(told.contains("the chain has -0.000000005 SOL more than the ledger"), "{told}");
    let view: Value =
        serde_json::from_slice(&roomsctl(&peer, &["reconcile", "--json"]).await.stdout).unwrap();
    assert_eq!(view["chain"]["drift_lamports"], -5);
    assert_eq!(view["entries"]["differing"], 0);
}
