//! Resolves rooms on two assets from what is stored of both.
//!
//! Each series has a writer of its own, and neither waits for the other. The holder of this lease reads what both have
//! stored when a room is due, so its answer rests on committed seconds whoever wrote them, and a successor finds the
//! same.

use crate::{
    domain::{Asset, Both, HeadToHead, Moment, Resolution, Samples, Second, Sight},
    store,
    workers::answers,
};
use chassis::{Clock, Db, Fault, Held};
use proto::RoomId;
use std::time::Duration;

/// Time between two looks: an answer follows within a second of what it rests on.
const PAUSE: Duration = Duration::from_millis(300);

/// Rooms looked at in one round.
const ROOMS_AT_ONCE: i64 = 100;

/// What a term of office needs.
#[derive(Clone)]
pub(crate) struct HeadToHeads {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) quorum: usize,
}

impl HeadToHeads {
    /// Serves one term: until the lease is lost or something fails.
    ///
    /// # Errors
    /// The next term begins from storage.
    pub(crate) async fn serve(self, held: Held) -> Result<(), Fault> {
        loop {
            self.round(&held).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks at every room that is due.
    async fn round(&self, held: &Held) -> Result<(), Fault> {
        let now = Moment::from_time(self.clock.now()).second();
        let due = store::watches::due_on_two(self.db.pool(), now.plus(-1), ROOMS_AT_ONCE).await?;
        metrics::gauge!("rooms_oracle_head_to_heads_due")
            .set(f64::from(u32::try_from(due.len()).unwrap_or(u32::MAX)));
        let (mut resolved, mut later) = (Vec::new(), Vec::new());
        for terms in &due {
            let room = HeadToHead::try_from_terms(terms, self.quorum)?;
            match room.look(&self.stored(&room).await?) {
                Sight::Resolved(resolution) => resolved.push(resolution),
                Sight::Later(second) if second > now => later.push((room.room, second)),
                // The series are about to reach it.
                Sight::Later(_) => {}
            }
        }
        if resolved.is_empty() && later.is_empty() {
            return Ok(());
        }
        self.store(held, &resolved, &later).await
    }

    /// What both series have of the seconds it is decided by. A second that is over is never changed, so it does not
    /// matter that they are read one after the other.
    async fn stored(&self, room: &HeadToHead) -> Result<Both, Fault> {
        let pool = self.db.pool();
        let asset = store::seconds::end(pool, room.asset).await?;
        let Some(end) = asset.min(store::seconds::end(pool, room.rival).await?) else {
            return Ok(Both::default());
        };
        let asset = self.samples(room, room.asset, end).await?;
        Ok(Both { asset, rival: self.samples(room, room.rival, end).await?, end })
    }

    async fn samples(&self, room: &HeadToHead, asset: Asset, end: Second) -> Result<Samples, Fault> {
        let mut all = Vec::new();
        for seconds in room.seconds() {
            let (first, last) = (*seconds.start(), (*seconds.end()).min(end.plus(-1)));
            if first <= last {
                all.extend(store::seconds::samples(self.db.pool(), asset, first, last).await?);
            }
        }
        Ok(all.into_iter().collect())
    }

    /// Stores what was found, in a transaction that a replaced holder cannot commit.
    async fn store(
        &self,
        held: &Held,
        resolved: &[Resolution],
        later: &[(RoomId, Second)],
    ) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        held.check(&mut unit).await?;
        store::watches::put_off(unit.conn(), later).await?;
        if !resolved.is_empty() {
            answers::resolve(&mut unit, resolved).await?;
        }
        unit.commit().await
    }
}
