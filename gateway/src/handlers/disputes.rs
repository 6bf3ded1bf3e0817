//! Saying that a result is wrong. settlement-svc keeps it, operators judge it.

use super::{Member, mint, rooms};
use crate::{
    app::App,
    commands::RequestKind,
    domain::RoomView,
    screens,
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{Refusal, RoomId, common::RefusalCode, settlement::OpenDispute};
use std::sync::Arc;

/// What is wrong?
///
/// # Errors
/// room-svc does not answer.
pub async fn begin(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    ask(&app, member, room, false).await
}

/// Asks in words; `wrong` if the last text was too long.
pub(super) async fn ask(app: &App, member: Member, room: RoomId, wrong: bool) -> Result<Turn, Fault> {
    let view = match disputable(app, member, room).await? {
        Ok(view) => view,
        Err(turn) => return Ok(turn),
    };
    let screen = screens::dispute_ask(member.language, &view, wrong);
    Ok(Turn::show(screen).and(Write::Save(Draft::Dispute { room })))
}

/// The words are there: shows them once more, with the button that hands them in.
pub(super) async fn typed(app: &App, member: Member, room: RoomId, text: &str) -> Result<Turn, Fault> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > screens::DISPUTE_MAX {
        return ask(app, member, room, true).await;
    }
    let view = match disputable(app, member, room).await? {
        Ok(view) => view,
        Err(turn) => return Ok(turn),
    };
    let command =
        OpenDispute { room_id: room.bytes(), account_id: member.account.bytes(), text: text.to_owned() };
    let slip = mint(app, member.account, RequestKind::OpenDispute, &command);
    let screen = screens::dispute_review(member.language, &view, text, slip.id);
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Dispute)).and(Write::Mint(slip)))
}

/// The room, if its result can still be disputed by this member; else why not. In doubt settlement-svc decides.
async fn disputable(app: &App, member: Member, room: RoomId) -> Result<Result<RoomView, Turn>, Fault> {
    let Some((view, reader)) = rooms::look(app, member, room).await? else {
        return Ok(Err(member.note("room-not-found")));
    };
    let now = app.clock.now();
    let refused = match view.disputable_until(&reader) {
        Some(until) if now < until => return Ok(Ok(view)),
        Some(until) => Refusal::new(RefusalCode::DisputeLate).with("until", until.unix_timestamp()),
        None => Refusal::new(RefusalCode::DisputeNotAPlayer),
    };
    let text = screens::refusal(member.language, &refused, now);
    let turn = Turn::show(screens::note(member.language, text));
    Ok(Err(turn.and(Write::Drop(DraftKind::Dispute))))
}
