//! Holds and releases of stakes, folded over balances and holds that were read under lock.
//!
//! A bet's hold is decided once and for ever. A release of a bet that is not known yet leaves a tombstone, so that its
//! hold, should it come after all, is refused.

use super::{
    hold::{Hold, State},
    ledger::{Account, Balances, Entry as Line, Movement, MovementError, MovementKind, Short},
    limit::Player,
};
use prost::Message;
use proto::{
    AccountId, BetId, Decided, Lamports, LamportsError, Malformed, Refusal, RoomId,
    common::RefusalCode,
    wallet::{StakeDecision, StakeHold, StakeRelease, StakeState},
};
use std::collections::{BTreeMap, btree_map::Entry};
use time::OffsetDateTime;
use uuid::Uuid;

/// A hold to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The bet it is for.
    pub bet: BetId,
    /// Who pays.
    pub account: AccountId,
    /// The room whose escrow takes it.
    pub room: RoomId,
    /// More than nothing.
    pub amount: Lamports,
}

impl TryFrom<&StakeHold> for Wanted {
    type Error = Malformed;

    fn try_from(item: &StakeHold) -> Result<Self, Malformed> {
        let amount = Lamports::try_positive(item.lamports).ok().filter(|amount| *amount > Lamports::ZERO);
        Ok(Self {
            bet: BetId::try_from_bytes(&item.bet_id)?,
            account: AccountId::try_from_bytes(&item.account_id)?,
            room: RoomId::try_from_bytes(&item.room_id)?,
            amount: amount.ok_or(Malformed("stake"))?,
        })
    }
}

/// A bet whose stake goes back, or must never be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwanted {
    /// The bet.
    pub bet: BetId,
    /// Whose it is.
    pub account: AccountId,
    /// In which room.
    pub room: RoomId,
}

impl TryFrom<&StakeRelease> for Unwanted {
    type Error = Malformed;

    fn try_from(item: &StakeRelease) -> Result<Self, Malformed> {
        Ok(Self {
            bet: BetId::try_from_bytes(&item.bet_id)?,
            account: AccountId::try_from_bytes(&item.account_id)?,
            room: RoomId::try_from_bytes(&item.room_id)?,
        })
    }
}

/// What cannot be unless something is wrong; nothing of it may be committed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StakeError {
    /// A bet's hold came before with another body.
    #[error("the hold of bet {0} came with another body")]
    OtherBody(BetId),
    /// A settlement has paid the bet's line.
    #[error("bet {0} is settled and cannot be released")]
    Settled(BetId),
    /// The escrow does not have a stake that it took.
    #[error("escrow is short of a stake: {0:?}")]
    Escrow(Short),
    /// Entries that do not sum to zero.
    #[error(transparent)]
    Movement(#[from] MovementError),
    /// The amounts do not fit.
    #[error("amounts do not fit the ledger")]
    Overflow(#[from] LamportsError),
}

/// What a fold over holds comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    /// One per item, in order.
    pub decisions: Vec<StakeDecision>,
    /// Holds decided now, to be written.
    pub fresh: Vec<Hold>,
    /// One per list that moves something.
    pub movements: Vec<Movement>,
}

/// Decides lists of holds, each with the key of its message, in their order. `holds` are those of the same bets that
/// exist; `players` the accounts with limits.
///
/// # Errors
/// A bet whose hold came before with another body; amounts beyond the ledger.
pub fn hold(
    lists: &[(Uuid, Vec<Wanted>)],
    holds: &mut BTreeMap<BetId, Hold>,
    balances: &mut Balances,
    players: &mut BTreeMap<AccountId, Player>,
    now: OffsetDateTime,
) -> Result<Taken, StakeError> {
    let mut taken = Taken::default();
    for (key, list) in lists {
        let mut entries: Vec<Line> = Vec::with_capacity(list.len() + 1);
        let mut escrow: BTreeMap<RoomId, Lamports> = BTreeMap::new();
        for item in list {
            if let Entry::Vacant(place) = holds.entry(item.bet) {
                let hold = decide(item, balances, players.get_mut(&item.account), now)?;
                if hold.state == State::Held {
                    let from = Account::available(item.account);
                    entries.push(line(from, Lamports::ZERO.checked_sub(item.amount)?, item.bet.uuid()));
                    let sum = escrow.entry(item.room).or_default();
                    *sum = sum.checked_add(item.amount)?;
                }
                taken.fresh.push(hold.clone());
                place.insert(hold);
            }
            let hold = holds.get(&item.bet).ok_or(StakeError::OtherBody(item.bet))?;
            if hold.state != State::Released
                && (hold.account, hold.room, hold.amount) != (item.account, item.room, item.amount)
            {
                return Err(StakeError::OtherBody(item.bet));
            }
            taken.decisions.push(decision(hold));
        }
        entries.extend(escrow.into_iter().map(|(room, sum)| line(Account::escrow(room), sum, room.uuid())));
        let movement = Movement::try_new(*key, MovementKind::Stake, entries)?;
        // A list whose bets are all refused, or all old, moves nothing.
        taken.movements.extend((!movement.entries.is_empty()).then_some(movement));
    }
    Ok(taken)
}

/// Holds the stake of a bet, or notes the rule against it.
fn decide(
    item: &Wanted,
    balances: &mut Balances,
    player: Option<&mut Player>,
    now: OffsetDateTime,
) -> Result<Hold, LamportsError> {
    let limited = player.is_some();
    let refusal = take(item, balances, player, now)?.err();
    Ok(Hold {
        bet: item.bet,
        account: item.account,
        room: item.room,
        amount: item.amount,
        state: if refusal.is_some() { State::Refused } else { State::Held },
        watched: limited && refusal.is_none(),
        refusal: refusal.map(|refusal| proto::common::Refusal::from(&refusal).encode_to_vec()),
    })
}

/// Takes the stake from the balance and counts it, or names the rule against it.
fn take(
    item: &Wanted,
    balances: &mut Balances,
    player: Option<&mut Player>,
    now: OffsetDateTime,
) -> Result<Decided<()>, LamportsError> {
    let user = Account::available(item.account);
    let Some(available) = balances.get(user) else {
        return Ok(Err(Refusal::new(RefusalCode::AccountUnknown)));
    };
    if let Some(player) = &player
        && let Err(refusal) = player.may_stake(item.amount, available, now)
    {
        return Ok(Err(refusal));
    }
    let entries = [
        line(user, Lamports::ZERO.checked_sub(item.amount)?, item.bet.uuid()),
        line(Account::escrow(item.room), item.amount, item.bet.uuid()),
    ];
    if let Err(short) = balances.apply(&entries)? {
        return Ok(Err(Refusal::new(RefusalCode::BetNotEnough)
            .with("available", short.balance.get())
            .with("stake", item.amount.get())));
    }
    if let Some(player) = player {
        player.staked(item.amount)?;
    }
    Ok(Ok(()))
}

/// What a fold over releases comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Returned {
    /// One per item, in order.
    pub decisions: Vec<StakeDecision>,
    /// Holds that must never succeed, to be written.
    pub tombstones: Vec<Hold>,
    /// Holds that go from HELD to RELEASED.
    pub given_back: Vec<BetId>,
    /// One for each of those.
    pub movements: Vec<Movement>,
}

/// Gives stakes back, or makes sure that they are never taken. `holds` are those of the same bets that exist.
///
/// # Errors
/// A bet that a settlement has paid; an escrow without the stake; amounts beyond the ledger.
pub fn release(
    items: &[Unwanted],
    holds: &mut BTreeMap<BetId, Hold>,
    balances: &mut Balances,
) -> Result<Returned, StakeError> {
    let mut returned = Returned::default();
    for Unwanted { bet, account, room } in items.iter().copied() {
        match holds.get_mut(&bet) {
            None => {
                let (amount, state) = (Lamports::ZERO, State::Released);
                let hold = Hold { bet, account, room, amount, state, refusal: None, watched: false };
                returned.tombstones.push(hold.clone());
                holds.insert(bet, hold);
            }
            Some(hold) if hold.state == State::Held => {
                let (from, to) = (Account::escrow(hold.room), Account::available(hold.account));
                let key = Uuid::new_v5(&bet.uuid(), b"released");
                let movement =
                    Movement::transfer(key, MovementKind::StakeReturned, from, to, hold.amount, bet.uuid())?;
                balances.apply(&movement.entries)?.map_err(StakeError::Escrow)?;
                hold.state = State::Released;
                returned.given_back.push(bet);
                returned.movements.push(movement);
            }
            Some(hold) if hold.state == State::Spent => return Err(StakeError::Settled(bet)),
            Some(_) => {}
        }
        returned.decisions.push(StakeDecision {
            bet_id: bet.bytes(),
            room_id: room.bytes(),
            state: StakeState::Released.into(),
            refusal: None,
        });
    }
    Ok(returned)
}

/// What a decided hold says about its bet.
fn decision(hold: &Hold) -> StakeDecision {
    let (state, refusal) = match hold.state {
        State::Held | State::Spent => (StakeState::Held, None),
        State::Refused => {
            let refusal =
                hold.refusal.as_deref().and_then(|bytes| proto::common::Refusal::decode(bytes).ok());
            (StakeState::Refused, refusal)
        }
        State::Released => {
            let refusal = Refusal::new(RefusalCode::BetHoldLate);
            (StakeState::Refused, Some((&refusal).into()))
        }
    };
    StakeDecision { bet_id: hold.bet.bytes(), room_id: hold.room.bytes(), state: state.into(), refusal }
}

fn line(account: Account, lamports: Lamports, reference: Uuid) -> Line {
    Line { account, lamports, reference }
}

#[cfg(test)]
mod tests;
