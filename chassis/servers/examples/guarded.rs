//! Starts a broker, a database and a child that ignores SIGTERM in the folder given, prints
//! `CHILD BROKER_PORT DATABASE_PORT` and waits to be killed: the guard then stops all three. The
//! guard's test runs it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use servers::{Guarded, Layer, Nats, NatsOptions, Postgres, PostgresOptions};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: guarded FOLDER")?);
    let postgres = Postgres::start(PostgresOptions {
        data_dir: folder.join("data"),
        log: folder.join("postgres.log"),
        port: None,
        durable: true,
        password: Some("secret".to_owned()),
    })
    .await?;
    let nats = Nats::start(NatsOptions {
        store_dir: folder.join("store"),
        log: folder.join("nats.log"),
        port: None,
        access: None,
        monitor_port: None,
    })
    .await?;
    let mut stubborn = Guarded::command("sh".as_ref());
    stubborn.args(["-c", "trap '' TERM; while :; do sleep 0.1; done"]);
    let stubborn = Guarded::spawn(stubborn, "stubborn", Layer::Service, Signal::SIGTERM)?;
    println!("{} {} {}", stubborn.id(), nats.port(), postgres.port());
    std::future::pending().await
}
