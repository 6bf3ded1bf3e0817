//! Prices the tokens that rooms ask about, each from its first undecided room to its last.
//!
//! Every replica looks at every such token once a second through all endpoints and records what it sees on a tape of its
//! own; who holds the token's lease writes its series from there, as for any other asset. Where a token's price lies on
//! chain is found out beforehand and stays until the account there says that it moved.

mod ask;
mod list;
mod look;
mod watch;

use crate::{
    domain::{Gates, ListedPair, Mint, Moment, Source},
    settings::Settings,
    tape::Tape,
    venues::{
        DexScreener, Rpc,
        http::{self, Host, Manners},
    },
};
use chassis::{
    Clock, Db, Runtime,
    breaker::Breakers,
    health::{Report, Role},
    tasks::Stage,
};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// What an endpoint is asked at most. Public ones allow ten requests of one kind a second and two such readers.
const RPC_MANNERS: Manners =
    Manners { every: Duration::from_millis(100), deadline: Duration::from_millis(700), body: 1024 * 1024 };

/// DexScreener allows 300 requests a minute.
const LISTING_MANNERS: Manners =
    Manners { every: Duration::from_millis(250), deadline: Duration::from_secs(3), body: 4 * 1024 * 1024 };

/// Questions about tokens answered at once; the others wait. Each takes turns from the series.
const QUESTIONS: usize = 2;

/// A task that is silent for this long does not work.
const WORK_FRESH: Duration = Duration::from_secs(5);

/// What all of it shares.
pub(crate) struct Tokens {
    db: Db,
    clock: Clock,
    rpcs: Vec<Rpc>,
    listing: DexScreener,
    /// The oracle's own looks at SOL.
    sol: Arc<Tape>,
    quorum: usize,
    gates: Gates,
    questions: Semaphore,
    watched: Mutex<BTreeMap<Mint, Arc<Watched>>>,
}

/// A token that rooms ask about.
struct Watched {
    mint: Mint,
    tape: Arc<Tape>,
    /// Ends its writer.
    stop: CancellationToken,
    known: Mutex<Known>,
}

/// What is known of it.
#[derive(Default)]
struct Known {
    /// Where its price lies, and the power of ten of smallest units that a token has.
    source: Option<(Source, u8)>,
    /// When that was looked for last.
    surveyed_at: Moment,
    /// Its pairs by the listing, and when that was told.
    pairs: Vec<ListedPair>,
    listed_at: Moment,
}

impl Watched {
    /// Reads or changes what is known. Short: nothing waits inside.
    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tokens {
    /// Nothing is watched yet.
    ///
    /// # Errors
    /// The TLS of this machine does not work.
    pub(crate) fn try_new(
        runtime: &Runtime,
        breakers: &Breakers,
        settings: &Settings,
        sol: Arc<Tape>,
    ) -> Result<Arc<Self>, reqwest::Error> {
        let client = http::client()?;
        let host = |url: &str, manners| Host::new(client.clone(), url, breakers, manners);
        let rpcs = settings.tokens.rpcs.iter().map(|(venue, url)| Rpc {
            venue: *venue,
            host: host(url.expose(), RPC_MANNERS),
            url: url.clone(),
        });
        let listing = DexScreener {
            host: host(settings.tokens.dexscreener.expose(), LISTING_MANNERS),
            url: settings.tokens.dexscreener.clone(),
        };
        Ok(Arc::new(Self {
            db: runtime.db.clone(),
            clock: runtime.clock.clone(),
            rpcs: rpcs.collect(),
            listing,
            sol,
            quorum: settings.quorum,
            gates: settings.tokens.gates,
            questions: Semaphore::new(QUESTIONS),
            watched: Mutex::default(),
        }))
    }

    /// Keeps the series of all tokens that rooms ask about, until the shutdown.
    pub(crate) fn spawn(self: &Arc<Self>, runtime: &Runtime) {
        let stop = runtime.tasks.stopping(Stage::Intake);
        let (tokens, stopping) = (Arc::clone(self), stop.clone());
        runtime.tasks.spawn(
            Stage::Intake,
            "oracle.tokens",
            async move { tokens.keep_watching(stopping).await },
        );
        let alive = runtime.health.report("oracle.sampler.tokens", Role::Work, Some(WORK_FRESH));
        let priced = runtime.health.report("prices of tokens", Role::External, Some(WORK_FRESH));
        let (tokens, stopping) = (Arc::clone(self), stop.clone());
        runtime.tasks.spawn(Stage::Intake, "oracle.sampler.tokens", async move {
            let _ = stopping.run_until_cancelled(tokens.keep_looking(&alive, &priced)).await;
            Ok::<(), Infallible>(())
        });
        let tokens = Arc::clone(self);
        runtime.tasks.spawn(Stage::Intake, "oracle.listing", async move {
            let _ = stop.run_until_cancelled(tokens.keep_listing()).await;
            Ok::<(), Infallible>(())
        });
    }

    fn now(&self) -> Moment {
        Moment::from_time(self.clock.now())
    }

    fn watched(&self) -> MutexGuard<'_, BTreeMap<Mint, Arc<Watched>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All watched tokens as of now.
    fn all(&self) -> Vec<Arc<Watched>> {
        self.watched().values().cloned().collect()
    }
}

/// How the prices of tokens are, for people.
fn report(priced: &Report, without: &[Mint]) {
    match without {
        [] => priced.ok(),
        [first, others @ ..] => {
            let others =
                if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            priced.failing(format!("{first}{others} without price"));
        }
    }
}
