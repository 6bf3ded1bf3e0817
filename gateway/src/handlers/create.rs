//! The wizard that opens a room.

use super::{Member, Visitor, group, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::{Asset, Comparator, CreateDraft, CreateStep, Kind, Scope},
    screens::{self, Opening, Screen},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{RoomId, room::OpenRoom};
use std::sync::Arc;

/// Goes on where the member was, or begins.
///
/// # Errors
/// The database.
pub async fn resume(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let draft = current(&app, member).await?.onward();
    show(&app, member, draft, false).await
}

/// Begins a room for a group, or goes on with the draft for it. Telegram says whether whoever asks is in the group: a link can
/// name any.
///
/// # Errors
/// The database, or Telegram does not answer.
pub async fn for_group(app: Arc<App>, visitor: Visitor, member: Member, chat: i64) -> Result<Turn, Fault> {
    if !app.groups.has(chat, visitor.user_id).await? {
        return Ok(member.note("group-not-in"));
    }
    let scope = Some(scope_of(&app, chat).await);
    let draft = CreateDraft { scope, ..current(&app, member).await? };
    let turn = show(&app, member, draft.onward(), false).await?;
    Ok(turn.and(Write::Host { chat, language: member.language.code() }))
}

/// What a newcomer goes on with who came to open a room for a group; nothing if they are not in it, or nobody can say.
pub(super) async fn begun(app: &App, user: i64, chat: i64) -> Option<Draft> {
    let told = |fault: &Fault| tracing::warn!(error = fault.chain(), "a room for a group is not begun");
    if !app.groups.has(chat, user).await.inspect_err(told).unwrap_or_default() {
        return None;
    }
    let scope = Some(scope_of(app, chat).await);
    Some(Draft::Create(CreateDraft { scope, ..CreateDraft::default() }))
}

async fn scope_of(app: &App, chat: i64) -> Scope {
    let title = app.groups.title(chat).await.unwrap_or_else(|| chat.to_string());
    Scope { chat, title }
}

/// The wizard of a newcomer who came to open a room for a group.
pub(crate) async fn waiting(app: &App, member: Member) -> Result<Option<Screen>, Fault> {
    let draft = current(app, member).await?;
    if draft.scope.is_none() {
        return Ok(None);
    }
    Ok(show(app, member, draft, false).await?.screen)
}

/// The room will be for everybody.
///
/// # Errors
/// The database.
pub async fn public(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let draft = CreateDraft { scope: None, ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// Goes to a step.
///
/// # Errors
/// The database.
pub async fn step(app: Arc<App>, member: Member, step: CreateStep) -> Result<Turn, Fault> {
    let draft = current(&app, member).await?.at(step);
    show(&app, member, draft, false).await
}

/// A kind is chosen.
///
/// # Errors
/// The database.
pub async fn kind(app: Arc<App>, member: Member, kind: Kind) -> Result<Turn, Fault> {
    let draft = CreateDraft { kind: Some(kind), ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// An asset is chosen. A target or ranges of another asset mean nothing for this one.
///
/// # Errors
/// The database.
pub async fn asset(app: Arc<App>, member: Member, asset: Asset) -> Result<Turn, Fault> {
    let mut draft = current(&app, member).await?;
    if draft.asset != Some(asset) {
        draft = CreateDraft { asset: Some(asset), target: None, bounds: Vec::new(), ..draft };
    }
    show(&app, member, draft.onward(), false).await
}

/// What the asset runs against is chosen.
///
/// # Errors
/// The database.
pub async fn rival(app: Arc<App>, member: Member, asset: Asset) -> Result<Turn, Fault> {
    let draft = CreateDraft { rival: Some(asset), ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// How many players it takes to begin is chosen.
///
/// # Errors
/// The database.
pub async fn players(app: Arc<App>, member: Member, players: u32) -> Result<Turn, Fault> {
    let draft = CreateDraft { min_players: players, ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// A side is chosen.
///
/// # Errors
/// The database.
pub async fn comparator(app: Arc<App>, member: Member, comparator: Comparator) -> Result<Turn, Fault> {
    let draft = CreateDraft { comparator: Some(comparator), ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// A preset is chosen.
///
/// # Errors
/// The database.
pub async fn horizon(app: Arc<App>, member: Member, seconds: u32) -> Result<Turn, Fault> {
    let draft = CreateDraft { horizon_seconds: Some(seconds), ..current(&app, member).await? };
    show(&app, member, draft.onward(), false).await
}

/// The draft is thrown away.
///
/// # Errors
/// Never.
pub async fn cancel(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let desk = super::desk::show(app, member).await?;
    Ok(desk.and(Write::Drop(DraftKind::Create)))
}

/// The wizard at the draft's step; the review mints the slip, for a group only as long as the member is in it.
pub(super) async fn show(app: &App, member: Member, draft: CreateDraft, wrong: bool) -> Result<Turn, Fault> {
    if let Some(scope) = draft.scope.as_ref().filter(|_| draft.step == CreateStep::Review)
        && !group::is_in(app, member.account, scope.chat).await?
    {
        let draft = CreateDraft { scope: None, ..draft };
        return Ok(member.note("group-not-in").and(Write::Save(Draft::Create(draft))));
    }
    let compared = matches!(draft.step, CreateStep::Target | CreateStep::Review);
    let (mut quote, mut symbol) = (None, String::new());
    match (&draft.mint, draft.asset) {
        (Some(mint), _) if compared && draft.is_cap() => {
            if let Some(token) = app.clients.token_if_known(mint).await {
                (quote, symbol) = (token.cap, token.symbol);
            }
        }
        (_, Some(asset)) if compared && !draft.is_cap() => {
            quote = app.clients.price_if_known(asset.symbol()).await;
        }
        _ => {}
    }
    let slip = draft.complete().filter(|_| draft.step == CreateStep::Review).map(|room| {
        let command = OpenRoom {
            room_id: RoomId::new(uuid::Uuid::now_v7()).bytes(),
            host_account_id: member.account.bytes(),
            ..room
        };
        mint(app, member.account, RequestKind::OpenRoom, &command)
    });
    let opening = Opening {
        quote,
        symbol: &symbol,
        presets: &app.settings.horizons,
        fee_percent: &app.settings.fee_percent,
        wrong,
        slip: slip.as_ref().map(|slip| slip.id),
    };
    let turn = Turn::show(screens::create(member.language, &draft, &opening));
    let turn = turn.and(Write::Save(Draft::Create(draft)));
    Ok(match slip {
        Some(slip) => turn.and(Write::Mint(slip)),
        None => turn,
    })
}

pub(super) async fn current(app: &App, member: Member) -> Result<CreateDraft, Fault> {
    let draft = member.drafts(app).await?.into_iter().find_map(|draft| match draft {
        Draft::Create(draft) => Some(draft),
        _ => None,
    });
    Ok(draft.unwrap_or_default())
}
