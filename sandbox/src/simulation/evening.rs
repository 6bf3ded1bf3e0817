//! One evening: rooms open and end in a storm, and then it is calm until nothing moves any more.

use super::{
    Bug,
    broker::{Broker, Parcel, Weather},
    chance::Chance,
    checker::{self, Endings, Ledger},
    disk::{Disk, Wires},
    message::{Body, Part},
    people::People,
    rooms::{self, Rooms},
    settling::{self, Settling},
    wallet::{self, Wallet},
};
use anyhow::{Context, Result, bail};
use proto::{AccountId, BasisPoints, Lamports, room::RoomState};
use settlement_svc::domain::{State, referral::Rates};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use time::{Duration, OffsetDateTime, macros::datetime};
use wallet_svc::domain::ledger::{Account, Kind};

const BEGIN: OffsetDateTime = datetime!(2026-01-01 18:00 UTC);
const PLAYERS: usize = 14;
const ROOMS: usize = 8;
/// What every player begins with: not enough for everything they want.
const DEPOSIT: Lamports = Lamports::new(12_000);
/// Most messages of one transaction.
const BATCH: usize = 6;
/// A storm that does not end by itself ends here.
const LONGEST_STORM: u64 = 20_000;
/// Rounds of a quarter of a second after which whatever still waits is stuck.
const LONGEST_CALM: u32 = 8_000;

/// What an evening came to.
#[derive(Clone, Debug, Default)]
pub struct Played {
    pub steps: u64,
    pub bets: u64,
    pub crashes: u64,
    pub lost: u64,
    pub repeated: u64,
    pub endings: Endings,
}

/// Something that must hold and did not.
#[derive(Debug)]
pub struct Violation {
    pub seed: u64,
    pub step: u64,
    pub what: anyhow::Error,
}

/// Plays the evening of a seed.
///
/// # Errors
/// The first violation.
pub fn play(seed: u64, bug: Option<Bug>) -> Result<Played, Box<Violation>> {
    let violation = |step, what| Box::new(Violation { seed, step, what });
    let mut evening = Evening::new(seed, bug).map_err(|what| violation(0, what))?;
    let played = evening.storm().and_then(|()| evening.calm());
    played.map_err(|what| violation(evening.steps, what))
}

struct Evening {
    wires: Wires,
    rooms: Disk<Rooms>,
    wallet: Disk<Wallet>,
    settling: Disk<Settling>,
    people: People,
    ledger: Ledger,
    steps: u64,
    opened: usize,
    next_room: OffsetDateTime,
}

impl Evening {
    fn new(seed: u64, bug: Option<Bug>) -> Result<Self> {
        let mut chance = Chance::new(seed);
        let players: Vec<AccountId> = (0..PLAYERS).map(|_| AccountId::new(chance.id())).collect();
        let (mut ledger, mut balances) = (Ledger::default(), BTreeMap::new());
        for player in &players {
            balances.insert(Account::available(*player), DEPOSIT);
            ledger.deposit(*player, DEPOSIT);
        }
        balances.extend([(Account::house(Kind::ProtocolFees), Lamports::ZERO)]);
        let deposits = players.iter().map(|_| DEPOSIT.get()).sum::<i64>();
        balances.insert(Account::house(Kind::Chain), Lamports::new(-deposits));
        // Everybody was brought by whoever came before them; the first came alone, and one of them has left.
        let before = |index: usize, by: usize| index.checked_sub(by).and_then(|at| players.get(at)).copied();
        let chain = |(index, player): (usize, &AccountId)| (*player, [1, 2, 3].map(|by| before(index, by)));
        let chains: HashMap<_, _> = players.iter().enumerate().map(chain).collect();
        let gone = players.get(3).copied().into_iter().collect();
        let settling = Settling {
            files: BTreeMap::new(),
            chains: Arc::new(chains),
            rates: Rates([
                BasisPoints::try_new(1_500)?,
                BasisPoints::try_new(500)?,
                BasisPoints::try_new(200)?,
            ]),
        };
        let wallet = Wallet { balances, rooms: BTreeMap::new(), gone: Arc::new(gone) };
        Ok(Self {
            wires: Wires {
                now: BEGIN,
                chance,
                weather: Weather::STORM,
                broker: Broker::default(),
                bug,
                crashes: 0,
                acks: Vec::new(),
            },
            rooms: Disk::new(Part::Room, Rooms::default()),
            wallet: Disk::new(Part::Wallet, wallet),
            settling: Disk::new(Part::Settlement, settling),
            people: People::new(players),
            ledger,
            steps: 0,
            opened: 0,
            next_room: BEGIN,
        })
    }

    /// Everything goes wrong that can, until all rooms have come to their end or far beyond.
    fn storm(&mut self) -> Result<()> {
        while self.steps < LONGEST_STORM {
            self.steps += 1;
            match self.wires.chance.between(0, 99) {
                0..=64 => {
                    let part = self.wires.chance.pick(&Part::ALL).copied().unwrap_or(Part::Room);
                    let most = 1 + self.wires.chance.index(BATCH);
                    self.deliver(part, most)?;
                }
                65..=78 => {
                    self.wires.now += self.wires.chance.pause(150);
                    self.open_room();
                }
                79..=88 if self.opened < ROOMS || !self.people.is_late(self.wires.now, &self.rooms.rows) => {
                    self.people.act(&mut self.wires);
                }
                79..=98 => {
                    let which = self.wires.chance.index(4);
                    self.work(which)?;
                }
                _ if self.wires.chance.one_in(20) => self.lose_everything(),
                _ => {}
            }
            if self.opened == ROOMS && self.steps.is_multiple_of(64) && self.rooms_ended() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more: everything has to come to its end by itself.
    fn calm(&mut self) -> Result<Played> {
        self.wires.weather = Weather::CALM;
        self.lose_everything();
        for _ in 0..LONGEST_CALM {
            self.open_room();
            for which in 0..4 {
                self.work(which)?;
            }
            for part in Part::ALL {
                self.steps += 1;
                self.deliver(part, BATCH)?;
            }
            if self.is_at_rest() {
                return self.done();
            }
            let next = self.wires.broker.next_due().filter(|due| *due > self.wires.now);
            let soon = self.wires.now + Duration::milliseconds(250);
            self.wires.now = next.map_or(soon, |next| next.min(soon));
        }
        bail!("stuck: {}", self.what_waits())
    }

    fn done(&self) -> Result<Played> {
        let (rooms, wallet, settling) = (&self.rooms.rows, &self.wallet.rows, &self.settling.rows);
        let endings = checker::at_rest(rooms, wallet, settling, &self.people, DEPOSIT)?;
        Ok(Played {
            steps: self.steps,
            bets: self.rooms.rows.0.values().map(|file| file.bets.len() as u64).sum(),
            crashes: self.wires.crashes,
            lost: self.wires.broker.lost,
            repeated: self.wires.broker.repeated,
            endings,
        })
    }

    fn open_room(&mut self) {
        if self.opened < ROOMS && self.wires.now >= self.next_room {
            let file = self.people.open_room(&mut self.wires.chance, self.wires.now);
            self.rooms.rows.0.insert(file.room.id, Arc::new(file));
            self.opened += 1;
            self.next_room = self.wires.now + self.wires.chance.pause(12_000);
        }
    }

    /// Hands what waits for a part to it, as its consumers do: what ends a room and what pays one go alone.
    fn deliver(&mut self, part: Part, most: usize) -> Result<()> {
        let Wires { broker, chance, now, .. } = &mut self.wires;
        let parcels = broker.fetch(part, most, *now, chance);
        let alone = |parcel: &Parcel| {
            matches!(
                parcel.message.body.as_ref(),
                Body::Freeze(_) | Body::RoomDecided(_) | Body::RoomSettled(_) | Body::PostPayouts(_)
            )
        };
        let (alone, together): (Vec<_>, Vec<_>) = parcels.into_iter().partition(alone);
        let batches = alone.into_iter().map(|parcel| vec![parcel]);
        for batch in batches.chain((!together.is_empty()).then_some(together)) {
            self.transact(part, batch).with_context(|| format!("{part:?}"))?;
            self.acknowledge();
        }
        Ok(())
    }

    fn transact(&mut self, part: Part, batch: Vec<Parcel>) -> Result<()> {
        match part {
            Part::Room => {
                self.rooms.transact(&mut self.wires, batch, rooms::handle)?;
            }
            Part::Wallet => {
                let movements = self.wallet.transact(&mut self.wires, batch, |rows, unit, batch| {
                    if let [delivery] = batch
                        && let Body::PostPayouts(chunk) = delivery.message.body.as_ref()
                    {
                        return wallet::pay(rows, unit, delivery, chunk);
                    }
                    wallet::handle(rows, unit, batch)
                })?;
                self.ledger.follow(&movements, &self.wallet.rows)?;
            }
            Part::Settlement => {
                // room-svc may not answer when it is asked for bets; an errand asks again.
                let away = self.wires.weather.loss.is_some() && self.wires.chance.one_in(3);
                let rooms = (!away).then_some(&self.rooms.rows);
                self.settling.transact(&mut self.wires, batch, |rows, unit, batch| {
                    settling::handle(rows, unit, batch, rooms)
                })?;
            }
            Part::World => {
                for parcel in batch {
                    self.people.hear(&parcel.message.body)?;
                    self.wires.acks.extend(parcel.origin.map(|origin| (part, origin)));
                }
            }
        }
        Ok(())
    }

    /// One of the workers that run by the clock.
    fn work(&mut self, which: usize) -> Result<()> {
        match which {
            0 => {
                self.rooms.transact(&mut self.wires, Vec::new(), |rows, unit, _| rooms::work(rows, unit))?;
            }
            1 => {
                let rooms = &self.rooms.rows;
                self.settling.transact(&mut self.wires, Vec::new(), |rows, unit, _| {
                    settling::work(rows, unit, rooms)
                })?;
            }
            2 => self.people.work(&mut self.wires),
            _ => {
                self.rooms.sweep(&mut self.wires);
                self.wallet.sweep(&mut self.wires);
                self.settling.sweep(&mut self.wires);
            }
        }
        Ok(())
    }

    /// The broker comes back empty, and every outbox tells again what nobody has taken.
    fn lose_everything(&mut self) {
        self.wires.broker.wipe();
        self.rooms.replay(&mut self.wires);
        self.wallet.replay(&mut self.wires);
        self.settling.replay(&mut self.wires);
    }

    fn acknowledge(&mut self) {
        for (reader, origin) in std::mem::take(&mut self.wires.acks) {
            match origin.part {
                Part::Room => self.rooms.acknowledged(origin, reader),
                Part::Wallet => self.wallet.acknowledged(origin, reader),
                Part::Settlement => self.settling.acknowledged(origin, reader),
                Part::World => {}
            }
        }
    }

    fn rooms_ended(&self) -> bool {
        self.rooms.rows.0.values().all(|file| file.settled_at.is_some())
    }

    fn sagas(&self) -> impl Iterator<Item = String> {
        let waiting = self.rooms.waiting().chain(self.wallet.waiting()).chain(self.settling.waiting());
        waiting.map(|(saga, key)| format!("{saga} {key}"))
    }

    fn is_at_rest(&self) -> bool {
        let anchored = |file: &Arc<settling::File>| file.settlement.state == State::Anchored;
        self.opened == ROOMS
            && self.wires.broker.is_empty()
            && self.people.is_idle()
            && self.sagas().next().is_none()
            && self.rooms_ended()
            && self.settling.rows.files.values().all(anchored)
    }

    fn what_waits(&self) -> String {
        let over = |state| matches!(state, RoomState::Settled | RoomState::Voided);
        let rooms = self.rooms.rows.0.values().filter(|file| !over(file.room.state));
        let rooms = rooms.map(|file| format!("room {} is {:?}", file.room.id, file.room.state));
        let all: Vec<String> = rooms.chain(self.sagas()).collect();
        if all.is_empty() { "somebody was never answered".to_owned() } else { all.join(", ") }
    }
}
