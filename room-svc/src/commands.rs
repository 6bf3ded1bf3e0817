//! What room-svc obeys and follows, folded over one working set per batch.

mod arenas;
mod betting;
mod ending;
mod opening;

pub use arenas::issue;
pub use ending::void;
pub use opening::Asked;

use crate::{
    domain::{bet::CancelRule, opening::Rules, room::Next, working_set::WorkingSet},
    standing, store,
    tokens::Tokens,
};
use async_trait::async_trait;
use chassis::{
    Delivery, Fault, Handler, Outgoing, Unit,
    clock::monotonic,
    grpc::Channel,
    operators::{OperatorAccounts, Operators},
};
use proto::{
    AccountId, BetId, RoomId,
    gateway::ArenaArranged,
    oracle::{WatchRegistered, oracle_service_client::OracleServiceClient},
    room::{
        CancelBet, CancelRoom, FreezeRoom, LockRoom, OpenOperatorRoom, OpenRoom, PlaceBet, RegisterArena,
        RetireArena, VoidReason,
    },
    settlement::{ReceiptReady, RoomCorrected, RoomDecided, RoomSettled},
    wallet::{HoldStakes, StakeHold, StakesDecided, wallet_service_client::WalletServiceClient},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Longest pause between two parts of a settled room.
const PART_PAUSE: Duration = Duration::from_millis(200);

/// Holds of one message, below the broker's limit on its size.
pub const HOLDS_PER_LIST: usize = 1_000;

chassis::incoming! {
    /// What this service takes in.
    pub enum Incoming {
        /// A host opens a room.
        OpenRoom(OpenRoom),
        /// An operator opens a room.
        OpenOperatorRoom(OpenOperatorRoom),
        /// A host takes a room back.
        CancelRoom(CancelRoom),
        /// An operator ends betting in a room.
        LockRoom(LockRoom),
        /// A user bets.
        PlaceBet(PlaceBet),
        /// A user takes a bet back.
        CancelBet(CancelBet),
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
        /// The losing stakes are repaid.
        RoomCorrected(RoomCorrected),
        /// The receipt is on chain.
        ReceiptReady(ReceiptReady),
        /// An operator adds a group to the pool.
        RegisterArena(RegisterArena),
        /// An operator takes a group out of the pool.
        RetireArena(RetireArena),
        /// The gateway has done what a group needed, or will not.
        ArenaArranged(ArenaArranged),
    }
}

/// Decides about rooms and bets.
#[derive(Clone)]
pub struct Rooms {
    /// Rules of opening.
    pub rules: Rules,
    /// Until when a bet can be taken back.
    pub cancel: CancelRule,
    /// Who signs for operators' rooms.
    pub operators: Operators,
    /// Under which accounts they play.
    pub accounts: OperatorAccounts,
    /// Accounts that do not bet.
    pub barred: BTreeSet<AccountId>,
    /// Asked for the price at opening.
    pub oracle: OracleServiceClient<Channel>,
    /// Asks about tokens at opening.
    pub tokens: Tokens,
    /// Asked whether a host keeps from playing.
    pub wallet: WalletServiceClient<Channel>,
}

/// What a batch sends once it is folded.
#[derive(Default)]
struct After<'a> {
    holds: Vec<StakeHold>,
    releases: Vec<(Uuid, Outgoing)>,
    /// Rooms that their hosts took back, told as they are written.
    taken_back: Vec<(&'a Delivery<Incoming>, RoomId)>,
    /// Rooms that operators locked, told likewise.
    locked: Vec<(&'a Delivery<Incoming>, RoomId)>,
}

#[async_trait]
impl Handler for Rooms {
    type Message = Incoming;
    type Prepared = Asked;

    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Asked, Fault> {
        self.ask(batch).await
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], asked: Asked) -> Result<(), Fault> {
        let mut set = self.load(unit, batch).await?;
        arenas::lock(unit, batch).await?;
        let mut after = After::default();
        for delivery in batch {
            match &delivery.message {
                Incoming::PlaceBet(request) => {
                    self.place(unit, &mut set, delivery, request, &mut after).await?;
                }
                Incoming::CancelBet(request) => {
                    self.cancel_bet(unit, &mut set, delivery, request, &mut after).await?;
                }
                Incoming::StakesDecided(decided) => betting::follow_holds(unit, &mut set, decided).await?,
                Incoming::CancelRoom(request) => {
                    ending::cancel_room(unit, &mut set, delivery, request, &mut after).await?;
                }
                Incoming::LockRoom(request) => {
                    self.lock_room(unit, &mut set, delivery, request, &mut after).await?;
                }
                Incoming::Freeze(freeze) => ending::ask_freeze(unit, &mut set, delivery, freeze).await?,
                Incoming::RoomDecided(decided) => ending::follow_verdict(unit, &mut set, decided).await?,
                Incoming::OpenRoom(request) => self.open(unit, delivery, request, &asked).await?,
                Incoming::OpenOperatorRoom(request) => {
                    self.open_by_operators(unit, delivery, request, &asked).await?;
                }
                Incoming::WatchRegistered(watch) => {
                    unit.settled("watch", RoomId::try_from_bytes(&watch.room_id)?.uuid()).await?;
                }
                Incoming::RoomSettled(settled) => ending::follow_settlement(unit, delivery, settled).await?,
                Incoming::RoomCorrected(corrected) => {
                    ending::follow_correction(unit, delivery, corrected).await?;
                }
                Incoming::ReceiptReady(receipt) => {
                    let room = RoomId::try_from_bytes(&receipt.room_id)?;
                    store::result::receipt(unit.conn(), room, &receipt.signature).await?;
                }
                Incoming::RegisterArena(request) => self.register_arena(unit, delivery, request).await?,
                Incoming::RetireArena(request) => self.retire_arena(unit, delivery, request).await?,
                Incoming::ArenaArranged(told) => arenas::follow(unit, told).await?,
            }
        }
        for items in after.holds.chunks(HOLDS_PER_LIST) {
            unit.command(&HoldStakes { items: items.to_vec() });
        }
        if !after.releases.is_empty() {
            unit.issue_all("release", after.releases).await?;
        }
        write_set(unit, &set).await?;
        for (delivery, room) in after.taken_back {
            ending::tell_taken_back(unit, delivery, room).await?;
        }
        for (delivery, room) in after.locked {
            ending::tell_locked(unit, delivery, room).await?;
        }
        Ok(())
    }
}

/// The same decisions where rooms end. A large one is read whole to freeze it and written part by part when it is settled:
/// bets of other rooms do not wait for that.
pub struct Ends {
    /// Who decides.
    pub rooms: Rooms,
    /// How long the last part of a settled room took. The next one comes no sooner after it, so that bets have half of
    /// the database's time.
    pub part: Mutex<Duration>,
}

impl Ends {
    fn part(&self) -> MutexGuard<'_, Duration> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Handler for Ends {
    type Message = Incoming;
    type Prepared = Asked;
    const BATCH: usize = 1;

    async fn prepare(&self, batch: &[Delivery<Incoming>]) -> Result<Asked, Fault> {
        if batch.iter().any(|delivery| matches!(delivery.message, Incoming::RoomSettled(_))) {
            let pause = std::mem::take(&mut *self.part());
            tokio::time::sleep(pause.min(PART_PAUSE)).await;
        }
        self.rooms.prepare(batch).await
    }

    async fn handle(&self, unit: &mut Unit, batch: &[Delivery<Incoming>], asked: Asked) -> Result<(), Fault> {
        let began = monotonic();
        let handled = self.rooms.handle(unit, batch, asked).await;
        *self.part() = began.elapsed();
        handled
    }
}

/// What a batch is about.
#[derive(Default)]
struct Subjects {
    openings: Vec<String>,
    rooms: BTreeSet<RoomId>,
    bets: Vec<Uuid>,
    players: Vec<(RoomId, AccountId)>,
    /// Rooms with new bets that name minimum odds.
    guarded: BTreeSet<RoomId>,
}

impl Subjects {
    fn of(batch: &[Delivery<Incoming>], operators: &OperatorAccounts) -> Result<Self, Fault> {
        let mut all = Self::default();
        for delivery in batch {
            match &delivery.message {
                Incoming::PlaceBet(bet) => {
                    let room = all.player(&bet.room_id, &bet.account_id)?;
                    all.bets.push(delivery.id);
                    if bet.min_odds_percent > 0 {
                        all.guarded.insert(room);
                    }
                }
                Incoming::CancelBet(bet) => {
                    all.player(&bet.room_id, &bet.account_id)?;
                    all.bets.push(BetId::try_from_bytes(&bet.bet_id)?.uuid());
                }
                Incoming::CancelRoom(room) => {
                    all.player(&room.room_id, &room.host_account_id)?;
                }
                // What is no id is refused where the message is obeyed.
                Incoming::LockRoom(LockRoom { room_id, .. }) => {
                    if let Ok(room) = RoomId::try_from_bytes(room_id) {
                        all.rooms.insert(room);
                        all.players.extend(operators.all().into_iter().map(|account| (room, account)));
                    }
                }
                Incoming::StakesDecided(decided) => {
                    for item in &decided.items {
                        all.rooms.insert(RoomId::try_from_bytes(&item.room_id)?);
                        all.bets.push(BetId::try_from_bytes(&item.bet_id)?.uuid());
                    }
                }
                Incoming::Freeze(FreezeRoom { room_id })
                | Incoming::RoomDecided(RoomDecided { room_id, .. })
                // Locked here so that no room is locked after another with a greater id.
                | Incoming::RoomSettled(RoomSettled { room_id, .. })
                | Incoming::RoomCorrected(RoomCorrected { room_id, .. })
                | Incoming::ReceiptReady(ReceiptReady { room_id, .. }) => {
                    all.rooms.insert(RoomId::try_from_bytes(room_id)?);
                }
                Incoming::OpenRoom(open) => {
                    let host = AccountId::try_from_bytes(&open.host_account_id)?;
                    all.openings.push(format!("host {host}"));
                    all.openings.push(opening::question(open));
                }
                Incoming::OpenOperatorRoom(open) => {
                    all.openings.extend(open.room.as_ref().map(opening::question));
                }
                // Two that add one group have no row yet to wait for each other at.
                Incoming::RegisterArena(arena) => all.openings.push(format!("arena {}", arena.chat_id)),
                Incoming::WatchRegistered(_) | Incoming::RetireArena(_) | Incoming::ArenaArranged(_) => {}
            }
        }
        Ok(all)
    }

    fn player(&mut self, room: &[u8], account: &[u8]) -> Result<RoomId, Fault> {
        let room = RoomId::try_from_bytes(room)?;
        self.rooms.insert(room);
        self.players.push((room, AccountId::try_from_bytes(account)?));
        Ok(room)
    }
}

impl Rooms {
    /// Locks the openings and rooms of a batch and reads the bets it is about.
    async fn load(&self, unit: &mut Unit, batch: &[Delivery<Incoming>]) -> Result<WorkingSet, Fault> {
        let Subjects { openings, rooms, bets, players, guarded } = Subjects::of(batch, &self.accounts)?;
        if !openings.is_empty() {
            store::opening::lock_openings(unit.conn(), &openings).await?;
        }
        if rooms.is_empty() {
            return Ok(WorkingSet::default());
        }
        let ids: Vec<Uuid> = rooms.into_iter().map(RoomId::uuid).collect();
        let rooms = store::room::lock(unit.conn(), &ids).await?;
        let bets = if bets.is_empty() && players.is_empty() {
            Vec::new()
        } else {
            store::bet::of_batch(unit.conn(), &bets, &players).await?
        };
        let mut offers = HashMap::new();
        if !guarded.is_empty() {
            let guarded: Vec<Uuid> = guarded.into_iter().map(RoomId::uuid).collect();
            let whole = store::whole::whole(unit.conn(), &guarded).await?;
            let now = unit.now().await?;
            let shown = standing::shown(unit.conn(), &whole, now).await?;
            offers.extend(shown.into_iter().map(|(id, money)| (RoomId::new(id), money.offer)));
        }
        Ok(WorkingSet::new(rooms, bets).with_offers(offers))
    }
}

/// Writes what a batch changed and does what the rooms call for now.
pub async fn write_set(unit: &mut Unit, set: &WorkingSet) -> Result<(), Fault> {
    store::room::update(unit.conn(), set.changed_rooms()).await?;
    // Refused bets leave their places before others take them.
    store::bet::update_states(unit.conn(), set.changed_bets()).await?;
    store::bet::insert(unit.conn(), set.new_bets()).await?;
    for room in set.launched() {
        if let Some(room) = opening::told(unit, room).await? {
            arenas::assign(unit, &room).await?;
        }
    }
    for (room, next) in set.calls() {
        match next {
            Next::Wait => {}
            Next::Freeze => ending::freeze(unit, room).await?,
            Next::VoidNoOpposition => void(unit, room, VoidReason::NoOpposition).await?,
            Next::VoidMinPlayers => void(unit, room, VoidReason::MinPlayers).await?,
        }
    }
    Ok(())
}
