//! Headless Chromium, driven over its DevTools protocol: for what only a real page can show, and for pictures of it.

mod devtools;
mod page;
pub mod picture;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use servers::scratch::Scratch;
use servers::{Guarded, Layer};
use tokio::time::{Instant, sleep};

use crate::environment;
use devtools::DevTools;
pub use page::Page;

/// Where Debian and others put it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long it may take to answer for the first time.
const START_WITHIN: Duration = Duration::from_secs(60);

/// A running browser. Dropping it kills it.
pub struct Browser {
    devtools: DevTools,
    // Dropped before its folder.
    _process: Guarded,
    _profile: Scratch,
}

impl Browser {
    /// Starts the browser named by `CHROMIUM`, or the first of the usual names that there is.
    ///
    /// # Errors
    /// There is none (the message says what to install), or it does not start.
    pub async fn start() -> Result<Self> {
        let program = find()?;
        let profile = Scratch::create()?;
        let mut command = Guarded::command(&program);
        command
            .args(["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--no-default-browser-check", "--disable-background-networking"])
            // A picture shows what is there, not how it comes in.
            .arg("--force-prefers-reduced-motion")
            // A page that is not in front must not fall asleep.
            .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
            // It only ever sees our own page, and its sandbox cannot be had by root or in a container.
            .args(["--no-sandbox", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let process = Guarded::spawn(command, "chromium", Layer::Service, Signal::SIGTERM)?;
        let url = tokio::time::timeout(START_WITHIN, endpoint(profile.path(), &process)).await;
        let url = url.with_context(|| format!("{} does not answer", program.display()))??;
        let devtools = DevTools::connect(&url).await?;
        Ok(Self { devtools, _process: process, _profile: profile })
    }

    /// Opens a page in a window of this size, in CSS pixels.
    ///
    /// # Errors
    /// The browser is gone, or the page does not load.
    pub async fn open(&self, url: &str, (width, height): (u32, u32)) -> Result<Page> {
        Page::open(self.devtools.clone(), url, (width, height)).await
    }
}

fn find() -> Result<PathBuf> {
    if let Some(named) = environment::get("CHROMIUM") {
        return Ok(PathBuf::from(named));
    }
    let path = environment::get("PATH").unwrap_or_default();
    let folders: Vec<&Path> = path.split(':').map(Path::new).collect();
    let found = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.into_iter().find(|program| program.is_file()).context(
        "there is no Chromium: install it (Debian: apt-get install chromium), or name one in CHROMIUM",
    )
}

/// The browser writes where it listens into its profile.
async fn endpoint(profile: &Path, process: &Guarded) -> Result<String> {
    let file = profile.join("DevToolsActivePort");
    let began = Instant::now();
    loop {
        if let Some((port, path)) = std::fs::read_to_string(&file).ok().as_deref().and_then(|text| {
            let (port, path) = text.split_once('\n')?;
            Some((port.parse::<u16>().ok()?, path.trim().to_owned()))
        }) {
            return Ok(format!("ws://127.0.0.1:{port}{path}"));
        }
        if let Some(status) = process.exit_status() {
            bail!("the browser ended at once ({status}) after {:?}", began.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
}
