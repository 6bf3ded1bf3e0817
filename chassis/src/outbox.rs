//! The way out: frames are published after their transaction committed, and again until the
//! broker has stored every message of them.
//!
//! The writer hands a committed frame over in memory; a sweeper finds in the table what was left
//! behind by a crash, a full channel or an absent broker. No order is promised.

use crate::{Fault, Pool, bus::Bus, lease::Lease, steps};
use prost::Message as _;
use proto::frame::{self, Frame};
use std::{sync::Arc, time::Duration};
use time::Date;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Frames waiting in memory; beyond it the sweeper takes them from the table.
const CAPACITY: usize = 1_024;

/// Frames taken together.
const TOGETHER: usize = 128;

/// Messages published, then marked, together: a frame with more is alone. What is published should be marked before the
/// sweeper takes it for left behind.
const MESSAGES: usize = 2_000;

/// A committed frame.
#[derive(Clone, Debug)]
pub struct Sent {
    pub(crate) day: Date,
    pub(crate) id: Uuid,
    pub(crate) messages: Arc<[frame::Message]>,
}

/// The table's key of a frame.
type Key = (Date, Uuid);

impl Sent {
    const fn key(&self) -> Key {
        (self.day, self.id)
    }
}

/// The entrance of the relay.
#[derive(Clone, Debug)]
pub struct Relay(mpsc::Sender<Sent>);

impl Relay {
    /// The two ends.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Sent>) {
        let (entrance, exit) = mpsc::channel(CAPACITY);
        (Self(entrance), exit)
    }

    /// Passes a frame on without waiting; the sweeper takes what does not fit.
    pub(crate) fn hand_over(&self, sent: Sent) {
        let _ = self.0.try_send(sent);
    }
}

/// Publishes what is handed over; after the stop, what is left. What is published is marked meanwhile, so that nothing
/// waits for a mark, and the more are marked together the more there is to do.
pub async fn relay(bus: Bus, pool: Pool, mut exit: mpsc::Receiver<Sent>, stop: CancellationToken) {
    let (published, mut unmarked) = mpsc::channel(CAPACITY);
    let publishing = async move {
        let mut frames = Vec::with_capacity(TOGETHER);
        loop {
            let count = tokio::select! {
                count = exit.recv_many(&mut frames, TOGETHER) => count,
                () = stop.cancelled(), if !exit.is_closed() => {
                    exit.close();
                    continue;
                }
            };
            if count == 0 {
                return;
            }
            for part in parts(&frames) {
                // What fails takes its time, so those after it are not tried.
                if let Err(fault) = publish(&bus, part).await {
                    tracing::warn!(taken = frames.len(), error = fault.chain(), "left to the sweeper");
                    break;
                }
                for sent in part {
                    // The other loop ends after this one.
                    let _ = published.send(sent.key()).await;
                }
            }
            frames.clear();
        }
    };
    let marking = async {
        let mut keys = Vec::with_capacity(TOGETHER);
        while unmarked.recv_many(&mut keys, CAPACITY).await > 0 {
            if let Err(fault) = mark(&pool, &keys).await {
                tracing::warn!(frames = keys.len(), error = fault.chain(), "published, and not marked");
            }
            keys.clear();
        }
    };
    tokio::join!(publishing, marking);
}

/// Publishes what was left behind, until the shutdown.
pub async fn sweep(bus: Bus, pool: Pool, shutdown: CancellationToken) {
    loop {
        let swept = async {
            let frames = claim(&pool).await?;
            for part in parts(&frames) {
                publish(&bus, part).await?;
                mark(&pool, &part.iter().map(Sent::key).collect::<Vec<_>>()).await?;
            }
            Ok::<_, Fault>(frames.len())
        };
        match swept.await {
            Ok(TOGETHER) => continue,
            Ok(_) => {}
            Err(fault) => tracing::debug!(error = fault.chain(), "not swept"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Takes frames older than two seconds in a short transaction of its own: no lock is held while
/// they are published.
async fn claim(pool: &Pool) -> Result<Vec<Sent>, Fault> {
    let rows: Vec<(Date, Uuid, Vec<u8>)> = sqlx::query_as(
        "UPDATE outbox SET leased_until = db_clock() + interval '10 seconds'
         FROM (SELECT day AS d, id AS i FROM outbox
               WHERE published_at IS NULL AND created_at < db_clock() - interval '2 seconds'
                 AND (leased_until IS NULL OR leased_until < db_clock())
               ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED) AS due
         WHERE day = d AND id = i
         RETURNING day, id, frame",
    )
    .bind(i64::try_from(TOGETHER).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(day, id, frame)| decode(day, id, &frame)).collect()
}

pub(crate) fn decode(day: Date, id: Uuid, frame: &[u8]) -> Result<Sent, Fault> {
    let frame = Frame::decode(frame).map_err(|_| Fault::bug("an outbox frame does not decode"))?;
    Ok(Sent { day, id, messages: Arc::from(frame.messages) })
}

async fn publish(bus: &Bus, frames: &[Sent]) -> Result<(), Fault> {
    let messages: Vec<_> =
        frames.iter().flat_map(|sent| sent.messages.iter().map(|message| (message, ""))).collect();
    bus.publish(&messages).await?;
    steps::reach("relay.published");
    metrics::counter!("rooms_published_total").increment(u64::try_from(messages.len()).unwrap_or_default());
    Ok(())
}

/// Frames as they are published together.
fn parts(mut frames: &[Sent]) -> impl Iterator<Item = &[Sent]> {
    std::iter::from_fn(move || {
        let mut messages = 0;
        let fit = frames.iter().take_while(|sent| {
            messages += sent.messages.len();
            messages <= MESSAGES
        });
        let fitting = fit.count().max(1).min(frames.len());
        let (part, rest) = frames.split_at(fitting);
        frames = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Marks frames as published. A lost mark only publishes them again, so it need not be durable at
/// once and spares the writers a flush.
async fn mark(pool: &Pool, keys: &[Key]) -> Result<(), Fault> {
    let (days, ids): (Vec<Date>, Vec<Uuid>) = keys.iter().copied().unzip();
    let mut tx = pool.begin_with("BEGIN; SET LOCAL synchronous_commit = off").await?;
    sqlx::query(
        "UPDATE outbox SET published_at = db_clock(), leased_until = NULL
         FROM unnest($1::date[], $2::uuid[]) AS t (d, i) WHERE day = d AND id = i",
    )
    .bind(&days)
    .bind(&ids)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps the partitions of the outbox and deletes what is past its time, in chunks, until the
/// shutdown. Outbox 30 days, inbox and outcomes 45.
pub async fn keep_house(pool: Pool, lease: Lease, shutdown: CancellationToken) {
    lease
        .run(shutdown, |held| {
            let pool = pool.clone();
            async move {
                let lost = held.lost();
                while !lost.is_cancelled() {
                    sqlx::query("SELECT keep_outbox_partitions((db_clock() AT TIME ZONE 'UTC')::date, 30)")
                        .execute(&pool)
                        .await?;
                    delete_old(&pool, "DELETE FROM inbox WHERE ctid = ANY(ARRAY(SELECT ctid FROM inbox WHERE received_at < db_clock() - interval '45 days' LIMIT 10000))").await?;
                    delete_old(&pool, "DELETE FROM outcome WHERE ctid = ANY(ARRAY(SELECT ctid FROM outcome WHERE stored_at < db_clock() - interval '45 days' LIMIT 10000))").await?;
                    tokio::select! {
                        () = lost.cancelled() => {}
                        () = tokio::time::sleep(Duration::from_secs(3600)) => {}
                    }
                }
                Ok(())
            }
        })
        .await;
}

async fn delete_old(pool: &Pool, chunk: &'static str) -> Result<(), Fault> {
    while sqlx::query(chunk).execute(pool).await?.rows_affected() > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_together_as_long_as_their_messages_may() {
        let frame = |messages: usize| Sent {
            day: Date::MIN,
            id: Uuid::nil(),
            messages: vec![frame::Message::default(); messages].into(),
        };
        let frames = [1_999, 1, 1, 5_000, 500, 1_500].map(frame);
        assert_eq!(parts(&frames).map(<[Sent]>::len).collect::<Vec<_>>(), [2, 1, 1, 2]);
        assert_eq!(parts(&[]).count(), 0);
    }
}
