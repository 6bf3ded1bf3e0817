//! One lasting connection to a venue: it connects, subscribes, listens, and does so again. When an end can be foreseen,
//! because the venue announces one or the connection grows old, the next connection takes over before.

use super::{Message as VenueMessage, Ping, Place, Said, Venue, WireError, http};
use crate::domain::{Board, Dropped, Moment, Pair, VenueQuote};
use futures::{SinkExt as _, StreamExt as _};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout},
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
    /// Before it is replaced, up to a tenth earlier: venues close connections after 24 h.
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

    /// The session still speaks, so that another one can take over from it.
    const fn is_foreseen(&self) -> bool {
        matches!(self, Self::Asked | Self::Aged)
    }

    /// How long the venue wants to be left alone, where it refused the connection for a while.
    fn asked_pause(&self) -> Duration {
        match self {
            Self::Transport(tungstenite::Error::Http(answer)) => {
                http::asked_to_wait(answer.status(), answer.headers()).unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
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
            let Some(end) = shutdown.run_until_cancelled(self.serve()).await else { break };
            self.board.with(|board| board.lost(venue));
            metrics::gauge!("rooms_oracle_venue_up", "venue" => venue.name()).set(0.0);
            metrics::counter!("rooms_oracle_venue_disconnects_total", "venue" => venue.name(), "reason" => end.name())
                .increment(1);
            tracing::warn!(%venue, error = chassis::tasks::with_sources(&end), "venue disconnected");
            // Only a session that lasted says that the venue is well: gaps or requests to come back that repeat
            // themselves must not use up the connections that a venue allows.
            if began.elapsed() > self.timing.backoff_max {
                failures = 0;
            }
            let pause = pause(&self.timing, failures).max(end.asked_pause());
            failures = failures.saturating_add(1);
            if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
        }
        self.board.with(|board| board.lost(venue));
    }

    /// Connects and listens, through as many sessions as follow each other without a break.
    async fn serve(&self) -> End {
        let mut session = match self.open().await {
            Ok(session) => session,
            Err(end) => return end,
        };
        let venue = self.venue.id();
        self.board.with(|board| board.connected(venue, (self.now)()));
        metrics::gauge!("rooms_oracle_venue_up", "venue" => venue.name()).set(1.0);
        tracing::info!(%venue, url = self.base, "venue connected");
        loop {
            let end = session.listen().await;
            if !end.is_foreseen() {
                return end;
            }
            let next = match self.succeed(&mut session).await {
                Ok(next) => next,
                Err(end) => return end,
            };
            metrics::counter!("rooms_oracle_venue_handovers_total", "venue" => venue.name(), "reason" => end.name())
                .increment(1);
            tracing::info!(%venue, reason = end.name(), "another connection took over");
            let mut old = std::mem::replace(&mut session, next);
            // A courtesy; whether it arrives does not matter.
            let _ = timeout(self.timing.ping, old.socket.close(None)).await;
        }
    }

    /// Opens the connection that takes over from one that will end, while that one still speaks: no quote is missed in
    /// between. Both write on the board meanwhile; it keeps what is newer.
    async fn succeed<'c>(&'c self, old: &mut Session<'c>) -> Result<Session<'c>, End> {
        old.is_leaving = true;
        let mut failures = 0_u32;
        loop {
            let opened = tokio::select! {
                end = old.listen() => return Err(end),
                opened = self.open() => opened,
            };
            let end = match opened {
                Err(end) => end,
                Ok(mut next) => {
                    let ready = tokio::select! {
                        // It was subscribed before the old one ended, so nothing is missing.
                        _ = old.listen() => Ok(()),
                        quoted = timeout(self.timing.quiet, next.first_quote()) => quoted.unwrap_or(Err(End::Quiet)),
                    };
                    match ready {
                        Ok(()) => return Ok(next),
                        Err(end) => end,
                    }
                }
            };
            tracing::warn!(venue = %self.venue.id(), error = chassis::tasks::with_sources(&end), "no successor yet");
            let pause = pause(&self.timing, failures).max(end.asked_pause());
            failures = failures.saturating_add(1);
            tokio::select! {
                end = old.listen() => return Err(end),
                () = sleep(pause) => {}
            }
        }
    }

    async fn open(&self) -> Result<Session<'_>, End> {
        let limits =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(self.venue.url(&self.base), Some(limits), true);
        let (socket, _) =
            timeout(self.timing.connect, connecting).await.map_err(|_| End::ConnectTimeout)??;
        let mut session = Session::new(self, socket);
        for subscription in self.venue.subscriptions() {
            session.send(Message::text(subscription)).await?;
        }
        Ok(session)
    }
}

/// One connection from its subscription to its end.
struct Session<'c> {
    of: &'c Connection,
    socket: Socket,
    look: Interval,
    /// The last number of each count that the venue keeps.
    counted: BTreeMap<Option<Pair>, u64>,
    heard: Instant,
    quoted: Instant,
    pinged: Instant,
    /// Pings that were sent.
    pings: u64,
    /// The last ping has no answer yet.
    is_pinging: bool,
    aged_at: Instant,
    /// A successor is on its way: neither age nor a request to come back ends this one again.
    is_leaving: bool,
    /// The venue said that it does not trade.
    is_halted: bool,
}

impl<'c> Session<'c> {
    fn new(of: &'c Connection, socket: Socket) -> Self {
        let now = Instant::now();
        let mut look = interval(of.timing.ping / 2);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Connections of one moment, at all venues and replicas, must not grow old in one moment.
        let life = rand::random_range(of.timing.life.mul_f64(0.9)..=of.timing.life);
        Self {
            of,
            socket,
            look,
            counted: BTreeMap::new(),
            heard: now,
            quoted: now,
            pinged: now,
            pings: 0,
            is_pinging: false,
            aged_at: now + life,
            is_leaving: false,
            is_halted: false,
        }
    }

    async fn listen(&mut self) -> End {
        loop {
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    async fn first_quote(&mut self) -> Result<(), End> {
        while !self.step().await? {}
        Ok(())
    }

    /// Takes one message, or looks at the time. Says whether it was a quote. May be given up at any moment.
    async fn step(&mut self) -> Result<bool, End> {
        tokio::select! {
            message = self.socket.next() => {
                let message = message.ok_or(End::Closed)??;
                let quoted = self.hear(&message)?;
                if quoted {
                    self.quoted = Instant::now();
                }
                Ok(quoted)
            }
            _ = self.look.tick() => {
                self.look_at_the_time().await?;
                Ok(false)
            }
        }
    }

    async fn look_at_the_time(&mut self) -> Result<(), End> {
        let timing = &self.of.timing;
        if self.heard.elapsed() > timing.idle {
            return Err(End::Idle);
        }
        if self.quoted.elapsed() > timing.quiet {
            return Err(End::Quiet);
        }
        if !self.is_leaving && Instant::now() >= self.aged_at {
            return Err(End::Aged);
        }
        if self.heard.elapsed() >= timing.ping / 2 && self.pinged.elapsed() >= timing.ping {
            self.pinged = Instant::now();
            self.pings += 1;
            self.is_pinging = true;
            let ping = match self.of.venue.ping() {
                Ping::Frame => Message::Ping(self.pings.to_be_bytes().to_vec().into()),
                Ping::Text(text) => Message::text(text),
            };
            self.send(ping).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let sending = self.socket.send(message);
        timeout(self.of.timing.connect, sending).await.map_err(|_| End::SendTimeout)??;
        Ok(())
    }

    /// Takes a message and says whether it was a quote.
    fn hear(&mut self, message: &Message) -> Result<bool, End> {
        let (venue, at) = (self.of.venue.id(), (self.of.now)());
        metrics::counter!("rooms_oracle_venue_messages_total", "venue" => venue.name()).increment(1);
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Close(_) => return Err(End::Closed),
            Message::Ping(_) => {
                self.alive(at);
                return Ok(false);
            }
            Message::Pong(payload) => {
                if payload.as_ref() == self.pings.to_be_bytes() {
                    self.ponged(at);
                }
                return Ok(false);
            }
            Message::Binary(_) | Message::Frame(_) => return Ok(false),
        };
        let VenueMessage { place, said } = match self.of.venue.read(text) {
            Ok(message) => message,
            Err(error) => {
                self.complain(&error);
                return Ok(false);
            }
        };
        if said == Said::Pong {
            self.ponged(at);
            return Ok(false);
        }
        self.alive(at);
        if let Some(Place { of, number: next }) = place {
            match self.counted.get(&of).copied() {
                Some(last) if next > last.saturating_add(1) => return Err(End::Gap { last, next }),
                Some(last) if next <= last => return Ok(false),
                _ => self.counted.insert(of, next),
            };
        }
        match said {
            Said::Quotes(quotes) => {
                quotes.into_iter().for_each(|quote| self.take(quote, at));
                Ok(true)
            }
            Said::Trading(trading) => {
                self.is_halted = !trading;
                if self.is_halted {
                    tracing::warn!(%venue, "venue does not trade");
                    // What it quoted before is not what one could trade at now.
                    self.of.board.with(|board| board.connected(venue, at));
                }
                Ok(false)
            }
            Said::Reconnect if !self.is_leaving => Err(End::Asked),
            Said::Alive | Said::Pong | Said::Reconnect => Ok(false),
        }
    }

    fn alive(&mut self, at: Moment) {
        self.heard = Instant::now();
        let venue = self.of.venue.id();
        self.of.board.with(|board| board.heard(venue, at));
    }

    /// Only the answer to a ping of ours counts, and only once: nobody keeps old quotes alive by saying pong.
    fn ponged(&mut self, at: Moment) {
        if std::mem::take(&mut self.is_pinging) {
            self.alive(at);
        }
    }

    fn complain(&self, error: &WireError) {
        let venue = self.of.venue.id();
        metrics::counter!("rooms_oracle_venue_unreadable_total", "venue" => venue.name()).increment(1);
        let text = chassis::tasks::with_sources(error);
        // One refused subscription does not spoil the others; if all are, nothing is quoted.
        match error {
            WireError::Refused(_) => tracing::warn!(%venue, error = text, "venue refuses"),
            _ => tracing::debug!(%venue, error = text, "message not read"),
        }
    }

    fn take(&self, quote: VenueQuote, at: Moment) {
        let venue = self.of.venue.id();
        let latency = u64::try_from(at.since(quote.venue_time)).unwrap_or_default();
        metrics::histogram!("rooms_oracle_venue_latency_seconds", "venue" => venue.name())
            .record(Duration::from_micros(latency).as_secs_f64());
        let reason = if self.is_halted {
            "halted"
        } else {
            match self.of.board.with(|board| board.quoted(venue, quote, at)) {
                Ok(()) => return,
                Err(Dropped::Skewed { .. }) => "skewed",
                Err(Dropped::OutOfOrder) => "out_of_order",
                Err(Dropped::NotConnected) => "not_connected",
            }
        };
        metrics::counter!("rooms_oracle_venue_dropped_total", "venue" => venue.name(), "reason" => reason)
            .increment(1);
        tracing::debug!(%venue, reason, "quote dropped");
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
