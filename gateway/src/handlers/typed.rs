//! Texts that are no commands: they belong to the dialogue touched last.

use super::{
    Member, authenticator, bets, create, disputes, limits, markets, notifications, tracker, withdraw,
    withdraw::Problem,
};
use crate::{
    app::App,
    domain::{self, CreateDraft, CreateStep, Kind, WithdrawDraft, WithdrawStep},
    router::Typed,
    screens,
    store::drafts::Draft,
    turn::Turn,
};
use chassis::Fault;
use proto::Lamports;
use std::sync::Arc;

/// Gives a text to its dialogue.
///
/// # Errors
/// The database, or a service that the answer needs.
pub async fn text(app: Arc<App>, member: Member, Typed(text): Typed) -> Result<Turn, Fault> {
    let awaiting = member.drafts(&app).await?.into_iter().find(Draft::awaits_text);
    match awaiting {
        Some(Draft::Create(draft)) => created(&app, member, draft, &text).await,
        Some(Draft::Withdraw(draft)) => withdrawn(&app, member, draft, &text).await,
        Some(Draft::Stake { room, outcome }) => match Lamports::parse_sol(&text) {
            Ok(stake) => bets::preview(&app, member, room, outcome, stake).await,
            Err(_) => bets::ask_stake(&app, member, room, outcome, true).await,
        },
        Some(Draft::Totp { code_for }) => Ok(authenticator::typed(&app, member, code_for, &text)),
        Some(Draft::Limit { kind }) => match Lamports::parse_sol(&text) {
            Ok(amount) => limits::review(&app, member, kind, Some(amount)).await,
            Err(_) => limits::ask(&app, member, kind, true).await,
        },
        Some(Draft::Dispute { room }) => disputes::typed(&app, member, room, &text).await,
        Some(Draft::Track) => Ok(tracker::named(&app, member, &text)),
        Some(Draft::Rename { wallet }) => tracker::renamed(&app, member, wallet, &text).await,
        Some(Draft::Search { .. }) => markets::search(&app, member, &text).await,
        Some(Draft::PriceAlert { market, outcome }) => {
            markets::price_typed(&app, member, market, outcome, &text).await
        }
        Some(Draft::Threshold { kind }) => Ok(notifications::threshold_typed(&app, member, kind, &text)),
        Some(Draft::Quiet) => notifications::quiet_typed(&app, member, &text).await,
        Some(Draft::Digest) => notifications::digest_typed(&app, member, &text).await,
        Some(Draft::Webhook) => notifications::webhook_typed(&app, member, &text).await,
        None => Ok(member.note("unknown-input")),
    }
}

/// After a crash between commit and answer: the dialogue as it stands.
pub(crate) async fn resume(app: &App, member: Member) -> Result<Turn, Fault> {
    match member.drafts(app).await?.into_iter().next() {
        Some(Draft::Create(draft)) => create::show(app, member, draft, false).await,
        Some(Draft::Withdraw(draft)) if matches!(draft.step, WithdrawStep::Code | WithdrawStep::Preview) => {
            withdraw::preview(app, member, draft, "").await
        }
        Some(Draft::Withdraw(draft)) => withdraw::show(app, member, draft, Problem::None).await,
        Some(Draft::Stake { room, outcome }) => bets::ask_stake(app, member, room, outcome, false).await,
        Some(Draft::Totp { code_for }) => Ok(authenticator::resume(member, code_for)),
        Some(Draft::Limit { kind }) => limits::ask(app, member, kind, false).await,
        Some(Draft::Dispute { room }) => disputes::ask(app, member, room, false).await,
        Some(Draft::Track) => Ok(tracker::ask(member, None)),
        Some(Draft::Rename { wallet }) => tracker::ask_name(app, member, wallet, false).await,
        Some(Draft::Search { words }) if words.is_empty() => Ok(markets::asking(member)),
        Some(Draft::Search { words }) => markets::search(app, member, &words).await,
        Some(Draft::PriceAlert { market, outcome }) => {
            markets::ask_price(app, member, market, outcome, false).await
        }
        Some(Draft::Threshold { kind }) => Ok(notifications::ask_threshold(member, kind, false)),
        Some(Draft::Quiet) => notifications::ask_quiet(app, member, false).await,
        Some(Draft::Digest) => notifications::ask_digest(app, member, false).await,
        Some(Draft::Webhook) => notifications::ask_webhook(app, member).await,
        None => Ok(Turn::default()),
    }
}

async fn created(app: &App, member: Member, draft: CreateDraft, text: &str) -> Result<Turn, Fault> {
    let mut next = draft.clone();
    let read = match draft.step {
        CreateStep::Asset => domain::solana_address(text).map(|mint| {
            if draft.mint.as_ref() != Some(&mint) {
                // A market cap of another token means nothing for this one.
                next.cap = None;
            }
            next.mint = Some(mint);
        }),
        CreateStep::Target if draft.kind == Some(Kind::Buckets) => {
            domain::bounds(text).map(|bounds| next.bounds = bounds)
        }
        CreateStep::Target if draft.is_cap() => domain::target(text).map(|cap| next.cap = Some(cap)),
        CreateStep::Target => domain::target(text).map(|target| next.target = Some(target)),
        CreateStep::Players => {
            let players = text.trim().parse().ok().filter(|players| *players != 1);
            players.map(|players| next.min_players = players)
        }
        CreateStep::Subtitle => domain::subtitle(text).map(|subtitle| next.subtitle = subtitle),
        _ => domain::horizon(text).map(|seconds| next.horizon_seconds = Some(seconds)),
    };
    match read {
        Some(()) => create::show(app, member, next.onward(), false).await,
        None => create::show(app, member, draft, true).await,
    }
}

async fn withdrawn(app: &App, member: Member, draft: WithdrawDraft, text: &str) -> Result<Turn, Fault> {
    if draft.step == WithdrawStep::Address {
        return match domain::solana_address(text) {
            Some(address) => withdraw::addressed(app, member, draft, address).await,
            None => withdraw::show(app, member, draft, Problem::Address).await,
        };
    }
    if draft.step == WithdrawStep::Code {
        return match domain::code(text) {
            Some(code) => withdraw::preview(app, member, draft, &code).await,
            None => Ok(Turn::show(screens::withdraw_code(member.language, true))),
        };
    }
    match Lamports::parse_sol(text) {
        Ok(amount) => {
            withdraw::preview(app, member, WithdrawDraft { amount: Some(amount), ..draft }, "").await
        }
        Err(_) => {
            let problem = Problem::Amount(member.language.say("withdraw-not-a-number"));
            withdraw::show(app, member, draft, problem).await
        }
    }
}
