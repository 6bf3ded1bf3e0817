//! What room-svc says of a room that operators speak about.

use super::Rooms;
use crate::commands::Panel;
use chassis::{Fault, operators::OperatorKey};
use proto::{
    AccountId, RoomId,
    room::{BetState, GetRoomRequest, ListBetsRequest, Terms, get_room_request::Key},
};
use std::collections::BTreeSet;
use tonic::Code;

/// The room's terms, and who of the operators has bet in it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What it promises; nothing where there is no such room.
    pub terms: Option<Terms>,
    /// They do not speak about it.
    pub interested: BTreeSet<OperatorKey>,
}

impl Rooms {
    /// Asks for everything that a ruling hangs on.
    pub async fn ask(&self, room: RoomId, panel: &Panel) -> Result<Asked, Fault> {
        let Some(terms) = self.terms(room).await? else { return Ok(Asked::default()) };
        let mut players = BTreeSet::new();
        for account in panel.accounts.all() {
            if self.plays(room, account).await? {
                players.insert(account);
            }
        }
        Ok(Asked { terms: Some(terms), interested: panel.accounts.operators_of(&players) })
    }

    async fn terms(&self, room: RoomId) -> Result<Option<Terms>, Fault> {
        let request = GetRoomRequest { key: Some(Key::RoomId(room.bytes())) };
        match self.0.clone().get_room(request).await {
            Ok(answer) => Ok(answer.into_inner().room.and_then(|room| room.terms)),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(Fault::upstream("room-svc", status)),
        }
    }

    /// Whether an account has a bet in a room. One that was refused or taken back is none.
    async fn plays(&self, room: RoomId, account: AccountId) -> Result<bool, Fault> {
        let request =
            ListBetsRequest { account_id: account.bytes(), room_id: room.bytes(), ..Default::default() };
        let answer = self.0.clone().list_bets(request).await;
        let bets = answer.map_err(|status| Fault::upstream("room-svc", status))?.into_inner().bets;
        Ok(bets.iter().any(|bet| !matches!(bet.state(), BetState::Refused | BetState::Cancelled)))
    }
}
