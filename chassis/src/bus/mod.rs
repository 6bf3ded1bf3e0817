//! The broker: connection, publication with acknowledgement, and what travels beside a payload.
//!
//! Nothing of ours rests on it. It may lose or repeat anything; the outbox, the inbox and the
//! re-issued commands make up for that.

mod consume;
mod envelope;

pub(crate) use consume::request_hash;
pub use consume::{Raw, fetch};
pub use envelope::Outgoing;
pub(crate) use envelope::micros;

use crate::{
    Fault, access,
    kv::Bucket,
    settings::{BusFaults, Nats},
    tasks::BoxError,
    topology,
};
use async_nats::{
    ConnectOptions, Event, ServerAddr,
    connection::State,
    jetstream::{self, context::ContextBuilder},
};
use futures::future::join_all;
use proto::{Service, frame};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A publication not acknowledged by then is tried again with the same id.
const ACK_TIMEOUT: Duration = Duration::from_secs(1);

/// Messages of one call that wait for their acknowledgement. The client waits without end for room beyond 5,000 in
/// all calls together, and gives none back before it is asked for an acknowledgement.
const IN_FLIGHT: usize = 1_000;

/// Older servers accept and ignore features we rely on.
const OLDEST_SERVER: (i64, i64, i64) = (2, 12, 0);

/// A connection to the broker. It is made in the background and made again whenever it is lost.
#[derive(Clone)]
pub struct Bus {
    service: Service,
    client: async_nats::Client,
    context: jetstream::Context,
    replicas: usize,
    /// Whether streams are found made, by a user that may make them.
    given: bool,
    faults: BusFaults,
    /// Wakes whoever must look at the streams again.
    connected: Arc<Notify>,
}

impl Bus {
    /// Starts to connect. Succeeds while the broker is away: it is tried until it answers.
    ///
    /// # Errors
    /// An address that cannot be one.
    pub async fn connect(service: Service, nats: &Nats, faults: BusFaults) -> Result<Self, BoxError> {
        let addresses =
            nats.urls.iter().map(|url| url.expose().parse::<ServerAddr>()).collect::<Result<Vec<_>, _>>()?;
        let user = addresses.first().and_then(|address| Some((address.username()?, address.password()?)));
        let options = match user {
            // Answers come to subjects that no other user may hear.
            Some((user, password)) => {
                ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
                    .custom_inbox_prefix(access::inbox(user))
            }
            None => ConnectOptions::new(),
        };
        let options = match &nats.ca_file {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        let given = user.is_some_and(|(user, _)| access::is_service(user));
        let connected = Arc::new(Notify::new());
        let waker = Arc::clone(&connected);
        let client = options
            .name(service.token())
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(2))
            .reconnect_delay_callback(|attempt| {
                let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
                Duration::from_millis(100).saturating_mul(attempt).min(Duration::from_secs(2))
            })
            .event_callback(move |event| {
                let waker = Arc::clone(&waker);
                async move {
                    match &event {
                        // It refuses what this user may not do, and says so here alone.
                        Event::ServerError(error) => {
                            metrics::counter!("rooms_broker_errors_total").increment(1);
                            tracing::error!(%error, "broker");
                        }
                        event => tracing::info!(%event, "broker"),
                    }
                    if matches!(event, Event::Connected) {
                        waker.notify_waiters();
                    }
                }
            })
            .connect(addresses.as_slice())
            .await?;
        let context = ContextBuilder::new()
            .timeout(Duration::from_secs(3))
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        Ok(Self { service, client, context, replicas: nats.replicas, given, faults, connected })
    }

    /// Whether the broker answers and is new enough.
    ///
    /// # Errors
    /// Says what is wrong, for `/health/ready`.
    pub async fn reachable(&self) -> Result<(), String> {
        if self.client.connection_state() != State::Connected {
            return Err("not connected".to_owned());
        }
        let (major, minor, patch) = OLDEST_SERVER;
        if !self.client.is_server_compatible(major, minor, patch) {
            return Err(format!(
                "server {} is older than {major}.{minor}",
                self.client.server_info().version
            ));
        }
        self.client.flush().await.map_err(|error| error.to_string())
    }

    /// The service that speaks through this connection.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The core connection.
    #[must_use]
    pub const fn client(&self) -> &async_nats::Client {
        &self.client
    }

    /// The `JetStream` context.
    #[must_use]
    pub const fn context(&self) -> &jetstream::Context {
        &self.context
    }

    /// A bucket of the topology.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn bucket(&self, name: &'static str) -> Result<Bucket, Fault> {
        let limits = topology::limits_of(name, self.replicas)
            .ok_or_else(|| Fault::bug(format!("no bucket {name}")))?;
        let client = self.client.clone();
        Ok(if self.given { Bucket::given(client, name) } else { Bucket::new(client, name, limits) })
    }

    pub(crate) const fn faults(&self) -> BusFaults {
        self.faults
    }

    /// Waits for the next time a connection is made.
    pub(crate) async fn connected(&self) {
        self.connected.notified().await;
    }

    /// Creates all streams, consumers and buckets that are missing, if this user may: a service by its own name finds
    /// them made.
    ///
    /// # Errors
    /// The broker is away, refuses, or is too old.
    pub async fn ensure_topology(&self) -> Result<(), Fault> {
        let (major, minor, patch) = OLDEST_SERVER;
        if self.client.connection_state() == State::Connected
            && !self.client.is_server_compatible(major, minor, patch)
        {
            let version = self.client.server_info().version;
            return Err(Fault::upstream(
                "broker",
                format!("nats-server {version} is older than {major}.{minor}"),
            ));
        }
        if self.given {
            return Ok(());
        }
        topology::ensure(&self.context, self.replicas).await
    }

    /// Publishes messages and waits until each is stored. The text beside a message tells apart
    /// those repetitions of it that must reach the consumer again; where it is empty, the broker
    /// drops repeats.
    ///
    /// # Errors
    /// At least one was not acknowledged; all of them may be published again.
    pub async fn publish(&self, messages: &[(&frame::Message, &str)]) -> Result<(), Fault> {
        let rounds: &[&str] = if self.faults == BusFaults::Twice { &["", ":twice"] } else { &[""] };
        for round in rounds {
            for part in messages.chunks(IN_FLIGHT) {
                self.store(part, round).await?;
            }
        }
        Ok(())
    }

    async fn store(&self, messages: &[(&frame::Message, &str)], round: &str) -> Result<(), Fault> {
        let mut acks = Vec::with_capacity(messages.len());
        for (message, attempt) in messages {
            let outbound = envelope::outbound(self.service, message, attempt, round)?;
            let ack = self.context.send_publish(message.subject.clone(), outbound).await;
            acks.push(ack.map_err(|error| Fault::upstream("broker", error))?);
        }
        for acknowledged in join_all(acks.into_iter().map(IntoFuture::into_future)).await {
            acknowledged.map_err(|error| Fault::upstream("broker", error))?;
        }
        Ok(())
    }

    /// Keeps the topology whole until the shutdown: at start and after every connection.
    pub async fn keep_topology(self, shutdown: CancellationToken) {
        loop {
            let pause = match self.ensure_topology().await {
                Ok(()) => Duration::from_secs(30),
                Err(fault) => {
                    tracing::warn!(error = fault.chain(), "streams not ensured");
                    Duration::from_millis(500)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.connected() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
