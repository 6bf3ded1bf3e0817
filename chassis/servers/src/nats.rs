//! nats-server with JetStream.

use std::fs::File;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::guard::{Guarded, Layer};
use crate::scratch::Scratch;
use crate::{port, provision};

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Where a nats-server keeps its streams and listens.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// The JetStream store, created when missing.
    pub store_dir: PathBuf,
    /// The log file; it is appended to.
    pub log: PathBuf,
    /// The client port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// The port of the monitoring pages (`/healthz`, `/jsz`); `None` serves none.
    pub monitor_port: Option<u16>,
    /// Who may do what; `None` lets anyone on this machine do anything.
    pub access: Option<NatsAccess>,
}

/// The users of a nats-server.
#[derive(Clone, Debug)]
pub struct NatsAccess {
    /// A configuration file; what the options say wins over it.
    pub config: PathBuf,
    /// The password of every user: letters and digits, the first a letter, which nats-server takes for text.
    pub password: String,
    /// The users, whose passwords the configuration takes from `NATS_<USER>_PASSWORD`.
    pub users: Vec<String>,
}

/// A nats-server of ours. Dropping it kills it; its store stays unless it was made for a test.
#[derive(Debug)]
pub struct Nats {
    binary: PathBuf,
    options: NatsOptions,
    port: u16,
    /// Tells our server from a stranger that took the port first.
    server_name: String,
    running: Mutex<Option<Guarded>>,
    /// Dropped after the server.
    _scratch: Option<Scratch>,
}

impl Nats {
    /// Starts a server and returns when it accepts clients.
    ///
    /// # Errors
    /// No binary, one older than 2.12, the given port is taken, or the server ends: then the error
    /// carries the end of its log.
    pub async fn start(options: NatsOptions) -> Result<Self> {
        Self::start_with(options, None).await
    }

    /// Starts a server with a store of its own, deleted with it.
    ///
    /// # Errors
    /// As [`Nats::start`].
    pub async fn for_test() -> Result<Self> {
        let scratch = Scratch::create()?;
        let options = NatsOptions {
            store_dir: scratch.path().join("store"),
            log: scratch.path().join("nats.log"),
            port: None,
            monitor_port: None,
            access: None,
        };
        Self::start_with(options, Some(scratch)).await
    }

    async fn start_with(options: NatsOptions, scratch: Option<Scratch>) -> Result<Self> {
        let binary = tokio::task::spawn_blocking(provision::nats_server).await??;
        let mut nats = Self {
            binary,
            port: 0,
            server_name: format!("rooms-{:016x}", rand::random::<u64>()),
            running: Mutex::new(None),
            options,
            _scratch: scratch,
        };
        let attempts = if nats.options.port.is_some() { 1 } else { 5 };
        for attempt in 1..=attempts {
            nats.port = nats.options.port.map_or_else(port::free, Ok)?;
            match nats.launch().await {
                Ok(server) => {
                    nats.running = Mutex::new(Some(server));
                    return Ok(nats);
                }
                Err(error) if attempt == attempts || port::is_free(nats.port) => return Err(error),
                Err(_) => {} // Somebody took the port between the choice and the start.
            }
        }
        bail!("nats-server was not started")
    }

    /// `nats://127.0.0.1:PORT`; the same across restarts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The same for one of its users; for anyone where it has none.
    #[must_use]
    pub fn url_for(&self, user: &str) -> String {
        match &self.options.access {
            Some(access) => format!("nats://{user}:{}@127.0.0.1:{}", access.password, self.port),
            None => self.url(),
        }
    }

    /// The client port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its streams are.
    #[must_use]
    pub fn store_dir(&self) -> &Path {
        &self.options.store_dir
    }

    /// Stops it in order; nothing happens when it does not run.
    pub async fn stop(&self) {
        if let Some(server) = self.running.lock().await.take() {
            server.stop(STOP_WITHIN).await;
        }
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&self) {
        if let Some(server) = self.running.lock().await.take() {
            server.kill().await;
        }
    }

    /// How it ended, if it ended by itself; nothing while it runs, and after a stop or kill of ours.
    pub async fn ended(&self) -> Option<ExitStatus> {
        self.running.lock().await.as_ref().and_then(Guarded::exit_status)
    }

    /// Freezes it: connections stay open and nothing answers.
    pub async fn pause(&self) {
        if let Some(server) = &*self.running.lock().await {
            server.pause();
        }
    }

    /// Lets it go on after [`Nats::pause`].
    pub async fn resume(&self) {
        if let Some(server) = &*self.running.lock().await {
            server.resume();
        }
    }

    /// Stops it if it runs and starts it on the same port and store.
    ///
    /// # Errors
    /// As [`Nats::start`].
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        *self.running.lock().await = Some(self.launch().await?);
        Ok(())
    }

    /// Kills it, deletes its store and starts it on the same port: a broker that lost everything.
    ///
    /// # Errors
    /// As [`Nats::start`]; also when the store cannot be deleted.
    pub async fn wipe_and_restart(&self) -> Result<()> {
        self.kill().await;
        match std::fs::remove_dir_all(&self.options.store_dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).context("delete the broker's store")
            }
            _ => self.restart().await,
        }
    }

    async fn launch(&self) -> Result<Guarded> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.options.log)
            .with_context(|| format!("open {}", self.options.log.display()))?;
        let mut command = Guarded::command(&self.binary);
        command
            .args(["--jetstream", "--addr", "127.0.0.1", "--port"])
            .arg(self.port.to_string())
            .arg("--store_dir")
            .arg(&self.options.store_dir)
            .args(["--name", &self.server_name])
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(access) = &self.options.access {
            let passwords = access.users.iter().map(|user| format!("NATS_{}_PASSWORD", user.to_uppercase()));
            command.arg("--config").arg(&access.config).envs(passwords.map(|name| (name, &access.password)));
        }
        if let Some(port) = self.options.monitor_port {
            command.arg("--http_port").arg(port.to_string());
        }
        let server = Guarded::spawn(command, "nats-server", Layer::Upstream, Signal::SIGTERM)?;
        let ready = async {
            while !self.answers().await {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = ready => Ok(server),
            status = server.exited() => bail!(
                "nats-server ended at start ({}):\n{}",
                status.map_or_else(|| "unknown status".to_owned(), |status| status.to_string()),
                log_tail(&self.options.log),
            ),
            () = tokio::time::sleep(READY_WITHIN) => bail!(
                "nats-server was not ready within {READY_WITHIN:?}:\n{}",
                log_tail(&self.options.log),
            ),
        }
    }

    /// Whether our own server greets a client. It listens only after JetStream has recovered.
    async fn answers(&self) -> bool {
        #[derive(Deserialize)]
        struct Info {
            server_name: String,
        }
        let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await else {
            return false;
        };
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.is_ok()
            && line
                .strip_prefix("INFO ")
                .and_then(|json| serde_json::from_str::<Info>(json).ok())
                .is_some_and(|info| info.server_name == self.server_name)
    }
}

/// The last lines of a log, for an error message.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(15);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}
