//! Asks whether the markets that followed wallets hold shares of are decided. The WebSocket says so earlier; this is what
//! finds what it missed.

use super::{
    Term,
    client::{AskError, MARKETS_AT_ONCE, Polymarket},
    tell,
};
use crate::store::polymarket as store;
use chassis::{Clock, Db, Fault, Held, health::Report, tasks::with_sources};
use std::time::Duration;
use tokio::time::sleep;

/// Time between two looks for markets whose turn it is.
const PAUSE: Duration = Duration::from_millis(500);

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct Resolutions {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) api: Polymarket,
    pub(crate) every: Duration,
    pub(crate) report: Report,
}

impl Resolutions {
    /// Serves one term: until the lease is lost or something of ours fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        let _term = Term(self.report.clone());
        loop {
            let limit = i64::try_from(MARKETS_AT_ONCE).unwrap_or(i64::MAX);
            let due = store::due(self.db.pool(), limit).await?;
            let mut pause = PAUSE;
            if !due.is_empty() {
                match self.api.closed(&due).await {
                    Ok(markets) => {
                        self.report.ok();
                        for market in markets {
                            let Some(decision) = market.decision() else { continue };
                            let mut unit = self.db.unit().await?;
                            held.check(&mut unit).await?;
                            tell::decided(&mut unit, &market.name.condition, &decision, self.clock.now())
                                .await?;
                            unit.commit().await?;
                        }
                        store::put_off(self.db.pool(), &due, self.every.as_secs_f64()).await?;
                    }
                    Err(error) => pause = pause.max(self.complain(&error)),
                }
            }
            sleep(pause).await;
        }
    }

    fn complain(&self, error: &AskError) -> Duration {
        let text = with_sources(error);
        tracing::warn!(error = text, "markets not asked for");
        self.report.failing(text);
        error.retry_in().unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(60))
    }
}
