//! What a service has committed, and the transactions that change it: inbox, effects and outbox together, or nothing.

use super::{
    Bug,
    broker::{Broker, Origin, Parcel, Weather, strikes},
    chance::Chance,
    message::{Answer, Body, Message, Part, Told},
};
use anyhow::Result;
use std::collections::{BTreeMap, HashMap, HashSet};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use wallet_svc::domain::ledger::Movement;

/// A message that is not consumed in time is published again.
const SWEEP_AFTER: Duration = Duration::seconds(2);
/// How long a message waits whose prerequisite is missing, or whose reader died.
const LATER: Duration = Duration::milliseconds(300);

/// What surrounds all services.
#[derive(Debug)]
pub struct Wires {
    pub now: OffsetDateTime,
    pub chance: Chance,
    pub weather: Weather,
    pub broker: Broker,
    pub bug: Option<Bug>,
    pub crashes: u64,
    /// Who has taken what out of whose outbox, for the outbox to be told.
    pub acks: Vec<(Part, Origin)>,
}

/// A message in the hands of a handler.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub message: Message,
    /// It came before and no answer was stored: no new effect.
    pub repeat: bool,
}

/// What a transaction does besides changing rows.
#[derive(Debug)]
pub struct Unit<'a> {
    pub now: OffsetDateTime,
    pub chance: &'a mut Chance,
    pub bug: Option<Bug>,
    /// Entries of the ledger, for the checker.
    pub movements: Vec<Movement>,
    messages: Vec<Message>,
    sagas: Vec<Saga>,
    stored: Vec<Told>,
    later: HashSet<Uuid>,
}

#[derive(Debug)]
enum Saga {
    Issue(&'static str, Uuid, Message),
    Settle(&'static str, Uuid),
}

impl<'a> Unit<'a> {
    fn new(now: OffsetDateTime, chance: &'a mut Chance, bug: Option<Bug>) -> Self {
        let (movements, messages, sagas, stored) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { now, chance, bug, movements, messages, sagas, stored, later: HashSet::new() }
    }

    /// Sends a message with the commit.
    pub fn send(&mut self, body: Body) {
        let id = self.chance.id();
        self.messages.push(Message::new(id, body));
    }

    /// Sends a command now and again until it is settled.
    pub fn issue(&mut self, saga: &'static str, key: Uuid, body: Body) {
        let id = self.chance.id();
        self.sagas.push(Saga::Issue(saga, key, Message::new(id, body)));
    }

    /// The effect of an issued command was seen.
    pub fn settled(&mut self, saga: &'static str, key: Uuid) {
        self.sagas.push(Saga::Settle(saga, key));
    }

    /// Tells an outcome that can be derived again.
    pub fn answer(&mut self, command: Uuid, answer: Answer) {
        self.send(Body::Told(Told { command, answer }));
    }

    /// Tells an outcome and stores it for repeats.
    pub fn decide(&mut self, command: Uuid, answer: Answer) {
        self.stored.push(Told { command, answer });
        self.answer(command, answer);
    }

    /// Something is missing yet: the message comes again.
    pub fn later(&mut self, delivery: &Delivery) {
        self.later.insert(delivery.message.id);
    }
}

#[derive(Debug)]
struct Frame {
    messages: Vec<Message>,
    created_at: OffsetDateTime,
    sent: bool,
    /// Places and readers that have not acknowledged.
    open: HashSet<(usize, Part)>,
}

#[derive(Debug)]
struct Issued {
    message: Message,
    attempts: u32,
    next_at: OffsetDateTime,
}

/// What the death of a process leaves of its last transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// Nothing.
    Uncommitted,
    /// The rows, and an outbox that nobody has published.
    Unpublished,
    /// Everything but the acknowledgement, and the note that the frame is out.
    Unacknowledged,
}

/// One service's schema.
#[derive(Debug)]
pub struct Disk<Rows> {
    pub part: Part,
    /// What the service itself stores. Cheap to clone: large values are shared.
    pub rows: Rows,
    inbox: HashMap<Uuid, Option<Answer>>,
    outbox: BTreeMap<u64, Frame>,
    issued: BTreeMap<(&'static str, Uuid), Issued>,
    frames: u64,
}

impl<Rows: Clone> Disk<Rows> {
    pub fn new(part: Part, rows: Rows) -> Self {
        let (inbox, outbox, issued) = (HashMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { part, rows, inbox, outbox, issued, frames: 0 }
    }

    /// Runs one transaction over a batch, which is empty for a worker's. Returns what it wrote into the ledger, if it was
    /// committed.
    pub fn transact(
        &mut self,
        wires: &mut Wires,
        batch: Vec<Parcel>,
        work: impl FnOnce(&mut Rows, &mut Unit<'_>, &[Delivery]) -> Result<()>,
    ) -> Result<Vec<Movement>> {
        let (deliveries, told, fresh) = self.enter(&batch);
        let mut draft = self.rows.clone();
        let mut unit = Unit::new(wires.now, &mut wires.chance, wires.bug);
        for Told { command, answer } in told {
            unit.answer(command, answer);
        }
        work(&mut draft, &mut unit, &deliveries)?;
        let Unit { movements, messages, sagas, stored, later, .. } = unit;

        let death = strikes(&mut wires.chance, wires.weather.crash).then(|| {
            let deaths = [Death::Uncommitted, Death::Unpublished, Death::Unacknowledged];
            wires.chance.pick(&deaths).copied().unwrap_or(Death::Uncommitted)
        });
        wires.crashes += u64::from(death.is_some());
        if death == Some(Death::Uncommitted) {
            self.give_back(wires, batch);
            return Ok(Vec::new());
        }
        self.rows = draft;
        if wires.bug != Some(Bug::NoInboxRow) {
            self.inbox.extend(fresh.into_iter().filter(|id| !later.contains(id)).map(|id| (id, None)));
            self.inbox.extend(stored.into_iter().map(|told| (told.command, Some(told.answer))));
        }
        let frame = self.write_frame(wires, messages, sagas);
        if death != Some(Death::Unpublished)
            && let Some(frame) = frame
        {
            self.publish(wires, frame, death.is_none());
        }
        if death.is_some() {
            self.give_back(wires, batch);
            return Ok(movements);
        }
        let (naks, acks): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|parcel| later.contains(&parcel.message.id));
        self.give_back(wires, naks);
        let acks = acks.into_iter().filter_map(|parcel| Some((self.part, parcel.origin?)));
        wires.acks.extend(acks);
        Ok(movements)
    }

    /// What is known of a batch: messages to handle, each once, outcomes to tell again, ids that are new.
    fn enter(&self, batch: &[Parcel]) -> (Vec<Delivery>, Vec<Told>, Vec<Uuid>) {
        let (mut deliveries, mut told, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        for Parcel { message, .. } in batch {
            if !seen.insert(message.id) {
                continue;
            }
            match self.inbox.get(&message.id) {
                Some(Some(answer)) => told.push(Told { command: message.id, answer: *answer }),
                known => {
                    if known.is_none() {
                        fresh.push(message.id);
                    }
                    deliveries.push(Delivery { message: message.clone(), repeat: known.is_some() });
                }
            }
        }
        (deliveries, told, fresh)
    }

    fn give_back(&self, wires: &mut Wires, batch: Vec<Parcel>) {
        for parcel in batch {
            wires.broker.nak(self.part, parcel, wires.now, LATER);
        }
    }

    /// Follows the sagas and keeps the frame. Returns its number.
    fn write_frame(
        &mut self,
        wires: &mut Wires,
        mut messages: Vec<Message>,
        sagas: Vec<Saga>,
    ) -> Option<u64> {
        for saga in sagas {
            match saga {
                Saga::Issue(saga, key, message) => {
                    self.issued.entry((saga, key)).or_insert_with(|| {
                        messages.push(message.clone());
                        Issued { message, attempts: 0, next_at: wires.now + SWEEP_AFTER }
                    });
                }
                Saga::Settle(saga, key) => {
                    self.issued.remove(&(saga, key));
                }
            }
        }
        if messages.is_empty() || (wires.bug == Some(Bug::LostOutboxRow) && wires.chance.one_in(10)) {
            return None;
        }
        self.frames += 1;
        let places = messages.iter().enumerate();
        let open = places
            .flat_map(|(place, message)| message.body.readers().iter().map(move |reader| (place, *reader)));
        let open = open.collect();
        self.outbox.insert(self.frames, Frame { messages, created_at: wires.now, sent: false, open });
        Some(self.frames)
    }

    fn publish(&mut self, wires: &mut Wires, number: u64, mark: bool) {
        let part = self.part;
        let Some(frame) = self.outbox.get_mut(&number) else { return };
        for (place, message) in frame.messages.iter().enumerate() {
            let origin = Some(Origin { part, frame: number, place });
            wires.broker.publish(message, origin, wires.now, &wires.weather, &mut wires.chance);
        }
        frame.sent |= mark;
    }

    /// Publishes what a dead process left in the outbox, and re-issues commands whose effect was not seen.
    pub fn sweep(&mut self, wires: &mut Wires) {
        let left = self
            .outbox
            .iter()
            .filter(|(_, frame)| !frame.sent && frame.created_at + SWEEP_AFTER <= wires.now);
        for number in left.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.publish(wires, number, true);
        }
        for issued in self.issued.values_mut().filter(|issued| issued.next_at <= wires.now) {
            issued.attempts += 1;
            issued.next_at =
                wires.now + Duration::seconds(30.min(1 << issued.attempts.saturating_add(1).min(6)));
            wires.broker.publish(&issued.message, None, wires.now, &wires.weather, &mut wires.chance);
        }
    }

    /// A broker that lost everything is told again what nobody has acknowledged.
    pub fn replay(&mut self, wires: &mut Wires) {
        for (number, frame) in &mut self.outbox {
            let mut open: Vec<_> = frame.open.iter().copied().collect();
            open.sort_unstable();
            for (place, reader) in open {
                let Some(message) = frame.messages.get(place) else { continue };
                let origin = Some(Origin { part: self.part, frame: *number, place });
                wires.broker.send(reader, message, origin, wires.now, &wires.weather, &mut wires.chance);
            }
            frame.sent = true;
        }
    }

    /// A reader has taken a message of this outbox.
    pub fn acknowledged(&mut self, origin: Origin, reader: Part) {
        if let Some(frame) = self.outbox.get_mut(&origin.frame) {
            frame.open.remove(&(origin.place, reader));
            if frame.open.is_empty() && frame.sent {
                self.outbox.remove(&origin.frame);
            }
        }
    }

    /// Commands that are still re-issued.
    pub fn waiting(&self) -> impl Iterator<Item = (&'static str, Uuid)> {
        self.issued.keys().copied()
    }
}
