//! Key-value buckets on the broker, for what may be lost: sessions, counters, caches.
//!
//! A bucket may vanish at any moment, its content with it; it authorises nothing. Every call is bounded in time and
//! fails at once while the broker is away, and whoever calls goes on without: an error is to be treated as "not there".
//!
//! Values are published straight to the bucket's subjects instead of through `async_nats::jetstream::kv::Store`, whose
//! `create_with_ttl` forgets the time to live when the key has a delete marker (async-nats 0.51), and which has no
//! update with one.

use std::{sync::Arc, time::Duration};

use async_nats::{
    Client,
    connection::State,
    jetstream::{
        self,
        context::{PublishError, PublishErrorKind},
        kv::{Config, Operation, Store},
        message::PublishMessage,
    },
};
use bytes::Bytes;
use tokio::{sync::Mutex, time::timeout};

use crate::{
    health::{Health, Role},
    tasks::{BoxError, with_sources},
};

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(1);

/// How long the broker keeps a marker of a key that is gone, so that readers of the stream see it go.
const MARKER: Duration = Duration::from_secs(60);

/// What a bucket can hold.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of all values together; beyond it writing fails.
    pub bytes: u32,
    /// Bytes of one value.
    pub value_bytes: u32,
    /// Copies in the cluster.
    pub replicas: usize,
}

/// Why a bucket did not do what was asked. The caller goes on without.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The broker is away or slow.
    #[error("bucket {bucket} does not answer")]
    Away {
        /// The bucket.
        bucket: &'static str,
    },
    /// The broker answered with an error.
    #[error("bucket {bucket}")]
    Refused {
        /// The bucket.
        bucket: &'static str,
        /// What it said.
        #[source]
        source: BoxError,
    },
}

/// A value and the revision that a change of it has to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Bytes,
    /// Grows with each change in the bucket.
    pub revision: u64,
}

/// A bucket, made on the broker when it is first used and again when it is lost, unless others make it. Clones share it.
///
/// Keys consist of `A-Za-z0-9`, `-`, `_`, `=`, `/` and `.`. Times to live are rounded up to whole seconds, which is what
/// the broker counts in.
#[derive(Clone)]
pub struct Bucket {
    client: Client,
    jetstream: jetstream::Context,
    name: &'static str,
    /// Nothing where it is made by somebody else, and this user could not.
    limits: Option<Limits>,
    store: Arc<Mutex<Option<Store>>>,
}

impl Bucket {
    /// A bucket of this name. Nothing is asked of the broker yet.
    #[must_use]
    pub fn new(client: Client, name: &'static str, limits: Limits) -> Self {
        Self::open_as(client, name, Some(limits))
    }

    /// A bucket that is made by somebody else.
    pub(crate) fn given(client: Client, name: &'static str) -> Self {
        Self::open_as(client, name, None)
    }

    fn open_as(client: Client, name: &'static str, limits: Option<Limits>) -> Self {
        let jetstream =
            jetstream::ContextBuilder::new().timeout(LIMIT).ack_timeout(LIMIT).build(client.clone());
        Self { client, jetstream, name, limits, store: Arc::default() }
    }

    /// Shows under `/health/cache` whether the bucket can be used.
    pub fn report_to(&self, health: &Health) {
        let bucket = self.clone();
        health.probe(self.name, Role::Cache, move || {
            let bucket = bucket.clone();
            async move { bucket.get("health").await.map(|_| ()).map_err(|error| with_sources(&error)) }
        });
    }

    /// The value of `key`, if it has one. In a cluster a read may be answered by a replica that is a moment behind.
    ///
    /// # Errors
    /// The broker is away, or the key is not a valid one.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>, Unavailable> {
        let found = self.bounded(key, async { Ok(self.open().await?.entry(key).await?) }).await?;
        let value = found.filter(|entry| entry.operation == Operation::Put);
        Ok(value.map(|entry| Entry { value: entry.value, revision: entry.revision }))
    }

    /// Sets `key` for the time `ttl`, whatever it was before. Returns the new revision.
    ///
    /// # Errors
    /// The broker is away, the key is not a valid one, or a limit is exceeded.
    pub async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<u64, Unavailable> {
        self.bounded(key, async { Ok(self.publish(&self.open().await?, key, value, ttl, None).await?) }).await
    }

    /// Sets `key` for the time `ttl` unless it has a value; `None` means that it has one.
    ///
    /// # Errors
    /// As [`put`](Self::put). The value may have been set all the same when the broker did not answer in time.
    pub async fn create(&self, key: &str, value: Bytes, ttl: Duration) -> Result<Option<u64>, Unavailable> {
        let create = async {
            let store = self.open().await?;
            if let Some(revision) = self.replace(&store, key, value.clone(), ttl, 0).await? {
                return Ok(Some(revision));
            }
            // The last message may be a marker of a value that was deleted or has expired: replace just that one.
            match store.entry(key).await? {
                Some(marker) if marker.operation != Operation::Put => {
                    self.replace(&store, key, value, ttl, marker.revision).await
                }
                Some(_) => Ok(None),
                // It went while we were looking.
                None => self.replace(&store, key, value, ttl, 0).await,
            }
        };
        self.bounded(key, create).await
    }

    /// Sets `key` for the time `ttl` if its revision still is `revision`; `None` means that it is not.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn update(
        &self,
        key: &str,
        value: Bytes,
        ttl: Duration,
        revision: u64,
    ) -> Result<Option<u64>, Unavailable> {
        let update = async { self.replace(&self.open().await?, key, value, ttl, revision).await };
        self.bounded(key, update).await
    }

    /// Removes `key`, whether or not it has a value.
    ///
    /// # Errors
    /// The broker is away, or the key is not a valid one.
    pub async fn delete(&self, key: &str) -> Result<(), Unavailable> {
        self.bounded(key, async { Ok(self.open().await?.purge_with_ttl(key, MARKER).await?) }).await
    }

    async fn replace(
        &self,
        store: &Store,
        key: &str,
        value: Bytes,
        ttl: Duration,
        revision: u64,
    ) -> Result<Option<u64>, BoxError> {
        match self.publish(store, key, value, ttl, Some(revision)).await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn publish(
        &self,
        store: &Store,
        key: &str,
        value: Bytes,
        ttl: Duration,
        revision: Option<u64>,
    ) -> Result<u64, PublishError> {
        // The library truncates, and zero would mean for ever.
        let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
        let message = PublishMessage::build().payload(value).ttl(Duration::from_secs(seconds.max(1)));
        let message = match revision {
            Some(revision) => message.expected_last_subject_sequence(revision),
            None => message,
        };
        let subject = format!("{}{key}", store.prefix);
        // The library's future is large, and every caller's would be.
        let published = Box::pin(async { self.jetstream.send_publish(subject, message).await?.await });
        Ok(published.await?.sequence)
    }

    /// Awaits `act` within the time limit, if `key` can be one. After an error the bucket is made anew by the next call, in case
    /// the broker has lost it.
    async fn bounded<T>(
        &self,
        key: &str,
        act: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, Unavailable> {
        let away = || Unavailable::Away { bucket: self.name };
        if !valid(key) {
            let source = format!("{key:?} is not a key").into();
            return Err(Unavailable::Refused { bucket: self.name, source });
        }
        let result = if self.client.connection_state() == State::Connected {
            timeout(LIMIT, act).await.map_err(|_| away())
        } else {
            Err(away())
        };
        let result = result
            .and_then(|acted| acted.map_err(|source| Unavailable::Refused { bucket: self.name, source }));
        if let Err(error) = &result {
            metrics::counter!("kv_errors_total", "bucket" => self.name).increment(1);
            tracing::debug!(error = with_sources(error), "going on without the bucket");
            *self.store.lock().await = None;
        }
        result
    }

    async fn open(&self) -> Result<Store, BoxError> {
        let mut store = self.store.lock().await;
        if let Some(open) = &*store {
            return Ok(open.clone());
        }
        let found = match &self.limits {
            Some(limits) => ensure(&self.jetstream, self.name, limits).await?,
            None => self.jetstream.get_key_value(self.name).await?,
        };
        Ok(store.insert(found).clone())
    }
}

/// Creates a bucket, or brings it to these limits.
pub(crate) async fn ensure(
    jetstream: &jetstream::Context,
    name: &str,
    limits: &Limits,
) -> Result<Store, BoxError> {
    let config = Config {
        bucket: name.to_owned(),
        history: 1,
        max_bytes: limits.bytes.into(),
        max_value_size: i32::try_from(limits.value_bytes)?,
        num_replicas: limits.replicas,
        // Without it the broker refuses times to live.
        limit_markers: Some(MARKER),
        ..Config::default()
    };
    Ok(jetstream.create_or_update_key_value(config).await?)
}

/// Wildcards or spaces in a key would make it another subject.
fn valid(key: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_=/.".contains(c);
    !key.is_empty() && !key.starts_with('.') && !key.ends_with('.') && key.chars().all(allowed)
}
