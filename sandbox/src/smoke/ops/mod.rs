//! `smoke --ops`: operators at work. Every command of `roomsctl` runs against a world of its own, once as it is meant and once
//! in each way that must be refused: without a second operator, with a stranger's key, twice by the same, unasked.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value without such a field is null, and nothing else is indexed"
)]

mod desk;
mod house;
mod money;
mod roles;
mod tool;

use std::time::Duration;

use anyhow::Result;
use servers::scratch::Scratch;

use super::Place;
use super::chat::arrive;
use super::person::{Manners, Person};
use super::stage::Stage;
use super::tale::Tale;
use crate::botapi::Game;
use crate::report::Report;
use crate::world::{World, WorldOptions};
use desk::Desk;
use tool::Tool;

/// How long a run may take beyond the start of its world: a minute and a half where nothing else runs.
const LIMIT: Duration = Duration::from_secs(900);

/// What is lowered besides; `product` has what it is outside.
const VARIABLES: [(&str, &str, &str); 1] = [("WITHDRAW_APPROVAL_THRESHOLD", "300000000", "10000000000")];

/// Plays in a fresh world, tells it on standard error.
///
/// # Errors
/// There is no roomsctl, or somebody waited in vain; the ends of all logs are printed before.
pub async fn play(place: &Place, report: &mut Report) -> Result<()> {
    let scratch = Scratch::create()?;
    let dir = place.dir(&scratch);
    let tale = Tale::begin();
    // Before the world, which takes longer: it may not be built.
    let program = tool::find(&place.program).await?;
    tale.scene("two operators, a stranger and their tool");
    let told = VARIABLES.map(|(name, value, product)| format!("{name}={value} ({product})"));
    tale.tell("", format_args!("set for this (the product's value): {}", told.join(", ")));
    let options = WorldOptions {
        variables: VARIABLES.map(|(name, value, _)| (name.to_owned(), value.to_owned())).to_vec(),
        ..place.world(&scratch)?
    };
    let stage = Stage::set(options, &tale).await?;
    let tool = Tool::take_up(program, &stage.world, dir, scratch.path(), &tale);
    let played = stage.play(LIMIT, evening(&stage.world, &tool, &tale)).await;
    stage.strike().await;
    report.add("roomsctl", tool.found());
    played
}

async fn evening(world: &World, tool: &Tool, tale: &Tale) -> Result<()> {
    house::keys(tool).await?;
    roles::tokens(tool).await?;
    house::reached(tool).await?;
    roles::matrix(tool).await?;
    let game = Game::new(&world.addresses().page);
    let manners = Manners { patience: Duration::from_secs(60), tries: 1, calm: Duration::from_secs(90) };
    let ann = Person::meet(&game, "Ann", tale, manners).await?;
    let bob = Person::meet(&game, "Bob", tale, manners).await?;
    tokio::try_join!(arrive(world, &ann), arrive(world, &bob))?;

    let desk = Desk::open(tool, &ann, &bob).await?;
    // While its deadline comes.
    desk.lock().await?;
    desk.void().await?;
    desk.ban().await?;
    money::pauses(tool).await?;
    money::withdrawals(tool, &ann, &bob).await?;
    house::lists(tool).await?;
    house::broadcast(tool, &ann).await?;
    house::letters(world, tool).await?;
    desk.resolve().await?;
    desk.dispute().await?;
    house::proofs(tool, desk.resolved()).await?;
    house::nothing_waits(tool).await
}
