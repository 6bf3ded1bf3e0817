//! Wallets of Polymarket: which somebody tracks, and what one is worth, holds and did. notifier-svc keeps the list.

use super::{Member, mint};
use crate::{
    app::App,
    callbacks::Callback,
    clients::{Found, Gap},
    commands::RequestKind,
    domain::{ActivityFilter, EvmAddress, NotNamed, alias_of, named_wallet},
    screens::{self, Person, Screen},
    store::drafts::{Draft, DraftKind},
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::notifier::{ListTrackedResponse, RenameWallet, TrackWallet, UntrackWallet};
use std::sync::Arc;

/// What is asked about a wallet by a command.
#[derive(Clone, Copy, Debug)]
enum About {
    Worth,
    Positions,
    History,
}

/// The wallets that the member tracks.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn list(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let screen = overview(&app, member, None).await?;
    Ok(Turn::show(screen).and(Write::Drop(DraftKind::Track)).and(Write::Drop(DraftKind::Rename)))
}

/// The same under what was just decided.
pub(crate) async fn overview(app: &App, member: Member, told: Option<String>) -> Result<Screen, Fault> {
    let list = app.clients.tracked(member.account).await?;
    Ok(screens::tracked(member.language, &list, told))
}

/// `/track` with a wallet and its name, or alone.
///
/// # Errors
/// Never.
pub async fn track_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return Ok(ask(member, None));
    }
    Ok(named(&app, member, &text))
}

/// Another wallet: which?
///
/// # Errors
/// Never.
pub async fn track_more(member: Member) -> Result<Turn, Fault> {
    Ok(ask(member, None))
}

pub(super) fn ask(member: Member, wrong: Option<&str>) -> Turn {
    Turn::show(screens::track_ask(member.language, wrong)).and(Write::Save(Draft::Track))
}

/// A text that should name a wallet.
pub(super) fn named(app: &App, member: Member, text: &str) -> Turn {
    match named_wallet(text) {
        Ok((wallet, alias)) => follow(app, member, wallet, alias).and(Write::Drop(DraftKind::Track)),
        Err(NotNamed::Wallet) => ask(member, Some("track-not-a-wallet")),
        Err(NotNamed::TooLong) => ask(member, Some("track-alias-long")),
    }
}

fn follow(app: &App, member: Member, wallet: EvmAddress, alias: String) -> Turn {
    let command = TrackWallet { account_id: member.account.bytes(), address: wallet.to_string(), alias };
    request(app, member, RequestKind::TrackWallet, &command)
}

/// Can be undone by a button of its outcome, so there is no second question.
pub(super) fn request(app: &App, member: Member, kind: RequestKind, command: &impl prost::Message) -> Turn {
    let slip = mint(app, member.account, kind, command);
    Turn::toast(member.language.plain("toast-tracker", &[])).and(Write::Use(slip))
}

/// Tell me what this wallet does.
///
/// # Errors
/// Never.
pub async fn track(app: Arc<App>, member: Member, wallet: EvmAddress) -> Result<Turn, Fault> {
    Ok(follow(&app, member, wallet, String::new()))
}

/// Not any more.
///
/// # Errors
/// Never.
pub async fn untrack(app: Arc<App>, member: Member, wallet: EvmAddress) -> Result<Turn, Fault> {
    let command = UntrackWallet { account_id: member.account.bytes(), address: wallet.to_string() };
    Ok(request(&app, member, RequestKind::UntrackWallet, &command))
}

/// `/untrack` with a wallet or its name, or alone.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn untrack_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return list(app, member).await;
    }
    match meant(&app.clients.tracked(member.account).await?, &text) {
        Some(person) => untrack(app, member, person.wallet).await,
        None => Ok(Turn::show(screens::wallet_unknown(member.language))),
    }
}

/// Another name: which?
///
/// # Errors
/// notifier-svc does not answer.
pub async fn rename(app: Arc<App>, member: Member, wallet: EvmAddress) -> Result<Turn, Fault> {
    ask_name(&app, member, wallet, false).await
}

pub(super) async fn ask_name(
    app: &App,
    member: Member,
    wallet: EvmAddress,
    wrong: bool,
) -> Result<Turn, Fault> {
    let person = known(app, member, wallet).await?;
    let screen = screens::rename_ask(member.language, &person, wrong);
    Ok(Turn::show(screen).and(Write::Save(Draft::Rename { wallet })))
}

/// A new name is typed; a dash takes the name away.
pub(super) async fn renamed(
    app: &App,
    member: Member,
    wallet: EvmAddress,
    text: &str,
) -> Result<Turn, Fault> {
    let Some(alias) = alias_of(text) else { return ask_name(app, member, wallet, true).await };
    let alias = if alias == "-" { String::new() } else { alias };
    let command = RenameWallet { account_id: member.account.bytes(), address: wallet.to_string(), alias };
    let turn = request(app, member, RequestKind::RenameWallet, &command);
    Ok(turn.and(Write::Drop(DraftKind::Rename)))
}

/// `/rename` with a wallet and its new name: the wallet by its address, or by a name of one word.
///
/// # Errors
/// notifier-svc does not answer.
pub async fn rename_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    let (who, alias) = text.split_once(char::is_whitespace).unwrap_or((text.as_str(), ""));
    if who.is_empty() {
        return list(app, member).await;
    }
    let tracked = app.clients.tracked(member.account).await?;
    match (meant(&tracked, &text), meant(&tracked, who)) {
        (Some(person), _) => rename(app, member, person.wallet).await,
        (None, Some(person)) => renamed(&app, member, person.wallet, alias).await,
        (None, None) => Ok(Turn::show(screens::wallet_unknown(member.language))),
    }
}

/// `/balance` with a wallet. Alone it is about one's own money.
///
/// # Errors
/// A service does not answer.
pub async fn balance_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return super::desk::wallet(app, member).await;
    }
    typed(app, member, &text, About::Worth).await
}

/// `/positions` with a wallet, or alone.
///
/// # Errors
/// A service does not answer.
pub async fn positions_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return list(app, member).await;
    }
    typed(app, member, &text, About::Positions).await
}

/// `/history` with a wallet. Alone it is about one's own results.
///
/// # Errors
/// A service does not answer.
pub async fn history_typed(app: Arc<App>, member: Member, text: String) -> Result<Turn, Fault> {
    if text.is_empty() {
        return super::standings::first_recent(app, member).await;
    }
    typed(app, member, &text, About::History).await
}

async fn typed(app: Arc<App>, member: Member, text: &str, about: About) -> Result<Turn, Fault> {
    let Some(person) = meant(&app.clients.tracked(member.account).await?, text) else {
        return Ok(Turn::show(screens::wallet_unknown(member.language)));
    };
    match about {
        About::Worth => worth_of(&app, member, &person).await,
        About::Positions => positions_of(&app, member, &person, 0).await,
        About::History => activity_of(&app, member, &person, ActivityFilter::All, 0).await,
    }
}

/// What a wallet is worth.
///
/// # Errors
/// A service does not answer.
pub async fn worth(app: Arc<App>, member: Member, wallet: EvmAddress) -> Result<Turn, Fault> {
    let person = known(&app, member, wallet).await?;
    worth_of(&app, member, &person).await
}

async fn worth_of(app: &App, member: Member, person: &Person) -> Result<Turn, Fault> {
    let found = app.clients.worth(person.wallet).await?;
    let again = Callback::Worth { wallet: person.wallet };
    Ok(shown(member, found, again, |worth| screens::worth(member.language, person, &worth)))
}

/// A page of what a wallet holds.
///
/// # Errors
/// A service does not answer.
pub async fn positions(
    app: Arc<App>,
    member: Member,
    (wallet, page): (EvmAddress, u32),
) -> Result<Turn, Fault> {
    let person = known(&app, member, wallet).await?;
    positions_of(&app, member, &person, page).await
}

async fn positions_of(app: &App, member: Member, person: &Person, page: u32) -> Result<Turn, Fault> {
    let found = app.clients.positions(person.wallet, page, screens::POSITIONS).await?;
    let again = Callback::Positions { wallet: person.wallet, page };
    Ok(shown(member, found, again, |found| screens::positions(member.language, person, page, &found)))
}

/// A page of what a wallet did.
///
/// # Errors
/// A service does not answer.
pub async fn activity(
    app: Arc<App>,
    member: Member,
    (wallet, filter, page): (EvmAddress, ActivityFilter, u32),
) -> Result<Turn, Fault> {
    let person = known(&app, member, wallet).await?;
    activity_of(&app, member, &person, filter, page).await
}

async fn activity_of(
    app: &App,
    member: Member,
    person: &Person,
    filter: ActivityFilter,
    page: u32,
) -> Result<Turn, Fault> {
    let found = app.clients.activity(person.wallet, filter, page, screens::ACTIVITIES).await?;
    let again = Callback::Activity { wallet: person.wallet, filter, page };
    let now = app.clock.now();
    let told = |found| screens::activity(member.language, person, filter, page, &found, now);
    Ok(shown(member, found, again, told))
}

/// What was found, or why nothing was.
fn shown<T>(member: Member, found: Found<T>, again: Callback, told: impl FnOnce(T) -> Screen) -> Turn {
    Turn::show(match found {
        Ok(found) => told(found),
        Err(Gap::Away) => screens::polymarket_away(member.language, again),
        Err(Gap::Unknown) => screens::wallet_unknown(member.language),
    })
}

/// A wallet as the member knows it. Whoever does not answer about names keeps nobody from looking.
async fn known(app: &App, member: Member, wallet: EvmAddress) -> Result<Person, Fault> {
    let told = |fault: &Fault| tracing::warn!(error = fault.chain(), "no names of wallets");
    let tracked = app.clients.tracked(member.account).await.inspect_err(told).unwrap_or_default();
    Ok(as_known(&tracked, wallet))
}

fn as_known(tracked: &ListTrackedResponse, wallet: EvmAddress) -> Person {
    let found = tracked.wallets.iter().find(|one| EvmAddress::parse(&one.address) == Some(wallet));
    Person { wallet, alias: found.map(|one| one.alias.clone()).unwrap_or_default(), tracked: found.is_some() }
}

/// The wallet that a text means: any by its address, a tracked one by its name.
fn meant(tracked: &ListTrackedResponse, text: &str) -> Option<Person> {
    if let Some(wallet) = EvmAddress::read(text.trim()) {
        return Some(as_known(tracked, wallet));
    }
    let alias = alias_of(text)?.to_lowercase();
    let named = |alias_of_one: &str| !alias.is_empty() && alias_of_one.to_lowercase() == alias;
    let found = tracked.wallets.iter().find(|one| named(&one.alias))?;
    Some(as_known(tracked, EvmAddress::parse(&found.address)?))
}
