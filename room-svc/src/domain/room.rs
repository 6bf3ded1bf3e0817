//! A room: its states, seats and pools.
//!
//! ```text
//! QUEUING -> OPEN -> LOCKED -> SETTLING -> SETTLED
//!    \________\________\__________\_____-> VOIDED
//! ```
//!
//! QUEUING takes bets like OPEN. A room that is still QUEUING when betting ends stays so until it is void: that is how
//! settlement-svc knows that a verdict came too early for it.

use super::{bet::Wager, odds::Offer};
use proto::{
    AccountId, BetId, Lamports, LamportsError, Refusal, RoomId,
    common::RefusalCode,
    room::{BetState, RoomState},
};
use time::OffsetDateTime;

/// A guard above this is no guard but a lottery ticket.
pub const MAX_MIN_ODDS_PERCENT: u32 = 2_000;

/// What decisions about a room need to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Identity.
    pub id: RoomId,
    /// Where it stands.
    pub state: RoomState,
    /// Who opened it; nobody where operators did.
    pub host: Option<AccountId>,
    /// Betting ends.
    pub lock_at: OffsetDateTime,
    /// Least stake.
    pub min_stake: Lamports,
    /// Largest stake.
    pub max_stake: Lamports,
    /// Seats in all.
    pub max_players: u32,
    /// A queuing room opens at this many accepted players.
    pub min_players: u32,
    /// What all stakes together may reach.
    pub max_pool: Option<Lamports>,
    /// Seats taken per outcome, by pending and accepted bets.
    pub seats: Vec<u32>,
    /// Accepted stakes per outcome.
    pub pools: Vec<Lamports>,
    /// Bets whose hold is not decided.
    pub pending: u32,
    /// Their stakes.
    pub pending_stakes: Lamports,
    /// From then on no bet is accepted.
    pub closed_at: Option<OffsetDateTime>,
    /// settlement-svc waits for the freeze.
    pub freeze_asked: bool,
    /// Counted and hashed for the settlement.
    pub frozen: bool,
}

/// What a room's change calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Wait,
    /// The last bet is decided after the close and nobody bet against anybody.
    VoidNoOpposition,
    /// Not enough players came by the close.
    VoidMinPlayers,
    /// The settlement waits and no bet is pending.
    Freeze,
}

impl Room {
    /// Seats taken in all.
    #[must_use]
    pub fn players(&self) -> u32 {
        self.seats.iter().fold(0, |sum, seats| sum.saturating_add(*seats))
    }

    /// Whether bets may come and go.
    #[must_use]
    pub fn takes_bets(&self, now: OffsetDateTime) -> bool {
        matches!(self.state, RoomState::Queuing | RoomState::Open)
            && self.closed_at.is_none()
            && now < self.lock_at
    }

    /// Takes a seat, or names the first rule against it. `own` is the user's other bet here, `offer` what a bet with a
    /// guard is held against.
    ///
    /// # Errors
    /// The refusals of spec 2, each with the number of its rule.
    pub fn take_seat(
        &mut self,
        now: OffsetDateTime,
        wager: &Wager,
        own: Option<BetId>,
        offer: Option<&Offer>,
    ) -> Result<(), Refusal> {
        if !self.takes_bets(now) {
            return Err(Refusal::new(RefusalCode::BetLocked).with("lock_at", self.lock_at.unix_timestamp()));
        }
        self.seat_for(wager, own)?;
        let pending_stakes = self.room_for(wager.stake)?;
        self.guard_holds(wager, offer)?;
        if let Some(seats) = usize::try_from(wager.outcome).ok().and_then(|index| self.seats.get_mut(index)) {
            *seats = seats.saturating_add(1);
        }
        self.pending = self.pending.saturating_add(1);
        self.pending_stakes = pending_stakes;
        Ok(())
    }

    /// The rules about the bet itself and about seats.
    fn seat_for(&self, wager: &Wager, own: Option<BetId>) -> Result<(), Refusal> {
        let refuse = |code| Err(Refusal::new(code));
        if own.is_some() {
            return refuse(RefusalCode::BetAlreadyPlaced);
        }
        if wager.stake < self.min_stake {
            return Err(Refusal::new(RefusalCode::BetTooSmall)
                .with("min", self.min_stake.get())
                .with("stake", wager.stake.get()));
        }
        if wager.stake > self.max_stake {
            return Err(Refusal::new(RefusalCode::BetTooLarge)
                .with("max", self.max_stake.get())
                .with("stake", wager.stake.get()));
        }
        if wager.min_odds_percent > MAX_MIN_ODDS_PERCENT {
            return Err(Refusal::new(RefusalCode::Malformed).with("field", "min_odds"));
        }
        let Ok(index) = usize::try_from(wager.outcome) else { return refuse(RefusalCode::BetNoSuchOutcome) };
        let (taken, others) =
            (self.players(), self.players().saturating_sub(self.seats.get(index).copied().unwrap_or(0)));
        if index >= self.seats.len() {
            return refuse(RefusalCode::BetNoSuchOutcome);
        }
        if taken >= self.max_players {
            return Err(Refusal::new(RefusalCode::BetRoomFull).with("max_players", self.max_players));
        }
        // Somebody who fills one side alone would leave no seat to bet against them.
        let reserved = self.max_players.div_ceil(4);
        if others == 0 && taken >= self.max_players.saturating_sub(reserved) {
            return Err(Refusal::new(RefusalCode::BetSeatsReserved).with("outcome", wager.outcome));
        }
        Ok(())
    }

    /// The pending stakes with one more, if all stakes together fit the ledger and the room's own cap.
    fn room_for(&self, stake: Lamports) -> Result<Lamports, Refusal> {
        let overflow = |_| Refusal::new(RefusalCode::BetPoolOverflow);
        let pending = self.pending_stakes.checked_add(stake).map_err(overflow)?;
        let all = Lamports::checked_sum(self.pools.iter().copied().chain([pending])).map_err(overflow)?;
        match self.max_pool {
            Some(max) if all > max => {
                let before = all.checked_sub(stake).map_err(overflow)?;
                let left = max.checked_sub(before).map_err(overflow)?.max(Lamports::ZERO);
                let refusal = Refusal::new(RefusalCode::BetPoolFull);
                Err(refusal.with("max", max.get()).with("left", left.get()))
            }
            _ => Ok(pending),
        }
    }

    /// A guard must hold when its bet is taken, with the bet's own impact. Without an offer there is nothing that would
    /// pay more than the stake.
    fn guard_holds(&self, wager: &Wager, offer: Option<&Offer>) -> Result<(), Refusal> {
        let percent = wager.min_odds_percent;
        let holds = match offer {
            _ if percent == 0 => true,
            Some(offer) => offer
                .pays(wager.outcome, wager.stake, percent)
                .map_err(|_| Refusal::new(RefusalCode::BetPoolOverflow))?,
            None => percent <= 100,
        };
        if holds { Ok(()) } else { Err(Refusal::new(RefusalCode::BetMinOdds).with("percent", percent)) }
    }

    /// The hold of a pending bet succeeded: its stake counts.
    ///
    /// # Errors
    /// The pools do not fit, which `take_seat` has ruled out.
    pub fn accept(&mut self, wager: &Wager) -> Result<(), LamportsError> {
        self.no_longer_pending(wager)?;
        let index = usize::try_from(wager.outcome).unwrap_or(usize::MAX);
        if let Some(pool) = self.pools.get_mut(index) {
            *pool = pool.checked_add(wager.stake)?;
        }
        let accepted = self.players().saturating_sub(self.pending);
        if self.state == RoomState::Queuing && accepted >= self.min_players {
            // The player came before the close; only the hold was confirmed after it.
            self.state = match (self.freeze_asked, self.closed_at) {
                (true, _) => RoomState::Settling,
                (false, Some(_)) => RoomState::Locked,
                (false, None) => RoomState::Open,
            };
        }
        Ok(())
    }

    /// The hold of a pending bet failed or came too late: its seat is free again.
    ///
    /// # Errors
    /// The amounts do not fit, which `take_seat` has ruled out.
    pub fn free_seat(&mut self, wager: &Wager) -> Result<(), LamportsError> {
        self.no_longer_pending(wager)?;
        self.leave(wager);
        Ok(())
    }

    /// The owner of a bet takes it back. The room stays as open as it was.
    ///
    /// # Errors
    /// The amounts do not fit, which `take_seat` has ruled out.
    pub fn give_back(&mut self, wager: &Wager, state: BetState) -> Result<(), LamportsError> {
        if state == BetState::Pending {
            return self.free_seat(wager);
        }
        if let Some(pool) = usize::try_from(wager.outcome).ok().and_then(|index| self.pools.get_mut(index)) {
            *pool = pool.checked_sub(wager.stake)?;
        }
        self.leave(wager);
        Ok(())
    }

    fn leave(&mut self, wager: &Wager) {
        let index = usize::try_from(wager.outcome).unwrap_or(usize::MAX);
        if let Some(seats) = self.seats.get_mut(index) {
            *seats = seats.saturating_sub(1);
        }
    }

    fn no_longer_pending(&mut self, wager: &Wager) -> Result<(), LamportsError> {
        self.pending = self.pending.saturating_sub(1);
        self.pending_stakes = self.pending_stakes.checked_sub(wager.stake)?;
        Ok(())
    }

    /// Betting ends: at the lock, or earlier when a verdict exists.
    pub fn close(&mut self, at: OffsetDateTime) {
        self.closed_at.get_or_insert(at);
        if self.state == RoomState::Open {
            self.state = RoomState::Locked;
        }
    }

    /// Operators end betting before its time. Where the room has nobody to play against, it is void, as at any close.
    ///
    /// # Errors
    /// `BET_LOCKED`: betting has ended.
    pub fn lock(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        if !self.takes_bets(now) {
            return Err(Refusal::new(RefusalCode::BetLocked).with("lock_at", self.lock_at.unix_timestamp()));
        }
        self.close(now);
        Ok(())
    }

    /// The host takes the room back: `host_bets` says whether one of the seats is the host's.
    ///
    /// # Errors
    /// `ROOM_NOT_CANCELLABLE`: somebody else has a bet here, or betting has ended.
    pub fn cancel(&mut self, now: OffsetDateTime, host_bets: bool) -> Result<(), Refusal> {
        if !self.takes_bets(now) || self.players() > u32::from(host_bets) {
            return Err(Refusal::new(RefusalCode::RoomNotCancellable));
        }
        self.close(now);
        Ok(())
    }

    /// A verdict exists: settlement-svc asks for the bets.
    pub fn ask_freeze(&mut self, now: OffsetDateTime) {
        self.close(now.min(self.lock_at));
        self.freeze_asked = true;
        if matches!(self.state, RoomState::Open | RoomState::Locked) {
            self.state = RoomState::Settling;
        }
    }

    /// What this room now needs from outside the batch.
    #[must_use]
    pub fn next(&self) -> Next {
        if self.frozen || self.pending > 0 || self.closed_at.is_none() {
            return Next::Wait;
        }
        if self.freeze_asked {
            return Next::Freeze;
        }
        match self.state {
            RoomState::Queuing => Next::VoidMinPlayers,
            RoomState::Locked if self.pools.iter().filter(|pool| **pool > Lamports::ZERO).count() < 2 => {
                Next::VoidNoOpposition
            }
            _ => Next::Wait,
        }
    }
}

#[cfg(test)]
mod tests;
