//! A broker that loses, repeats, delays and reorders.

use super::{
    chance::Chance,
    message::{Message, Part},
};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// Which frame of whose outbox a message is of, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub part: Part,
    pub frame: u64,
    pub place: usize,
}

/// A message on its way to one part.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub message: Message,
    /// Of an outbox; a re-issued command has none, its saga remembers it.
    pub origin: Option<Origin>,
    due: OffsetDateTime,
}

/// How much goes wrong, each once in so many times; nothing where calm.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub loss: Option<u32>,
    pub repetition: Option<u32>,
    pub delay: Option<u32>,
    pub crash: Option<u32>,
}

impl Weather {
    pub const STORM: Self = Self { loss: Some(40), repetition: Some(12), delay: Some(20), crash: Some(30) };
    pub const CALM: Self = Self { loss: None, repetition: None, delay: None, crash: None };
}

/// True where this weather strikes.
pub fn strikes(chance: &mut Chance, rate: Option<u32>) -> bool {
    rate.is_some_and(|rate| chance.one_in(rate))
}

#[derive(Debug, Default)]
pub struct Broker {
    queues: BTreeMap<Part, Vec<Parcel>>,
    pub lost: u64,
    pub repeated: u64,
}

impl Broker {
    /// Takes a message for all its readers.
    pub fn publish(
        &mut self,
        message: &Message,
        origin: Option<Origin>,
        now: OffsetDateTime,
        weather: &Weather,
        chance: &mut Chance,
    ) {
        for part in message.body.readers() {
            self.send(*part, message, origin, now, weather, chance);
        }
    }

    /// Takes a message for one reader.
    pub fn send(
        &mut self,
        part: Part,
        message: &Message,
        origin: Option<Origin>,
        now: OffsetDateTime,
        weather: &Weather,
        chance: &mut Chance,
    ) {
        if strikes(chance, weather.loss) {
            self.lost += 1;
            return;
        }
        let slowest = if strikes(chance, weather.delay) { 8_000 } else { 60 };
        let copies = if strikes(chance, weather.repetition) { 2 } else { 1 };
        self.repeated += copies - 1;
        for _ in 0..copies {
            let due = now + chance.pause(slowest);
            self.queues.entry(part).or_default().push(Parcel { message: message.clone(), origin, due });
        }
    }

    /// Gives back what was not acknowledged.
    pub fn nak(&mut self, part: Part, mut parcel: Parcel, now: OffsetDateTime, after: Duration) {
        parcel.due = now + after;
        self.queues.entry(part).or_default().push(parcel);
    }

    /// At most `most` parcels that are due, in any order.
    pub fn fetch(
        &mut self,
        part: Part,
        most: usize,
        now: OffsetDateTime,
        chance: &mut Chance,
    ) -> Vec<Parcel> {
        let Some(queue) = self.queues.get_mut(&part) else { return Vec::new() };
        let mut parcels = Vec::with_capacity(most);
        while parcels.len() < most {
            let due = queue.iter().enumerate().filter(|(_, parcel)| parcel.due <= now);
            let due: Vec<usize> = due.map(|(index, _)| index).collect();
            let Some(index) = chance.pick(&due) else { break };
            parcels.push(queue.swap_remove(*index));
        }
        parcels
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.queues.values().all(Vec::is_empty)
    }

    /// When the next parcel is due.
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        self.queues.values().flatten().map(|parcel| parcel.due).min()
    }

    /// Forgets everything.
    pub fn wipe(&mut self) {
        self.lost += self.queues.values().map(|queue| queue.len() as u64).sum::<u64>();
        self.queues.clear();
    }
}
