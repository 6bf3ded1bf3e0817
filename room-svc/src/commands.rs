//! What room-svc obeys and follows, folded over one working set per batch.

use crate::{
    domain::{
        bet::Wager,
        opening::{self, Rules},
        room::Next,
        working_set::{HoldResult, WorkingSet},
    },
    store,
    workers::hold,
};
use async_trait::async_trait;
use chassis::{Delivery, Fault, Handler, Unit, grpc::Channel};
use futures::future;
use proto::{
    AccountId, BetId, Decided, Lamports, Malformed, Refusal, RoomId,
    common::{Outcome, RefusalCode},
    from_timestamp,
    oracle::{
        GetAggregateRequest, RegisterWatch, WatchRegistered, oracle_service_client::OracleServiceClient,
    },
    room::{BetState, FreezeRoom, OpenRoom, OpenRoomDone, PlaceBet, PlaceBetDone, RoomFrozen, VoidReason},
    settlement::{Fate, ReceiptReady, ResolveRoom, RoomDecided, RoomSettled, Verdict},
    wallet::{
        GetLimitsRequest, HoldStakes, StakeDecision, StakeState, StakesDecided,
        wallet_service_client::WalletServiceClient,
    },
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use uuid::Uuid;

/// Holds of one message, below the broker's limit on its size.
pub const HOLDS_PER_LIST: usize = 1_000;

chassis::incoming! {
    /// What this service takes in.
    pub enum Incoming {
        /// A host opens a room.
        OpenRoom(OpenRoom),
        /// A user bets.
        PlaceBet(PlaceBet),
        /// settlement-svc has a verdict and wants the bets.
        Freeze(FreezeRoom),
        /// wallet-svc has decided holds and releases.
        StakesDecided(StakesDecided),
        /// oracle-svc follows the room.
        WatchRegistered(WatchRegistered),
        /// A verdict stands.
        RoomDecided(RoomDecided),
        /// All credits are posted.
        RoomSettled(RoomSettled),
        /// The receipt is on chain.
        ReceiptReady(ReceiptReady),
    }
}

/// How long an opening may make the bets of its batch wait for the answer of another service.
const PATIENCE: Duration = Duration::from_millis(500);

fn shortly<M>(message: M) -> tonic::Request<M> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// Decides about rooms and bets.
pub struct Rooms {
    /// Rules of opening.
    pub rules: Rules,
    /// Asked for the price at opening.
    pub oracle: OracleServiceClient<Channel>,
    /// Asked whether a host keeps from playing.
    pub wallet: WalletServiceClient<Channel>,
}

/// What others said about the openings of a batch.
#[derive(Default)]
pub struct Asked {
    /// Per asset; none without a quorum.
    prices: HashMap<String, Decimal>,
    /// Per host; none where wallet-svc is away.
    hosts: HashMap<AccountId, Decided<()>>,
}

#[async_trait]
impl Handler for Rooms {
    type Message = Incoming;
    type Prepared = Asked;

    /// The prices at which rooms of this batch open, and whether their hosts may. An oracle that is away is no price,
    /// which refuses the opening; without wallet-svc the opening waits. Everybody is asked at once and shortly, as the
    /// bets of the batch wait meanwhile.
    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Asked, Fault> {
        let (mut assets, mut hosts) = (BTreeSet::new(), BTreeSet::new());
        for delivery in batch {
            if let Incoming::OpenRoom(open) = &delivery.message {
                assets.extend(opening::ASSETS.into_iter().find(|asset| *asset == open.asset));
                hosts.insert(AccountId::try_from_bytes(&open.host_account_id)?);
            }
        }
        let prices = future::join_all(assets.iter().map(|asset| self.price(asset)));
        let barred = future::join_all(hosts.iter().map(|host| self.may_open(*host)));
        let (prices, barred) = future::join(prices, barred).await;
        let known = |(asset, price): (&&str, Option<Decimal>)| Some(((*asset).to_owned(), price?));
        let prices = assets.iter().zip(prices).filter_map(known).collect();
        let hosts = hosts.into_iter().zip(barred).filter_map(|(host, may)| Some((host, may?))).collect();
        Ok(Asked { prices, hosts })
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], asked: Asked) -> Result<(), Fault> {
        let mut set = load(unit, batch).await?;
        let mut holds = Vec::new();
        for delivery in batch {
            match &delivery.message {
                Incoming::PlaceBet(request) => place(unit, &mut set, delivery, request, &mut holds).await?,
                Incoming::StakesDecided(decided) => follow_holds(unit, &mut set, decided).await?,
                Incoming::Freeze(freeze) => ask_freeze(unit, &mut set, delivery, freeze).await?,
                Incoming::RoomDecided(decided) => follow_verdict(unit, &mut set, decided).await?,
                Incoming::OpenRoom(request) => self.open(unit, delivery, request, &asked).await?,
                Incoming::WatchRegistered(watch) => {
                    unit.settled("watch", RoomId::try_from_bytes(&watch.room_id)?.uuid()).await?;
                }
                Incoming::RoomSettled(settled) => follow_settlement(unit, delivery, settled).await?,
                Incoming::ReceiptReady(receipt) => {
                    let room = RoomId::try_from_bytes(&receipt.room_id)?;
                    store::room::receipt(unit.conn(), room, &receipt.signature).await?;
                }
            }
        }
        for items in holds.chunks(HOLDS_PER_LIST) {
            unit.command(&HoldStakes { items: items.to_vec() });
        }
        write_set(unit, &set).await
    }
}

/// Locks the openings and rooms of a batch and reads the bets it is about.
async fn load(unit: &mut Unit, batch: &[Delivery<Incoming>]) -> Result<WorkingSet, Fault> {
    let mut openings: Vec<String> = Vec::new();
    let mut rooms: BTreeSet<RoomId> = BTreeSet::new();
    let mut bets: Vec<Uuid> = Vec::new();
    let mut players: Vec<(RoomId, AccountId)> = Vec::new();
    for delivery in batch {
        match &delivery.message {
            Incoming::PlaceBet(bet) => {
                let room = RoomId::try_from_bytes(&bet.room_id)?;
                rooms.insert(room);
                bets.push(delivery.id);
                players.push((room, AccountId::try_from_bytes(&bet.account_id)?));
            }
            Incoming::StakesDecided(decided) => {
                for item in &decided.items {
                    rooms.insert(RoomId::try_from_bytes(&item.room_id)?);
                    bets.push(BetId::try_from_bytes(&item.bet_id)?.uuid());
                }
            }
            Incoming::Freeze(FreezeRoom { room_id })
            | Incoming::RoomDecided(RoomDecided { room_id, .. })
            // Locked here so that no room is locked after another with a greater id.
            | Incoming::RoomSettled(RoomSettled { room_id, .. })
            | Incoming::ReceiptReady(ReceiptReady { room_id, .. }) => {
                rooms.insert(RoomId::try_from_bytes(room_id)?);
            }
            Incoming::OpenRoom(open) => {
                let host = AccountId::try_from_bytes(&open.host_account_id)?;
                openings.push(format!("host {host}"));
                openings.push(format!("question {} {}", open.scope_chat_id, open.asset));
            }
            Incoming::WatchRegistered(_) => {}
        }
    }
    if !openings.is_empty() {
        store::room::lock_openings(unit.conn(), &openings).await?;
    }
    if rooms.is_empty() {
        return Ok(WorkingSet::default());
    }
    let ids: Vec<Uuid> = rooms.into_iter().map(RoomId::uuid).collect();
    let rooms = store::room::lock(unit.conn(), &ids).await?;
    let bets =
        if bets.is_empty() { Vec::new() } else { store::bet::of_batch(unit.conn(), &bets, &players).await? };
    Ok(WorkingSet::new(rooms, bets))
}

async fn place(
    unit: &mut Unit,
    set: &mut WorkingSet,
    delivery: &Delivery<Incoming>,
    request: &PlaceBet,
    holds: &mut Vec<proto::wallet::StakeHold>,
) -> Result<(), Fault> {
    let wager = Wager {
        id: BetId::new(delivery.id),
        room_id: RoomId::try_from_bytes(&request.room_id)?,
        account_id: AccountId::try_from_bytes(&request.account_id)?,
        outcome: request.outcome,
        stake: Lamports::try_positive(request.stake_lamports).map_err(|_| Malformed("stake"))?,
        min_odds_percent: request.min_odds_percent,
    };
    // The bet's own row is its outcome, for ever; the inbox is only its first filter.
    if let Some(bet) = set.bet(wager.id) {
        if !matches!(bet.state, BetState::Pending | BetState::Refused) {
            unit.answer(accepted(bet));
        }
        return Ok(());
    }
    if delivery.repeat {
        return Ok(());
    }
    let now = unit.now().await?;
    match set.place(now, wager) {
        Ok(()) => holds.push(hold(&wager)),
        Err(refusal) => unit.refuse(delivery, &refusal),
    }
    Ok(())
}

fn accepted(bet: &crate::domain::bet::Bet) -> Outcome {
    Outcome::done(&bet.wager.id.bytes(), &PlaceBetDone { bet: Some(bet.to_message()) })
}

async fn follow_holds(unit: &mut Unit, set: &mut WorkingSet, decided: &StakesDecided) -> Result<(), Fault> {
    let mut released = Vec::new();
    for item in &decided.items {
        let id = BetId::try_from_bytes(&item.bet_id)?;
        if item.state() == StakeState::Released {
            released.push(id.uuid());
        }
        match set.hold_decided(id, decision(item)?).map_err(|error| Fault::bug(error.to_string()))? {
            HoldResult::Accepted(bet) => unit.answer(accepted(&bet)),
            HoldResult::Refused(id, refusal) => {
                unit.decide(id.uuid(), Outcome::refused(&id.bytes(), &refusal))
            }
            HoldResult::Old => {}
        }
    }
    if !released.is_empty() {
        unit.settled_all("release", &released).await?;
    }
    Ok(())
}

fn decision(item: &StakeDecision) -> Result<Result<(), Refusal>, Malformed> {
    match item.state() {
        StakeState::Held => Ok(Ok(())),
        StakeState::Refused => {
            Ok(Err(item.refusal.as_ref().map(Refusal::from).ok_or(Malformed("refused without a rule"))?))
        }
        StakeState::Released => Ok(Err(Refusal::new(RefusalCode::BetHoldLate))),
        StakeState::Unspecified => Err(Malformed("undecided stake")),
    }
}

async fn ask_freeze(
    unit: &mut Unit,
    set: &mut WorkingSet,
    delivery: &Delivery<Incoming>,
    freeze: &FreezeRoom,
) -> Result<(), Fault> {
    let id = RoomId::try_from_bytes(&freeze.room_id)?;
    let Some(room) = set.room(id) else {
        unit.later(delivery);
        return Ok(());
    };
    if room.frozen {
        return tell_frozen(unit, id).await;
    }
    let now = unit.now().await?;
    set.change(id, |room| room.ask_freeze(now));
    Ok(())
}

async fn follow_verdict(unit: &mut Unit, set: &mut WorkingSet, decided: &RoomDecided) -> Result<(), Fault> {
    let id = RoomId::try_from_bytes(&decided.room_id)?;
    unit.settled("resolve", id.uuid()).await?;
    let now = unit.now().await?;
    set.change(id, |room| room.ask_freeze(now));
    Ok(())
}

async fn follow_settlement(
    unit: &mut Unit,
    delivery: &Delivery<Incoming>,
    settled: &RoomSettled,
) -> Result<(), Fault> {
    let room = RoomId::try_from_bytes(&settled.room_id)?;
    let verdict = settled.verdict.as_ref().ok_or(Malformed("settled without a verdict"))?;
    let settled_at = from_timestamp(settled.settled_at.as_ref())?;
    if !store::room::settle(unit.conn(), room, verdict, settled_at).await? {
        unit.later(delivery);
        return Ok(());
    }
    let fates = settled.bets.iter().map(|bet| {
        let state = match bet.fate() {
            Fate::Won => BetState::Won,
            Fate::Lost => BetState::Lost,
            Fate::RoomVoid | Fate::PastPost | Fate::MinOdds => BetState::Voided,
            Fate::Unspecified => return Err(Malformed("bet without a fate").into()),
        };
        Ok((BetId::try_from_bytes(&bet.bet_id)?.uuid(), state, bet.payout_lamports))
    });
    let fates = fates.collect::<Result<_, Fault>>()?;
    store::bet::write_fates(unit.conn(), fates).await
}

impl Rooms {
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
        let barred = |code, until: Option<i64>| match until {
            Some(until) => Err(Refusal::new(code).with("until", until)),
            None => Ok(()),
        };
        let excluded = barred(RefusalCode::LimitExcluded, limits.excluded_until.map(|until| until.seconds));
        let resting = limits.cool_off_until.map(|until| until.seconds);
        Some(excluded.and_then(|()| barred(RefusalCode::LimitCoolOff, resting)))
    }

    async fn open(
        &self,
        unit: &mut Unit,
        delivery: &Delivery<Incoming>,
        request: &OpenRoom,
        asked: &Asked,
    ) -> Result<(), Fault> {
        let id = RoomId::try_from_bytes(&request.room_id)?;
        if let Some(room) = store::room::whole(unit.conn(), &[id.uuid()]).await?.first() {
            let room = Some(room.to_message()?);
            unit.answer(Outcome::done(delivery.id.as_bytes(), &OpenRoomDone { room }));
            return Ok(());
        }
        if delivery.repeat {
            return Ok(());
        }
        let host = AccountId::try_from_bytes(&request.host_account_id)?;
        match asked.hosts.get(&host) {
            Some(Ok(())) => {}
            Some(Err(refusal)) => {
                unit.refuse(delivery, refusal);
                return Ok(());
            }
            None => {
                unit.later(delivery);
                return Ok(());
            }
        }
        let live = store::room::live_of_host(unit.conn(), host).await?;
        if live >= i64::from(self.rules.max_live) {
            let refusal = Refusal::new(RefusalCode::RoomTooManyLive).with("max", self.rules.max_live);
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
        let now = unit.now().await?;
        let terms = match opening::open(&self.rules, request, asked.prices.get(&request.asset).copied(), now)?
        {
            Ok(terms) => terms,
            Err(refusal) => {
                unit.refuse(delivery, &refusal);
                return Ok(());
            }
        };
        if let Some((other, number)) = store::room::same_question(unit.conn(), &terms).await? {
            let refusal =
                Refusal::new(RefusalCode::RoomDuplicate).with("room_id", other).with("number", number);
            unit.refuse(delivery, &refusal);
            return Ok(());
        }
        store::room::insert(unit.conn(), &terms).await?;
        unit.issue("watch", id.uuid(), &RegisterWatch { room_id: id.bytes(), terms: Some(terms) }).await?;
        let rooms = store::room::whole(unit.conn(), &[id.uuid()]).await?;
        let room = rooms.first().map(store::room::Whole::to_message).transpose()?;
        // Derivable from the room for ever, so it is told and not stored.
        unit.answer(Outcome::done(delivery.id.as_bytes(), &OpenRoomDone { room }));
        Ok(())
    }
}

/// Writes what a batch changed and does what the rooms call for now.
pub async fn write_set(unit: &mut Unit, set: &WorkingSet) -> Result<(), Fault> {
    store::room::update(unit.conn(), set.changed_rooms()).await?;
    // Refused bets leave their places before others take them.
    store::bet::update_states(unit.conn(), set.changed_bets()).await?;
    store::bet::insert(unit.conn(), set.new_bets()).await?;
    for (room, next) in set.calls() {
        match next {
            Next::Wait => {}
            Next::Freeze => freeze(unit, room).await?,
            Next::VoidNoOpposition => void(unit, room, VoidReason::NoOpposition).await?,
            Next::VoidMinPlayers => void(unit, room, VoidReason::MinPlayers).await?,
        }
    }
    Ok(())
}

async fn void(unit: &mut Unit, room: RoomId, reason: VoidReason) -> Result<(), Fault> {
    let verdict = Verdict { void_reason: reason.into(), ..Default::default() };
    unit.issue("resolve", room.uuid(), &ResolveRoom { room_id: room.bytes(), verdict: Some(verdict) }).await
}

async fn freeze(unit: &mut Unit, room: RoomId) -> Result<(), Fault> {
    let bets = store::bet::accepted(unit.conn(), room, None, i64::MAX).await?;
    let messages: Vec<_> = bets.iter().map(crate::domain::bet::Bet::to_message).collect();
    let now = unit.now().await?;
    store::room::freeze(unit.conn(), room, now, &proto::bets_hash(&messages)?).await?;
    tell_frozen(unit, room).await
}

async fn tell_frozen(unit: &mut Unit, id: RoomId) -> Result<(), Fault> {
    let rooms = store::room::whole(unit.conn(), &[id.uuid()]).await?;
    let room = rooms.first().ok_or_else(|| Fault::bug("a frozen room is gone"))?;
    let message = room.to_message()?;
    let bet_count = message.players;
    unit.event(&RoomFrozen {
        pools_lamports: message.pools_lamports.clone(),
        room: Some(message),
        terms: room.terms.clone(),
        bet_count,
        bets_hash: room.bets_hash.clone().ok_or_else(|| Fault::bug("a frozen room without a hash"))?,
    });
    Ok(())
}
