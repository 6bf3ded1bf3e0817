//! wallet-svc owns all money: accounts and the ledger, deposits and withdrawals, the keys of our
//! addresses, and the receipts that settlements leave on chain. Nothing else moves a lamport.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests fail by panicking"
    )
)]

mod audit;
pub mod chain;
pub mod commands;
pub mod domain;
pub mod hints;
pub mod keys;
pub mod leaving;
pub mod limits;
pub mod movements;
mod operators;
mod proofs;
mod queries;
pub mod settings;
pub mod store;
pub mod totp;
pub mod workers;

use chassis::{
    Pool, Runtime, Service,
    settings::{Invalid, Reader},
    tasks::BoxError,
};
use keys::{KeyCheck, KeySettings, LocalKeystore, Policy, Signer, Turnkey};
use proto::wallet::{
    wallet_operator_service_server::WalletOperatorServiceServer, wallet_service_server::WalletServiceServer,
};
use settings::WalletSettings;
use sqlx::migrate::Migrator;
use std::sync::Arc;
use totp::Authenticators;

/// The service.
#[derive(Debug)]
pub struct WalletSvc;

impl Service for WalletSvc {
    const NAME: &'static str = "wallet-svc";
    const SERVICE: proto::Service = proto::Service::Wallet;
    const ABOUT: &'static str = "Accounts, ledger, deposits, withdrawals, keys, receipts on chain";
    type Settings = WalletSettings;

    fn settings(r: &mut Reader) -> Result<WalletSettings, Invalid> {
        WalletSettings::declare(r)
    }

    fn migrator() -> Migrator {
        sqlx::migrate!()
    }

    const COMMANDS: &'static [(&'static str, &'static str)] = &[(
        "rotate-keys",
        "Seal every secret anew under WALLET_MASTER_KEY(_FILE); WALLET_MASTER_KEY_OLD(_FILE) is the one before. Can be \
         stopped and begun again",
    )];

    async fn command(_: &'static str, pool: Pool, settings: WalletSettings) -> Result<String, BoxError> {
        let masters = settings.keys.masters;
        let done = keys::rotate(&pool, &masters).await?;
        Ok(format!(
            "sealed anew: {} keys, {} authenticators\nproven: all {} secrets open under master key {} alone",
            done.keys,
            done.totps,
            done.proven,
            masters.id()
        ))
    }

    async fn start(runtime: &mut Runtime, settings: WalletSettings) -> Result<(), BoxError> {
        let WalletSettings { chain: settings, hints, limits, keys } = settings;
        let signers = settings.operators.clone();
        let check =
            Arc::new(KeyCheck::new(runtime.db.pool().clone(), Arc::clone(&keys.masters), keys.choice()));
        let authenticators = Authenticators::new(Arc::clone(&keys.masters), Arc::clone(&check), keys.totp);
        let policy = Policy::new(
            settings.operators.clone(),
            settings.withdrawals.approval_threshold,
            settings.priority_limit,
        );
        let signer = signer(keys, policy, runtime)?;
        let chain = workers::spawn(runtime, settings.clone(), Arc::clone(&signer), Arc::clone(&check));
        workers::listen(runtime, &chain, &hints);
        if let Some(secret) = hints.webhook_secret {
            runtime.serve_http(hints::router(secret, runtime.db.clone()));
        }
        let handler = commands::Wallet {
            signer,
            check,
            settings: settings.clone(),
            limits,
            authenticators: authenticators.clone(),
        };
        runtime.writer("wallet", &["wallet-commands"], handler);
        runtime.writer("payouts", &["wallet-payouts"], commands::Payouter);
        let proofs = proofs::Proofs::new(runtime.db.clone());
        let queries = queries::Queries { db: runtime.db.clone(), chain, settings, proofs, authenticators };
        runtime.grpc.add(WalletServiceServer::new(queries));
        let operators = operators::Operators { door: runtime.door(), db: runtime.db.clone() };
        runtime.grpc.add(WalletOperatorServiceServer::new(operators));
        runtime.dead_letters(signers);
        Ok(())
    }
}

fn signer(keys: KeySettings, policy: Policy, runtime: &Runtime) -> Result<Arc<dyn Signer>, BoxError> {
    Ok(match keys.turnkey {
        Some(turnkey) => Arc::new(Turnkey::try_new(turnkey, policy, runtime.clock.clone())?),
        None => Arc::new(LocalKeystore::new(keys.masters, policy)),
    })
}
