//! What the services cost while nobody uses them, and how soon after its start each is ready: in the whole local world, with
//! venues that tick.
//!
//! Memory is the proportional set size of `/proc/<process>/smaps_rollup`: a process' own pages, and its share of those that it
//! has in common with others. Here all services are one program, whose pages they share; the resident sizes, beside it in the
//! JSON, count those for each of them.

use super::figures::{median, range};
use crate::{
    polymarket,
    report::{Figure, Report},
    supervise::{Launch, Supervised},
    world::{DATABASE, World, WorldOptions},
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use servers::scratch::Scratch;
use sqlx::Connection;
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{process::Command, time::Instant};

/// The goals: MiB of one service, MiB of all together, milliseconds until ready.
const EACH: f64 = 20.0;
const TOGETHER: f64 = 200.0;
const READY: f64 = 300.0;

/// Between two looks at whether a service is ready.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A service that takes longer does not start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Jiffies a second, in which Linux tells processor time whatever the kernel's own are.
const JIFFIES: f64 = 100.0;

/// Arguments of `bench idle`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Starts of each service
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds before memory is looked at
    #[arg(long, default_value_t = 30)]
    settle: u64,
    /// Seconds for which it is looked at, once a second
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

/// One look at a process, in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
struct Memory {
    proportional: f64,
    /// Of it, pages of the program's file.
    program: f64,
    resident: f64,
    anonymous: f64,
}

/// A service at rest.
#[derive(Debug, Default)]
struct Rest {
    looks: Vec<Memory>,
    /// Percent of one core.
    busy: f64,
}

/// Starts of a service, in milliseconds.
#[derive(Debug, Default)]
struct Starts {
    ready: Vec<f64>,
    /// The program started, and ended when it had read its arguments.
    exec: Vec<f64>,
    /// A connection to the database.
    connect: Vec<f64>,
}

type Each<T> = BTreeMap<String, T>;

pub(super) async fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.seconds > 0, "no rounds, or no seconds");
    let bar = ProgressBar::new(u64::try_from(arguments.rounds)? + 2)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    bar.set_message("starting the world");
    let scratch = Scratch::create()?;
    let options = WorldOptions {
        fresh: true,
        polymarket: polymarket::Settings { pace: None, ..polymarket::Settings::default() },
        ..WorldOptions::new(scratch.path()).elsewhere()?
    };
    let world = World::start(options).await?;
    bar.inc(1);
    let measured = measure(&world, arguments, &bar).await;
    world.stop().await;
    bar.finish_and_clear();
    let (rest, starts) = measured?;
    tell_memory(&rest, report);
    tell_starts(&starts, report);
    report.note("rounds", arguments.rounds);
    Ok(())
}

async fn measure(
    world: &World,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<(Each<Rest>, Each<Starts>)> {
    bar.set_message("nobody uses it");
    tokio::time::sleep(Duration::from_secs(arguments.settle)).await;
    let mut rest: Each<Rest> = Each::new();
    let before = busy(world)?;
    let began = Instant::now();
    for _ in 0..arguments.seconds {
        for service in world.services() {
            rest.entry(service.name().to_owned()).or_default().looks.push(memory(service)?);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    for (name, jiffies) in busy(world)? {
        let used = jiffies - before.get(&name).copied().unwrap_or_default();
        rest.entry(name).or_default().busy = 100.0 * used / JIFFIES / seconds;
    }
    bar.inc(1);
    let mut starts: Each<Starts> = Each::new();
    for round in 1..=arguments.rounds {
        bar.set_message(format!("round {round} of {}: each is started anew", arguments.rounds));
        for service in world.services() {
            service.stop().await;
            let launch = service.launch();
            let of = starts.entry(service.name().to_owned()).or_default();
            of.exec.push(exec(launch).await?);
            of.connect.push(connect(world, launch).await?);
            of.ready.push(start(launch).await?);
        }
        bar.inc(1);
    }
    Ok((rest, starts))
}

/// Starts a service, waits until it says that it can work, and stops it.
async fn start(launch: &Launch) -> Result<f64> {
    let client = reqwest::Client::new();
    let began = Instant::now();
    let service = Supervised::start(launch.clone(), client)?;
    let waiting = async {
        while !service.is_ready().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        milliseconds(began)
    };
    let ready = tokio::time::timeout(PATIENCE, waiting).await;
    let log = service.log_tail();
    service.stop().await;
    ready.with_context(|| format!("{} is not ready: {log}", launch.name))
}

/// The program from its start to its end when it has nothing to do but to read its arguments.
async fn exec(launch: &Launch) -> Result<f64> {
    let began = Instant::now();
    let status = Command::new(&launch.program)
        .args(&launch.arguments)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await?;
    ensure!(status.success(), "{} does not tell its version", launch.name);
    Ok(milliseconds(began))
}

/// A connection to the database as this service, to the first answer.
async fn connect(world: &World, launch: &Launch) -> Result<f64> {
    let schema = world.addresses().services.iter().find(|service| service.label() == launch.name);
    let schema = schema.context("no such service")?.schema;
    let began = Instant::now();
    let mut connection = world.postgres().connect(schema, DATABASE).await?;
    connection.ping().await?;
    let took = milliseconds(began);
    connection.close().await?;
    Ok(took)
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

fn memory(service: &Supervised) -> Result<Memory> {
    let id = service.process().with_context(|| format!("{} does not run", service.name()))?;
    let rollup = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup"))
        .context("this machine's kernel does not tell shares of pages")?;
    let of = |field: &str| -> Result<f64> {
        let line = rollup.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.with_context(|| format!("no {field}"))?.parse::<f64>()? / 1_024.0)
    };
    Ok(Memory {
        proportional: of("Pss:")?,
        program: of("Pss_File:")?,
        resident: of("Rss:")?,
        anonymous: of("Anonymous:")?,
    })
}

/// Jiffies that each service has used so far.
fn busy(world: &World) -> Result<Each<f64>> {
    let of = |service: &Supervised| -> Result<(String, f64)> {
        let id = service.process().with_context(|| format!("{} does not run", service.name()))?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name, which may hold anything, is in parentheses; user and system time are the 12th and 13th field after it.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        let times = times.collect::<Result<Vec<_>, _>>()?;
        Ok((service.name().to_owned(), times.iter().sum()))
    };
    world.services().iter().map(of).collect()
}

fn tell_memory(rest: &Each<Rest>, report: &mut Report) {
    let goal = format!("at most {EACH} MiB");
    let mut all = 0.0;
    for (name, rest) in rest {
        let of = |which: fn(&Memory) -> f64| rest.looks.iter().map(which).collect::<Vec<_>>();
        let proportional = of(|memory| memory.proportional);
        let (held, (low, high)) = (median(&proportional), range(&proportional));
        all += held;
        let figure = Figure {
            limit: format!("{:.1} MiB are its program", median(&of(|memory| memory.program))),
            measured: format!("{held:.1} MiB"),
            ratio: String::new(),
            spread: format!("{low:.1} to {high:.1}"),
        };
        report.figure(&format!("memory of {name} (PSS)"), &goal, figure, held <= EACH);
        eprintln!("{name:<18} {held:>5.1} MiB, busy for {:.1} % of a core", rest.busy);
    }
    let figure = Figure { measured: format!("{all:.1} MiB"), ..Figure::default() };
    report.figure("memory of all (PSS)", format!("at most {TOGETHER} MiB"), figure, all <= TOGETHER);
    report.note("mebibytes", rest.iter().map(|(name, rest)| (name, &rest.looks)).collect::<BTreeMap<_, _>>());
    report.note(
        "percent_of_a_core",
        rest.iter().map(|(name, rest)| (name, rest.busy)).collect::<BTreeMap<_, _>>(),
    );
}

fn tell_starts(starts: &Each<Starts>, report: &mut Report) {
    for (name, starts) in starts {
        let (ready, (low, high)) = (median(&starts.ready), range(&starts.ready));
        let (exec, connect) = (median(&starts.exec), median(&starts.connect));
        let figure = Figure {
            limit: format!("{exec:.0} ms to read its arguments, {connect:.0} to connect"),
            measured: format!("{ready:.0} ms"),
            ratio: format!("{:.1} x", ready / (exec + connect)),
            spread: format!("{low:.0} to {high:.0}"),
        };
        report.figure(
            &format!("{name} from start to ready"),
            format!("at most {READY} ms"),
            figure,
            ready <= READY,
        );
    }
    let all = starts.iter().map(|(name, starts)| (name, &starts.ready));
    report.note("ready_milliseconds", all.collect::<BTreeMap<_, _>>());
}
