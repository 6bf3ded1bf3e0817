//! Takes messages from a consumer, for as long as the service runs, whatever happens to the broker.

use super::{
    Bus,
    envelope::{ACTOR, EXPIRES_AT, ID, REPLY_TO, TIME, TRACE_PARENT, TYPE, from_micros},
};
use crate::{Fault, clock::monotonic, settings::BusFaults, topology};
use async_nats::jetstream::{
    self,
    consumer::{Consumer, pull},
    message::Acker,
};
use bytes::Bytes;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longest hold of a message under `BusFaults::Shuffle`.
const SHUFFLE_MS: u64 = 150;

/// One delivery as it came, with the means to acknowledge it.
pub struct Raw {
    /// The message id; nil if the header is missing or wrong, which dead-letters the message.
    pub id: Uuid,
    /// Where it came from.
    pub subject: String,
    /// Protobuf name of the payload.
    pub kind: String,
    /// The encoded message.
    pub payload: Bytes,
    /// W3C trace context.
    pub traceparent: String,
    /// Who caused it.
    pub actor: String,
    /// Who wants the outcome.
    pub reply_to: String,
    /// When it was written by its sender.
    pub at: OffsetDateTime,
    /// After this a user's command is refused.
    pub expires_at: Option<OffsetDateTime>,
    /// How often it was delivered, from 1.
    pub delivered: i64,
    /// When it arrived in this process.
    pub(crate) arrived: Instant,
    /// Nothing for a dead letter that is handled again: it comes from our own table.
    pub(crate) acker: Option<Arc<Acker>>,
}

impl Raw {
    fn new(message: jetstream::Message) -> Self {
        let (published, delivered) =
            message.info().map_or((OffsetDateTime::UNIX_EPOCH, 1), |info| (info.published, info.delivered));
        let (message, acker) = message.split();
        let header = |name: &str| {
            message
                .headers
                .as_ref()
                .and_then(|headers| headers.get(name))
                .map(|value| value.as_str().to_owned())
        };
        Self {
            id: header(ID).and_then(|id| id.parse().ok()).unwrap_or_default(),
            kind: header(TYPE).unwrap_or_default(),
            traceparent: header(TRACE_PARENT).unwrap_or_default(),
            actor: header(ACTOR).unwrap_or_default(),
            reply_to: header(REPLY_TO).unwrap_or_default(),
            at: header(TIME).and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok()).unwrap_or(published),
            expires_at: header(EXPIRES_AT).and_then(|at| at.parse().ok()).and_then(from_micros),
            subject: message.subject.to_string(),
            payload: message.payload,
            delivered,
            arrived: monotonic(),
            acker: Some(Arc::new(acker)),
        }
    }

    /// Whether it is a dead letter that is handled again.
    #[must_use]
    pub const fn is_letter(&self) -> bool {
        self.acker.is_none()
    }

    /// First half of the SHA-256 of type and payload.
    #[must_use]
    pub fn request_hash(&self) -> Uuid {
        request_hash(&self.kind, &self.payload)
    }
}

/// What tells two bodies under one id apart: first half of the SHA-256 of type and payload.
pub(crate) fn request_hash(kind: &str, payload: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(payload);
    let digest: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    Uuid::from_bytes(half)
}

/// Feeds a consumer's messages into a channel until the shutdown. The pull is rebuilt whenever it
/// breaks; streams and consumers that are gone are created again.
pub async fn fetch(bus: Bus, consumer: &'static str, sink: mpsc::Sender<Raw>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let pulled = tokio::select! {
            () = shutdown.cancelled() => return,
            pulled = pull(&bus, consumer, &sink) => pulled,
        };
        if let Err(fault) = pulled {
            tracing::info!(consumer, error = fault.chain(), "pull rebuilt");
        }
        if let Err(fault) = bus.ensure_topology().await {
            tracing::debug!(consumer, error = fault.chain(), "streams not ensured");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
}

async fn pull(bus: &Bus, name: &'static str, sink: &mpsc::Sender<Raw>) -> Result<(), Fault> {
    let stream =
        topology::stream_of_consumer(name).ok_or_else(|| Fault::bug(format!("no consumer {name}")))?;
    let stream = bus.context().get_stream_no_info(stream).await.map_err(away)?;
    let consumer: Consumer<pull::Config> =
        stream.get_consumer(name).await.map_err(|error| Fault::upstream("broker", error))?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(topology::BATCH)
        .expires(Duration::from_secs(10))
        .heartbeat(Duration::from_secs(2))
        .messages()
        .await
        .map_err(away)?;
    while let Some(message) = messages.next().await {
        let raw = Raw::new(message.map_err(away)?);
        if bus.faults() == BusFaults::Shuffle {
            let sink = sink.clone();
            let hold = Duration::from_millis(rand::random_range(0..=SHUFFLE_MS));
            tokio::spawn(async move {
                tokio::time::sleep(hold).await;
                let _ = sink.send(raw).await;
            });
        } else if sink.send(raw).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::upstream("broker", error)
}
