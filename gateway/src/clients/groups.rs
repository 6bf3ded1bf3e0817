//! What is asked for groups and for whoever searches from another chat.

use super::{CHUNK, Clients, DEADLINE, PAUSE, answered};
use crate::domain::RoomView;
use chassis::Fault;
use proto::{
    common::Page,
    room::{ListRoomsRequest, RoomState},
};
use tonic::{Code, Status};

/// Rooms that are not over.
const LIVE: [RoomState; 4] = [RoomState::Queuing, RoomState::Open, RoomState::Locked, RoomState::Settling];

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
}
