//! A refund on its way: the losing stakes of a settled room, repaid by the ledger out of operators' capital, part by part.

use crate::{
    audit,
    domain::{SagaStep, Settlement},
    messages,
    saga::{LINES, chunk_key, took},
    store::{
        broken, dispute,
        errand::{self, Errand},
        facts,
        judgement::{self, Judged},
    },
};
use chassis::{Fault, Outgoing, Unit};
use proto::{
    BetId, RoomId,
    settlement::{DisputeState, Judgement},
    wallet::StakesRefunded,
};
use std::time::Duration;

/// The saga under which parts are re-issued. Key: [`chunk_key`].
const REFUNDS: &str = "refunds";

/// Pause before capital that was short is asked for again.
const FUNDS_PAUSE: Duration = Duration::from_secs(60);

/// Sends the parts that the ledger does not have.
pub async fn issue(unit: &mut Unit, room: RoomId, judged: &Judged) -> Result<(), Fault> {
    let repaid = judgement::repaid(unit.conn(), room).await?;
    let mut commands = Vec::new();
    let mut after: Option<BetId> = None;
    for chunk in 0..judged.chunks {
        let losses = judgement::losses_page(unit.conn(), room, after, LINES).await?;
        after = losses.last().map(|loss| loss.bet);
        if !repaid.contains(&chunk) {
            let command = messages::refund_stakes(room, chunk, judged.chunks, &losses);
            commands.push((chunk_key(room, chunk), Outgoing::command(&command)));
        }
    }
    unit.issue_all(REFUNDS, commands).await
}

/// The ledger has a part, or too little capital for it.
pub async fn stakes_refunded(
    unit: &mut Unit,
    settlement: &Settlement,
    message: &StakesRefunded,
) -> Result<(), Fault> {
    let (room, chunk) = (settlement.room, message.chunk);
    let judged = judgement::judged(unit.conn(), room).await?;
    let judged = judged.filter(|judged| judged.judgement == Judgement::Refund && chunk < judged.chunks);
    let judged = judged.ok_or_else(|| Fault::bug(format!("room {room} has no refund {chunk}")))?;
    if message.awaiting_funds {
        return await_funds(unit, room, chunk).await;
    }
    unit.settled(REFUNDS, chunk_key(room, chunk)).await?;
    let repaid = judgement::repay(unit.conn(), room, chunk).await?;
    if repaid.is_some() {
        took(SagaStep::Refund);
    }
    if repaid.is_some_and(|repaid| u32::try_from(repaid) == Ok(judged.chunks)) {
        finish(unit, room, &judged).await?;
    }
    Ok(())
}

/// Nothing was posted. Repeating the command for hours would park it; an errand asks for as long as it takes.
async fn await_funds(unit: &mut Unit, room: RoomId, chunk: u32) -> Result<(), Fault> {
    if judgement::repaid(unit.conn(), room).await?.contains(&chunk) {
        // An answer that was overtaken.
        return Ok(());
    }
    unit.settled(REFUNDS, chunk_key(room, chunk)).await?;
    errand::add(unit.conn(), room, Errand::RefundStakes, FUNDS_PAUSE).await?;
    for dispute in dispute::advance(unit.conn(), room, DisputeState::AwaitingFunds, None).await? {
        tracing::warn!(%room, dispute = %dispute.id, "a refund waits for capital");
        unit.event(&messages::dispute_changed(Some(dispute.wire())));
    }
    Ok(())
}

/// Every losing stake is repaid: the room is corrected.
async fn finish(unit: &mut Unit, room: RoomId, judged: &Judged) -> Result<(), Fault> {
    errand::done(unit.conn(), room, Errand::RefundStakes).await?;
    for dispute in dispute::advance(unit.conn(), room, DisputeState::Refunded, None).await? {
        unit.event(&messages::dispute_changed(Some(dispute.wire())));
    }
    let frozen = facts::frozen(unit.conn(), room).await?;
    let frozen = frozen.ok_or_else(|| broken("a refund of a room that is not frozen"))?;
    let mut after: Option<BetId> = None;
    for part in 0..judged.chunks {
        let losses = judgement::losses_page(unit.conn(), room, after, LINES).await?;
        after = losses.last().map(|loss| loss.bet);
        unit.event(&messages::room_corrected(&frozen, judged, part, &losses));
    }
    tracing::info!(%room, refund = %judged.refund, "corrected");
    metrics::counter!("rooms_corrected_total").increment(1);
    audit::corrected(unit, room, judged);
    Ok(())
}
