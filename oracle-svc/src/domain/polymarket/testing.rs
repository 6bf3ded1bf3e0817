//! Values for tests.

use super::{Address, ConditionId, MarketName, OrderKey, Trade};
use rust_decimal::Decimal;
use time::OffsetDateTime;

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn wallet(number: u8) -> Address {
    Address::parse(&format!("0x{number:040x}")).unwrap()
}

pub(crate) fn market() -> MarketName {
    MarketName {
        condition: ConditionId::parse(&format!("0x{:064x}", 7)).unwrap(),
        question: "Will it rain?".to_owned(),
        slug: "rain".to_owned(),
        event_slug: "weather".to_owned(),
    }
}

pub(crate) fn trade(transaction: &str, sell: bool, shares: &str, price: &str) -> Trade {
    let key =
        OrderKey { address: wallet(1), transaction: transaction.to_owned(), token: "11".to_owned(), sell };
    Trade {
        key,
        market: market(),
        outcome: "Yes".to_owned(),
        name: String::new(),
        shares: dec(shares),
        price: dec(price),
        at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
    }
}
