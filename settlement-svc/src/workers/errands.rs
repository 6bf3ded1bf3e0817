//! Asks other services what a settlement still needs, between transactions, until they answer.

use crate::{
    domain::State,
    saga,
    store::{
        broken,
        errand::{self, Errand},
        evidence, facts, settlement,
    },
    upstream::{Oracle, Rooms},
};
use chassis::{Blame, Db, Fault};
use prost::Message;
use proto::RoomId;

/// The errands of all settlements. Replicas share them.
pub struct Errands {
    pub db: Db,
    pub rooms: Rooms,
    pub oracle: Oracle,
}

impl Errands {
    /// Runs everything that is due.
    pub async fn round(&self) -> Result<(), Fault> {
        let parked = errand::parked(&mut *self.db.pool().acquire().await?).await?;
        // A gauge is a float by nature.
        metrics::gauge!("rooms_errands_parked").set(f64::from(parked));
        while let Some((room, errand)) = errand::take(&mut *self.db.pool().acquire().await?).await? {
            let run = match errand {
                Errand::ReadBets => self.read_bets(room).await,
                Errand::CopySeries => self.copy_series(room).await,
            };
            let Err(fault) = run else { continue };
            let problem = fault.chain();
            let connection = &mut *self.db.pool().acquire().await?;
            match fault.blame() {
                Blame::Nobody => {
                    tracing::warn!(%room, ?errand, problem, "errand put off");
                    errand::put_off(connection, room, errand, &problem).await?;
                }
                Blame::Message => {
                    tracing::error!(%room, ?errand, problem, "errand parked: a person has to look");
                    errand::park(connection, room, errand, &problem).await?;
                }
            }
        }
        Ok(())
    }

    /// Reads the bets of a frozen room and pays them.
    async fn read_bets(&self, room: RoomId) -> Result<(), Fault> {
        let frozen = facts::frozen(&mut *self.db.pool().acquire().await?, room).await?;
        let frozen = frozen.ok_or_else(|| broken("an errand for a room that is not frozen"))?;
        let bets = self.rooms.frozen_bets(&frozen).await?;
        let mut unit = self.db.unit().await?;
        let settlement = settlement::lock(unit.conn(), room).await?;
        let mut settlement = settlement.ok_or_else(|| broken("an errand without a settlement"))?;
        if settlement.state == State::Frozen {
            let book = saga::book(&settlement, &frozen, &bets)
                .map_err(|error| Fault::bug(format!("room {room} has no book: {error}")))?;
            saga::pay(&mut unit, &mut settlement, &frozen, &book).await?;
        } else {
            errand::done(unit.conn(), room, Errand::ReadBets).await?;
        }
        unit.commit().await
    }

    /// Copies the deciding series. Each answer is kept as it comes, so a crash loses one of them.
    async fn copy_series(&self, room: RoomId) -> Result<(), Fault> {
        let mut connection = self.db.pool().acquire().await?;
        let standing = settlement::read(&mut connection, room).await?;
        let series = standing.and_then(|standing| standing.settlement.verdict.series);
        let frozen = facts::frozen(&mut connection, room).await?;
        let copied = evidence::copied_to(&mut connection, room).await?;
        drop(connection);
        let (Some(series), Some(frozen)) = (series, frozen) else {
            return Err(broken("an errand for a series that is not there"));
        };
        let mut first = copied.map_or(*series.start(), |copied| copied + 1);
        while first <= *series.end() {
            let answer = self.oracle.series(&frozen.terms.asset, first..=*series.end()).await?;
            let Some(last) = answer.seconds.last().map(|second| second.second) else { break };
            if last < first || last > *series.end() {
                return Err(Fault::bug(format!("second {last} answers {first} to {}", series.end())));
            }
            let connection = &mut *self.db.pool().acquire().await?;
            evidence::insert(connection, room, first..=last, &answer.encode_to_vec()).await?;
            first = last + 1;
        }
        errand::done(&mut *self.db.pool().acquire().await?, room, Errand::CopySeries).await
    }
}
