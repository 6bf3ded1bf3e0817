//! What the service takes in, and the one transaction per batch that deals with it.

use crate::{
    commands::{self, Panel, disputes, judgements, rulings},
    domain::{
        Bet, Frozen, Settlement, State,
        referral::{Rates, Tally},
    },
    events, leaderboard,
    referrals::{self, Players},
    refunds,
    store::{self, ruling, settlement},
    upstream::{Asked, Rooms},
};
use async_trait::async_trait;
use chassis::{Db, Delivery, Fault, Handler, Unit};
use futures::{StreamExt, TryStreamExt, stream};
use proto::{Malformed, RoomId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        /// An account came with somebody's code, or with none.
        SetReferrer(proto::settlement::SetReferrer),
        /// An account wants to be on the leaderboard, or not.
        SetLeaderboard(proto::settlement::SetLeaderboard),
        /// An account is gone.
        AccountClosed(proto::wallet::AccountClosed),
        /// An operator rules.
        RuleRoom(proto::settlement::RuleRoom),
        /// A player says that a result is wrong.
        OpenDispute(proto::settlement::OpenDispute),
        /// An operator judges a room's disputes.
        JudgeDispute(proto::settlement::JudgeDispute),
        /// The ledger has a part of a refund, or too little capital for it.
        StakesRefunded(proto::wallet::StakesRefunded),
    }
}

impl Incoming {
    /// The room whose settlement it is about, if it is about one.
    fn room(&self) -> Result<Option<RoomId>, Malformed> {
        let room = RoomId::try_from_bytes(match self {
            Self::ResolveRoom(message) => &message.room_id,
            Self::RoomFrozen(message) => message.room.as_ref().map_or(&[][..], |room| &room.room_id),
            Self::PayoutsPosted(message) => &message.room_id,
            Self::ReceiptAnchored(message) => &message.room_id,
            Self::RuleRoom(message) => &message.room_id,
            Self::OpenDispute(message) => &message.room_id,
            Self::JudgeDispute(message) => &message.room_id,
            Self::StakesRefunded(message) => &message.room_id,
            Self::SetReferrer(_) | Self::SetLeaderboard(_) | Self::AccountClosed(_) => return Ok(None),
        });
        room.map(Some)
    }
}

/// Bets of rooms that froze, read before the transaction. A room is missing where they could not
/// be read or are not the ones frozen; an errand then reads them again.
type Bets = HashMap<RoomId, Vec<Bet>>;

/// What room-svc answered before the transaction.
pub struct Answers {
    bets: Bets,
    /// Of rooms that operators speak about. One is missing where room-svc could not be asked.
    rooms: HashMap<RoomId, Asked>,
    players: Players,
}

/// Carries every settlement from verdict to receipt.
pub struct Settling {
    pub db: Db,
    pub rooms: Rooms,
    pub panel: Panel,
    pub rates: Rates,
}

#[async_trait]
impl Handler for Settling {
    type Message = Incoming;
    type Prepared = Answers;

    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Answers, Fault> {
        let frozen = batch.iter().filter_map(|delivery| match &delivery.message {
            Incoming::RoomFrozen(message) => Some(Frozen::try_from(message)),
            _ => None,
        });
        let bets = stream::iter(frozen.collect::<Result<Vec<_>, _>>()?)
            .map(|frozen| self.read(frozen))
            .buffer_unordered(READS)
            .try_filter_map(async |read| Ok(read))
            .try_collect()
            .await?;
        let referrers = batch.iter().filter_map(|delivery| match &delivery.message {
            Incoming::SetReferrer(message) => Some(message),
            _ => None,
        });
        let players = referrals::ask(&self.rooms, referrers).await?;
        let ruled = batch.iter().filter_map(|delivery| match &delivery.message {
            Incoming::RuleRoom(message) => Some(RoomId::try_from_bytes(&message.room_id)),
            _ => None,
        });
        let rooms = stream::iter(ruled.collect::<Result<BTreeSet<_>, _>>()?)
            .map(|room| self.ask(room))
            .buffer_unordered(READS)
            .filter_map(async |asked| asked)
            .collect()
            .await;
        Ok(Answers { bets, rooms, players })
    }

    async fn handle(
        &self,
        unit: &mut Unit,
        batch: &[Delivery<Incoming>],
        Answers { mut bets, rooms, players }: Answers,
    ) -> Result<(), Fault> {
        let mut settlements = self.lock(unit, batch, &rooms).await?;
        let (mut referrers, mut tally) = (Vec::new(), Tally::default());
        let mut listings = leaderboard::Said::default();
        for delivery in batch {
            let Some(room) = delivery.message.room()? else {
                match &delivery.message {
                    Incoming::SetReferrer(message) => referrers.push((delivery, message)),
                    Incoming::SetLeaderboard(message) => listings.choose(unit, delivery, message)?,
                    Incoming::AccountClosed(message) => listings.close(message)?,
                    _ => {}
                }
                continue;
            };
            match (&delivery.message, settlements.get_mut(&room)) {
                // Heard where the rooms were locked, or no settlement's.
                (
                    Incoming::RuleRoom(_)
                    | Incoming::SetReferrer(_)
                    | Incoming::SetLeaderboard(_)
                    | Incoming::AccountClosed(_),
                    _,
                ) => {}
                (Incoming::OpenDispute(message), _) => disputes::open(unit, delivery, message).await?,
                (Incoming::JudgeDispute(message), _) => {
                    judgements::judge(unit, delivery, message, &self.panel).await?;
                }
                (_, None) => return Err(Fault::bug(format!("room {room} is not decided"))),
                (Incoming::ResolveRoom(_), Some(settlement)) => commands::resolve_room(unit, settlement),
                (Incoming::RoomFrozen(message), Some(settlement)) => {
                    events::room_frozen(unit, settlement, message, bets.remove(&room), &self.rates).await?;
                }
                (Incoming::PayoutsPosted(message), Some(settlement)) => {
                    events::payouts_posted(unit, settlement, message, &mut tally).await?;
                }
                (Incoming::ReceiptAnchored(message), Some(settlement)) => {
                    events::receipt_anchored(unit, settlement, message).await?;
                }
                (Incoming::StakesRefunded(message), Some(settlement)) => {
                    refunds::stakes_refunded(unit, settlement, message).await?;
                }
            }
        }
        // Locked after settlements, and the sums at the very end: in one order in every transaction.
        referrals::set_referrers(unit, &referrers, &players, &mut tally).await?;
        listings.keep(unit).await?;
        store::referral::add(unit.conn(), &tally).await
    }
}

impl Settling {
    /// A failure here must not hold up the rest of the batch: the room is frozen all the same.
    async fn read(&self, frozen: Frozen) -> Result<Option<(RoomId, Vec<Bet>)>, Fault> {
        let room = frozen.room;
        let standing = settlement::read(&mut *self.db.pool().reader().await?, room).await?;
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

    /// A failure here must not hold up the rest of the batch: the ruling is heard later.
    async fn ask(&self, room: RoomId) -> Option<(RoomId, Asked)> {
        match self.rooms.ask(room, &self.panel).await {
            Ok(asked) => Some((room, asked)),
            Err(fault) => {
                tracing::warn!(%room, error = fault.chain(), "a ruling waits for room-svc");
                None
            }
        }
    }

    /// Brings all rooms of the batch under lock, in the order of their ids. Whoever says what stands is heard here: a
    /// room's first verdict is a row that another replica may be inserting, so it has its place in that order.
    async fn lock(
        &self,
        unit: &mut Unit,
        batch: &[Delivery<Incoming>],
        rooms: &HashMap<RoomId, Asked>,
    ) -> Result<BTreeMap<RoomId, Settlement>, Fault> {
        let mut said: BTreeMap<RoomId, Vec<&Delivery<Incoming>>> = BTreeMap::new();
        for delivery in batch {
            let Some(room) = delivery.message.room()? else { continue };
            said.entry(room).or_default().push(delivery);
        }
        let mut settlements = BTreeMap::new();
        for (room, deliveries) in said {
            let mut standing = None;
            if rooms.get(&room).is_some_and(|asked| asked.terms.is_some()) {
                // The row of its rulings comes before its settlement, whoever takes both.
                ruling::queue(unit.conn(), room).await?;
                standing = settlement::lock(unit.conn(), room).await?;
            }
            for delivery in deliveries {
                match &delivery.message {
                    Incoming::ResolveRoom(message) if standing.is_none() => {
                        commands::first_verdict(unit, delivery, room, message).await?;
                        standing = settlement::lock(unit.conn(), room).await?;
                    }
                    Incoming::RuleRoom(command) => {
                        let asked = rooms.get(&room);
                        rulings::rule_room(unit, delivery, command, &self.panel, asked, &mut standing)
                            .await?;
                    }
                    _ => {}
                }
            }
            if standing.is_none() {
                standing = settlement::lock(unit.conn(), room).await?;
            }
            settlements.extend(standing.map(|settlement| (room, settlement)));
        }
        Ok(settlements)
    }
}
