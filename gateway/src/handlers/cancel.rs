//! Taking back: a bet within seconds, a room while nobody else is in it. room-svc decides.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    screens,
    store::{requests, slips::Slip},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{
    AccountId, BetId, CommandId, RoomId,
    room::{CancelBet, CancelRoom},
};
use std::sync::Arc;
use uuid::Uuid;

/// The id of the command follows from the bet: two taps are one command.
pub(crate) fn cancel_of(bet: BetId, account: AccountId) -> CommandId {
    CommandId::new(Uuid::new_v5(&bet.uuid(), account.uuid().as_bytes()))
}

/// Takes a bet back. There is no time for a second question.
///
/// # Errors
/// The database.
pub async fn bet(app: Arc<App>, member: Member, (bet, room): (BetId, RoomId)) -> Result<Turn, Fault> {
    let command =
        CancelBet { bet_id: bet.bytes(), room_id: room.bytes(), account_id: member.account.bytes() };
    let offer = mint(&app, member.account, RequestKind::CancelBet, &command);
    let slip = Slip { id: cancel_of(bet, member.account), ..offer };
    if requests::is_shown(app.db.pool(), slip.id).await?.is_some() {
        return Ok(Turn::toast(member.language.plain("toast-already-taken-back", &[])));
    }
    // Told in the message of the bet itself, whichever of the two shows it.
    Ok(Turn::toast(member.language.plain("toast-cancelling-bet", &[])).and(Write::Use(slip)))
}

/// Asks a host once more.
///
/// # Errors
/// room-svc does not answer.
pub async fn room(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    let Some(view) = app.clients.room(room).await? else { return Ok(member.note("room-not-found")) };
    let command = CancelRoom { room_id: room.bytes(), host_account_id: member.account.bytes() };
    let slip = mint(&app, member.account, RequestKind::CancelRoom, &command);
    let screen = screens::cancel_room(member.language, &view, slip.id, app.clock.now());
    Ok(Turn::show(screen.keeping()).and(Write::Mint(slip)))
}
