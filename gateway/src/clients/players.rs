//! Questions about who plays in a room, and where they meet.

use super::{CHUNK, Clients, DEADLINE, PAUSE, answered};
use crate::domain::RoomView;
use chassis::Fault;
use proto::{
    AccountId, RoomId,
    common::Page,
    room::{ArenaState, Bet, GetArenaRequest, ListPlayersRequest, get_arena_request::Key},
};
use tonic::{Code, Status};

/// Players of a group's room that are looked at; it has ten seats unless operators gave more.
const PLAYERS: usize = 1_000;

impl Clients {
    /// Whether an account has an accepted or pending bet in a room.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn plays(&self, room: RoomId, account: AccountId) -> Result<bool, Fault> {
        let request = ListPlayersRequest {
            room_id: room.bytes(),
            account_ids: vec![account.bytes()],
            page: Some(Page { size: CHUNK, token: String::new() }),
        };
        let answer = answered("room-svc", ask!("room-svc", self.room, list_players, request.clone()))?;
        Ok(answer.bets.iter().any(|bet| bet.account_id == account.bytes()))
    }

    /// The link into the group of a room's players, for a screen that goes on without it.
    pub async fn arena_link(&self, room: RoomId) -> Option<String> {
        let request = GetArenaRequest { key: Some(Key::RoomId(room.bytes())) };
        let answer = answered("room-svc", ask!("room-svc", self.room, get_arena, request.clone()));
        let arena = answer
            .inspect_err(|fault| tracing::warn!(%room, error = fault.chain(), "no group is shown"))
            .ok()?
            .arena?;
        let open = matches!(arena.state(), ArenaState::Ready | ArenaState::Talking);
        (open && !arena.invite_link.is_empty()).then_some(arena.invite_link)
    }

    /// The room that a prepared group hosts at the moment.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn arena_room(&self, chat: i64) -> Result<Option<RoomView>, Fault> {
        let request = GetArenaRequest { key: Some(Key::ChatId(chat)) };
        let answer = answered("room-svc", ask!("room-svc", self.room, get_arena, request))?;
        let room = answer.arena.map(|arena| arena.room_id).filter(|room| !room.is_empty());
        match room {
            Some(room) => self.room(RoomId::try_from_bytes(&room)?).await,
            None => Ok(None),
        }
    }

    /// Who plays in a room, in the order of their bets.
    ///
    /// # Errors
    /// room-svc does not answer.
    pub async fn players(&self, room: RoomId) -> Result<Vec<Bet>, Fault> {
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
