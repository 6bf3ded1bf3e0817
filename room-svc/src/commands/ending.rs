//! How rooms end: taken back, frozen, decided, settled, corrected.

use super::{After, Incoming, Rooms};
use crate::{domain::working_set::WorkingSet, store};
use chassis::{
    Delivery, Fault, Unit,
    grpc::Unanswered,
    operators::{self, OperatorKey},
};
use proto::{
    AccountId, BetId, Malformed, Refusal, RoomId,
    common::RefusalCode,
    room::{
        BetState, CancelRoom, CancelRoomDone, FreezeRoom, LockRoom, LockRoomDone, RoomFrozen, VoidReason,
    },
    settlement::{Fate, ResolveRoom, RoomCorrected, RoomDecided, RoomSettled, Verdict},
};

/// A host takes a room back: it is closed at once, and void as soon as settlement-svc says so.
pub(super) async fn cancel_room<'a>(
    unit: &mut Unit,
    set: &mut WorkingSet,
    delivery: &'a Delivery<Incoming>,
    request: &CancelRoom,
    after: &mut After<'a>,
) -> Result<(), Fault> {
    if delivery.repeat {
        return Ok(());
    }
    let id = RoomId::try_from_bytes(&request.room_id)?;
    let host = AccountId::try_from_bytes(&request.host_account_id)?;
    let now = unit.now().await?;
    match set.cancel_room(now, id, host) {
        // Before the closed room calls for a void of its own: the first one that is issued is repeated.
        Ok(()) => {
            void(unit, id, VoidReason::HostCancel).await?;
            after.taken_back.push((delivery, id));
        }
        Err(refusal) => unit.refuse(delivery, &refusal),
    }
    Ok(())
}

pub(super) async fn tell_taken_back(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    id: RoomId,
) -> Result<(), Fault> {
    let room = written(unit, id).await?;
    unit.done(delivery, &CancelRoomDone { room });
    Ok(())
}

impl Rooms {
    /// An operator who does not play there ends betting in a room.
    pub(super) async fn lock_room<'a>(
        &self,
        unit: &mut Unit,
        set: &mut WorkingSet,
        delivery: &'a Delivery<Incoming>,
        request: &LockRoom,
        after: &mut After<'a>,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let decided = async {
            let signed = self.operators.take(unit, delivery, request).await?;
            let id = RoomId::try_from_bytes(&request.room_id)?;
            operators::reason(&request.reason)?;
            let now = unit.now().await?;
            if self.plays(set, id, signed.operator) {
                return Err(Refusal::new(RefusalCode::SettlementInterest).into());
            }
            set.lock_room(now, id)?;
            Ok::<_, Unanswered>(id)
        };
        match decided.await {
            Ok(id) => after.locked.push((delivery, id)),
            Err(why) => operators::answer::<_, LockRoomDone>(unit, delivery, Err(why))?,
        }
        Ok(())
    }

    /// Whether one of an operator's accounts has a bet in a room.
    fn plays(&self, set: &WorkingSet, room: RoomId, operator: OperatorKey) -> bool {
        let playing = self.accounts.all().into_iter().filter(|account| set.plays(room, *account)).collect();
        self.accounts.operators_of(&playing).contains(&operator)
    }
}

pub(super) async fn tell_locked(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    id: RoomId,
) -> Result<(), Fault> {
    let room = written(unit, id).await?;
    operators::answer(unit, delivery, Ok(LockRoomDone { room }))
}

/// A room as this transaction has written it.
async fn written(unit: &mut Unit, id: RoomId) -> Result<Option<proto::room::Room>, Fault> {
    let rooms = store::whole::whole(unit.conn(), &[id.uuid()]).await?;
    rooms.first().map(store::whole::Whole::to_message).transpose()
}

pub(super) async fn ask_freeze(
    unit: &mut Unit,
    set: &mut WorkingSet,
    delivery: &Delivery<Incoming>,
    freeze: &FreezeRoom,
) -> Result<(), Fault> {
    let id = RoomId::try_from_bytes(&freeze.room_id)?;
    let Some(room) = set.room(id) else {
        unit.later(delivery);
        return Ok(());
    };
    if room.frozen {
        return tell_frozen(unit, id).await;
    }
    let now = unit.now().await?;
    set.change(id, |room| room.ask_freeze(now));
    Ok(())
}

pub(super) async fn follow_verdict(
    unit: &mut Unit,
    set: &mut WorkingSet,
    decided: &RoomDecided,
) -> Result<(), Fault> {
    let id = RoomId::try_from_bytes(&decided.room_id)?;
    unit.settled("resolve", id.uuid()).await?;
    let now = unit.now().await?;
    set.change(id, |room| room.ask_freeze(now));
    Ok(())
}

pub(super) async fn follow_settlement(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    settled: &RoomSettled,
) -> Result<(), Fault> {
    let room = RoomId::try_from_bytes(&settled.room_id)?;
    if !store::result::settle(unit.conn(), room, settled).await? {
        unit.later(delivery);
        return Ok(());
    }
    let fates = settled.bets.iter().map(|bet| {
        let state = match bet.fate() {
            Fate::Won => BetState::Won,
            Fate::Lost => BetState::Lost,
            Fate::RoomVoid | Fate::PastPost | Fate::MinOdds => BetState::Voided,
            Fate::Unspecified => return Err(Malformed("bet without a fate").into()),
        };
        Ok((BetId::try_from_bytes(&bet.bet_id)?.uuid(), state, bet.payout_lamports))
    });
    let fates = fates.collect::<Result<_, Fault>>()?;
    store::bet::write_fates(unit.conn(), fates).await
}

pub(super) async fn follow_correction(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    corrected: &RoomCorrected,
) -> Result<(), Fault> {
    let room = RoomId::try_from_bytes(&corrected.room_id)?;
    if !store::result::correct(unit.conn(), room).await? {
        unit.later(delivery);
    }
    Ok(())
}

/// Asks settlement-svc for a void until it says which verdict stands.
pub async fn void(unit: &mut Unit, room: RoomId, reason: VoidReason) -> Result<(), Fault> {
    let verdict = Verdict { void_reason: reason.into(), ..Default::default() };
    unit.issue("resolve", room.uuid(), &ResolveRoom { room_id: room.bytes(), verdict: Some(verdict) }).await
}

pub(super) async fn freeze(unit: &mut Unit, room: RoomId) -> Result<(), Fault> {
    let bets = store::bet::accepted(unit.conn(), room, None, i64::MAX).await?;
    let messages: Vec<_> = bets.iter().map(|bet| bet.to_message(None)).collect();
    let now = unit.now().await?;
    store::room::freeze(unit.conn(), room, now, &proto::bets_hash(&messages)?).await?;
    tell_frozen(unit, room).await
}

async fn tell_frozen(unit: &mut Unit, id: RoomId) -> Result<(), Fault> {
    let rooms = store::whole::whole(unit.conn(), &[id.uuid()]).await?;
    let room = rooms.first().ok_or_else(|| Fault::bug("a frozen room is gone"))?;
    let message = room.to_message()?;
    let bet_count = message.players;
    unit.event(&RoomFrozen {
        pools_lamports: message.pools_lamports.clone(),
        room: Some(message),
        terms: room.terms.clone(),
        bet_count,
        bets_hash: room.bets_hash.clone().ok_or_else(|| Fault::bug("a frozen room without a hash"))?,
    });
    Ok(())
}
