//! What the service obeys and follows: rooms that ask, and rooms that are decided.

use crate::{
    domain::{HeadToHead, Watch},
    store::{self, watches::Asking},
    workers::answers::RESOLVE,
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit};
use prost::Message as _;
use proto::{Malformed, RoomId, oracle, room::Kind, settlement};
use std::collections::BTreeMap;

chassis::incoming! {
    /// Messages taken in.
    pub enum Incoming {
        /// Follow a room until it is resolved.
        RegisterWatch(oracle::RegisterWatch),
        /// A verdict stands, whoever gave it.
        RoomDecided(settlement::RoomDecided),
    }
}

/// Registers watches and puts decided ones to rest.
pub(crate) struct Commands {
    pub(crate) quorum: usize,
}

#[async_trait]
impl Handler for Commands {
    type Message = Incoming;
    type Prepared = ();

    async fn prepare(&self, _: &[Delivery<Incoming>]) -> Result<(), Fault> {
        Ok(())
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], (): ()) -> Result<(), Fault> {
        let mut watches = BTreeMap::new();
        let mut decided = Vec::new();
        for delivery in batch {
            match &delivery.message {
                Incoming::RegisterWatch(command) => {
                    let asking = self.asking(command)?;
                    watches.insert(asking.room, asking);
                }
                Incoming::RoomDecided(event) => decided.push(RoomId::try_from_bytes(&event.room_id)?),
            }
        }
        let watches: Vec<Asking> = watches.into_values().collect();
        let now = unit.now().await?;
        if !watches.is_empty() {
            store::watches::register(unit.conn(), &watches, now).await?;
            for asking in &watches {
                unit.event(&oracle::WatchRegistered { room_id: asking.room.bytes() });
            }
        }
        if !decided.is_empty() {
            store::watches::decided(unit.conn(), &decided, now).await?;
            let keys: Vec<_> = decided.iter().map(|room| room.uuid()).collect();
            unit.settled_all(RESOLVE, &keys).await?;
        }
        Ok(())
    }
}

impl Commands {
    /// A room that can be decided as its terms promise.
    fn asking(&self, command: &oracle::RegisterWatch) -> Result<Asking, Malformed> {
        let terms = command.terms.as_ref().ok_or(Malformed("terms are missing"))?;
        let (room, asset, rival) = if terms.kind() == Kind::HeadToHead {
            let two = HeadToHead::try_from_terms(terms, self.quorum)?;
            (two.room, two.asset, Some((two.rival, two.first_look())))
        } else {
            let watch = Watch::try_from_terms(terms, self.quorum)?;
            (watch.room, watch.asset, None)
        };
        if RoomId::try_from_bytes(&command.room_id)? != room {
            return Err(Malformed("the terms are of another room"));
        }
        Ok(Asking { room, asset, rival, terms: terms.encode_to_vec() })
    }
}
