//! Operators rule: what a room is settled with by the word of two of them, before anything is paid.

use super::Panel;
use crate::{
    audit,
    domain::{Ruling, Settlement, Verdict, agreeing, hearing},
    messages, saga,
    store::{
        broken,
        errand::{self, Errand},
        ruling, settlement,
    },
    upstream::Asked,
};
use chassis::{
    Delivery, Fault, Unit,
    grpc::Unanswered,
    operators::{self, NEEDED, OperatorKey},
};
use hearing::Effect;
use proto::{
    Refusal, RoomId,
    common::RefusalCode,
    settlement::{RuleRoom, RuleRoomDone},
};

/// One operator's ruling of a queued room, whose settlement is locked where it has one. `asked` is what room-svc says of
/// the room; without it the ruling is heard later.
pub async fn rule_room<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &RuleRoom,
    panel: &Panel,
    asked: Option<&Asked>,
    standing: &mut Option<Settlement>,
) -> Result<(), Fault> {
    let Some(asked) = asked else {
        unit.later(delivery);
        return Ok(());
    };
    let decided = rule(unit, delivery, command, panel, asked, standing).await;
    operators::answer(unit, delivery, decided)
}

async fn rule<M>(
    unit: &mut Unit,
    delivery: &Delivery<M>,
    command: &RuleRoom,
    panel: &Panel,
    asked: &Asked,
    standing: &mut Option<Settlement>,
) -> Result<RuleRoomDone, Unanswered> {
    let room = RoomId::try_from_bytes(&command.room_id)?;
    let signed = panel.operators.take(unit, delivery, command).await?;
    let reason = operators::reason(&command.reason)?;
    let ruling = hearing::ruling(command)?;
    let terms = asked.terms.as_ref().ok_or_else(Unanswered::not_found)?;
    if asked.interested.contains(&signed.operator) {
        return Err(Refusal::new(RefusalCode::SettlementInterest).into());
    }
    let now = unit.now().await?;
    let effect = hearing::effect(ruling, terms, standing.as_ref(), now)?;
    ruling::add(unit.conn(), room, &signed, ruling, reason, now).await?;
    let given = ruling::newest(unit.conn(), room).await?;
    let said: Vec<_> = given.into_iter().map(|given| given.said).collect();
    // Who has come to bet in the room since then does not count either.
    let counts = |by: &OperatorKey| panel.operators.contains(by) && !asked.interested.contains(by);
    let agree = agreeing(&said, &ruling, counts);
    tracing::info!(%room, ?ruling, operator = %signed.operator, agree = agree.len(), "ruled by an operator");
    if agree.len() >= NEEDED {
        let effect = match effect {
            Effect::Decide => decide(unit, room, ruling, standing).await?,
            effect => effect,
        };
        let settlement = standing.as_mut().ok_or_else(|| broken("a ruling on nothing"))?;
        stand(unit, settlement, ruling, effect).await?;
        audit::ruled(unit, settlement, effect, &agree, reason);
    }
    let rulings = u32::try_from(agree.len()).unwrap_or(u32::MAX);
    let needed = u32::try_from(NEEDED).unwrap_or(u32::MAX);
    let standing = standing.as_ref().map(|settlement| (&settlement.verdict).into());
    Ok(RuleRoomDone { rulings, needed, standing })
}

/// Lets the ruling be the room's first verdict. Where another came to stand in this very moment, says what the ruling
/// does to that one.
async fn decide(
    unit: &mut Unit,
    room: RoomId,
    ruling: Ruling,
    standing: &mut Option<Settlement>,
) -> Result<Effect, Fault> {
    let first = settlement::insert(unit.conn(), room, &Verdict::of(ruling)).await?;
    if first {
        saga::decided(unit, room).await?;
    }
    *standing = settlement::lock(unit.conn(), room).await?;
    let other = standing.as_ref().is_some_and(|settlement| settlement.verdict.ruling != ruling);
    Ok(match (first, other) {
        (true, _) => Effect::Decide,
        (false, true) => Effect::Replace,
        (false, false) => Effect::Confirm,
    })
}

/// What operators agreed on stands from now on, and waits for nobody.
async fn stand(
    unit: &mut Unit,
    settlement: &mut Settlement,
    ruling: Ruling,
    effect: Effect,
) -> Result<(), Fault> {
    let now = unit.now().await?;
    settlement::rule(unit.conn(), settlement, ruling, now).await?;
    if effect != Effect::Confirm {
        unit.event(&messages::room_decided(settlement));
    }
    // A frozen room that waited for this is paid at once; any other has no such errand, or runs it anyway.
    errand::due_at(unit.conn(), settlement.room, Errand::ReadBets, now).await
}
