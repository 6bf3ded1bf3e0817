//! A room: its states, seats and pools.
//!
//! ```text
//! QUEUING -> OPEN -> LOCKED -> SETTLING -> SETTLED
//!    \________\________\__________\_____-> VOIDED
//! ```

use super::bet::Wager;
use proto::{
    BasisPoints, BetId, Lamports, LamportsError, Refusal, RoomId, common::RefusalCode, room::RoomState,
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

    /// Takes a seat, or names the first rule against it. `own` is the user's other bet here.
    ///
    /// # Errors
    /// The refusals of spec 2, each with the number of its rule.
    pub fn take_seat(
        &mut self,
        now: OffsetDateTime,
        wager: &Wager,
        own: Option<BetId>,
    ) -> Result<(), Refusal> {
        let refuse = |code| Err(Refusal::new(code));
        if !matches!(self.state, RoomState::Queuing | RoomState::Open)
            || self.closed_at.is_some()
            || now >= self.lock_at
        {
            return Err(Refusal::new(RefusalCode::BetLocked).with("lock_at", self.lock_at.unix_timestamp()));
        }
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
        let Ok(pending_stakes) = self.room_for(wager.stake) else {
            return refuse(RefusalCode::BetPoolOverflow);
        };
        if let Some(seats) = self.seats.get_mut(index) {
            *seats = seats.saturating_add(1);
        }
        self.pending = self.pending.saturating_add(1);
        self.pending_stakes = pending_stakes;
        Ok(())
    }

    /// The pending stakes with one more, if all pools together still fit the ledger.
    fn room_for(&self, stake: Lamports) -> Result<Lamports, LamportsError> {
        let pending = self.pending_stakes.checked_add(stake)?;
        Lamports::checked_sum(self.pools.iter().copied().chain([pending]))?;
        Ok(pending)
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
            self.state = RoomState::Open;
        }
        Ok(())
    }

    /// The hold of a pending bet failed or came too late: its seat is free again.
    ///
    /// # Errors
    /// The amounts do not fit, which `take_seat` has ruled out.
    pub fn free_seat(&mut self, wager: &Wager) -> Result<(), LamportsError> {
        self.no_longer_pending(wager)?;
        let index = usize::try_from(wager.outcome).unwrap_or(usize::MAX);
        if let Some(seats) = self.seats.get_mut(index) {
            *seats = seats.saturating_sub(1);
        }
        Ok(())
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

    /// A verdict exists: settlement-svc asks for the bets.
    pub fn ask_freeze(&mut self, now: OffsetDateTime) {
        self.close(now.min(self.lock_at));
        self.freeze_asked = true;
        if matches!(self.state, RoomState::Queuing | RoomState::Open | RoomState::Locked) {
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

/// The gross payout of a stake if its outcome wins with the pools as they are plus itself:
/// `s + floor(s * (L - fee) / W)`. `fee_bps` are the protocol's and the host's.
///
/// # Errors
/// The pools do not fit the ledger.
pub fn payout_of(
    pools: &[Lamports],
    outcome: u32,
    stake: Lamports,
    fee_bps: [BasisPoints; 2],
) -> Result<Lamports, LamportsError> {
    let index = usize::try_from(outcome).unwrap_or(usize::MAX);
    let own = pools.get(index).copied().unwrap_or(Lamports::ZERO);
    let winning = own.checked_add(stake)?;
    let losing = Lamports::checked_sum(pools.iter().copied())?.checked_sub(own)?;
    let [protocol, host] = fee_bps;
    let fees = protocol.of_floor(losing)?.checked_add(host.of_floor(losing)?)?;
    let share = losing.checked_sub(fees)?.wide() * stake.wide() / winning.wide().max(1);
    stake.checked_add(Lamports::try_from_wide(share)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::Duration;
    use uuid::Uuid;

    fn room(max_players: u32) -> Room {
        Room {
            id: RoomId::new(Uuid::from_u128(1)),
            state: RoomState::Open,
            lock_at: OffsetDateTime::UNIX_EPOCH + Duration::HOUR,
            min_stake: Lamports::new(50_000_000),
            max_stake: Lamports::new(5_000_000_000),
            max_players,
            min_players: 0,
            seats: vec![0, 0],
            pools: vec![Lamports::ZERO; 2],
            pending: 0,
            pending_stakes: Lamports::ZERO,
            closed_at: None,
            freeze_asked: false,
            frozen: false,
        }
    }

    fn wager(outcome: u32, stake: i64) -> Wager {
        Wager {
            id: BetId::new(Uuid::from_u128(7)),
            room_id: RoomId::new(Uuid::from_u128(1)),
            account_id: proto::AccountId::new(Uuid::from_u128(2)),
            outcome,
            stake: Lamports::new(stake),
            min_odds_percent: 0,
        }
    }

    fn code(result: Result<(), Refusal>) -> Option<RefusalCode> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_millisecond_decides_the_lock() {
        let mut room = room(10);
        let stake = wager(0, 100_000_000);
        let before = room.lock_at - Duration::MILLISECOND;
        assert_eq!(code(room.clone().take_seat(before, &stake, None)), None);
        assert_eq!(code(room.clone().take_seat(room.lock_at, &stake, None)), Some(RefusalCode::BetLocked));
        room.close(before);
        assert_eq!(code(room.take_seat(before, &stake, None)), Some(RefusalCode::BetLocked));
    }

    #[test]
    fn each_rule_names_itself() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let refused = |outcome, stake, own| code(room(10).take_seat(now, &wager(outcome, stake), own));
        assert_eq!(refused(0, 49_999_999, None), Some(RefusalCode::BetTooSmall));
        assert_eq!(refused(0, 5_000_000_001, None), Some(RefusalCode::BetTooLarge));
        assert_eq!(refused(2, 50_000_000, None), Some(RefusalCode::BetNoSuchOutcome));
        assert_eq!(
            refused(1, 50_000_000, Some(BetId::new(Uuid::from_u128(9)))),
            Some(RefusalCode::BetAlreadyPlaced)
        );
    }

    #[test]
    fn the_last_quarter_waits_for_opposition() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut room = room(4);
        for _ in 0..3 {
            room.take_seat(now, &wager(0, 50_000_000), None).unwrap();
        }
        assert_eq!(
            code(room.take_seat(now, &wager(0, 50_000_000), None)),
            Some(RefusalCode::BetSeatsReserved)
        );
        room.take_seat(now, &wager(1, 50_000_000), None).unwrap();
        assert_eq!(code(room.take_seat(now, &wager(1, 50_000_000), None)), Some(RefusalCode::BetRoomFull));
    }

    #[test]
    fn pools_beyond_the_ledger_are_refused() {
        let mut room = room(10);
        room.max_stake = Lamports::MAX;
        room.pools = vec![Lamports::new(i64::MAX - 100), Lamports::ZERO];
        assert_eq!(
            code(room.clone().take_seat(OffsetDateTime::UNIX_EPOCH, &wager(1, 50_000_000), None)),
            Some(RefusalCode::BetPoolOverflow)
        );
    }

    #[test]
    fn a_queuing_room_opens_once_and_for_all() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut room = Room { state: RoomState::Queuing, min_players: 2, ..room(10) };
        for outcome in [0, 1] {
            assert_eq!(room.state, RoomState::Queuing);
            room.take_seat(now, &wager(outcome, 50_000_000), None).unwrap();
            room.accept(&wager(outcome, 50_000_000)).unwrap();
        }
        assert_eq!(room.state, RoomState::Open);
        let mut waiting = Room { state: RoomState::Queuing, min_players: 2, ..self::room(10) };
        waiting.close(waiting.lock_at);
        assert_eq!(waiting.next(), Next::VoidMinPlayers);
    }

    #[test]
    fn the_spec_example_pays() {
        let pools = [Lamports::new(8_000_000_000), Lamports::new(5_000_000_000)];
        let fees = [BasisPoints::try_new(200).unwrap(), BasisPoints::try_new(100).unwrap()];
        assert_eq!(
            payout_of(&pools, 0, Lamports::new(2_000_000_000), fees),
            Ok(Lamports::new(2_970_000_000))
        );
    }

    proptest! {
        /// Whatever order seats are taken, accepted and freed in, counts stay true.
        #[test]
        fn seats_and_stakes_balance(steps in proptest::collection::vec((0u32..2, 0u8..3, 50_000_000i64..5_000_000_000), 1..60)) {
            let mut room = room(12);
            let mut pending: Vec<Wager> = Vec::new();
            let mut accepted = [0i64; 2];
            for (outcome, step, stake) in steps {
                match (step, pending.pop()) {
                    (0, Some(bet)) => {
                        room.accept(&bet).unwrap();
                        accepted[bet.outcome as usize] += bet.stake.get();
                    }
                    (1, Some(bet)) => room.free_seat(&bet).unwrap(),
                    (_, back) => {
                        pending.extend(back);
                        let bet = wager(outcome, stake);
                        if room.take_seat(OffsetDateTime::UNIX_EPOCH, &bet, None).is_ok() {
                            pending.push(bet);
                        }
                    }
                }
                prop_assert!(room.players() <= room.max_players);
                prop_assert_eq!(room.pending as usize, pending.len());
                prop_assert_eq!(room.pending_stakes.get(), pending.iter().map(|bet| bet.stake.get()).sum::<i64>());
                prop_assert_eq!(room.pools.iter().map(|pool| pool.get()).collect::<Vec<_>>(), accepted.to_vec());
            }
        }
    }
}
