//! `smoke --at`: a room is played in a world that runs somewhere else, through its chat page alone, as `helm test` does it. Two people
//! deposit on chain and stand against each other; in the end both have what the formula of the rules gives them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::person::{Manners, Person, between, line_below};
use super::plan::{Book, NO, Wager, Which, Who, YES, sol};
use super::table::{self, Question};
use super::tale::Tale;
use crate::botapi::Game;
use crate::report::Report;

const DEPOSIT: i64 = 1_000_000_000;
/// What stays in a wallet outside keeps it alive on chain, and pays its fee.
const LEFT: i64 = 10_000_000;
/// Ann's on YES, Bob's on NO.
const STAKES: [i64; 2] = [200_000_000, 100_000_000];
/// From opening to deadline; bets are taken for half of it.
const HORIZON: u32 = 90;

const MANNERS: Manners =
    Manners { patience: Duration::from_secs(30), tries: 2, calm: Duration::from_secs(240) };

/// Plays it.
///
/// # Errors
/// Somebody waited in vain.
pub async fn play(page: &str, report: &mut Report) -> Result<()> {
    let page = page.trim_end_matches('/');
    let tale = Tale::begin();
    tale.scene(&format!("a visit to {page}"));
    let game = Game::new(page);
    let (ann, bob) = tokio::try_join!(
        Person::meet(&game, "Ann", &tale, MANNERS),
        Person::meet(&game, "Bob", &tale, MANNERS)
    )?;
    tokio::try_join!(arrive(page, &ann), arrive(page, &bob))?;

    // SOL ends above 1 USD, whatever the venues play.
    let question = Question { which: Which::Close, asset: "SOL", touch: false, target: Decimal::ONE };
    let room = table::open(&ann, &question, || HORIZON).await?;
    let wagers = [(Who::Ann, YES), (Who::Bob, NO)]
        .into_iter()
        .zip(STAKES)
        .map(|((who, outcome), stake)| Wager { who, which: Which::Close, outcome, stake, payout: 0 });
    for (person, wager) in [&ann, &bob].into_iter().zip(wagers) {
        let card = table::card(person, &room).await?;
        table::bet(person, &card, &room, &wager).await?;
    }
    ann.hear("the result", |text| text.contains("You won")).await?;

    let [ann_stake, bob_stake] = STAKES;
    let book = Book::try_new(&[(YES, ann_stake), (NO, bob_stake)], Some(YES))?;
    let [won, lost] = book.payouts.as_slice() else { anyhow::bail!("a book of other bets") };
    let wanted = [DEPOSIT - ann_stake + won + book.host_fee, DEPOSIT - bob_stake + lost];
    for (person, wanted) in [&ann, &bob].into_iter().zip(wanted) {
        let found = settles_at(person, wanted).await?;
        report.check(&format!("{}'s balance", person.name), sol(wanted), found.clone(), found == sol(wanted));
    }
    report.note("page", page);
    Ok(())
}

/// Terms, and a deposit from a wallet outside.
async fn arrive(page: &str, person: &Person) -> Result<()> {
    let terms = person.say("/start", "Welcome to ROOMS").await?;
    person.tap(&terms, "I am 18+", "Your desk").await?;
    let screen = person.say("/deposit", "Send SOL to your address").await?;
    let address = line_below(&screen.text, "Send SOL to your address")?;
    let (client, user) = (Client::new(), person.id());
    let own: Value = client.get(format!("{page}/sandbox/outside?user={user}")).send().await?.json().await?;
    let own = own.get("address").and_then(Value::as_str).context("no wallet outside")?;
    for (road, body) in [
        ("faucet", json!({"address": own, "lamports": DEPOSIT + LEFT})),
        ("outside/send", json!({"user": user, "to": address, "lamports": DEPOSIT})),
    ] {
        let answer = client.post(format!("{page}/sandbox/{road}")).json(&body).send().await?;
        ensure!(answer.status().is_success(), "{road}: {}", answer.text().await?);
    }
    let heading = format!("Deposit credited · {} SOL", sol(DEPOSIT));
    person.hear("the credit", |text| text.starts_with(&heading)).await.map(drop)
}

/// What the wallet says is available, once it is as wanted, or in the end.
async fn settles_at(person: &Person, wanted: i64) -> Result<String> {
    let until = Instant::now() + MANNERS.patience;
    loop {
        let wallet = person.say("/wallet", "Available").await?;
        let found = between(&wallet.text, "Available ", " SOL")?.to_owned();
        if found == sol(wanted) || Instant::now() > until {
            return Ok(found);
        }
        sleep(Duration::from_secs(1)).await;
    }
}
