//! Looking at rooms.

use super::Member;
use crate::{
    app::App,
    domain::{Player, RoomFilter, RoomView, Verdict},
    screens,
    turn::Turn,
};
use chassis::Fault;
use proto::{Lamports, RoomId};
use std::sync::Arc;

/// The live rooms.
///
/// # Errors
/// room-svc does not answer.
pub async fn live(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    list(app, member, (RoomFilter::Live, 0)).await
}

/// A page of rooms.
///
/// # Errors
/// room-svc does not answer.
pub async fn list(app: Arc<App>, member: Member, (filter, page): (RoomFilter, u32)) -> Result<Turn, Fault> {
    let (rooms, total) = app.clients.rooms(filter, member.account, page, screens::ROOMS_PAGE).await?;
    Ok(Turn::show(screens::rooms(member.language, filter, page, total, &rooms, app.clock.now())))
}

/// A room's card.
///
/// # Errors
/// room-svc does not answer.
pub async fn card(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    Ok(match read(&app, member, room).await? {
        Some(screen) => Turn::show(screen),
        None => member.note("room-not-found"),
    })
}

/// The card as a screen; nothing if there is no such room.
pub(crate) async fn read(app: &App, member: Member, room: RoomId) -> Result<Option<screens::Screen>, Fault> {
    let (room, bet) = tokio::join!(app.clients.room(room), app.clients.bet_in(member.account, room));
    let Some(room) = room? else { return Ok(None) };
    let player = bet?.map(|bet| Player {
        outcome: usize::try_from(bet.outcome).unwrap_or(usize::MAX),
        stake: Lamports::new(bet.stake_lamports),
    });
    let quote = if room.is_over() { None } else { app.clients.price_if_known(&room.asset).await };
    Ok(Some(screens::room_card(member.language, &room, player, quote, app.clock.now())))
}

/// Verdict and receipt.
///
/// # Errors
/// room-svc or settlement-svc does not answer.
pub async fn result(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    let (room, settlement) = tokio::join!(app.clients.room(room), app.clients.settlement(room));
    let Some(room): Option<RoomView> = room? else { return Ok(member.note("room-not-found")) };
    let settlement = settlement?;
    let verdict =
        settlement.as_ref().and_then(|s| s.verdict.as_ref()).map(Verdict::of_settlement).transpose()?;
    let page = settlement.as_ref().and_then(|settlement| app.explorer(&settlement.receipt_signature));
    let decided = settlement.as_ref().zip(verdict.as_ref());
    Ok(Turn::show(screens::result(member.language, &room, decided, page)))
}
