//! The rooms and bets that a batch touches, held in memory while the batch is folded over them.
//! Each message sees the effects of its predecessors; what changed is written afterwards in one
//! statement per table.

use super::{
    bet::{Bet, CancelRule, Wager},
    odds::Offer,
    room::{Next, Room},
};
use proto::{
    AccountId, BetId, LamportsError, Refusal, RoomId,
    common::RefusalCode,
    room::{BetState, RoomState},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use time::OffsetDateTime;

/// What is known, and what of it changed.
#[derive(Debug, Default)]
pub struct WorkingSet {
    rooms: BTreeMap<RoomId, Room>,
    bets: BTreeMap<BetId, Bet>,
    by_player: HashMap<(RoomId, AccountId), BetId>,
    took_back: HashSet<(RoomId, AccountId)>,
    offers: HashMap<RoomId, Offer>,
    changed_rooms: BTreeSet<RoomId>,
    changed_bets: BTreeSet<BetId>,
    new_bets: BTreeSet<BetId>,
    launched: BTreeSet<RoomId>,
}

/// What became of a hold, as told to the bet it was for.
#[derive(Debug, PartialEq, Eq)]
pub enum HoldResult {
    /// The bet counts now.
    Accepted(Bet),
    /// The bet does not count, and why.
    Refused(BetId, Refusal),
    /// Nothing new: decided before, or unknown.
    Old,
}

impl WorkingSet {
    /// Puts in what was read under the rooms' locks.
    #[must_use]
    pub fn new(rooms: Vec<Room>, bets: Vec<Bet>) -> Self {
        let mut set =
            Self { rooms: rooms.into_iter().map(|room| (room.id, room)).collect(), ..Self::default() };
        for bet in bets {
            set.insert(bet);
        }
        set
    }

    /// Adds what bets with a guard are held against: the pools as they stand when the batch begins. What it decides
    /// itself within milliseconds is not in them, as it is not in what anybody was shown.
    #[must_use]
    pub fn with_offers(self, offers: HashMap<RoomId, Offer>) -> Self {
        Self { offers, ..self }
    }

    fn insert(&mut self, bet: Bet) {
        let player = (bet.wager.room_id, bet.wager.account_id);
        match bet.state {
            BetState::Refused => {}
            BetState::Cancelled => {
                self.took_back.insert(player);
            }
            _ => {
                self.by_player.insert(player, bet.wager.id);
            }
        }
        self.bets.insert(bet.wager.id, bet);
    }

    /// A bet that was read or placed.
    #[must_use]
    pub fn bet(&self, id: BetId) -> Option<&Bet> {
        self.bets.get(&id)
    }

    /// Takes a seat for a new bet, which is then pending.
    ///
    /// # Errors
    /// The first rule against it.
    pub fn place(&mut self, now: OffsetDateTime, wager: Wager, rule: &CancelRule) -> Result<(), Refusal> {
        let player = (wager.room_id, wager.account_id);
        let own = self.by_player.get(&player).copied();
        let room = self.rooms.get_mut(&wager.room_id).ok_or_else(|| Refusal::new(RefusalCode::NotFound))?;
        room.take_seat(now, &wager, own, self.offers.get(&wager.room_id))?;
        let cancel_until = if self.took_back.contains(&player) { None } else { rule.end(now, room.lock_at) };
        self.changed_rooms.insert(wager.room_id);
        self.new_bets.insert(wager.id);
        let (state, payout) = (BetState::Pending, proto::Lamports::ZERO);
        self.insert(Bet { wager, state, accepted_at: now, cancel_until, payout });
        Ok(())
    }

    /// The owner of a bet takes it back: it leaves its seat and its pool, and the owner may bet again. Returns it with
    /// the state it had.
    ///
    /// # Errors
    /// Outer: amounts that do not fit, which is a bug. Inner: the first rule against it.
    pub fn cancel(
        &mut self,
        now: OffsetDateTime,
        (id, room, account): (BetId, RoomId, AccountId),
        rule: &CancelRule,
    ) -> Result<Result<(Bet, BetState), Refusal>, LamportsError> {
        let own = |bet: &&mut Bet| bet.wager.room_id == room && bet.wager.account_id == account;
        let (Some(bet), Some(room)) = (self.bets.get_mut(&id).filter(own), self.rooms.get_mut(&room)) else {
            return Ok(Err(Refusal::new(RefusalCode::NotFound)));
        };
        let before = bet.state;
        let live = matches!(before, BetState::Pending | BetState::Accepted);
        if !live || !room.takes_bets(now) || bet.cancel_until.is_none_or(|until| now >= until) {
            let refusal = Refusal::new(RefusalCode::BetNotCancellable);
            return Ok(Err(refusal.with("seconds", rule.within.as_secs())));
        }
        room.give_back(&bet.wager, before)?;
        bet.state = BetState::Cancelled;
        self.changed_rooms.insert(room.id);
        self.changed_bets.insert(id);
        self.by_player.remove(&(room.id, account));
        self.took_back.insert((room.id, account));
        Ok(Ok((bet.clone(), before)))
    }

    /// A host takes a room back.
    ///
    /// # Errors
    /// `NOT_FOUND` where it is not the host's; the rule of [`Room::cancel`].
    pub fn cancel_room(&mut self, now: OffsetDateTime, id: RoomId, host: AccountId) -> Result<(), Refusal> {
        let host_bets = self.by_player.contains_key(&(id, host));
        let room = self.rooms.get_mut(&id).filter(|room| room.host == Some(host));
        room.ok_or_else(|| Refusal::new(RefusalCode::NotFound))?.cancel(now, host_bets)?;
        self.changed_rooms.insert(id);
        Ok(())
    }

    /// Operators end betting in a room.
    ///
    /// # Errors
    /// `NOT_FOUND`; the rule of [`Room::lock`].
    pub fn lock_room(&mut self, now: OffsetDateTime, id: RoomId) -> Result<(), Refusal> {
        self.rooms.get_mut(&id).ok_or_else(|| Refusal::new(RefusalCode::NotFound))?.lock(now)?;
        self.changed_rooms.insert(id);
        Ok(())
    }

    /// Whether an account, if it was read, has a bet in a room.
    #[must_use]
    pub fn plays(&self, room: RoomId, account: AccountId) -> bool {
        self.by_player.contains_key(&(room, account))
    }

    /// Follows wallet-svc's decision about a stake: held, or the reason why not.
    ///
    /// # Errors
    /// Amounts that do not fit, which is a bug.
    pub fn hold_decided(
        &mut self,
        id: BetId,
        decision: Result<(), Refusal>,
    ) -> Result<HoldResult, LamportsError> {
        let Some(bet) = self.bets.get_mut(&id).filter(|bet| bet.state == BetState::Pending) else {
            return Ok(HoldResult::Old);
        };
        let Some(room) = self.rooms.get_mut(&bet.wager.room_id) else { return Ok(HoldResult::Old) };
        self.changed_rooms.insert(room.id);
        self.changed_bets.insert(id);
        match decision {
            Ok(()) => {
                let queued = room.state == RoomState::Queuing;
                room.accept(&bet.wager)?;
                if queued && room.state == RoomState::Open {
                    self.launched.insert(room.id);
                }
                bet.state = BetState::Accepted;
                Ok(HoldResult::Accepted(bet.clone()))
            }
            Err(refusal) => {
                room.free_seat(&bet.wager)?;
                bet.state = BetState::Refused;
                self.by_player.remove(&(bet.wager.room_id, bet.wager.account_id));
                Ok(HoldResult::Refused(id, refusal))
            }
        }
    }

    /// Changes a room by one of its own transitions. Nothing happens to a room that is not here.
    pub fn change(&mut self, id: RoomId, transition: impl FnOnce(&mut Room)) {
        if let Some(room) = self.rooms.get_mut(&id) {
            let before = room.clone();
            transition(room);
            if *room != before {
                self.changed_rooms.insert(id);
            }
        }
    }

    /// A room that was read.
    #[must_use]
    pub fn room(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    /// What each room calls for now.
    pub fn calls(&self) -> impl Iterator<Item = (RoomId, Next)> {
        self.rooms.values().map(|room| (room.id, room.next())).filter(|(_, next)| *next != Next::Wait)
    }

    /// Rooms that queued and are open now, by id.
    pub fn launched(&self) -> impl Iterator<Item = RoomId> {
        self.launched.iter().copied()
    }

    /// Rooms to write, by id.
    pub fn changed_rooms(&self) -> impl Iterator<Item = &Room> {
        self.changed_rooms.iter().filter_map(|id| self.rooms.get(id))
    }

    /// Bets to insert, by id, in the state they have at the end of the batch.
    pub fn new_bets(&self) -> impl Iterator<Item = &Bet> {
        self.new_bets.iter().filter_map(|id| self.bets.get(id))
    }

    /// Bets to update, by id.
    pub fn changed_bets(&self) -> impl Iterator<Item = &Bet> {
        self.changed_bets.difference(&self.new_bets).filter_map(|id| self.bets.get(id))
    }
}
