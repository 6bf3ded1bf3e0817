//! `smoke --tracker`: a day of prediction markets in a minute, while Polymarket's servers fail in every way they know and the
//! processes that watch them are killed. In the end every change that had to be told was told, once and as it was, and
//! nothing else.

mod asked;
mod check;
mod plan;
mod play;
mod tape;
mod weather;

use std::time::Duration;

use anyhow::{Context, Result};
use servers::scratch::Scratch;

use super::Place;
use super::faults::LOWERED as SMOKE_LOWERED;
use super::person::Manners;
use super::stage::Stage;
use super::tale::Tale;
use crate::polymarket;
use crate::report::Report;
use crate::services::POLYMARKET;
use crate::world::{World, WorldOptions};
use plan::Plan;
use play::Play;

/// How long a run may take beyond the start of its world.
const LIMIT: Duration = Duration::from_secs(420);

/// Wallets and events of the exchange.
const WALLETS: usize = 24;
const EVENTS: usize = 8;
const PAST: u32 = 200;

/// Deeds of the day: one every third of a second.
const DEEDS: u32 = 180;

/// Shorter than in the product, so that a whole day fits into a minute.
const PACE: [(&str, &str, &str); 2] =
    [("POLYMARKET_RECONCILE_EVERY", "5s", "10m"), ("POLYMARKET_RESOLUTIONS_EVERY", "5s", "5m")];

/// Processes that are killed in the middle.
const KILLED: [&str; 2] = [POLYMARKET.name, "notifier-svc"];

/// Plays in a fresh world, tells it on standard error, and holds every alert against the tape.
///
/// # Errors
/// Somebody waited in vain; the ends of all logs are printed before.
pub async fn play(place: &Place, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let tale = Tale::begin();
    tale.scene(&format!("a day of markets under failing servers, seed {}", place.seed));
    super::tell_lowered(&tale);
    let lowered = PACE.map(|(name, value, product)| format!("{name}={value} ({product})"));
    tale.tell("", format_args!("and {}", lowered.join(", ")));
    let lowered = SMOKE_LOWERED.iter().chain(&PACE);
    let options = WorldOptions {
        variables: lowered.map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect(),
        polymarket: polymarket::Settings {
            wallets: WALLETS,
            events: EVENTS,
            past: PAST,
            pace: None,
            ..polymarket::Settings::default()
        },
        ..place.world(&scratch)?
    };
    let stage = Stage::set(options, &tale).await?;
    let played = stage.play(LIMIT, Box::pin(day(&stage.world, place.seed, &tale, report))).await;
    let exits = stage.world.exits();
    let killed = exits.iter().filter(|exit| KILLED.contains(&exit.service.as_str())).count();
    report.check("processes killed", KILLED.len(), killed, killed == KILLED.len());
    report.check("processes that ended unasked", 0, exits.len() - killed, exits.len() == killed);
    stage.strike().await;
    played.with_context(|| format!("seed {}", place.seed))
}

async fn day(world: &World, seed: u64, tale: &Tale, report: &mut Report) -> Result<()> {
    let manners = Manners { patience: Duration::from_secs(20), tries: 3, calm: Duration::from_secs(120) };
    let exchange = world.polymarket().exchange().clone();
    let plan = Plan::try_of(seed, &exchange, DEEDS)?;
    let mut play = Play::begin(world, &plan, seed, tale, manners).await?;
    let played = play.play().await?;
    play.check(&played.dues, report).await?;
    play.check_asked(&played.wishes, played.first, report).await
}
