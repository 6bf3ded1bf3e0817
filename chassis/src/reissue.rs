//! Re-issues the commands of this service's sagas, byte for byte, until their effect is seen.
//!
//! A hand-over by message can fail in more ways than anyone can list: a lost stream, a consumer
//! created too late, a bug elsewhere. Repeating a command that is obeyed at most once needs none
//! of them to be known.

use crate::{Fault, Pool, bus::Bus};
use prost::Message as _;
use proto::frame;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// After this many attempts, most of them half a minute apart, a person has to look.
const MAX_ATTEMPTS: i32 = 1_000;

const TOGETHER: i64 = 200;

/// Runs until the shutdown. Replicas share the work by row locks.
pub async fn run(bus: Bus, pool: Pool, shutdown: CancellationToken) {
    loop {
        let pause = match round(&bus, &pool).await {
            Ok(TOGETHER..) => Duration::ZERO,
            Ok(_) => Duration::from_millis(500),
            Err(fault) => {
                tracing::debug!(error = fault.chain(), "not re-issued");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn round(bus: &Bus, pool: &Pool) -> Result<i64, Fault> {
    let due: Vec<(String, Uuid, Vec<u8>, i32)> = sqlx::query_as(
        "UPDATE issued SET attempts = attempts + 1,
                next_attempt_at = db_clock() + least(30, 2 ^ least(attempts + 1, 6)) * interval '1 second',
                parked_at = CASE WHEN attempts + 1 >= $2 THEN db_clock() END
         WHERE (saga, key) IN (SELECT saga, key FROM issued
                               WHERE next_attempt_at < db_clock() AND parked_at IS NULL
                               ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
         RETURNING saga, command_id, message, attempts",
    )
    .bind(TOGETHER)
    .bind(MAX_ATTEMPTS)
    .fetch_all(pool)
    .await?;
    let mut messages = Vec::with_capacity(due.len());
    for (saga, id, message, attempts) in &due {
        if *attempts >= MAX_ATTEMPTS {
            tracing::error!(saga, command = %id, "parked: its effect was never seen");
            metrics::counter!("rooms_parked_total", "saga" => saga.clone()).increment(1);
        }
        metrics::counter!("rooms_reissued_total", "saga" => saga.clone()).increment(1);
        let message = frame::Message::decode(message.as_slice())
            .map_err(|_| Fault::bug("an issued command does not decode"))?;
        messages.push((message, format!(":r{attempts}")));
    }
    let again: Vec<_> = messages.iter().map(|(message, attempt)| (message, attempt.as_str())).collect();
    bus.publish(&again).await?;
    Ok(i64::try_from(due.len()).unwrap_or(i64::MAX))
}
