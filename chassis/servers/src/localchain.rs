//! The local Solana chain: building it and running it.
//!
//! It is a workspace of its own with 890 crates (`sandbox/localchain`), so it is built when it is
//! first needed and kept in the cache folder under the hash of its sources.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::guard::{Guarded, Layer};
use crate::provision::hex_prefix;
use crate::scratch::Scratch;
use crate::{cache, port};

/// The sources, as they were when this crate was built.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sandbox/localchain");
/// Every file that the binary is made from.
const FILES: [&str; 4] = ["Cargo.lock", "Cargo.toml", "src/main.rs", "src/options.rs"];

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The binary of the local chain: `ROOMS_LOCALCHAIN`, else ours, built now if the cache folder does
/// not have it.
///
/// # Errors
/// The build fails; the error carries the end of its log.
pub async fn binary() -> Result<PathBuf> {
    match cache::path_variable("ROOMS_LOCALCHAIN") {
        Some(named) => Ok(named),
        None => build().await,
    }
}

/// Ours, built now if the cache folder does not have it.
///
/// # Errors
/// The build fails; the error carries the end of its log.
pub async fn build() -> Result<PathBuf> {
    let sources = Path::new(SOURCES);
    let binary = cache::folder()?.join(format!("localchain-{}", key(sources)?));
    if binary.is_file() {
        return Ok(binary);
    }
    let _lock = tokio::task::spawn_blocking(|| cache::lock("localchain.lock")).await??;
    if binary.is_file() {
        return Ok(binary);
    }
    let target = cache::folder()?.join("localchain-target");
    compile(sources, &target).await?;
    // Copied aside and renamed, so nobody starts half a file.
    let aside = binary.with_extension("partial");
    fs::copy(target.join("debug/localchain"), &aside).context("copy the built local chain")?;
    fs::rename(&aside, &binary)?;
    Ok(binary)
}

/// Sixteen hexadecimal digits over everything the binary is made from.
fn key(sources: &Path) -> Result<String> {
    let mut all = Vec::new();
    for file in FILES {
        let bytes = fs::read(sources.join(file))
            .with_context(|| format!("read {file} of the local chain's sources in {SOURCES}"))?;
        all.extend_from_slice(&u64::try_from(bytes.len())?.to_be_bytes());
        all.extend_from_slice(&bytes);
    }
    Ok(hex_prefix(&all))
}

async fn compile(sources: &Path, target: &Path) -> Result<()> {
    let log_path = target.with_extension("log");
    let mut log = File::create(&log_path)?;
    eprintln!(
        "building the local Solana chain, once: 890 crates, about 9 minutes on 2 cores (log: {})",
        log_path.display()
    );
    let cargo = cache::path_variable("CARGO").unwrap_or_else(|| PathBuf::from("cargo"));
    let mut child = Command::new(&cargo)
        .args(["build", "--locked"])
        .current_dir(sources)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "100")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start {}", cargo.display()))?;
    let mut output = BufReader::new(child.stderr.take().context("cargo's output")?);
    let mut progress = Progress::start();
    let (mut line, mut chunk) = (Vec::new(), [0_u8; 4096]);
    loop {
        let count = output.read(&mut chunk).await?;
        if count == 0 {
            break;
        }
        // The progress bar is redrawn after a carriage return, other lines end as usual.
        for byte in chunk.iter().take(count) {
            if matches!(byte, b'\r' | b'\n') {
                let text = String::from_utf8_lossy(&line);
                match units(&text) {
                    Some((done, total)) => progress.show(done, total),
                    None if !text.trim().is_empty() => writeln!(log, "{}", text.trim_end())?,
                    None => {}
                }
                line.clear();
            } else {
                line.push(*byte);
            }
        }
    }
    let status = child.wait().await?;
    progress.end();
    if !status.success() {
        bail!("the local chain could not be built ({status}):\n{}", tail(&log_path)?);
    }
    ensure!(target.join("debug/localchain").is_file(), "cargo built no localchain");
    Ok(())
}

/// `(123, 1040)` out of cargo's `    Building [==>   ] 123/1040: serde, syn`.
fn units(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.split_once("Building [")?.1.split_once("] ")?;
    let (done, rest) = rest.split_once('/')?;
    let total: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((done.trim().parse().ok()?, total.parse().ok()?))
}

/// The last lines of a log.
fn tail(log: &Path) -> Result<String> {
    let text = fs::read_to_string(log)?;
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(25);
    Ok(lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n"))
}

/// How far the build is: a bar on a terminal, else a line at each tenth.
struct Progress {
    bar: Option<ProgressBar>,
    tenths: u64,
}

impl Progress {
    fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) =
                ProgressStyle::with_template("local chain [{bar:40}] {pos}/{len} steps, {elapsed}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Self { bar, tenths: 0 }
    }

    fn show(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        let tenths = done.saturating_mul(10).checked_div(total).unwrap_or(0);
        if tenths > self.tenths {
            self.tenths = tenths;
            eprintln!("local chain: {done} of {total} steps built");
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Somebody else may take a port between its choice and its use.
const PORT_ATTEMPTS: usize = 10;

/// What the log of a chain says then.
const TAKEN: &str = "already in use";

/// A chain of a test's own, in memory or in a folder that is deleted with it. Dropping it kills it.
#[derive(Debug)]
pub struct LocalChain {
    binary: PathBuf,
    slot: Duration,
    rpc: u16,
    ws: u16,
    running: Mutex<Option<Guarded>>,
    /// Dropped after the process.
    scratch: Scratch,
}

impl LocalChain {
    /// Starts a chain with slots of this length and returns when it answers. Its ledger is kept in a
    /// file while this value lives, so that it can be killed and restarted.
    ///
    /// # Errors
    /// It cannot be built, ends at start or does not answer; the error carries the end of its log.
    pub async fn for_test(slot: Duration) -> Result<Self> {
        let mut chain = Self {
            binary: binary().await?,
            slot,
            rpc: 0,
            ws: 0,
            running: Mutex::new(None),
            scratch: Scratch::create()?,
        };
        for _ in 0..PORT_ATTEMPTS {
            (chain.rpc, chain.ws) = (port::free()?, port::free()?);
            match chain.restart().await {
                Err(error) if error.to_string().contains(TAKEN) => {}
                started => return started.map(|()| chain),
            }
        }
        bail!("no free ports for a local chain in {PORT_ATTEMPTS} attempts")
    }

    /// Where JSON-RPC answers; the same across restarts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rpc)
    }

    /// Where the WebSocket interface answers; the same across restarts.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.ws)
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&self) {
        if let Some(process) = self.running.lock().await.take() {
            process.kill().await;
        }
    }

    /// Stops it if it runs and starts it again on the same ports and ledger.
    ///
    /// # Errors
    /// As [`LocalChain::for_test`].
    pub async fn restart(&self) -> Result<()> {
        if let Some(process) = self.running.lock().await.take() {
            process.stop(STOP_WITHIN).await;
        }
        *self.running.lock().await = Some(self.launch().await?);
        Ok(())
    }

    async fn launch(&self) -> Result<Guarded> {
        let log = self.scratch.path().join("localchain.log");
        let output = File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let mut command = Guarded::command(&self.binary);
        command
            .args(["--port", &self.rpc.to_string(), "--ws", &self.ws.to_string()])
            .args(["--slot-ms", &self.slot.as_millis().to_string(), "--db"])
            .arg(self.scratch.path().join("chain.sqlite"))
            .stdout(output.try_clone()?)
            .stderr(output);
        let process = Guarded::spawn(command, "local chain", Layer::Upstream, Signal::SIGTERM)?;
        let ready = async {
            while !fs::read_to_string(&log)
                .is_ok_and(|text| text.lines().any(|line| line.starts_with("ready")))
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = ready => Ok(process),
            _ = process.exited() => bail!("the local chain ended at start:\n{}", tail(&log)?),
            () = tokio::time::sleep(READY_WITHIN) => {
                bail!("the local chain does not answer after {READY_WITHIN:?}:\n{}", tail(&log)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_is_read() {
        let line = "    Building [=====>                  ] 123/1040: serde, syn(build)";
        assert_eq!(units(line), Some((123, 1040)));
        assert_eq!(units("   Compiling serde v1.0.228"), None);
    }

    #[test]
    fn the_key_covers_every_source_file() {
        let mut sources: Vec<String> = fs::read_dir(Path::new(SOURCES).join("src"))
            .unwrap()
            .map(|file| format!("src/{}", file.unwrap().file_name().into_string().unwrap()))
            .collect();
        sources.sort();
        assert_eq!(sources, FILES[2..], "tell `FILES` about new files");
        assert_eq!(key(Path::new(SOURCES)).unwrap().len(), 16);
    }
}
