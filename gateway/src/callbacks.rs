//! What a button carries: a versioned enum in at most 64 bytes of text.
//!
//! `2!rm.AAECAwQFBgcICQoLDA0ODw` is version 2, "answer in a new message", the word `rm` and its
//! fields, ids in 22 characters. A press is a request like any other: what it names is checked
//! again by the service that owns it, and money is named by slip only, so that a forged button
//! can say nothing that its presser may not say.

pub mod compact;
mod fields;
mod links;

pub use links::{deep_link_of, group_link_of, group_of, link_of, payload_of};

use crate::domain::{
    ActivityFilter, AlertId, Asset, Category, Comparator, ConditionId, CreateStep, EvmAddress, Kind,
    LimitKind, Period, ReferralCode, RoomFilter, Threshold,
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
trait Field: Copy + std::fmt::Debug + 'static {
    fn write(self) -> String;
    fn read(text: &str) -> Option<Self>;
    /// Any value that it may have.
    #[cfg(test)]
    fn any() -> proptest::strategy::BoxedStrategy<Self>;
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

            /// Any button of any variant.
            #[cfg(test)]
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::{Just, Strategy as _, Union};
                Union::new([$(
                    (Just(()), $($(<$type as Field>::any()),+)?)
                        .prop_map(|((), $($($field),+)?)| Self::$variant $({ $($field),+ })?)
                        .boxed()
                ),*])
                .boxed()
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
        /// The wallets that the presser tracks.
        Tracked = "k",
        /// Another one: which?
        TrackMore = "ka",
        /// Tell the presser what a wallet does.
        Track {
            /// Which.
            wallet: EvmAddress
        } = "kt",
        /// Not any more.
        Untrack {
            /// Which.
            wallet: EvmAddress
        } = "ku",
        /// Another name for it; asks which.
        Rename {
            /// Which.
            wallet: EvmAddress
        } = "kr",
        /// What a wallet is worth.
        Worth {
            /// Which.
            wallet: EvmAddress
        } = "kw",
        /// What it holds.
        Positions {
            /// Which.
            wallet: EvmAddress,
            /// From 0.
            page: u32
        } = "kp",
        /// What it did.
        Activity {
            /// Which.
            wallet: EvmAddress,
            /// Of all that it did.
            filter: ActivityFilter,
            /// From 0.
            page: u32
        } = "kh",
        /// The wallets whose agreement makes a signal.
        SmartWallets {
            /// From 0.
            page: u32
        } = "ks",
        /// Signals.
        Consensus {
            /// From 0.
            page: u32
        } = "kc",
        /// The most traded markets.
        Markets {
            /// From 0.
            page: u32
        } = "m",
        /// Markets whose question has words; asks for them.
        MarketSearch = "ms",
        /// Those that the presser searched for last.
        MarketsFound {
            /// From 0.
            page: u32
        } = "mf",
        /// A market.
        Market {
            /// Which.
            market: ConditionId
        } = "mk",
        /// Tell when an outcome trades at a price; asks for it.
        PriceAlert {
            /// Of which market.
            market: ConditionId,
            /// Its index.
            outcome: u32
        } = "ma",
        /// The price is chosen.
        PriceAlertAt {
            /// Of which market.
            market: ConditionId,
            /// Its index.
            outcome: u32,
            /// Per share.
            cents: u8
        } = "mp",
        /// Do not wait for a price any more.
        PriceAlertRemove {
            /// Which.
            alert: AlertId
        } = "mx",
        /// A room that asks what a market asks.
        RoomFromMarket {
            /// Which.
            market: ConditionId
        } = "mr",
        /// Price alerts, and from which size on is told.
        Alerts = "na",
        /// What the presser is told, and when.
        Notifications = "n",
        /// A category is turned on or off.
        CategorySwitch {
            /// Which.
            category: Category,
            /// On?
            on: bool
        } = "nc",
        /// From which size on is told: asks.
        Threshold {
            /// Which.
            kind: Threshold
        } = "nt",
        /// The size is chosen.
        ThresholdAt {
            /// Which.
            kind: Threshold,
            /// In its unit.
            value: u32
        } = "nts",
        /// Hours without a sound: which?
        Quiet = "nq",
        /// They are turned on or off.
        QuietSwitch {
            /// On?
            on: bool
        } = "nqs",
        /// They are chosen.
        QuietHours {
            /// Minutes after midnight.
            from: u32,
            /// Minutes after midnight.
            until: u32
        } = "nqh",
        /// One message a day: when?
        Digest = "nd",
        /// Its time is chosen.
        DigestAt {
            /// Minutes after midnight.
            minute: u32
        } = "nda",
        /// Single messages again.
        DigestOff = "ndo",
        /// The presser's webhook.
        Webhook = "nw",
        /// None any more.
        WebhookRemove = "nwx",
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

#[cfg(test)]
mod tests;
