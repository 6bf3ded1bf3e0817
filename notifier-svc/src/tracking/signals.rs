//! Tells signals to everybody who did not turn them off, some accounts at a time, so that nothing else waits for long.

use crate::{
    domain::news::News,
    intake, release,
    settings::Rules,
    store::{self, signal},
};
use chassis::{Db, Fault};
use proto::notifier::notice::Kind;

/// Accounts told in one transaction.
const TOGETHER: i64 = 1_000;

/// Tells what is not told yet. A restart goes on where it was.
///
/// # Errors
/// The database.
pub async fn tell(db: Db, rules: Rules) -> Result<(), Fault> {
    while signal::is_untold(db.pool()).await? {
        let mut unit = db.unit().await?;
        store::take_turn(unit.conn()).await?;
        let now = unit.now().await?;
        // Another replica may have told it meanwhile.
        let Some(untold) = signal::untold(unit.conn()).await? else { return Ok(()) };
        let accounts = signal::audience(unit.conn(), &untold, TOGETHER, now).await?;
        let news = accounts.into_iter().map(|account| {
            let kind = Kind::Signal(untold.signal.clone());
            (News::new(account, format!("signal:{}", untold.id), kind), untold.at)
        });
        intake::take_in(&mut unit, &rules, news.collect()).await?;
        release::release(&mut unit, &rules).await?;
        unit.commit().await?;
    }
    Ok(())
}
