//! `smoke --money`: many people deposit and withdraw while the chain's endpoints misbehave. In the end
//! ledger and chain agree to the lamport, and everything was paid exactly once.

pub(crate) mod books;
mod plan;
mod play;
mod weather;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use servers::scratch::Scratch;
use tokio_util::sync::CancellationToken;

use super::Place;
use super::faults::LOWERED as SMOKE_LOWERED;
use super::person::Manners;
use super::stage::Stage;
use super::tale::Tale;
use crate::report::Report;
use crate::world::{World, WorldOptions};
use plan::Plan;
use play::Play;
use weather::Weather;

/// How long a run may take beyond the start of its world.
const LIMIT: Duration = Duration::from_secs(240);

/// Through what the wallet sees the chain here; `product` has what it has outside.
const VARIABLES: [(&str, &str, &str); 4] = [
    ("CHAIN_WITNESSES", "2", "2"),
    ("CHAIN_DEATH_MARGIN", "5", "32"),
    ("SOLANA_RPC_TIMEOUT", "1s", "5s"),
    ("DEPOSIT_WITHDRAWABLE_AFTER", "0s", "10m"),
];

/// One run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where, and with which luck.
    pub place: Place,
    /// Who takes part, at most 20.
    pub people: usize,
    /// Deposits and withdrawals of all together.
    pub steps: usize,
}

/// Plays in a fresh world, tells it on standard error, and checks the books.
///
/// # Errors
/// Somebody waited in vain; the ends of all logs are printed before.
pub async fn play(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let tale = Tale::begin();
    let plan = Plan::of(setup.place.seed, setup.people, setup.steps);
    let (people, steps) = (plan.parts.len(), plan.count(|_| true));
    tale.scene(&format!("{people} people, {steps} deposits and withdrawals, seed {}", setup.place.seed));
    let variables = VARIABLES.iter().chain(&SMOKE_LOWERED);
    let told: Vec<String> =
        variables.clone().map(|(name, value, product)| format!("{name}={value} ({product})")).collect();
    tale.tell("", format_args!("set for this (the product's value): {}", told.join(", ")));
    let options = WorldOptions {
        variables: variables.map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect(),
        faulty_endpoints: 2,
        ..setup.place.world(&scratch)?
    };
    let stage = Stage::set(options, &tale).await?;

    let weather = Weather::of(setup.place.seed);
    let played = stage.play(LIMIT, evening(&stage.world, &plan, &weather, &tale, report)).await;
    let exits = stage.world.exits().len();
    report.check("services that ended unasked", 0, exits, exits == 0);
    stage.strike().await;
    played.with_context(|| format!("seed {}", setup.place.seed))?;
    report.note("measured", json!(tale.measured()));
    for (what, time) in tale.measured() {
        tale.tell("", format_args!("{what}: {time}"));
    }
    Ok(())
}

async fn evening(
    world: &World,
    plan: &Plan,
    weather: &Weather,
    tale: &Tale,
    report: &mut Report,
) -> Result<()> {
    let manners = Manners { patience: Duration::from_secs(15), tries: 8, calm: Duration::from_secs(150) };
    let play = Play::begin(world, plan, weather, tale, manners).await?;
    let over = CancellationToken::new();
    let playing = async {
        play.play().await?;
        over.cancel();
        anyhow::Ok(())
    };
    tokio::try_join!(playing, weather.change(world, tale, &over))?;
    let (different, phases, restarts) = weather.counts();
    report.check(
        "phases with a fault",
        "at least 5",
        format!("{phases}, {different} different"),
        phases >= 5,
    );
    report.check("restarts of the node", 1, restarts, restarts == 1);
    play.audit(report).await
}
