//! settlement-svc: its real verdicts, steps, books and chunks over an in-memory table.

use super::{
    Bug,
    disk::{Delivery, Unit},
    message::Body,
    rooms::Rooms,
};
use anyhow::{Context, Result, ensure};
use proto::{
    AccountId, Lamports, RoomId, receipt_anchors,
    room::{FreezeRoom, RoomFrozen, RoomState, VoidReason},
    settlement::{ResolveRoom, RuleRoom},
    wallet::{PayoutsPosted, ReceiptAnchored},
};
use settlement_svc::{
    domain::{
        Due, Frozen, Line, Rules, Ruling, Settlement, State, Step, Totals, Verdict,
        hearing::{self, Effect},
        referral::{Chain, Credit, Rates, referrals},
        settle,
    },
    messages,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Lines of one chunk: few, so that rooms of ten have several.
const LINES: usize = 3;

/// What a book leaves behind.
#[derive(Clone, Debug)]
pub struct Closed {
    pub totals: Totals,
    pub lines: Vec<Line>,
    pub credits: Vec<Vec<Credit>>,
}

/// One settlement with its facts.
#[derive(Clone, Debug)]
pub struct File {
    pub settlement: Settlement,
    frozen: Option<Arc<Frozen>>,
    pub closed: Option<Arc<Closed>>,
    posted: BTreeSet<u32>,
    pub settled_at: Option<OffsetDateTime>,
    /// When the frozen bets are to be read.
    errand: Option<OffsetDateTime>,
}

impl File {
    /// Who gets the host's fee, if there is a host.
    pub fn host(&self) -> Option<AccountId> {
        AccountId::try_from_bytes(&self.frozen.as_ref()?.terms.host_account_id).ok()
    }
}

/// All settlements.
#[derive(Clone, Debug)]
pub struct Settling {
    pub files: BTreeMap<RoomId, Arc<File>>,
    pub chains: Arc<HashMap<AccountId, Chain>>,
    pub rates: Rates,
}

/// One batch. `rooms` is what room-svc answers when it is asked for frozen bets, if it can be asked.
pub fn handle(
    rows: &mut Settling,
    unit: &mut Unit<'_>,
    batch: &[Delivery],
    rooms: Option<&Rooms>,
) -> Result<()> {
    for delivery in batch {
        match delivery.message.body.as_ref() {
            Body::Resolve(message) => rows.resolve(unit, message)?,
            Body::Rule(command) => rows.rule(unit, command)?,
            Body::RoomFrozen(message) => rows.frozen(unit, message, rooms)?,
            Body::PayoutsPosted(message) => rows.posted(unit, message)?,
            Body::ReceiptAnchored(message) => rows.anchored(unit, message)?,
            _ => {}
        }
    }
    Ok(())
}

/// Runs the errands that are due.
pub fn work(rows: &mut Settling, unit: &mut Unit<'_>, rooms: &Rooms) -> Result<()> {
    let due = |file: &&Arc<File>| file.errand.is_some_and(|at| at <= unit.now);
    let due: Vec<RoomId> = rows.files.values().filter(due).map(|file| file.settlement.room).collect();
    for room in due {
        let file = rows.file(room)?;
        if let Some(until) = file.settlement.waits_until.filter(|_| file.settlement.waits(unit.now)) {
            file.errand = Some(until);
        } else if file.settlement.state == State::Frozen {
            rows.pay(unit, room, rooms)?;
        } else {
            file.errand = None;
        }
    }
    Ok(())
}

impl Settling {
    fn file(&mut self, room: RoomId) -> Result<&mut File> {
        Ok(Arc::make_mut(self.files.get_mut(&room).with_context(|| format!("room {room} is not decided"))?))
    }

    /// A verdict stands if it is the room's first.
    fn insert(&mut self, unit: &mut Unit<'_>, room: RoomId, verdict: Verdict) -> bool {
        if self.files.contains_key(&room) {
            return false;
        }
        let settlement = Settlement {
            room,
            verdict,
            state: State::Decided,
            version: 1,
            decided_at: unit.now,
            ruled_at: None,
            waits_until: None,
        };
        let file = File {
            settlement,
            frozen: None,
            closed: None,
            posted: BTreeSet::new(),
            settled_at: None,
            errand: None,
        };
        self.files.insert(room, Arc::new(file));
        unit.issue("freeze", room.uuid(), Body::Freeze(FreezeRoom { room_id: room.bytes() }));
        true
    }

    fn resolve(&mut self, unit: &mut Unit<'_>, message: &ResolveRoom) -> Result<()> {
        let room = RoomId::try_from_bytes(&message.room_id)?;
        let verdict = Verdict::try_from(message.verdict.as_ref().context("no verdict")?)?;
        self.insert(unit, room, verdict);
        unit.send(Body::RoomDecided(messages::room_decided(&self.file(room)?.settlement)));
        Ok(())
    }

    /// What two operators agree on.
    fn rule(&mut self, unit: &mut Unit<'_>, command: &RuleRoom) -> Result<()> {
        let room = RoomId::try_from_bytes(&command.room_id)?;
        let Ok(ruling) = hearing::ruling(command) else { return Ok(()) };
        let standing = self.files.get(&room).map(|file| &file.settlement);
        // Operators only void here, which no terms are against.
        let terms = proto::room::Terms::default();
        let Ok(effect) = hearing::effect(ruling, &terms, standing, unit.now) else { return Ok(()) };
        self.insert(unit, room, Verdict::of(ruling));
        let now = unit.now;
        let file = self.file(room)?;
        let settlement = &mut file.settlement;
        settlement.verdict.ruling = ruling;
        (settlement.ruled_at, settlement.waits_until) = (Some(now), None);
        settlement.version += 1;
        if effect != Effect::Confirm {
            unit.send(Body::RoomDecided(messages::room_decided(settlement)));
        }
        if file.errand.is_some() {
            file.errand = Some(now);
        }
        Ok(())
    }

    fn frozen(&mut self, unit: &mut Unit<'_>, message: &RoomFrozen, rooms: Option<&Rooms>) -> Result<()> {
        let frozen = Frozen::try_from(message)?;
        let (room, now) = (frozen.room, unit.now);
        unit.settled("freeze", room.uuid());
        let file = self.file(room)?;
        if file.settlement.state.step(State::Frozen)? == Step::Repeated {
            return Ok(());
        }
        let wait = frozen.terms.suspicion_wait_seconds;
        file.frozen = Some(Arc::new(frozen));
        let queued = message.room.as_ref().is_some_and(|room| room.state() == RoomState::Queuing);
        if queued && matches!(file.settlement.verdict.ruling, Ruling::Outcome(_)) {
            let settlement = &mut file.settlement;
            settlement.verdict = Verdict::of(Ruling::Void(VoidReason::MinPlayers));
            (settlement.ruled_at, settlement.waits_until) = (None, None);
            unit.send(Body::RoomDecided(messages::room_decided(settlement)));
        }
        file.settlement.version += 1;
        if let Some(until) = file.settlement.wait(wait).filter(|until| now < *until) {
            file.settlement.waits_until = Some(until);
            file.errand = Some(until);
            return Ok(());
        }
        match rooms {
            Some(rooms) => self.pay(unit, room, rooms),
            None => {
                file.errand = Some(now);
                Ok(())
            }
        }
    }

    /// Makes the book and sends the payouts on their way.
    fn pay(&mut self, unit: &mut Unit<'_>, room: RoomId, rooms: &Rooms) -> Result<()> {
        let (chains, rates) = (self.chains.clone(), self.rates);
        let file = self.file(room)?;
        let frozen = file.frozen.clone().context("no book before the freeze")?;
        let read = rooms.0.get(&room).context("a frozen room is gone")?.accepted();
        let bets = frozen.accept(&read)?;
        let mut verdict = file.settlement.verdict.clone();
        // The planted wrong void: an outcome that happened counts as none.
        if unit.bug == Some(Bug::WrongVoid) && unit.chance.one_in(6) {
            verdict = Verdict::of(Ruling::Void(VoidReason::Tie));
        }
        let book = settle(&Rules::try_from(&frozen.terms)?, &verdict, &bets)?;
        file.settlement.state.step(State::Computed)?;
        let chunks = book.chunks(LINES);
        let credits = referrals(&book, &chunks, &chains, &rates)?;
        let sum = Lamports::checked_sum(credits.iter().flatten().map(|credit| credit.lamports))?;
        let totals = Totals::new(&book, sum, u32::try_from(chunks.len())?);
        file.settlement.state.step(State::Posting)?;
        (file.settlement.waits_until, file.errand) = (None, None);
        for ((chunk, lines), credits) in totals.at_once().zip(chunks).zip(&credits) {
            issue(unit, &frozen, &totals, chunk, lines, credits)?;
        }
        file.closed = Some(Arc::new(Closed { totals, lines: book.lines, credits }));
        Ok(())
    }

    fn posted(&mut self, unit: &mut Unit<'_>, message: &PayoutsPosted) -> Result<()> {
        let room = RoomId::try_from_bytes(&message.room_id)?;
        unit.settled("payouts", chunk_key(room, message.chunk));
        let file = self.file(room)?;
        let closed = file.closed.clone().context("a chunk of no book")?;
        ensure!(message.chunk < closed.totals.chunks, "room {room} has no chunk {}", message.chunk);
        if !file.posted.insert(message.chunk) {
            return Ok(());
        }
        let frozen = file.frozen.clone().context("a book before the freeze")?;
        match closed.totals.due(u32::try_from(file.posted.len())?) {
            Due::Nothing => Ok(()),
            Due::LastChunk => {
                let last = closed.totals.last();
                let lines = closed.lines.chunks(LINES).last().unwrap_or_default();
                let credits = closed.credits.last().map(Vec::as_slice).unwrap_or_default();
                issue(unit, &frozen, &closed.totals, last, lines, credits)
            }
            Due::Settled => {
                file.settlement.state.step(State::Posted)?;
                file.settled_at = Some(unit.now);
                let totals = &closed.totals;
                let mut result = messages::room_settled(&frozen, &file.settlement.verdict, totals, unit.now);
                let mut parts = closed.lines.chunks(LINES);
                for part in 0..totals.chunks {
                    result.part = part;
                    result.bets =
                        parts.next().unwrap_or_default().iter().map(messages::settled_bet).collect();
                    unit.send(Body::RoomSettled(result.clone()));
                }
                let receipt = messages::anchor_receipt(&frozen, &file.settlement.verdict, totals);
                unit.issue("anchor", room.uuid(), Body::AnchorReceipt(receipt));
                Ok(())
            }
        }
    }

    fn anchored(&mut self, unit: &mut Unit<'_>, message: &ReceiptAnchored) -> Result<()> {
        let room = RoomId::try_from_bytes(&message.room_id)?;
        let file = self.file(room)?;
        let step = file.settlement.state.step(State::Anchored)?;
        unit.settled("anchor", room.uuid());
        if step == Step::Taken {
            let (frozen, closed) = file.frozen.as_ref().zip(file.closed.as_ref()).context("no book")?;
            let asked = messages::anchor_receipt(frozen, &file.settlement.verdict, &closed.totals);
            let anchors = receipt_anchors(&asked, &message.memo, 0, 0, &[])?;
            ensure!(anchors, "room {room} is not what its receipt anchors");
        }
        Ok(())
    }
}

/// Issues one chunk of the payouts.
fn issue(
    unit: &mut Unit<'_>,
    frozen: &Frozen,
    totals: &Totals,
    chunk: u32,
    lines: &[Line],
    credits: &[Credit],
) -> Result<()> {
    let fees = totals.fees(chunk)?;
    let command = messages::post_payouts(&frozen.terms, chunk, totals.chunks, lines, credits, fees);
    unit.issue("payouts", chunk_key(frozen.room, chunk), Body::PostPayouts(command));
    Ok(())
}

fn chunk_key(room: RoomId, chunk: u32) -> Uuid {
    Uuid::new_v5(&room.uuid(), &chunk.to_be_bytes())
}
