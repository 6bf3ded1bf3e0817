//! What a wallet did and holds, as Polymarket tells it.

use super::{Address, MarketName, OrderKey, Trade, order};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

/// Kinds of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityKind {
    /// Bought shares.
    Buy,
    /// Sold shares.
    Sell,
    /// Turned shares of a decided market into money.
    Redeem,
    /// Turned money into shares of every outcome.
    Split,
    /// Turned shares of every outcome into money.
    Merge,
    /// Rewards, rebates, conversions, transfers.
    Other,
}

/// One thing that a wallet did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// What it was.
    pub kind: ActivityKind,
    /// Whose.
    pub address: Address,
    /// The chain's transaction.
    pub transaction: String,
    /// The market, where it was about one.
    pub market: Option<MarketName>,
    /// The name of the outcome; empty where it was about all of them.
    pub outcome: String,
    /// Its token; empty likewise.
    pub token: String,
    /// So many.
    pub shares: Option<Decimal>,
    /// USD per share of a trade.
    pub price: Option<Decimal>,
    /// Paid or received.
    pub usd: Option<Decimal>,
    /// By the chain's block.
    pub at: OffsetDateTime,
}

impl Activity {
    /// As a row of a feed of trades, if it is a trade.
    #[must_use]
    pub fn trade(&self) -> Option<Trade> {
        let sell = match self.kind {
            ActivityKind::Buy => false,
            ActivityKind::Sell => true,
            _ => return None,
        };
        let key = OrderKey {
            address: self.address.clone(),
            transaction: self.transaction.clone(),
            token: self.token.clone(),
            sell,
        };
        Some(Trade {
            key,
            market: self.market.clone()?,
            outcome: self.outcome.clone(),
            name: String::new(),
            shares: self.shares.filter(|shares| *shares > Decimal::ZERO)?,
            price: self.price?,
            at: self.at,
        })
    }

    /// The id of a redemption, the same however often it is found; nothing for anything else.
    #[must_use]
    pub fn redemption(&self) -> Option<Uuid> {
        let market = self.market.as_ref().filter(|_| self.kind == ActivityKind::Redeem)?;
        Some(order::id(&[
            "redemption",
            self.address.as_str(),
            &self.transaction,
            market.condition.as_str(),
            &self.token,
        ]))
    }
}

/// What a wallet holds of one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The market.
    pub market: MarketName,
    /// The name of the outcome.
    pub outcome: String,
    /// Its token.
    pub token: String,
    /// Held.
    pub shares: Decimal,
    /// USD per share that it was bought for.
    pub average_price: Option<Decimal>,
    /// USD per share now.
    pub price: Option<Decimal>,
    /// USD now.
    pub value: Decimal,
    /// USD paid for it.
    pub cost: Option<Decimal>,
    /// USD gained since, if it were sold now.
    pub unrealized: Option<Decimal>,
    /// USD gained by what was sold of it.
    pub realized: Option<Decimal>,
    /// The market is decided.
    pub decided: bool,
    /// The market is decided and this outcome won.
    pub redeemable: bool,
    /// The public name of the wallet; empty for none.
    pub owner: String,
}
