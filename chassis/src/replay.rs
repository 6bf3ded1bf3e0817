//! Survives a broker whose store was lost.
//!
//! The creation time of a stream is its epoch. Each schema remembers the epoch it last saw and
//! `replay_from`, a time before which every published message had been consumed by all. When the
//! epoch changes, everything published since goes out again, with ids of the new epoch.

use crate::{Fault, Pool, bus::Bus, lease::Lease, outbox, topology};
use proto::frame;
use std::time::Duration;
use time::{Date, OffsetDateTime, macros::date};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Clocks of broker and database differ, and a message is stored a little before it is marked.
const MARGIN: &str = "1 minute";

const PAGE: usize = 200;

/// Before every day of an outbox, and within PostgreSQL's dates.
const BEFORE_ALL: Date = date!(2000 - 01 - 01);

/// Watches all streams under a lease, until the shutdown.
pub async fn watch(bus: Bus, pool: Pool, lease: Lease, shutdown: CancellationToken) {
    lease
        .run(shutdown, |held| {
            let (bus, pool) = (bus.clone(), pool.clone());
            async move {
                let lost = held.lost();
                while !lost.is_cancelled() {
                    for stream in topology::streams() {
                        if let Err(fault) = look(&bus, &pool, &stream).await {
                            tracing::debug!(stream, error = fault.chain(), "stream not looked at");
                        }
                    }
                    tokio::select! {
                        () = lost.cancelled() => {}
                        () = bus.connected() => {}
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                    }
                }
                Ok(())
            }
        })
        .await;
}

async fn look(bus: &Bus, pool: &Pool, stream: &str) -> Result<(), Fault> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| Fault::upstream("broker", error);
    let handle = bus.context().get_stream_no_info(stream).await.map_err(|error| away(error.into()))?;
    let info = handle.get_info().await.map_err(|error| away(error.into()))?;
    metrics::gauge!("rooms_stream_bytes", "stream" => stream.to_owned())
        .set(f64::from(u32::try_from(info.state.bytes).unwrap_or(u32::MAX)));

    // What is published again before its consumer is back would be lost a second time.
    let wanted = topology::consumers().filter(|(_, of, _)| of == stream).count();
    if info.state.consumer_count < wanted {
        return Err(Fault::upstream("broker", "its consumers are not all there yet"));
    }

    let seen: Option<OffsetDateTime> =
        sqlx::query_scalar("SELECT created_at FROM stream_epoch WHERE stream = $1")
            .bind(stream)
            .fetch_optional(pool)
            .await?;
    // PostgreSQL keeps microseconds.
    let created = info.created.replace_nanosecond(info.created.microsecond() * 1_000).unwrap_or(info.created);
    if seen.is_some_and(|seen| seen != created) {
        let count = replay(bus, pool, stream, created).await?;
        tracing::warn!(stream, count, "stream was lost; published again");
        metrics::counter!("rooms_replayed_total", "stream" => stream.to_owned()).increment(count);
    }
    // Messages leave these streams when everybody has acknowledged them, so the oldest that is
    // still there is the oldest that may be lost.
    let oldest = (info.state.messages > 0).then_some(info.state.first_timestamp);
    sqlx::query(
        "INSERT INTO stream_epoch (stream, created_at, replay_from) VALUES ($1, $2, coalesce($3, db_clock()))
         ON CONFLICT (stream) DO UPDATE SET created_at = EXCLUDED.created_at, replay_from = EXCLUDED.replay_from",
    )
    .bind(stream)
    .bind(created)
    .bind(oldest)
    .execute(pool)
    .await?;
    Ok(())
}

async fn replay(bus: &Bus, pool: &Pool, stream: &str, epoch: OffsetDateTime) -> Result<u64, Fault> {
    let attempt = format!(":{}:0", epoch.unix_timestamp());
    let mut after = (BEFORE_ALL, Uuid::nil());
    let mut count = 0;
    loop {
        let rows: Vec<(Date, Uuid, Vec<u8>)> = sqlx::query_as(
            "SELECT day, id, frame FROM outbox
             WHERE published_at >= (SELECT replay_from FROM stream_epoch WHERE stream = $1) - $2::interval
               AND (day, id) > ($3, $4)
             ORDER BY day, id LIMIT $5",
        )
        .bind(stream)
        .bind(MARGIN)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
        .fetch_all(pool)
        .await?;
        let Some((day, id, _)) = rows.last() else { return Ok(count) };
        after = (*day, *id);
        let mut messages: Vec<frame::Message> = Vec::new();
        for (day, id, body) in &rows {
            let sent = outbox::decode(*day, *id, body)?;
            let ours = sent
                .messages
                .iter()
                .filter(|message| topology::stream_of(&message.subject).as_deref() == Some(stream));
            messages.extend(ours.cloned());
        }
        let again: Vec<_> = messages.iter().map(|message| (message, attempt.as_str())).collect();
        bus.publish(&again).await?;
        count += u64::try_from(messages.len()).unwrap_or_default();
    }
}
