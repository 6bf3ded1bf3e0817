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

pub mod chain;
mod commands;
pub mod domain;
pub mod keys;
pub mod movements;
mod queries;
pub mod settings;
pub mod store;
pub mod workers;

use chassis::{
    Runtime, Service,
    settings::{Invalid, Reader},
    tasks::BoxError,
};
use keys::{LocalKeystore, Signer};
use proto::wallet::wallet_service_server::WalletServiceServer;
use settings::WalletSettings;
use sqlx::migrate::Migrator;
use std::sync::Arc;

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

    async fn start(runtime: &mut Runtime, settings: WalletSettings) -> Result<(), BoxError> {
        let WalletSettings { chain: settings, master } = settings;
        let signer: Arc<dyn Signer> = Arc::new(LocalKeystore::new(master));
        let chain = workers::spawn(runtime, settings.clone(), Arc::clone(&signer));
        let handler = commands::Wallet { signer, settings: settings.clone() };
        runtime.writer("wallet", &["wallet-commands"], handler);
        runtime.writer("payouts", &["wallet-payouts"], commands::Payouter);
        let queries = queries::Queries { db: runtime.db.clone(), chain, settings };
        runtime.grpc.add(WalletServiceServer::new(queries));
        Ok(())
    }
}
