//! `cargo run`: starts the world, says where everything is, and stops it on Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::environment;
use crate::world::settings::LOWERED;
use crate::world::{World, WorldOptions};
use crate::world::{callers, operators};

/// The exit status of what Ctrl-C ended, by the shell's convention.
const INTERRUPTED: u8 = 130;

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The folder the world is kept in [default: .rooms here; for root, whose home PostgreSQL cannot
    /// enter, a folder in the cache where needed]
    #[arg(long, value_name = "DIR")]
    pub world: Option<PathBuf>,
    /// Delete the kept world and begin anew
    #[arg(long)]
    pub fresh: bool,
    /// Processes per service
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub replicas: u8,
    /// The first port to ask for; those taken are skipped
    #[arg(long, default_value_t = 7400, value_name = "PORT")]
    pub port: u16,
}

/// Runs the world until Ctrl-C or SIGTERM, or until one of its servers is lost, which is a failure.
///
/// # Errors
/// It cannot be started.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut signals = Signals::new()?;
    let began = Instant::now();
    let options = WorldOptions {
        fresh: arguments.fresh,
        replicas: usize::from(arguments.replicas),
        first_port: arguments.port,
        ..WorldOptions::new(match arguments.world {
            Some(named) => named,
            None => default_world()?,
        })
    };
    let world = tokio::select! {
        world = World::start(options) => world?,
        // The guard ends what has been started.
        () = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    println!("{}", world.addresses().table());
    println!("world {} in {}", world.folder().id(), world.folder().path().display());
    let lowered: Vec<String> = LOWERED
        .iter()
        .filter(|rule| environment::get(rule.name).is_none())
        .map(|rule| format!("{}={} ({})", rule.name, rule.value, rule.product))
        .collect();
    println!("lowered for play (the product's value): {}", lowered.join(", "));
    let keys = operators::FILES.map(|file| world.folder().path().join(file).display().to_string());
    println!("operators' keys for roomsctl: {}", keys.join(", "));
    println!(
        "a token for roomsctl, as ROOMSCTL_TOKEN_FILE: {}",
        callers::file(world.folder().path()).display()
    );
    println!(
        "ready in {:.1} s: play at {}, Ctrl-C stops everything",
        began.elapsed().as_secs_f32(),
        world.addresses().page,
    );
    let ended = tokio::select! {
        () = signals.next() => ExitCode::SUCCESS,
        loss = world.loss() => {
            eprintln!("error: {loss}");
            ExitCode::FAILURE
        }
    };
    eprintln!("stopping; Ctrl-C again leaves the rest to the guard");
    tokio::select! {
        () = world.stop() => Ok(ended),
        () = signals.next() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

/// `.rooms` in the current folder. PostgreSQL refuses root and then runs as another account: where that
/// one cannot enter, the world is kept in the cache, under a name made of this folder's.
fn default_world() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    if !nix::unistd::geteuid().is_root() || servers::cache::ensure_reachable(&here).is_ok() {
        return Ok(here.join(".rooms"));
    }
    let name: Vec<&str> = here.iter().filter_map(|part| part.to_str()).filter(|part| *part != "/").collect();
    Ok(servers::cache::folder()?.join("worlds").join(name.join("-")))
}

/// SIGINT and SIGTERM, caught from the start on.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
