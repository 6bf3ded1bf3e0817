//! What makes the tool safe and handy: confirmations, one JSON document, completions, what waits, locks and bans.

use crate::{
    operators::{Folder, said},
    peer::{ACCOUNT, Peer, WITHDRAWAL, id},
};
use serde_json::{Deserializer, Value};
use std::process::Command;

async fn key(peer: &Peer, folder: &Folder) -> String {
    let key = folder.file("key");
    crate::table(peer, &["operator", "new-key", &key]).await;
    key
}

/// Standard input is no terminal here.
#[tokio::test]
async fn what_cannot_be_undone_is_not_done_unasked() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = key(&peer, &folder).await;
    crate::table(&peer, &["pause", "--reason", "a drill", "--key", &key]).await;
    let (withdrawal, broadcast) = (id(WITHDRAWAL), id(0xbc));
    for grave in [
        &["withdrawals", "approve", &withdrawal][..],
        &["withdrawals", "reject", &withdrawal, "--reason", "stolen"],
        &["resume", "operator"],
        &["rooms", "lock", "1", "--reason", "the news is out"],
        &["rooms", "void", "1", "--reason", "the news is out"],
        &["rooms", "resolve", "1", "YES", "--reason", "the news is out"],
        &["rooms", "rule", "1", "--outcome", "YES", "--reason", "the news is out"],
        &["dispute", "judge", "1", "refund", "--reason", "it was 164"],
        &["broadcast", "start", "--text", "en=We move"],
        &["broadcast", "end", &broadcast],
    ] {
        let output = crate::roomsctl(&peer, &[grave, &["--key", &key]].concat()).await;
        let (code, error) = said(&output);
        assert!(code == Some(5) && error.contains("--yes") && output.stdout.is_empty(), "{grave:?}: {error}");
    }
    assert!(crate::table(&peer, &["pauses"]).await.contains("a drill"), "it was not resumed");
    let held = crate::json(&peer, &["withdrawals", "list", "--state", "held"]).await;
    assert_eq!(held["withdrawals"][0]["approvals"], 0);
}

#[tokio::test]
async fn a_room_is_locked_once() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = key(&peer, &folder).await;
    let lock = async |room: &str| {
        let all = ["rooms", "lock", room, "--reason", "the news is out", "--yes", "--key", &key];
        crate::roomsctl(&peer, &all).await
    };
    let text = String::from_utf8(lock("1").await.stdout).unwrap();
    assert!(text.contains("LOCKED"), "{text}");
    let (code, error) = said(&lock("#1").await);
    assert!(code == Some(2) && error.contains("betting in this room has ended"), "{error}");
    assert_eq!(lock("7").await.status.code(), Some(3));
}

#[tokio::test]
async fn a_void_and_a_resolution_are_rulings() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = key(&peer, &folder).await;
    let run = async |arguments: &[&str]| {
        let more = ["--reason", "as the source says", "--yes", "--json", "--key", &key];
        crate::roomsctl(&peer, &[arguments, &more].concat()).await
    };
    let voided = crate::parsed(&run(&["rooms", "void", "1"]).await);
    assert_eq!((&voided["ruling"], &voided["needed"]), (&"VOID OPERATOR_VOID".into(), &2.into()));
    let resolved = crate::parsed(&run(&["rooms", "resolve", "1", "no"]).await);
    assert_eq!(resolved["ruling"], "outcome 1");
    let (code, error) = said(&run(&["rooms", "void", "1", "--cause", "manipulation-suspected"]).await);
    assert!(code == Some(2) && error.contains("SETTLEMENT_PAID"), "{error}");
}

#[tokio::test]
async fn an_account_is_banned_and_plays_again() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    let key = key(&peer, &folder).await;
    let account = id(ACCOUNT);
    assert_eq!(crate::table(&peer, &["ban", "list"]).await, "nobody is banned\n");
    let ban = async |what: &str| {
        let all = ["ban", what, &account, "--reason", "two accounts", "--key", &key];
        crate::roomsctl(&peer, &all).await
    };
    let text = String::from_utf8(ban("set").await.stdout).unwrap();
    let operator = crate::table(&peer, &["operator", "show-key", &key]).await;
    for part in [&account, "two accounts", operator.trim(), "1 of 1"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(crate::json(&peer, &["bans", "list"]).await["bans"][0]["account_id"], account);
    let lifted = String::from_utf8(ban("lift").await.stdout).unwrap();
    assert!(lifted.contains("may play again"), "{lifted}");
    assert_eq!(ban("lift").await.status.code(), Some(3));
    let nobody = ["ban", "set", &id(0xdead), "--reason", "two accounts", "--key", &key];
    assert_eq!(crate::roomsctl(&peer, &nobody).await.status.code(), Some(3));
}

#[tokio::test]
async fn the_second_operator_sees_what_waits() {
    let peer = Peer::start().await;
    let text = crate::table(&peer, &["waiting"]).await;
    for part in ["operators, 0 of 2", "ann: outcome 0 (a wick)", "the price was 164"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let view = crate::json(&peer, &["waiting"]).await;
    assert_eq!(view["withdrawals"][0]["id"], id(WITHDRAWAL));
    assert_eq!(
        (&view["rooms"].as_array().unwrap().len(), &view["disputes"][0]["state"]),
        (&1, &"OPEN".into())
    );
}

#[tokio::test]
async fn json_is_one_document() {
    let peer = Peer::start().await;
    let account = id(ACCOUNT);
    for arguments in [
        &["rooms", "list"][..],
        &["rooms", "show", "1"],
        &["rooms", "waiting"],
        &["wallet", "show", &account],
        &["bets", "list", "--room", "1"],
        &["settlement", "show", "1"],
        &["withdrawals", "list", "--state", "held"],
        &["dispute", "list"],
        &["waiting"],
        &["arena", "list"],
        &["ban", "list"],
        &["dead-letters", "list", "--service", "wallet"],
        &["broadcast", "list"],
        &["smart-wallet", "list"],
        &["notifications", "deliveries"],
        &["pauses"],
        &["anomalies"],
        &["reconcile"],
        &["completions", "bash"],
    ] {
        let output = crate::roomsctl(&peer, &[arguments, &["--json"]].concat()).await;
        let documents: Result<Vec<Value>, _> = Deserializer::from_slice(&output.stdout).into_iter().collect();
        let documents = documents.unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert!(documents.len() == 1 && documents[0].is_object(), "{arguments:?}: {documents:?}");
    }
}

#[tokio::test]
async fn shells_complete_command_lines() {
    let (peer, folder) = (Peer::start().await, Folder::make());
    for shell in ["bash", "zsh", "fish"] {
        let script = crate::table(&peer, &["completions", shell]).await;
        for part in ["roomsctl", "dead-letters", "withdrawals", "waiting"] {
            assert!(script.contains(part), "{shell} knows no {part}");
        }
    }
    let file = folder.file("completions.bash");
    std::fs::write(&file, crate::table(&peer, &["completions", "bash"]).await).unwrap();
    // As a shell calls it after `roomsctl withdrawals app<TAB>`.
    let complete = "source \"$1\"; COMP_WORDS=(roomsctl withdrawals app); COMP_CWORD=2; _roomsctl roomsctl app withdrawals; \
                    echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", complete, "bash", &file]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "approve", "{output:?}");
    assert_eq!(crate::roomsctl(&peer, &["completions", "tcsh"]).await.status.code(), Some(2));
}
