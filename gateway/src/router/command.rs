//! Commands of the private chat, as people write them.

use crate::{
    callbacks::{group_of, link_of},
    domain::Link,
};

/// A command of the private chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/start`, alone or with a link to a room or of a friend.
    Start(Link),
    /// `/start` with the link to a room for a group.
    StartFor(i64),
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
    /// `/rules`
    Rules,
    /// `/language`
    Language,
    /// `/admin`, for operators
    Admin,
    /// `/won`
    Won,
    /// `/recent`
    Recent,
    /// `/leaderboard`
    Leaderboard,
    /// `/track`, alone or with a wallet and its name
    Track(String),
    /// `/untrack`, alone or with a wallet
    Untrack(String),
    /// `/list`
    List,
    /// `/rename`, alone or with a wallet and its new name
    Rename(String),
    /// `/balance`, of a wallet; one's own money without one
    Balance(String),
    /// `/positions`, of a wallet
    Positions(String),
    /// `/history`, of a wallet; one's own results without one
    History(String),
    /// `/alerts`
    Alerts,
    /// `/markets`, alone or with words
    Markets(String),
    /// `/market`, of its page, slug, id or words
    Market(String),
    /// `/smartwallets`
    SmartWallets,
    /// `/consensus`
    Consensus,
    /// `/muteconsensus`
    MuteConsensus,
    /// Another one.
    Unknown,
}

impl Command {
    /// The command menu, in its order.
    pub const MENU: [&'static str; 33] = [
        "start",
        "rooms",
        "create",
        "bets",
        "won",
        "recent",
        "leaderboard",
        "wallet",
        "deposit",
        "withdraw",
        "transfers",
        "proof",
        "referrals",
        "track",
        "list",
        "untrack",
        "rename",
        "balance",
        "positions",
        "history",
        "alerts",
        "markets",
        "market",
        "smartwallets",
        "consensus",
        "muteconsensus",
        "limits",
        "privacy",
        "settings",
        "language",
        "status",
        "rules",
        "help",
    ];

    /// Reads a command; nothing if the text is none.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.strip_prefix('/')?;
        let (head, payload) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let name = head.split('@').next().unwrap_or_default().to_lowercase();
        Some(match name.as_str() {
            "start" => match group_of(payload.trim()) {
                Some(chat) => Self::StartFor(chat),
                None => Self::Start(link_of(payload.trim())),
            },
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
            "rules" => Self::Rules,
            "language" => Self::Language,
            "admin" => Self::Admin,
            "won" => Self::Won,
            "recent" => Self::Recent,
            "leaderboard" => Self::Leaderboard,
            "track" => Self::Track(payload.trim().to_owned()),
            "untrack" => Self::Untrack(payload.trim().to_owned()),
            "list" => Self::List,
            "rename" => Self::Rename(payload.trim().to_owned()),
            "balance" => Self::Balance(payload.trim().to_owned()),
            "positions" => Self::Positions(payload.trim().to_owned()),
            "history" => Self::History(payload.trim().to_owned()),
            "alerts" => Self::Alerts,
            "markets" => Self::Markets(payload.trim().to_owned()),
            "market" => Self::Market(payload.trim().to_owned()),
            "smartwallets" => Self::SmartWallets,
            "consensus" => Self::Consensus,
            "muteconsensus" => Self::MuteConsensus,
            _ => Self::Unknown,
        })
    }

    /// Whether it is the tracker's: groups hear nothing of it.
    pub(super) const fn is_tracker(&self) -> bool {
        matches!(
            self,
            Self::Track(_)
                | Self::Untrack(_)
                | Self::List
                | Self::Rename(_)
                | Self::Balance(_)
                | Self::Positions(_)
                | Self::History(_)
                | Self::Alerts
                | Self::Markets(_)
                | Self::Market(_)
                | Self::SmartWallets
                | Self::Consensus
                | Self::MuteConsensus
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReferralCode;
    use proto::RoomId;

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
            ("/Track  0xAb Big fish ", Some(Command::Track("0xAb Big fish".into()))),
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
