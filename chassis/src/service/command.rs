//! The command line of a service.

use std::{ffi::OsString, process::ExitCode, str::FromStr};

use clap::{Arg, ArgMatches, Command};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Service, running};
use crate::{
    bus::Bus,
    settings::{self, BusFaults, Common, Manual, Problems, Variables},
    tasks::{BoxError, with_sources},
    telemetry::Telemetry,
};

/// Runs the service as this process's arguments and environment say.
pub fn main<S: Service>() -> ExitCode {
    main_with::<S>(std::env::args_os())
}

/// As [`main`] with other arguments, of which the first is the program's name. The exit status is 0 after an orderly
/// end, 1 after a failure, 2 when arguments or settings are wrong.
pub fn main_with<S: Service>(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let manual = match manual::<S>() {
        Ok(manual) => manual,
        Err(mistakes) => return complain(&mistakes, 2),
    };
    let matches = match command::<S>(&manual).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run::<S>(&matches, manual) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&*error, if error.is::<Problems>() { 2 } else { 1 }),
    }
}

/// Every setting of a service, the common ones included.
pub fn manual<S: Service>() -> Result<Manual, Problems> {
    let declarations = settings::describe(|r| {
        let common = Common::declare(r);
        let own = S::settings(r);
        Ok((common?, own?))
    })?;
    Ok(Manual { service: S::NAME, declarations })
}

fn command<S: Service>(manual: &Manual) -> Command {
    Command::new(S::NAME)
        .about(S::ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(settings::help(&manual.declarations))
        .subcommand(Command::new("serve").about("Run the service (the default)"))
        .subcommand(Command::new("migrate").about(
            "Bring the service's schema up to date; needs POSTGRES_URL alone, as a direct connection to the server",
        ))
        .subcommand(Command::new("topology").about(
            "Keep the streams, consumers and buckets of all services on the broker, as its user topology; needs the \
             NATS settings alone",
        ))
        .subcommand(Command::new("settings").about("Print the settings as a Markdown page"))
        .subcommands(S::COMMANDS.iter().map(|(name, about)| Command::new(*name).about(*about)))
        .args(S::FLAGS.iter().map(|(flag, variable)| {
            let help = format!("Stands for the variable {variable}, and wins over it");
            Arg::new(*flag).long(*flag).value_name(*variable).help(help).global(true)
        }))
}

/// What was given with a flag, before or after the subcommand.
fn flagged<'m>(matches: &'m ArgMatches, flag: &str) -> Option<&'m String> {
    let after = matches.subcommand().and_then(|(_, after)| after.get_one(flag));
    after.or_else(|| matches.get_one(flag))
}

fn run<S: Service>(matches: &ArgMatches, manual: Manual) -> Result<(), BoxError> {
    if matches.subcommand_name() == Some("settings") {
        print!("{}", settings::markdown(&[manual]));
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let given = S::FLAGS.iter().filter_map(|(flag, variable)| Some((*variable, flagged(matches, flag)?)));
    let variables = given.fold(Variables::of_process(), |all, (variable, text)| all.with(variable, text));
    runtime.block_on(async {
        match matches.subcommand_name() {
            Some("migrate") => migrate::<S>(variables).await,
            Some("topology") => topology::<S>(variables).await,
            Some(name) => match S::COMMANDS.iter().find(|(own, _)| *own == name) {
                Some((own, _)) => own_command::<S>(own, variables).await,
                None => serve::<S>(variables).await,
            },
            None => serve::<S>(variables).await,
        }
    })
}

async fn own_command<S: Service>(name: &'static str, variables: Variables) -> Result<(), BoxError> {
    let (common, own) = running::settings::<S>(variables)?;
    let pool = running::pool(&common.postgres, S::NAME)?;
    println!("{}", S::command(name, pool, own).await?);
    Ok(())
}

async fn migrate<S: Service>(variables: Variables) -> Result<(), BoxError> {
    let postgres = settings::read(variables, settings::Postgres::declare)?;
    let options = PgConnectOptions::from_str(postgres.url.expose())?.application_name(S::NAME);
    let mut connection = options.connect().await?;
    crate::db::migrate(&mut connection, S::SERVICE, &crate::db::migrator(&S::migrator())).await?;
    Ok(())
}

async fn topology<S: Service>(variables: Variables) -> Result<(), BoxError> {
    let interrupts = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    // Fails only if somebody chose a provider before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let nats = settings::read(variables, settings::Nats::declare)?;
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let bus = Bus::connect(S::SERVICE, &nats, BusFaults::None).await?;
    let stop = CancellationToken::new();
    let keeping = tokio::spawn(bus.keep_topology(stop.clone()));
    signalled(interrupts).await;
    stop.cancel();
    Ok(keeping.await?)
}

async fn serve<S: Service>(variables: Variables) -> Result<(), BoxError> {
    // Before anything that can fail: a signal during the start ends it in order, too.
    let interrupts = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let (common, own) = running::settings::<S>(variables)?;
    let telemetry = Telemetry::start(S::NAME, &common)?;
    let ended = match running::start_with::<S>(common, own).await {
        Ok(running) => running.until(signalled(interrupts)).await.map_err(BoxError::from),
        Err(error) => Err(error.into()),
    };
    telemetry.flush().await;
    ended
}

/// Waits for SIGINT or SIGTERM. Another one during the shutdown ends the process at once.
async fn signalled([mut interrupt, mut terminate]: [Signal; 2]) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("ending on a signal; another one ends at once");
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::warn!("ended at once by a second signal");
        std::process::exit(130);
    });
}

/// To standard error as plain text: this is read by whoever typed the command.
fn complain(error: &(dyn std::error::Error + 'static), status: u8) -> ExitCode {
    eprintln!("{}", with_sources(error));
    ExitCode::from(status)
}
