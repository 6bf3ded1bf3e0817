//! Withdrawals: paused and resumed, approved by two, rejected by one.

use anyhow::{Context, Result};
use serde_json::Value;
use solana_keypair::Keypair;
use solana_signer::Signer;
use uuid::Uuid;

use super::super::person::Person;
use super::tool::{By, REFUSED, Tool, UNCONFIRMED, UNKNOWN, text};

/// A pause stands until somebody ends it.
///
/// # Errors
/// roomsctl cannot be run, or does not do it.
pub async fn pauses(tool: &Tool) -> Result<()> {
    tool.scene("pause, resume");
    let pause = ["pause", "--reason", "a drill"];
    tool.bad(By::Nobody, &pause, REFUSED, "--key").await?;
    tool.bad(By::Stranger, &pause, REFUSED, "OPERATOR_SIGNATURE").await?;
    tool.good(By::Olga, &pause).await?;
    let pauses = tool.good(By::Nobody, &["pauses"]).await?;
    let reason = &pauses["pauses"][0]["reason"];
    tool.check("the pause is listed with its reason", "a drill", reason, reason == "a drill");
    tool.bad(By::Oleg, &["resume", "operator"], UNCONFIRMED, "--yes").await?;
    tool.bad(By::Oleg, &["resume", "drift", "--yes"], UNKNOWN, "NOT_FOUND").await?;
    tool.bad(By::Oleg, &["resume", "weather", "--yes"], REFUSED, "daily_cap").await?;
    let left = tool.sure(By::Oleg, &["resume", "operator"]).await?;
    tool.check("nothing is paused any more", "[]", &left["pauses"], left["pauses"] == serde_json::json!([]));
    tool.bad(By::Olga, &["resume", "operator", "--yes"], UNKNOWN, "NOT_FOUND").await
}

/// One that two have to approve is paid; another one is rejected.
///
/// # Errors
/// As above, or a player waited in vain.
pub async fn withdrawals(tool: &Tool, ann: &Person, bob: &Person) -> Result<()> {
    tool.scene("withdrawals");
    request(ann, "0.5").await?;
    let paid = held(tool, 500_000_000).await?;
    request(bob, "0.4").await?;
    let rejected = held(tool, 400_000_000).await?;
    approve(tool, &paid).await?;
    reject(tool, &rejected, &paid).await?;
    let reason = |text: &str| text.starts_with("Withdrawal 0.4 SOL") && text.contains("the address is known");
    bob.hear("why it was rejected", reason).await?;
    let state = ["withdrawals", "list", "--state", "finalized"];
    tool.until("the approved withdrawal is on chain", &state, |answer| ids(answer).contains(&paid.as_str()))
        .await?;
    let final_on_chain =
        |text: &str| text.starts_with("Withdrawal 0.5 SOL") && text.contains("✓ final on chain");
    ann.hear("the money", final_on_chain).await?;
    let late = ["withdrawals", "reject", &paid, "--reason", "too late", "--yes"];
    tool.bad(By::Oleg, &late, REFUSED, "WITHDRAW_STATE").await
}

async fn approve(tool: &Tool, id: &str) -> Result<()> {
    let approve = |id| ["withdrawals", "approve", id];
    let sure = |id| ["withdrawals", "approve", id, "--yes"];
    tool.bad(By::Olga, &approve(id), UNCONFIRMED, "--yes").await?;
    tool.bad(By::Stranger, &sure(id), REFUSED, "OPERATOR_SIGNATURE").await?;
    let nobody = Uuid::now_v7().to_string();
    tool.bad(By::Olga, &sure(&nobody), UNKNOWN, "wallet-svc").await?;
    let one = tool.sure(By::Olga, &approve(id)).await?;
    let said = format!("{} {} of {}", one["state"], one["approvals"], one["approvals_needed"]);
    tool.check("one operator alone moves nothing", "\"HELD\" 1 of 2", &said, said == "\"HELD\" 1 of 2");
    tool.bad(By::Olga, &sure(id), REFUSED, "OPERATOR_TWICE").await?;
    let waiting = tool.good(By::Oleg, &["waiting"]).await?;
    let shown = waiting["withdrawals"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == id));
    tool.check("the second operator sees what waits", true, shown, shown);
    let both = tool.sure(By::Oleg, &approve(id)).await?;
    tool.check("two operators approve", 2, &both["approvals"], both["approvals"] == 2);
    Ok(())
}

async fn reject(tool: &Tool, id: &str, other: &str) -> Result<()> {
    let reject = ["withdrawals", "reject", id, "--reason", "the address is known for theft"];
    let sure = [&reject[..], &["--yes"]].concat();
    tool.bad(By::Olga, &reject, UNCONFIRMED, "--yes").await?;
    tool.bad(By::Stranger, &sure, REFUSED, "OPERATOR_SIGNATURE").await?;
    let rejected = tool.sure(By::Olga, &reject).await?;
    tool.check("one operator rejects", "REJECTED", &rejected["state"], rejected["state"] == "REJECTED");
    tool.bad(By::Oleg, &sure, REFUSED, "WITHDRAW_STATE").await?;
    let held = tool.good(By::Nobody, &["withdrawals", "list", "--state", "held"]).await?;
    let left = ids(&held).into_iter().filter(|held| *held == id || *held == other).count();
    tool.check("neither waits for operators any more", "0 or its address", left, !ids(&held).contains(&id));
    Ok(())
}

async fn request(person: &Person, amount: &str) -> Result<()> {
    person.say("/withdraw", "Send me the Solana address").await?;
    person.say(&Keypair::new().pubkey().to_string(), "How much?").await?;
    let preview = person.say(amount, "Check it once more").await?;
    person.tap(&preview, "Confirm", &format!("Withdrawal {amount} SOL")).await.map(drop)
}

/// The withdrawal of an amount that waits for two operators.
async fn held(tool: &Tool, lamports: i64) -> Result<String> {
    let ours = |one: &&Value| one["lamports"] == lamports && one["approvals_needed"] == 2;
    let find =
        |answer: &Value| answer["withdrawals"].as_array().and_then(|all| all.iter().find(ours).cloned());
    let list = ["withdrawals", "list", "--state", "held"];
    let found = tool.until("the withdrawal waits for two operators", &list, |answer| find(answer).is_some());
    text(&find(&found.await?).context("a withdrawal vanished")?, "/id")
}

fn ids(answer: &Value) -> Vec<&str> {
    let all = answer["withdrawals"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|one| one["id"].as_str()).collect()
}
