//! The time outside transactions: the database's, kept by a monotonic clock between readings.

use crate::{Fault, Pool};
use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

/// How often the offset to the database is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(2);

/// One measurement: what the database said, when we heard it, and how far off it can be.
#[derive(Clone, Copy, Debug)]
struct Reading {
    database: OffsetDateTime,
    heard: Instant,
    uncertainty: Duration,
}

/// The database's clock as seen from this process. Decisions inside a transaction read
/// `db_clock()` instead (`Unit::now`).
#[derive(Clone, Debug)]
pub struct Clock {
    pool: Pool,
    reading: Arc<RwLock<Option<Reading>>>,
}

impl Clock {
    /// A clock that has not heard the database yet.
    #[must_use]
    pub fn new(pool: impl Into<Pool>) -> Self {
        Self { pool: pool.into(), reading: Arc::new(RwLock::new(None)) }
    }

    /// The database's time. Before the first measurement, this machine's.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        match self.last() {
            Some(reading) => reading.database + reading.heard.elapsed(),
            None => machine_time(),
        }
    }

    /// How far off `now` can be; nothing before the first measurement.
    #[must_use]
    pub fn uncertainty(&self) -> Option<Duration> {
        self.last().map(|reading| reading.uncertainty)
    }

    /// Measures once: the database's answer is dated in the middle of the round trip.
    ///
    /// # Errors
    /// The database is away.
    pub async fn measure(&self) -> Result<(), Fault> {
        let mut connection = self.pool.reader().await?;
        let asked = monotonic();
        let database: OffsetDateTime =
            sqlx::query_scalar("SELECT db_clock()").fetch_one(&mut *connection).await?;
        let half = asked.elapsed() / 2;
        if let Ok(mut reading) = self.reading.write() {
            *reading = Some(Reading { database, heard: asked + half, uncertainty: half });
        }
        Ok(())
    }

    /// Keeps measuring until the shutdown.
    pub async fn keep(self, shutdown: CancellationToken) {
        loop {
            if let Err(fault) = self.measure().await {
                tracing::debug!(error = fault.chain(), "clock not measured");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(MEASURE_EVERY) => {}
            }
        }
    }

    fn last(&self) -> Option<Reading> {
        self.reading.read().ok().and_then(|reading| *reading)
    }
}

/// A point on this machine's monotonic clock, for durations.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// This machine's own time: for what people read while the database is away, and for no decision.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
pub(crate) fn machine_time() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
