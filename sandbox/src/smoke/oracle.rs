//! `smoke --oracle`: rooms run to their ends while venues lie, freeze, jump and vanish, and the process that writes the
//! series is killed. In the end no room settled on a wrong price, what had to be void is void, and the ledger is right.

mod books;
mod plan;
mod play;
mod truth;
mod weather;

use std::time::Duration;

use anyhow::{Context, Result};
use servers::scratch::Scratch;

use super::Place;
use super::faults::LOWERED as SMOKE_LOWERED;
use super::person::Manners;
use super::stage::Stage;
use super::tale::Tale;
use crate::report::Report;
use crate::world::{World, WorldOptions};
use plan::Plan;
use play::Play;

/// How long a run may take beyond the start of its world.
const LIMIT: Duration = Duration::from_secs(180);

/// One run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where, and with which luck.
    pub place: Place,
    /// How much longer bets are taken than the pace of the machine asks for.
    pub leisure: Duration,
}

/// Plays in a fresh world with two oracles, tells it on standard error, and checks every result.
///
/// # Errors
/// Somebody waited in vain; the ends of all logs are printed before.
pub async fn play(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let tale = Tale::begin();
    let plan = Plan::try_of(setup.place.seed)?;
    tale.scene(&format!("{} rooms under lying venues, seed {}", plan.rooms.len(), setup.place.seed));
    super::tell_lowered(&tale);
    let options = WorldOptions {
        doubled: vec!["oracle-svc"],
        variables: SMOKE_LOWERED
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..setup.place.world(&scratch)?
    };
    let stage = Stage::set(options, &tale).await?;

    let played =
        stage.play(LIMIT + setup.leisure * 2, evening(&stage.world, &plan, setup, &tale, report)).await;
    let exits = stage.world.exits();
    let oracles = exits.iter().filter(|exit| exit.service.starts_with("oracle-svc")).count();
    report.check("oracles killed", 1, oracles, oracles == 1);
    report.check("services that ended unasked", 0, exits.len() - oracles, exits.len() == oracles);
    stage.strike().await;
    played.with_context(|| format!("seed {}", setup.place.seed))
}

async fn evening(world: &World, plan: &Plan, setup: &Setup, tale: &Tale, report: &mut Report) -> Result<()> {
    let manners = Manners { patience: Duration::from_secs(15), tries: 4, calm: Duration::from_secs(90) };
    let mut play = Play::begin(world, plan, tale, manners, setup.leisure).await?;
    play.play().await?;
    play.check_results(report).await?;
    play.check_books(report).await
}
