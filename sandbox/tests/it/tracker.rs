//! The acceptance scenarios of the Polymarket tracker, by their numbers, through the chat of one world with all services.
//!
//! They play side by side, each with people, wallets and markets of its own; the outage, which is everybody's, comes last.

mod town;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use rust_decimal::Decimal;
use sandbox::botapi::{self, Shown};
use sandbox::polymarket::{self, Deed, Fault, Host, Side, life};
use sandbox::world::{DATABASE, World, WorldOptions};
use servers::scratch::Scratch;
use tokio::time::Instant;
use town::{Person, Town};

/// Longest for one scenario.
const LIMIT: Duration = Duration::from_secs(180);

/// What is other than in any sandbox; the product's value behind it.
const VARIABLES: [(&str, &str, &str); 9] = [
    ("LIMIT_MESSAGES_PER_MINUTE", "200", "10"),
    ("LIMIT_PRESSES_PER_MINUTE", "200", "60"),
    ("LIMIT_UPDATES_PER_MINUTE", "100000", "1000"),
    ("TELEGRAM_CHAT_GAP", "0ms", "1s"),
    ("TRACKED_WALLETS_MAX", "3", "20"),
    ("POLYMARKET_RECONCILE_EVERY", "4s", "10m"),
    ("POLYMARKET_RESOLUTIONS_EVERY", "4s", "5m"),
    ("SIGNAL_SCAN_CRON", "* * * * *", "0 6 * * *"),
    ("SIGNAL_SCAN_PAUSE", "10ms", "1s"),
];

type Scenario<'a> = (&'static str, LocalBoxFuture<'a, Result<()>>);

macro_rules! scenarios {
    ($town:expr, $($name:ident),+ $(,)?) => {
        vec![$((stringify!($name), Box::pin($name($town)) as LocalBoxFuture<'_, Result<()>>)),+]
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_of_the_tracker() {
    let _world = crate::smoke::WORLDS.acquire().await.unwrap();
    let scratch = Scratch::create().unwrap();
    let world = World::start(WorldOptions {
        fresh: true,
        program: env!("CARGO_BIN_EXE_sandbox").into(),
        variables: VARIABLES
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        telegram_limits: botapi::Limits {
            private_burst: 1_000,
            overall_per_second: 1_000,
            group_per_minute: 20,
        },
        polymarket: polymarket::Settings {
            wallets: 60,
            past: 0,
            pace: None,
            ..polymarket::Settings::default()
        },
        ..WorldOptions::new(scratch.path()).elsewhere().unwrap()
    })
    .await
    .unwrap();
    let town = &Town::new(&world);
    let side_by_side = scenarios![
        town,
        scenario_54_a_wallet_is_tracked_once_however_it_is_written,
        scenario_55_what_a_wallet_does_is_told_once_and_as_it_was,
        scenario_58_three_smart_wallets_on_one_side_are_a_signal_once,
        scenario_59_unknown_markets_books_and_many_positions,
    ];
    let mut failed =
        futures::stream::iter(side_by_side).map(play).buffer_unordered(4).collect::<Vec<_>>().await;
    for scenario in scenarios![town, scenario_56_an_outage_tells_nothing_false_and_loses_nothing] {
        failed.push(play(scenario).await);
    }
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    if !failed.is_empty() {
        for service in world.services() {
            eprintln!("-- {}\n{}\n", service.name(), service.log_tail());
        }
    }
    world.stop().await;
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Plays one; what went wrong, if anything did.
async fn play((name, scenario): Scenario<'_>) -> Option<String> {
    let began = Instant::now();
    let played = tokio::time::timeout(LIMIT, scenario).await;
    let played = played.unwrap_or_else(|_| Err(anyhow::anyhow!("not at its end after {LIMIT:?}")));
    let how = if played.is_ok() { "ok" } else { "FAILED" };
    println!("{name} … {how} ({:.1} s)", began.elapsed().as_secs_f64());
    played.err().map(|error| format!("{name}: {error:#}"))
}

/// Scenario 54: a wallet in any letter case is tracked under its name, with what it is worth and buttons; again in another case it is
/// tracked already; what is no address is refused; a restart changes nothing; one more than may be is refused and not stored.
async fn scenario_54_a_wallet_is_tracked_once_however_it_is_written(town: &Town<'_>) -> Result<()> {
    let ann = town.member("Ann").await?;
    let wallet = town.wallet().await;
    town.buys(wallet, town.market().await, 2_000, 50)?;
    let address = town.address(wallet)?;
    let loud = format!("0x{}", address.trim_start_matches("0x").to_uppercase());
    let told = ann.say(&format!("/track {loud} Big fish"), "I follow Big fish").await?;
    says(&told, &[&address])?;
    ensure!(
        ["Worth", "Positions", "Rename", "Stop"].iter().all(|label| told.button(label).is_some()),
        "{told:?}"
    );
    ann.say(&format!("/track {address} Another name"), "You follow Big fish already").await?;
    let profile = format!("https://polymarket.com/profile/{loud}");
    ann.say(&format!("/track {profile}"), "You follow Big fish already").await?;
    for wrong in ["0x12", "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS", "https://polymarket.com/@fish"] {
        ann.say(&format!("/track {wrong}"), "no wallet's address").await?;
    }
    let list = ann.say("/list", "Wallets you follow").await?;
    says(&list, &["Big fish", &address, "1 of 3"])?;
    town.until("the trade is visible", async || {
        let worth = ann.say("/balance Big fish", "Big fish").await?;
        Ok(worth.text.contains("$1,000"))
    })
    .await?;
    for name in ["notifier-svc", sandbox::services::POLYMARKET.name] {
        let service = town.world.service(name)?;
        service.kill().await;
        service.ready_within(Duration::from_secs(60)).await?;
    }
    says(&ann.say("/list", "Wallets you follow").await?, &["Big fish", &address, "1 of 3"])?;
    for nth in 2..=3 {
        let other = town.address(town.wallet().await)?;
        ann.say(&format!("/track {other} Number {nth}"), &format!("I follow Number {nth}")).await?;
    }
    let other = town.address(town.wallet().await)?;
    ann.say(&format!("/track {other} Too many"), "You follow 3 wallets already").await?;
    let list = ann.say("/list", "Wallets you follow").await?;
    says(&list, &["3 of 3"])?;
    ensure!(!list.text.contains("Too many") && !list.text.contains(&other), "{}", list.text);
    ann.say("/untrack big FISH", "I do not follow it any more").await?;
    says(&ann.say("/list", "Wallets you follow").await?, &["2 of 3"])
}

/// Scenario 55: a position opened, increased, reduced, closed and redeemed, each worth $500 or more, is told once each, by what it was
/// and at the price of the trade; less is not told, unless it is a large part of what the wallet has.
async fn scenario_55_what_a_wallet_does_is_told_once_and_as_it_was(town: &Town<'_>) -> Result<()> {
    let (bob, cid) = tokio::try_join!(town.member("Bob"), town.member("Cid"))?;
    let (wallet, kept, market) = (town.wallet().await, town.market().await, town.market().await);
    // 2 % of this are more than $500, so that $500 decide.
    town.world.polymarket().apply(&Deed::Split { wallet, market: kept, shares: Decimal::from(60_000) })?;
    let address = town.address(wallet)?;
    bob.say(&format!("/track {address} The whale"), "I follow The whale").await?;
    cid.say(&format!("/track {address} Moby"), "I follow Moby").await?;
    town.snapshot(wallet).await?;
    let outcome = town.outcome(market, 0)?;
    let steps: [(&str, Side, i64, i64, &str); 5] = [
        ("opened a position", Side::Buy, 2_000, 40, "2,000 {} at 40¢ for $800"),
        ("bought more", Side::Buy, 1_500, 41, "1,500 {} at 41¢ for $615"),
        ("", Side::Buy, 1_000, 42, ""),
        ("sold a part", Side::Sell, 1_200, 50, "1,200 {} at 50¢ for $600"),
        ("closed its position", Side::Sell, 3_300, 45, "3,300 {} at 45¢ for $1,485"),
    ];
    for (what, side, shares, cents, amount) in steps {
        town.trades(wallet, market, side, shares, cents)?;
        if what.is_empty() {
            // Its successors show that it was passed over: alerts come in the order of the trades.
            continue;
        }
        let words = format!("The whale {what}: {}", amount.replace("{}", &outcome));
        says(&bob.hear(&words).await?, &["On chain", &town.question(market)?])?;
        cid.hear(&format!("Moby {what}")).await?;
    }
    town.trades(wallet, market, Side::Buy, 5_000, 30)?;
    bob.hear("The whale opened a position: 5,000").await?;
    town.world.polymarket().apply(&Deed::Resolve { market, winner: 0 })?;
    bob.hear("A market of The whale is decided").await?;
    town.world.polymarket().apply(&Deed::Redeem { wallet, market })?;
    bob.hear("The whale redeemed 5,000").await?;
    town.fed_up().await?;
    let expected = 7;
    for (person, name) in [(&bob, "The whale"), (&cid, "Moby")] {
        let alerts = person.alerts(name).await?;
        ensure!(alerts.len() == expected, "{} alerts to {name}: {alerts:#?}", alerts.len());
    }
    Ok(())
}

/// Scenario 56: while the Data API fails in every way nothing is told, afterwards everything that really happened, once; a snapshot
/// that got lost is taken anew in silence.
async fn scenario_56_an_outage_tells_nothing_false_and_loses_nothing(town: &Town<'_>) -> Result<()> {
    let dan = town.member("Dan").await?;
    let (wallet, kept, market) = (town.wallet().await, town.market().await, town.market().await);
    let polymarket = town.world.polymarket();
    polymarket.apply(&Deed::Split { wallet, market: kept, shares: Decimal::from(60_000) })?;
    town.buys(wallet, market, 3_000, 40)?;
    // Blocks are dated to the second: what is told begins clearly after this.
    town.fed_up().await?;
    dan.say(&format!("/track {} Ghost", town.address(wallet)?), "I follow Ghost").await?;
    town.snapshot(wallet).await?;
    for fault in [Fault::Away, Fault::Error, Fault::Garbled, Fault::Limited(1)] {
        polymarket.set_fault(Host::Data, fault);
        town.asked(3).await?;
    }
    town.trades(wallet, market, Side::Sell, 1_400, 45)?;
    town.asked(3).await?;
    ensure!(dan.alerts("Ghost").await?.is_empty(), "something was told during the outage");
    polymarket.set_fault(Host::Data, Fault::None);
    dan.hear("Ghost sold a part: 1,400").await?;
    // What is known of the wallet gets lost.
    let mut database = town.world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
    let address = town.address(wallet)?;
    for statement in [
        "DELETE FROM oracle.wallet_position WHERE address = $1",
        "UPDATE oracle.followed_wallet SET snapshot_at = NULL, portfolio_usd = NULL, next_look_at = '-infinity' \
         WHERE address = $1",
    ] {
        sqlx::query(statement).bind(&address).execute(&mut database).await?;
    }
    town.snapshot(wallet).await?;
    town.trades(wallet, market, Side::Sell, 1_600, 45)?;
    dan.hear("Ghost closed its position: 1,600").await?;
    town.fed_up().await?;
    let alerts = dan.alerts("Ghost").await?;
    ensure!(alerts.len() == 2, "{alerts:#?}");
    Ok(())
}

/// Scenario 58: three smart wallets that hold $2,000 or more each of one side are one signal a day to everybody who wants it, with its
/// score; who muted signals is not told, also after a restart.
async fn scenario_58_three_smart_wallets_on_one_side_are_a_signal_once(town: &Town<'_>) -> Result<()> {
    let (eve, fay) = tokio::try_join!(town.member("Eve"), town.member("Fay"))?;
    says(&fay.say("/consensus", "Smart wallets agree").await?, &["No signal", "I tell you about new ones"])?;
    fay.say("/muteconsensus", "").await?;
    let notifier = town.world.service("notifier-svc")?;
    notifier.kill().await;
    notifier.ready_within(Duration::from_secs(60)).await?;
    let market = town.market().await;
    for nth in 1..=3 {
        let wallet = town.wallet().await;
        town.buys(wallet, market, 5_000, 60)?;
        town.list_as_smart(wallet, &format!("Sage {nth}")).await?;
    }
    let list = eve.say("/smartwallets", "Smart wallets").await?;
    says(&list, &["Sage 1", "Sage 2", "Sage 3"])?;
    let told = eve.hear("3 wallets ·").await?;
    // 10 for a third wallet, 9 for $9,000, 25 as each has nothing else, 15 as no wallet has more than half.
    says(&told, &["Smart wallets agree", &town.question(market)?, "$9,000", "score 59", "Sage 1: $3,000"])?;
    let listed = eve.say("/consensus", "Smart wallets agree").await?;
    says(&listed, &[&town.question(market)?, "score 59"])?;
    let muted = fay.say("/consensus", "Smart wallets agree").await?;
    says(&muted, &["score 59", "I do not tell you about new ones"])?;
    let signals =
        |shown: &Shown| shown.text.contains("3 wallets ·") && !shown.text.contains("last seven days");
    let count =
        async |person: &Person| anyhow::Ok(person.heard().await?.iter().filter(|one| signals(one)).count());
    ensure!((count(&eve).await?, count(&fay).await?) == (1, 0), "told otherwise than once and never");
    Ok(())
}

/// Scenario 59: an unknown market is not found, a known one has its best orders and the spread; positions beyond a page are paged, with
/// totals over all of them.
async fn scenario_59_unknown_markets_books_and_many_positions(town: &Town<'_>) -> Result<()> {
    let gus = town.member("Gus").await?;
    for unknown in [format!("0x{}", "0".repeat(64)), "https://polymarket.com/event/no/such-market".to_owned()]
    {
        gus.say(&format!("/market {unknown}"), "I find no such market").await?;
    }
    let market = town.market().await;
    let (condition, question, book) = town.world.polymarket().read(|exchange, _| {
        let market = &exchange.markets()[market];
        (market.condition.clone(), market.question.clone(), polymarket::book::Book::of(market, 0))
    });
    let cents = |price: Decimal| format!("{}¢", (price * Decimal::ONE_HUNDRED).normalize());
    let (bid, ask) = (book.bid().context("no bid")?, book.ask().context("no ask")?);
    let card = gus.say(&format!("/market {condition}"), &question).await?;
    let words = [
        format!("bid {}", cents(bid)),
        format!("ask {}", cents(ask)),
        format!("spread {}", cents(ask - bid)),
    ];
    says(&card, &words.each_ref().map(String::as_str))?;
    let wallet = town.wallet().await;
    let several: Vec<usize> =
        town.world.polymarket().read(|exchange, _| life::tradable(exchange).take(12).collect());
    for market in &several {
        town.buys(wallet, *market, 100, 50)?;
    }
    let address = town.address(wallet)?;
    // What is told of a wallet is kept for a minute, so it is asked once it is there.
    town.fed_up().await?;
    let value: Decimal = town.world.polymarket().read(|exchange, _| exchange.worth(wallet));
    let mut page = gus.say(&format!("/positions {address}"), "Page 1 of").await?;
    let mut questions = BTreeSet::new();
    let all: Vec<String> = several.iter().map(|market| town.question(*market)).collect::<Result<_>>()?;
    loop {
        says(&page, &["12 positions worth", &dollars(value), "bought for $600"])?;
        questions.extend(all.iter().filter(|question| page.text.contains(question.as_str())).cloned());
        let Some(more) = page.button("More").map(str::to_owned) else { break };
        let shown = page.text.lines().find(|line| line.starts_with("Page")).context("no page")?.to_owned();
        let (number, of) = page_of(&shown)?;
        page = gus.tap(&page, &more, &format!("Page {} of {of}", number + 1)).await?;
    }
    ensure!(questions.len() == 12, "{} of 12 positions were shown", questions.len());
    Ok(())
}

/// `$1,234.50`
fn dollars(usd: Decimal) -> String {
    let text = format!("{:.2}", usd);
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    if cents == "00" { format!("${}", groups.join(",")) } else { format!("${}.{cents}", groups.join(",")) }
}

fn page_of(line: &str) -> Result<(u32, u32)> {
    let (number, of) = line.trim_start_matches("Page ").split_once(" of ").context("no page")?;
    Ok((number.parse()?, of.trim().parse()?))
}

/// The message has all of these words.
fn says(shown: &Shown, words: &[&str]) -> Result<()> {
    let lacking: Vec<&&str> = words.iter().filter(|word| !shown.text.contains(**word)).collect();
    ensure!(lacking.is_empty(), "{lacking:?} is not in {:?}", shown.text);
    Ok(())
}
