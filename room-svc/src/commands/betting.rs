//! Bets that come, are decided by wallet-svc, and are taken back.

use super::{After, Incoming, Rooms};
use crate::{
    domain::{
        bet::{Bet, Wager},
        working_set::{HoldResult, WorkingSet},
    },
    measures,
    workers::{hold, release},
};
use chassis::{Delivery, Fault, Unit};
use proto::{
    AccountId, BetId, Lamports, Malformed, Refusal, RoomId,
    common::{Outcome, RefusalCode},
    room::{BetState, CancelBet, CancelBetDone, PlaceBet, PlaceBetDone},
    wallet::{StakeDecision, StakeState, StakesDecided},
};

impl Rooms {
    pub(super) async fn place(
        &self,
        unit: &mut Unit,
        set: &mut WorkingSet,
        delivery: &Delivery<Incoming>,
        request: &PlaceBet,
        after: &mut After<'_>,
    ) -> Result<(), Fault> {
        let wager = Wager {
            id: BetId::new(delivery.id),
            room_id: RoomId::try_from_bytes(&request.room_id)?,
            account_id: AccountId::try_from_bytes(&request.account_id)?,
            outcome: request.outcome,
            stake: Lamports::try_positive(request.stake_lamports).map_err(|_| Malformed("stake"))?,
            min_odds_percent: request.min_odds_percent,
        };
        // The bet's own row is its outcome, for ever; the inbox is only its first filter.
        if let Some(bet) = set.bet(wager.id) {
            if !matches!(bet.state, BetState::Pending | BetState::Refused) {
                unit.answer(placed(set, bet));
            }
            return Ok(());
        }
        if delivery.repeat {
            return Ok(());
        }
        if self.barred.contains(&wager.account_id) {
            unit.refuse(delivery, &Refusal::new(RefusalCode::BetOperator));
            return Ok(());
        }
        let now = unit.now().await?;
        match set.place(now, wager, &self.cancel) {
            Ok(()) => after.holds.push(hold(&wager)),
            Err(refusal) => unit.refuse(delivery, &refusal),
        }
        Ok(())
    }

    /// Gives a bet back to its owner. Whether the stake is held or about to be, wallet-svc is asked to release it until it
    /// says so; a hold that comes after its release is refused there.
    pub(super) async fn cancel_bet(
        &self,
        unit: &mut Unit,
        set: &mut WorkingSet,
        delivery: &Delivery<Incoming>,
        request: &CancelBet,
        after: &mut After<'_>,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        let bet = (
            BetId::try_from_bytes(&request.bet_id)?,
            RoomId::try_from_bytes(&request.room_id)?,
            AccountId::try_from_bytes(&request.account_id)?,
        );
        let now = unit.now().await?;
        let (bet, before) = match set.cancel(now, bet, &self.cancel).map_err(misfit)? {
            Ok(cancelled) => cancelled,
            Err(refusal) => {
                unit.refuse(delivery, &refusal);
                return Ok(());
            }
        };
        // Nobody was told yet what became of it.
        if before == BetState::Pending {
            unit.answer(placed(set, &bet));
        }
        after.releases.push(release(&bet.wager));
        let host = set.room(bet.wager.room_id).and_then(|room| room.host);
        unit.done(delivery, &CancelBetDone { bet: Some(bet.to_message(host)) });
        Ok(())
    }
}

fn placed(set: &WorkingSet, bet: &Bet) -> Outcome {
    let host = set.room(bet.wager.room_id).and_then(|room| room.host);
    Outcome::done(&bet.wager.id.bytes(), &PlaceBetDone { bet: Some(bet.to_message(host)) })
}

pub(super) async fn follow_holds(
    unit: &mut Unit,
    set: &mut WorkingSet,
    decided: &StakesDecided,
) -> Result<(), Fault> {
    let mut released = Vec::new();
    for item in &decided.items {
        let id = BetId::try_from_bytes(&item.bet_id)?;
        if item.state() == StakeState::Released {
            released.push(id.uuid());
        }
        match set.hold_decided(id, decision(item)?).map_err(misfit)? {
            HoldResult::Accepted(bet) => {
                measures::accepted(unit, bet.wager.stake);
                unit.answer(placed(set, &bet));
            }
            HoldResult::Refused(id, refusal) => {
                measures::refused(unit);
                unit.decide(id.uuid(), Outcome::refused(&id.bytes(), &refusal));
            }
            HoldResult::Old => {}
        }
    }
    if !released.is_empty() {
        unit.settled_all("release", &released).await?;
    }
    Ok(())
}

fn decision(item: &StakeDecision) -> Result<Result<(), Refusal>, Malformed> {
    match item.state() {
        StakeState::Held => Ok(Ok(())),
        StakeState::Refused => {
            Ok(Err(item.refusal.as_ref().map(Refusal::from).ok_or(Malformed("refused without a rule"))?))
        }
        StakeState::Released => Ok(Err(Refusal::new(RefusalCode::BetHoldLate))),
        StakeState::Unspecified => Err(Malformed("undecided stake")),
    }
}

fn misfit(error: proto::LamportsError) -> Fault {
    Fault::bug(error.to_string())
}
