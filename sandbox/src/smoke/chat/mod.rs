//! `smoke --chat`: three people press every button they can reach, three presses from every command: somebody new, somebody with
//! money and bets, and a host with a group. No fault, no press without an answer, no screen without a way on, nothing too long,
//! nothing overwritten; and no callback of the gateway that was never pressed.

mod cast;
mod crawl;
mod log;
mod replies;
mod screen;
mod tour;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use gateway::callbacks::{Callback, Press};
use gateway::router::Command;
use servers::scratch::Scratch;

use super::person::{Manners, Person};
use super::stage::Stage;
use super::tale::Tale;
use super::{BURST, Place};
use crate::botapi::{self, Game};
use crate::report::Report;
use crate::world::{World, WorldOptions};
pub use cast::arrive;
use crawl::Crawler;
use log::{Found, Log};
use tour::Camera;

/// How long a run may take beyond the start of its world; with pictures, so many times that.
const LIMIT: Duration = Duration::from_secs(600);
const PICTURES: u32 = 3;

/// Kinds of presses that are named for the time they took.
const COSTS: usize = 12;

/// So long Telegram waits for the answer to a press, and it is said to be gone after that.
const SLOWEST: Duration = Duration::from_secs(15);

/// What Telegram may refuse, and why the gateway asks for it all the same.
const REFUSED: [(&str, &str); 3] = [
    ("message is not modified", "the same screen again"),
    ("message to delete not found", "a code or a secret that is gone from the chat already"),
    ("chat not found", "so it finds out whether a server knows messages for one member alone"),
];

/// Set for this: a crawler is quicker than people, and some buttons are there for seconds only; `product` has the usual value.
const VARIABLES: [(&str, &str, &str); 11] = [
    ("LIMIT_MESSAGES_PER_MINUTE", "100000", "10"),
    ("LIMIT_PRESSES_PER_MINUTE", "100000", "60"),
    ("LIMIT_UPDATES_PER_MINUTE", "1000000", "1000"),
    ("TELEGRAM_CHAT_GAP", "0ms", "1s"),
    ("TELEGRAM_CALLS_PER_SECOND", "1000", "30"),
    ("TELEGRAM_GROUP_PER_MINUTE", "1000", "20"),
    ("ROOM_CANCEL_WITHIN", "60s", "5s"),
    ("ROOM_CANCEL_UNTIL", "1s", "60s"),
    ("WITHDRAW_NEW_ADDRESS_HOLD", "15m", "24h"),
    ("GROUP_COMMAND_PAUSE", "0s", "5s"),
    // The first user of a world, who is the host.
    ("TELEGRAM_ADMINS", "7100000001", "nobody"),
];

/// What a group asks.
const IN_GROUPS: [&str; 8] = ["room", "bet", "players", "odds", "oracle", "time", "help", "create"];

/// Callbacks that no screen of this world can show, and why.
const OUT_OF_REACH: &[(&str, &str)] = &[];

/// One run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where, and with which luck.
    pub place: Place,
    /// Where pictures of all screens go, and the page with them beside it.
    pub tour: Option<PathBuf>,
}

/// Crawls through the chat of a fresh world, and checks what was found.
///
/// # Errors
/// The world does not start, or what goes before the crawl does not work; the ends of all logs are printed before.
pub async fn play(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let tale = Tale::begin();
    tale.scene("every button, three presses deep");
    let told: Vec<String> =
        VARIABLES.iter().map(|(name, value, product)| format!("{name}={value} ({product})")).collect();
    tale.tell("", format_args!("set for this (the product's value): {}", told.join(", ")));
    let options = WorldOptions {
        variables: VARIABLES
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        telegram_limits: botapi::Limits {
            private_burst: BURST * 100,
            overall_per_second: 1_000,
            group_per_minute: 1_000,
        },
        ..setup.place.world(&scratch)?
    };
    let stage = Stage::set(options, &tale).await?;

    let limit = LIMIT * if setup.tour.is_some() { PICTURES } else { 1 };
    let log = Log::default();
    let played = stage.play(limit, Box::pin(evening(&stage.world, setup, &tale, &log, report))).await;
    tale.tell("", format_args!("what took longest: {}", log.found().costs(COSTS).join(", ")));
    let exits = stage.world.exits().len();
    report.check("services that ended unasked", 0, exits, exits == 0);
    stage.strike().await;
    played
}

async fn evening(world: &World, setup: &Setup, tale: &Tale, log: &Log, report: &mut Report) -> Result<()> {
    let game = Game::new(&world.addresses().page);
    // A script may tap before the gateway has put down that it showed the button: it is told to wait, and taps again.
    let manners = Manners { patience: Duration::from_secs(10), tries: 3, calm: Duration::from_secs(90) };
    let meet = |name| Person::meet(&game, name, tale, manners);
    let host = meet("Hal").await?;
    let (player, quitter, careful, newcomer) =
        tokio::try_join!(meet("Pat"), meet("Eve"), meet("Tom"), meet("Nia"))?;
    let group = game.group("Friends", &[host.player(), player.player(), newcomer.player()]).await?;
    let camera = match &setup.tour {
        Some(folder) => Some(Camera::open(&world.addresses().page, folder).await?),
        None => None,
    };
    let crawler = |person: &Person| -> Result<Crawler> {
        let address = world.outside().address(person.id())?;
        Ok(Crawler::new(person.name, person.player().clone(), (&game, log, tale), address, camera.as_ref()))
    };
    let section = async |title: &str| {
        if let Some(camera) = &camera {
            camera.section(title).await;
        }
    };

    tale.scene("before the crawl: deposits, rooms, bets, results; an authenticator comes and goes");
    let (past, ()) =
        tokio::try_join!(cast::live(world, &host, &player, group.id), cast::authenticate(&careful))?;
    let (queuing, own) = (link_of(&past.queuing)?, link_of(&past.of_group)?);
    let doors =
        [past.open.link.clone(), past.settled.link.clone(), queuing, own, format!("group_{}", group.id)];

    tale.scene("in the group, the host first");
    section("In a group").await;
    for person in [&host, &player] {
        let mut crawler = crawler(person)?.in_group(group.id);
        crawler.enter_messages().await?;
        for command in IN_GROUPS {
            crawler.enter(&format!("/{command}")).await?;
        }
        crawler.crawl().await?;
    }

    tale.scene("the crawl");
    // Trades would bring new screens for ever.
    world.polymarket().set_pace(None);
    let (mut new, mut rich, mut hosting) =
        (crawler(&newcomer)?, crawler(&player)?, crawler(&host)?.patient());
    let crawl = async |crawler: &mut Crawler, title: &str| {
        section(title).await;
        // Whoever is new comes by a link into a group.
        crawler.enter(&format!("/start group_{}", group.id)).await?;
        crawler.enter("/start").await?;
        crawler.agree().await?;
        // All doors first: each screen is then met as near to one as it is.
        crawler.enter_messages().await?;
        for command in Command::MENU {
            crawler.enter(&format!("/{command}")).await?;
        }
        for door in &doors {
            crawler.enter(&format!("/start {door}")).await?;
        }
        let stranger = format!("/balance {}", replies::STRANGER);
        for text in ["/admin", "/frobnicate", "hello there", stranger.as_str()] {
            crawler.enter(text).await?;
        }
        crawler.crawl().await
    };
    if camera.is_some() {
        // One after the other, so that the pictures come in the same order each time.
        crawl(&mut new, "Somebody new").await?;
        crawl(&mut rich, "With money and bets").await?;
        crawl(&mut hosting, "As a host").await?;
    } else {
        tokio::try_join!(crawl(&mut new, ""), crawl(&mut rich, ""), crawl(&mut hosting, ""))?;
    }

    tale.scene("a break, an exclusion, an end");
    cast::leave(world, &quitter).await?;

    let counters = game.counters().await?;
    verdict(&log.found(), &game, &counters, report);
    if let Some(camera) = &camera {
        let pictures = camera.publish().await?;
        tale.tell("", format_args!("{pictures} pictures"));
    }
    Ok(())
}

/// The payload of a link to the room of a card.
fn link_of(card: &botapi::Shown) -> Result<String> {
    let data = card.data("Refresh").context("a card without a button to refresh it")?;
    Ok(format!("room_{}", data.rsplit('.').next().unwrap_or_default()))
}

fn verdict(found: &Found, game: &Game, counters: &botapi::Counters, report: &mut Report) {
    report.check("screens", "at least 100", found.screens.len(), found.screens.len() >= 100);
    report.check("buttons pressed", "at least 500", found.presses, found.presses >= 500);
    report.check("errors", 0, found.errors.len(), found.errors.is_empty());
    let stuck = found.dead_ends();
    for screen in &stuck {
        eprintln!("! no way to the desk from {screen}");
    }
    report.check("screens without a way to the desk", 0, stuck.len(), stuck.is_empty());
    report.check("presses never answered", 0, counters.unanswered, counters.unanswered == 0);
    let refused: Vec<&String> =
        counters.refused.keys().filter(|why| !REFUSED.iter().any(|(known, _)| why.contains(known))).collect();
    report.check("calls that Telegram refused", "none", format!("{refused:?}"), refused.is_empty());
    let pressed: BTreeSet<&str> = game
        .pressed()
        .iter()
        .filter_map(|data| Press::decode(data).ok())
        .map(|press| press.callback.name())
        .collect();
    let excused = |name: &str| OUT_OF_REACH.iter().any(|(excused, _)| *excused == name);
    let never: Vec<&&str> =
        Callback::NAMES.iter().filter(|name| !pressed.contains(*name) && !excused(name)).collect();
    let all = Callback::NAMES.len();
    report.check(
        &format!("of {all} callbacks, never pressed"),
        "none",
        format!("{never:?}"),
        never.is_empty(),
    );
    let links: Vec<&String> = found.links.iter().filter(|link| reqwest::Url::parse(link).is_err()).collect();
    report.check("links that lead nowhere", 0, links.len(), links.is_empty());
    for (what, (time, at)) in
        [("slowest answer to a press", &found.slowest_answer), ("slowest screen", &found.slowest_screen)]
    {
        eprintln!("{what}: {:.2} s: {at}", time.as_secs_f64());
        let measured = format!("{:.2} s", time.as_secs_f64());
        report.check(what, format!("at most {} s", SLOWEST.as_secs()), measured, *time <= SLOWEST);
    }
    report.note("texts", found.texts);
    report.note("links", found.links.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_callbacks_that_exist_are_excused_and_each_for_a_reason() {
        for (name, reason) in OUT_OF_REACH {
            assert!(Callback::NAMES.contains(name) && reason.len() > 10, "{name}: {reason}");
        }
    }
}
