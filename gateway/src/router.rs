//! Which handler answers what: the whole of it on one page.

use crate::{
    app::App,
    arrival::Content,
    callbacks::{Callback, Press, link_of},
    domain::{Link, ReferralCode},
    handlers::{
        self, Member, Visitor, authenticator, bets, cancel, create, desk, disputes, group, limits, privacy,
        proof, referrals, rooms, typed, withdraw,
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

/// A command of the private chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/start`, alone or with a link to a room or of a friend.
    Start(Link),
    /// `/help`
    Help,
    /// `/wallet`
    Wallet,
    /// `/deposit`
    Deposit,
    /// `/withdraw`
    Withdraw,
    /// `/transfers`
    Transfers,
    /// `/proof`
    Proof,
    /// `/rooms`
    Rooms,
    /// `/create`
    Create,
    /// `/bets`
    Bets,
    /// `/referrals`
    Referrals,
    /// `/settings`
    Settings,
    /// `/limits`
    Limits,
    /// `/privacy`
    Privacy,
    /// `/status`
    Status,
    /// Another one.
    Unknown,
}

impl Command {
    /// The command menu, in its order.
    pub const MENU: [&'static str; 15] = [
        "start",
        "rooms",
        "create",
        "bets",
        "wallet",
        "deposit",
        "withdraw",
        "transfers",
        "proof",
        "referrals",
        "limits",
        "privacy",
        "settings",
        "status",
        "help",
    ];

    /// Reads a command; nothing if the text is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.strip_prefix('/')?;
        let (head, payload) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let name = head.split('@').next().unwrap_or_default().to_lowercase();
        Some(match name.as_str() {
            "start" => Self::Start(link_of(payload.trim())),
            "help" => Self::Help,
            "wallet" => Self::Wallet,
            "deposit" => Self::Deposit,
            "withdraw" => Self::Withdraw,
            "transfers" => Self::Transfers,
            "proof" => Self::Proof,
            "rooms" => Self::Rooms,
            "create" => Self::Create,
            "bets" => Self::Bets,
            "referrals" => Self::Referrals,
            "settings" => Self::Settings,
            "limits" => Self::Limits,
            "privacy" => Self::Privacy,
            "status" => Self::Status,
            _ => Self::Unknown,
        })
    }
}

/// The routes.
#[must_use]
pub fn schema() -> Route {
    dptree::entry()
        .branch(dptree::filter(|visitor: Visitor| !visitor.private).chain(in_groups()))
        .branch(dptree::filter_map(joining).endpoint(desk::join))
        .branch(dptree::filter(|visitor: Visitor| visitor.account.is_none()).endpoint(desk::terms))
        .branch(dptree::filter_map(Member::of).chain(of_members()))
}

/// Groups hear from us only when they ask.
fn in_groups() -> Route {
    dptree::entry()
        .branch(dptree::filter_map(pressed_data).endpoint(group::pressed))
        .branch(dptree::filter_map(command).endpoint(group::command))
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
        .branch(case![Command::Help].endpoint(desk::help))
        .branch(case![Command::Wallet].endpoint(desk::wallet))
        .branch(case![Command::Deposit].endpoint(desk::deposit))
        .branch(case![Command::Withdraw].endpoint(withdraw::begin))
        .branch(case![Command::Transfers].endpoint(desk::first_transfers))
        .branch(case![Command::Proof].endpoint(proof::file))
        .branch(case![Command::Rooms].endpoint(rooms::live))
        .branch(case![Command::Create].endpoint(create::resume))
        .branch(case![Command::Bets].endpoint(bets::first))
        .branch(case![Command::Referrals].endpoint(referrals::show))
        .branch(case![Command::Settings].endpoint(authenticator::settings))
        .branch(case![Command::Limits].endpoint(limits::show))
        .branch(case![Command::Privacy].endpoint(privacy::show))
        .branch(case![Command::Status].endpoint(desk::status))
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
        .branch(case![Callback::Settings].endpoint(authenticator::settings))
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
}

/// A newcomer agrees.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    /// Shown next.
    pub room: Option<RoomId>,
    /// Whose link they came by.
    pub code: Option<ReferralCode>,
}

fn joining(visitor: Visitor, content: Content) -> Option<Joining> {
    match press(content)? {
        _ if visitor.account.is_some() => None,
        Callback::Agree { room, code } => Some(Joining { room, code }),
        _ => None,
    }
}

fn command(content: Content) -> Option<Command> {
    match content {
        Content::Text(text) => Command::of(&text),
        Content::Press { .. } | Content::Other => None,
    }
}

/// Something typed that is not a command.
#[derive(Clone, Debug)]
pub struct Typed(pub String);

fn text(content: Content) -> Option<Typed> {
    match content {
        Content::Text(text) => Some(Typed(text)),
        Content::Press { .. } | Content::Other => None,
    }
}

/// What a pressed button carries, whether or not it can be read.
#[derive(Clone, Debug)]
pub struct Data(pub String);

fn pressed_data(content: Content) -> Option<Data> {
    match content {
        Content::Press { data, .. } => Some(Data(data)),
        Content::Text(_) | Content::Other => None,
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

    #[test]
    fn commands_are_read_as_people_write_them() {
        let room = RoomId::new(uuid::Uuid::from_u128(5));
        let link = crate::callbacks::deep_link_of(room);
        let code = ReferralCode::parse("abc");
        for (text, command) in [
            ("/start", Some(Command::Start(Link::default()))),
            ("/start nonsense", Some(Command::Start(Link::default()))),
            ("/Rooms@rooms_bot", Some(Command::Rooms)),
            ("/start ref_abc", Some(Command::Start(Link { room: None, code }))),
            ("/frobnicate 7", Some(Command::Unknown)),
            ("hello", None),
            ("/", Some(Command::Unknown)),
        ] {
            assert_eq!(Command::of(text), command, "{text}");
        }
        let room = Some(crate::domain::RoomKey::Id(room));
        assert_eq!(Command::of(&format!("/start {link}_abc")), Some(Command::Start(Link { room, code })));
    }

    #[test]
    fn the_menu_holds_commands_that_exist() {
        for name in Command::MENU {
            assert_ne!(Command::of(&format!("/{name}")), Some(Command::Unknown), "{name}");
            assert!(crate::locales::Language::ENGLISH.has(&format!("command-{name}")), "{name}");
        }
    }
}
