//! Own results, and the leaderboard.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::Period,
    screens::{self, Screen},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::settlement::SetLeaderboard;
use std::sync::Arc;

/// The newest bets that won.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn first_won(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    won(app, member, 0).await
}

/// A page of bets that won.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn won(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    results(&app, member, true, page).await
}

/// The newest results.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn first_recent(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    recent(app, member, 0).await
}

/// A page of results.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn recent(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    results(&app, member, false, page).await
}

async fn results(app: &App, member: Member, won_only: bool, page: u32) -> Result<Turn, Fault> {
    let found = app.clients.results(member.account, won_only, page, screens::RESULTS_PAGE).await?;
    Ok(Turn::show(screens::results(member.language, won_only, page, &found, app.clock.now())))
}

/// The best of the last week.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn best(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    leaderboard(app, member, (Period::Week, 0)).await
}

/// A page of the leaderboard.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn leaderboard(
    app: Arc<App>,
    member: Member,
    (period, page): (Period, u32),
) -> Result<Turn, Fault> {
    Ok(Turn::show(board(&app, member, period, page).await?))
}

async fn board(app: &App, member: Member, period: Period, page: u32) -> Result<Screen, Fault> {
    let size = screens::PLACES_PAGE;
    let (board, fared) = tokio::try_join!(
        app.clients.leaderboard(period, member.account, page, size),
        app.clients.fared(member.account)
    )?;
    Ok(screens::leaderboard(member.language, period, page, &board, member.account, fared.hidden))
}

/// The leaderboard under what was just decided about being on it.
pub(crate) async fn overview(app: &App, member: Member, told: &str) -> Result<Screen, Fault> {
    Ok(board(app, member, Period::Week, 0).await?.under(told))
}

/// The presser does not want to be shown.
///
/// # Errors
/// Never.
pub async fn hide(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    Ok(choose(&app, member, true))
}

/// The presser wants to be shown again.
///
/// # Errors
/// Never.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    Ok(choose(&app, member, false))
}

/// Can be undone by the button that takes its place, so there is no second question.
fn choose(app: &App, member: Member, hidden: bool) -> Turn {
    let command = SetLeaderboard { account_id: member.account.bytes(), hidden };
    let slip = mint(app, member.account, RequestKind::SetLeaderboard, &command);
    Turn::toast(member.language.plain("toast-leaderboard", &[])).and(Write::Use(slip))
}
