//! Questions about rooms and bets over gRPC.

mod players;

use crate::{
    domain::odds::Offer,
    standing,
    store::{
        self,
        listing::{self, BetFilter, RoomFilter},
    },
};
use chassis::{Db, grpc::Unanswered};
use proto::{
    AccountId, BetId, Lamports, Malformed, Refusal, RoomId,
    common::{Page, RefusalCode},
    room::{
        GetArenaRequest, GetArenaResponse, GetRoomRequest, GetRoomResponse, ListBetsRequest,
        ListBetsResponse, ListPlayersRequest, ListPlayersResponse, ListRoomsRequest, ListRoomsResponse,
        PreviewBetRequest, PreviewBetResponse, ReadFrozenBetsRequest, ReadFrozenBetsResponse, Room,
        get_room_request::Key, room_service_server::RoomService,
    },
};
use std::collections::{BTreeSet, HashMap};
use time::OffsetDateTime;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// Rows of one page at most.
const PAGE_MAX: u32 = 100;

/// Bets of one page of a frozen room at most: some 2 MB, half of tonic's limit on a message.
const FROZEN_PAGE_MAX: u32 = 20_000;

/// Answers from the schema.
pub struct Queries {
    /// Read only.
    pub db: Db,
}

/// Rooms and the bets in them, as they are at one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

impl Queries {
    /// Rooms with the money that is shown, in the order of their numbers, and what a stake would be paid from.
    async fn rooms(&self, ids: &[Uuid]) -> Result<Vec<(Room, Offer)>, Unanswered> {
        let mut snapshot = self.db.pool().begin_with(SNAPSHOT).await?;
        let rooms = store::whole::whole(&mut snapshot, ids).await?;
        let now = store::standing::now(&mut snapshot).await?;
        let mut shown = standing::shown(&mut snapshot, &rooms, now).await?;
        snapshot.commit().await?;
        let mut told = Vec::with_capacity(rooms.len());
        for room in rooms {
            let Some(money) = shown.remove(&room.id) else { continue };
            let mut message = room.to_message()?;
            message.pools_lamports = money.offer.pools.iter().map(|pool| pool.get()).collect();
            message.pending_lamports = money.pending.get();
            told.push((message, money.offer));
        }
        Ok(told)
    }

    async fn room(&self, id: RoomId) -> Result<(Room, Offer), Unanswered> {
        self.rooms(&[id.uuid()]).await?.pop().ok_or_else(Unanswered::not_found)
    }

    async fn list(&self, request: ListRoomsRequest) -> Result<ListRoomsResponse, Unanswered> {
        let filter = RoomFilter {
            states: request.states.iter().filter_map(|state| i16::try_from(*state).ok()).collect(),
            scope_chat_id: request.scope_chat_id,
            host: optional(&request.host_account_id)?.map(AccountId::new),
        };
        let page = request.page.unwrap_or_default();
        let below = if page.token.is_empty() { i64::MAX } else { page.token.parse().map_err(|_| token())? };
        let limit = limit(&page);
        let (ids, total) = listing::rooms(self.db.pool(), &filter, below, limit).await?;
        let next = (ids.len() >= usize::try_from(limit).unwrap_or(usize::MAX)).then(|| ids.last()).flatten();
        let next_page_token = next.map(|(_, number)| number.to_string()).unwrap_or_default();
        let ids: Vec<Uuid> = ids.into_iter().map(|(id, _)| id).collect();
        let rooms = self.rooms(&ids).await?.into_iter().rev().map(|(room, _)| room).collect();
        Ok(ListRoomsResponse { rooms, total: total.try_into().unwrap_or_default(), next_page_token })
    }

    async fn bets(&self, request: ListBetsRequest) -> Result<ListBetsResponse, Unanswered> {
        let filter = BetFilter {
            account: optional(&request.account_id)?.map(AccountId::new),
            live_only: request.live_only,
            room: optional(&request.room_id)?.map(RoomId::new),
        };
        if filter.account.is_none() && filter.room.is_none() {
            return Err(Malformed("an account or a room is needed").into());
        }
        let page = request.page.unwrap_or_default();
        let after =
            if page.token.is_empty() { None } else { Some(bet_token(&page.token).ok_or_else(token)?) };
        let limit = limit(&page);
        let (bets, total) = listing::bets(self.db.pool(), &filter, after, limit).await?;
        let more = bets.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = bets.last().filter(|_| more);
        let next_page_token = last
            .map(|bet| format!("{}.{}", bet.accepted_at.unix_timestamp_nanos(), bet.wager.id))
            .unwrap_or_default();
        let rooms: BTreeSet<Uuid> = bets.iter().map(|bet| bet.wager.room_id.uuid()).collect();
        let rooms = self.rooms(&rooms.into_iter().collect::<Vec<_>>()).await?;
        let rooms: Vec<Room> = rooms.into_iter().map(|(room, _)| room).collect();
        let hosts: HashMap<&[u8], &[u8]> = rooms
            .iter()
            .filter_map(|room| Some((&*room.room_id, &*room.terms.as_ref()?.host_account_id)))
            .collect();
        let host =
            |room: RoomId| hosts.get(&*room.bytes()).and_then(|host| AccountId::try_from_bytes(host).ok());
        Ok(ListBetsResponse {
            bets: bets.iter().map(|bet| bet.to_message(host(bet.wager.room_id))).collect(),
            rooms,
            total: total.try_into().unwrap_or_default(),
            next_page_token,
        })
    }

    async fn frozen(&self, request: ReadFrozenBetsRequest) -> Result<ReadFrozenBetsResponse, Unanswered> {
        let room = RoomId::try_from_bytes(&request.room_id)?;
        let after = optional(&request.after_bet_id)?.map(BetId::new);
        let limit = request.limit.clamp(1, FROZEN_PAGE_MAX).into();
        let mut connection = self.db.pool().reader().await?;
        let host = store::whole::host(&mut connection, room).await?;
        let bets = store::bet::accepted(&mut connection, room, after, limit).await?;
        Ok(ReadFrozenBetsResponse { bets: bets.iter().map(|bet| bet.to_message(host)).collect() })
    }

    async fn preview(&self, request: PreviewBetRequest) -> Result<PreviewBetResponse, Unanswered> {
        let (message, offer) = self.room(RoomId::try_from_bytes(&request.room_id)?).await?;
        let stake = Lamports::try_positive(request.stake_lamports).map_err(|_| Malformed("stake"))?;
        let payout =
            offer.payout(request.outcome, stake).map_err(|_| Refusal::new(RefusalCode::BetPoolOverflow))?;
        Ok(PreviewBetResponse { room: Some(message), payout_lamports: payout.get() })
    }
}

fn limit(page: &Page) -> i64 {
    let size = if page.size == 0 { 20 } else { page.size };
    size.min(PAGE_MAX).into()
}

fn token() -> Malformed {
    Malformed("page token")
}

fn optional(bytes: &[u8]) -> Result<Option<Uuid>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Uuid::from_slice(bytes).map(Some).map_err(|_| Malformed("not an id"))
}

fn bet_token(token: &str) -> Option<(OffsetDateTime, Uuid)> {
    let (nanos, id) = token.split_once('.')?;
    Some((OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?, id.parse().ok()?))
}

#[async_trait]
impl RoomService for Queries {
    async fn get_room(&self, request: Request<GetRoomRequest>) -> Result<Response<GetRoomResponse>, Status> {
        let room = async {
            let id = match request.into_inner().key {
                Some(Key::RoomId(id)) => RoomId::try_from_bytes(&id)?,
                Some(Key::Number(number)) => {
                    listing::by_number(self.db.pool(), number).await?.ok_or_else(Unanswered::not_found)?
                }
                None => return Err(Malformed("a room's id or number is needed").into()),
            };
            self.room(id).await
        };
        let (room, _) = room.await?;
        Ok(Response::new(GetRoomResponse { room: Some(room) }))
    }

    async fn list_rooms(
        &self,
        request: Request<ListRoomsRequest>,
    ) -> Result<Response<ListRoomsResponse>, Status> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn list_bets(
        &self,
        request: Request<ListBetsRequest>,
    ) -> Result<Response<ListBetsResponse>, Status> {
        Ok(Response::new(self.bets(request.into_inner()).await?))
    }

    async fn read_frozen_bets(
        &self,
        request: Request<ReadFrozenBetsRequest>,
    ) -> Result<Response<ReadFrozenBetsResponse>, Status> {
        Ok(Response::new(self.frozen(request.into_inner()).await?))
    }

    async fn preview_bet(
        &self,
        request: Request<PreviewBetRequest>,
    ) -> Result<Response<PreviewBetResponse>, Status> {
        Ok(Response::new(self.preview(request.into_inner()).await?))
    }

    async fn get_arena(
        &self,
        request: Request<GetArenaRequest>,
    ) -> Result<Response<GetArenaResponse>, Status> {
        Ok(Response::new(players::arena(&self.db, request.into_inner()).await?))
    }

    async fn list_players(
        &self,
        request: Request<ListPlayersRequest>,
    ) -> Result<Response<ListPlayersResponse>, Status> {
        Ok(Response::new(players::list(&self.db, request.into_inner()).await?))
    }
}
