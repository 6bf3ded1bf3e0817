//! Children that never outlive their parent.
//!
//! Every child has a process group of its own, so that Ctrl-C reaches the parent alone, which then
//! stops its children in order. For the parent's own sudden death (SIGKILL, a panic, a test binary
//! that just exits) there is one guard process: a small shell script on the read end of a pipe whose
//! write end only the parent holds. When the pipe closes, it stops what is left, layer by layer.
//! `PR_SET_PDEATHSIG` would need unsafe code, works on Linux only and knows no order.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::sync::watch;

/// Runs in the child before the program: it goes on only when told that the guard knows of it, so a
/// parent that dies between the two steps leaves nothing behind.
const GATE: &str = "read -r go && exec \"$0\" \"$@\" </dev/null";

/// When a child is stopped relative to the others, when all stop together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Stopped first: our services.
    Service,
    /// Stopped next: what services talk to, like the broker and the chain.
    Upstream,
    /// Stopped last: PostgreSQL.
    Database,
}

impl Layer {
    /// The word of `guard.sh`.
    const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Upstream => "upstream",
            Self::Database => "database",
        }
    }
}

/// The guard process of this process.
#[derive(Debug)]
pub(crate) struct Guard {
    pipe: Mutex<ChildStdin>,
    /// Kept so that the handle, not the process, lives as long as we do; it is never waited for.
    _process: Child,
}

impl Guard {
    /// Starts the guard at the first call.
    pub(crate) fn get() -> Result<&'static Self> {
        static GUARD: OnceLock<Guard> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = lock(&STARTING);
        if let Some(guard) = GUARD.get() {
            return Ok(guard);
        }
        let guard = Self::start().context("start the guard process")?;
        Ok(GUARD.get_or_init(|| guard))
    }

    fn start() -> io::Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", include_str!("guard.sh"), "rooms-guard"])
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::piped())
            // Whoever reads our output must not wait for the guard to end.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { pipe: Mutex::new(pipe), _process: process })
    }

    fn tell(&self, line: &str) -> Result<()> {
        lock(&self.pipe).write_all(format!("{line}\n").as_bytes()).context("the guard process is gone")
    }

    /// Deletes `folder` after everything else when this process is gone.
    pub(crate) fn adopt_folder(&self, folder: &Path) -> Result<()> {
        self.tell(&format!("= {}", folder.display()))
    }

    /// Forgets a folder.
    pub(crate) fn release_folder(&self, folder: &Path) {
        // A guard that is gone has nothing to forget.
        let _ = self.tell(&format!("- {}", folder.display()));
    }
}

/// Starts the guard unless it runs. Called before a descriptor is opened that children inherit, when the
/// guard shall not.
///
/// # Errors
/// It cannot be started.
pub fn ready() -> Result<()> {
    Guard::get().map(|_| ())
}

/// A child process under the guard. Dropping it kills it.
#[derive(Debug)]
pub struct Guarded {
    name: String,
    group: Pid,
    stop: Signal,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Guarded {
    /// The command to give to [`Guarded::spawn`]: set its arguments, environment, folder, account and
    /// outputs as usual; standard input is taken.
    #[must_use]
    pub fn command(program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", GATE]).arg(program);
        command
    }

    /// Starts `command` in its own process group under the guard. `stop` is the signal that asks it
    /// to end.
    ///
    /// # Errors
    /// The guard or the child cannot be started.
    pub fn spawn(mut command: Command, name: &str, layer: Layer, stop: Signal) -> Result<Self> {
        let guard = Guard::get()?;
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let group = Pid::from_raw(i32::try_from(child.id())?);
        let entry = format!("{} {} {group}", layer.word(), stop.as_str().trim_start_matches("SIG"));
        guard.tell(&format!("+ {entry}"))?;
        let gate = child.stdin.take();
        let (tell_exit, exit) = watch::channel(None);
        std::thread::Builder::new().name(format!("wait {name}")).spawn(move || {
            let status = child.wait();
            let _ = guard.tell(&format!("- {entry}"));
            if let Ok(status) = status {
                tell_exit.send_replace(Some(status));
            }
        })?;
        if let Some(mut gate) = gate {
            gate.write_all(b"go\n").with_context(|| format!("start {name}"))?;
        }
        Ok(Self { name: name.to_owned(), group, stop, exit })
    }

    /// The name given at the start.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id, which is also the id of its process group.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// How it ended, or `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Resolves when it has ended; the status is `None` if the system would not tell it.
    pub async fn exited(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        exit.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }

    /// Sends a signal to its whole process group; nothing happens when it has ended.
    pub fn signal(&self, signal: Signal) {
        // The number of a reaped process may belong to somebody else some 30,000 processes later.
        if self.exit_status().is_none() {
            let _ = killpg(self.group, signal);
        }
    }

    /// Asks it to end, waits at most `grace`, then kills it. Returns when it has ended.
    pub async fn stop(&self, grace: Duration) -> Option<ExitStatus> {
        self.signal(self.stop);
        // A stopped process takes its signal only when it continues.
        self.signal(Signal::SIGCONT);
        match tokio::time::timeout(grace, self.exited()).await {
            Ok(status) => status,
            Err(_) => {
                tracing::warn!(process = self.name, ?grace, "did not stop in time: killed");
                self.kill().await
            }
        }
    }

    /// Kills it with SIGKILL and returns when it has ended.
    pub async fn kill(&self) -> Option<ExitStatus> {
        self.signal(Signal::SIGKILL);
        self.exited().await
    }

    /// Freezes it (SIGSTOP) until [`Guarded::resume`].
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`Guarded::pause`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        // Whoever drops it may delete its files next, so it must have stopped writing.
        for _ in 0..1_000 {
            if self.exit_status().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A poisoned lock only means that another test panicked: what it protects here is a pipe.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
