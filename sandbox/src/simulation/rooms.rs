//! room-svc: its real working set, folded over what an in-memory table has.

use super::{
    disk::{Delivery, Unit},
    message::{Answer, Body},
};
use anyhow::{Context, Result, ensure};
use proto::{
    AccountId, BetId, Lamports, Refusal, RoomId,
    common::RefusalCode,
    from_timestamp,
    room::{self as messages, BetState, RoomFrozen, RoomState, Terms, VoidReason},
    settlement::{Fate, ResolveRoom, RoomSettled, Verdict},
    wallet::{HoldStakes, ReleaseStakes, StakeDecision, StakeHold, StakeRelease, StakeState, StakesDecided},
};
use room_svc::domain::{
    bet::{Bet, CancelRule, Wager},
    odds::{Guard, Offer, Standing, Takeout},
    room::{Next, Room},
    working_set::{HoldResult, WorkingSet},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use time::OffsetDateTime;

/// How long after the close a hold may be confirmed.
const HOLD_GRACE: Duration = Duration::from_secs(5);
/// A hold that is not answered is asked for again.
const HOLD_REPEAT: Duration = Duration::from_secs(2);

const CANCEL: CancelRule = CancelRule { within: Duration::from_secs(5), until_lock: Duration::from_secs(10) };

/// A room with all its bets.
#[derive(Clone, Debug)]
pub struct File {
    pub room: Room,
    pub terms: Arc<Terms>,
    pub terms_bytes: Arc<Vec<u8>>,
    pub bets: BTreeMap<BetId, Bet>,
    bets_hash: Option<[u8; 32]>,
    /// As told by the settlement; its parts come in any order.
    pub settled_at: Option<OffsetDateTime>,
    pub void_reason: VoidReason,
}

impl File {
    pub fn new(room: Room, terms: Terms) -> Self {
        let terms_bytes = Arc::new(prost::Message::encode_to_vec(&terms));
        let (bets, void_reason) = (BTreeMap::new(), VoidReason::Unspecified);
        Self {
            room,
            terms: Arc::new(terms),
            terms_bytes,
            bets,
            bets_hash: None,
            settled_at: None,
            void_reason,
        }
    }

    /// Accepted bets by id, as a frozen room is read.
    pub fn accepted(&self) -> Vec<messages::Bet> {
        let counts = |bet: &&Bet| {
            matches!(bet.state, BetState::Accepted | BetState::Won | BetState::Lost | BetState::Voided)
        };
        self.bets.values().filter(counts).map(|bet| bet.to_message(None)).collect()
    }

    fn frozen(&self) -> Result<RoomFrozen> {
        Ok(RoomFrozen {
            room: Some(messages::Room {
                room_id: self.room.id.bytes(),
                number: 1,
                terms_hash: Sha256::digest(self.terms_bytes.as_slice()).to_vec(),
                state: self.room.state.into(),
                ..Default::default()
            }),
            terms: self.terms_bytes.as_ref().clone(),
            bet_count: self.room.players(),
            pools_lamports: self.room.pools.iter().map(|pool| pool.get()).collect(),
            bets_hash: self.bets_hash.context("a frozen room without a hash")?.to_vec(),
        })
    }

    /// What a bet with a guard is held against now.
    fn offer(&self, now: OffsetDateTime) -> Result<Offer> {
        let takeout = Takeout::try_from(self.terms.as_ref())?;
        let mut pools = self.room.pools.clone();
        let mut guards: Vec<Vec<Guard>> = pools.iter().map(|_| Vec::new()).collect();
        for bet in self.bets.values().filter(|bet| bet.state == BetState::Accepted) {
            let outcome = usize::try_from(bet.wager.outcome)?;
            if bet.cancel_until.is_some_and(|until| now < until) {
                let pool = pools.get_mut(outcome).context("a bet on nothing")?;
                *pool = pool.checked_sub(bet.wager.stake)?;
            } else if bet.wager.min_odds_percent > 0 {
                let Wager { id, stake, min_odds_percent: percent, .. } = bet.wager;
                let guard = Guard { percent, accepted_at: bet.accepted_at, bet: id, stake };
                guards.get_mut(outcome).context("a bet on nothing")?.push(guard);
            }
        }
        let mut standing = Standing::new(Offer { pools, takeout });
        for (outcome, mut guards) in guards.into_iter().enumerate() {
            guards.sort_unstable_by(|a, b| b.cmp(a));
            standing.read(outcome, guards, true);
        }
        ensure!(standing.run()?.is_empty(), "the rule wants more than all bets");
        Ok(standing.offer())
    }
}

/// All rooms.
#[derive(Clone, Debug, Default)]
pub struct Rooms(pub BTreeMap<RoomId, Arc<File>>);

#[derive(Default)]
struct After {
    holds: Vec<StakeHold>,
    /// Hosts took these back: their void is issued before the closed room calls for one of its own.
    taken_back: Vec<RoomId>,
}

/// The rooms that a message is about.
fn subjects(body: &Body) -> Result<Vec<RoomId>> {
    let one = match body {
        Body::PlaceBet(message) => &message.room_id,
        Body::CancelBet(message) => &message.room_id,
        Body::CancelRoom(message) => &message.room_id,
        Body::Freeze(message) => &message.room_id,
        Body::RoomDecided(message) => &message.room_id,
        Body::RoomSettled(message) => &message.room_id,
        Body::StakesDecided(decided) => {
            let rooms = decided.items.iter().map(|item| RoomId::try_from_bytes(&item.room_id));
            return Ok(rooms.collect::<Result<_, _>>()?);
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![RoomId::try_from_bytes(one)?])
}

/// One batch.
pub fn handle(rows: &mut Rooms, unit: &mut Unit<'_>, batch: &[Delivery]) -> Result<()> {
    let mut ids = BTreeSet::new();
    for delivery in batch {
        ids.extend(subjects(&delivery.message.body)?);
    }
    let mut set = rows.load(&ids, unit.now)?;
    let mut after = After::default();
    for delivery in batch {
        match delivery.message.body.as_ref() {
            Body::PlaceBet(request) => place(unit, &mut set, delivery, request, &mut after)?,
            Body::CancelBet(request) => cancel_bet(unit, &mut set, delivery, request)?,
            Body::CancelRoom(request) => cancel_room(unit, &mut set, delivery, request, &mut after)?,
            Body::StakesDecided(decided) => follow_holds(unit, &mut set, decided)?,
            Body::Freeze(freeze) => {
                let id = RoomId::try_from_bytes(&freeze.room_id)?;
                let file = rows.0.get(&id).context("a freeze of no room")?;
                if file.room.frozen {
                    unit.send(Body::RoomFrozen(file.frozen()?));
                } else {
                    set.change(id, |room| room.ask_freeze(unit.now));
                }
            }
            Body::RoomDecided(decided) => {
                let id = RoomId::try_from_bytes(&decided.room_id)?;
                unit.settled("resolve", id.uuid());
                set.change(id, |room| room.ask_freeze(unit.now));
            }
            Body::RoomSettled(settled) => rows.follow_settlement(settled)?,
            _ => {}
        }
    }
    if !after.holds.is_empty() {
        unit.send(Body::HoldStakes(HoldStakes { items: after.holds }));
    }
    for room in after.taken_back {
        void(unit, room, VoidReason::HostCancel);
    }
    rows.write(unit, &set)
}

fn place(
    unit: &mut Unit<'_>,
    set: &mut WorkingSet,
    delivery: &Delivery,
    request: &messages::PlaceBet,
    after: &mut After,
) -> Result<()> {
    let id = delivery.message.id;
    let wager = Wager {
        id: BetId::new(id),
        room_id: RoomId::try_from_bytes(&request.room_id)?,
        account_id: AccountId::try_from_bytes(&request.account_id)?,
        outcome: request.outcome,
        stake: Lamports::try_positive(request.stake_lamports)?,
        min_odds_percent: request.min_odds_percent,
    };
    if let Some(bet) = set.bet(wager.id) {
        if !matches!(bet.state, BetState::Pending | BetState::Refused) {
            unit.answer(id, Answer::Done);
        }
        return Ok(());
    }
    if delivery.repeat {
        return Ok(());
    }
    match set.place(unit.now, wager, &CANCEL) {
        Ok(()) => after.holds.push(hold(&wager)),
        Err(refusal) => unit.decide(id, (&refusal).into()),
    }
    Ok(())
}

fn cancel_bet(
    unit: &mut Unit<'_>,
    set: &mut WorkingSet,
    delivery: &Delivery,
    request: &messages::CancelBet,
) -> Result<()> {
    if delivery.repeat {
        return Ok(());
    }
    let bet = (
        BetId::try_from_bytes(&request.bet_id)?,
        RoomId::try_from_bytes(&request.room_id)?,
        AccountId::try_from_bytes(&request.account_id)?,
    );
    match set.cancel(unit.now, bet, &CANCEL)? {
        Ok((bet, before)) => {
            if before == BetState::Pending {
                unit.answer(bet.wager.id.uuid(), Answer::Done);
            }
            release(unit, &bet.wager);
            unit.decide(delivery.message.id, Answer::Done);
        }
        Err(refusal) => unit.decide(delivery.message.id, (&refusal).into()),
    }
    Ok(())
}

fn cancel_room(
    unit: &mut Unit<'_>,
    set: &mut WorkingSet,
    delivery: &Delivery,
    request: &messages::CancelRoom,
    after: &mut After,
) -> Result<()> {
    if delivery.repeat {
        return Ok(());
    }
    let id = RoomId::try_from_bytes(&request.room_id)?;
    let answer = match set.cancel_room(unit.now, id, AccountId::try_from_bytes(&request.host_account_id)?) {
        Ok(()) => {
            after.taken_back.push(id);
            Answer::Done
        }
        Err(refusal) => (&refusal).into(),
    };
    unit.decide(delivery.message.id, answer);
    Ok(())
}

fn follow_holds(unit: &mut Unit<'_>, set: &mut WorkingSet, decided: &StakesDecided) -> Result<()> {
    for item in &decided.items {
        let id = BetId::try_from_bytes(&item.bet_id)?;
        if item.state() == StakeState::Released {
            unit.settled("release", id.uuid());
        }
        match set.hold_decided(id, decision(item)?)? {
            HoldResult::Accepted(_) => unit.answer(id.uuid(), Answer::Done),
            HoldResult::Refused(id, refusal) => unit.decide(id.uuid(), (&refusal).into()),
            HoldResult::Old => {}
        }
    }
    Ok(())
}

fn decision(item: &StakeDecision) -> Result<Result<(), Refusal>> {
    Ok(match item.state() {
        StakeState::Held => Ok(()),
        StakeState::Refused => {
            Err(item.refusal.as_ref().map(Refusal::from).context("refused without a rule")?)
        }
        StakeState::Released | StakeState::Unspecified => Err(Refusal::new(RefusalCode::BetHoldLate)),
    })
}

fn hold(wager: &Wager) -> StakeHold {
    StakeHold {
        bet_id: wager.id.bytes(),
        account_id: wager.account_id.bytes(),
        room_id: wager.room_id.bytes(),
        lamports: wager.stake.get(),
    }
}

fn release(unit: &mut Unit<'_>, wager: &Wager) {
    let item = StakeRelease {
        bet_id: wager.id.bytes(),
        account_id: wager.account_id.bytes(),
        room_id: wager.room_id.bytes(),
    };
    unit.issue("release", wager.id.uuid(), Body::ReleaseStakes(ReleaseStakes { items: vec![item] }));
}

fn void(unit: &mut Unit<'_>, room: RoomId, reason: VoidReason) {
    let verdict = Some(Verdict { void_reason: reason.into(), ..Default::default() });
    unit.issue("resolve", room.uuid(), Body::Resolve(ResolveRoom { room_id: room.bytes(), verdict }));
}

/// What happens by time alone: rooms close, holds come too late or are asked for again.
pub fn work(rows: &mut Rooms, unit: &mut Unit<'_>) -> Result<()> {
    let now = unit.now;
    let live = |file: &&Arc<File>| file.settled_at.is_none();
    let due: BTreeSet<RoomId> =
        rows.0.values().filter(live).filter(|file| is_due(file, now)).map(|file| file.room.id).collect();
    let mut set = rows.load(&due, now)?;
    for id in &due {
        let Some(file) = rows.0.get(id) else { continue };
        let lock_at = file.room.lock_at;
        if closes(&file.room, now) {
            set.change(*id, |room| room.close(lock_at));
        }
        if file.room.closed_at.is_some_and(|closed| closed + HOLD_GRACE <= now) {
            for bet in file.bets.values().filter(|bet| bet.state == BetState::Pending) {
                let refusal = Refusal::new(RefusalCode::BetHoldLate);
                let answer = (&refusal).into();
                set.hold_decided(bet.wager.id, Err(refusal))?;
                unit.decide(bet.wager.id.uuid(), answer);
                release(unit, &bet.wager);
            }
        }
    }
    let slow = |bet: &&Bet| bet.state == BetState::Pending && bet.accepted_at + HOLD_REPEAT < now;
    let pending = rows.0.values().filter(live).flat_map(|file| file.bets.values()).filter(slow);
    let items: Vec<StakeHold> = pending.map(|bet| hold(&bet.wager)).collect();
    if !items.is_empty() {
        unit.send(Body::HoldStakes(HoldStakes { items }));
    }
    rows.write(unit, &set)
}

fn closes(room: &Room, now: OffsetDateTime) -> bool {
    matches!(room.state, RoomState::Queuing | RoomState::Open)
        && room.closed_at.is_none()
        && room.lock_at <= now
}

fn is_due(file: &File, now: OffsetDateTime) -> bool {
    closes(&file.room, now)
        || (file.room.pending > 0 && file.room.closed_at.is_some_and(|closed| closed + HOLD_GRACE <= now))
}

impl Rooms {
    /// A working set of whole rooms, with offers for bets that have a guard.
    fn load(&self, ids: &BTreeSet<RoomId>, now: OffsetDateTime) -> Result<WorkingSet> {
        let files: Vec<&Arc<File>> = ids.iter().filter_map(|id| self.0.get(id)).collect();
        let mut offers = HashMap::with_capacity(files.len());
        for file in files.iter().filter(|file| file.room.closed_at.is_none()) {
            offers.insert(file.room.id, file.offer(now)?);
        }
        let rooms = files.iter().map(|file| file.room.clone()).collect();
        let bets = files.iter().flat_map(|file| file.bets.values().cloned()).collect();
        Ok(WorkingSet::new(rooms, bets).with_offers(offers))
    }

    /// Writes what changed and does what the rooms call for now.
    fn write(&mut self, unit: &mut Unit<'_>, set: &WorkingSet) -> Result<()> {
        for room in set.changed_rooms() {
            self.file(room.id)?.room = room.clone();
        }
        for bet in set.changed_bets().chain(set.new_bets()) {
            let file = self.file(bet.wager.room_id)?;
            ensure!(!file.room.frozen, "bet {} of a frozen room changed", bet.wager.id);
            file.bets.insert(bet.wager.id, bet.clone());
        }
        for (id, next) in set.calls() {
            match next {
                Next::Wait => {}
                Next::VoidNoOpposition => void(unit, id, VoidReason::NoOpposition),
                Next::VoidMinPlayers => void(unit, id, VoidReason::MinPlayers),
                Next::Freeze => {
                    let file = self.file(id)?;
                    file.bets_hash = Some(proto::bets_hash(&file.accepted())?);
                    file.room.frozen = true;
                    unit.send(Body::RoomFrozen(file.frozen()?));
                }
            }
        }
        Ok(())
    }

    fn follow_settlement(&mut self, settled: &RoomSettled) -> Result<()> {
        let file = self.file(RoomId::try_from_bytes(&settled.room_id)?)?;
        let verdict = settled.verdict.as_ref().context("settled without a verdict")?;
        if file.settled_at.is_none() {
            file.void_reason = verdict.void_reason();
            let void = file.void_reason != VoidReason::Unspecified;
            file.room.state = if void { RoomState::Voided } else { RoomState::Settled };
            file.settled_at = Some(from_timestamp(settled.settled_at.as_ref())?);
        }
        for told in &settled.bets {
            let state = match told.fate() {
                Fate::Won => BetState::Won,
                Fate::Lost => BetState::Lost,
                _ => BetState::Voided,
            };
            let bet = file.bets.get_mut(&BetId::try_from_bytes(&told.bet_id)?).context("a fate of no bet")?;
            if bet.state == BetState::Accepted {
                (bet.state, bet.payout) = (state, Lamports::try_positive(told.payout_lamports)?);
            }
        }
        Ok(())
    }

    fn file(&mut self, id: RoomId) -> Result<&mut File> {
        Ok(Arc::make_mut(self.0.get_mut(&id).context("no such room")?))
    }
}
