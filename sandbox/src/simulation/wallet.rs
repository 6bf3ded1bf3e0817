//! wallet-svc: its real folds of holds, releases and payouts over in-memory balances.

use super::{
    Bug,
    disk::{Delivery, Unit},
    message::Body,
};
use anyhow::{Context, Result, ensure};
use proto::{
    AccountId, BetId, Lamports, RoomId, receipt_memo,
    wallet::{AnchorReceipt, PayoutsPosted, PostPayouts, ReceiptAnchored, StakeDecision, StakesDecided},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;
use wallet_svc::domain::{
    hold::{Hold, State},
    ledger::{Account, Balances, Kind, Movement},
    payout::Asked,
    stake::{self, Returned, Unwanted, Wanted},
};

const PROTOCOL: Account = Account::house(Kind::ProtocolFees);

/// What is kept of one room.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub holds: BTreeMap<BetId, Hold>,
    /// What a settlement gave for each hold that it spent.
    pub credits: BTreeMap<BetId, Lamports>,
    /// Request hashes of posted chunks by their ledger keys.
    posted: BTreeMap<Uuid, Uuid>,
}

/// All money.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    pub balances: BTreeMap<Account, Lamports>,
    pub rooms: BTreeMap<RoomId, Arc<File>>,
    /// Who has left or is excluded: no earners.
    pub gone: Arc<BTreeSet<AccountId>>,
}

/// One batch of everything but payouts.
pub fn handle(rows: &mut Wallet, unit: &mut Unit<'_>, batch: &[Delivery]) -> Result<()> {
    let (mut lists, mut releases) = (Vec::new(), Vec::new());
    for delivery in batch {
        match delivery.message.body.as_ref() {
            Body::HoldStakes(list) => {
                let items = list.items.iter().map(Wanted::try_from).collect::<Result<Vec<_>, _>>()?;
                lists.push((delivery.message.id, items));
            }
            Body::ReleaseStakes(list) => {
                for item in &list.items {
                    releases.push(Unwanted::try_from(item)?);
                }
            }
            Body::AnchorReceipt(receipt) => unit.send(Body::ReceiptAnchored(anchor(receipt)?)),
            _ => {}
        }
    }
    let mut items: Vec<StakeDecision> = Vec::new();
    if !lists.is_empty() {
        items.extend(rows.hold(unit, &lists)?);
    }
    if !releases.is_empty() {
        items.extend(rows.release(unit, &releases)?);
    }
    if !items.is_empty() {
        unit.send(Body::StakesDecided(StakesDecided { items }));
    }
    Ok(())
}

/// One chunk of a settlement.
pub fn pay(rows: &mut Wallet, unit: &mut Unit<'_>, delivery: &Delivery, chunk: &PostPayouts) -> Result<()> {
    let asked = Asked::try_from(chunk)?;
    let file = rows.rooms.get(&asked.room).map(Arc::as_ref).cloned().unwrap_or_default();
    let credits = asked.credits(&file.holds)?;
    let as_asked = asked.as_asked(&credits)?;
    match file.posted.get(&asked.key()) {
        Some(hash) => {
            ensure!(
                *hash == as_asked.request_hash(),
                "a chunk of room {} came with another body",
                asked.room
            );
        }
        None => {
            let held = file.holds.values().filter(|hold| hold.state == State::Held).count();
            if asked.last && held > asked.lines.len() {
                unit.later(delivery);
                return Ok(());
            }
            rows.post(unit, &asked, file, credits)?;
        }
    }
    let earns =
        |account: &[u8]| AccountId::try_from_bytes(account).is_ok_and(|one| !rows.gone.contains(&one));
    let withheld = chunk.referrals.iter().filter(|one| !earns(&one.account_id)).cloned().collect();
    let (room_id, chunk) = (chunk.room_id.clone(), chunk.chunk);
    unit.send(Body::PayoutsPosted(PayoutsPosted { room_id, chunk, withheld }));
    Ok(())
}

/// The planted double credit: what was given back is given back again, under another key.
fn release_again(
    unit: &mut Unit<'_>,
    items: &[Unwanted],
    holds: &mut BTreeMap<BetId, Hold>,
    balances: &mut Balances,
) -> Result<Returned> {
    let forgotten = |hold: &&mut Hold| hold.state == State::Released && hold.amount > Lamports::ZERO;
    holds.values_mut().filter(forgotten).for_each(|hold| hold.state = State::Held);
    let mut returned = stake::release(items, holds, balances)?;
    returned.movements.iter_mut().for_each(|movement| movement.key = unit.chance.id());
    Ok(returned)
}

fn anchor(receipt: &AnchorReceipt) -> Result<ReceiptAnchored> {
    Ok(ReceiptAnchored {
        room_id: receipt.room_id.clone(),
        signature: hex::encode(&receipt.root),
        slot: 1,
        memo: receipt_memo(receipt)?,
        ..Default::default()
    })
}

impl Wallet {
    fn hold(&mut self, unit: &mut Unit<'_>, lists: &[(Uuid, Vec<Wanted>)]) -> Result<Vec<StakeDecision>> {
        let wanted = || lists.iter().flat_map(|(_, list)| list);
        for item in wanted() {
            self.balances.entry(Account::escrow(item.room)).or_default();
            self.rooms.entry(item.room).or_default();
        }
        let accounts =
            wanted().flat_map(|item| [Account::available(item.account), Account::escrow(item.room)]);
        let mut balances = self.read(accounts);
        let mut holds = self.holds(wanted().map(|item| (item.room, item.bet)));
        let taken = stake::hold(lists, &mut holds, &mut balances, &mut BTreeMap::new(), unit.now)?;
        for hold in taken.fresh {
            self.file(hold.room).holds.insert(hold.bet, hold);
        }
        self.write(unit, taken.movements, &balances);
        Ok(taken.decisions)
    }

    fn release(&mut self, unit: &mut Unit<'_>, items: &[Unwanted]) -> Result<Vec<StakeDecision>> {
        let accounts = items.iter().flat_map(|item| {
            self.rooms.entry(item.room).or_default();
            [Account::available(item.account), Account::escrow(item.room)]
        });
        let accounts: Vec<Account> = accounts.collect();
        let mut balances = self.read(accounts.into_iter());
        let mut holds = self.holds(items.iter().map(|item| (item.room, item.bet)));
        let returned = if unit.bug == Some(Bug::DoubleCredit) {
            release_again(unit, items, &mut holds, &mut balances)?
        } else {
            stake::release(items, &mut holds, &mut balances)?
        };
        for hold in returned.tombstones {
            self.file(hold.room).holds.insert(hold.bet, hold);
        }
        for item in items.iter().filter(|item| returned.given_back.contains(&item.bet)) {
            if let Some(hold) = self.file(item.room).holds.get_mut(&item.bet) {
                hold.state = State::Released;
            }
        }
        self.write(unit, returned.movements, &balances);
        Ok(returned.decisions)
    }

    fn post(
        &mut self,
        unit: &mut Unit<'_>,
        asked: &Asked,
        mut file: File,
        credits: Vec<wallet_svc::domain::ledger::Entry>,
    ) -> Result<()> {
        for (bet, credit) in &asked.lines {
            let hold = file.holds.get_mut(bet).context("a line without a hold")?;
            ensure!(hold.state == State::Held, "a line of bet {bet} met a hold that is {:?}", hold.state);
            hold.state = State::Spent;
            file.credits.insert(*bet, *credit);
        }
        let hash = asked.as_asked(&credits)?.request_hash();
        file.posted.insert(asked.key(), hash);
        let there = |account: &AccountId| self.balances.contains_key(&Account::available(*account));
        let earners = asked.named().filter(there).filter(|account| !self.gone.contains(account)).collect();
        let movements = asked.movements(credits, &earners)?;
        let escrow = Account::escrow(asked.room);
        self.balances.entry(escrow).or_default();
        let named = movements.iter().flat_map(|movement| movement.entries.iter().map(|entry| entry.account));
        let named: Vec<Account> = named.chain([escrow, PROTOCOL]).collect();
        let mut balances = self.read(named.into_iter());
        for movement in &movements {
            let applied = balances.apply(&movement.entries)?;
            ensure!(applied.is_ok(), "{:?} of room {}: {applied:?}", movement.kind, asked.room);
        }
        let left = balances.get(escrow);
        ensure!(!asked.last || left == Some(Lamports::ZERO), "escrow of room {} keeps {left:?}", asked.room);
        self.rooms.insert(asked.room, Arc::new(file));
        self.write(unit, movements, &balances);
        Ok(())
    }

    fn read(&self, accounts: impl Iterator<Item = Account>) -> Balances {
        Balances::new(accounts.filter_map(|account| Some((account, *self.balances.get(&account)?))).collect())
    }

    fn holds(&self, bets: impl Iterator<Item = (RoomId, BetId)>) -> BTreeMap<BetId, Hold> {
        let hold = |(room, bet)| Some((bet, self.rooms.get(&room)?.holds.get(&bet)?.clone()));
        bets.filter_map(hold).collect()
    }

    fn write(&mut self, unit: &mut Unit<'_>, movements: Vec<Movement>, balances: &Balances) {
        self.balances.extend(balances.changed());
        unit.movements.extend(movements);
    }

    fn file(&mut self, room: RoomId) -> &mut File {
        Arc::make_mut(self.rooms.entry(room).or_default())
    }
}
