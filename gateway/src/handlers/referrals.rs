//! Own link, what came of it, and links to rooms that carry it.

use super::{Member, group};
use crate::{
    app::App,
    callbacks::payload_of,
    domain::{Link, ReferralCode, RoomKey},
    screens,
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::RoomId;
use std::sync::Arc;

/// Own link, and what came of it. Whoever has none yet gets one.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let found = app.clients.referrals(member.account).await?;
    let code = ReferralCode::parse(&found.code);
    let link = code.and_then(|code| link(&app, Link { room: None, code: Some(code) }));
    let turn = Turn::show(screens::referrals(member.language, &found, link, &app.settings.referral_percents));
    Ok(if code.is_none() { turn.and(Write::Refer(None)) } else { turn })
}

/// A link to a room. Without an answer about one's own code it goes without.
///
/// # Errors
/// room-svc does not answer.
pub async fn share(app: Arc<App>, member: Member, room: RoomId) -> Result<Turn, Fault> {
    let (view, referrals) = tokio::join!(app.clients.room(room), app.clients.referrals(member.account));
    let Some(view) = view? else { return Ok(member.note("room-not-found")) };
    if !group::may_see(&app, member.account, &view).await? {
        return Ok(member.note("room-not-found"));
    }
    let told = |fault: &Fault| tracing::warn!(error = fault.chain(), "a link goes without a code");
    let code = referrals.inspect_err(told).ok().and_then(|found| ReferralCode::parse(&found.code));
    let link = link(&app, Link { room: Some(RoomKey::Id(room)), code });
    Ok(Turn::show(screens::share_room(member.language, &view, link)))
}

/// Nothing until Telegram has told the bot's name.
fn link(app: &App, link: Link) -> Option<String> {
    app.deep_link(&payload_of(link)?)
}
