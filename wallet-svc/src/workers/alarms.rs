//! What somebody has to look at before users feel it: a treasury that runs low, and withdrawals that are paused. A gauge
//! says it for as long as it is so; the log says it once, with what to do.

use super::Context;
use crate::{domain::pause::Cause, keys::KeyOwner, store};
use chassis::Fault;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// What was said already, so that a round repeats nothing.
#[derive(Default)]
pub(super) struct Alarms(Mutex<Said>);

#[derive(Default)]
struct Said {
    low: bool,
    paused: BTreeSet<Cause>,
}

impl Context {
    /// One round. Every replica looks by itself: a gauge of a replica that is gone says nothing.
    pub(super) async fn raise_alarms(&self) -> Result<(), Fault> {
        // Made by the first job that needs it, once there is a chain.
        let Some(key) = store::key::of_owner(self.db.pool(), KeyOwner::Treasury).await? else {
            return Ok(());
        };
        let treasury = key.address;
        let lies = store::address::balance(self.db.pool(), &treasury).await?;
        let paused = store::pause::all(self.db.pool()).await?;
        let mut said = self.alarms.0.lock().unwrap_or_else(PoisonError::into_inner);

        let low = lies < self.settings.treasury_low;
        metrics::gauge!("wallet_treasury_low").set(if low { 1.0 } else { 0.0 });
        if low && !said.low {
            let below = self.settings.treasury_low;
            tracing::error!(%treasury, %lies, %below, "the treasury runs low: send SOL to it, or withdrawals will wait");
        } else if said.low && !low {
            tracing::info!(%treasury, %lies, "the treasury has enough again");
        }
        said.low = low;

        for cause in Cause::ALL {
            let pause = paused.iter().find(|pause| pause.cause == cause);
            metrics::gauge!("wallet_paused", "cause" => cause.word()).set(pause.map_or(0.0, |_| 1.0));
            match pause {
                Some(pause) if said.paused.insert(cause) => {
                    let (reason, advice) = (pause.reason.as_str(), cause.advice());
                    tracing::error!(cause = cause.word(), since = %pause.since, reason, advice, "withdrawals are paused");
                }
                None if said.paused.remove(&cause) => {
                    tracing::info!(cause = cause.word(), "resumed");
                }
                _ => {}
            }
        }
        Ok(())
    }
}
