//! Whether the endpoints serve our chain and the stored keys are ours to use. Until they do, nothing moves and the
//! service is not ready: on another chain every signature of ours would look dead.
//!
//! One endpoint that lags behind closes nothing: what needs two of them, the proof of death and of failure, waits by
//! itself for as long as the second one knows less (`domain::chain_tx::judge`), and all the rest is asked of one.

use super::Context;
use crate::{
    domain::landmark::{Recognition, recognise},
    store,
};
use chassis::{Fault, health::Report, settings::Network};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Genesis hash of Solana's main network. <https://docs.solana.com/clusters>
const MAINNET_GENESIS: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
/// How soon it is tried again while it is not known.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Guard {
    open: AtomicBool,
    report: Report,
    network: Network,
}

impl Guard {
    pub(super) fn new(report: Report, network: Network) -> Self {
        Self { open: AtomicBool::new(false), report, network }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Looks at once, again soon while it is closed, and then regularly.
    pub(super) async fn watch(&self, context: &Context, stopping: CancellationToken) {
        while !stopping.is_cancelled() {
            match self.look(context).await {
                Ok(Ok(())) => {
                    self.open.store(true, Ordering::Release);
                    self.report.ok();
                }
                Ok(Err(why)) => {
                    self.open.store(false, Ordering::Release);
                    metrics::counter!("wallet_other_chain_total").increment(1);
                    tracing::error!(why, "nothing moves: not our chain, or not our keys");
                    self.report.failing(why);
                }
                // No answer proves nothing: what was found before stands.
                Err(fault) => {
                    tracing::warn!(error = fault.chain(), "chain not checked");
                    if !self.is_open() {
                        self.report.failing(fault.chain());
                    }
                }
            }
            let pause = if self.is_open() { context.settings.pace.guard } else { RETRY };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn look(&self, context: &Context) -> Result<Result<(), String>, Fault> {
        if let Err(wrong) = context.keys.look().await? {
            return Ok(Err(wrong.to_string()));
        }
        let on_mainnet = context.network.genesis().await?.to_string() == MAINNET_GENESIS;
        if on_mainnet != (self.network == Network::Mainnet) {
            return Ok(Err("the chain's genesis is not that of NETWORK".to_owned()));
        }
        let landmark = store::chain_tx::landmark(context.db.pool()).await?;
        let Some((landmark, slot)) = landmark else { return Ok(Ok(())) };
        let testimonies = context.network.testimonies(&[landmark], None).await;
        let answers = testimonies.first().map(Vec::as_slice).unwrap_or_default();
        match recognise(answers, slot) {
            Recognition::Ours => Ok(Ok(())),
            Recognition::Another => {
                Ok(Err("an endpoint does not find the newest finalized transaction that we know".to_owned()))
            }
            Recognition::Unknown => {
                Err(Fault::upstream("solana rpc", "no endpoint has come to the newest slot that we know"))
            }
        }
    }
}
