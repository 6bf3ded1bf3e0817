//! Scenarios 1 to 4: onboarding.

use anyhow::{Context, Result, ensure};
use solana_pubkey::Pubkey;

use super::people::{Person, Town, between};
use sandbox::botapi::Shown;

/// Scenario 1: A new user sends `/start`: a wallet is provisioned once, no secret is shown, and the dashboard shows address, 0 balance and
/// all buttons.
pub async fn scenario_01_a_newcomer_gets_a_wallet_and_no_secret(town: &Town<'_>) -> Result<()> {
    let ann = town.stranger("Ann").await?;
    let terms = ann.say("/start", "Welcome to ROOMS").await?;
    ensure!(terms.text.contains("custodial"), "the terms do not say who holds the key");
    let desk = ann.tap(&terms, "I am 18+", "Your desk").await?;
    let address = address_on(&desk)?;
    ensure!(desk.text.contains("Balance 0 SOL"), "{}", desk.text);
    for label in [
        "Rooms", "New room", "My bets", "Wallet", "Deposit", "Withdraw", "Limits", "Privacy", "Invite",
        "Help", "Refresh",
    ] {
        ensure!(desk.button(label).is_some(), "no button {label} among {:?}", desk.buttons);
    }
    let again = ann.say("/start", "Your desk").await?;
    ensure!(address_on(&again)? == address, "another address");
    ensure!(ann.address().await? == address, "another address to deposit to");
    // Nothing in the chat is as long as a private key, in any of its usual forms.
    for shown in ann.player.messages().await? {
        let longest = shown.text.split_whitespace().filter(|word| !word.contains("://")).map(str::len).max();
        ensure!(longest.unwrap_or_default() < 64, "this may be a secret: {}", shown.text);
    }
    Ok(())
}

fn address_on(desk: &Shown) -> Result<Pubkey> {
    let address = desk.text.lines().find_map(|line| line.trim().parse().ok());
    address.with_context(|| format!("no address in {:?}", desk.text))
}

/// Scenario 2: The same user sends `/start` twice at the same moment: exactly one user and one wallet exist.
pub async fn scenario_02_starting_twice_at_once_makes_one_account(town: &Town<'_>) -> Result<()> {
    let ann = town.stranger("Ann").await?;
    let (one, other) = tokio::join!(ann.player.start(None), ann.player.start(None));
    let last = one?.seq.max(other?.seq);
    let is_terms = |shown: &Shown| shown.from_bot && shown.text.contains("Welcome to ROOMS");
    ann.player.find(|shown| shown.seq > last && is_terms(shown)).await?;
    let terms: Vec<Shown> = ann.player.messages().await?.into_iter().filter(is_terms).collect();
    let first = terms.first().context("no terms")?;
    // On both messages where there are two already, and twice on one where not.
    let (one, other) = tokio::join!(
        ann.player.press(first, "I am 18+"),
        ann.player.press(terms.last().unwrap_or(first), "I am 18+")
    );
    one?;
    other?;
    let desk = ann.hear("Your desk").await?;
    let address = ann.address().await?;
    ensure!(address_on(&desk)? == address, "two wallets");
    let account = ann.account().await?;
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM wallet.key WHERE owner = $1")
        .bind(account.uuid())
        .fetch_one(town.db().await?)
        .await?;
    ensure!(keys == 1, "{keys} keys of one account");
    for shown in ann.player.messages().await?.iter().filter(|shown| shown.text.contains("Your desk")) {
        ensure!(address_on(shown)? == address, "a desk with another address");
    }
    Ok(())
}

/// Scenario 3: An invite link with code C: the referrer is recorded once, and a later start with another code changes nothing.
pub async fn scenario_03_the_first_invitation_counts(town: &Town<'_>) -> Result<()> {
    let (ann, bob) = tokio::try_join!(town.member("Ann"), town.member("Bob"))?;
    let (first, second) = (code(&ann).await?, code(&bob).await?);
    let cid = town.stranger("Cid").await?;
    let terms = cid.follow(&format!("ref_{first}"), "Welcome to ROOMS").await?;
    cid.tap(&terms, "I am 18+", "Your desk").await?;
    invited(&ann, 1).await?;
    cid.follow(&format!("ref_{second}"), "Your desk").await?;
    cid.follow(&format!("ref_{first}"), "Your desk").await?;
    invited(&ann, 1).await?;
    invited(&bob, 0).await?;
    cid.say("/referrals", "You came by somebody's link yourself").await?;
    Ok(())
}

/// Scenario 4: One's own referral link, or an unknown code: start succeeds and no referral is created.
pub async fn scenario_04_an_own_or_unknown_code_brings_nobody(town: &Town<'_>) -> Result<()> {
    let ann = town.member("Ann").await?;
    let own = code(&ann).await?;
    ann.follow(&format!("ref_{own}"), "Your desk").await?;
    let bob = town.stranger("Bob").await?;
    let terms = bob.follow("ref_nobodyhasthis", "Welcome to ROOMS").await?;
    bob.tap(&terms, "I am 18+", "Your desk").await?;
    for person in [&ann, &bob] {
        // Their own code is there: what they came with was decided before.
        code(person).await?;
        invited(person, 0).await?;
        let screen = person.say("/referrals", "Invite friends").await?;
        ensure!(!screen.text.contains("You came by"), "{}", screen.text);
    }
    Ok(())
}

/// The code in somebody's link, which is made a moment after their account.
async fn code(person: &Person<'_>) -> Result<String> {
    for _ in 0..40 {
        let screen = person.say("/referrals", "Invite friends").await?;
        if let Ok(code) = between(&format!("{}\n", screen.text), "start=ref_", "\n") {
            return Ok(code.trim().to_owned());
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    anyhow::bail!("no link")
}

/// Waits until so many came by somebody's link, as their screen says.
async fn invited(person: &Person<'_>, count: u32) -> Result<()> {
    let players = if count == 1 { "player".to_owned() } else { "players".to_owned() };
    let wanted = format!("Level 1: {count} {players}");
    for _ in 0..40 {
        if person.say("/referrals", "Invite friends").await?.text.contains(&wanted) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    anyhow::bail!("not {wanted:?}")
}
