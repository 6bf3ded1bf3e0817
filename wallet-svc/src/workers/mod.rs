//! The single-writer jobs of the chain side. Each holds a lease and does rounds; a round that
//! fails changes nothing and is done again.

mod alarms;
mod anchors;
mod anomalies;
mod carrier;
mod chain_view;
pub mod deposits;
mod drift;
pub mod ends;
mod entries;
mod guard;
mod proofs;
pub mod requests;
mod settings;
mod subscriptions;
mod sweeps;
mod treasury;
pub mod withdrawals;

pub use anomalies::AnomalySettings;
pub use chain_view::ChainView;
pub use settings::{ChainSettings, Pace};
pub use subscriptions::listen;
pub(crate) use withdrawals::step as withdrawal_step;

use crate::{
    chain::{Network, NetworkError, RpcPool},
    keys::{KeyCheck, Signer, SignerError},
};
use chassis::{Db, Fault, Held, Lease, Runtime, Unit, health::Role, tasks::Stage};
use guard::Guard;
use rand::Rng;
use solana_pubkey::Pubkey;
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long a standby waits for a silent holder.
const TERM: Duration = Duration::from_secs(10);

/// Replicas that start together share the jobs: each waits a random part of this before it asks for a lease, so that
/// none takes all because it was a moment faster.
const SPREAD: Duration = Duration::from_secs(1);

/// What every job works with.
pub(crate) struct Context {
    db: Db,
    network: Arc<dyn Network>,
    signer: Arc<dyn Signer>,
    keys: Arc<KeyCheck>,
    settings: ChainSettings,
    guard: Guard,
    treasury: treasury::Treasury,
    alarms: alarms::Alarms,
}

impl Context {
    /// A transaction that commits only while this process holds the lease.
    async fn unit(&self, held: &Held) -> Result<Unit, Fault> {
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        metrics::counter!("wallet_job_transactions_total").increment(1);
        Ok(unit)
    }

    /// The treasury's address.
    async fn treasury(&self) -> Result<Pubkey, Fault> {
        self.treasury.address(&self.db, self.signer.as_ref()).await
    }
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        Self::upstream("solana rpc", error)
    }
}

impl From<SignerError> for Fault {
    fn from(error: SignerError) -> Self {
        Self::upstream("signer", error)
    }
}

/// Spawns all jobs. Nothing moves before the guard has found our keys and our chain.
pub fn spawn(
    runtime: &Runtime,
    settings: ChainSettings,
    signer: Arc<dyn Signer>,
    keys: Arc<KeyCheck>,
) -> ChainView {
    let network: Arc<dyn Network> = Arc::new(RpcPool::new(&settings.rpc));
    let guard = Guard::new(runtime.health.report("chain", Role::Work, None), runtime.common.network);
    let treasury = treasury::Treasury::default();
    let alarms = alarms::Alarms::default();
    let context = Arc::new(Context {
        db: runtime.db.clone(),
        network,
        signer,
        keys,
        settings,
        guard,
        treasury,
        alarms,
    });
    let watching = Arc::clone(&context);
    let stopping = runtime.tasks.stopping(Stage::Intake);
    runtime.tasks.spawn(Stage::Intake, "chain guard", async move {
        watching.guard.watch(&watching, stopping).await;
        Ok::<(), Infallible>(())
    });
    let pace = context.settings.pace;
    let alarmed = Arc::clone(&context);
    runtime.every("wallet.alarms", pace.transactions, move || {
        let context = Arc::clone(&alarmed);
        async move { context.raise_alarms().await }
    });
    job(runtime, &context, "wallet.deposits", pace.deposits, |context, held| async move {
        context.read_deposits(&held).await
    });
    job(runtime, &context, "wallet.withdrawals", pace.transactions, |context, held| async move {
        context.move_withdrawals(&held).await
    });
    job(runtime, &context, "wallet.sweeps", pace.sweeps, |context, held| async move {
        context.sweep(&held).await
    });
    job(runtime, &context, "wallet.receipts", pace.transactions, |context, held| async move {
        context.anchor(&held).await
    });
    job(runtime, &context, "wallet.carrier", pace.transactions, |context, held| async move {
        context.carry(&held).await
    });
    job(runtime, &context, "wallet.drift", pace.drift, |context, held| async move {
        context.compare(&held).await
    });
    job(
        runtime,
        &context,
        "wallet.anomalies",
        context.settings.anomalies.pause,
        |context, held| async move { context.look_for_anomalies(&held).await },
    );
    job(runtime, &context, "wallet.entries", pace.entries, |context, held| async move {
        context.check_entries(&held).await
    });
    job(runtime, &context, "wallet.proofs", pace.transactions, |context, held| async move {
        context.prove(&held).await
    });
    ChainView(context)
}

/// Does rounds under a lease, one after the other, with a pause between them.
fn job<F, R>(runtime: &Runtime, context: &Arc<Context>, name: &'static str, pause: Duration, round: F)
where
    F: Fn(Arc<Context>, Held) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let lease = Lease::new(runtime.db.pool().clone(), name, TERM);
    let stopping = runtime.tasks.stopping(Stage::Intake);
    let context = Arc::clone(context);
    let spread = SPREAD * rand::rng().random_range(0..=100) / 100;
    runtime.tasks.spawn(Stage::Intake, name, async move {
        tokio::time::sleep(spread).await;
        lease
            .run(stopping, |held| {
                let (context, round) = (&context, &round);
                async move {
                    while !held.lost().is_cancelled() {
                        if context.guard.is_open() {
                            match round(Arc::clone(context), held.clone()).await {
                                Ok(()) => {}
                                Err(lost @ Fault::LeaseLost(_)) => return Err(lost),
                                Err(fault) => {
                                    metrics::counter!("wallet_rounds_failed_total", "job" => name)
                                        .increment(1);
                                    tracing::warn!(job = name, error = fault.chain(), "round failed");
                                }
                            }
                        }
                        tokio::time::sleep(pause).await;
                    }
                    Ok(())
                }
            })
            .await;
        Ok::<(), Infallible>(())
    });
}
