//! What happens to the chain's endpoints meanwhile: one fault after the other, now at one, now at the
//! other, now at both, in an order that the seed decides.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use servers::faulty_rpc::Faults;
use tokio::sync::RwLock;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::super::audit::count;
use super::super::tale::Tale;
use crate::world::{DATABASE, World};

/// How long a fault lasts.
const LASTS: std::ops::Range<u64> = 1_500..4_000;
/// After so many of them comes a drought: nothing that is sent arrives, until something has expired.
const DROUGHT_AFTER: usize = 2;
/// Longer than a block hash lives here, and its death takes to be proven.
const DROUGHT_MOST: Duration = Duration::from_secs(45);
/// The node is restarted after so many of them.
const RESTART_AFTER: usize = 5;
/// Longer than the services wait for an endpoint (`SOLANA_RPC_TIMEOUT`).
const LATE: Duration = Duration::from_millis(2_500);
/// In slots.
const BEHIND: u64 = 30;

/// Everything that can be wrong with an endpoint here, by name.
fn faults() -> [(&'static str, Faults); 8] {
    let none = Faults::default();
    [
        (
            "breaks the connection after it took a transaction",
            Faults { breaks_after_send: true, ..none.clone() },
        ),
        ("takes a transaction and does not answer", Faults { hangs_after_send: true, ..none.clone() }),
        ("takes a transaction and answers an error", Faults { errs_after_send: true, ..none.clone() }),
        ("swallows transactions", Faults { swallows_sends: true, ..none.clone() }),
        ("passes transactions on late", Faults { delays_sends: Some(LATE), ..none.clone() }),
        ("knows of no transaction", Faults { finds_nothing: true, ..none.clone() }),
        ("lags behind", Faults { behind: BEHIND, ..none.clone() }),
        ("refuses everything", Faults { refuses: true, ..none }),
    ]
}

async fn drought(world: &World, tale: &Tale) -> Result<()> {
    tale.tell("", "** every endpoint swallows transactions until one has expired");
    let swallows = Faults { swallows_sends: true, ..Faults::default() };
    world.endpoints().iter().for_each(|endpoint| endpoint.set(swallows.clone()));
    let mut database = world.postgres().connect(servers::postgres::SUPERUSER, DATABASE).await?;
    let expired = async {
        while count(&mut database, "SELECT count(*) FROM wallet.chain_tx WHERE state = 'DEAD'").await? == 0 {
            sleep(Duration::from_millis(200)).await;
        }
        anyhow::Ok(())
    };
    // Whether it came is checked in the end.
    timeout(DROUGHT_MOST, expired).await.unwrap_or(Ok(()))
}

/// The faults of a run, and those that came.
#[derive(Debug)]
pub struct Weather {
    seed: u64,
    /// Held while somebody from outside sends something: what a node forgets at its restart, nobody may
    /// believe to have sent.
    pub outside: RwLock<()>,
    came: Mutex<Came>,
}

#[derive(Clone, Debug, Default)]
struct Came {
    names: BTreeSet<&'static str>,
    phases: usize,
    restarts: usize,
}

impl Weather {
    /// The same for the same seed.
    pub fn of(seed: u64) -> Self {
        Self { seed, outside: RwLock::default(), came: Mutex::default() }
    }

    /// Goes on until it is `over`, and at least to the restart of the node.
    ///
    /// # Errors
    /// The node does not come back from its restart.
    pub async fn change(&self, world: &World, tale: &Tale, over: &CancellationToken) -> Result<()> {
        // Another stream of numbers than the plan's.
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(1);
        let endpoints = world.endpoints();
        loop {
            let mut all = faults();
            all.shuffle(&mut rng);
            for (name, fault) in all {
                if over.is_cancelled() && self.came(|came| came.restarts > 0) {
                    endpoints.iter().for_each(|endpoint| endpoint.set(Faults::default()));
                    return Ok(());
                }
                let place = rng.random_range(0..=endpoints.len());
                for (index, endpoint) in endpoints.iter().enumerate() {
                    endpoint.set(if place == index || place == endpoints.len() {
                        fault.clone()
                    } else {
                        Faults::default()
                    });
                }
                let whose = if place == endpoints.len() {
                    "every endpoint".to_owned()
                } else {
                    format!("endpoint {}", place + 1)
                };
                tale.tell("", format_args!("** {whose} {name}"));
                sleep(Duration::from_millis(rng.random_range(LASTS))).await;
                let phases = self.came(|came| {
                    came.names.insert(name);
                    came.phases += 1;
                    came.phases
                });
                if phases == DROUGHT_AFTER {
                    drought(world, tale).await?;
                }
                if phases == RESTART_AFTER {
                    let _nobody = self.outside.write().await;
                    tale.tell("", "** the node is restarted");
                    world.chain().restart().await?;
                    self.came(|came| came.restarts += 1);
                }
            }
        }
    }

    /// How many different faults came, how many in all, and how often the node was restarted.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.came(|came| (came.names.len(), came.phases, came.restarts))
    }

    fn came<T>(&self, look: impl FnOnce(&mut Came) -> T) -> T {
        look(&mut self.came.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
