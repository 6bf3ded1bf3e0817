//! Pure decisions about Polymarket: which rows of its feeds are one order, what an order did to a position, when a market
//! is decided.

mod activity;
mod book;
mod market;
mod names;
mod order;
mod position;
#[cfg(test)]
pub(crate) mod testing;
mod wallet;

use rust_decimal::Decimal;

pub use activity::{Activity, ActivityKind, Position};
pub use book::{Book, Level};
pub use market::{Decision, Market, MarketOutcome};
pub use names::{Address, ConditionId, MarketName, MarketQuery};
pub(crate) use order::id;
pub use order::{DUST, Order, OrderKey, Seen, Trade, Walk};
pub use position::{Effect, Held, apply, before};
pub use wallet::{Change, Findings, Look, Stored, Told, Wallet, look, tell};

/// A sum of what others say, which must not bring anybody down.
pub(crate) fn total(amounts: impl IntoIterator<Item = Decimal>) -> Decimal {
    amounts.into_iter().fold(Decimal::ZERO, Decimal::saturating_add)
}
