//! Copies the series that decided, before the oracle forgets it.

use super::Errands;
use crate::{
    domain::{SagaStep, deciding_seconds},
    saga::took,
    store::{
        broken,
        errand::{self, Errand},
        evidence::{self, Side},
        facts, settlement,
    },
};
use chassis::Fault;
use prost::Message;
use proto::RoomId;
use std::ops::RangeInclusive;

impl Errands {
    /// Copies what a verdict rests on, of one asset or of two.
    pub(super) async fn copy_series(&self, room: RoomId) -> Result<(), Fault> {
        let mut connection = self.db.pool().reader().await?;
        let standing = settlement::read(&mut connection, room).await?;
        let frozen = facts::frozen(&mut connection, room).await?;
        drop(connection);
        let (Some(standing), Some(frozen)) = (standing, frozen) else {
            return Err(broken("an errand for a series that is not there"));
        };
        let terms = &frozen.terms;
        for seconds in deciding_seconds(terms, &standing.settlement.verdict)? {
            self.copy(room, Side::Own, &terms.asset, seconds.clone()).await?;
            if !terms.rival_asset.is_empty() {
                self.copy(room, Side::Rival, &terms.rival_asset, seconds).await?;
            }
        }
        took(SagaStep::CopySeries);
        errand::done(self.db.pool(), room, Errand::CopySeries).await
    }

    /// Copies some seconds of one asset. Each answer is kept as it comes, so a crash loses one of them.
    async fn copy(
        &self,
        room: RoomId,
        side: Side,
        asset: &str,
        seconds: RangeInclusive<i64>,
    ) -> Result<(), Fault> {
        let copied = evidence::copied_to(&mut *self.db.pool().reader().await?, room, side, &seconds).await?;
        let mut first = copied.map_or(*seconds.start(), |copied| copied + 1);
        while first <= *seconds.end() {
            let answer = self.oracle.series(asset, first..=*seconds.end()).await?;
            let Some(last) = answer.seconds.last().map(|second| second.second) else { break };
            if last < first || last > *seconds.end() {
                return Err(Fault::bug(format!("second {last} answers {first} to {}", seconds.end())));
            }
            evidence::insert(self.db.pool(), room, side, first..=last, &answer.encode_to_vec()).await?;
            first = last + 1;
        }
        Ok(())
    }
}
