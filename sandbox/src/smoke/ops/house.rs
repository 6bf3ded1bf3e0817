//! Everything else: keys, lists, groups, broadcasts, dead letters, proofs.

use anyhow::Result;
use prost::Name;
use proto::{AccountId, Command, wallet::OpenAccount};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::person::Person;
use super::tool::{AWAY, By, REFUSED, Tool, UNCONFIRMED, UNKNOWN, text};
use crate::world::{DATABASE, World};

const GROUP: &str = "-1002000000042";
const WALLET: &str = "0x56687bf447db6ffa42ffe2204a05edaa20f55839";

/// A stranger makes a key; a key that others may read is none.
///
/// # Errors
/// roomsctl cannot be run, or does not do it.
pub async fn keys(tool: &Tool) -> Result<()> {
    tool.scene("keys and addresses");
    let file = tool.file("stranger.json");
    let made = tool.good(By::Nobody, &["operator", "new-key", &file]).await?;
    tool.bad(By::Nobody, &["operator", "new-key", &file], REFUSED, "cannot write a key").await?;
    let shown = tool.good(By::Nobody, &["operator", "show-key", &file]).await?;
    let same = shown["operator"] == made["operator"];
    tool.check("a key is what it was made as", &made["operator"], &shown["operator"], same);
    tool.good(By::Nobody, &["completions", "bash"]).await.map(drop)
}

/// Where nobody answers.
///
/// # Errors
/// roomsctl cannot be run.
pub async fn reached(tool: &Tool) -> Result<()> {
    let nowhere = ["rooms", "list", "--room-url", "http://127.0.0.1:1"];
    tool.bad(By::Nobody, &nowhere, AWAY, "room-svc at").await
}

/// Groups, smart wallets, and what is only listed.
///
/// # Errors
/// As above.
pub async fn lists(tool: &Tool) -> Result<()> {
    tool.scene("groups, smart wallets, lists");
    tool.bad(By::Stranger, &["arena", "add", GROUP], REFUSED, "OPERATOR_SIGNATURE").await?;
    tool.bad(By::Olga, &["arena", "add", "12"], REFUSED, "ARENA_RIGHTS").await?;
    tool.good(By::Olga, &["arena", "add", GROUP]).await?;
    tool.until("a group that is not there is faulty", &["arena", "list"], |answer| {
        answer["arenas"][0]["state"] == "FAULTY"
    })
    .await?;
    tool.bad(By::Olga, &["arena", "retire", "-1009"], UNKNOWN, "NOT_FOUND").await?;
    let retired = tool.good(By::Oleg, &["arena", "retire", GROUP]).await?;
    let state = &retired["arenas"][0]["state"];
    tool.check("a retired group is RETIRED", "RETIRED", state, state == "RETIRED");

    let label = ["--label", "whale"];
    let add = [&["smart-wallet", "add", WALLET][..], &label].concat();
    tool.bad(By::Stranger, &add, REFUSED, "OPERATOR_SIGNATURE").await?;
    tool.bad(By::Olga, &["smart-wallet", "add", "0x12"], REFUSED, "40 hexadecimal digits").await?;
    tool.good(By::Olga, &add).await?;
    let listed = |wallets: &Value| {
        let all = wallets["wallets"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one["address"] == WALLET && one["label"] == "whale"))
    };
    let wallets = tool.good(By::Nobody, &["smart-wallet", "list"]).await?;
    tool.check("a smart wallet is listed", true, listed(&wallets), listed(&wallets));
    tool.good(By::Oleg, &["smart-wallet", "remove", WALLET]).await?;
    let wallets = tool.good(By::Nobody, &["smart-wallet", "list"]).await?;
    tool.check("and no more once it is removed", false, listed(&wallets), !listed(&wallets));
    tool.bad(By::Olga, &["smart-wallet", "remove", WALLET], UNKNOWN, "NOT_FOUND").await?;

    tool.good(By::Nobody, &["anomalies"]).await?;
    tool.good(By::Nobody, &["notifications", "deliveries"]).await?;
    tool.good(By::Nobody, &["rooms", "waiting"]).await?;
    Ok(())
}

/// Everybody is told, once.
///
/// # Errors
/// As above, or Ann hears nothing.
pub async fn broadcast(tool: &Tool, ann: &Person) -> Result<()> {
    tool.scene("broadcast");
    let words = ["--text", "en=We move tonight; nothing is lost."];
    let preview = tool.good(By::Nobody, &[&["broadcast", "preview"][..], &words].concat()).await?;
    let two = preview["recipients"] == 2;
    tool.check("a preview counts the recipients", 2, &preview["recipients"], two);
    let start = [&["broadcast", "start"][..], &words].concat();
    tool.bad(By::Olga, &start, UNCONFIRMED, "--yes").await?;
    tool.bad(By::Stranger, &[&start[..], &["--yes"]].concat(), REFUSED, "OPERATOR_SIGNATURE").await?;
    let started = tool.sure(By::Olga, &start).await?;
    let id = text(&started, "/id")?;
    ann.hear("the broadcast", |text| text.contains("We move tonight")).await?;
    let ended = |answer: &Value| answer["broadcasts"][0]["state"] == "ENDED";
    tool.until("the broadcast has ended", &["broadcast", "list"], ended).await?;
    for what in ["pause", "resume", "end"] {
        tool.bad(By::Oleg, &["broadcast", what, &id, "--yes"], REFUSED, "BROADCAST_STATE").await?;
    }
    Ok(())
}

/// A message that wallet-svc had put aside is handled again: it opens an account.
///
/// # Errors
/// As above, or the database does not answer.
pub async fn letters(world: &World, tool: &Tool) -> Result<()> {
    tool.scene("dead letters");
    let (message, account) = (Uuid::now_v7(), AccountId::new(Uuid::now_v7()));
    bury(world, message, &OpenAccount { account_id: account.bytes(), excluded_until: None }).await?;
    let (id, account) = (message.to_string(), account.to_string());
    tool.bad(By::Nobody, &["wallet", "show", &account], UNKNOWN, "wallet-svc").await?;
    let list = ["dead-letters", "list", "--service", "wallet"];
    let listed = tool.good(By::Nobody, &list).await?;
    let shown = &listed["letters"][0]["id"];
    tool.check("a dead letter is listed", &id, shown, *shown == json!(id));
    let replay = |id, service| ["dead-letters", "replay", id, "--service", service];
    let sure = |id, service| [&replay(id, service)[..], &["--yes"]].concat();
    tool.bad(By::Olga, &replay(&id, "wallet"), UNCONFIRMED, "--yes").await?;
    tool.bad(By::Stranger, &sure(&id, "wallet"), REFUSED, "OPERATOR_SIGNATURE").await?;
    tool.bad(By::Olga, &sure(&account, "wallet"), UNKNOWN, "NOT_FOUND").await?;
    tool.bad(By::Olga, &sure(&id, "room"), UNKNOWN, "NOT_FOUND").await?;
    tool.sure(By::Olga, &replay(&id, "wallet")).await?;
    tool.until("it has its effect", &["wallet", "show", &account], |answer| {
        answer["account"]["id"] == json!(account)
    })
    .await?;
    tool.until("and is no dead letter any more", &list, |answer| answer["total"] == 0).await?;
    tool.bad(By::Oleg, &sure(&id, "wallet"), UNKNOWN, "NOT_FOUND").await
}

/// As a service writes down what it cannot handle.
async fn bury<C: Command>(world: &World, id: Uuid, command: &C) -> Result<()> {
    let mut database = world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
    sqlx::query(
        "INSERT INTO wallet.dead_letter (id, subject, type, payload, reason) VALUES ($1, $2, $3, $4, 'planted')",
    )
    .bind(id)
    .bind(command.subject())
    .bind(<C as Name>::full_name())
    .bind(command.encode_to_vec())
    .execute(&mut database)
    .await?;
    Ok(())
}

/// Audit logs, evidence, a proof of liabilities, the books.
///
/// # Errors
/// As above.
pub async fn proofs(tool: &Tool, room: String) -> Result<()> {
    tool.scene("audit, evidence, proof, reconcile");
    for service in ["notifier", "room", "settlement", "wallet"] {
        let verify = ["audit", "verify", "--service", service];
        let written = |log: &Value| log["records"].as_u64().is_some_and(|records| records > 0);
        let verified = tool.until("an audit log is whole", &verify, written).await?;
        let head = format!("{}:{}", verified["records"], text(&verified, "/hash")?);
        tool.good(By::Nobody, &["audit", "verify", "--service", service, "--head", &head]).await?;
    }
    let other = format!("1:{}", "0".repeat(64));
    let forged = ["audit", "verify", "--service", "wallet", "--head", &other];
    tool.bad(By::Nobody, &forged, 1, "is not the one that was kept").await?;
    let file = tool.file("wallet.audit");
    tool.good(By::Nobody, &["audit", "export", "--service", "wallet", &file]).await?;
    tool.good(By::Nobody, &["audit", "verify", "--from", &file]).await?;

    let bundle = tool.file("bundle.json");
    tool.good(By::Nobody, &["evidence", "get", &room, "--output", &bundle]).await?;
    tool.good(By::Nobody, &["evidence", "verify", &bundle]).await?;
    let text = std::fs::read_to_string(&bundle)?;
    let forged = tool.file("forged.json");
    std::fs::write(&forged, text.replace("100000000", "100000001"))?;
    tool.bad(By::Nobody, &["evidence", "verify", &forged], 1, "is not what it says").await?;

    tool.bad(By::Stranger, &["proof", "take"], REFUSED, "OPERATOR_SIGNATURE").await?;
    tool.good(By::Olga, &["proof", "take"]).await?;
    tool.until("ledger, entries and chain agree", &["reconcile"], |books| {
        books["chain"]["drift_lamports"] == 0
    })
    .await
    .map(drop)
}

/// At the end of the day the desk is empty.
///
/// # Errors
/// As above.
pub async fn nothing_waits(tool: &Tool) -> Result<()> {
    let empty =
        |answer: &Value| ["withdrawals", "rooms", "disputes"].iter().all(|kind| answer[*kind] == json!([]));
    tool.until("nothing waits for operators", &["waiting"], empty).await.map(drop)
}
