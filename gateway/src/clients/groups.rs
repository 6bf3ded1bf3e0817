//! What is asked for groups and for whoever searches from another chat.

use super::{CHUNK, Clients, DEADLINE, PAUSE, answered};
use crate::domain::RoomView;
use chassis::Fault;
use proto::{
    common::Page,
    room::{Bet, GetArenaRequest, ListPlayersRequest, ListRoomsRequest, RoomState, get_arena_request::Key},
};
use tonic::{Code, Status};

/// Rooms that are not over.
const LIVE: [RoomState; 4] = [RoomState::Queuing, RoomState::Open, RoomState::Locked, RoomState::Settling];

/// Players of a group's room that are looked at; it has ten seats unless operators gave more.
const PLAYERS: usize = 1_000;

impl Clients {
    /// Live rooms of a group, or the public ones (chat 0), with the number of all.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn live_rooms(&self, chat: i64, size: u32) -> Result<(Vec<RoomView>, u64), Fault> {
        let request = ListRoomsRequest {
            states: LIVE.map(i32::from).to_vec(),
            scope_chat_id: chat,
            host_account_id: Vec::new(),
            page: Some(Page { size: size.min(CHUNK), token: String::new() }),
        };
        let answer = answered("room-svc", ask!("room-svc", self.room, list_rooms, request.clone()))?;
        let rooms = answer.rooms.iter().map(RoomView::try_from).collect::<Result<_, _>>()?;
        Ok((rooms, answer.total))
    }

    /// The room that a prepared group hosts at the moment.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn arena_room(&self, chat: i64) -> Result<Option<RoomView>, Fault> {
        let request = GetArenaRequest { key: Some(Key::ChatId(chat)) };
        let answer = match ask!("room-svc", self.room, get_arena, request) {
            // A release of room-svc without arenas.
            Err(status) if matches!(status.code(), Code::NotFound | Code::Unimplemented) => return Ok(None),
            answer => answered("room-svc", answer)?,
        };
        let room = answer.arena.map(|arena| arena.room_id).filter(|room| !room.is_empty());
        match room {
            Some(room) => self.room(proto::RoomId::try_from_bytes(&room)?).await,
            None => Ok(None),
        }
    }

    /// Who plays in a room, in the order of their bets.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn players(&self, room: proto::RoomId) -> Result<Vec<Bet>, Fault> {
        let (mut players, mut token) = (Vec::new(), String::new());
        loop {
            let page = Some(Page { size: CHUNK, token });
            let request = ListPlayersRequest { room_id: room.bytes(), account_ids: Vec::new(), page };
            let answer = answered("room-svc", ask!("room-svc", self.room, list_players, request))?;
            players.extend(answer.bets);
            token = answer.next_page_token;
            if token.is_empty() || players.len() >= PLAYERS {
                return Ok(players);
            }
        }
    }
}
