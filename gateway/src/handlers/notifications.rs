//! What somebody is told, when and where; signals, and prices that somebody waits for. notifier-svc keeps it.

use super::{Member, tracker};
use crate::{
    app::App,
    commands::RequestKind,
    domain::{Category, Threshold, hours, is_zone, minute},
    screens::{self, Screen},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::notifier::{
    CategorySwitch, ChangePreferences, DigestTime, QuietHours, change_preferences::Change,
};
use rust_decimal::Decimal;
use std::sync::Arc;

/// Everything about it.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let turn = Turn::show(overview(&app, member, None).await?);
    let ended = [DraftKind::Threshold, DraftKind::Quiet, DraftKind::Digest, DraftKind::Webhook];
    Ok(ended.into_iter().fold(turn, |turn, kind| turn.and(Write::Drop(kind))))
}

/// The same under what was just decided.
pub(crate) async fn overview(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let wanted = app.clients.preferences(member.account).await?;
    Ok(screens::notifications(member.language, &wanted, told))
}

/// Prices that are waited for, and sizes.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn alerts(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let screen = waiting(&app, member, None).await?;
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Threshold)))
}

/// The same under what was just decided.
pub(crate) async fn waiting(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let (prices, wanted) =
        tokio::try_join!(app.clients.price_alerts(member.account), app.clients.preferences(member.account))?;
    Ok(screens::alerts(member.language, &prices, &wanted, told))
}

fn change(app: &App, member: Member, change: Change) -> Turn {
    let command = ChangePreferences { account_id: member.account.bytes(), change: Some(change) };
    tracker::request(app, member, RequestKind::ChangePreferences, &command)
}

/// A category is turned on or off.
///
/// # Errors
/// Never.
pub async fn switch(app: Arc<App>, member: Member, (category, on): (Category, bool)) -> Result<Turn, Fault> {
    let switch = CategorySwitch { category: category.wire().into(), on };
    Ok(change(&app, member, Change::Category(switch)))
}

/// `/muteconsensus`
///
/// # Errors
/// Never.
pub async fn mute(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    switch(app, member, (Category::Consensus, false)).await
}

/// From which size on?
///
/// # Errors
/// Never.
pub async fn threshold(member: Member, kind: Threshold) -> Result<Turn, Fault> {
    Ok(ask_threshold(member, kind, false))
}

pub(super) fn ask_threshold(member: Member, kind: Threshold, wrong: bool) -> Turn {
    let screen = screens::threshold_ask(member.language, kind, wrong);
    Turn::show(screen).and(Write::Save(Draft::Threshold { kind }))
}

/// A size is chosen.
///
/// # Errors
/// Never.
pub async fn threshold_at(
    app: Arc<App>,
    member: Member,
    (kind, value): (Threshold, u32),
) -> Result<Turn, Fault> {
    Ok(from(&app, member, kind, value))
}

fn from(app: &App, member: Member, kind: Threshold, value: u32) -> Turn {
    let usd = Decimal::from(value).to_string();
    let wanted = match kind {
        Threshold::Value => Change::MinUsd(usd),
        Threshold::Share => Change::MinPortfolioBps(value),
        Threshold::Whale => Change::WhaleUsd(usd),
    };
    change(app, member, wanted).and(Write::Drop(DraftKind::Threshold))
}

pub(super) fn threshold_typed(app: &App, member: Member, kind: Threshold, text: &str) -> Turn {
    match kind.read(text) {
        Some(value) => from(app, member, kind, value),
        None => ask_threshold(member, kind, true),
    }
}

/// Which hours without a sound?
///
/// # Errors
/// notifier-svc does not answer.
pub async fn quiet(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    ask_quiet(&app, member, false).await
}

pub(super) async fn ask_quiet(app: &App, member: Member, wrong: bool) -> Result<Turn, Fault> {
    let wanted = app.clients.preferences(member.account).await?;
    let screen = screens::quiet_ask(member.language, &wanted, wrong);
    Ok(Turn::show(screen).and(Write::Save(Draft::Quiet)))
}

async fn quiet_now(app: &App, member: Member) -> Result<QuietHours, Fault> {
    Ok(app.clients.preferences(member.account).await?.quiet.unwrap_or_default())
}

fn set_quiet(app: &App, member: Member, quiet: QuietHours) -> Turn {
    change(app, member, Change::Quiet(quiet)).and(Write::Drop(DraftKind::Quiet))
}

/// They are turned on or off.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn quiet_switch(app: Arc<App>, member: Member, on: bool) -> Result<Turn, Fault> {
    let quiet = QuietHours { on, ..quiet_now(&app, member).await? };
    Ok(set_quiet(&app, member, quiet))
}

/// They are chosen.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn quiet_hours(app: Arc<App>, member: Member, (from, until): (u32, u32)) -> Result<Turn, Fault> {
    let now = quiet_now(&app, member).await?;
    Ok(set_quiet(&app, member, QuietHours { on: true, from_minute: from, until_minute: until, ..now }))
}

/// Hours are typed, or a time zone, or both.
pub(super) async fn quiet_typed(app: &App, member: Member, text: &str) -> Result<Turn, Fault> {
    let mut quiet = QuietHours { on: true, ..quiet_now(app, member).await? };
    let mut words = text.split_whitespace().peekable();
    let mut understood = words.peek().is_some();
    for word in words {
        match hours(word) {
            Some((from, until)) => (quiet.from_minute, quiet.until_minute) = (from, until),
            None if is_zone(word) => word.clone_into(&mut quiet.time_zone),
            None => understood = false,
        }
    }
    if understood { Ok(set_quiet(app, member, quiet)) } else { ask_quiet(app, member, true).await }
}

/// One message a day: when?
///
/// # Errors
/// notifier-svc does not answer.
pub async fn digest(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    ask_digest(&app, member, false).await
}

pub(super) async fn ask_digest(app: &App, member: Member, wrong: bool) -> Result<Turn, Fault> {
    let wanted = app.clients.preferences(member.account).await?;
    let screen = screens::digest_ask(member.language, &wanted, wrong);
    Ok(Turn::show(screen).and(Write::Save(Draft::Digest)))
}

fn set_digest(app: &App, member: Member, on: bool, minute: u32) -> Turn {
    change(app, member, Change::Digest(DigestTime { on, minute })).and(Write::Drop(DraftKind::Digest))
}

/// Its time is chosen.
///
/// # Errors
/// Never.
pub async fn digest_at(app: Arc<App>, member: Member, minute: u32) -> Result<Turn, Fault> {
    Ok(set_digest(&app, member, true, minute))
}

/// Single messages again. The time stays for the next time.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn digest_off(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let minute = app.clients.preferences(member.account).await?.digest.map_or(0, |digest| digest.minute);
    Ok(set_digest(&app, member, false, minute))
}

pub(super) async fn digest_typed(app: &App, member: Member, text: &str) -> Result<Turn, Fault> {
    match minute(text) {
        Some(minute) => Ok(set_digest(app, member, true, minute)),
        None => ask_digest(app, member, true).await,
    }
}

/// The webhook; the next text may be its address.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn webhook(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    ask_webhook(&app, member).await
}

pub(super) async fn ask_webhook(app: &App, member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(hook(app, member, None).await?).and(Write::Save(Draft::Webhook)))
}

/// The webhook under what was just decided.
pub(crate) async fn hook(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let webhook = app.clients.webhook(member.account).await?;
    Ok(screens::webhook(member.language, webhook.as_ref(), told, app.clock.now()))
}

/// None any more.
///
/// # Errors
/// Never.
pub async fn webhook_remove(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    Ok(change(&app, member, Change::WebhookUrl(String::new())).and(Write::Drop(DraftKind::Webhook)))
}

/// An address is typed; which addresses are good, notifier-svc knows.
pub(super) async fn webhook_typed(app: &App, member: Member, text: &str) -> Result<Turn, Fault> {
    let url = text.trim();
    if url.is_empty() || url.contains(char::is_whitespace) || !url.starts_with("https://") {
        let told = Some(member.language.say("refusal-webhook-invalid"));
        return Ok(Turn::show(hook(app, member, told).await?).and(Write::Save(Draft::Webhook)));
    }
    Ok(change(app, member, Change::WebhookUrl(url.to_owned())).and(Write::Drop(DraftKind::Webhook)))
}

/// A page of the wallets whose agreement makes a signal.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn smart_wallets(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    let found = app.clients.smart_wallets(page, screens::SMART).await?;
    Ok(Turn::show(screens::smart_wallets(member.language, page, &found)))
}

/// `/smartwallets`
///
/// # Errors
/// notifier-svc does not answer.
pub async fn first_smart_wallets(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    smart_wallets(app, member, 0).await
}

/// A page of signals.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn consensus(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    let (found, wanted) = tokio::try_join!(
        app.clients.signals(page, screens::SIGNALS),
        app.clients.preferences(member.account)
    )?;
    let on = !wanted.off.contains(&i32::from(Category::Consensus.wire()));
    Ok(Turn::show(screens::signals(member.language, page, &found, on, app.clock.now())))
}

/// `/consensus`
///
/// # Errors
/// notifier-svc does not answer.
pub async fn first_consensus(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    consensus(app, member, 0).await
}
