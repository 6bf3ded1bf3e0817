//! Asks other services what a settlement still needs, between transactions, until they answer.

use crate::{
    domain::{State, referral::Rates},
    refunds, saga,
    store::{
        broken, dispute,
        errand::{self, Errand, Taken},
        facts, judgement, ruling, settlement,
    },
    upstream::{Oracle, Rooms},
};
use chassis::{Blame, Db, Fault, telemetry};
use proto::RoomId;
use tracing::Instrument as _;

/// The errands of all settlements. Replicas share them.
pub struct Errands {
    pub db: Db,
    pub rooms: Rooms,
    pub oracle: Oracle,
    pub rates: Rates,
}

impl Errands {
    /// Runs everything that is due.
    pub async fn round(&self) -> Result<(), Fault> {
        self.measure().await?;
        while let Some(Taken { room, errand, traceparent }) = errand::take(self.db.pool()).await? {
            let span = tracing::info_span!("errand", ?errand);
            telemetry::follow_traceparent(&span, &traceparent);
            let Err(fault) = self.run(room, errand).instrument(span).await else { continue };
            let problem = fault.chain();
            match fault.blame() {
                Blame::Nobody => {
                    tracing::warn!(%room, ?errand, problem, "errand put off");
                    errand::put_off(self.db.pool(), room, errand, &problem).await?;
                }
                Blame::Message => {
                    tracing::error!(%room, ?errand, problem, "errand parked: a person has to look");
                    errand::park(self.db.pool(), room, errand, &problem).await?;
                }
            }
        }
        Ok(())
    }

    async fn run(&self, room: RoomId, errand: Errand) -> Result<(), Fault> {
        match errand {
            Errand::ReadBets => self.read_bets(room).await,
            Errand::CopySeries => self.copy_series(room).await,
            Errand::RefundStakes => self.refund_stakes(room).await,
        }
    }

    /// What waits for people. A gauge is a float by nature.
    async fn measure(&self) -> Result<(), Fault> {
        let connection = &mut *self.db.pool().reader().await?;
        let (disputes, unfunded) = dispute::waiting(connection).await?;
        for (gauge, count) in [
            ("rooms_errands_parked", errand::parked(connection).await?),
            ("rooms_waiting_for_operators", ruling::waiting_count(connection).await?),
            ("rooms_disputes_open", disputes),
            ("rooms_refunds_awaiting_funds", unfunded),
        ] {
            metrics::gauge!(gauge).set(f64::from(count));
        }
        Ok(())
    }

    /// Asks again for the parts of a refund that found too little capital.
    async fn refund_stakes(&self, room: RoomId) -> Result<(), Fault> {
        let mut unit = self.db.unit().await?;
        settlement::lock(unit.conn(), room).await?;
        let judged = judgement::judged(unit.conn(), room).await?;
        let judged = judged.ok_or_else(|| broken("a refund that nobody judged"))?;
        refunds::issue(&mut unit, room, &judged).await?;
        errand::done(unit.conn(), room, Errand::RefundStakes).await?;
        unit.commit().await
    }

    /// Reads the bets of a frozen room and pays them.
    async fn read_bets(&self, room: RoomId) -> Result<(), Fault> {
        let frozen = facts::frozen(&mut *self.db.pool().reader().await?, room).await?;
        let frozen = frozen.ok_or_else(|| broken("an errand for a room that is not frozen"))?;
        let bets = self.rooms.frozen_bets(&frozen).await?;
        let mut unit = self.db.unit().await?;
        let settlement = settlement::lock(unit.conn(), room).await?;
        let mut settlement = settlement.ok_or_else(|| broken("an errand without a settlement"))?;
        let now = unit.now().await?;
        if let Some(until) = settlement.waits_until.filter(|_| settlement.waits(now)) {
            errand::due_at(unit.conn(), room, Errand::ReadBets, until).await?;
        } else if settlement.state == State::Frozen {
            let book = saga::book(&settlement, &frozen, &bets)
                .map_err(|error| Fault::bug(format!("room {room} has no book: {error}")))?;
            saga::pay(&mut unit, &mut settlement, &frozen, &book, &self.rates).await?;
        } else {
            errand::done(unit.conn(), room, Errand::ReadBets).await?;
        }
        unit.commit().await
    }
}
