//! What is wrong with Polymarket meanwhile: one fault after another on the server of trades, in an order that the seed
//! decides, and now and then one of the others with it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::tale::Tale;
use crate::polymarket::{Fault, Host, Polymarket};

/// How long a fault lasts, and how long it is calm between two.
const LASTS: std::ops::Range<u64> = 2_000..5_000;
const CALM: std::ops::Range<u64> = 1_500..3_500;

const FAULTS: [Fault; 7] = [
    Fault::Away,
    Fault::Silent,
    Fault::Error,
    Fault::Garbled,
    Fault::Limited(2),
    Fault::Shuffled,
    Fault::Late(Duration::from_secs(2)),
];

/// The faults that came.
#[derive(Debug, Default)]
pub struct Weather(Mutex<BTreeSet<&'static str>>);

impl Weather {
    /// Goes on until it is `over`; then all is well.
    pub async fn change(&self, polymarket: &Polymarket, seed: u64, tale: &Tale, over: &CancellationToken) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(3);
        let blowing = async {
            let mut faults = FAULTS;
            loop {
                faults.shuffle(&mut random);
                for fault in faults {
                    sleep(Duration::from_millis(random.random_range(CALM))).await;
                    polymarket.set_fault(Host::Data, fault);
                    let other = [None, Some(Host::Gamma), Some(Host::Clob)];
                    let other = other.get(random.random_range(0..other.len())).copied().flatten();
                    other.into_iter().for_each(|host| polymarket.set_fault(host, Fault::Away));
                    let besides = other.map(|host| format!(", {host} is away")).unwrap_or_default();
                    tale.tell("", format_args!("** data: {}{besides}", fault.name()));
                    sleep(Duration::from_millis(random.random_range(LASTS))).await;
                    calm(polymarket);
                    self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(fault.name());
                }
            }
        };
        let _: Option<()> = over.run_until_cancelled(blowing).await;
        calm(polymarket);
    }

    /// How many kinds of faults there were.
    pub fn kinds(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// All is well.
fn calm(polymarket: &Polymarket) {
    Host::ALL.into_iter().for_each(|host| polymarket.set_fault(host, Fault::None));
}
