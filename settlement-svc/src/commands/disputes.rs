//! Players say that a result is wrong.

use crate::{
    audit,
    domain::dispute,
    messages,
    store::{
        dispute::{self as store, Dispute},
        facts, judgement, settlement,
    },
};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered};
use proto::{
    AccountId, Refusal, RoomId,
    common::RefusalCode,
    settlement::{OpenDispute, OpenDisputeDone},
};
use std::collections::BTreeSet;

/// A player opens a dispute. The room's settlement, if it has one, is locked.
pub async fn open<M>(unit: &mut Unit, delivery: &Delivery<M>, command: &OpenDispute) -> Result<(), Fault> {
    if delivery.repeat {
        // Nobody waits for its outcome.
        return Ok(());
    }
    match decide(unit, command).await {
        Ok(dispute) => {
            tracing::info!(room = %dispute.room, dispute = %dispute.id, "dispute opened");
            metrics::counter!("rooms_disputes_total").increment(1);
            audit::disputed(unit, &dispute);
            let dispute = Some(dispute.wire());
            unit.event(&messages::dispute_changed(dispute.clone()));
            unit.done(delivery, &OpenDisputeDone { dispute });
            Ok(())
        }
        Err(Unanswered::Refused(refusal)) => {
            unit.refuse(delivery, &refusal);
            Ok(())
        }
        Err(Unanswered::Fault(fault)) => Err(fault),
    }
}

async fn decide(unit: &mut Unit, command: &OpenDispute) -> Result<Dispute, Unanswered> {
    let room = RoomId::try_from_bytes(&command.room_id)?;
    let account = AccountId::try_from_bytes(&command.account_id)?;
    let standing = settlement::read(unit.conn(), room).await?;
    let settled_at = standing.and_then(|standing| standing.settled_at).ok_or_else(Unanswered::not_found)?;
    let frozen = facts::frozen(unit.conn(), room).await?.ok_or_else(Unanswered::not_found)?;
    let text = dispute::text(&command.text)?;
    if judgement::judged(unit.conn(), room).await?.is_some() {
        return Err(Refusal::new(RefusalCode::DisputeClosed).into());
    }
    let now = unit.now().await?;
    dispute::in_time(settled_at, frozen.terms.dispute_seconds, now)?;
    if judgement::players(unit.conn(), room, &BTreeSet::from([account])).await?.is_empty() {
        return Err(Refusal::new(RefusalCode::DisputeNotAPlayer).into());
    }
    let dispute = Dispute::new(room, account, text, now);
    if !store::open(unit.conn(), &dispute).await? {
        return Err(Refusal::new(RefusalCode::DisputeTwice).into());
    }
    Ok(dispute)
}
