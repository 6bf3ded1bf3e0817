//! Which handler answers what: the whole of it on one page.

mod command;

pub use command::Command;

use crate::{
    app::App,
    arrival::Content,
    callbacks::{Callback, Press},
    domain::{Asked, Link, ReferralCode},
    handlers::{
        self, Member, Visitor, admin, authenticator, bets, cancel, create, desk, disputes, group, limits,
        markets, notifications, pictured, privacy, proof, referrals, rooms, rules, settings, standings,
        tracker, typed, withdraw,
    },
    turn::Turn,
};
use chassis::Fault;
use proto::RoomId;
use std::sync::Arc;
use teloxide::dptree::{self, case};

/// Handlers take what they need by type from `Arc<App>`, `Visitor`, `Content` and what the filters
/// add, and return a turn.
pub type Route = dptree::Handler<'static, Result<Turn, Fault>>;

/// The routes.
#[must_use]
pub fn schema() -> Route {
    dptree::entry()
        .branch(dptree::filter(asks_admin).endpoint(admin::answer))
        .branch(dptree::filter(|visitor: Visitor| !visitor.private).chain(in_groups()))
        .branch(dptree::filter_map(joining).endpoint(desk::join))
        .branch(dptree::filter(|visitor: Visitor| visitor.account.is_none()).endpoint(desk::terms))
        .branch(dptree::filter_map(Member::of).chain(of_members()))
}

fn asks_admin(visitor: Visitor, content: Content) -> bool {
    admin::asked(&visitor, &content)
}

/// Groups hear from us only when they ask.
fn in_groups() -> Route {
    dptree::entry()
        .branch(dptree::filter(|content: Content| content == Content::Added).endpoint(group::welcome))
        .branch(dptree::filter_map(pressed_data).endpoint(group::pressed))
        .branch(dptree::filter_map(asked).endpoint(group::command))
        .endpoint(group::silence)
}

fn of_members() -> Route {
    dptree::entry()
        .branch(dptree::filter_map(command).chain(commands()))
        .branch(dptree::filter_map(press).chain(presses()))
        .branch(dptree::filter_map(pressed_data).endpoint(desk::old_button))
        .branch(dptree::filter_map(text).endpoint(typed::text))
        .endpoint(handlers::unknown_input)
}

fn commands() -> Route {
    dptree::entry()
        .branch(case![Command::Start(link)].endpoint(desk::start))
        .branch(case![Command::StartFor(chat)].endpoint(create::for_group))
        .branch(case![Command::Help].endpoint(desk::help))
        .branch(case![Command::Wallet].endpoint(desk::wallet))
        .branch(case![Command::Deposit].endpoint(desk::deposit))
        .branch(case![Command::Withdraw].endpoint(withdraw::begin))
        .branch(case![Command::Transfers].endpoint(desk::first_transfers))
        .branch(case![Command::Proof].endpoint(proof::file))
        .branch(case![Command::Rooms].endpoint(rooms::live))
        .branch(case![Command::Create].endpoint(create::resume))
        .branch(case![Command::Bets].endpoint(bets::first))
        .branch(case![Command::Won].endpoint(standings::first_won))
        .branch(case![Command::Recent].endpoint(standings::first_recent))
        .branch(case![Command::Leaderboard].endpoint(standings::best))
        .branch(case![Command::Referrals].endpoint(referrals::show))
        .branch(case![Command::Settings].endpoint(settings::show))
        .branch(case![Command::Language].endpoint(settings::languages))
        .branch(case![Command::Rules].endpoint(rules::show))
        .branch(case![Command::Limits].endpoint(limits::show))
        .branch(case![Command::Privacy].endpoint(privacy::show))
        .branch(case![Command::Status].endpoint(desk::status))
        .branch(case![Command::Track(text)].endpoint(tracker::track_typed))
        .branch(case![Command::Untrack(text)].endpoint(tracker::untrack_typed))
        .branch(case![Command::List].endpoint(tracker::list))
        .branch(case![Command::Rename(text)].endpoint(tracker::rename_typed))
        .branch(case![Command::Balance(text)].endpoint(tracker::balance_typed))
        .branch(case![Command::Positions(text)].endpoint(tracker::positions_typed))
        .branch(case![Command::History(text)].endpoint(tracker::history_typed))
        .branch(case![Command::Alerts].endpoint(notifications::alerts))
        .branch(case![Command::Markets(text)].endpoint(markets::list_typed))
        .branch(case![Command::Market(text)].endpoint(markets::typed))
        .branch(case![Command::SmartWallets].endpoint(notifications::first_smart_wallets))
        .branch(case![Command::Consensus].endpoint(notifications::first_consensus))
        .branch(case![Command::MuteConsensus].endpoint(notifications::mute))
        .endpoint(handlers::unknown_command)
}

fn presses() -> Route {
    dptree::entry()
        .branch(case![Callback::Agree { room, code }].endpoint(desk::agreed))
        .branch(case![Callback::Home].endpoint(desk::show))
        .branch(case![Callback::Wallet].endpoint(desk::wallet))
        .branch(case![Callback::Deposit].endpoint(desk::deposit))
        .branch(case![Callback::Transfers { page }].endpoint(desk::transfers))
        .branch(case![Callback::Proof].endpoint(proof::file))
        .branch(case![Callback::Help].endpoint(desk::help))
        .branch(case![Callback::Status].endpoint(desk::status))
        .branch(case![Callback::Rooms { filter, page }].endpoint(rooms::list))
        .branch(case![Callback::Room { room }].endpoint(rooms::card))
        .branch(case![Callback::Verdict { room }].endpoint(rooms::result))
        .branch(case![Callback::Bets { page }].endpoint(bets::list))
        .branch(case![Callback::Outcome { room, outcome }].endpoint(bets::outcome))
        .branch(case![Callback::TypeStake { room, outcome }].endpoint(bets::type_stake))
        .branch(case![Callback::Stake { room, outcome, stake }].endpoint(bets::stake))
        .branch(case![Callback::CancelBet { bet, room }].endpoint(cancel::bet))
        .branch(case![Callback::CancelRoom { room }].endpoint(cancel::room))
        .branch(case![Callback::Share { room }].endpoint(referrals::share))
        .branch(case![Callback::Dispute { room }].endpoint(disputes::begin))
        .branch(case![Callback::Referrals].endpoint(referrals::show))
        .branch(case![Callback::Won { page }].endpoint(standings::won))
        .branch(case![Callback::Recent { page }].endpoint(standings::recent))
        .branch(case![Callback::Portfolio].endpoint(pictured::portfolio))
        .branch(case![Callback::Leaderboard { period, page }].endpoint(standings::leaderboard))
        .branch(case![Callback::LeaderboardHide].endpoint(standings::hide))
        .branch(case![Callback::LeaderboardShow].endpoint(standings::show))
        .branch(case![Callback::Confirm { slip }].endpoint(handlers::confirm))
        .branch(case![Callback::Withdraw].endpoint(withdraw::begin))
        .branch(case![Callback::WithdrawAddress].endpoint(withdraw::address))
        .branch(case![Callback::WithdrawAmount].endpoint(withdraw::amount))
        .branch(case![Callback::WithdrawShare { percent }].endpoint(withdraw::share))
        .branch(case![Callback::CancelWithdrawal { withdrawal }].endpoint(withdraw::cancel))
        .branch(case![Callback::Create { step }].endpoint(create::step))
        .branch(case![Callback::CreateKind { kind }].endpoint(create::kind))
        .branch(case![Callback::CreateAsset { asset }].endpoint(create::asset))
        .branch(case![Callback::CreateRival { asset }].endpoint(create::rival))
        .branch(case![Callback::CreatePlayers { players }].endpoint(create::players))
        .branch(case![Callback::CreateComparator { comparator }].endpoint(create::comparator))
        .branch(case![Callback::CreateHorizon { seconds }].endpoint(create::horizon))
        .branch(case![Callback::CreateCancel].endpoint(create::cancel))
        .branch(case![Callback::CreatePublic].endpoint(create::public))
        .branch(case![Callback::AgreeFor { chat }].endpoint(create::for_group))
        .branch(case![Callback::GroupRoom { room }].endpoint(rooms::card))
        .branch(case![Callback::Settings].endpoint(settings::show))
        .branch(case![Callback::Languages].endpoint(settings::languages))
        .branch(case![Callback::Speak { language }].endpoint(settings::speak))
        .branch(case![Callback::Rules].endpoint(rules::show))
        .branch(case![Callback::AuthenticatorAdd].endpoint(authenticator::add))
        .branch(case![Callback::AuthenticatorRemove].endpoint(authenticator::remove))
        .branch(case![Callback::Privacy].endpoint(privacy::show))
        .branch(case![Callback::Export].endpoint(privacy::export))
        .branch(case![Callback::Leave].endpoint(privacy::leave))
        .branch(case![Callback::Erase].endpoint(privacy::erase))
        .branch(case![Callback::GiveUp].endpoint(privacy::give_up))
        .branch(case![Callback::Limits].endpoint(limits::show))
        .branch(case![Callback::Limit { kind }].endpoint(limits::choose))
        .branch(case![Callback::LimitAmount { kind, amount }].endpoint(limits::amount))
        .branch(case![Callback::LimitNone { kind }].endpoint(limits::none))
        .branch(case![Callback::Break].endpoint(limits::cool_off))
        .branch(case![Callback::BreakDays { days }].endpoint(limits::cool_off_days))
        .branch(case![Callback::Exclusion].endpoint(limits::exclusion))
        .branch(case![Callback::ExclusionMonths { months }].endpoint(limits::exclusion_months))
        .branch(case![Callback::ExclusionSure { months }].endpoint(limits::exclusion_sure))
        .branch(of_wallets())
        .branch(of_markets())
        .branch(of_notifications())
}

fn of_wallets() -> Route {
    dptree::entry()
        .branch(case![Callback::Tracked].endpoint(tracker::list))
        .branch(case![Callback::TrackMore].endpoint(tracker::track_more))
        .branch(case![Callback::Track { wallet }].endpoint(tracker::track))
        .branch(case![Callback::Untrack { wallet }].endpoint(tracker::untrack))
        .branch(case![Callback::Rename { wallet }].endpoint(tracker::rename))
        .branch(case![Callback::Worth { wallet }].endpoint(tracker::worth))
        .branch(case![Callback::Positions { wallet, page }].endpoint(tracker::positions))
        .branch(case![Callback::Activity { wallet, filter, page }].endpoint(tracker::activity))
        .branch(case![Callback::SmartWallets { page }].endpoint(notifications::smart_wallets))
        .branch(case![Callback::Consensus { page }].endpoint(notifications::consensus))
}

fn of_markets() -> Route {
    dptree::entry()
        .branch(case![Callback::Markets { page }].endpoint(markets::list))
        .branch(case![Callback::MarketSearch].endpoint(markets::ask_words))
        .branch(case![Callback::MarketsFound { page }].endpoint(markets::found))
        .branch(case![Callback::Market { market }].endpoint(markets::show))
        .branch(case![Callback::PriceAlert { market, outcome }].endpoint(markets::price_alert))
        .branch(case![Callback::PriceAlertAt { market, outcome, cents }].endpoint(markets::price_chosen))
        .branch(case![Callback::PriceAlertRemove { alert }].endpoint(markets::price_alert_remove))
        .branch(case![Callback::RoomFromMarket { market }].endpoint(markets::room))
}

fn of_notifications() -> Route {
    dptree::entry()
        .branch(case![Callback::Alerts].endpoint(notifications::alerts))
        .branch(case![Callback::Notifications].endpoint(notifications::show))
        .branch(case![Callback::CategorySwitch { category, on }].endpoint(notifications::switch))
        .branch(case![Callback::Threshold { kind }].endpoint(notifications::threshold))
        .branch(case![Callback::ThresholdAt { kind, value }].endpoint(notifications::threshold_at))
        .branch(case![Callback::Quiet].endpoint(notifications::quiet))
        .branch(case![Callback::QuietSwitch { on }].endpoint(notifications::quiet_switch))
        .branch(case![Callback::QuietHours { from, until }].endpoint(notifications::quiet_hours))
        .branch(case![Callback::Digest].endpoint(notifications::digest))
        .branch(case![Callback::DigestAt { minute }].endpoint(notifications::digest_at))
        .branch(case![Callback::DigestOff].endpoint(notifications::digest_off))
        .branch(case![Callback::Webhook].endpoint(notifications::webhook))
        .branch(case![Callback::WebhookRemove].endpoint(notifications::webhook_remove))
}

/// A newcomer agrees.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    /// Shown next.
    pub room: Option<RoomId>,
    /// Whose link they came by.
    pub code: Option<ReferralCode>,
    /// The group that they open a room for.
    pub group: Option<i64>,
}

fn joining(visitor: Visitor, content: Content) -> Option<Joining> {
    match press(content)? {
        _ if visitor.account.is_some() => None,
        Callback::Agree { room, code } => Some(Joining { room, code, group: None }),
        Callback::AgreeFor { chat } => Some(Joining { room: None, code: None, group: Some(chat) }),
        _ => None,
    }
}

fn command(content: Content) -> Option<Command> {
    match content {
        Content::Text(text) => Command::of(&text),
        _ => None,
    }
}

/// What a group asks for; a command of the private chat is shown the way there.
fn asked(app: Arc<App>, content: Content) -> Option<Asked> {
    let Content::Text(text) = content else { return None };
    let own = app.username.get().map(String::as_str);
    Asked::of(&text, own).or_else(|| match Command::of(&text)? {
        Command::Unknown => None,
        command if command.is_tracker() => None,
        _ if Asked::is_for_another(&text, own) => None,
        Command::Start(link) => Some(Asked::private(link)),
        _ => Some(Asked::private(Link::default())),
    })
}

/// Something typed that is not a command.
#[derive(Clone, Debug)]
pub struct Typed(pub String);

fn text(content: Content) -> Option<Typed> {
    match content {
        Content::Text(text) => Some(Typed(text)),
        _ => None,
    }
}

/// What a pressed button carries, whether or not it can be read.
#[derive(Clone, Debug)]
pub struct Data(pub String);

fn pressed_data(content: Content) -> Option<Data> {
    match content {
        Content::Press { data, .. } => Some(Data(data)),
        _ => None,
    }
}

fn press(content: Content) -> Option<Callback> {
    Press::decode(&pressed_data(content)?.0).ok().map(|press| press.callback)
}

/// Finds the handler and runs it.
///
/// # Errors
/// Ours; the user is told a reference.
pub async fn route(routes: &Route, app: Arc<App>, visitor: Visitor, content: Content) -> Result<Turn, Fault> {
    match routes.dispatch(dptree::deps![app, visitor, content]).await {
        std::ops::ControlFlow::Break(turn) => turn,
        std::ops::ControlFlow::Continue(_) => Err(Fault::bug("nobody answers")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dptree::Type;

    #[test]
    fn every_handler_gets_what_it_takes() {
        let given = [Type::of::<Arc<App>>(), Type::of::<Visitor>(), Type::of::<Content>()];
        dptree::type_check(schema().sig(), &dptree::deps![], &given);
    }
}
