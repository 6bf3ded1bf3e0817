//! `smoke`: the whole road of a room, played by script through the Bot API.
//!
//! A fresh world in a temporary folder, every service a process of its own. Three people deposit on
//! chain, open four rooms, bet in all of them and hear what became of it; one of them withdraws; a
//! fourth comes too late. The script works every balance out by itself, and then reads chats, ledger,
//! chain, evidence and receipts. Under faults the same evening must leave the same behind.

pub(crate) mod audit;
mod betting;
pub mod browser;
pub mod chat;
mod faults;
pub mod money;
pub mod ops;
pub mod oracle;
pub(crate) mod person;
pub(crate) mod plan;
mod play;
mod record;
mod sharing;
pub(crate) mod stage;
mod table;
pub(crate) mod tale;
pub mod tracker;
mod visit;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use servers::scratch::Scratch;

pub use faults::Faults;
pub use record::Record;

use crate::environment;
use crate::report::Report;
use crate::world::World;
use crate::world::settings::LOWERED;
use faults::Findings;
use plan::Plan;
use play::Evening;
pub use stage::Place;
use stage::{BURST, Stage};
use tale::Tale;

/// Arguments of `smoke`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    #[command(flatten)]
    faults: Faults,
    /// Play deposits and withdrawals of 20 people under faults of the chain's endpoints instead
    #[arg(long, conflicts_with_all = ["kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    money: bool,
    /// Play rooms while venues lie, freeze, jump and vanish, and an oracle is killed, instead
    #[arg(long, conflicts_with_all = ["money", "kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    oracle: bool,
    /// Play a day of prediction markets in a minute while their servers fail, and hold every alert against it, instead
    #[arg(long, conflicts_with_all = ["oracle", "money", "kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    tracker: bool,
    /// Press every button of the chat, three presses deep, as three people, instead
    #[arg(long, conflicts_with_all = ["tracker", "oracle", "money", "kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    chat: bool,
    /// With --chat: take a picture of each screen into this folder, and write the page beside it; needs Chromium
    #[arg(long, value_name = "DIR", requires = "chat")]
    tour: Option<PathBuf>,
    /// Do what operators do, with roomsctl, once as it is meant and once in each way that must be refused, instead
    #[arg(long, conflicts_with_all = ["browser", "chat", "tracker", "oracle", "money", "kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    ops: bool,
    /// Play one bet on the chat page in headless Chromium instead
    #[arg(long, conflicts_with_all = ["chat", "tracker", "oracle", "money", "kill", "wipe_broker", "twice", "shuffle", "pgbouncer", "replicas"])]
    browser: bool,
    /// Decides amounts, outcomes and the walk of prices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the world in this folder, which is emptied first; without it, a temporary one
    #[arg(long, value_name = "DIR")]
    world: Option<PathBuf>,
    /// Run the services of another build, such as the previous release's, in a world of this one
    #[arg(long, value_name = "PROGRAM")]
    services: Option<PathBuf>,
    /// Play one room in a world that runs elsewhere, through its chat page, instead
    #[arg(long, value_name = "URL", exclusive = true)]
    at: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where, and with which luck.
    pub place: Place,
    /// What disturbs it.
    pub faults: Faults,
    /// How much longer bets are taken than the pace of the machine asks for: others may be about to
    /// slow it down.
    pub leisure: Duration,
}

/// Plays the evening undisturbed and, if faults are asked for, once more under them. The exit status
/// says whether everything was as it must be.
///
/// # Errors
/// This program cannot be found.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let began = tokio::time::Instant::now();
    let mut report = Report::new();
    let place = Place {
        program: match &arguments.services {
            Some(other) => other.canonicalize().with_context(|| format!("no program {}", other.display()))?,
            None => std::env::current_exe().context("find this program")?,
        },
        seed: arguments.seed,
        dir: arguments.world.clone(),
    };
    let playing = async {
        if let Some(page) = &arguments.at {
            return visit::play(page, &mut report).await;
        }
        if arguments.money {
            return money::play(&money::Setup { place, people: 20, steps: 60 }, &mut report).await;
        }
        if arguments.oracle {
            return oracle::play(&oracle::Setup { place, leisure: Duration::ZERO }, &mut report).await;
        }
        if arguments.tracker {
            return tracker::play(&place, &mut report).await;
        }
        if arguments.chat {
            return chat::play(&chat::Setup { place, tour: arguments.tour.clone() }, &mut report).await;
        }
        if arguments.browser {
            return browser::play(&place, &mut report).await;
        }
        if arguments.ops {
            return ops::play(&place, &mut report).await;
        }
        if arguments.faults.pgbouncer {
            // Not after an evening has been played for nothing.
            servers::pgbouncer::find()?;
        }
        let calm = Setup { place, faults: Faults::default(), leisure: Duration::ZERO };
        let undisturbed = play(&calm, &mut report).await?;
        if arguments.faults.any() {
            let disturbed = Setup { faults: arguments.faults.clone(), ..calm };
            let record = play(&disturbed, &mut report).await?;
            compare(&undisturbed, &record, &disturbed.faults, &mut report);
        }
        anyhow::Ok(())
    };
    if let Err(error) = playing.await {
        eprintln!("\nerror: {error:#}");
        report.check("played to the end", "yes", format!("{error:#}"), false);
    }
    report.note("seed", arguments.seed);
    report.note("seconds", format!("{:.1}", began.elapsed().as_secs_f64()));
    Ok(report.print(arguments.json))
}

/// Plays one evening in a fresh world, tells it on standard error, and returns what it left behind.
///
/// # Errors
/// Somebody waited in vain; the ends of all logs are printed before.
pub async fn play(setup: &Setup, report: &mut Report) -> Result<Record> {
    let scratch = Scratch::create()?;
    let (faults, tale) = (&setup.faults, Tale::begin());
    tale.scene(&format!("the evening of seed {}, {}", setup.place.seed, faults.name()));
    tell_lowered(&tale);
    let plan = Plan::try_of(setup.place.seed)?;
    let options = faults.world(&setup.place, &scratch)?;
    let stage = Stage::set(options, &tale).await?;

    let mut findings = Findings::of(report, faults);
    let played =
        stage.play(faults.limit(), Box::pin(evening(&stage.world, setup, &plan, &tale, &mut findings))).await;
    faults.verify(&stage.world, &mut findings).await;
    let seconds = tale.seconds();
    stage.strike().await;
    let record = played.with_context(|| format!("{}, seed {}", faults.name(), setup.place.seed))?;
    for (what, time) in tale.measured() {
        tale.tell("", format_args!("{what}: {time}"));
    }
    tale.tell("", format_args!("played in {seconds:.1} s"));
    report.note(&faults.name(), json!({ "seconds": format!("{seconds:.1}"), "measured": tale.measured() }));
    Ok(record)
}

/// Holds a disturbed run against the undisturbed one of the same seed.
pub fn compare(undisturbed: &Record, disturbed: &Record, faults: &Faults, report: &mut Report) {
    undisturbed.compare(disturbed, &mut Findings::of(report, faults));
}

async fn evening(
    world: &World,
    setup: &Setup,
    plan: &Plan,
    tale: &Tale,
    findings: &mut Findings<'_>,
) -> Result<Record> {
    let mut evening = Evening::begin(world, setup, plan, tale).await?;
    Box::pin(evening.play()).await?;
    evening.repeat_watches().await?;
    evening.look_back().await?;
    let balances = evening.audit(findings).await?;
    evening.check_withdrawal(findings).await?;
    evening.check_evidence(findings).await?;
    let messages = evening.read_chats(findings).await?;
    Ok(Record { balances, messages })
}

fn tell_lowered(tale: &Tale) {
    let world = LOWERED.iter().filter(|rule| environment::get(rule.name).is_none());
    let world = world.map(|rule| (rule.name, rule.value, rule.product));
    let lowered: Vec<String> = world
        .chain(faults::LOWERED)
        .map(|(name, value, product)| format!("{name}={value} ({product})"))
        .collect();
    tale.tell("", format_args!("lowered (the product's value): {}", lowered.join(", ")));
}
