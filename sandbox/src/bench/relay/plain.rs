//! A row before and a row after, and between them core NATS, where a message that nobody takes is gone: what the same effects
//! cost without any of the product.

use super::{Heard, TOGETHER, Way, place};
use crate::bench::ground::Ground;
use anyhow::Result;
use futures::StreamExt;
use prost::Message;
use proto::oracle::PriceReached;
use sqlx::PgPool;
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use uuid::Uuid;

/// No stream listens here.
const SUBJECT: &str = "bench.plain";

/// The baseline.
pub(super) struct Plain {
    pool: PgPool,
    client: async_nats::Client,
    heard: Heard,
    hearing: JoinHandle<Result<()>>,
}

impl Plain {
    /// Begins to listen.
    pub(super) async fn open(ground: &Ground) -> Result<Self> {
        let client = async_nats::connect(ground.nats.url()).await?;
        let hearer = async_nats::connect(ground.nats.url()).await?;
        let told = hearer.subscribe(SUBJECT).await?;
        hearer.flush().await?;
        let (sink, heard) = mpsc::unbounded_channel();
        let hearing = tokio::spawn(hear(told, ground.pool.clone(), sink));
        Ok(Self { pool: ground.pool.clone(), client, heard, hearing })
    }

    /// Ends listening.
    pub(super) fn close(self) {
        self.hearing.abort();
    }
}

impl Way for Plain {
    async fn send(&mut self, events: &[PriceReached]) -> Result<()> {
        let bodies: Vec<Vec<u8>> = events.iter().map(Message::encode_to_vec).collect();
        // Marked at once, so that no relay takes it for its own.
        let insert = "INSERT INTO oracle.outbox (day, id, frame, created_at, published_at)
                      SELECT (now AT TIME ZONE 'UTC')::date, $1, $2, now, now FROM oracle.db_clock() AS now";
        sqlx::query(insert).bind(Uuid::now_v7()).bind(bodies.concat()).execute(&self.pool).await?;
        for body in bodies {
            self.client.publish(SUBJECT, body.into()).await?;
        }
        self.client.flush().await?;
        Ok(())
    }

    fn heard(&mut self) -> &mut Heard {
        &mut self.heard
    }
}

async fn hear(
    told: async_nats::Subscriber,
    pool: PgPool,
    sink: mpsc::UnboundedSender<(u128, Instant)>,
) -> Result<()> {
    let mut batches = told.ready_chunks(TOGETHER);
    while let Some(batch) = batches.next().await {
        let now = Instant::now();
        let mut ids = Vec::with_capacity(batch.len());
        for message in batch {
            let event = place(&PriceReached::decode(message.payload)?)?;
            // Nobody listens only when the measurement has failed.
            let _ = sink.send((event, now));
            ids.push(Uuid::from_u128(event));
        }
        sqlx::query(
            "INSERT INTO notifier.inbox (id, request_hash) SELECT id, id FROM unnest($1::uuid[]) AS id",
        )
        .bind(&ids)
        .execute(&pool)
        .await?;
    }
    Ok(())
}
