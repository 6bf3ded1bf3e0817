//! How each kind of notice is told: how urgent it is, and what turns it off.

use proto::notifier::{Category, Lane, notice::Kind};

/// How a notice is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How urgent it is.
    pub lane: Lane,
    /// What turns it off; a digest has none.
    pub category: Category,
}

impl Manner {
    /// How this kind is told.
    #[must_use]
    pub const fn of(kind: &Kind) -> Self {
        let (lane, category) = match kind {
            Kind::Withdrawal(_) | Kind::Security(_) => (Lane::Security, Category::Money),
            Kind::Deposit(_) | Kind::BetRefunded(_) => (Lane::Result, Category::Money),
            Kind::BetResult(_) | Kind::Dispute(_) | Kind::RoomSettled(_) => (Lane::Result, Category::Room),
            Kind::Wallet(_) => (Lane::Tracker, Category::Tracker),
            Kind::PriceAlert(_) => (Lane::Tracker, Category::Price),
            Kind::LargeTrade(_) => (Lane::Whale, Category::Whale),
            Kind::Signal(_) => (Lane::Whale, Category::Consensus),
            Kind::Digest(_) => (Lane::Digest, Category::Unspecified),
            Kind::Broadcast(_) => (Lane::Broadcast, Category::System),
        };
        Self { lane, category }
    }

    /// What arrives in quiet hours too, without a sound: money and one's own results.
    #[must_use]
    pub const fn passes_quiet_hours(self) -> bool {
        matches!(self.lane, Lane::Security | Lane::Result)
    }

    /// What several of can be told in one message.
    #[must_use]
    pub const fn is_digestible(self) -> bool {
        !matches!(self.category, Category::Unspecified | Category::Money | Category::System)
    }
}
