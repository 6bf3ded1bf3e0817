//! Settings: what a member can choose, and in which language they are spoken to.

use super::Member;
use crate::{
    app::App,
    locales::Language,
    screens::{self, Screen},
    store::drafts::DraftKind,
    turn::{Turn, Write},
};
use chassis::Fault;
use std::sync::Arc;

/// All settings.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let screen = overview(&app, member, None).await?;
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Totp)))
}

/// The same under what was just decided.
pub(crate) async fn overview(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let totp = app.clients.totp(member.account).await?;
    Ok(screens::settings(member.language, &totp, told, app.clock.now()))
}

/// Which languages there are.
///
/// # Errors
/// Never.
pub async fn languages(member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::languages(member.language, false)))
}

/// Another language, from this answer on.
///
/// # Errors
/// Never.
pub async fn speak(language: Language) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::languages(language, true)).and(Write::Speak(language)))
}
