//! `cargo run`: the local world, and everything that is played in it.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use sandbox::localchain::Program;
use sandbox::{bench, chaos, outside, run, services, simulation, smoke};

/// ROOMS on this machine: real servers, a local chain, a local Telegram and all services.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    run: run::Arguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the local world and play in it (the default).
    Run(run::Arguments),
    /// Be one of the services; `serve NAME --help` lists its settings.
    #[command(disable_help_flag = true)]
    Serve {
        /// The service, room-svc for example.
        service: String,
        /// What follows is the service's.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Print every setting of every service as Markdown; `docs/settings.md` is this.
    Settings,
    /// Print the broker's users and what each may do, for nats-server; `helm/files/nats/users.conf` is this.
    NatsAccess,
    /// Play the whole road of a room by script, and check every lamport.
    Smoke(smoke::Arguments),
    /// Measure, against a baseline taken in the same run.
    Bench(bench::Arguments),
    /// Strike everything by a seed while bets are placed, and prove that nothing is lost, doubled or invented.
    Chaos(chaos::Arguments),
    /// Run the decisions of three services in memory under losses and crashes, and check every lamport.
    Simulate(simulation::Arguments),
    /// Play the world without the services: Telegram, venues, a chain and Polymarket, for services elsewhere.
    Outside(outside::Arguments),
    /// Build the local chain unless the cache has it, and print where it is.
    Chain,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(arguments) => in_world(run::run(arguments)),
        Command::Serve { service, arguments } => return serve(&service, arguments),
        Command::Smoke(arguments) => in_world(smoke::run(arguments)),
        Command::Bench(arguments) => in_world(bench::run(arguments)),
        Command::Outside(arguments) => in_world(outside::run(arguments)),
        Command::Chaos(arguments) => in_world(chaos::run(arguments)),
        Command::Simulate(arguments) => simulation::run(&arguments),
        Command::Settings => services::settings().map(|page| {
            print!("{page}");
            ExitCode::SUCCESS
        }),
        Command::NatsAccess => {
            print!("{}", chassis::access::server_config(None));
            Ok(ExitCode::SUCCESS)
        }
        Command::Chain => in_world(async {
            println!("{}", Program::find().await?.path().display());
            Ok(ExitCode::SUCCESS)
        }),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Everything but `serve`, which brings its own runtime and log format.
fn in_world(what: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    runtime.block_on(what)
}

fn serve(name: &str, arguments: Vec<OsString>) -> ExitCode {
    let Some(entry) = services::find(name) else {
        let known: Vec<&str> = services::ALL.iter().map(|entry| entry.name).collect();
        eprintln!("error: no service is called {name}; there are {}", known.join(", "));
        return ExitCode::from(2);
    };
    (entry.main)(std::iter::once(name.into()).chain(arguments).collect())
}
