//! Which tokens are asked about: their series begin and end here.

use super::{Known, Tokens, Watched};
use crate::{
    SERIES_TERM, TAPE_LENGTH,
    domain::{Asset, Mint},
    store,
    tape::Tape,
    workers::series::SeriesWriter,
};
use chassis::{Fault, Lease};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How soon a new room's token is found.
const EVERY: Duration = Duration::from_millis(500);

/// Tokens priced at once; their accounts fit three requests. The first to ask come first.
pub(super) const MOST: i64 = 90;

/// Writers that are told to stop have this long to say that their lease is free.
const LAST_WORD: Duration = Duration::from_secs(2);

impl Tokens {
    /// Begins the series of tokens that rooms ask about and ends those of others, until `stop`.
    ///
    /// # Errors
    /// A writer panicked.
    pub(super) async fn keep_watching(&self, stop: CancellationToken) -> Result<(), JoinError> {
        let mut writers = JoinSet::new();
        while !stop.is_cancelled() {
            if let Err(fault) = self.watch_anew(&mut writers, &stop).await {
                // Whoever is watched stays so: an outage of the database must leave no gap.
                tracing::warn!(error = fault.chain(), "tokens to watch not read");
            }
            while let Some(ended) = writers.try_join_next() {
                ended?;
            }
            let _ = stop.run_until_cancelled(sleep(EVERY)).await;
        }
        let ending = async { while writers.join_next().await.is_some() {} };
        let _ = timeout(LAST_WORD, ending).await;
        Ok(())
    }

    async fn watch_anew(&self, writers: &mut JoinSet<()>, stop: &CancellationToken) -> Result<(), Fault> {
        let asked: BTreeSet<Mint> = store::watches::tokens(self.db.pool(), MOST).await?.into_iter().collect();
        let mut watched = self.watched();
        watched.retain(|mint, token| {
            let is_asked = asked.contains(mint);
            if !is_asked {
                tracing::info!(%mint, "token is not asked for any more");
                token.stop.cancel();
            }
            is_asked
        });
        for mint in asked {
            watched.entry(mint).or_insert_with(|| {
                tracing::info!(%mint, "token is asked for");
                let ticks = usize::try_from(TAPE_LENGTH.as_secs()).unwrap_or(usize::MAX);
                let tape = Arc::new(Tape::new(ticks));
                let stop = stop.child_token();
                let writer = SeriesWriter {
                    db: self.db.clone(),
                    asset: Asset::Token(mint),
                    tape: Arc::clone(&tape),
                    quorum: self.quorum,
                };
                let lease = Lease::new(self.db.pool().clone(), format!("oracle.series.{mint}"), SERIES_TERM);
                writers.spawn(lease.run(stop.clone(), move |held| writer.clone().serve(held)));
                Arc::new(Watched { mint, tape, stop, known: Mutex::new(Known::default()) })
            });
        }
        metrics::gauge!("rooms_oracle_tokens")
            .set(f64::from(u32::try_from(watched.len()).unwrap_or(u32::MAX)));
        Ok(())
    }
}
