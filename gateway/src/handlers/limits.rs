//! Limits that members set for themselves. wallet-svc keeps them.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::LimitKind,
    screens::{self, Screen},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{
    Lamports,
    wallet::{CoolOff, ExcludeSelf, SetLimit},
};
use std::sync::Arc;

/// All of them, with what is used.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let screen = overview(&app, member, None).await?;
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Limit)))
}

/// The same under what was just decided.
pub(crate) async fn overview(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let limits = app.clients.limits(member.account).await?;
    Ok(screens::limits(member.language, &limits, told, app.clock.now()))
}

/// One of them; the next message may be an amount.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn choose(app: Arc<App>, member: Member, kind: LimitKind) -> Result<Turn, Fault> {
    ask(&app, member, kind, false).await
}

pub(super) async fn ask(app: &App, member: Member, kind: LimitKind, wrong: bool) -> Result<Turn, Fault> {
    let limit = app.clients.limits(member.account).await?.of(kind);
    let screen = screens::limit(member.language, kind, &limit, wrong, app.clock.now());
    Ok(Turn::show(screen).and(Write::Save(Draft::Limit { kind })))
}

/// An amount is chosen.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn amount(
    app: Arc<App>,
    member: Member,
    (kind, amount): (LimitKind, Lamports),
) -> Result<Turn, Fault> {
    review(&app, member, kind, Some(amount)).await
}

/// The limit shall go.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn none(app: Arc<App>, member: Member, kind: LimitKind) -> Result<Turn, Fault> {
    review(&app, member, kind, None).await
}

/// What will hold, and from when.
pub(super) async fn review(
    app: &App,
    member: Member,
    kind: LimitKind,
    wanted: Option<Lamports>,
) -> Result<Turn, Fault> {
    let limit = app.clients.limits(member.account).await?.of(kind);
    let command = SetLimit {
        account_id: member.account.bytes(),
        kind: kind.wire().into(),
        lamports: wanted.map(Lamports::get),
    };
    let slip = mint(app, member.account, RequestKind::SetLimit, &command);
    let screen = screens::limit_review(member.language, kind, &limit, wanted, slip.id);
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Limit)).and(Write::Mint(slip)))
}

/// How long a break?
///
/// # Errors
/// Never.
pub async fn cool_off(member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::cool_off(member.language)))
}

/// Its length is chosen.
///
/// # Errors
/// Never.
pub async fn cool_off_days(app: Arc<App>, member: Member, days: u32) -> Result<Turn, Fault> {
    let command = CoolOff { account_id: member.account.bytes(), days };
    let slip = mint(&app, member.account, RequestKind::CoolOff, &command);
    Ok(Turn::show(screens::cool_off_review(member.language, days, slip.id)).and(Write::Mint(slip)))
}

/// For how many months?
///
/// # Errors
/// Never.
pub async fn exclusion(member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::exclusion(member.language)))
}

/// The months are chosen: what it means.
///
/// # Errors
/// Never.
pub async fn exclusion_months(member: Member, months: u32) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::exclusion_first(member.language, months)))
}

/// Still sure: the last question, whose button does it.
///
/// # Errors
/// Never.
pub async fn exclusion_sure(app: Arc<App>, member: Member, months: u32) -> Result<Turn, Fault> {
    let command = ExcludeSelf { account_id: member.account.bytes(), months };
    let slip = mint(&app, member.account, RequestKind::ExcludeSelf, &command);
    Ok(Turn::show(screens::exclusion_last(member.language, months, slip.id)).and(Write::Mint(slip)))
}
