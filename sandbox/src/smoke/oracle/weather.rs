//! What happens to the venues meanwhile: at any time one of them lies and another one vanishes, freezes or has a wrong
//! clock, in an order that the seed decides. Three of five stay honest, which is the quorum.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use proto::oracle::{Aggregate, GetAggregateRequest, oracle_service_client::OracleServiceClient};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::super::tale::Tale;
use crate::venues::{Fault, Market, Venue};
use crate::world::World;

/// How long a fault lasts.
const LASTS: std::ops::Range<u64> = 2_500..4_500;

/// How long everybody may take to come back from one. Who lost messages again and again waits longer each time.
const BACK_WITHIN: Duration = Duration::from_secs(20);

/// In percent: far enough to pass any target here.
const LIES: std::ops::Range<i64> = 4..40;

/// How a venue is lost.
const LOSSES: [(&str, Fault); 6] = [
    ("freezes", Fault::Stale),
    ("falls silent", Fault::Silent),
    ("is down", Fault::Down),
    ("has a clock that is 5 s fast", Fault::Clock { seconds: 5 }),
    ("has a clock that is 5 s slow", Fault::Clock { seconds: -5 }),
    ("loses messages", Fault::Gap),
];

/// The faults of a run, and those that came.
#[derive(Debug)]
pub struct Weather {
    seed: u64,
    /// Lies go the way in which the market is steered: a frozen venue lags on the other side, so that the quartiles stay
    /// honest and no result is suspicious.
    upward: bool,
    came: Mutex<(usize, BTreeSet<&'static str>)>,
}

impl Weather {
    /// The same for the same seed.
    pub fn new(seed: u64, upward: bool) -> Self {
        Self { seed, upward, came: Mutex::default() }
    }

    /// Goes on until it is `over`; then all venues are well.
    ///
    /// # Errors
    /// The market refuses a fault.
    pub async fn change(&self, world: &World, tale: &Tale, over: &CancellationToken) -> Result<()> {
        // Another stream of numbers than the plan's.
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(1);
        let market = world.market();
        let blowing = async {
            loop {
                self.phase(market, tale, &mut random).await?;
                all_fresh(world).await;
            }
        };
        let blown: Option<Result<()>> = over.run_until_cancelled(blowing).await;
        calm(market)?;
        all_fresh(world).await;
        blown.unwrap_or(Ok(()))
    }

    async fn phase(&self, market: &Market, tale: &Tale, random: &mut ChaCha8Rng) -> Result<()> {
        let mut venues = Venue::ALL;
        venues.shuffle(random);
        let [liar, lost, ..] = venues;
        let percent = random.random_range(LIES);
        let percent = Decimal::from(if self.upward { percent } else { -percent });
        market.set_fault(liar, Fault::Wrong { percent })?;
        let (how, fault) = loop {
            let drawn = LOSSES
                .get(random.random_range(0..LOSSES.len()))
                .copied()
                .unwrap_or(("freezes", Fault::Stale));
            if drawn.1 != Fault::Gap || lost.numbers_messages() {
                break drawn;
            }
        };
        market.set_fault(lost, fault)?;
        // Politely, as for an upgrade: nobody should notice. Those that say so before.
        let tells = |venue: &Venue| matches!(venue, Venue::Binance | Venue::Bitstamp | Venue::Okx);
        let polite = venues.get(2).copied().filter(tells);
        polite.into_iter().for_each(|venue| market.restart(venue));
        let restarts = polite.map(|venue| format!(", {venue} is upgraded")).unwrap_or_default();
        tale.tell("", format_args!("** {liar} is wrong by {percent} %, {lost} {how}{restarts}"));
        sleep(Duration::from_millis(random.random_range(LASTS))).await;
        calm(market)?;
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.0 += 1;
        came.1.insert(how);
        Ok(())
    }

    /// How many phases there were, and how many kinds of losses.
    pub fn counts(&self) -> (usize, usize) {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        (came.0, came.1.len())
    }
}

/// All venues are well.
///
/// # Errors
/// Never: being well is not refused.
pub fn calm(market: &Market) -> Result<()> {
    Venue::ALL.into_iter().try_for_each(|venue| market.set_fault(venue, Fault::None))?;
    Ok(())
}

/// Waits until all venues are heard again, so that the next fault does not meet an unfinished recovery.
async fn all_fresh(world: &World) {
    let deadline = Instant::now() + BACK_WITHIN;
    while Instant::now() < deadline {
        let quotes = aggregate(world, "SOL").await.map_or(0, |found| found.quotes.len());
        if quotes == Venue::ALL.len() {
            return;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// What an oracle says: the first that answers.
pub async fn aggregate(world: &World, asset: &str) -> Option<Aggregate> {
    for oracle in world.addresses().services.iter().filter(|service| service.name == "oracle-svc") {
        let Ok(channel) = world.channel_to(oracle) else { continue };
        let mut client = OracleServiceClient::new(channel);
        if let Ok(answer) = client.get_aggregate(GetAggregateRequest { asset: asset.to_owned() }).await {
            return answer.into_inner().aggregate;
        }
    }
    None
}
