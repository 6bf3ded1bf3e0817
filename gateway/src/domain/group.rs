//! What a group says to the bot.

use super::Link;

/// A command in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What for.
    pub about: About,
    /// The number of the room it is about; without it, every live room of the group.
    pub room: Option<i64>,
}

/// What a group can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The rooms, or the card of the only one.
    Room,
    /// The same, to bet.
    Bet,
    /// How many bet on what.
    Players,
    /// Pools and odds.
    Odds,
    /// What the oracle says now.
    Oracle,
    /// When betting and the room end.
    Time,
    /// What can be asked.
    Help,
    /// A room for this group.
    Create,
    /// Something of the private chat.
    Private(Link),
}

impl About {
    /// The command menu of groups, in its order.
    pub const MENU: [&'static str; 8] =
        ["room", "bet", "odds", "oracle", "time", "players", "create", "help"];

    /// Names the command, for the pause between two of a kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Bet => "bet",
            Self::Players => "players",
            Self::Odds => "odds",
            Self::Oracle => "oracle",
            Self::Time => "time",
            Self::Help => "help",
            Self::Create => "create",
            Self::Private(_) => "private",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Room, Self::Bet, Self::Players, Self::Odds, Self::Oracle, Self::Time, Self::Help, Self::Create]
            .into_iter()
            .find(|about| about.name() == name)
    }
}

impl Asked {
    /// Reads a command of a group; nothing if it is none, or another bot's. `own` is the bot's name.
    #[must_use]
    pub fn of(text: &str, own: Option<&str>) -> Option<Self> {
        if Self::is_for_another(text, own) {
            return None;
        }
        let text = text.strip_prefix('/')?;
        let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let name = head.split('@').next().unwrap_or_default();
        let about = About::of(&name.to_lowercase())?;
        let room = rest.trim().trim_start_matches('#').parse().ok().filter(|number: &i64| *number > 0);
        Some(Self { about, room })
    }

    /// Asks for the private chat.
    #[must_use]
    pub const fn private(link: Link) -> Self {
        Self { about: About::Private(link), room: None }
    }

    /// Whether a command names another bot: an administrator hears what is said to others, too.
    #[must_use]
    pub fn is_for_another(text: &str, own: Option<&str>) -> bool {
        let head = text.split(char::is_whitespace).next().unwrap_or_default();
        let to = head.split_once('@').map(|(_, to)| to);
        to.is_some_and(|to| !own.is_some_and(|own| own.eq_ignore_ascii_case(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_names_a_command_and_perhaps_a_room() {
        let own = Some("Rooms_Bot");
        let asked = |about, room| Some(Asked { about, room });
        for (text, read) in [
            ("/room", asked(About::Room, None)),
            ("/ODDS@rooms_bot", asked(About::Odds, None)),
            ("/odds 12", asked(About::Odds, Some(12))),
            ("/time@Rooms_Bot  #7 ", asked(About::Time, Some(7))),
            ("/players -3", asked(About::Players, None)),
            ("/oracle BTC", asked(About::Oracle, None)),
            ("/odds@other_bot", None),
            ("/watch", None),
            ("odds", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(Asked::of(text, own), read, "{text}");
        }
        assert_eq!(Asked::of("/odds@rooms_bot", None), None, "the name is not known yet");
    }

    #[test]
    fn the_menu_holds_commands_that_exist() {
        for name in About::MENU {
            assert_eq!(About::of(name).map(About::name), Some(name));
            assert!(crate::locales::Language::ENGLISH.has(&format!("group-command-{name}")), "{name}");
        }
    }
}
