//! Writes one asset's series and resolves by it: store, then decide.
//!
//! The holder of the asset's lease folds the ticks of its tape and stores each second when it is
//! over, or at once when a touch is confirmed within it. A resolution is inserted in the
//! transaction that stores the second it rests on; its command leaves with the same commit. After
//! any failure the term ends and the next one begins from storage: nothing is repaired in memory.

use crate::{
    domain::{Asset, Candles, Fold, Frame, Moment, Resolution, Second, TAIL, Tick, Watch},
    store,
    tape::Tape,
    workers::answers,
};
use chassis::{Db, Fault, Held};
use proto::RoomId;
use std::sync::Arc;

/// Ticks folded into one transaction while catching up.
const TICKS_AT_ONCE: usize = 120;

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct SeriesWriter {
    pub(crate) db: Db,
    pub(crate) asset: Asset,
    pub(crate) tape: Arc<Tape>,
    pub(crate) quorum: usize,
}

/// The state of a term: a function of what is stored, and the second that is not over.
struct Series {
    fold: Fold,
    /// Seconds up to here are stored by earlier terms.
    inherited: Second,
    /// The newest tick that was taken from the tape.
    taken: Moment,
    /// The second that still runs.
    open: Frame,
    /// Seconds that are over and not stored.
    over: Vec<Frame>,
    /// Answers that are not stored.
    resolved: Vec<Resolution>,
    /// The minutes that have no candle yet.
    candles: Candles,
}

impl SeriesWriter {
    /// Serves one term: until the lease is lost or something fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        let mut series = self.resume().await?;
        self.follow_new(&held, &mut series).await?;
        loop {
            for tick in self.tape.after(series.taken, TICKS_AT_ONCE).await {
                series.take(&tick)?;
            }
            if series.resolved.is_empty() && series.over.is_empty() {
                continue;
            }
            let second_over = !series.over.is_empty();
            self.store(&held, &mut series, &[]).await?;
            if second_over {
                self.follow_new(&held, &mut series).await?;
            }
        }
    }

    /// The series as it is stored.
    async fn resume(&self) -> Result<Series, Fault> {
        let pool = self.db.pool();
        let watches = self.watches(true).await?;
        let last = match store::seconds::last(pool, self.asset).await? {
            Some(last) => last,
            // The first second ever is the one after this.
            None => self
                .tape
                .after(Moment::default(), 1)
                .await
                .first()
                .map_or(Second::default(), |tick| tick.second().plus(-1)),
        };
        let needed = watches.iter().map(Watch::needs_from).min();
        let from = needed.map_or(last.plus(1), |needed| needed.min(last.plus(1)));
        let samples = store::seconds::samples(pool, self.asset, from, last).await?;
        let tail = store::seconds::frames(pool, self.asset, last.plus(1 - TAIL), last).await?;
        let (fold, resolved) = Fold::resume(from, last, samples, &tail, watches).map_err(out_of_order)?;
        tracing::info!(asset = %self.asset, watches = fold.len(), after = last.number(), "series resumed");
        let open = Frame::empty(last);
        let candles = Candles::new(store::candles::first_open(pool, self.asset).await?);
        Ok(Series {
            fold,
            inherited: last,
            taken: Moment::default(),
            open,
            over: Vec::new(),
            resolved,
            candles,
        })
    }

    /// Stores what is over and what was resolved, and marks rooms as followed, in one transaction
    /// that a replaced holder cannot commit.
    async fn store(&self, held: &Held, series: &mut Series, followed: &[RoomId]) -> Result<(), Fault> {
        let mut frames = std::mem::take(&mut series.over);
        let resolved = std::mem::take(&mut series.resolved);
        if !resolved.is_empty() && !series.open.ticks.is_empty() {
            frames.push(series.open.clone());
        }
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        store::seconds::put(unit.conn(), self.asset, &frames).await?;
        let candles = series.candles.due(&frames);
        if let Some((from, to)) = candles {
            store::candles::fold(unit.conn(), self.asset, from, to).await?;
        }
        store::watches::follow(unit.conn(), followed).await?;
        if !resolved.is_empty() {
            answers::resolve(&mut unit, &resolved).await?;
        }
        unit.commit().await?;
        if let Some((_, to)) = candles {
            series.candles.made(to);
        }
        let stored = u64::try_from(frames.iter().filter(|frame| frame.complete).count()).unwrap_or_default();
        let asset = self.asset.label();
        metrics::counter!("rooms_oracle_seconds_stored_total", "asset" => asset).increment(stored);
        metrics::gauge!("rooms_oracle_watches", "asset" => asset)
            .set(f64::from(u32::try_from(series.fold.len()).unwrap_or(u32::MAX)));
        Ok(())
    }

    /// Catches up with rooms that asked since the last look. A room that opened before it asked is
    /// folded over the stored seconds and over the one that still runs.
    async fn follow_new(&self, held: &Held, series: &mut Series) -> Result<(), Fault> {
        let new = self.watches(false).await?;
        if new.is_empty() {
            return Ok(());
        }
        for watch in &new {
            if watch.needs_from() >= series.fold.open() {
                series.fold.follow(watch.clone());
                continue;
            }
            let mut fold = Fold::new(watch.needs_from());
            fold.follow(watch.clone());
            let before = series.fold.open().plus(-1);
            let mut next = watch.needs_from();
            loop {
                let page = store::seconds::frames(self.db.pool(), self.asset, next, before).await?;
                let Some(last) = page.last() else { break };
                next = last.second.plus(1);
                for frame in &page {
                    series.resolved.extend(fold.replay(frame).map_err(out_of_order)?);
                }
            }
            series.resolved.extend(fold.close_before(series.fold.open()));
            for tick in &series.open.ticks {
                series.resolved.extend(fold.tick(tick).map_err(out_of_order)?);
            }
            series.fold.adopt(fold);
        }
        let rooms: Vec<RoomId> = new.iter().map(|watch| watch.room).collect();
        tracing::info!(asset = %self.asset, rooms = rooms.len(), "rooms followed");
        self.store(held, series, &rooms).await
    }

    async fn watches(&self, followed: bool) -> Result<Vec<Watch>, Fault> {
        let terms = store::watches::undecided(self.db.pool(), self.asset, followed).await?;
        terms.iter().map(|terms| Ok(Watch::try_from_terms(terms, self.quorum)?)).collect()
    }
}

impl Series {
    /// Folds one tick. Seconds of earlier terms stay as they were stored.
    fn take(&mut self, tick: &Tick) -> Result<(), Fault> {
        self.taken = tick.at;
        if tick.second() <= self.inherited {
            return Ok(());
        }
        if self.open.second < tick.second() {
            let mut over = std::mem::replace(&mut self.open, Frame::empty(tick.second()));
            if over.second > self.inherited {
                self.resolved.extend(self.fold.close_before(over.second.plus(1)));
                over.complete = true;
                self.over.push(over);
            }
        }
        self.resolved.extend(self.fold.tick(tick).map_err(out_of_order)?);
        self.open.ticks.push(tick.clone());
        Ok(())
    }
}

fn out_of_order(error: crate::domain::OutOfOrder) -> Fault {
    Fault::bug(error.to_string())
}
