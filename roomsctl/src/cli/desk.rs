//! What operators can type about rooms and disputes.

use super::{Key, Limit, RoomKey};
use clap::{Args, Subcommand, ValueEnum};
use proto::{
    room::{Comparator, Kind, VoidReason},
    settlement::DisputeState,
};
use std::time::Duration;

/// What one operator says of a room.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("ruling").required(true))]
pub struct Rule {
    /// Number or id
    pub room: RoomKey,
    /// The answer that happened, as the room words it; or the one that stands already: it need not wait any longer
    #[arg(long, value_name = "ANSWER", group = "ruling")]
    pub outcome: Option<String>,
    /// Give every stake back
    #[arg(long, value_name = "WHY", group = "ruling")]
    pub void: Option<Void>,
    /// Why, for the other operators and the players
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
}

/// A room in which nobody may bet any more.
#[derive(Debug, Args)]
pub struct Lock {
    /// Number or id
    pub room: RoomKey,
    /// Why, for the other operators
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
}

/// A room whose stakes go back.
#[derive(Debug, Args)]
pub struct VoidRoom {
    /// Number or id
    pub room: RoomKey,
    /// Why in a word
    #[arg(long, value_name = "WHY", default_value = "operator-void")]
    pub cause: Void,
    /// Why, for the other operators and the players
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
}

impl From<VoidRoom> for Rule {
    fn from(void: VoidRoom) -> Self {
        let VoidRoom { room, cause, reason, key } = void;
        Self { room, outcome: None, void: Some(cause), reason, key }
    }
}

/// A room with its answer.
#[derive(Debug, Args)]
pub struct Resolve {
    /// Number or id
    pub room: RoomKey,
    /// The answer that happened, as the room words it
    pub answer: String,
    /// Why, for the other operators and the players
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
}

impl From<Resolve> for Rule {
    fn from(resolve: Resolve) -> Self {
        let Resolve { room, answer, reason, key } = resolve;
        Self { room, outcome: Some(answer), void: None, reason, key }
    }
}

/// Voids that are for operators to give.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Void {
    /// For whatever the reason says
    OperatorVoid,
    /// The price that decided looks manipulated
    ManipulationSuspected,
}

impl From<Void> for VoidReason {
    fn from(void: Void) -> Self {
        match void {
            Void::OperatorVoid => Self::OperatorVoid,
            Void::ManipulationSuspected => Self::ManipulationSuspected,
        }
    }
}

/// A room that only operators open.
#[derive(Debug, Args)]
pub struct Open {
    /// What is asked
    #[arg(long)]
    pub kind: RoomKind,
    /// SOL, BTC or ETH, or the mint's address for a market cap
    #[arg(long, default_value = "", hide_default_value = true)]
    pub asset: String,
    /// The asset that it runs against
    #[arg(long, value_name = "ASSET", default_value = "", hide_default_value = true)]
    pub rival: String,
    /// On which side of the target the price has to end
    #[arg(long, value_name = "SIDE")]
    pub comparator: Option<Side>,
    /// Price or market cap
    #[arg(long, value_name = "PRICE", default_value = "", hide_default_value = true)]
    pub target: String,
    /// Prices between the ranges, ascending
    #[arg(long, value_name = "PRICE", value_delimiter = ',')]
    pub bounds: Vec<String>,
    /// Time from opening to deadline: 15m, 24h, 30d
    #[arg(long, value_name = "TIME", value_parser = horizon)]
    pub horizon: Duration,
    /// The question, in words
    #[arg(long, default_value = "", hide_default_value = true)]
    pub question: String,
    /// An answer; give two to ten
    #[arg(long = "outcome", value_name = "ANSWER")]
    pub outcomes: Vec<String>,
    /// By what it is judged
    #[arg(long, default_value = "", hide_default_value = true)]
    pub criterion: String,
    /// Where that can be read
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub source: String,
    /// A line below the question
    #[arg(long, default_value = "", hide_default_value = true)]
    pub subtitle: String,
    /// Telegram chat that it belongs to; 0 is public
    #[arg(long, value_name = "CHAT", allow_negative_numbers = true, default_value_t = 0)]
    pub chat: i64,
    /// It queues until so many have bet; 0 opens at once
    #[arg(long, value_name = "PLAYERS", default_value_t = 0)]
    pub min_players: u32,
    /// Seats; 0 is the default of room-svc
    #[arg(long, value_name = "PLAYERS", default_value_t = 0)]
    pub max_players: u32,
    #[command(flatten)]
    pub key: Key,
}

/// What a room asks.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoomKind {
    Touch,
    Close,
    UpDown,
    CapTouch,
    CapClose,
    Buckets,
    HeadToHead,
    Custom,
}

impl From<RoomKind> for Kind {
    fn from(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Touch => Self::Touch,
            RoomKind::Close => Self::Close,
            RoomKind::UpDown => Self::UpDown,
            RoomKind::CapTouch => Self::CapTouch,
            RoomKind::CapClose => Self::CapClose,
            RoomKind::Buckets => Self::Buckets,
            RoomKind::HeadToHead => Self::HeadToHead,
            RoomKind::Custom => Self::Custom,
        }
    }
}

/// A side of a target.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Side {
    AtOrAbove,
    AtOrBelow,
}

impl From<Side> for Comparator {
    fn from(side: Side) -> Self {
        match side {
            Side::AtOrAbove => Self::AtOrAbove,
            Side::AtOrBelow => Self::AtOrBelow,
        }
    }
}

/// Disputes of players.
#[derive(Debug, Subcommand)]
pub enum Disputes {
    /// List disputes, newest first
    List {
        /// Only disputes in this state
        #[arg(long, value_name = "STATE")]
        state: Option<Stand>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Judge all disputes of a room: the result stands, or every losing stake is repaid. Two operators have to
    Judge {
        /// Number or id
        room: RoomKey,
        /// What becomes of them
        judgement: Judgement,
        /// Why; the players read it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        key: Key,
    },
}

/// What becomes of disputes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Judgement {
    /// The result stands
    Uphold,
    /// Losing stakes are repaid out of operators' capital; winners keep theirs
    Refund,
}

impl From<Judgement> for proto::settlement::Judgement {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Uphold => Self::Uphold,
            Judgement::Refund => Self::Refund,
        }
    }
}

/// How far a dispute has come.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Stand {
    Open,
    Upheld,
    Refunding,
    AwaitingFunds,
    Refunded,
}

impl From<Stand> for DisputeState {
    fn from(stand: Stand) -> Self {
        match stand {
            Stand::Open => Self::Open,
            Stand::Upheld => Self::Upheld,
            Stand::Refunding => Self::Refunding,
            Stand::AwaitingFunds => Self::AwaitingFunds,
            Stand::Refunded => Self::Refunded,
        }
    }
}

fn horizon(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "not a time as 90s, 15m, 24h or 30d";
    let unit = text.chars().next_back().ok_or(WRONG)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(WRONG),
    };
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or(WRONG)?;
    let seconds = number.checked_mul(seconds).filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds));
    seconds.map(Duration::from_secs).ok_or(WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_has_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000)] {
            assert_eq!(horizon(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "15", "m", "-1h", "1.5h", "0s", "99999999d", "15µ"] {
            assert!(horizon(wrong).is_err(), "{wrong}");
        }
    }
}
