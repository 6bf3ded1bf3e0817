//! The local Telegram alone: `cargo run --example botapi -- [ADDRESS] [FOLDER]`.
//!
//! Prints `http://… TOKEN` when it listens. Without a folder the world is a new one in the
//! system's temporary folder.

use anyhow::{Context, Result};
use sandbox::botapi::{self, BotApi, Config};
use tokio::net::TcpListener;

const TOKEN: &str = "7000000001:sandbox";

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let folder = arguments
        .next()
        .map_or_else(|| std::env::temp_dir().join(format!("botapi-{}", std::process::id())), Into::into);
    let listener = TcpListener::bind(&address).await.with_context(|| address)?;
    let api = BotApi::open(Config::new(folder, TOKEN))?;
    println!("http://{} {TOKEN}", listener.local_addr()?);
    botapi::serve(listener, api).await.context("serving")
}
