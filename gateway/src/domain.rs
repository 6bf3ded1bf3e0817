//! What the gateway decides by itself, without any I/O: the wizards' drafts, and what a room's
//! numbers mean to a reader.

mod code;
mod create;
mod group;
mod limit;
mod polymarket;
mod question;
mod reader;
mod referral;
mod room;
mod search;
mod standing;
mod typed;
mod wanted;
mod withdraw;

pub use code::{CodeFor, code};
pub use create::{Asset, Comparator, CreateDraft, CreateStep, Kind, Scope};
pub use group::{About, Asked};
pub use limit::{LimitKind, LimitView, LimitsView};
pub use polymarket::{
    ALIAS, ActivityFilter, AlertId, ConditionId, EvmAddress, NotNamed, alias_of, named_wallet, share_price,
    touch_of,
};
pub use question::{Custom, Question, Target};
pub use reader::{CancelRule, Player, Reader};
pub use referral::{Link, ReferralCode, RoomKey};
pub use room::{RoomView, Verdict, multiple};
pub use search::matches;
pub use standing::{Board, Period, Record, Settled, Standing, pseudonym};
pub use typed::{bounds, horizon, solana_address, subtitle, target};
pub use wanted::{Category, Threshold, hours, is_zone, minute};
pub use withdraw::{WithdrawDraft, WithdrawStep, share};

/// Which rooms a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFilter {
    /// Not yet settled.
    Live,
    /// Opened by the reader.
    Mine,
    /// Settled or void.
    Past,
    /// Live in one group.
    Of {
        /// Its chat.
        chat: i64,
    },
}
