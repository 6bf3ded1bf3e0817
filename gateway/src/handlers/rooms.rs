//! Looking at rooms.

use super::{Member, group, pictured};
use crate::{
    app::App,
    domain::{Question, Reader, RoomFilter, RoomView, Verdict},
    screens::{self, Prices},
    turn::Turn,
};
use chassis::Fault;
use proto::RoomId;
use std::sync::Arc;

/// The live rooms.
///
/// # Errors
/// room-svc does not answer.
pub async fn live(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    list(app, member, (RoomFilter::Live, 0)).await
}

/// A page of rooms; the last one where rooms have gone since the button was made. Those of a group are its members'.
///
/// # Errors
/// room-svc or Telegram does not answer.
pub async fn list(app: Arc<App>, member: Member, (filter, page): (RoomFilter, u32)) -> Result<Turn, Fault> {
    if let RoomFilter::Of { chat } = filter
        && !group::is_in(&app, member.account, chat).await?
    {
        return Ok(member.note("room-not-found"));
    }
    let size = screens::ROOMS_PAGE;
    let (mut page, mut found) = (page, app.clients.rooms(filter, member.account, page, size).await?);
    let last = screens::pages_of(found.1, size) - 1;
    if page > last {
        page = last;
        found = app.clients.rooms(filter, member.account, page, size).await?;
    }
    let (rooms, total) = found;
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
    let Some((room, reader)) = look(app, member, room).await? else { return Ok(None) };
    let arena = arena_link(app, &room, &reader).await;
    let card = pictured::card(app, member.language, &room, &reader, "").await;
    Ok(Some(card.with_arena(member.language, arena)))
}

/// The way into the group of a room's players, for one of them.
async fn arena_link(app: &App, room: &RoomView, reader: &Reader) -> Option<String> {
    if room.public && reader.bet.is_some() { app.clients.arena_link(room.id).await } else { None }
}

/// The prices of what a room is about.
pub(crate) async fn prices_of(app: &App, room: &RoomView) -> Prices {
    let known = |asset| app.clients.price_if_known(asset);
    match &room.question {
        Question::Custom(_) => Prices::default(),
        Question::HeadToHead { rival } => {
            let (asset, rival) = tokio::join!(known(&room.asset), known(rival));
            Prices { asset, rival }
        }
        _ => Prices { asset: known(&room.asset).await, rival: None },
    }
}

/// A room, and what it is to this member; nothing if it is not open to them.
pub(crate) async fn look(
    app: &App,
    member: Member,
    room: RoomId,
) -> Result<Option<(RoomView, Reader)>, Fault> {
    let (room, bets) = tokio::join!(app.clients.room(room), app.clients.bets_in(member.account, room));
    let (Some(room), bets) = (room?, bets?) else { return Ok(None) };
    if bets.is_empty() && !group::may_see(app, member.account, &room).await? {
        return Ok(None);
    }
    let reader = Reader::of(&room, member.account, &bets, app.settings.cancel)?;
    Ok(Some((room, reader)))
}

/// The settlement card.
///
/// # Errors
/// room-svc or settlement-svc does not answer.
pub async fn result(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    let (looked, settlement) = tokio::join!(look(&app, member, room), app.clients.settlement(room));
    let Some((room, reader)) = looked? else { return Ok(member.note("room-not-found")) };
    let settlement = settlement?;
    let told = settlement.as_ref().and_then(|settlement| settlement.verdict.as_ref());
    let verdict = told.map(Verdict::of_settlement).transpose()?;
    let venues = match told {
        Some(told) => app.clients.venues(&room, told).await,
        None => Vec::new(),
    };
    let settled = screens::Settled {
        settlement: settlement.as_ref().zip(verdict.as_ref()),
        venues: &venues,
        explorer: settlement.as_ref().and_then(|settlement| app.explorer(&settlement.receipt_signature)),
        evidence: app.evidence(&room),
    };
    Ok(Turn::show(pictured::result(&app, member, &room, &reader, settled).await))
}
