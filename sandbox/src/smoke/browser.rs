//! `smoke --browser`: somebody plays one bet on the chat page, in a real browser, with mouse and keyboard alone.

use std::time::Duration;

use anyhow::{Context, Result};
use rust_decimal::Decimal;
use serde_json::json;
use servers::scratch::Scratch;

use super::Place;
use super::chat::arrive;
use super::person::{Manners, Person};
use super::plan::{Which, sol};
use super::stage::Stage;
use super::table::{self, Opened, Question};
use super::tale::Tale;
use crate::botapi::Game;
use crate::browser::{Browser, Page};
use crate::report::Report;
use crate::venues::Asset;
use crate::world::World;

/// How long a run may take beyond the start of its world.
const LIMIT: Duration = Duration::from_secs(120);

/// A laptop's window, in CSS pixels.
const WINDOW: (u32, u32) = (1_280, 900);

/// Where the money for the bet comes from: one of the stakes offered, and more than that.
const STAKE: i64 = 100_000_000;
const DEPOSIT: u64 = 500_000_000;

/// Plays in a fresh world.
///
/// # Errors
/// There is no browser, or somebody waited in vain; the ends of all logs are printed before.
pub async fn play(place: &Place, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let tale = Tale::begin();
    // Before the world, which takes longer: there may be none.
    let browser = Browser::start().await?;
    tale.scene("one bet on the chat page");
    let stage = Stage::set(place.world(&scratch)?, &tale).await?;
    let played = stage.play(LIMIT, evening(&stage.world, &browser, &tale, report)).await;
    stage.strike().await;
    played
}

async fn evening(world: &World, browser: &Browser, tale: &Tale, report: &mut Report) -> Result<()> {
    let game = Game::new(&world.addresses().page);
    let manners = Manners { patience: Duration::from_secs(20), tries: 1, calm: Duration::from_secs(60) };
    let host = Person::meet(&game, "Hal", tale, manners).await?;
    arrive(world, &host).await?;
    let room = open(world, &host).await?;

    let player = game.player("Ann").await?;
    let url = format!("{}/?user={id}&chat={id}", world.addresses().page, id = player.id());
    let page = browser.open(&url, WINDOW).await?;
    let table = Table { page: &page, tale };
    table.click("#start", "START").await?;
    table.tap("I am 18+", "Your desk").await?;
    table.write("/deposit", "Send SOL to your address").await?;
    // What stands in the message is the address itself.
    let address = "[...document.querySelectorAll('.in code')].pop().innerText";
    let address = page.evaluate(address).await?;
    let address = address.as_str().context("no address on the page")?;
    let outside = world.outside();
    outside.airdrop(&outside.address(player.id())?, DEPOSIT + 10_000_000).await?;
    outside.send(player.id(), &address.parse()?, DEPOSIT).await?;
    table.see("Deposit credited").await?;
    table.write("/rooms", "Live rooms").await?;
    table.tap(&format!("#{} ", room.number), &format!("Room #{} ", room.number)).await?;
    table.tap("YES", "How much do you stake?").await?;
    let stake = sol(STAKE);
    table.tap(&format!("{stake} SOL"), "Your bet · room").await?;
    table.tap("Confirm", &format!("Bet accepted · room #{}", room.number)).await?;
    table.tap("My bets", &format!("{stake} SOL on YES · live")).await?;

    let messages = player.messages().await?;
    let accepted = messages.iter().filter(|one| one.text.starts_with("Bet accepted")).count();
    report.check("bets accepted, as the bot sees it", 1, accepted, accepted == 1);
    let presses = game.counters().await?;
    report.check("presses without an answer", 0, presses.unanswered, presses.unanswered == 0);
    let complaints = page.complaints().await;
    report.check("complaints of the page", "none", format!("{complaints:?}"), complaints.is_empty());
    Ok(())
}

async fn open(world: &World, host: &Person) -> Result<Opened> {
    let target = (world.market().price(Asset::Sol) * Decimal::new(110, 2)).round_dp(2).normalize();
    let question = Question { which: Which::Touch, asset: "SOL", touch: true, target };
    table::open(host, &question, || 600).await
}

/// Somebody before the page.
struct Table<'a> {
    page: &'a Page,
    tale: &'a Tale,
}

impl Table<'_> {
    async fn click(&self, selector: &str, text: &str) -> Result<()> {
        self.tale.tell("Ann", format_args!("clicks {text}"));
        self.page.click(selector, text).await
    }

    /// Clicks the newest button that begins so, and waits for words.
    async fn tap(&self, label: &str, wanted: &str) -> Result<()> {
        self.click(".key", label).await?;
        self.see(wanted).await
    }

    /// Types a line, and waits for words.
    async fn write(&self, text: &str, wanted: &str) -> Result<()> {
        self.tale.tell("Ann", format_args!("types {text}"));
        self.page.click("#input", "").await?;
        self.page.type_line(text).await?;
        self.see(wanted).await
    }

    /// Waits until a message of the bot has these words.
    async fn see(&self, wanted: &str) -> Result<()> {
        let wanted = json!(wanted);
        let script = format!(
            "[...document.querySelectorAll('.row.in .text')].some((node) => node.innerText.includes({wanted}))"
        );
        self.page.until(&format!("the words {wanted}"), &script).await?;
        self.tale.tell("Ann", format_args!("sees {wanted}"));
        Ok(())
    }
}
