//! What people watch at Polymarket: wallets, prices, and what the wallets of the operators' list agree on.

pub mod commands;
pub mod events;
pub mod queries;
pub mod scan;
pub mod settings;
pub mod signals;

use crate::{settings::Rules, store::tracked};
use chassis::{Db, Fault, Runtime, tasks::BoxError};
use settings::ScanSettings;
use std::time::Duration;

/// Starts to follow what the Polymarket role tells, and to look for signals.
///
/// # Errors
/// The address of the Polymarket role is none.
pub fn start(runtime: &mut Runtime, rules: Rules, settings: ScanSettings) -> Result<(), BoxError> {
    runtime.writer("tracker", &["notifier-tracker"], events::Tracker { rules });
    let db = runtime.db.clone();
    runtime.every("signals", Duration::from_secs(1), move || signals::tell(db.clone(), rules));
    let pause = settings.pause;
    if let Some(scanner) = scan::scanner(&runtime.db, &runtime.identity, &settings)? {
        runtime.every("scan", pause, move || {
            let scanner = scanner.clone();
            async move { scanner.round().await }
        });
    }
    let db = runtime.db.clone();
    runtime.every("measure-tracking", Duration::from_secs(5), move || measure(db.clone()));
    Ok(())
}

/// Measures the lists.
async fn measure(db: Db) -> Result<(), Fault> {
    let (wallets, entries) = tracked::count(db.pool()).await?;
    for (what, count) in [("rooms_wallets_followed", wallets), ("rooms_wallets_tracked", entries)] {
        metrics::gauge!(what).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }
    Ok(())
}
