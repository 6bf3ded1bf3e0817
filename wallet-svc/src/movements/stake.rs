//! Stakes of bets.
//!
//! | movement | available(a) | escrow(r) |
//! |---|---|---|
//! | held, one movement per list | −x for each bet | +Σx per room |
//! | released | +x | −x |
//!
//! A bet's hold is decided once and for ever: its row in `wallet.hold` is the key. A release of a
//! bet that is not known yet leaves a tombstone, so that its hold, should it come after all, is
//! refused.
//!
//! Limits that an account has set for itself are decided here and nowhere else, under its lock.

use crate::{
    domain::{
        hold::{Hold, State},
        ledger::{Account, Balances, Entry as Line, Movement, MovementKind},
        limit::Player,
    },
    store,
};
use chassis::{Fault, Unit};
use prost::Message;
use proto::{
    AccountId, BetId, Decided, Lamports, Malformed, Refusal, RoomId,
    common::RefusalCode,
    wallet::{StakeDecision, StakeHold, StakeRelease, StakeState},
};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use time::OffsetDateTime;
use uuid::Uuid;

/// A hold to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    bet: BetId,
    account: AccountId,
    room: RoomId,
    amount: Lamports,
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

/// Decides lists of holds, each with the key of its message, in their order. Returns one decision
/// per item, in order.
///
/// # Errors
/// The database; a broken item; a bet whose hold came before with another amount.
pub async fn hold(unit: &mut Unit, lists: &[(Uuid, Vec<Wanted>)]) -> Result<Vec<StakeDecision>, Fault> {
    let wanted = || lists.iter().flat_map(|(_, list)| list);
    let escrows: BTreeSet<Account> = wanted().map(|item| Account::escrow(item.room)).collect();
    store::ledger::open(unit, &escrows).await?;
    let accounts = escrows.into_iter().chain(wanted().map(|item| Account::available(item.account))).collect();
    let mut balances = store::ledger::lock(unit, &accounts).await?;
    // Read under the accounts' locks: two lists with the same bet wait for each other there.
    let bets: Vec<Uuid> = wanted().map(|item| item.bet.uuid()).collect();
    let mut holds = store::hold::of_bets(unit, &bets).await?;
    let now = unit.now().await?;
    let owners: BTreeSet<Uuid> = wanted().map(|item| item.account.uuid()).collect();
    let mut players =
        store::limit::players(unit.conn(), &owners.into_iter().collect::<Vec<_>>(), now).await?;

    let mut fresh: BTreeSet<BetId> = BTreeSet::new();
    let mut decisions = Vec::with_capacity(bets.len());
    let mut movements = Vec::with_capacity(lists.len());
    for (key, list) in lists {
        let mut entries: Vec<Line> = Vec::with_capacity(list.len() + 1);
        let mut escrow: BTreeMap<RoomId, (Lamports, Uuid)> = BTreeMap::new();
        for item in list {
            if let Entry::Vacant(place) = holds.entry(item.bet) {
                let hold = decide(item, &mut balances, players.get_mut(&item.account), now)?;
                if hold.state == State::Held {
                    entries.push(line(
                        Account::available(item.account),
                        negative(item.amount)?,
                        item.bet.uuid(),
                    ));
                    let sum = escrow.entry(item.room).or_insert((Lamports::ZERO, item.room.uuid()));
                    sum.0 = sum.0.checked_add(item.amount).map_err(beyond)?;
                }
                fresh.insert(item.bet);
                place.insert(hold);
            }
            let hold = holds.get(&item.bet).ok_or_else(|| Fault::bug("a hold vanished"))?;
            if hold.state != State::Released
                && (hold.account, hold.room, hold.amount) != (item.account, item.room, item.amount)
            {
                return Err(Fault::bug(format!("the hold of bet {} came with another body", item.bet)));
            }
            decisions.push(decision(hold));
        }
        entries.extend(
            escrow.into_iter().map(|(room, (sum, reference))| line(Account::escrow(room), sum, reference)),
        );
        movements.push(Movement::try_new(*key, MovementKind::Stake, entries)?);
    }
    let new: Vec<&Hold> = holds.values().filter(|hold| fresh.contains(&hold.bet)).collect();
    store::hold::insert(unit, &new).await?;
    // A list whose bets are all refused, or all old, moves nothing.
    let moving: Vec<&Movement> = movements.iter().filter(|movement| !movement.entries.is_empty()).collect();
    store::ledger::write(unit, &moving, &balances).await?;
    Ok(decisions)
}

/// Holds the stake of a bet, or notes the rule against it.
fn decide(
    item: &Wanted,
    balances: &mut Balances,
    player: Option<&mut Player>,
    now: OffsetDateTime,
) -> Result<Hold, Fault> {
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
) -> Result<Decided<()>, Fault> {
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
        line(user, negative(item.amount)?, item.bet.uuid()),
        line(Account::escrow(item.room), item.amount, item.bet.uuid()),
    ];
    if let Err(short) = balances.apply(&entries).map_err(beyond)? {
        return Ok(Err(Refusal::new(RefusalCode::BetNotEnough)
            .with("available", short.balance.get())
            .with("stake", item.amount.get())));
    }
    if let Some(player) = player {
        player.staked(item.amount).map_err(beyond)?;
    }
    Ok(Ok(()))
}

/// Gives stakes back, or makes sure that they are never taken. Returns one decision per item.
///
/// # Errors
/// The database; a broken item; a bet that a settlement has paid.
pub async fn release(unit: &mut Unit, items: &[StakeRelease]) -> Result<Vec<StakeDecision>, Fault> {
    let mut wanted = Vec::with_capacity(items.len());
    for item in items {
        wanted.push((
            BetId::try_from_bytes(&item.bet_id)?,
            AccountId::try_from_bytes(&item.account_id)?,
            RoomId::try_from_bytes(&item.room_id)?,
        ));
    }
    let both = |(_, account, room): &(BetId, AccountId, RoomId)| {
        [Account::available(*account), Account::escrow(*room)]
    };
    let accounts: BTreeSet<Account> = wanted.iter().flat_map(both).collect();
    let mut balances = store::ledger::lock(unit, &accounts).await?;
    let bets: Vec<Uuid> = wanted.iter().map(|(bet, ..)| bet.uuid()).collect();
    let mut holds = store::hold::of_bets(unit, &bets).await?;

    let (mut tombstones, mut given_back, mut movements) = (Vec::new(), Vec::new(), Vec::new());
    for (bet, account, room) in wanted {
        match holds.get_mut(&bet) {
            None => {
                let hold = Hold {
                    bet,
                    account,
                    room,
                    amount: Lamports::ZERO,
                    state: State::Released,
                    refusal: None,
                    watched: false,
                };
                tombstones.push(hold.clone());
                holds.insert(bet, hold);
            }
            Some(hold) if hold.state == State::Held => {
                let (from, to) = (Account::escrow(hold.room), Account::available(hold.account));
                let key = Uuid::new_v5(&bet.uuid(), b"released");
                let movement =
                    Movement::transfer(key, MovementKind::StakeReturned, from, to, hold.amount, bet.uuid())?;
                if let Err(short) = balances.apply(&movement.entries).map_err(beyond)? {
                    return Err(Fault::bug(format!("escrow is short of a stake: {short:?}")));
                }
                hold.state = State::Released;
                given_back.push(bet.uuid());
                movements.push(movement);
            }
            Some(hold) if hold.state == State::Spent => {
                return Err(Fault::bug(format!("bet {bet} is settled and cannot be released")));
            }
            Some(_) => {}
        }
    }
    store::hold::insert(unit, &tombstones.iter().collect::<Vec<_>>()).await?;
    if !given_back.is_empty() {
        store::hold::release(unit, &given_back).await?;
    }
    store::ledger::write(unit, &movements.iter().collect::<Vec<_>>(), &balances).await?;
    let released = items.iter().map(|item| StakeDecision {
        bet_id: item.bet_id.clone(),
        room_id: item.room_id.clone(),
        state: StakeState::Released.into(),
        refusal: None,
    });
    Ok(released.collect())
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

fn negative(amount: Lamports) -> Result<Lamports, Fault> {
    Lamports::ZERO.checked_sub(amount).map_err(beyond)
}

fn beyond(error: proto::LamportsError) -> Fault {
    Fault::bug(error.to_string())
}
