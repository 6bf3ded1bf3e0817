//! Looks at the board at a fixed pace and records what it sees. Runs on every replica.

use crate::{
    domain::{Asset, ExclusionRules, Moment, Reliability, SECOND, Scores, Tick, VenueId},
    store,
    tape::Tape,
    venues::SharedBoard,
};
use chassis::{Clock, Pool, health::Report};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub(crate) struct Sampler {
    pub(crate) asset: Asset,
    pub(crate) board: SharedBoard,
    pub(crate) tape: Arc<Tape>,
    pub(crate) clock: Clock,
    pub(crate) pool: Pool,
    pub(crate) pace: Duration,
    pub(crate) quorum: usize,
    pub(crate) rules: ExclusionRules,
    /// Our own work goes on.
    pub(crate) alive: Report,
    /// The venues agree on a price.
    pub(crate) priced: Report,
}

impl Sampler {
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let _ = shutdown.run_until_cancelled(self.sample()).await;
    }

    async fn sample(&self) {
        // Ticks carry the database's time; without one measurement there is none.
        while self.clock.uncertainty().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
        let mut reliability = Reliability::new(self.rules, self.excluded_before().await);
        // Up to a whole pace before the first tick.
        self.alive.ok();
        let mut scores = Scores::new(VenueId::EXCHANGES);
        let mut last = Moment::default();
        loop {
            let target = self.next_tick();
            let wait = u64::try_from(target.since(self.now())).unwrap_or_default();
            sleep(Duration::from_micros(wait)).await;
            let at = self.now().max(target).max(last.plus(1));
            last = at;
            let excluded = reliability.excluded();
            let tick = self.board.with(|board| Tick::take(board, self.asset, at, &excluded, self.quorum));
            reliability.observe(&tick);
            scores.observe(&tick);
            self.report(&tick, &excluded);
            self.export(&scores);
            self.tape.push(tick);
        }
    }

    fn now(&self) -> Moment {
        Moment::from_time(self.clock.now())
    }

    /// The next multiple of the pace: ticks of all replicas fall together, two in each second.
    fn next_tick(&self) -> Moment {
        let pace = i64::try_from(self.pace.as_micros()).unwrap_or(SECOND).max(1);
        let now = self.now().micros();
        Moment::from_micros(now.saturating_sub(now.rem_euclid(pace)).saturating_add(pace))
    }

    /// A restart is no pardon: who had no vote when last seen begins without one, however long ago that was.
    async fn excluded_before(&self) -> BTreeSet<VenueId> {
        let seconds = self.rules.readmit / SECOND;
        store::seconds::excluded(&self.pool, self.asset, seconds).await.unwrap_or_else(|fault| {
            tracing::warn!(asset = %self.asset, error = fault.chain(), "exclusions not read");
            BTreeSet::new()
        })
    }

    fn report(&self, tick: &Tick, excluded: &BTreeSet<VenueId>) {
        let asset = self.asset.label();
        self.alive.ok();
        let has_price = match tick.aggregate.as_ref() {
            Some(aggregate) => {
                for quote in tick.quotes.iter().filter(|quote| !aggregate.counted.contains(&quote.venue)) {
                    metrics::counter!("rooms_oracle_deviations_total", "asset" => asset, "venue" => quote.venue.name())
                        .increment(1);
                }
                self.priced.ok();
                "true"
            }
            None => {
                self.priced.failing(format!(
                    "{} fresh quotes, {} must agree",
                    tick.quotes.len(),
                    self.quorum
                ));
                "false"
            }
        };
        let agreeing = tick.aggregate.as_ref().map_or(0, |aggregate| aggregate.counted.len());
        metrics::gauge!("rooms_oracle_venues_agreeing", "asset" => asset)
            .set(u32::try_from(agreeing).unwrap_or(u32::MAX));
        metrics::counter!("rooms_oracle_ticks_total", "asset" => asset, "price" => has_price).increment(1);
        for venue in VenueId::EXCHANGES {
            let fresh = tick.quotes.iter().any(|quote| quote.venue == *venue);
            metrics::gauge!("rooms_oracle_quote_fresh", "asset" => asset, "venue" => venue.name())
                .set(f64::from(u8::from(fresh)));
            metrics::gauge!("rooms_oracle_venue_excluded", "asset" => asset, "venue" => venue.name())
                .set(f64::from(u8::from(excluded.contains(venue))));
        }
    }

    fn export(&self, scores: &Scores) {
        let asset = self.asset.label();
        for (venue, score) in scores.all() {
            for (what, ppm) in [
                ("uptime", score.uptime_ppm()),
                ("deviation", score.deviation_ppm()),
                // Seconds are millions of microseconds.
                ("latency", score.latency()),
                ("total", score.total_ppm()),
            ] {
                let ppm = u32::try_from(ppm).unwrap_or(u32::MAX);
                metrics::gauge!("rooms_oracle_venue_score", "asset" => asset, "venue" => venue.name(), "of" => what)
                    .set(f64::from(ppm) / 1e6);
            }
        }
    }
}
