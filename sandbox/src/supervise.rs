//! A service as a child process that is started again whenever it ends by itself or is killed.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use servers::{Guarded, Layer};
use tokio::task::JoinHandle;

/// How long a service may take to end in order, beyond what it allows itself.
const STOP_WITHIN: Duration = Duration::from_secs(25);

/// Pause before a restart: short, because a fault test waits for it, growing when a service cannot
/// stay up.
const RESTART_AFTER: Duration = Duration::from_millis(100);
const RESTART_AFTER_AT_MOST: Duration = Duration::from_secs(5);

/// Ends before its first readiness that are taken as "it cannot start".
const FUTILE_STARTS: usize = 3;

/// How to start a service.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Its name in messages and logs: `room-svc`, `room-svc-2`.
    pub name: String,
    /// The binary, and arguments that make it this service.
    pub program: PathBuf,
    /// As in `program`.
    pub arguments: Vec<String>,
    /// Variables set on top of the sandbox's own environment.
    pub variables: Vec<(String, String)>,
    /// The log file; emptied at the first start, then appended to.
    pub log: PathBuf,
    /// Where it answers `/health/ready`.
    pub http: String,
    /// The named steps (`FAULT_KILL_AT`) at which it kills itself: one per life, then none.
    pub kill_at: Vec<String>,
}

/// One end of a service that nobody asked for.
#[derive(Clone, Debug)]
pub struct Exit {
    /// The service.
    pub service: String,
    /// `signal: 9 (SIGKILL)` or `exit status: 1`.
    pub status: String,
    /// The named step at which it killed itself, if it did.
    pub step: Option<String>,
}

/// A running service; clones are handles of the same.
#[derive(Clone, Debug)]
pub struct Supervised(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    launch: Launch,
    child: Mutex<Option<Arc<Guarded>>>,
    exits: Mutex<Vec<Exit>>,
    stopping: tokio_util::sync::CancellationToken,
    monitor: Mutex<Option<JoinHandle<()>>>,
    client: reqwest::Client,
}

impl Supervised {
    /// Starts the service and keeps it running until [`Supervised::stop`].
    ///
    /// # Errors
    /// The process cannot be started or its log not be written.
    pub fn start(launch: Launch, client: reqwest::Client) -> Result<Self> {
        File::create(&launch.log).with_context(|| format!("create {}", launch.log.display()))?;
        let mut faults: VecDeque<String> = launch.kill_at.iter().cloned().collect();
        let first = Arc::new(spawn(&launch, faults.pop_front())?);
        let supervised = Self(Arc::new(Inner {
            launch,
            child: Mutex::new(Some(Arc::clone(&first))),
            exits: Mutex::default(),
            stopping: tokio_util::sync::CancellationToken::new(),
            monitor: Mutex::default(),
            client,
        }));
        let monitor = tokio::spawn(supervised.clone().keep_up(first, faults));
        *lock(&supervised.0.monitor) = Some(monitor);
        Ok(supervised)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.launch.name
    }

    /// How it is started.
    #[must_use]
    pub fn launch(&self) -> &Launch {
        &self.0.launch
    }

    /// Where it serves HTTP: health, metrics and its own routes.
    #[must_use]
    pub fn http(&self) -> &str {
        &self.0.launch.http
    }

    /// The number of its process now.
    #[must_use]
    pub fn process(&self) -> Option<i32> {
        self.child().map(|child| child.id())
    }

    /// Every end that nobody asked for, in order.
    #[must_use]
    pub fn exits(&self) -> Vec<Exit> {
        lock(&self.0.exits).clone()
    }

    /// Kills it with SIGKILL; it is started again. Returns when it is dead.
    pub async fn kill(&self) {
        if let Some(child) = self.child() {
            child.kill().await;
        }
    }

    /// Freezes it until [`Supervised::resume`]: it holds what it holds and answers nothing.
    pub fn pause(&self) {
        if let Some(child) = self.child() {
            child.pause();
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        if let Some(child) = self.child() {
            child.resume();
        }
    }

    /// Stops it in order, for good.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        if let Some(child) = self.child() {
            child.stop(STOP_WITHIN).await;
        }
        let monitor = lock(&self.0.monitor).take();
        if let Some(monitor) = monitor {
            // It ends with the child; a panic in it has been printed.
            let _ = monitor.await;
        }
    }

    /// Whether it says that it can work.
    pub async fn is_ready(&self) -> bool {
        let url = format!("http://{}/health/ready", self.0.launch.http);
        let answer = self.0.client.get(url).timeout(Duration::from_secs(2)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// It keeps ending, or is not ready in time; the error carries the end of its log.
    pub async fn ready_within(&self, limit: Duration) -> Result<()> {
        let waiting = async {
            while !self.is_ready().await {
                if self.exits().len() >= FUTILE_STARTS && self.0.launch.kill_at.is_empty() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            true
        };
        match tokio::time::timeout(limit, waiting).await {
            Ok(true) => Ok(()),
            Ok(false) => bail!("{} keeps ending:\n{}", self.name(), self.log_tail()),
            Err(_) => {
                let health = self.health().await;
                bail!("{} is not ready after {limit:?}: {health}\n{}", self.name(), self.log_tail())
            }
        }
    }

    /// What it says about itself, for an error message.
    async fn health(&self) -> String {
        let url = format!("http://{}/health/ready", self.0.launch.http);
        match self.0.client.get(url).timeout(Duration::from_secs(2)).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// The end of its log, for an error message.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = &self.0.launch.log;
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(12);
        let tail: Vec<&str> = lines.into_iter().skip(skipped).collect();
        format!("{}\n(log: {})", tail.join("\n"), log.display())
    }

    fn child(&self) -> Option<Arc<Guarded>> {
        lock(&self.0.child).clone()
    }

    async fn keep_up(self, mut child: Arc<Guarded>, mut faults: VecDeque<String>) {
        let (mut pause, mut born) = (RESTART_AFTER, 0);
        loop {
            let began = tokio::time::Instant::now();
            let status = child.exited().await;
            if self.0.stopping.is_cancelled() {
                return;
            }
            let exit = Exit {
                service: self.name().to_owned(),
                status: status.map_or_else(|| "unknown".to_owned(), |status| status.to_string()),
                step: self.step_of_death(born),
            };
            tracing::warn!(service = exit.service, exit.status, exit.step, "ended; it is started again");
            lock(&self.0.exits).push(exit);
            pause = if began.elapsed() > RESTART_AFTER_AT_MOST {
                RESTART_AFTER
            } else {
                pause.saturating_mul(2).min(RESTART_AFTER_AT_MOST)
            };
            if self.0.stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            let fault = faults.pop_front();
            // Under the lock, so that a stop sees either no child or the new one.
            let mut current = lock(&self.0.child);
            if self.0.stopping.is_cancelled() {
                return;
            }
            born = self.log_length();
            match spawn(&self.0.launch, fault) {
                Ok(next) => {
                    child = Arc::new(next);
                    *current = Some(Arc::clone(&child));
                }
                Err(error) => {
                    tracing::error!(service = self.name(), "cannot be started again: {error:#}");
                    return;
                }
            }
        }
    }

    /// A process that dies at a step says so in its last line. `born` is where its log begins.
    fn step_of_death(&self, born: u64) -> Option<String> {
        let log = std::fs::read(&self.0.launch.log).ok()?;
        let own = log.get(usize::try_from(born).ok()?..)?;
        let own = String::from_utf8_lossy(own);
        own.lines().next_back()?.strip_prefix("killed at ").map(str::to_owned)
    }

    fn log_length(&self) -> u64 {
        std::fs::metadata(&self.0.launch.log).map_or(0, |log| log.len())
    }
}

fn spawn(launch: &Launch, kill_at: Option<String>) -> Result<Guarded> {
    let log = File::options()
        .append(true)
        .open(&launch.log)
        .with_context(|| format!("open {}", launch.log.display()))?;
    let mut command = Guarded::command(&launch.program);
    command
        .args(&launch.arguments)
        .envs(launch.variables.iter().map(|(name, value)| (name, value)))
        .stdout(log.try_clone()?)
        .stderr(log);
    if let Some(step) = kill_at {
        command.env("FAULT_KILL_AT", step);
    }
    Guarded::spawn(command, &launch.name, Layer::Service, Signal::SIGTERM)
}

/// A poisoned lock only means that another task panicked; what it protects is replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
