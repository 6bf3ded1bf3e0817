//! Scenarios 10 to 16: taking money out, and looking at it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use proto::Lamports;
use servers::faulty_rpc::Faults;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tokio::time::sleep;
use uuid::Uuid;

use super::people::{Ask, Person, SOL, Town, between, says};
use sandbox::botapi::Shown;
use sandbox::venues::Asset;

/// Longer than a fresh deposit has to wait here.
const FRESH: Duration = Duration::from_secs(6);

/// Scenario 10: Balance 2, 1.5 to a valid address: funds are reserved, a real transaction is submitted, and the status goes on to final
/// with its signature in the history.
pub async fn scenario_10_a_withdrawal_leaves_and_is_final(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", 2 * SOL).await?;
    sleep(FRESH).await;
    let to = Keypair::new().pubkey();
    let told = withdraw(&ann, &to, "1.5").await?;
    ensure!(told.text.contains("requested"), "{}", told.text);
    // Reserved at once, whatever becomes of it.
    ann.has(SOL / 2).await?;
    let last = finished(&ann, "1.5").await?;
    let signature = last.text.lines().last().context("no signature")?.trim().to_owned();
    let arrives = between(&last.text, "arrives ", " SOL")?;
    let arrives = Lamports::parse_sol(arrives).ok().context("no amount")?.get();
    let there = town.world.outside().lamports(&to).await?;
    ensure!(i64::try_from(there)? == arrives, "{there} arrived of {arrives}");
    let transfers = ann.say("/transfers", "Transfers").await?;
    says(&transfers, &["−1.5 SOL · withdrawal", &signature])
}

/// Scenario 11: A broadcast that is lost: the withdrawal is sent again and paid exactly once.
pub async fn scenario_11_a_lost_transaction_is_sent_again_and_paid_once(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", SOL).await?;
    sleep(FRESH).await;
    let to = Keypair::new().pubkey();
    let [endpoint] = town.world.endpoints() else { anyhow::bail!("one endpoint") };
    let before = endpoint.sends();
    endpoint.set(Faults { swallows_sends: true, ..Faults::default() });
    withdraw(&ann, &to, "0.4").await?;
    ann.hear("✓ sent to Solana").await?;
    ensure!(endpoint.sends() > before, "nothing was sent");
    ensure!(town.world.outside().lamports(&to).await? == 0, "it was not lost");
    endpoint.set(Faults::default());
    let last = finished(&ann, "0.4").await?;
    let arrives = Lamports::parse_sol(between(&last.text, "arrives ", " SOL")?).ok().context("no amount")?;
    let there = town.world.outside().lamports(&to).await?;
    ensure!(i64::try_from(there)? == arrives.get(), "{there} arrived of {arrives}");
    ann.has(SOL * 6 / 10).await
}

/// Scenario 12: A negative, zero, unreadable, too small or too large amount, or a forged button with one: refused, and nothing moves.
pub async fn scenario_12_amounts_that_are_none_move_nothing(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", SOL).await?;
    sleep(FRESH).await;
    let to = Keypair::new().pubkey().to_string();
    let no_number = "That is not an amount in SOL";
    for (typed, why) in [
        ("-1", no_number),
        ("NaN", no_number),
        ("1e3", no_number),
        ("0", ""),
        ("0.009", "The smallest withdrawal is 0.01 SOL"),
        ("1.1", "You have 1 SOL and asked for 1.1 SOL"),
        ("99999999999999999999", no_number),
    ] {
        ann.say("/withdraw", "Send me the Solana address").await?;
        ann.say(&to, "How much?").await?;
        let answer = ann.say(typed, why).await?;
        ensure!(answer.button("Confirm").is_none(), "{typed} can be confirmed: {}", answer.text);
    }
    let screen = ann.say("/wallet", "Available").await?;
    // A share beyond the whole, a slip of nobody, a stake below zero.
    let slip = gateway::callbacks::compact::encode(Uuid::now_v7());
    for data in ["2wdp.1000", "2wdp.-5", &format!("2ok!.{slip}"), &format!("2bk.{slip}.0.-5"), "2wdp.100.7"] {
        let press = ann.player.press_data(&screen, data).await?;
        ann.player.answer(&press).await?;
    }
    let left: Vec<Shown> = ann.player.messages().await?;
    ensure!(left.iter().all(|shown| !shown.text.starts_with("Withdrawal ")), "something is withdrawn");
    ann.has(SOL).await
}

/// Scenario 13: An invalid or off-curve address, or the user's own deposit address: refused before the amount step.
pub async fn scenario_13_a_bad_address_is_refused_before_the_amount(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", SOL).await?;
    let own = ann.address().await?;
    let (nobodys, _) = Pubkey::find_program_address(&[b"rooms"], &Pubkey::default());
    for (typed, why) in [
        ("somewhere", "That is not a Solana address"),
        ("0OIl0OIl0OIl0OIl0OIl0OIl0OIl0OIl0OIl", "That is not a Solana address"),
        (&nobodys.to_string(), "cannot receive SOL from here"),
        (&own.to_string(), "That is a deposit address of ROOMS"),
    ] {
        ann.say("/withdraw", "Send me the Solana address").await?;
        let answer = ann.say(typed, why).await?;
        ensure!(!answer.text.contains("How much?"), "{}", answer.text);
    }
    // The same dialogue goes on with a good one.
    ann.say(&Keypair::new().pubkey().to_string(), "How much?").await?;
    Ok(())
}

/// Scenario 14: Fresh deposits wait, and a large amount needs operators, each with a clear message (here 5 s and 1.8 SOL; the spec has no
/// cooldown between withdrawals).
pub async fn scenario_14_fresh_money_waits_and_large_amounts_need_operators(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", 3 * SOL).await?;
    let to = Keypair::new().pubkey();
    ann.say("/withdraw", "Send me the Solana address").await?;
    ann.say(&to.to_string(), "How much?").await?;
    let refused = ann.say("2", "Fresh deposits can be withdrawn").await?;
    ensure!(refused.button("Confirm").is_none(), "{}", refused.text);
    sleep(FRESH).await;
    ann.say("/withdraw", "Send me the Solana address").await?;
    ann.say(&to.to_string(), "How much?").await?;
    let preview = ann.say("2", "2 operators look at an amount like this first").await?;
    let told = ann.tap(&preview, "Confirm", "Withdrawal 2 SOL").await?;
    ensure!(!told.text.contains("✓ approved"), "{}", told.text);
    ann.hear("Waiting for the operators: 0 of 2").await?;
    ann.has(SOL).await?;
    ensure!(town.world.outside().lamports(&to).await? == 0, "it left without operators");
    Ok(())
}

/// Scenario 15: 25 movements: 10, 10 and 5 to a page with the right signs, and no empty last page.
pub async fn scenario_15_transfers_page_by_ten_with_their_signs(town: &Town<'_>) -> Result<()> {
    let (ann, host) = tokio::try_join!(town.rich("Ann", SOL / 5), town.member("Hal"))?;
    let room = host.open(Ask { asset: Asset::Sol, percent: 111, horizon: "50m" }).await?;
    // A stake and its return: two movements.
    let placed = ann.bet(room, "YES", "0.05").await?;
    ann.tap(&placed, "Take it back", "Bet taken back").await?;
    let address = ann.address().await?;
    let outside = town.world.outside();
    outside.airdrop(&outside.address(ann.player.id())?, 200_000_000).await?;
    // Each another amount: the same transfer twice in one block would be one transaction.
    let sending = (0..22_u64).map(|place| outside.send(ann.player.id(), &address, 2_000_000 + place));
    futures::future::try_join_all(sending).await?;
    ann.has(SOL / 5 + 22 * 2_000_000 + (0..22).sum::<i64>()).await?;

    let mut page = ann.say("/transfers", "Page 1 of 3").await?;
    let mut counts = Vec::new();
    let mut sum = 0;
    loop {
        let amounts = movements(&page)?;
        counts.push(amounts.len());
        sum += amounts.iter().sum::<i64>();
        if page.button("Older").is_none() {
            break;
        }
        page = ann.tap(&page, "Older", &format!("Page {} of 3", counts.len() + 1)).await?;
    }
    ensure!(counts == [10, 10, 5], "{counts:?}");
    let balance = ann.balance().await?;
    ensure!(sum == balance, "movements of {sum} and a balance of {balance}");
    says(&page, &["+0.2 SOL · deposit", "−0.05 SOL · stake", "+0.05 SOL · stake returned"])
}

/// The signed amounts of a page.
fn movements(page: &Shown) -> Result<Vec<i64>> {
    let signed = page.text.lines().filter(|line| line.starts_with(['+', '−']));
    let amount = |line: &str| -> Result<i64> {
        let sign = if line.starts_with('+') { 1 } else { -1 };
        let amount = line.trim_start_matches(['+', '−']).split(' ').next().unwrap_or_default();
        Ok(sign * Lamports::parse_sol(amount).ok().context("no amount")?.get())
    };
    signed.map(amount).collect()
}

/// Scenario 16: No key can be exported: there is no command and no button for it, by policy.
pub async fn scenario_16_no_key_can_be_exported(town: &Town<'_>) -> Result<()> {
    let ann = town.member("Ann").await?;
    for command in ["/export", "/key", "/keys", "/privatekey", "/seed"] {
        ann.say(command, "I do not know that command").await?;
    }
    for screen in ["/wallet", "/deposit", "/settings", "/privacy"] {
        let shown = ann.say(screen, "").await?;
        let offers = |label: &&String| {
            let label = label.to_lowercase();
            ["key", "seed", "secret"].iter().any(|word| label.contains(word))
        };
        ensure!(!shown.buttons.iter().flatten().any(|label| offers(&label)), "{:?}", shown.buttons);
    }
    says(&ann.say("/wallet", "Wallet").await?, &["we keep the key, and never show or send it"])
}

/// The whole dialogue; the first word about the withdrawal.
async fn withdraw(person: &Person<'_>, to: &Pubkey, amount: &str) -> Result<Shown> {
    person.say("/withdraw", "Send me the Solana address").await?;
    person.say(&to.to_string(), "How much?").await?;
    let preview = person.say(amount, "Check it once more").await?;
    says(&preview, &[&to.to_string(), &format!("Leaves your balance {amount} SOL")])?;
    person.tap(&preview, "Confirm", &format!("Withdrawal {amount} SOL")).await
}

/// The last word about it.
async fn finished(person: &Person<'_>, amount: &str) -> Result<Shown> {
    let heading = format!("Withdrawal {amount} SOL");
    let last = |shown: &Shown| shown.text.starts_with(&heading) && shown.text.contains("✓ final on chain");
    person.player.find(last).await
}
