//! Copies the lines of settled rooms to the accounts they belong to, after the credits and beside them.

use crate::store::record;
use chassis::{Db, Fault, clock::monotonic};

/// Lines of one transaction: some tens of milliseconds.
const LINES: i64 = 2_000;

/// What settled bets came to, by account. Replicas share the rooms.
pub struct Records {
    pub db: Db,
}

impl Records {
    /// Copies everything that is settled, in half of the time: the other half is for whoever bets meanwhile.
    pub async fn round(&self) -> Result<(), Fault> {
        loop {
            let began = monotonic();
            if !self.page().await? {
                break;
            }
            tokio::time::sleep(began.elapsed()).await;
        }
        let rooms = record::uncounted(&mut *self.db.pool().reader().await?).await?;
        // A gauge is a float by nature.
        metrics::gauge!("rooms_results_uncounted").set(f64::from(rooms));
        Ok(())
    }

    /// The next lines of one room. False: there are none that somebody else is not at.
    async fn page(&self) -> Result<bool, Fault> {
        let mut unit = self.db.unit().await?;
        let Some(uncounted) = record::lock_uncounted(unit.conn()).await? else { return Ok(false) };
        record::count(unit.conn(), uncounted, LINES).await?;
        unit.commit().await?;
        Ok(true)
    }
}
