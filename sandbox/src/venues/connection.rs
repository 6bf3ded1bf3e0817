//! One client of one venue: carries frames between the socket and the protocol, and suffers the faults that
//! concern connections.

use axum::{
    Router,
    extract::{
        OriginalUri, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::any,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, interval_at, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    market::{Desk, Market},
    venue::{Fault, Venue},
    wire::{Frame, Pace, Session, View, session},
};

/// Out of how many messages with quotes a gap swallows one.
const GAP_EVERY: u32 = 10;

/// Between the announcement of a restart and the end of the connection.
const RESTART_GRACE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Door {
    market: Market,
    venue: Venue,
    pace: Pace,
    shutdown: CancellationToken,
    connections: Arc<AtomicU64>,
}

/// The paths under which `venue` takes WebSocket connections.
pub(super) fn router(market: Market, venue: Venue, pace: Pace, shutdown: CancellationToken) -> Router {
    let door = Door { market, venue, pace, shutdown, connections: Arc::default() };
    let router = Router::new().route(venue.path(), any(upgrade));
    let router = match venue {
        Venue::Binance => router.route("/ws", any(upgrade)).route("/ws/{*streams}", any(upgrade)),
        _ => router,
    };
    router.with_state(door)
}

async fn upgrade(
    State(door): State<Door>,
    OriginalUri(uri): OriginalUri,
    upgrade: WebSocketUpgrade,
) -> Response {
    let number = door.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let session = session(door.venue, door.pace, number, &uri);
    upgrade.on_upgrade(move |socket| async move {
        let present = door.market.enter(door.venue);
        let connection = Connection::new(socket, session, door.market.desk(door.venue));
        door.shutdown.run_until_cancelled(connection.run()).await;
        drop(present);
    })
}

struct Connection<'a> {
    socket: WebSocket,
    session: Box<dyn Session>,
    desk: &'a Desk,
    quotes: broadcast::Receiver<super::tape::Quote>,
    numbered: u32,
}

impl<'a> Connection<'a> {
    fn new(socket: WebSocket, session: Box<dyn Session>, desk: &'a Desk) -> Self {
        Connection { socket, session, desk, quotes: desk.quotes(), numbered: 0 }
    }

    /// Serves the client until it leaves, breaks a rule of the venue, or the venue goes down.
    async fn run(mut self) {
        let mut faults = self.desk.faults();
        let mut restarts = self.desk.restarts();
        let mut second = interval_at(Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
        let mut end: Option<Instant> = None;
        if silence(&mut faults).await.is_err() {
            return;
        }
        let mut frames = self.session.opened(&self.view());
        loop {
            if !self.send(frames).await {
                return;
            }
            frames = tokio::select! {
                biased;
                changed = faults.changed() => {
                    if changed.is_err() || silence(&mut faults).await.is_err() {
                        return;
                    }
                    // What was quoted during a silence is lost.
                    self.quotes = self.quotes.resubscribe();
                    Vec::new()
                }
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.session.received(&text, &self.view()),
                    Some(Ok(Message::Ping(_))) => self.session.pinged(),
                    Some(Ok(Message::Pong(_))) => { self.session.ponged(); Vec::new() }
                    Some(Ok(Message::Binary(_))) => Vec::new(),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
                _ = restarts.changed() => {
                    end = Some(Instant::now() + RESTART_GRACE);
                    self.session.restarting(&self.view())
                }
                () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => {
                    vec![Frame::Close(1012, "service restart")]
                }
                _ = second.tick() => self.session.second(&self.view()),
                quote = self.quotes.recv() => match quote {
                    Ok(quote) => { let frames = self.session.quoted(&quote); self.numbered(frames) }
                    // A client too slow to keep up misses quotes, as it does at the real venues.
                    Err(RecvError::Lagged(_)) => Vec::new(),
                    Err(RecvError::Closed) => return,
                },
            };
        }
    }

    fn view(&self) -> View {
        View { now: self.desk.now(), quotes: self.desk.latest() }
    }

    /// Loses every tenth of the `frames` while there is a gap.
    fn numbered(&mut self, mut frames: Vec<Frame>) -> Vec<Frame> {
        if self.desk.fault() == Fault::Gap {
            frames.retain(|_| {
                self.numbered = (self.numbered + 1) % GAP_EVERY;
                self.numbered != 0
            });
        }
        frames
    }

    /// False when the connection is over.
    async fn send(&mut self, frames: Vec<Frame>) -> bool {
        for frame in frames {
            let (message, last) = match frame {
                Frame::Text(text) => (Message::Text(text.into()), false),
                Frame::Ping(payload) => (Message::Ping(payload.into()), false),
                Frame::Close(code, reason) => {
                    (Message::Close(Some(CloseFrame { code, reason: reason.into() })), true)
                }
            };
            if self.socket.send(message).await.is_err() || last {
                return false;
            }
        }
        true
    }
}

/// Waits while the venue is silent: nothing is read either, so that not even a ping is answered.
async fn silence(faults: &mut tokio::sync::watch::Receiver<Fault>) -> Result<(), ()> {
    match faults.wait_for(|fault| *fault != Fault::Silent).await.map(|fault| *fault) {
        Ok(Fault::Down) | Err(_) => Err(()),
        Ok(_) => Ok(()),
    }
}
