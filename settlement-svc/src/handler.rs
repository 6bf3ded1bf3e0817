//! What the service takes in, and the one transaction per batch that deals with it.

use crate::{
    audit, commands,
    domain::{Bet, Frozen, Settlement, State, Verdict},
    events, saga,
    store::settlement,
    upstream::Rooms,
};
use async_trait::async_trait;
use chassis::{Db, Delivery, Fault, Handler, Unit};
use futures::{StreamExt, TryStreamExt, stream};
use proto::{Malformed, RoomId};
use std::collections::{BTreeMap, HashMap};

/// Rooms often end at the same minute; this many are read at once.
const READS: usize = 8;

chassis::incoming! {
    /// What settlement-svc obeys and follows.
    pub enum Incoming {
        /// A room is decided.
        ResolveRoom(proto::settlement::ResolveRoom),
        /// A room answers that its bets will not change any more.
        RoomFrozen(proto::room::RoomFrozen),
        /// The ledger has a chunk of payouts.
        PayoutsPosted(proto::wallet::PayoutsPosted),
        /// The receipt is on chain.
        ReceiptAnchored(proto::wallet::ReceiptAnchored),
    }
}

impl Incoming {
    fn room(&self) -> Result<RoomId, Malformed> {
        RoomId::try_from_bytes(match self {
            Self::ResolveRoom(message) => &message.room_id,
            Self::RoomFrozen(message) => message.room.as_ref().map_or(&[][..], |room| &room.room_id),
            Self::PayoutsPosted(message) => &message.room_id,
            Self::ReceiptAnchored(message) => &message.room_id,
        })
    }
}

/// Bets of rooms that froze, read before the transaction. A room is missing where they could not
/// be read or are not the ones frozen; an errand then reads them again.
type Bets = HashMap<RoomId, Vec<Bet>>;

/// Carries every settlement from verdict to receipt.
pub struct Settling {
    pub db: Db,
    pub rooms: Rooms,
}

#[async_trait]
impl Handler for Settling {
    type Message = Incoming;
    type Prepared = Bets;

    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Bets, Fault> {
        let frozen = batch.iter().filter_map(|delivery| match &delivery.message {
            Incoming::RoomFrozen(message) => Some(Frozen::try_from(message)),
            _ => None,
        });
        stream::iter(frozen.collect::<Result<Vec<_>, _>>()?)
            .map(|frozen| self.read(frozen))
            .buffer_unordered(READS)
            .try_filter_map(async |read| Ok(read))
            .try_collect()
            .await
    }

    async fn handle(
        &self,
        unit: &mut Unit,
        batch: &[Delivery<Incoming>],
        mut bets: Bets,
    ) -> Result<(), Fault> {
        let mut settlements = lock(unit, batch).await?;
        for delivery in batch {
            let room = delivery.message.room()?;
            let settlement = settlements.get_mut(&room);
            let settlement = settlement.ok_or_else(|| Fault::bug(format!("room {room} is not decided")))?;
            match &delivery.message {
                Incoming::ResolveRoom(_) => commands::resolve_room(unit, settlement),
                Incoming::RoomFrozen(message) => {
                    events::room_frozen(unit, settlement, message, bets.remove(&room)).await?;
                }
                Incoming::PayoutsPosted(message) => events::payouts_posted(unit, settlement, message).await?,
                Incoming::ReceiptAnchored(message) => {
                    events::receipt_anchored(unit, settlement, message).await?
                }
            }
        }
        Ok(())
    }
}

impl Settling {
    /// A failure here must not hold up the rest of the batch: the room is frozen all the same.
    async fn read(&self, frozen: Frozen) -> Result<Option<(RoomId, Vec<Bet>)>, Fault> {
        let room = frozen.room;
        let standing = settlement::read(&mut *self.db.pool().acquire().await?, room).await?;
        if standing.is_none_or(|standing| standing.settlement.state != State::Decided) {
            return Ok(None);
        }
        match self.rooms.frozen_bets(&frozen).await {
            Ok(bets) => Ok(Some((room, bets))),
            Err(fault) => {
                tracing::warn!(%room, error = fault.chain(), "bets not read yet");
                Ok(None)
            }
        }
    }
}

/// Brings all rooms of the batch under lock, in the order of their ids. A room's first verdict, if
/// the batch brings one, comes to stand here.
async fn lock(unit: &mut Unit, batch: &[Delivery<Incoming>]) -> Result<BTreeMap<RoomId, Settlement>, Fault> {
    let mut verdicts: BTreeMap<RoomId, Option<(Verdict, &str)>> = BTreeMap::new();
    for delivery in batch {
        let verdict = verdicts.entry(delivery.message.room()?).or_default();
        if let Incoming::ResolveRoom(message) = &delivery.message {
            let told = message.verdict.as_ref().ok_or(Malformed("no verdict"))?;
            let told = Verdict::try_from(told)?;
            verdict.get_or_insert((told, &delivery.actor));
        }
    }
    let mut settlements = BTreeMap::new();
    for (room, verdict) in verdicts {
        if let Some((verdict, actor)) = verdict
            && settlement::insert(unit.conn(), room, &verdict).await?
        {
            tracing::info!(%room, ruling = ?verdict.ruling, "decided");
            audit::decided(unit, actor, room, &verdict);
            saga::decided(unit, room).await?;
        }
        if let Some(settlement) = settlement::lock(unit.conn(), room).await? {
            settlements.insert(room, settlement);
        }
    }
    Ok(settlements)
}
