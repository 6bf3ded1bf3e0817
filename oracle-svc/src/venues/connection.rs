//! One lasting connection to a venue: it connects, subscribes, listens, and does so again.

use super::{Message as VenueMessage, Ping, Said, Venue, WireError};
use crate::domain::{Board, Dropped, Moment, VenueId, VenueQuote};
use futures::{SinkExt as _, StreamExt as _};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};
use tokio_util::sync::CancellationToken;

/// Largest message taken from a venue. A subscription's snapshot has a few kilobytes.
const MAX_MESSAGE: usize = 256 * 1024;

/// The newest quotes of all venues, shared by their connections and those who look at them.
#[derive(Clone, Debug, Default)]
pub struct SharedBoard(Arc<Mutex<Board>>);

impl SharedBoard {
    /// Reads or changes the board. Short: nothing waits inside.
    pub fn with<T>(&self, look: impl FnOnce(&mut Board) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The clock's reading, for receipts.
pub type Now = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How patient a connection is.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// To connect and to send.
    pub connect: Duration,
    /// Between two pings of a connection that says nothing.
    pub ping: Duration,
    /// Without any sign of life before it is given up.
    pub idle: Duration,
    /// Without any quote before it is given up, however alive.
    pub quiet: Duration,
    /// Before it is replaced: venues close connections after 24 h.
    pub life: Duration,
    /// First pause after a failure; doubled with every further one.
    pub backoff: Duration,
    /// Longest pause.
    pub backoff_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            ping: Duration::from_secs(1),
            idle: Duration::from_secs(10),
            quiet: Duration::from_secs(60),
            life: Duration::from_secs(23 * 3_600),
            backoff: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
        }
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("not connected in time")]
    ConnectTimeout,
    #[error("not sent in time")]
    SendTimeout,
    #[error("transport")]
    Transport(#[from] tungstenite::Error),
    #[error("closed by the venue")]
    Closed,
    #[error("nothing heard for too long")]
    Idle,
    #[error("message {next} after {last}: some were lost")]
    Gap { last: u64, next: u64 },
    #[error("nothing quoted for too long")]
    Quiet,
    #[error("the venue asks to connect anew")]
    Asked,
    #[error("old age")]
    Aged,
}

impl End {
    const fn name(&self) -> &'static str {
        match self {
            Self::ConnectTimeout | Self::SendTimeout => "timeout",
            Self::Transport(_) => "transport",
            Self::Closed => "closed",
            Self::Idle => "idle",
            Self::Gap { .. } => "gap",
            Self::Quiet => "quiet",
            Self::Asked => "asked",
            Self::Aged => "aged",
        }
    }

    /// Nothing is wrong with the venue: it is connected anew at once.
    const fn is_orderly(&self) -> bool {
        matches!(self, Self::Asked | Self::Aged | Self::Gap { .. })
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A venue's connection.
pub struct Connection {
    venue: Box<dyn Venue>,
    base: String,
    board: SharedBoard,
    now: Now,
    timing: Timing,
}

impl Connection {
    /// A connection to a venue, or to a stand-in at `base`.
    #[must_use]
    pub fn new(venue: Box<dyn Venue>, base: String, board: SharedBoard, now: Now, timing: Timing) -> Self {
        Self { venue, base, board, now, timing }
    }

    /// Stays connected until the shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let venue = self.venue.id();
        let mut failures = 0_u32;
        loop {
            let began = Instant::now();
            let Some(end) = shutdown.run_until_cancelled(self.session()).await else { break };
            self.board.with(|board| board.lost(venue));
            metrics::gauge!("rooms_oracle_venue_up", "venue" => venue.name()).set(0.0);
            metrics::counter!("rooms_oracle_venue_disconnects_total", "venue" => venue.name(), "reason" => end.name())
                .increment(1);
            tracing::warn!(%venue, error = chassis::tasks::with_sources(&end), "venue disconnected");
            // A session that lasted says that the venue is well.
            if end.is_orderly() || began.elapsed() > self.timing.backoff_max {
                failures = 0;
            }
            let pause = pause(&self.timing, failures);
            failures = failures.saturating_add(1);
            if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
        }
        self.board.with(|board| board.lost(venue));
    }

    async fn session(&self) -> End {
        match self.talk().await {
            Ok(end) | Err(end) => end,
        }
    }

    async fn talk(&self) -> Result<End, End> {
        let mut socket = self.connect().await?;
        let venue = self.venue.id();
        self.board.with(|board| board.connected(venue, (self.now)()));
        metrics::gauge!("rooms_oracle_venue_up", "venue" => venue.name()).set(1.0);
        tracing::info!(%venue, url = self.base, "venue connected");
        let mut sequence = None;
        let (mut heard, mut pinged, mut quoted) = (Instant::now(), Instant::now(), Instant::now());
        let mut look = interval(self.timing.ping / 2);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let aged = sleep(self.timing.life);
        tokio::pin!(aged);
        loop {
            tokio::select! {
                message = socket.next() => {
                    let message = message.ok_or(End::Closed)??;
                    heard = Instant::now();
                    if self.hear(&message, &mut sequence)? {
                        quoted = heard;
                    }
                }
                _ = look.tick() => {
                    if heard.elapsed() > self.timing.idle {
                        return Ok(End::Idle);
                    }
                    if quoted.elapsed() > self.timing.quiet {
                        return Ok(End::Quiet);
                    }
                    if heard.elapsed() >= self.timing.ping / 2 && pinged.elapsed() >= self.timing.ping {
                        pinged = Instant::now();
                        let ping = match self.venue.ping() {
                            Ping::Frame => Message::Ping(tungstenite::Bytes::new()),
                            Ping::Text(text) => Message::text(text),
                        };
                        self.send(&mut socket, ping).await?;
                    }
                }
                () = &mut aged => return Ok(End::Aged),
            }
        }
    }

    async fn connect(&self) -> Result<Socket, End> {
        let limits =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(self.venue.url(&self.base), Some(limits), true);
        let (mut socket, _) =
            timeout(self.timing.connect, connecting).await.map_err(|_| End::ConnectTimeout)??;
        for subscription in self.venue.subscriptions() {
            self.send(&mut socket, Message::text(subscription)).await?;
        }
        Ok(socket)
    }

    async fn send(&self, socket: &mut Socket, message: Message) -> Result<(), End> {
        timeout(self.timing.connect, socket.send(message)).await.map_err(|_| End::SendTimeout)??;
        Ok(())
    }

    /// Takes a message and says whether it was a quote.
    fn hear(&self, message: &Message, sequence: &mut Option<u64>) -> Result<bool, End> {
        let (venue, at) = (self.venue.id(), (self.now)());
        self.board.with(|board| board.heard(venue, at));
        metrics::counter!("rooms_oracle_venue_messages_total", "venue" => venue.name()).increment(1);
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Close(_) => return Err(End::Closed),
            _ => return Ok(false),
        };
        let VenueMessage { sequence: number, said } = match self.venue.read(text) {
            Ok(message) => message,
            Err(error) => {
                metrics::counter!("rooms_oracle_venue_unreadable_total", "venue" => venue.name())
                    .increment(1);
                let text = chassis::tasks::with_sources(&error);
                // One refused subscription does not spoil the others; if all are, nothing is quoted.
                match error {
                    WireError::Refused(_) => tracing::warn!(%venue, error = text, "venue refuses"),
                    _ => tracing::debug!(%venue, error = text, "message not read"),
                }
                return Ok(false);
            }
        };
        match (*sequence, number) {
            (Some(last), Some(next)) if next > last.saturating_add(1) => return Err(End::Gap { last, next }),
            (Some(last), Some(next)) if next <= last => return Ok(false),
            (_, Some(next)) => *sequence = Some(next),
            (_, None) => {}
        }
        match said {
            Said::Quotes(quotes) => {
                quotes.into_iter().for_each(|quote| self.take(venue, quote, at));
                Ok(true)
            }
            Said::Alive => Ok(false),
            Said::Reconnect => Err(End::Asked),
        }
    }

    fn take(&self, venue: VenueId, quote: VenueQuote, at: Moment) {
        let latency = u64::try_from(at.since(quote.venue_time)).unwrap_or_default();
        metrics::histogram!("rooms_oracle_venue_latency_seconds", "venue" => venue.name())
            .record(Duration::from_micros(latency).as_secs_f64());
        if let Err(dropped) = self.board.with(|board| board.quoted(venue, quote, at)) {
            let reason = match dropped {
                Dropped::Skewed { .. } => "skewed",
                Dropped::OutOfOrder => "out_of_order",
                Dropped::NotConnected => "not_connected",
            };
            metrics::counter!("rooms_oracle_venue_dropped_total", "venue" => venue.name(), "reason" => reason)
                .increment(1);
            tracing::debug!(%venue, %dropped, "quote dropped");
        }
    }
}

/// Doubled with every failure, and anywhere in its upper half so that replicas do not return
/// together.
fn pause(timing: &Timing, failures: u32) -> Duration {
    let full = timing.backoff.saturating_mul(1 << failures.min(16)).min(timing.backoff_max);
    rand::random_range(full / 2..=full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let timing = Timing::default();
        for (failures, longest) in [(0, 500), (1, 1_000), (5, 16_000), (6, 30_000), (1_000, 30_000)] {
            let pause = pause(&timing, failures).as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{failures}: {pause}");
        }
    }
}
