//! Simulated price venues: WebSocket servers that speak the wire formats of Binance, Coinbase, Kraken, OKX
//! and Bitstamp over one steerable market.
//!
//! Each venue has a port of its own and keeps the real endpoint's path, so one URL per venue points a
//! production client here. Prices are seeded random walks in decimals; see [`Market`] for how scripts steer
//! them and break venues, and [`router`] for the same over HTTP.

pub mod aggregators;
mod connection;
pub(crate) mod control;
mod market;
mod tape;
mod venue;
pub(crate) mod walk;
mod wire;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{Router, serve as serve_http};
use rust_decimal::Decimal;
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

pub use control::router;
pub use market::{Market, Refused, SWING_PPB};
pub use venue::{Asset, Fault, PerAsset, PerVenue, Unknown, Venue};
pub use walk::STEP;
pub use wire::Pace;

/// How the venues start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Decides every walk and every invented volume.
    pub seed: u64,
    /// Volatility, see [`SWING_PPB`].
    pub swing_ppb: u32,
    /// First prices in dollars.
    pub start: PerAsset<Decimal>,
    /// Where to listen.
    pub host: IpAddr,
    /// Ports; 0 takes a free one.
    pub ports: PerVenue<u16>,
    /// Intervals of the protocols.
    pub pace: Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            swing_ppb: SWING_PPB,
            start: PerAsset {
                sol: Decimal::from(150),
                btc: Decimal::from(100_000),
                eth: Decimal::from(4_000),
                usdt: Decimal::ONE,
            },
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: PerVenue::default(),
            pace: Pace::default(),
        }
    }
}

/// Starts all venues; they run until `shutdown` is cancelled.
///
/// # Errors
/// A port cannot be bound.
pub async fn serve(settings: Settings, shutdown: CancellationToken) -> io::Result<Market> {
    let bind = |venue| TcpListener::bind(SocketAddr::new(settings.host, *settings.ports.get(venue)));
    let listeners = PerVenue {
        binance: bind(Venue::Binance).await?,
        coinbase: bind(Venue::Coinbase).await?,
        kraken: bind(Venue::Kraken).await?,
        okx: bind(Venue::Okx).await?,
        bitstamp: bind(Venue::Bitstamp).await?,
    };
    let addresses = PerVenue {
        binance: listeners.binance.local_addr()?,
        coinbase: listeners.coinbase.local_addr()?,
        kraken: listeners.kraken.local_addr()?,
        okx: listeners.okx.local_addr()?,
        bitstamp: listeners.bitstamp.local_addr()?,
    };
    let market = Market::new(settings.seed, settings.swing_ppb, &settings.start, &addresses);
    let PerVenue { binance, coinbase, kraken, okx, bitstamp } = listeners;
    let listeners = [
        (Venue::Binance, binance),
        (Venue::Coinbase, coinbase),
        (Venue::Kraken, kraken),
        (Venue::Okx, okx),
        (Venue::Bitstamp, bitstamp),
    ];
    for (venue, listener) in listeners {
        let mut tape = tape::Tape::new(venue, settings.seed);
        // Whoever subscribes first finds a price to begin with.
        publish(&market, venue, &mut tape);
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(keep_publishing(
            market.clone(),
            venue,
            tape,
        )));
        let router = connection::router(market.clone(), venue, settings.pace, shutdown.clone());
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(listen(
            market.clone(),
            venue,
            listener,
            router,
        )));
    }
    tokio::spawn(shutdown.run_until_cancelled_owned(keep_walking(market.clone())));
    Ok(market)
}

async fn keep_walking(market: Market) {
    let mut clock = interval(STEP);
    loop {
        clock.tick().await;
        market.step();
    }
}

async fn keep_publishing(market: Market, venue: Venue, mut tape: tape::Tape) {
    let mut clock = interval(venue.period());
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        clock.tick().await;
        if market.fault(venue) != Fault::Stale {
            publish(&market, venue, &mut tape);
        }
    }
}

fn publish(market: &Market, venue: Venue, tape: &mut tape::Tape) {
    let fault = market.fault(venue);
    let quotes = venue.assets().iter().map(|asset| tape.quote(*asset, market.moment(venue, *asset), fault));
    market.desk(venue).publish(quotes.collect());
}

/// Serves `venue`, but for the time it is down: then nobody listens, so that connections are refused.
async fn listen(market: Market, venue: Venue, first: TcpListener, router: Router) {
    let mut listener = Some(first);
    let mut fault = market.desk(venue).faults();
    loop {
        let bound = match listener.take() {
            Some(listener) => listener,
            None => rebind(market.address(venue)).await,
        };
        let mut until = fault.clone();
        let down = async move {
            // An error means that the market is gone, and with it the reason to listen.
            let _ = until.wait_for(|fault| *fault == Fault::Down).await;
        };
        if let Err(error) = serve_http(bound, router.clone()).with_graceful_shutdown(down).await {
            tracing::warn!(%venue, %error, "venue stopped listening");
        }
        if fault.wait_for(|fault| *fault != Fault::Down).await.is_err() {
            return;
        }
    }
}

/// Takes the port again; another process may sit on it for a moment.
async fn rebind(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => tracing::warn!(%address, %error, "venue cannot listen again yet"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}
