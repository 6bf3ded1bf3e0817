//! One primitive for every single-writer job: a row with a holder, an epoch and a time.
//!
//! The holder renews at a third of the term. Whoever takes an expired lease raises its epoch; a
//! protected transaction checks the epoch, so a holder that was replaced while it slept commits
//! nothing. Session locks are not used: they do not survive a transaction pooler.

use crate::{Fault, Pool, Unit, clock::monotonic};
use std::{borrow::Cow, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A job that at most one process does at a time.
#[derive(Clone, Debug)]
pub struct Lease {
    pool: Pool,
    name: Cow<'static, str>,
    term: Duration,
    holder: Uuid,
}

/// Proof of being the holder, for one term of office.
#[derive(Clone, Debug)]
pub struct Held {
    name: Cow<'static, str>,
    epoch: i64,
    lost: CancellationToken,
}

impl Held {
    /// Fires when the lease is lost or the process stops.
    #[must_use]
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// The fencing epoch.
    #[must_use]
    pub const fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Checks, inside the transaction it protects, that nobody took over. The row lock makes a
    /// successor wait for this transaction.
    ///
    /// # Errors
    /// `LeaseLost`, or the database.
    pub async fn check(&self, unit: &mut Unit) -> Result<(), Fault> {
        let held: Option<i32> =
            sqlx::query_scalar("SELECT 1 FROM lease WHERE name = $1 AND epoch = $2 FOR SHARE")
                .bind(&*self.name)
                .bind(self.epoch)
                .fetch_optional(unit.conn())
                .await?;
        held.map(|_| ()).ok_or(Fault::LeaseLost(self.name.to_string()))
    }
}

impl Lease {
    /// Names a job. A standby takes over at most `term` after the holder fell silent.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, name: impl Into<Cow<'static, str>>, term: Duration) -> Self {
        Self { pool: pool.into(), name: name.into(), term, holder: Uuid::new_v4() }
    }

    /// Does the job whenever this process holds the lease, until the shutdown. The job's future is
    /// dropped when the lease is lost; a job that ends by itself is started again after a pause.
    pub async fn run<F, J>(self, shutdown: CancellationToken, job: F)
    where
        F: Fn(Held) -> J + Send,
        J: Future<Output = Result<(), Fault>> + Send,
    {
        while !shutdown.is_cancelled() {
            match self.acquire().await {
                Ok(Some(epoch)) => {
                    let lost = shutdown.child_token();
                    let held = Held { name: self.name.clone(), epoch, lost: lost.clone() };
                    tracing::info!(lease = &*self.name, epoch, "lease taken");
                    tokio::select! {
                        result = job(held) => {
                            if let Err(fault) = result {
                                tracing::warn!(lease = &*self.name, error = fault.chain(), "job of the lease failed");
                            }
                        }
                        () = self.renew(epoch) => tracing::warn!(lease = &*self.name, epoch, "lease lost"),
                        () = shutdown.cancelled() => {}
                    }
                    lost.cancel();
                    self.release(epoch).await;
                }
                Ok(None) => {}
                Err(fault) => tracing::debug!(lease = &*self.name, error = fault.chain(), "lease not asked"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.term / 6) => {}
            }
        }
    }

    async fn acquire(&self) -> Result<Option<i64>, Fault> {
        Ok(sqlx::query_scalar(
            "INSERT INTO lease AS l (name, holder, epoch, until)
             VALUES ($1, $2, 1, db_clock() + $3 * interval '1 millisecond')
             ON CONFLICT (name) DO UPDATE
                SET holder = EXCLUDED.holder, epoch = l.epoch + 1, until = EXCLUDED.until
                WHERE l.until < db_clock()
             RETURNING epoch",
        )
        .bind(&*self.name)
        .bind(self.holder)
        .bind(self.term_ms())
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Ends when the lease cannot be kept: refused, or not renewed for a whole term.
    async fn renew(&self, epoch: i64) {
        let mut renewed = monotonic();
        loop {
            tokio::time::sleep(self.term / 3).await;
            let asked = monotonic();
            let renewal = sqlx::query_scalar::<_, i32>(
                "UPDATE lease SET until = db_clock() + $4 * interval '1 millisecond'
                 WHERE name = $1 AND holder = $2 AND epoch = $3 RETURNING 1",
            )
            .bind(&*self.name)
            .bind(self.holder)
            .bind(epoch)
            .bind(self.term_ms())
            .fetch_optional(&self.pool);
            match tokio::time::timeout(self.term / 3, renewal).await {
                Ok(Ok(Some(_))) => renewed = asked,
                Ok(Ok(None)) => return,
                Ok(Err(_)) | Err(_) if renewed.elapsed() > self.term => return,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Lets a standby take over at once after an orderly stop.
    async fn release(&self, epoch: i64) {
        let released = sqlx::query("UPDATE lease SET until = db_clock() - interval '1 second' WHERE name = $1 AND holder = $2 AND epoch = $3")
            .bind(&*self.name)
            .bind(self.holder)
            .bind(epoch)
            .execute(&self.pool);
        let _ = tokio::time::timeout(Duration::from_secs(1), released).await;
    }

    fn term_ms(&self) -> i64 {
        i64::try_from(self.term.as_millis()).unwrap_or(i64::MAX)
    }
}
