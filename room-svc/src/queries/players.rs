//! Questions about who plays in a room, and where they meet.

use super::{bet_token, limit, token};
use crate::{domain::arena::Arena, store};
use chassis::{Db, grpc::Unanswered};
use proto::{
    AccountId, Malformed, RoomId,
    room::{
        GetArenaRequest, GetArenaResponse, ListPlayersRequest, ListPlayersResponse, get_arena_request::Key,
    },
};

/// Accounts of one question at most.
const ACCOUNTS_MAX: usize = 1_000;

pub(super) async fn arena(db: &Db, request: GetArenaRequest) -> Result<GetArenaResponse, Unanswered> {
    let (room, chat_id) = match request.key {
        Some(Key::RoomId(room)) => (Some(RoomId::try_from_bytes(&room)?), 0),
        Some(Key::ChatId(chat_id)) => (None, chat_id),
        None => return Err(Malformed("a room's id or a chat's number is needed").into()),
    };
    let mut connection = db.pool().reader().await?;
    let arena = store::arena::find(&mut connection, room, chat_id).await?;
    Ok(GetArenaResponse { arena: arena.as_ref().map(Arena::to_message) })
}

pub(super) async fn list(db: &Db, request: ListPlayersRequest) -> Result<ListPlayersResponse, Unanswered> {
    let room = RoomId::try_from_bytes(&request.room_id)?;
    if request.account_ids.len() > ACCOUNTS_MAX {
        return Err(Malformed("too many accounts").into());
    }
    let accounts = request.account_ids.iter().map(|id| AccountId::try_from_bytes(id).map(AccountId::uuid));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    let page = request.page.unwrap_or_default();
    let after = if page.token.is_empty() { None } else { Some(bet_token(&page.token).ok_or_else(token)?) };
    let limit = limit(&page);
    let mut connection = db.pool().reader().await?;
    let host = store::whole::host(&mut connection, room).await?;
    let (bets, total) = store::player::bets(&mut connection, room, &accounts, after, limit).await?;
    let more = bets.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = bets.last().filter(|_| more);
    Ok(ListPlayersResponse {
        bets: bets.iter().map(|bet| bet.to_message(host)).collect(),
        total: total.try_into().unwrap_or_default(),
        next_page_token: last
            .map(|bet| format!("{}.{}", bet.accepted_at.unix_timestamp_nanos(), bet.wager.id))
            .unwrap_or_default(),
    })
}
