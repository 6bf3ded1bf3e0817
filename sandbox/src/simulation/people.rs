//! Everybody outside the three services: players behind the gateway, hosts, the oracle, operators.

use super::{
    chance::Chance,
    disk::Wires,
    message::{Answer, Body, Message, Part},
    rooms::{File, Rooms},
};
use anyhow::{Result, ensure};
use proto::{
    AccountId, Lamports, RoomId,
    room::{CancelBet, CancelRoom, Kind, PlaceBet, RoomState, Terms, VoidReason},
    settlement::{ResolveRoom, RuleRoom, Suspicion, Verdict},
    timestamp,
};
use room_svc::domain::room::Room;
use std::collections::{BTreeMap, HashMap};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A command without an outcome is repeated after this.
const AGAIN: Duration = Duration::seconds(2);

#[derive(Debug)]
struct Repeated {
    message: Message,
    next_at: OffsetDateTime,
}

/// What the oracle will say of a room, and whether settlement-svc has heard something.
#[derive(Debug)]
pub struct Watch {
    at: OffsetDateTime,
    next_at: OffsetDateTime,
    message: Message,
    pub verdict: Verdict,
    heard: bool,
}

/// What people have asked for and been told.
#[derive(Debug, Default)]
pub struct People {
    pub players: Vec<AccountId>,
    /// Rooms they know, each with its host and how many outcomes it has.
    rooms: Vec<(RoomId, Option<AccountId>, i64)>,
    open: BTreeMap<Uuid, Repeated>,
    /// All commands ever sent, for double taps.
    sent: Vec<Message>,
    pub bets: BTreeMap<Uuid, PlaceBet>,
    pub told: HashMap<Uuid, Answer>,
    pub watches: BTreeMap<RoomId, Watch>,
    /// Rooms whose void operators have asked for.
    pub ruled: Vec<RoomId>,
    /// Commands by which hosts take rooms back.
    pub taken_back: BTreeMap<Uuid, RoomId>,
}

impl People {
    /// Players who have done nothing yet.
    pub fn new(players: Vec<AccountId>) -> Self {
        Self { players, ..Self::default() }
    }

    /// Opens a room and lets the oracle watch it.
    pub fn open_room(&mut self, chance: &mut Chance, now: OffsetDateTime) -> File {
        let id = RoomId::new(chance.id());
        let host = chance.pick(&self.players).copied().filter(|_| !chance.one_in(4));
        let kind =
            *chance.pick(&[Kind::Touch, Kind::Touch, Kind::Close, Kind::Buckets]).unwrap_or(&Kind::Close);
        let outcomes = if kind == Kind::Buckets { chance.between(3, 4) } else { 2 };
        let lock_at = now + Duration::seconds(chance.between(15, 45));
        let deadline = lock_at + Duration::seconds(chance.between(3, 20));
        let max_players = u32::try_from(chance.between(3, 10)).unwrap_or(3);
        let min_players = if chance.one_in(3) { chance.between(2, max_players.into()) } else { 0 };
        let min_players = u32::try_from(min_players).unwrap_or_default();
        let terms = Terms {
            room_id: id.bytes(),
            kind: kind.into(),
            lock_at: Some(timestamp(lock_at)),
            deadline: Some(timestamp(deadline)),
            outcomes: (0..outcomes).map(|outcome| format!("outcome {outcome}")).collect(),
            max_players,
            min_players,
            protocol_fee_bps: 200,
            host_fee_bps: 100,
            past_post_seconds: 10,
            host_account_id: host.map(AccountId::bytes).unwrap_or_default(),
            suspicion_wait_seconds: 10,
            ..Default::default()
        };
        let verdict_at = if kind == Kind::Touch && chance.one_in(2) {
            now + Duration::seconds(chance.between(5, (deadline - now).whole_seconds()))
        } else {
            deadline
        };
        let verdict = verdict(chance, kind, outcomes, verdict_at, verdict_at < deadline);
        let resolve = ResolveRoom { room_id: id.bytes(), verdict: Some(verdict.clone()) };
        let message = Message::new(chance.id(), Body::Resolve(resolve));
        let watch = Watch { at: verdict_at, next_at: verdict_at, message, verdict, heard: false };
        self.watches.insert(id, watch);
        self.rooms.push((id, host, outcomes));
        let room = Room {
            id,
            state: if min_players > 0 { RoomState::Queuing } else { RoomState::Open },
            host,
            lock_at,
            min_stake: Lamports::new(50),
            max_stake: Lamports::new(5_000),
            max_players,
            min_players,
            max_pool: chance.one_in(5).then_some(Lamports::new(9_000)),
            seats: (0..outcomes).map(|_| 0).collect(),
            pools: (0..outcomes).map(|_| Lamports::ZERO).collect(),
            pending: 0,
            pending_stakes: Lamports::ZERO,
            closed_at: None,
            freeze_asked: false,
            frozen: false,
        };
        File::new(room, terms)
    }

    /// Somebody does something.
    pub fn act(&mut self, wires: &mut Wires) {
        let recent = self.rooms.len().saturating_sub(4);
        let rooms = self.rooms.get(recent..).unwrap_or_default();
        let Some((room, host, outcomes)) = wires.chance.pick(rooms).copied() else { return };
        let Some(account) = wires.chance.pick(&self.players).copied() else { return };
        let command = wires.chance.id();
        match wires.chance.between(0, 99) {
            0..=69 => {
                let guard = if wires.chance.one_in(3) { wires.chance.between(90, 400) } else { 0 };
                let bet = PlaceBet {
                    room_id: room.bytes(),
                    account_id: account.bytes(),
                    outcome: u32::try_from(wires.chance.between(0, outcomes - 1)).unwrap_or_default(),
                    stake_lamports: wires.chance.between(40, 2_600),
                    min_odds_percent: u32::try_from(guard).unwrap_or_default(),
                };
                self.bets.insert(command, bet.clone());
                self.send(wires, Message::new(command, Body::PlaceBet(bet)));
            }
            70..=81 => {
                let late = self.sent.len().saturating_sub(12);
                let placed = wires.chance.pick(self.sent.get(late..).unwrap_or_default());
                let placed = placed.map(|message| (message.id, message.body.clone()));
                if let Some((id, body)) = placed
                    && let Body::PlaceBet(PlaceBet { room_id, account_id, .. }) = body.as_ref()
                {
                    let (room_id, account_id) = (room_id.clone(), account_id.clone());
                    let cancel = CancelBet { bet_id: id.as_bytes().to_vec(), room_id, account_id };
                    self.send(wires, Message::new(command, Body::CancelBet(cancel)));
                }
            }
            // The same button twice, perhaps much later.
            82..=95 => {
                if let Some(again) = wires.chance.pick(&self.sent).cloned() {
                    publish(wires, &again);
                }
            }
            96..=97 => {
                if let Some(host) = host {
                    let cancel = CancelRoom { room_id: room.bytes(), host_account_id: host.bytes() };
                    self.taken_back.insert(command, room);
                    self.send(wires, Message::new(command, Body::CancelRoom(cancel)));
                }
            }
            _ => {
                if wires.chance.one_in(40) {
                    self.ruled.push(room);
                    let (room_id, reason) = (room.bytes(), VoidReason::OperatorVoid.into());
                    let rule = RuleRoom { room_id, void_reason: reason, ..Default::default() };
                    publish(wires, &Message::new(command, Body::Rule(rule)));
                }
            }
        }
    }

    fn send(&mut self, wires: &mut Wires, message: Message) {
        publish(wires, &message);
        self.sent.push(message.clone());
        self.open.insert(message.id, Repeated { message, next_at: wires.now + AGAIN });
    }

    /// Repeats what has no answer, and lets the oracle speak.
    pub fn work(&mut self, wires: &mut Wires) {
        let now = wires.now;
        for open in self.open.values_mut().filter(|open| open.next_at <= now) {
            open.next_at = now + AGAIN;
            publish(wires, &open.message);
        }
        let due = self.watches.values_mut().filter(|watch| !watch.heard && watch.next_at <= now);
        for watch in due {
            watch.next_at = now + AGAIN;
            publish(wires, &watch.message);
        }
    }

    /// Hears what services tell.
    ///
    /// # Errors
    /// One command was told two outcomes.
    pub fn hear(&mut self, body: &Body) -> Result<()> {
        match body {
            Body::Told(told) => {
                let before = *self.told.entry(told.command).or_insert(told.answer);
                ensure!(
                    before == told.answer,
                    "command {} was {before:?} and then {:?}",
                    told.command,
                    told.answer
                );
                self.open.remove(&told.command);
            }
            Body::RoomDecided(decided) => {
                if let Some(watch) = self.watches.get_mut(&RoomId::try_from_bytes(&decided.room_id)?) {
                    watch.heard = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether nobody waits for anything.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.watches.values().all(|watch| watch.heard)
    }

    /// Whether every room that was opened has come to its verdict or its deadline.
    pub fn is_late(&self, now: OffsetDateTime, rooms: &Rooms) -> bool {
        self.watches.values().all(|watch| watch.at <= now)
            && rooms.0.values().all(|file| file.room.lock_at <= now)
    }
}

fn publish(wires: &mut Wires, message: &Message) {
    let Wires { now, chance, weather, broker, .. } = wires;
    for part in message.body.readers() {
        debug_assert_ne!(*part, Part::World, "people do not write to themselves");
        broker.send(*part, message, None, *now, weather, chance);
    }
}

fn verdict(chance: &mut Chance, kind: Kind, outcomes: i64, at: OffsetDateTime, touched: bool) -> Verdict {
    let seen = at - chance.pause(6_000);
    let suspicions = if chance.one_in(6) { vec![Suspicion::Confidence.into()] } else { Vec::new() };
    let outcome = match kind {
        Kind::Touch => i64::from(!touched),
        _ => chance.between(0, outcomes - 1),
    };
    let void_reason = match chance.between(0, 9) {
        0 if kind != Kind::Touch => VoidReason::Tie,
        1 if !touched => VoidReason::OracleInsufficient,
        _ => VoidReason::Unspecified,
    };
    let void = void_reason != VoidReason::Unspecified;
    Verdict {
        outcome: if void { 0 } else { u32::try_from(outcome).unwrap_or_default() },
        void_reason: void_reason.into(),
        observed_at: (!void).then(|| timestamp(seen)),
        suspicions,
        ..Default::default()
    }
}
