//! What the chat says while a part of it does not answer.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use super::people::{Ask, SOL, Town, between, says};
use sandbox::botapi::Shown;
use sandbox::venues::{Asset, Fault, Venue};

/// Scenario 6: Without prices the dashboard shows the balance in SOL, and says that its value is unavailable, never $0.
pub async fn scenario_06_without_prices_the_desk_says_so(town: &Town<'_>) -> Result<()> {
    let ann = town.rich("Ann", SOL).await?;
    let market = town.world.market();
    for venue in Venue::ALL {
        market.set_fault(venue, Fault::Silent)?;
    }
    let mut desk = ann.say("/start", "Your desk").await?;
    for _ in 0..60 {
        if desk.text.contains("USD value unavailable") {
            break;
        }
        sleep(Duration::from_millis(500)).await;
        desk = ann.say("/start", "Your desk").await?;
    }
    for venue in Venue::ALL {
        market.set_fault(venue, Fault::None)?;
    }
    says(&desk, &["Balance 1 SOL", "USD value unavailable"])?;
    ensure!(!desk.text.contains("$0"), "{}", desk.text);
    Ok(())
}

/// Each service stops to answer, and somebody looks at what it knows: a short text with a reference that the log has, too; what
/// can be shown without it is shown. Then it goes on.
pub async fn a_fault_of_each_service_is_told_with_a_reference(town: &Town<'_>) -> Result<()> {
    let (host, ann) = tokio::try_join!(town.member("Hal"), town.rich("Ann", SOL))?;
    let room = host.open(Ask { asset: Asset::Eth, percent: 131, horizon: "42m" }).await?;
    let verdict = gateway::callbacks::Callback::Verdict { room: room.id }.here().encode();
    let desk = ann.say("/start", "Your desk").await?;
    // What is pressed, where, while which one is away.
    let presses = [
        ("room-svc", desk.data("Rooms").context("no rooms")?.to_owned(), "Live rooms"),
        ("wallet-svc", desk.data("Wallet").context("no wallet")?.to_owned(), "Available"),
        ("settlement-svc", verdict, "No verdict yet"),
        ("notifier-svc", "2pe".to_owned(), "Everything that is kept of you"),
    ];
    for (name, data, usual) in presses {
        let service = town.world.service(name)?;
        let help = ann.say("/help", "How it works").await?;
        service.pause();
        let press = ann.player.press_data(&help, &data).await?;
        let told = ann.player.find(|shown| shown.seq > press.seq() && is_fault(shown)).await;
        // The desk can be shown without it.
        let desk = ann.say("/start", "Your desk").await;
        service.resume();
        let told = told.with_context(|| format!("without {name}"))?;
        let text = format!("{}\n", told.text);
        let reference = between(&text, "Reference ", "\n")?;
        ensure!(reference.len() == 8, "{}", told.text);
        ensure!(told.text.chars().count() < 120 && told.button("Desk").is_some(), "{}", told.text);
        ensure!(log_of(town, "gateway")?.contains(reference), "the log does not know {reference}");
        desk.with_context(|| format!("the desk without {name}"))?;
        // The same button, once it answers again.
        service.ready_within(Duration::from_secs(30)).await?;
        ann.forge(&help, &data, usual).await.with_context(|| format!("{name} is back"))?;
    }
    // Nobody needs the oracle to look at a room; its price is missing.
    let oracle = town.world.service("oracle-svc")?;
    oracle.pause();
    let shown = ann.card(room).await;
    oracle.resume();
    says(&shown?, &["no price at the moment"])?;
    // Without the gateway nobody answers, until it is back.
    let gateway = town.world.service("gateway")?;
    gateway.pause();
    let press = ann.player.press(&ann.player.last_screen().await?, "Desk").await?;
    gateway.resume();
    ann.player.answer(&press).await.context("the gateway is back")?;
    Ok(())
}

fn is_fault(shown: &Shown) -> bool {
    shown.from_bot && shown.text.starts_with("Something on our side did not work")
}

fn log_of(town: &Town<'_>, service: &str) -> Result<String> {
    let path = town.world.folder().logs()?.join(format!("{service}.log"));
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}
