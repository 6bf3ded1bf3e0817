//! Placing a bet in three taps, and looking at one's bets.

use super::{Member, group, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::RoomView,
    screens::{self, Wager},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{Lamports, Refusal, RoomId, common::RefusalCode, room::PlaceBet};
use std::sync::Arc;

/// The newest bets.
///
/// # Errors
/// room-svc does not answer.
pub async fn first(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    list(app, member, 0).await
}

/// A page of bets.
///
/// # Errors
/// room-svc does not answer.
pub async fn list(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    let (found, fared) = tokio::join!(
        app.clients.bets(member.account, page, screens::BETS_PAGE),
        app.clients.fared_if_known(member.account)
    );
    let found = found?;
    let lines: Vec<screens::BetLine> = found
        .bets
        .iter()
        .filter_map(|bet| Some((bet, found.rooms.iter().find(|room| room.id.bytes() == bet.room_id)?)))
        .collect();
    let record = fared.map(|fared| fared.lifetime);
    Ok(Turn::show(screens::bets(
        member.language,
        page,
        found.total,
        &lines,
        record.as_ref(),
        app.clock.now(),
    )))
}

/// First tap: an outcome.
///
/// # Errors
/// room-svc does not answer.
pub async fn outcome(app: Arc<App>, member: Member, (room, outcome): (RoomId, u32)) -> Result<Turn, Fault> {
    let (room, account) = tokio::join!(app.clients.room(room), app.clients.account(member.account));
    let Some(room) = room? else { return Ok(member.note("room-not-found")) };
    if let Some(closed) = closed(&app, member, &room).await? {
        return Ok(closed);
    }
    let balance = account.ok().flatten().map(|account| Lamports::new(account.available_lamports));
    let screen = screens::stake(member.language, &room, outcome, balance, app.clock.now());
    Ok(Turn::show(screen.keeping()).and(Write::Drop(DraftKind::Stake)))
}

/// The stake will be typed.
///
/// # Errors
/// room-svc does not answer.
pub async fn type_stake(
    app: Arc<App>,
    member: Member,
    (room, outcome): (RoomId, u32),
) -> Result<Turn, Fault> {
    ask_stake(&app, member, room, outcome, false).await
}

/// Asks for the stake in words; `wrong` if the last text was none.
pub(super) async fn ask_stake(
    app: &App,
    member: Member,
    room: RoomId,
    outcome: u32,
    wrong: bool,
) -> Result<Turn, Fault> {
    let Some(view) = app.clients.room(room).await? else { return Ok(member.note("room-not-found")) };
    if let Some(closed) = closed(app, member, &view).await? {
        return Ok(closed);
    }
    let screen = screens::type_stake(member.language, &view, outcome, wrong, app.clock.now());
    Ok(Turn::show(screen.keeping()).and(Write::Save(Draft::Stake { room, outcome })))
}

/// Second tap: a stake. The preview mints the slip that the third tap confirms.
///
/// # Errors
/// room-svc does not answer.
pub async fn stake(
    app: Arc<App>,
    member: Member,
    (room, outcome, stake): (RoomId, u32, Lamports),
) -> Result<Turn, Fault> {
    preview(&app, member, room, outcome, stake).await
}

/// What a stake would pay, with the button that confirms it.
pub(super) async fn preview(
    app: &App,
    member: Member,
    room: RoomId,
    outcome: u32,
    stake: Lamports,
) -> Result<Turn, Fault> {
    let (view, payout) = match app.clients.preview_bet(room, outcome, stake).await? {
        Ok(preview) => preview,
        Err(refusal) => {
            let text = screens::refusal(member.language, &refusal, app.clock.now());
            return Ok(Turn::show(screens::note(member.language, text)));
        }
    };
    if let Some(closed) = closed(app, member, &view).await? {
        return Ok(closed);
    }
    let command = PlaceBet {
        room_id: room.bytes(),
        account_id: member.account.bytes(),
        outcome,
        stake_lamports: stake.get(),
        min_odds_percent: 0,
    };
    let slip = mint(app, member.account, RequestKind::PlaceBet, &command);
    let (cancel, now) = (app.settings.cancel, app.clock.now());
    let screen =
        screens::preview(member.language, &view, Wager { outcome, stake, payout }, slip.id, cancel, now);
    Ok(Turn::show(screen.keeping()).and(Write::Mint(slip)))
}

/// A room of a group is closed to others. One that surely takes no bets any more is not worth a preview; in doubt room-svc
/// decides.
async fn closed(app: &App, member: Member, room: &RoomView) -> Result<Option<Turn>, Fault> {
    if !group::may_see(app, member.account, room).await? {
        return Ok(Some(member.note("room-not-found")));
    }
    let now = app.clock.now();
    if room.takes_bets(now) {
        return Ok(None);
    }
    let lock_at = room.lock_at.min(now);
    let refusal = Refusal::new(RefusalCode::BetLocked).with("lock_at", lock_at.unix_timestamp());
    let text = screens::refusal(member.language, &refusal, now);
    Ok(Some(Turn::show(screens::note(member.language, text))))
}
