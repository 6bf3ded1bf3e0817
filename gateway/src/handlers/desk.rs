//! Start, dashboard, wallet, deposits, transfers, status, help.

use super::{Member, Visitor, create, rooms};
use crate::{
    app::App,
    arrival::Content,
    callbacks::Callback,
    domain::{Asset, Link, ReferralCode, RoomKey},
    pictures::Picture,
    qr,
    router::{Command, Joining},
    screens::{self, Desk},
    store::accounts::Account,
    turn::{Turn, Write},
};
use chassis::Fault;
use proto::{AccountId, RoomId, common::RefusalCode};
use std::sync::Arc;

/// Whoever has no account yet reads the terms first, whatever they asked for.
///
/// # Errors
/// Never.
pub async fn terms(app: Arc<App>, visitor: Visitor, content: Content) -> Result<Turn, Fault> {
    let command = match &content {
        Content::Text(text) => Command::of(text),
        _ => None,
    };
    let link = match command {
        Some(Command::Start(link)) => link,
        _ => Link::default(),
    };
    let room = match link.room {
        Some(key) => id_of(&app, key).await,
        None => None,
    };
    let agree = match command {
        Some(Command::StartFor(chat)) => Callback::AgreeFor { chat },
        _ => Callback::Agree { room, code: link.code },
    };
    let settings = &app.settings;
    Ok(Turn::show(screens::terms(visitor.language, settings.network, &settings.fee_percent, agree)))
}

/// The room that a link names; nothing if there is none, or nobody can say at the moment: a link never keeps anybody from
/// starting.
async fn id_of(app: &App, key: RoomKey) -> Option<RoomId> {
    match key {
        RoomKey::Id(room) => Some(room),
        RoomKey::Number(number) => {
            let found = app.clients.room_by_number(number).await;
            let found = found
                .inspect_err(|fault| tracing::warn!(number, error = fault.chain(), "a link leads nowhere"));
            found.ok().flatten().map(|room| room.id)
        }
    }
}

/// `/start` of somebody who has an account: the desk, or the room of the link. The first good code counts.
///
/// # Errors
/// room-svc does not answer.
pub async fn start(app: Arc<App>, member: Member, link: Link) -> Result<Turn, Fault> {
    let room = match link.room {
        Some(key) => id_of(&app, key).await,
        None => None,
    };
    agreed(app, member, (room, link.code)).await
}

/// The terms are accepted already: what comes after them.
///
/// # Errors
/// room-svc does not answer.
pub async fn agreed(
    app: Arc<App>,
    member: Member,
    (room, code): (Option<RoomId>, Option<ReferralCode>),
) -> Result<Turn, Fault> {
    let turn = match room {
        Some(room) => rooms::card(app, member, room).await?,
        None => show(app, member).await?,
    };
    Ok(if code.is_some() { turn.and(Write::Refer(code)) } else { turn })
}

/// The terms are accepted: the account is opened, and the pressed message tells so. Whoever came to open a room for a group
/// goes on with that.
///
/// # Errors
/// Never.
pub async fn join(
    app: Arc<App>,
    visitor: Visitor,
    Joining { room, code, group }: Joining,
) -> Result<Turn, Fault> {
    let id = AccountId::new(uuid::Uuid::now_v7());
    let account = Account { id, language: visitor.language.code().to_owned() };
    let toast = visitor.language.plain("toast-opening-account", &[]);
    let draft = match group {
        Some(chat) => create::begun(&app, visitor.user_id, chat).await,
        None => None,
    };
    Ok(Turn::toast(toast).and(Write::Join { account, room, code, draft }))
}

/// What the dashboard shows, read side by side. What does not answer is shown as unknown.
pub(crate) async fn read(app: &App, account: AccountId) -> Desk {
    let (wallet, bets, fared, sol) = tokio::join!(
        app.clients.account(account),
        app.clients.live_bets(account),
        app.clients.fared_if_known(account),
        app.clients.price_if_known("SOL")
    );
    let told = |fault: &Fault| tracing::warn!(%account, error = fault.chain(), "desk is incomplete");
    Desk {
        account: wallet.inspect_err(told).ok().flatten(),
        live_bets: bets.inspect_err(told).ok(),
        day: fared.map(|fared| fared.day),
        sol,
    }
}

/// The dashboard.
///
/// # Errors
/// Never.
pub async fn show(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let desk = read(&app, member.account).await;
    Ok(Turn::show(screens::desk(member.language, &desk, false)))
}

/// A button that this release cannot read.
///
/// # Errors
/// Never.
pub async fn old_button(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let toast = member.language.plain("toast-old-button", &[]);
    Ok(Turn { toast: Some(toast), fresh: true, ..show(app, member).await? })
}

/// How it works.
///
/// # Errors
/// Never.
pub async fn help(member: Member) -> Result<Turn, Fault> {
    Ok(Turn::show(screens::help(member.language, &Command::MENU)))
}

/// Balances.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn wallet(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let (account, sol) = tokio::join!(app.clients.account(member.account), app.clients.price_if_known("SOL"));
    Ok(match account? {
        Some(account) => Turn::show(screens::wallet(member.language, &account, sol)),
        None => member.refused(&app, RefusalCode::AccountUnknown),
    })
}

/// Where to send SOL. wallet-svc looks at the address more often from now on.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn deposit(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let Some(account) = app.clients.account(member.account).await? else {
        return Ok(member.refused(&app, RefusalCode::AccountUnknown));
    };
    let minimum = app.settings.minimum_deposit;
    let screen = screens::deposit(member.language, &account.deposit_address, minimum);
    // For the wallet on another phone.
    let code = qr::png(&account.deposit_address).ok().map(Picture::new);
    let pictured = code.and_then(|code| screens::captioned(&code, [screen.clone()]));
    Ok(Turn::show(pictured.unwrap_or(screen)).and(Write::Watch(member.account)))
}

/// The newest movements.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn first_transfers(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    transfers(app, member, 0).await
}

/// A page of movements.
///
/// # Errors
/// wallet-svc does not answer.
pub async fn transfers(app: Arc<App>, member: Member, page: u32) -> Result<Turn, Fault> {
    let size = screens::TRANSFERS_PAGE;
    let (shown, total) = app.clients.transfers(member.account, page, size).await?;
    Ok(Turn::show(screens::transfers(member.language, page, total, &shown, app.clock.now())))
}

/// Which parts answer.
///
/// # Errors
/// Never.
pub async fn status(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let [sol, btc, eth] = Asset::ALL;
    let (services, sol_price, btc_price, eth_price) = tokio::join!(
        app.clients.reachable(),
        app.clients.price_if_known(sol.symbol()),
        app.clients.price_if_known(btc.symbol()),
        app.clients.price_if_known(eth.symbol())
    );
    let prices = [(sol, sol_price), (btc, btc_price), (eth, eth_price)];
    let network = app.settings.network;
    Ok(Turn::show(screens::status(member.language, network, &services, &prices, app.clock.now())))
}
