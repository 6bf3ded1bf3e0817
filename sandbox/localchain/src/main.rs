//! A local Solana chain: surfpool's runtime behind the real JSON-RPC and WebSocket interfaces, offline,
//! on given ports, kept in a SQLite file when one is named.

mod options;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Receiver;
use surfpool_core::surfnet::locker::SurfnetSvmLocker;
use surfpool_core::surfnet::svm::{SurfnetSvm, SurfnetSvmConfig};
use surfpool_types::{RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent, SurfpoolConfig};
use tokio::signal::unix::{SignalKind, signal};

use options::{HELP, Options};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("localchain: {problem}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("localchain: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Error> {
    if let Some(db) = options.db.as_deref() {
        forget_builtin_idls(db);
    }
    let (svm, events, geyser) = SurfnetSvm::new_with_db(
        options.db.as_deref(),
        SurfnetSvmConfig {
            slot_time: options.slot_ms,
            instruction_profiling_enabled: false,
            ..SurfnetSvmConfig::default()
        },
    )?;
    let chain = SurfnetSvmLocker::new(svm);
    let (commands, orders) = crossbeam_channel::unbounded();
    stop_on_signal(chain.clone(), commands.clone())?;

    let (own, config) = (chain.clone(), config(&options));
    let runloop = thread::Builder::new().name("chain".to_owned()).spawn(move || {
        let run = surfpool_core::runloops::start_local_surfnet_runloop(own, config, commands, orders, geyser);
        // The runtime blocks within itself, which tokio allows only through this helper.
        hiro_system_kit::nestable_block_on(run).map_err(|error| error.to_string())
    })?;
    follow(&events, &chain, &options)?;
    match runloop.join() {
        Ok(result) => Ok(result?),
        Err(_) => Err("the chain's thread panicked".into()),
    }
}

fn config(options: &Options) -> SurfpoolConfig {
    SurfpoolConfig {
        simnets: vec![SimnetConfig {
            offline_mode: true,
            remote_rpc_url: None,
            slot_time: options.slot_ms,
            block_production_mode: options.mode.clone(),
            instruction_profiling_enabled: false,
            ..SimnetConfig::default()
        }],
        rpc: RpcConfig {
            bind_host: "127.0.0.1".to_owned(),
            bind_port: options.port,
            ws_port: options.ws,
            ..RpcConfig::default()
        },
        ..SurfpoolConfig::default()
    }
}

/// Reports the start, and the end when it comes; returns when the chain has ended.
fn follow(events: &Receiver<SimnetEvent>, chain: &SurfnetSvmLocker, options: &Options) -> Result<(), Error> {
    while let Ok(event) = events.recv() {
        match event {
            SimnetEvent::CoreStarted(transactions) => {
                for (address, lamports) in &options.fund {
                    chain.airdrop_pubkeys(*lamports, &[*address]);
                }
                println!(
                    "ready rpc=http://127.0.0.1:{} ws=ws://127.0.0.1:{} transactions={transactions}",
                    options.port, options.ws,
                );
            }
            SimnetEvent::Aborted(reason) => return Err(reason.into()),
            SimnetEvent::Shutdown => return Ok(()),
            SimnetEvent::ErrorLog(_, text) => eprintln!("error: {text}"),
            SimnetEvent::WarnLog(_, text) => eprintln!("warning: {text}"),
            _ => {}
        }
    }
    Ok(())
}

/// surfpool 1.6.1 stores its built-in IDLs anew at every start: 3 MB more and 4 CPU-seconds slower each
/// time. Nothing here uses them. A failure costs only that, and a database that cannot be opened is
/// reported by the chain itself.
fn forget_builtin_idls(db: &str) {
    use surfpool_db::diesel::{Connection, RunQueryDsl, sql_query, sqlite::SqliteConnection};
    if std::path::Path::new(db).exists()
        && let Ok(mut connection) = SqliteConnection::establish(db)
    {
        // A database that never got so far has no such table.
        let _ = sql_query("DELETE FROM registered_idls").execute(&mut connection);
    }
}

/// Ends the process in order on SIGINT or SIGTERM: blocks stop, then the database's log is folded in.
fn stop_on_signal(
    chain: SurfnetSvmLocker,
    commands: crossbeam_channel::Sender<SimnetCommand>,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Refused only when the chain has already ended.
            let _ = commands.send(SimnetCommand::Terminate(None));
            // It gives no word when its last slot is done: a slot is at most this long here.
            tokio::time::sleep(Duration::from_millis(300)).await;
            chain.with_svm_reader(|svm| svm.shutdown());
            std::process::exit(0);
        });
    })?;
    Ok(())
}
