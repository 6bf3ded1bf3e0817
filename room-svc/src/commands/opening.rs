//! Rooms that open: what others are asked before, and what is written.

use super::{Incoming, Rooms, arenas};
use crate::{
    domain::opening::{self, ASSETS, By, Known},
    store,
};
use chassis::{Delivery, Fault, Unit, grpc::Unanswered, operators};
use futures::future;
use proto::{
    AccountId, Decided, Malformed, Refusal, RoomId,
    common::{Outcome, RefusalCode},
    oracle::{GetAggregateRequest, RegisterWatch},
    room::{Kind, OpenOperatorRoom, OpenRoom, OpenRoomDone, Room},
    wallet::GetLimitsRequest,
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

/// How long an opening may make the bets of its batch wait for the answer of another service.
const PATIENCE: Duration = Duration::from_millis(500);

fn shortly<M>(message: M) -> tonic::Request<M> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// What others said about the openings of a batch.
#[derive(Default)]
pub struct Asked {
    known: Known,
    /// Mints that oracle-svc still reads.
    reading: HashSet<String>,
    /// Per host; none where wallet-svc is away.
    hosts: HashMap<AccountId, Decided<()>>,
}

/// Openings that could be the same question have the same name.
pub(super) fn question(open: &OpenRoom) -> String {
    let (one, other) = (&open.asset, &open.rival_asset);
    format!("question {} {} {}", open.scope_chat_id, one.min(other), one.max(other))
}

fn on_market_cap(open: &OpenRoom) -> bool {
    matches!(open.kind(), Kind::CapTouch | Kind::CapClose)
}

impl Rooms {
    /// The prices at which rooms of this batch open, and whether their hosts may. An oracle that is away is no price,
    /// which refuses the opening; without wallet-svc the opening waits. Everybody is asked at once and shortly, as the
    /// bets of the batch wait meanwhile.
    pub(super) async fn ask(&self, batch: &[Delivery<Incoming>]) -> Result<Asked, Fault> {
        let (mut assets, mut hosts, mut asked) = (BTreeSet::new(), BTreeSet::new(), Asked::default());
        for delivery in batch {
            let open = match &delivery.message {
                Incoming::OpenRoom(open) => {
                    hosts.insert(AccountId::try_from_bytes(&open.host_account_id)?);
                    open
                }
                Incoming::OpenOperatorRoom(OpenOperatorRoom { room: Some(open), .. }) => open,
                _ => continue,
            };
            if on_market_cap(open) {
                match self.tokens.ask(&open.asset) {
                    Some(token) => asked.known.tokens.extend(token.map(|token| (open.asset.clone(), token))),
                    None => {
                        asked.reading.insert(open.asset.clone());
                    }
                }
            } else {
                let named = |asset: &&str| *asset == open.asset || *asset == open.rival_asset;
                assets.extend(ASSETS.into_iter().filter(named));
            }
        }
        let prices = future::join_all(assets.iter().map(|asset| self.price(asset)));
        let barred = future::join_all(hosts.iter().map(|host| self.may_open(*host)));
        let (prices, barred) = future::join(prices, barred).await;
        let known = |(asset, price): (&&str, Option<Decimal>)| Some(((*asset).to_owned(), price?));
        asked.known.prices = assets.iter().zip(prices).filter_map(known).collect();
        asked.hosts = hosts.into_iter().zip(barred).filter_map(|(host, may)| Some((host, may?))).collect();
        Ok(asked)
    }

    /// The price of an asset. Nothing without a quorum, or where oracle-svc does not answer.
    async fn price(&self, asset: &str) -> Option<Decimal> {
        match self
            .oracle
            .clone()
            .get_aggregate(shortly(GetAggregateRequest { asset: asset.to_owned() }))
            .await
        {
            Ok(answer) => proto::decimal(&answer.into_inner().aggregate.unwrap_or_default().price).ok(),
            Err(status) => {
                tracing::warn!(asset, %status, "no price for an opening");
                None
            }
        }
    }

    /// Whether somebody keeps from playing. Nothing where wallet-svc does not answer.
    async fn may_open(&self, host: AccountId) -> Option<Decided<()>> {
        let request = shortly(GetLimitsRequest { account_id: host.bytes() });
        let limits = match self.wallet.clone().get_limits(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                tracing::warn!(%host, %status, "an opening waits for the limits of its host");
                return None;
            }
        };
        if limits.banned {
            return Some(Err(Refusal::new(RefusalCode::AccountBanned)));
        }
        let barred = |code, until: Option<i64>| match until {
            Some(until) => Err(Refusal::new(code).with("until", until)),
            None => Ok(()),
        };
        let excluded = barred(RefusalCode::LimitExcluded, limits.excluded_until.map(|until| until.seconds));
        let resting = limits.cool_off_until.map(|until| until.seconds);
        Some(excluded.and_then(|()| barred(RefusalCode::LimitCoolOff, resting)))
    }

    pub(super) async fn open(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &OpenRoom,
        asked: &Asked,
    ) -> Result<(), Fault> {
        let id = RoomId::try_from_bytes(&request.room_id)?;
        if let Some(room) = told(unit, id).await? {
            unit.answer(Outcome::done(delivery.id.as_bytes(), &OpenRoomDone { room: Some(room) }));
            return Ok(());
        }
        if delivery.repeat {
            return Ok(());
        }
        let host = AccountId::try_from_bytes(&request.host_account_id)?;
        let Some(may) = asked.hosts.get(&host).filter(|_| !asked.reading.contains(&request.asset)) else {
            unit.later(delivery);
            return Ok(());
        };
        let decided = match may {
            Ok(()) => self.open_as_host(unit, host, request, asked).await?,
            Err(refusal) => Err(refusal.clone()),
        };
        match decided {
            // Derivable from the room for ever, so it is told and not stored.
            Ok(room) => {
                unit.answer(Outcome::done(delivery.id.as_bytes(), &OpenRoomDone { room: Some(room) }));
            }
            Err(refusal) => unit.refuse(delivery, &refusal),
        }
        Ok(())
    }

    async fn open_as_host(
        &self,
        unit: &mut Unit,
        host: AccountId,
        request: &OpenRoom,
        asked: &Asked,
    ) -> Result<Decided<Room>, Fault> {
        let live = store::opening::live_of_host(unit.conn(), host).await?;
        if live >= i64::from(self.rules.max_live) {
            return Ok(Err(Refusal::new(RefusalCode::RoomTooManyLive).with("max", self.rules.max_live)));
        }
        self.establish(unit, request, By::Host, asked).await
    }

    /// An operator opens a room. The signature is used up whatever is decided; not yet where a token is still read, as
    /// the command then comes again.
    pub(super) async fn open_by_operators(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &OpenOperatorRoom,
        asked: &Asked,
    ) -> Result<(), Fault> {
        if delivery.repeat {
            return Ok(());
        }
        if request.room.as_ref().is_some_and(|room| asked.reading.contains(&room.asset)) {
            unit.later(delivery);
            return Ok(());
        }
        let decided = self.decide_by_operators(unit, delivery, request, asked).await;
        operators::answer(unit, delivery, decided)
    }

    async fn decide_by_operators(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &OpenOperatorRoom,
        asked: &Asked,
    ) -> Result<OpenRoomDone, Unanswered> {
        self.operators.take(unit, delivery, request).await?;
        let asked_for = request.room.as_ref().ok_or(Malformed("no room"))?;
        let id = RoomId::try_from_bytes(&asked_for.room_id)?;
        let room = match told(unit, id).await? {
            Some(room) => room,
            None => self.establish(unit, asked_for, By::Operators(request), asked).await??,
        };
        Ok(OpenRoomDone { room: Some(room) })
    }

    /// Fixes the terms, writes the room and hands the watch to oracle-svc. Nobody watches a question in words.
    async fn establish(
        &self,
        unit: &mut Unit,
        request: &OpenRoom,
        by: By<'_>,
        asked: &Asked,
    ) -> Result<Decided<Room>, Fault> {
        let now = unit.now().await?;
        let terms = match opening::open(&self.rules, request, by, &asked.known, now)? {
            Ok(terms) => terms,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some((other, number)) = store::opening::same_question(unit.conn(), &terms).await? {
            let refusal = Refusal::new(RefusalCode::RoomDuplicate);
            return Ok(Err(refusal.with("room_id", other).with("number", number)));
        }
        store::opening::insert(unit.conn(), &terms).await?;
        let id = RoomId::try_from_bytes(&terms.room_id)?;
        if terms.kind() != Kind::Custom {
            let watch = RegisterWatch { room_id: id.bytes(), terms: Some(terms) };
            unit.issue("watch", id.uuid(), &watch).await?;
        }
        let room = told(unit, id).await?.ok_or_else(|| Fault::bug("a room that was just opened is gone"))?;
        arenas::assign(unit, &room).await?;
        Ok(Ok(room))
    }
}

/// A room as it is told, if it is here.
pub(super) async fn told(unit: &mut Unit, id: RoomId) -> Result<Option<Room>, Fault> {
    let rooms = store::whole::whole(unit.conn(), &[id.uuid()]).await?;
    rooms.first().map(store::whole::Whole::to_message).transpose()
}
