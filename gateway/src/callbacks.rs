//! What a button carries: a versioned enum in at most 64 bytes of text.
//!
//! `2!rm.AAECAwQFBgcICQoLDA0ODw` is version 2, "answer in a new message", the word `rm` and its
//! fields, ids in 22 characters. A press is a request like any other: what it names is checked
//! again by the service that owns it, and money is named by slip only, so that a forged button
//! can say nothing that its presser may not say.

pub mod compact;

use crate::domain::{
    Asset, Comparator, CreateStep, Kind, LimitKind, Link, Period, ReferralCode, RoomFilter, RoomKey,
};
use crate::locales::Language;
use proto::{BetId, CommandId, Lamports, RoomId, WithdrawalId};

/// Telegram's limit for callback data.
pub const MAX_BYTES: usize = 64;

/// The format of this release; older buttons are answered politely.
const VERSION: char = '2';

/// A press as a button describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// What to do.
    pub callback: Callback,
    /// Answer in a new message: the pressed one is a notice or a receipt that must stay.
    pub fresh: bool,
}

/// Data that no button of this release carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a button of this release")]
pub struct Unreadable;

/// How a field of a callback is written; it never contains a dot.
trait Field: Sized {
    fn write(self) -> String;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! callbacks {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $type:ty),+ })? = $word:literal,)*
    }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant $({ $($(#[$field_doc])* $field: $type),+ })?,)* }

        impl $name {
            fn write(self) -> String {
                match self {
                    $(Self::$variant $({ $($field),+ })? => {
                        #[allow(unused_mut, reason = "callbacks without fields")]
                        let mut text = String::from($word);
                        $($(text.push('.'); text.push_str(&Field::write($field));)+)?
                        text
                    })*
                }
            }

            fn read(text: &str) -> Option<Self> {
                let mut parts = text.split('.');
                let callback = match parts.next()? {
                    $($word => Self::$variant $({ $($field: <$type as Field>::read(parts.next()?)?),+ })?,)*
                    _ => return None,
                };
                parts.next().is_none().then_some(callback)
            }

            /// The names of all variants, in their order.
            pub const NAMES: &[&str] = &[$(stringify!($variant)),*];

            /// The name of its variant.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => stringify!($variant),)* }
            }

            /// Every word, for tests.
            #[cfg(test)]
            const WORDS: &[&str] = &[$($word),*];
        }
    };
}

callbacks! {
    /// Everything a button can ask for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Callback {
        /// The terms are accepted and the presser is an adult.
        Agree {
            /// To be shown next.
            room: Option<RoomId>,
            /// Whose link they came by.
            code: Option<ReferralCode>
        } = "ok",
        /// The desk.
        Home = "h",
        /// Balance and address.
        Wallet = "w",
        /// Deposit address.
        Deposit = "d",
        /// Movements.
        Transfers {
            /// From 0.
            page: u32
        } = "t",
        /// The proof of what is owed to the presser.
        Proof = "pf",
        /// The room list.
        Rooms {
            /// Which rooms.
            filter: RoomFilter,
            /// From 0.
            page: u32
        } = "rs",
        /// The presser's bets.
        Bets {
            /// From 0.
            page: u32
        } = "bs",
        /// How it works.
        Help = "hp",
        /// Are all parts working?
        Status = "st",
        /// A room card.
        Room {
            /// Which.
            room: RoomId
        } = "rm",
        /// Verdict and receipt of a room.
        Verdict {
            /// Which.
            room: RoomId
        } = "rv",
        /// An outcome is chosen; asks for the stake.
        Outcome {
            /// Where.
            room: RoomId,
            /// Its index.
            outcome: u32
        } = "bo",
        /// A stake is chosen; shows the preview.
        Stake {
            /// Where.
            room: RoomId,
            /// Its index.
            outcome: u32,
            /// How much.
            stake: Lamports
        } = "bk",
        /// The stake will be typed.
        TypeStake {
            /// Where.
            room: RoomId,
            /// Its index.
            outcome: u32
        } = "bt",
        /// A bet is taken back.
        CancelBet {
            /// Which.
            bet: BetId,
            /// Where.
            room: RoomId
        } = "bx",
        /// A host wants to take a room back; asks once more.
        CancelRoom {
            /// Which.
            room: RoomId
        } = "rx",
        /// A link to a room.
        Share {
            /// Which.
            room: RoomId
        } = "rl",
        /// The result of a room is wrong; asks for the reason.
        Dispute {
            /// Which.
            room: RoomId
        } = "rd",
        /// Own link, and what came of it.
        Referrals = "rf",
        /// What the slip says is wanted.
        Confirm {
            /// The slip, and the id of the command.
            slip: CommandId
        } = "ok!",
        /// Begin or resume a withdrawal.
        Withdraw = "wd",
        /// Back to the address.
        WithdrawAddress = "wda",
        /// On to the amount.
        WithdrawAmount = "wdm",
        /// A withdrawal is taken back.
        CancelWithdrawal {
            /// Which.
            withdrawal: WithdrawalId
        } = "wdx",
        /// A share of what can be withdrawn.
        WithdrawShare {
            /// 1 to 100.
            percent: u32
        } = "wdp",
        /// Go to a step of the wizard, whatever is filled in.
        Create {
            /// Which.
            step: CreateStep
        } = "cr",
        /// A kind is chosen.
        CreateKind {
            /// Which.
            kind: Kind
        } = "crk",
        /// An asset is chosen.
        CreateAsset {
            /// Which.
            asset: Asset
        } = "cra",
        /// The asset that it runs against is chosen.
        CreateRival {
            /// Which.
            asset: Asset
        } = "crv",
        /// How many players it takes to begin is chosen.
        CreatePlayers {
            /// How many; 0 begins at once.
            players: u32
        } = "crn",
        /// A comparator is chosen.
        CreateComparator {
            /// Which.
            comparator: Comparator
        } = "crc",
        /// A preset of the horizon is chosen.
        CreateHorizon {
            /// Its length.
            seconds: u32
        } = "crh",
        /// The draft is thrown away.
        CreateCancel = "crx",
        /// Settings.
        Settings = "se",
        /// An authenticator is wanted.
        AuthenticatorAdd = "sea",
        /// The authenticator shall go.
        AuthenticatorRemove = "ser",
        /// What is kept of the presser.
        Privacy = "p",
        /// All of it, as a file.
        Export = "pe",
        /// Leave: what it means.
        Leave = "pl",
        /// Leave with nothing left.
        Erase = "px",
        /// Leave and give up what is left.
        GiveUp = "pg",
        /// The presser's own limits.
        Limits = "lm",
        /// One of them.
        Limit {
            /// Which.
            kind: LimitKind
        } = "lmk",
        /// An amount is chosen for it.
        LimitAmount {
            /// Which.
            kind: LimitKind,
            /// How much.
            amount: Lamports
        } = "lma",
        /// It shall go.
        LimitNone {
            /// Which.
            kind: LimitKind
        } = "lmn",
        /// A break of days: how long?
        Break = "lb",
        /// Its length is chosen.
        BreakDays {
            /// How long.
            days: u32
        } = "lbd",
        /// An exclusion of months: how long?
        Exclusion = "lx",
        /// Its length is chosen.
        ExclusionMonths {
            /// How long.
            months: u32
        } = "lxm",
        /// Still sure.
        ExclusionSure {
            /// How long.
            months: u32
        } = "lxs",
        /// Which languages there are.
        Languages = "la",
        /// One of them is chosen.
        Speak {
            /// Which.
            language: Language
        } = "las",
        /// The rules in short.
        Rules = "ru",
        /// The operators' overview; nobody else's.
        Admin = "ad",
        /// The terms are accepted on the way to a room for a group.
        AgreeFor {
            /// Its chat.
            chat: i64
        } = "okg",
        /// A room's card in a group, for everybody there.
        GroupRoom {
            /// Which.
            room: RoomId
        } = "gr",
        /// The room under way is for everybody, not for a group.
        CreatePublic = "crg",
        /// The presser's bets that won.
        Won {
            /// From 0.
            page: u32
        } = "wo",
        /// The presser's settled bets.
        Recent {
            /// From 0.
            page: u32
        } = "re",
        /// The best returns.
        Leaderboard {
            /// When.
            period: Period,
            /// From 0.
            page: u32
        } = "le",
        /// The presser does not want to be on it.
        LeaderboardHide = "leh",
        /// The presser wants to be on it again.
        LeaderboardShow = "les",
        /// The presser's settled bets as a chart.
        Portfolio = "pc",
    }
}

impl Callback {
    /// Shown in place of the pressed message.
    #[must_use]
    pub const fn here(self) -> Press {
        Press { callback: self, fresh: false }
    }

    /// Shown in a new message.
    #[must_use]
    pub const fn fresh(self) -> Press {
        Press { callback: self, fresh: true }
    }

    /// The room it is about, if it is about one.
    #[must_use]
    pub const fn room(self) -> Option<RoomId> {
        match self {
            Self::Agree { room, .. } => room,
            Self::Room { room }
            | Self::Verdict { room }
            | Self::CancelBet { room, .. }
            | Self::CancelRoom { room }
            | Self::Share { room }
            | Self::Dispute { room }
            | Self::GroupRoom { room }
            | Self::Outcome { room, .. }
            | Self::Stake { room, .. }
            | Self::TypeStake { room, .. } => Some(room),
            _ => None,
        }
    }
}

impl Press {
    /// The callback data of a button.
    #[must_use]
    pub fn encode(self) -> String {
        format!("{VERSION}{}{}", if self.fresh { "!" } else { "" }, self.callback.write())
    }

    /// Reads callback data.
    ///
    /// # Errors
    /// Anything that [`Press::encode`] of this release does not write.
    pub fn decode(data: &str) -> Result<Self, Unreadable> {
        let text = data.strip_prefix(VERSION).ok_or(Unreadable)?;
        let (fresh, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
        Callback::read(text).map(|callback| Self { callback, fresh }).ok_or(Unreadable)
    }
}

/// The payload of a deep link to a room: `room_<id>`.
#[must_use]
pub fn deep_link_of(room: RoomId) -> String {
    format!("room_{}", compact::encode(room.uuid()))
}

/// The payload of a link: `room_<id>`, `room_<id>_<code>`, `room_<number>_<code>` or `ref_<code>`; nothing for one that
/// leads nowhere.
#[must_use]
pub fn payload_of(link: Link) -> Option<String> {
    let room = link.room.map(|room| match room {
        RoomKey::Id(room) => deep_link_of(room),
        RoomKey::Number(number) => format!("room_{number}"),
    });
    match (room, link.code) {
        (Some(room), Some(code)) => Some(format!("{room}_{}", code.as_str())),
        (None, Some(code)) => Some(format!("ref_{}", code.as_str())),
        (room, None) => room,
    }
}

/// The payload of a link that opens a room for a group. Whether whoever follows it is in that group, Telegram is asked.
#[must_use]
pub fn group_link_of(chat: i64) -> String {
    format!("group_{chat}")
}

/// The group of a payload.
#[must_use]
pub fn group_of(payload: &str) -> Option<i64> {
    payload.strip_prefix("group_")?.parse().ok().filter(|chat: &i64| *chat < 0)
}

/// Reads the payload of `/start`. What cannot be read leads nowhere: it never keeps anybody from starting.
#[must_use]
pub fn link_of(payload: &str) -> Link {
    if let Some(code) = payload.strip_prefix("ref_") {
        return Link { room: None, code: ReferralCode::parse(code) };
    }
    let Some(rest) = payload.strip_prefix("room_") else { return Link::default() };
    // An id may contain the separator, so it goes by its length.
    let (id, code) = rest.split_at_checked(compact::LENGTH).unwrap_or((rest, ""));
    let whole = code.is_empty() || code.starts_with('_');
    if let Some(room) = RoomId::read(id).filter(|_| whole) {
        return Link {
            room: Some(RoomKey::Id(room)),
            code: code.strip_prefix('_').and_then(ReferralCode::parse),
        };
    }
    let (number, code) = rest.split_once('_').unwrap_or((rest, ""));
    let room = number.parse().ok().filter(|number: &i64| *number > 0).map(RoomKey::Number);
    Link { room, code: ReferralCode::parse(code).filter(|_| room.is_some()) }
}

macro_rules! id_fields {
    ($($id:ty),+) => {$(
        impl Field for $id {
            fn write(self) -> String {
                compact::encode(self.uuid())
            }
            fn read(text: &str) -> Option<Self> {
                compact::decode(text).filter(|uuid| !uuid.is_nil()).map(Self::new)
            }
        }
    )+};
}

id_fields!(RoomId, BetId, CommandId, WithdrawalId);

impl Field for ReferralCode {
    fn write(self) -> String {
        self.as_str().to_owned()
    }
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Field for Language {
    fn write(self) -> String {
        self.code().to_owned()
    }
    fn read(text: &str) -> Option<Self> {
        Self::all().find(|language| language.code() == text)
    }
}

/// Nothing is written as nothing.
impl<F: Field> Field for Option<F> {
    fn write(self) -> String {
        self.map(F::write).unwrap_or_default()
    }
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { F::read(text).map(Some) }
    }
}

impl Field for u32 {
    fn write(self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        // Refuses `+1` and `01`: one value, one text.
        text.parse().ok().filter(|number: &Self| number.to_string() == text)
    }
}

impl Field for i64 {
    fn write(self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.to_string() == text)
    }
}

impl Field for Lamports {
    fn write(self) -> String {
        self.get().to_string()
    }
    fn read(text: &str) -> Option<Self> {
        let number: i64 = text.parse().ok().filter(|number: &i64| number.to_string() == text)?;
        Self::try_positive(number).ok()
    }
}

/// A group's chat follows its letter.
impl Field for RoomFilter {
    fn write(self) -> String {
        match self {
            Self::Live => "l".to_owned(),
            Self::Mine => "m".to_owned(),
            Self::Past => "p".to_owned(),
            Self::Of { chat } => format!("c{}", chat.write()),
        }
    }
    fn read(text: &str) -> Option<Self> {
        match text {
            "l" => Some(Self::Live),
            "m" => Some(Self::Mine),
            "p" => Some(Self::Past),
            _ => text.strip_prefix('c').and_then(i64::read).map(|chat| Self::Of { chat }),
        }
    }
}

macro_rules! choice_fields {
    ($($type:ident { $($variant:ident = $letter:literal),+ })+) => {$(
        impl Field for $type {
            fn write(self) -> String {
                match self { $(Self::$variant => $letter),+ }.to_owned()
            }
            fn read(text: &str) -> Option<Self> {
                match text { $($letter => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

choice_fields! {
    LimitKind { DepositDay = "d", StakeDay = "s", LossWeek = "l" }
    Period { Day = "d", Week = "w", All = "a" }
    Kind {
        Touch = "t", Close = "c", UpDown = "u", Buckets = "b", HeadToHead = "h", CapTouch = "m", CapClose = "n"
    }
    Asset { Sol = "s", Btc = "b", Eth = "e" }
    Comparator { AtOrAbove = "a", AtOrBelow = "b" }
    CreateStep {
        Kind = "k", Asset = "a", Rival = "v", Comparator = "c", Target = "t", Horizon = "h", CustomHorizon = "x",
        Players = "p", Review = "r"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn any_press() -> impl Strategy<Value = Press> {
        let id = any::<u128>().prop_map(|bits| uuid::Uuid::from_u128(bits.max(1)));
        let code = proptest::option::of("[A-Za-z0-9_-]{1,24}");
        (id, any::<u32>(), 0..=i64::MAX, any::<bool>(), 0..34_usize, code).prop_map(
            |(id, n, amount, fresh, which, code)| {
                let room = RoomId::new(id);
                let stake = Lamports::new(amount);
                let callback = match which {
                    0 => Callback::Agree { room: None, code: code.as_deref().and_then(ReferralCode::parse) },
                    1 => Callback::Agree {
                        room: Some(room),
                        code: code.as_deref().and_then(ReferralCode::parse),
                    },
                    2 => Callback::Home,
                    3 => Callback::Transfers { page: n },
                    4 => Callback::Rooms { filter: RoomFilter::Mine, page: n },
                    5 => Callback::Bets { page: n },
                    6 => Callback::Room { room },
                    7 => Callback::Verdict { room },
                    8 => Callback::Outcome { room, outcome: n },
                    9 => Callback::Stake { room, outcome: n, stake },
                    10 => Callback::TypeStake { room, outcome: n },
                    11 => Callback::Confirm { slip: CommandId::new(id) },
                    12 => Callback::WithdrawShare { percent: n },
                    13 => Callback::Create { step: CreateStep::CustomHorizon },
                    14 => Callback::CreateKind { kind: Kind::Close },
                    15 => Callback::CreateAsset { asset: Asset::Eth },
                    16 => Callback::CreateComparator { comparator: Comparator::AtOrBelow },
                    17 => Callback::CreateHorizon { seconds: n },
                    18 => Callback::CreateCancel,
                    19 => Callback::Withdraw,
                    20 => Callback::WithdrawAddress,
                    21 => Callback::LimitAmount { kind: LimitKind::LossWeek, amount: stake },
                    22 => Callback::LimitNone { kind: LimitKind::DepositDay },
                    23 => Callback::BreakDays { days: n },
                    24 => Callback::ExclusionSure { months: n },
                    25 => Callback::CancelBet { bet: BetId::new(id), room },
                    26 => Callback::Share { room },
                    27 => Callback::CreatePlayers { players: n },
                    28 => Callback::AgreeFor { chat: amount.saturating_neg() },
                    29 => Callback::GroupRoom { room },
                    30 => Callback::Recent { page: n },
                    33 => Callback::Portfolio,
                    31 => Callback::Leaderboard { period: Period::All, page: n },
                    32 => {
                        let filter = RoomFilter::Of { chat: amount.saturating_neg() };
                        Callback::Rooms { filter, page: n }
                    }
                    _ => Callback::WithdrawAmount,
                };
                Press { callback, fresh }
            },
        )
    }

    proptest! {
        #[test]
        fn every_press_fits_and_returns(press in any_press()) {
            let data = press.encode();
            prop_assert!(data.len() <= MAX_BYTES, "{data} has {} bytes", data.len());
            prop_assert_eq!(Press::decode(&data), Ok(press));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(data in "2!?[a-z!]{0,3}(\\.[A-Za-z0-9_+-]{0,23}){0,4}|.*") {
            if let Ok(press) = Press::decode(&data) {
                prop_assert_eq!(press.encode(), data);
            }
        }
    }

    #[test]
    fn words_are_distinct() {
        assert_eq!(Callback::WORDS.iter().collect::<BTreeSet<_>>().len(), Callback::WORDS.len());
    }

    #[test]
    fn older_and_forged_data_are_refused() {
        for data in [
            "",
            "2",
            "1h",
            "2h.",
            "2h.1",
            "2t",
            "2t.+1",
            "2t.01",
            "2rm.short",
            "2bk.AAECAwQFBgcICQoLDA0ODw.0.-5",
            "2rs.z.0",
        ] {
            assert_eq!(Press::decode(data), Err(Unreadable), "{data}");
        }
        assert_eq!(Press::decode("2rm.AAAAAAAAAAAAAAAAAAAAAA"), Err(Unreadable), "the nil id");
    }

    #[test]
    fn links_name_rooms_and_who_shared_them() {
        let room = RoomKey::Id(RoomId::new(uuid::Uuid::from_u128(7)));
        // An id with the separator in it.
        let torn = RoomKey::Id(RoomId::new(uuid::Uuid::max()));
        let code = ReferralCode::parse("k7_Qx");
        for (room, code) in [
            (Some(room), None),
            (Some(room), code),
            (Some(torn), None),
            (Some(torn), code),
            (Some(RoomKey::Number(12)), None),
            (Some(RoomKey::Number(12)), code),
            (None, code),
        ] {
            let link = Link { room, code };
            let payload = payload_of(link).unwrap();
            assert!(payload.len() <= 64);
            assert_eq!(link_of(&payload), link, "{payload}");
        }
        assert_eq!(payload_of(Link::default()), None);
    }

    #[test]
    fn a_link_that_cannot_be_read_leads_nowhere() {
        assert_eq!(group_of(&group_link_of(-1_002_100_000_001)), Some(-1_002_100_000_001));
        for payload in ["group", "group_", "group_12", "group_x", "room_-3"] {
            assert_eq!(group_of(payload), None, "{payload}");
        }
        for payload in
            ["", "group", "ref_", "ref_<b>", "room_", "room_x_y", "room_-3_k", "room_0", "other_12"]
        {
            assert_eq!(link_of(payload), Link::default(), "{payload}");
        }
        // A good room with a bad code is still a room.
        let bad = format!("room_12_{}", "x".repeat(40));
        assert_eq!(link_of(&bad), Link { room: Some(RoomKey::Number(12)), code: None });
    }
}
