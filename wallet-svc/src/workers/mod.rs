//! The single-writer jobs of the chain side. Each holds a lease and does rounds; a round that
//! fails changes nothing and is done again.

mod anchors;
mod carrier;
mod chain_view;
mod deposits;
mod drift;
mod guard;
mod postings;
pub mod requests;
mod settings;
mod sweeps;
mod treasury;
mod withdrawals;

pub use chain_view::ChainView;
pub use settings::{ChainSettings, Pace};

use crate::{
    chain::{Network, NetworkError, RpcPool},
    keys::{Signer, SignerError},
};
use chassis::{Db, Fault, Held, Lease, Runtime, Unit, health::Role, tasks::Stage};
use guard::Guard;
use solana_pubkey::Pubkey;
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long a standby waits for a silent holder.
const TERM: Duration = Duration::from_secs(10);

/// What every job works with.
pub(crate) struct Context {
    db: Db,
    network: Arc<dyn Network>,
    signer: Arc<dyn Signer>,
    settings: ChainSettings,
    guard: Guard,
    treasury: treasury::Treasury,
}

impl Context {
    /// A transaction that commits only while this process holds the lease.
    async fn unit(&self, held: &Held) -> Result<Unit, Fault> {
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
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

/// Spawns all jobs. Nothing moves before the guard has found our chain.
pub fn spawn(runtime: &Runtime, settings: ChainSettings, signer: Arc<dyn Signer>) -> ChainView {
    let network: Arc<dyn Network> = Arc::new(RpcPool::new(&settings.rpc));
    let guard = Guard::new(runtime.health.report("chain", Role::Work, None), runtime.common.network);
    let treasury = treasury::Treasury::default();
    let context = Arc::new(Context { db: runtime.db.clone(), network, signer, settings, guard, treasury });
    let watching = Arc::clone(&context);
    let stopping = runtime.tasks.stopping(Stage::Intake);
    runtime.tasks.spawn(Stage::Intake, "chain guard", async move {
        watching.guard.watch(&watching, stopping).await;
        Ok::<(), Infallible>(())
    });
    let pace = context.settings.pace;
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
    runtime.tasks.spawn(Stage::Intake, name, async move {
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
