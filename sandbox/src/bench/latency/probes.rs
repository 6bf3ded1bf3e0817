//! Things that are asked again and again, each time once through the product and once without it.

use crate::{
    bench::{latencies::Latencies, stage::Stage},
    polymarket::Polymarket,
};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chassis::{
    Pool,
    breaker::Breakers,
    kv::Bucket,
    settings::{Variables, read},
};
use futures::StreamExt;
use oracle_svc::{PolymarketSettings, polymarket::Polymarket as Client};
use sqlx::PgConnection;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

/// Between two questions: the fastest that any of them may be asked with, as the Polymarket role keeps to a pace.
const EVERY: Duration = Duration::from_millis(20);
const UPSTREAM_EVERY: Duration = Duration::from_millis(80);

/// A bucket of the gateway's, and a key in it.
const BUCKET: &str = "gateway-flood";
const KEY: &str = "bench";
const KEPT: Duration = Duration::from_secs(600);

/// Where a bare message is answered.
const ECHO: &str = "bench.echo";

const ROOM: &str = "SELECT state FROM room.room WHERE id = $1";

/// Through the product, and without it.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) ours: Latencies,
    pub(super) bare: Latencies,
}

/// Of one span.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) database: Pair,
    pub(super) cache: Pair,
    pub(super) upstream: Pair,
}

/// What is asked.
pub(super) struct Probes {
    pool: Pool,
    /// Never in the pool's hands.
    connection: Mutex<PgConnection>,
    room: Uuid,
    bucket: Bucket,
    client: async_nats::Client,
    polymarket: Client,
    http: reqwest::Client,
    book: String,
    token: String,
}

impl Probes {
    /// Prepares everything, and asks each once.
    ///
    /// # Errors
    /// Something does not answer.
    pub(super) async fn aim(stage: &Stage, market: &Polymarket, urls: &[String; 3]) -> Result<Self> {
        let room = stage.open_rooms(1).await?.first().context("no room")?.uuid();
        let connection = stage.pool.acquire().await?.detach();
        let bucket = stage.bus.bucket(BUCKET)?;
        bucket.put(KEY, Bytes::from_static(b"7"), KEPT).await?;
        let mut asked = stage.client.subscribe(ECHO).await?;
        let asking = async_nats::connect(stage.broker()).await?;
        stage.client.flush().await?;
        let answering = stage.client.clone();
        // Ends with the broker.
        tokio::spawn(async move {
            while let Some(message) = asked.next().await {
                let Some(reply) = message.reply else { continue };
                if answering.publish(reply, message.payload).await.is_err() {
                    return;
                }
            }
        });
        let [data, gamma, clob] = urls;
        let variables = Variables::from([
            ("POLYMARKET_DATA_URL", data.as_str()),
            ("POLYMARKET_GAMMA_URL", gamma.as_str()),
            ("POLYMARKET_CLOB_URL", clob.as_str()),
        ]);
        let settings = read(variables, PolymarketSettings::declare)?;
        let token = {
            let exchange = market.exchange();
            let [yes, _] = &exchange.markets().first().context("no market")?.tokens;
            yes.clone()
        };
        let probes = Self {
            pool: stage.pool.clone().into(),
            connection: Mutex::new(connection),
            room,
            bucket,
            client: asking,
            polymarket: Client::try_new(&settings, &Breakers::default())?,
            http: reqwest::Client::new(),
            book: format!("{clob}/book?token_id={token}"),
            token,
        };
        probes.all(Duration::ZERO).await?;
        Ok(probes)
    }

    /// Asks everything for so long, at least once.
    ///
    /// # Errors
    /// Something does not answer.
    pub(super) async fn all(&self, span: Duration) -> Result<Seen> {
        let end = Instant::now() + span;
        let (database, cache, upstream) = tokio::try_join!(
            alternately(end, EVERY, || self.query(), || self.bare_query()),
            alternately(end, EVERY, || self.value(), || self.bare_message()),
            alternately(end, UPSTREAM_EVERY, || self.question(), || self.bare_request()),
        )?;
        Ok(Seen { database, cache, upstream })
    }

    async fn query(&self) -> Result<()> {
        let state: i16 = sqlx::query_scalar(ROOM).bind(self.room).fetch_one(&self.pool).await?;
        ensure!(state > 0, "a room in no state");
        Ok(())
    }

    async fn bare_query(&self) -> Result<()> {
        let mut connection = self.connection.lock().await;
        let state: i16 = sqlx::query_scalar(ROOM).bind(self.room).fetch_one(&mut *connection).await?;
        ensure!(state > 0, "a room in no state");
        Ok(())
    }

    async fn value(&self) -> Result<()> {
        self.bucket.get(KEY).await?.context("the cache has lost its value")?;
        Ok(())
    }

    async fn bare_message(&self) -> Result<()> {
        self.client.request(ECHO, Bytes::from_static(b"7")).await?;
        Ok(())
    }

    async fn question(&self) -> Result<()> {
        self.polymarket.book(&self.token).await?.context("no book")?;
        Ok(())
    }

    async fn bare_request(&self) -> Result<()> {
        let answer = self.http.get(&self.book).send().await?.error_for_status()?;
        ensure!(!answer.bytes().await?.is_empty(), "no book");
        Ok(())
    }
}

/// One after the other, until the end.
async fn alternately<O, B>(
    end: Instant,
    every: Duration,
    ours: impl Fn() -> O,
    bare: impl Fn() -> B,
) -> Result<Pair>
where
    O: Future<Output = Result<()>>,
    B: Future<Output = Result<()>>,
{
    let mut pair = Pair { ours: Latencies::try_new()?, bare: Latencies::try_new()? };
    loop {
        let began = Instant::now();
        ours().await?;
        pair.ours.record(began.elapsed());
        let asked = Instant::now();
        bare().await?;
        pair.bare.record(asked.elapsed());
        let next = began + every;
        if next >= end {
            return Ok(pair);
        }
        tokio::time::sleep_until(next).await;
    }
}
