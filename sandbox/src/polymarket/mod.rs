//! A simulated Polymarket: Data API v2, Gamma, and the CLOB with its WebSocket, in their real wire formats over one
//! exchange that lives by itself.
//!
//! Each server has a port of its own, as the real ones have hosts of their own, and keeps their paths. The exchange is
//! drawn from a seed and books every deed exactly ([`Exchange`]); [`Polymarket`] is how scripts steer it and break its
//! servers, and [`router`] the same over HTTP.

pub mod book;
pub mod catalogue;
mod control;
pub mod exchange;
pub mod faults;
pub mod holdings;
pub mod life;
mod names;
pub mod tape;
pub mod traffic;
mod wire;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub use control::router;
pub use exchange::{Deed, Exchange, Fill, Refused, When};
pub use faults::{Fault, Host};
pub use holdings::Token;
pub use life::Life;
pub use tape::{Kind, Row, Side};
use traffic::{Asked, Traffic};
use wire::{clob, data, gamma, socket};

/// How long a block's fills take to come to be seen.
const LAG: Duration = Duration::from_millis(1_500);

/// What is remembered for a slow WebSocket.
const TICKS: usize = 1_024;

/// The largest answer that is cut for [`Fault::Garbled`].
const ANSWER: usize = 16 * 1024 * 1024;

/// How Polymarket starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides who there is and what they do.
    pub seed: u64,
    /// Wallets.
    pub wallets: usize,
    /// Events, each with one to four markets.
    pub events: usize,
    /// Deeds that were done in the day before.
    pub past: u32,
    /// Between two deeds, on average; nothing happens by itself without it.
    pub pace: Option<Duration>,
    /// Where to listen: data, gamma, CLOB; 0 takes a free port.
    pub ports: [u16; 3],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            wallets: 120,
            events: 12,
            past: 600,
            pace: Some(Duration::from_secs(4)),
            ports: [0; 3],
        }
    }
}

/// What WebSockets tell.
#[derive(Clone, Copy, Debug)]
enum Tick {
    /// An order was filled: the place of its row.
    Traded(usize),
    /// A market was decided: its place.
    Resolved(usize),
}

/// The running servers; clones are handles of the same.
#[derive(Clone, Debug)]
pub struct Polymarket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    exchange: Mutex<Exchange>,
    traffic: Mutex<Traffic>,
    faults: [watch::Sender<Fault>; 3],
    pace: watch::Sender<Option<Duration>>,
    ticks: broadcast::Sender<Tick>,
    addresses: [SocketAddr; 3],
}

/// Starts the servers and the life on them; they run until `shutdown` is cancelled.
///
/// # Errors
/// A port cannot be bound.
pub async fn serve(settings: Settings, shutdown: CancellationToken) -> io::Result<Polymarket> {
    let [data, gamma, clob] = settings.ports;
    let bind = |port| TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let listeners = [bind(data).await?, bind(gamma).await?, bind(clob).await?];
    let [data, gamma, clob] = &listeners;
    let addresses = [data.local_addr()?, gamma.local_addr()?, clob.local_addr()?];
    let mut life = Life::new(settings.seed);
    let polymarket = Polymarket(Arc::new(Inner {
        exchange: Mutex::new(begin(&settings, &mut life)),
        traffic: Mutex::default(),
        faults: std::array::from_fn(|_| watch::Sender::new(Fault::None)),
        pace: watch::Sender::new(settings.pace),
        ticks: broadcast::Sender::new(TICKS),
        addresses,
    }));
    for (host, listener) in Host::ALL.into_iter().zip(listeners) {
        let routes = polymarket.routes(host);
        // Dropped rather than ended gracefully: WebSockets stay open for ever.
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, %host, "Polymarket stopped listening");
            }
        }));
    }
    tokio::spawn(shutdown.run_until_cancelled_owned(polymarket.clone().live(life, settings.seed)));
    Ok(polymarket)
}

/// The exchange with a day behind it.
fn begin(settings: &Settings, life: &mut Life) -> Exchange {
    let now = now();
    let day = 86_400_000;
    let mut exchange = Exchange::new(settings.seed, settings.wallets, settings.events, (now - day) / 1_000);
    for nth in 0..settings.past {
        let at = now - day + day / i64::from(settings.past) * i64::from(nth);
        let Some(deed) = life.next(&exchange) else { break };
        // A drawn deed can be done.
        let _ = exchange.apply(&deed, When { at, visible_at: at });
    }
    exchange.appear(now);
    exchange
}

impl Polymarket {
    /// Where a server is.
    #[must_use]
    pub fn url(&self, host: Host) -> String {
        let [data, gamma, clob] = self.0.addresses;
        let address = match host {
            Host::Data => data,
            Host::Gamma => gamma,
            Host::Clob => clob,
        };
        format!("http://{address}")
    }

    /// The market channel of the CLOB.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("{}/ws/market", self.url(Host::Clob).replacen("http", "ws", 1))
    }

    /// Does something now; it is shown a little later. Returns the places of its rows on the tape.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn apply(&self, deed: &Deed) -> Result<std::ops::Range<usize>, Refused> {
        let at = now();
        let late = match self.fault(Host::Data) {
            Fault::Late(late) if self.exchange().tape().rows().len().is_multiple_of(3) => late,
            _ => Duration::ZERO,
        };
        let after = i64::try_from((LAG + late).as_millis()).unwrap_or_default();
        let (first, end) = self.exchange().apply(deed, When { at, visible_at: at + after })?;
        let tick = match deed {
            Deed::Trade(_) => Some(Tick::Traded(first)),
            Deed::Resolve { market, .. } => Some(Tick::Resolved(*market)),
            _ => None,
        };
        // Nobody may listen.
        tick.into_iter().for_each(|tick| drop(self.0.ticks.send(tick)));
        Ok(first..end)
    }

    /// Looks at the exchange as it is shown now, in Unix milliseconds.
    pub fn read<T>(&self, look: impl FnOnce(&Exchange, i64) -> T) -> T {
        let mut exchange = self.exchange();
        let now = now();
        exchange.appear(now);
        look(&exchange, now)
    }

    /// The exchange, to be looked at or added to. Deeds go through [`Polymarket::apply`].
    pub fn exchange(&self) -> MutexGuard<'_, Exchange> {
        lock(&self.0.exchange)
    }

    /// Breaks or repairs a server.
    pub fn set_fault(&self, host: Host, fault: Fault) {
        self.of(host).send_replace(fault);
    }

    /// What is wrong with a server.
    #[must_use]
    pub fn fault(&self, host: Host) -> Fault {
        *self.of(host).borrow()
    }

    /// Between two deeds, on average; with nothing, nothing happens by itself.
    pub fn set_pace(&self, pace: Option<Duration>) {
        self.0.pace.send_replace(pace);
    }

    /// What a route was asked.
    #[must_use]
    pub fn asked(&self, host: Host, route: &str) -> Asked {
        lock(&self.0.traffic).of(host, route)
    }

    fn of(&self, host: Host) -> &watch::Sender<Fault> {
        let [data, gamma, clob] = &self.0.faults;
        match host {
            Host::Data => data,
            Host::Gamma => gamma,
            Host::Clob => clob,
        }
    }

    fn faults(&self, host: Host) -> watch::Receiver<Fault> {
        self.of(host).subscribe()
    }

    fn ticks(&self) -> broadcast::Receiver<Tick> {
        self.0.ticks.subscribe()
    }

    async fn live(self, mut life: Life, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX);
        let mut pace = self.0.pace.subscribe();
        loop {
            let Some(mean) = *pace.borrow_and_update() else {
                if pace.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let pause = mean * random.random_range(20..180) / 100;
            tokio::select! {
                _ = pace.changed() => continue,
                () = sleep(pause) => {}
            }
            let deed = life.next(&self.exchange());
            if let Some(Err(why)) = deed.map(|deed| self.apply(&deed)) {
                // Somebody else was faster.
                tracing::debug!(%why, "not done");
            }
        }
    }

    fn routes(&self, host: Host) -> Router {
        let routes = match host {
            Host::Data => Router::new()
                .route("/v2/trades", get(data::trades))
                .route("/v2/activity", get(data::activity))
                .route("/v2/positions", get(data::positions))
                .route("/v2/value", get(data::value)),
            Host::Gamma => Router::new()
                .route("/markets", get(gamma::markets))
                .route("/markets/keyset", get(gamma::keyset))
                .route("/markets/slug/{slug}", get(gamma::market_by_slug))
                .route("/markets/{id}", get(gamma::market_by_id))
                .route("/events", get(gamma::events))
                .route("/events/slug/{slug}", get(gamma::event_by_slug))
                .route("/public-search", get(gamma::search)),
            Host::Clob => Router::new()
                .route("/book", get(clob::book))
                .route("/books", post(clob::books))
                .route("/price", get(clob::price))
                .route("/midpoint", get(clob::midpoint))
                .route("/prices-history", get(clob::history))
                .route("/markets/{condition}", get(clob::market))
                .route("/ws/market", get(socket::market)),
        };
        let weather = from_fn_with_state((self.clone(), host), weather);
        routes.route_layer(weather).with_state(self.clone())
    }
}

/// Between the network and a server: its limits, and what is wrong with it.
async fn weather(
    State((polymarket, host)): State<(Polymarket, Host)>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let wait = lock(&polymarket.0.traffic).ask(host, path.as_str(), Instant::now());
    sleep(wait).await;
    let fault = polymarket.fault(host);
    match fault {
        Fault::None | Fault::Shuffled | Fault::Late(_) => next.run(request).await,
        Fault::Away => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>";
            (StatusCode::BAD_GATEWAY, Html(page)).into_response()
        }
        Fault::Silent => {
            // Until it is repaired, or whoever asked has gone.
            let mut faults = polymarket.faults(host);
            let _ = faults.wait_for(|now| *now != Fault::Silent).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Fault::Error => Json(json!({"error": "internal error"})).into_response(),
        Fault::Limited(seconds) => {
            let wait = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, Json(json!({"error": "Too Many Requests"}))).into_response()
        }
        Fault::Garbled => {
            let answer = next.run(request).await;
            let body = axum::body::to_bytes(answer.into_body(), ANSWER).await.unwrap_or_default();
            let half = body.slice(..body.len() / 2);
            ([(header::CONTENT_TYPE, "application/json")], half).into_response()
        }
    }
}

/// Unix milliseconds.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the outside world has a clock of its own")]
pub fn now() -> i64 {
    let now = time::OffsetDateTime::now_utc();
    now.unix_timestamp() * 1_000 + i64::from(now.millisecond())
}

/// A poisoned lock only means that somebody panicked; a deed is done whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
