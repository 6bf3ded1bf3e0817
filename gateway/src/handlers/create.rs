//! The wizard that opens a room.

use super::{Member, mint};
use crate::{
    app::App,
    commands::RequestKind,
    domain::{Asset, Comparator, CreateDraft, CreateStep, Kind},
    screens::{self, Opening},
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

/// The wizard at the draft's step; the review mints the slip.
pub(super) async fn show(app: &App, member: Member, draft: CreateDraft, wrong: bool) -> Result<Turn, Fault> {
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

async fn current(app: &App, member: Member) -> Result<CreateDraft, Fault> {
    let draft = member.drafts(app).await?.into_iter().find_map(|draft| match draft {
        Draft::Create(draft) => Some(draft),
        _ => None,
    });
    Ok(draft.unwrap_or_default())
}
