//! The world's Solana chain as a child process.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use servers::{Guarded, Layer};
use tokio::sync::Mutex;

use crate::localchain::Program;

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// A running chain. Its ledger survives a restart; its genesis hash does not (a trait of the runtime).
#[derive(Debug)]
pub struct Chain {
    program: Program,
    folder: PathBuf,
    log: PathBuf,
    port: u16,
    client: reqwest::Client,
    running: Mutex<Option<Guarded>>,
}

impl Chain {
    /// Starts `program` over the ledger in `folder` and returns when it answers. JSON-RPC is on `port`,
    /// WebSocket on the next one.
    ///
    /// # Errors
    /// It ends or does not answer; the error carries the end of its log.
    pub async fn start(
        program: Program,
        folder: PathBuf,
        log: PathBuf,
        port: u16,
        client: reqwest::Client,
    ) -> Result<Self> {
        let chain = Self { program, folder, log, port, client, running: Mutex::new(None) };
        chain.restart().await?;
        Ok(chain)
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `ws://127.0.0.1:PORT`
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port.saturating_add(1))
    }

    /// Stops it in order.
    pub async fn stop(&self) {
        if let Some(child) = self.running.lock().await.take() {
            child.stop(STOP_WITHIN).await;
        }
    }

    /// How it ended, if it ended by itself; nothing while it runs, and after a stop of ours.
    pub async fn ended(&self) -> Option<ExitStatus> {
        self.running.lock().await.as_ref().and_then(Guarded::exit_status)
    }

    /// Stops it if it runs and starts it on the same ports and ledger.
    ///
    /// # Errors
    /// As [`Chain::start`].
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("open {}", self.log.display()))?;
        let mut command = Guarded::command(self.program.path());
        command.args(self.program.arguments(&self.folder, self.port)).stdout(log.try_clone()?).stderr(log);
        let child = Guarded::spawn(command, "chain", Layer::Upstream, Signal::SIGTERM)?;
        let ready = async {
            while !self.is_healthy().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = ready => {}
            status = child.exited() => bail!("the local chain ended at start ({status:?}), see {}", self.log.display()),
            () = tokio::time::sleep(READY_WITHIN) => {
                bail!("the local chain does not answer after {READY_WITHIN:?}, see {}", self.log.display())
            }
        }
        *self.running.lock().await = Some(child);
        Ok(())
    }

    async fn is_healthy(&self) -> bool {
        let ask = json!({ "jsonrpc": "2.0", "id": 1, "method": "getHealth" });
        let answer = self.client.post(self.rpc_url()).json(&ask).timeout(Duration::from_secs(2)).send().await;
        let Ok(answer) = answer else { return false };
        let Ok(body) = answer.json::<Value>().await else { return false };
        body.get("result").and_then(Value::as_str) == Some("ok")
    }
}
