//! The market behind all venues, and the handle by which it is steered.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rust_decimal::Decimal;
use time::OffsetDateTime;
use tokio::sync::{broadcast, watch};

use super::{
    tape::{Moment, Quote},
    venue::{Asset, Fault, PerAsset, PerVenue, Venue},
    walk::Walk,
};

/// Each step of a walk adds four draws from ± this many parts per billion. At 20 steps a second the
/// standard deviation is 0.02 % in a quarter of an hour: five times less than the distance of the nearest
/// target that a room of that length may have, so that a scripted room is touched by the script only.
pub const SWING_PPB: u32 = 1_300;

/// The highest price that may be set, in dollars.
const HIGHEST: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

/// The longest drift.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// An order that the market refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The price is zero, negative or above ten million.
    #[error("a price must be above 0 and at most 10000000, not {0}")]
    Price(Decimal),
    /// The drift is longer than a day.
    #[error("a drift takes at most 24 hours")]
    Duration,
    /// A venue cannot be off by that much.
    #[error("a venue may be wrong by more than -100 and at most 1000 per cent, not {0}")]
    Percent(Decimal),
    /// A clock cannot be off by that much.
    #[error("a clock may be off by at most 86400 seconds, not {0}")]
    Seconds(i64),
    /// The venue sends no numbers by which a client could notice a gap.
    #[error("{0} does not number its messages: nobody could see a gap; binance and coinbase do")]
    Unnumbered(Venue),
}

/// The prices and faults of the simulated venues; cheap to clone, all clones steer the same market.
///
/// Prices are in dollars. Orders take effect with the next quote of each venue, at most 180 ms later.
#[derive(Clone)]
pub struct Market {
    inner: Arc<Inner>,
}

struct Inner {
    prices: Mutex<Prices>,
    desks: PerVenue<Desk>,
}

struct Prices {
    step: u64,
    walks: PerAsset<Walk>,
}

/// What the connections of one venue share.
pub(super) struct Desk {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    restarts: watch::Sender<u64>,
    quotes: broadcast::Sender<Quote>,
    latest: Mutex<Vec<Quote>>,
    clients: AtomicUsize,
}

/// A client is counted as long as this lives.
pub(super) struct Present {
    market: Market,
    venue: Venue,
}

impl Drop for Present {
    fn drop(&mut self) {
        self.market.desk(self.venue).clients.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Market {
    pub(super) fn new(
        seed: u64,
        swing_ppb: u32,
        start: &PerAsset<Decimal>,
        addresses: &PerVenue<SocketAddr>,
    ) -> Self {
        let walk = |asset| {
            // Nothing drives a dollar away from a dollar by itself.
            let swing = if asset == Asset::Usdt { 0 } else { swing_ppb };
            Walk::new(*start.get(asset), swing, seed, u64::from(asset as u8))
        };
        let desk = |venue| Desk {
            address: *addresses.get(venue),
            fault: watch::Sender::new(Fault::None),
            restarts: watch::Sender::new(0),
            quotes: broadcast::Sender::new(256),
            latest: Mutex::new(Vec::new()),
            clients: AtomicUsize::new(0),
        };
        let prices = Mutex::new(Prices { step: 0, walks: PerAsset::from_fn(walk) });
        Market { inner: Arc::new(Inner { prices, desks: PerVenue::from_fn(desk) }) }
    }

    /// The price of `asset` now, in dollars.
    #[must_use]
    pub fn price(&self, asset: Asset) -> Decimal {
        self.prices().walks.get(asset).price()
    }

    /// Whether the walk of `asset` stands still, or will when its drift has arrived.
    #[must_use]
    pub fn is_held(&self, asset: Asset) -> bool {
        self.prices().walks.get(asset).is_held()
    }

    /// Jumps to `price`, from where the walk goes on with its usual volatility.
    ///
    /// # Errors
    /// [`Refused::Price`].
    pub fn set(&self, asset: Asset, price: Decimal) -> Result<(), Refused> {
        self.prices().walks.get_mut(asset).set(checked(price)?, false);
        Ok(())
    }

    /// Jumps to `price` and stays there. Venues still take turns in straying from it by a unit of the last
    /// decimal or less than a basis point, so that quotes keep changing; their median is `price` exactly.
    ///
    /// # Errors
    /// [`Refused::Price`].
    pub fn hold_at(&self, asset: Asset, price: Decimal) -> Result<(), Refused> {
        self.prices().walks.get_mut(asset).set(checked(price)?, true);
        Ok(())
    }

    /// Stays at the present price; as [`Market::hold_at`]. A drift is given up.
    pub fn hold(&self, asset: Asset) {
        self.prices().walks.get_mut(asset).hold(true);
    }

    /// Lets the walk go on.
    pub fn release(&self, asset: Asset) {
        self.prices().walks.get_mut(asset).hold(false);
    }

    /// Goes to `target` in a straight line within `over`; then walks on, or stays there if `hold`.
    ///
    /// # Errors
    /// [`Refused::Price`], [`Refused::Duration`].
    pub fn drift(&self, asset: Asset, target: Decimal, over: Duration, hold: bool) -> Result<(), Refused> {
        let target = checked(target)?;
        if over > LONGEST {
            return Err(Refused::Duration);
        }
        self.prices().walks.get_mut(asset).drift(target, over, hold);
        Ok(())
    }

    /// What is wrong with `venue`.
    #[must_use]
    pub fn fault(&self, venue: Venue) -> Fault {
        self.desk(venue).fault()
    }

    /// Makes `venue` faulty, or well again with [`Fault::None`]; a new fault replaces the old one.
    ///
    /// # Errors
    /// [`Refused::Percent`], [`Refused::Seconds`], [`Refused::Unnumbered`].
    pub fn set_fault(&self, venue: Venue, fault: Fault) -> Result<(), Refused> {
        match fault {
            Fault::Wrong { percent }
                if percent <= -Decimal::ONE_HUNDRED || percent > Decimal::ONE_THOUSAND =>
            {
                return Err(Refused::Percent(percent));
            }
            Fault::Clock { seconds } if seconds.unsigned_abs() > 86_400 => {
                return Err(Refused::Seconds(seconds));
            }
            Fault::Gap if !venue.numbers_messages() => return Err(Refused::Unnumbered(venue)),
            _ => {}
        }
        self.desk(venue).fault.send_replace(fault);
        Ok(())
    }

    /// Restarts `venue` the polite way: every client is told in the venue's own words (Binance and Bitstamp
    /// have some) and disconnected two seconds later. New connections are taken all the time.
    pub fn restart(&self, venue: Venue) {
        self.desk(venue).restarts.send_modify(|count| *count += 1);
    }

    /// How many clients are connected. One that leaves a silent venue is counted until the silence ends.
    #[must_use]
    pub fn clients(&self, venue: Venue) -> usize {
        self.desk(venue).clients.load(Ordering::Relaxed)
    }

    /// Where `venue` listens.
    #[must_use]
    pub fn address(&self, venue: Venue) -> SocketAddr {
        self.desk(venue).address
    }

    /// The URL that takes the place of the real venue's. Binance's has no path: clients add `/stream` or
    /// `/ws` themselves.
    #[must_use]
    pub fn url(&self, venue: Venue) -> String {
        let path = if venue == Venue::Binance { "" } else { venue.path() };
        format!("ws://{}{path}", self.address(venue))
    }

    pub(super) fn desk(&self, venue: Venue) -> &Desk {
        self.inner.desks.get(venue)
    }

    pub(super) fn enter(&self, venue: Venue) -> Present {
        self.desk(venue).clients.fetch_add(1, Ordering::Relaxed);
        Present { market: self.clone(), venue }
    }

    /// Every walk takes a step.
    pub(super) fn step(&self) {
        let mut prices = self.prices();
        prices.step += 1;
        for asset in Asset::ALL {
            prices.walks.get_mut(asset).step();
        }
    }

    /// The market as `venue` sees it now.
    pub(super) fn moment(&self, venue: Venue, asset: Asset) -> Moment {
        let now = self.desk(venue).now();
        let prices = self.prices();
        Moment {
            price: prices.walks.get(asset).price_before(venue.lag()),
            usdt: prices.walks.usdt.price(),
            step: prices.step,
            now,
        }
    }

    fn prices(&self) -> MutexGuard<'_, Prices> {
        // Nothing panics while it holds the lock; if it did, prices would still be prices.
        self.inner.prices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// The venue's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "a venue has a clock of its own, which no test of ours steps"
    )]
    pub fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        match self.fault() {
            Fault::Clock { seconds } => now.saturating_add(time::Duration::seconds(seconds)),
            _ => now,
        }
    }

    pub fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    pub fn faults(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    pub fn restarts(&self) -> watch::Receiver<u64> {
        self.restarts.subscribe()
    }

    pub fn quotes(&self) -> broadcast::Receiver<Quote> {
        self.quotes.subscribe()
    }

    /// The last quote of each asset.
    pub fn latest(&self) -> Vec<Quote> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn publish(&self, quotes: Vec<Quote>) {
        for quote in &quotes {
            // It fails when no client is there, which is nobody's loss.
            let _ = self.quotes.send(quote.clone());
        }
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = quotes;
    }
}

fn checked(price: Decimal) -> Result<Decimal, Refused> {
    // Rounded as the walk rounds: what becomes zero is refused, too.
    if price.round_dp(8) > Decimal::ZERO && price <= HIGHEST { Ok(price) } else { Err(Refused::Price(price)) }
}
