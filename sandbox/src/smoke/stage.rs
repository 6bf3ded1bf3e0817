//! The world that a smoke is played in, from its start to its stop.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use servers::scratch::Scratch;

use super::faults::Faults;
use super::tale::Tale;
use crate::botapi;
use crate::world::{World, WorldOptions};

/// How long a world may take to start, and to stop; the local chain is built before.
const START_WITHIN: Duration = Duration::from_secs(120);
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// A chat may get so much at once: somebody who presses as fast as a machine is answered as fast.
pub(super) const BURST: u32 = 1_000;

/// Where a smoke is played, and with which luck.
#[derive(Clone, Debug)]
pub struct Place {
    /// The sandbox binary, which is every service, too.
    pub program: PathBuf,
    /// Decides all that is left to chance.
    pub seed: u64,
    /// Where the world is; a temporary folder if it does not matter.
    pub dir: Option<PathBuf>,
}

impl Place {
    /// The folder of its world.
    pub(super) fn dir<'a>(&'a self, scratch: &'a Scratch) -> &'a Path {
        self.dir.as_deref().unwrap_or(scratch.path())
    }

    /// A fresh world beside any other.
    pub(super) fn world(&self, scratch: &Scratch) -> Result<WorldOptions> {
        Ok(WorldOptions {
            fresh: true,
            program: self.program.clone(),
            seed: self.seed,
            telegram_limits: botapi::Limits { private_burst: BURST, ..botapi::Limits::default() },
            ..WorldOptions::new(self.dir(scratch)).elsewhere()?
        })
    }
}

/// A running world and its story.
pub struct Stage<'a> {
    /// What runs.
    pub world: World,
    dir: PathBuf,
    tale: &'a Tale,
}

impl<'a> Stage<'a> {
    /// Starts a world.
    ///
    /// # Errors
    /// It does not start.
    pub async fn set(options: WorldOptions, tale: &'a Tale) -> Result<Self> {
        let dir = options.dir.clone();
        let world = tokio::time::timeout(START_WITHIN, World::start(options)).await;
        let world = world.context("the world does not start")??;
        tale.tell("", format_args!("the world is ready: {}", world.addresses().page));
        Ok(Self { world, dir, tale })
    }

    /// Plays to the end, until the world breaks, or for as long as may be. Where it does not end well, the ends of all logs are
    /// printed.
    ///
    /// # Errors
    /// Somebody waited in vain, a server is gone, or time is up.
    pub async fn play<T>(&self, limit: Duration, evening: impl Future<Output = Result<T>>) -> Result<T> {
        let played = tokio::select! {
            played = evening => played,
            loss = self.world.loss() => Err(loss.into()),
            () = Faults::watch(&self.world, self.tale) => Err(anyhow!("nobody watches any more")),
            () = tokio::time::sleep(limit) => Err(anyhow!("not at its end after {limit:?}")),
        };
        if let Err(error) = &played {
            eprintln!("\n{error:#}\n");
            for service in self.world.services() {
                eprintln!("-- {}\n{}\n", service.name(), service.log_tail());
            }
            eprintln!("the world was in {}", self.dir.display());
        }
        played
    }

    /// Stops the world. The guard ends what does not end by itself.
    pub async fn strike(self) {
        if tokio::time::timeout(STOP_WITHIN, self.world.stop()).await.is_err() {
            eprintln!("the world does not stop within {STOP_WITHIN:?}");
        }
    }
}
