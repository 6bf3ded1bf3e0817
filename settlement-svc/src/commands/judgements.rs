//! Operators judge the disputes of a room: the result stands, or every losing stake is repaid.

use super::Panel;
use crate::{
    audit,
    domain::{SagaStep, State, dispute},
    messages, refunds,
    saga::{LINES, took},
    store::{
        dispute as disputes,
        judgement::{self, Judged},
        settlement,
    },
};
use chassis::{
    Delivery, Fault, Unit,
    grpc::Unanswered,
    operators::{self, OperatorKey},
};
use proto::{
    Lamports, Refusal, RoomId,
    common::RefusalCode,
    settlement::{DisputeState, JudgeDispute, JudgeDisputeDone, Judgement},
};

/// One operator's judgement. The room's settlement, if it has one, is locked.
pub async fn judge<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &JudgeDispute,
    panel: &Panel,
) -> Result<(), Fault> {
    let decided = decide(unit, delivery, command, panel).await;
    operators::answer(unit, delivery, decided)
}

async fn decide<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &JudgeDispute,
    panel: &Panel,
) -> Result<JudgeDisputeDone, Unanswered> {
    let room = RoomId::try_from_bytes(&command.room_id)?;
    let judges = panel.operators.and(&panel.admins);
    let signed = judges.take(unit, delivery, command).await?;
    let reason = operators::reason(&command.reason)?;
    let judgement = match command.judgement() {
        Judgement::Unspecified => return Err(malformed("judgement")),
        judgement => judgement,
    };
    let standing = settlement::read(unit.conn(), room).await?;
    if standing.is_none_or(|standing| standing.settlement.state < State::Posted) {
        return Err(Unanswered::not_found());
    }
    let open = disputes::open_count(unit.conn(), room).await?;
    if open == 0 || judgement::judged(unit.conn(), room).await?.is_some() {
        return Err(Refusal::new(RefusalCode::DisputeClosed).into());
    }
    let players = judgement::players(unit.conn(), room, &panel.accounts.all()).await?;
    let interested = panel.accounts.operators_of(&players);
    if interested.contains(&signed.operator) {
        return Err(Refusal::new(RefusalCode::SettlementInterest).into());
    }
    let (losers, refund) = judgement::losses(unit.conn(), room).await?;
    if judgement == Judgement::Refund && losers == 0 {
        // Of a void room everybody has the stake.
        return Err(Refusal::new(RefusalCode::SettlementRuling).into());
    }
    let now = unit.now().await?;
    judgement::add(unit.conn(), room, &signed, judgement, reason, now).await?;
    let said = judgement::newest(unit.conn(), room).await?;
    let counts = |by: &OperatorKey| judges.contains(by) && !interested.contains(by);
    let admin = |by: &OperatorKey| panel.admins.contains(by);
    let agreement = dispute::agreement(&said, judgement, refund, panel.refund_alone, counts, admin);
    tracing::info!(%room, ?judgement, operator = %signed.operator, ?agreement, "judged by an operator");
    if agreement.is_enough() {
        let judged = match judgement {
            Judgement::Refund => {
                let chunks =
                    u32::try_from(losers.div_ceil(LINES)).map_err(|_| Fault::bug("too many parts"))?;
                Judged { judgement, reason: reason.to_owned(), refund, chunks }
            }
            _ => Judged { judgement, reason: reason.to_owned(), refund: Lamports::ZERO, chunks: 0 },
        };
        let agree = crate::domain::agreeing(&said, &judgement, counts);
        close(unit, room, &judged).await?;
        audit::judged(unit, room, &judged, &agree);
    }
    Ok(JudgeDisputeDone {
        judgements: u32::try_from(agreement.judgements).unwrap_or(u32::MAX),
        needed: u32::try_from(agreement.needed).unwrap_or(u32::MAX),
        admin_needed: agreement.admin_needed,
        refund_lamports: refund.get(),
    })
}

/// The room's disputes have their answer; a refund is sent on its way.
async fn close(unit: &mut Unit, room: RoomId, judged: &Judged) -> Result<(), Fault> {
    let now = unit.now().await?;
    judgement::judge(unit.conn(), room, judged, now).await?;
    took(SagaStep::Judge);
    let to = match judged.judgement {
        Judgement::Refund => DisputeState::Refunding,
        _ => DisputeState::Upheld,
    };
    for dispute in disputes::advance(unit.conn(), room, to, Some(&judged.reason)).await? {
        unit.event(&messages::dispute_changed(Some(dispute.wire())));
    }
    if judged.judgement == Judgement::Refund {
        refunds::issue(unit, room, judged).await?;
    }
    Ok(())
}

fn malformed(field: &str) -> Unanswered {
    Refusal::new(RefusalCode::Malformed).with("field", field).into()
}
