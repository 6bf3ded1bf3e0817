//! `chaos`: a load of bets, rooms, deposits and withdrawals while everything is struck that can be, by a plan that a seed
//! decides; then a checker with books of its own proves that nothing was lost, doubled or invented.

mod books;
mod check;
mod client;
mod history;
mod inject;
mod load;
mod pace;
mod plan;
mod plant;
mod told;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use servers::scratch::Scratch;

use crate::botapi;
use crate::report::Report;
use crate::smoke::stage::Stage;
use crate::smoke::tale::Tale;
use crate::world::{World, WorldOptions};
use check::{Conduct, check};
use client::Client;
use history::History;
use inject::Injector;
use load::{Crowd, Load};
use plan::{Deliveries, Fault, Plan};
use plant::Plant;
use told::Outcome;

/// Rooms that take bets before the first strike.
const ROOMS: usize = 6;

/// A run may take so much longer than its load: accounts, the end of all work, the books.
const BESIDES: Duration = Duration::from_secs(1_500);

/// Messages that the local Telegram takes at once in one chat: a room's end is told at any rate.
const BURST: u32 = 100_000;

/// What differs from the product here; short pauses and short holds, nothing that is decided otherwise.
const VARIABLES: [(&str, &str); 9] = [
    ("ROOM_MAX_PLAYERS", "100"),
    ("ROOM_MAX_LIVE_PER_HOST", "1000"),
    ("LIMIT_MESSAGES_PER_MINUTE", "100"),
    ("TELEGRAM_CHAT_GAP", "0ms"),
    ("PICTURE_PATIENCE", "0s"),
    ("CHAIN_WITNESSES", "2"),
    ("CHAIN_DEATH_MARGIN", "5"),
    ("SOLANA_RPC_TIMEOUT", "1s"),
    ("DEPOSIT_WITHDRAWABLE_AFTER", "0s"),
];

/// Arguments of `chaos`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Decides what happens, when, and to whom; the same seed is the same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Play so many seeds one after the other, beginning with --seed, each in a world of its own
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    seeds: u64,
    /// How long the load goes on; the services have as long as they need to end what was begun
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Bets placed in a second, whether those before were answered or not
    #[arg(long, default_value_t = 25)]
    rate: u32,
    /// Plant a bug, which must be found: the exit status is then 1 and the report names it
    #[arg(long, value_name = "BUG")]
    plant: Option<Plant>,
    /// Print the plan of the seed and end
    #[arg(long)]
    plan: bool,
    /// Keep the world in this folder, which is emptied first; without it, a temporary one
    #[arg(long, value_name = "DIR")]
    world: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Plays and checks one seed after the other; the first that fails is the last. The exit status says whether all went well.
///
/// # Errors
/// This program cannot be found.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.seeds.max(1));
    if arguments.plan {
        for seed in seeds {
            print!("{}", Plan::of(seed, arguments.seconds));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::new();
    let mut outcomes = Vec::new();
    for seed in seeds {
        match play(&arguments, seed).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => {
                eprintln!("\nerror: {error:#}");
                let why = format!("{error:#}");
                let why = why.lines().next().unwrap_or_default();
                report.check(&format!("seed {seed} played to the end"), "yes", why, false);
            }
        }
        if !report.failures().is_empty()
            || outcomes.iter().any(|outcome: &Outcome| !outcome.violations.is_empty())
        {
            break;
        }
    }
    told::tell(&outcomes, &mut report);
    Ok(report.print(arguments.json))
}

/// Plays one seed in a fresh world.
async fn play(arguments: &Arguments, seed: u64) -> Result<Outcome> {
    let scratch = Scratch::create()?;
    let dir = arguments.world.clone().unwrap_or_else(|| scratch.path().to_owned());
    let mut plan = Plan::of(seed, arguments.seconds);
    if arguments.plant.is_some() {
        // Whoever plants needs the database.
        plan.strikes.retain(|strike| !matches!(strike.fault, Fault::DatabaseKill | Fault::DatabaseRestart));
    }
    let tale = Tale::begin();
    tale.scene(&format!(
        "chaos of seed {seed} for {} s at {} bets a second",
        arguments.seconds, arguments.rate
    ));
    eprint!("{plan}");
    let stage = Stage::set(options(&dir, &plan)?, &tale).await?;
    let limit = Duration::from_secs(arguments.seconds) + BESIDES;
    let played = stage.play(limit, Box::pin(battle(&stage.world, arguments, &plan, &tale))).await;
    stage.strike().await;
    played.with_context(|| format!("seed {seed}"))
}

fn options(dir: &std::path::Path, plan: &Plan) -> Result<WorldOptions> {
    let mut variables: Vec<(String, String)> =
        VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let faults = match plan.deliveries {
        Deliveries::AsSent => None,
        Deliveries::Twice => Some("twice"),
        Deliveries::Shuffled => Some("shuffle"),
    };
    variables.extend(faults.map(|faults| ("BUS_FAULTS".to_owned(), faults.to_owned())));
    Ok(WorldOptions {
        fresh: true,
        seed: plan.seed,
        variables,
        faulty_endpoints: 2,
        links: true,
        telegram_limits: botapi::Limits { private_burst: BURST, ..botapi::Limits::default() },
        ..WorldOptions::new(dir).elsewhere()?
    })
}

/// The load and the strikes side by side, then the books.
async fn battle(world: &World, arguments: &Arguments, plan: &Plan, tale: &Tale) -> Result<Outcome> {
    let (client, outbound) = Client::connect(world).await?;
    tokio::select! {
        fought = fight(world, arguments, plan, &client, tale) => fought,
        heard = client.hear() => Err(heard.err().unwrap_or_else(|| anyhow!("nobody hears any more"))),
        () = client.publish(outbound) => Err(anyhow!("nothing is published any more")),
        () = client.insist() => Err(anyhow!("nobody insists any more")),
    }
}

async fn fight(
    world: &World,
    arguments: &Arguments,
    plan: &Plan,
    client: &Client,
    tale: &Tale,
) -> Result<Outcome> {
    tale.scene("accounts and deposits on chain");
    let crowd = Crowd::gather(world, client, tale).await?;
    let load = Load::new(world, client, &crowd, plan.seed, arguments.rate);
    let injector = Injector::new(world, client, tale);
    let striking = async {
        load.rooms_are_open(ROOMS).await;
        tale.scene("strikes");
        // The longest strike may outlast the load.
        let lasting = tokio::time::sleep(Duration::from_secs(arguments.seconds));
        let planting = async {
            match arguments.plant {
                Some(plant) => plant.meanwhile(world, client, tale).await,
                None => Ok(()),
            }
        };
        let (_, struck, planted) = tokio::join!(lasting, injector.play(plan), planting);
        struck.and(planted)
    };
    tokio::select! {
        struck = striking => struck?,
        opened = load.open_rooms() => opened?,
        placed = load.place_bets() => placed?,
        withdrawn = load.withdraw() => withdrawn?,
    }
    tale.scene("all is mended: the rest comes to its end");
    books::settle_down(world, client, tale).await?;
    if let Some(plant) = arguments.plant {
        plant.afterwards(world, &crowd, tale).await?;
    }
    tale.scene("the books");
    let left_behind = books::read(world, &crowd).await?;
    let (history, conduct): (History, Conduct) = (client.history().clone(), injector.conduct());
    let violations = check(&history, &left_behind, &conduct);
    for violation in &violations {
        tale.tell("", format_args!("VIOLATION {violation}"));
    }
    Ok(Outcome::new(
        plan,
        &history,
        &left_behind,
        world.exits(),
        &injector.struck(),
        &client.answered(),
        violations,
    ))
}

/// This machine's clock, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the script's own record, not a service's time")]
fn unix_millis() -> i64 {
    let now = time::OffsetDateTime::now_utc();
    now.unix_timestamp() * 1_000 + i64::from(now.millisecond())
}
