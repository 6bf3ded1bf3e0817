//! What people watch at Polymarket: which words name a wallet or a price, and how much a change weighs.

use proto::{
    Malformed, Refusal,
    common::RefusalCode,
    decimal,
    notifier::PriceAlert,
    oracle::{MarketRef, WalletChange, WalletChangeKind},
};
use rust_decimal::Decimal;
use std::fmt;

/// Longest name that an account gives a wallet, in characters.
const ALIAS_MAX: usize = 40;

/// Longest name of an outcome and longest question of a market that is kept, in characters.
const OUTCOME_MAX: usize = 200;
const QUESTION_MAX: usize = 1_000;

/// A wallet at Polymarket: `0x` and 40 hexadecimal digits in lower case, so that one wallet has one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// Reads one of a message.
    ///
    /// # Errors
    /// It is written differently; the gateway writes addresses in lower case.
    pub fn try_new(text: &str) -> Result<Self, Malformed> {
        if is_hex(text, 40) { Ok(Self(text.to_owned())) } else { Err(Malformed("address")) }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is `0x` and so many hexadecimal digits in lower case.
fn is_hex(text: &str, digits: usize) -> bool {
    text.strip_prefix("0x").is_some_and(|rest| {
        rest.len() == digits && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// What somebody calls a wallet, without the spaces around it; empty for no name.
///
/// # Errors
/// `MALFORMED`: longer than 40 characters, or not on one line.
pub fn alias(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.chars().count() > ALIAS_MAX || text.chars().any(char::is_control) {
        return Err(malformed("alias"));
    }
    Ok(text)
}

/// The refusal of a field that is out of its range.
#[must_use]
pub fn malformed(field: &str) -> Refusal {
    Refusal::new(RefusalCode::Malformed).with("field", field)
}

/// How much a change weighs when it is held against the thresholds of whoever tracks the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its value in USD.
    pub usd: Decimal,
    /// The value of the wallet's positions in USD, where it is known.
    pub portfolio: Option<Decimal>,
}

/// Weighs a change by what was paid. Of a decided market that would be nothing for everybody who was wrong, so there it is what
/// the shares would have paid had they won.
///
/// # Errors
/// A message that breaks its contract.
pub fn weigh(change: &WalletChange) -> Result<Weight, Malformed> {
    let usd = match change.kind() {
        WalletChangeKind::Unspecified => return Err(Malformed("change of no kind")),
        WalletChangeKind::Resolved => &change.shares,
        _ => &change.usd,
    };
    Ok(Weight { usd: decimal(usd)?, portfolio: known(&change.portfolio_usd)? })
}

/// A decimal that may be unknown.
///
/// # Errors
/// Neither empty nor a decimal.
pub fn known(text: &str) -> Result<Option<Decimal>, Malformed> {
    if text.is_empty() { Ok(None) } else { decimal(text).map(Some) }
}

/// Checks what a price alert asks for.
///
/// # Errors
/// `MALFORMED` with the field.
pub fn price_alert(alert: &PriceAlert) -> Result<&MarketRef, Refusal> {
    let market = alert.market.as_ref().ok_or_else(|| malformed("market"))?;
    if !is_hex(&market.condition_id, 64) || market.question.chars().count() > QUESTION_MAX {
        return Err(malformed("market"));
    }
    let token = &alert.token_id;
    if token.is_empty() || token.len() > 78 || !token.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("token_id"));
    }
    if alert.outcome.is_empty() || alert.outcome.chars().count() > OUTCOME_MAX {
        return Err(malformed("outcome"));
    }
    let price = decimal(&alert.price).map_err(|_| malformed("price"))?;
    if price <= Decimal::ZERO || price >= Decimal::ONE {
        return Err(malformed("price"));
    }
    Ok(market)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0x56687bf447db6ffa42ffe2204a05edaa20f55839";

    #[test]
    fn p8_an_address_has_one_spelling() {
        assert_eq!(Address::try_new(ADDRESS).unwrap().as_str(), ADDRESS);
        for wrong in [
            "",
            "0x",
            "0x56687BF447db6ffa42ffe2204a05edaa20f55839",
            "0X56687bf447db6ffa42ffe2204a05edaa20f55839",
            "56687bf447db6ffa42ffe2204a05edaa20f55839",
            "0x56687bf447db6ffa42ffe2204a05edaa20f5583",
            "0x56687bf447db6ffa42ffe2204a05edaa20f558390",
            "0x56687bf447db6ffa42ffe2204a05edaa20f5583g",
            "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS",
        ] {
            assert!(Address::try_new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn p10_a_name_has_a_length_and_one_line() {
        let forty = "ы".repeat(40);
        assert_eq!(alias(&format!("  {forty} ")), Ok(forty.as_str()));
        assert_eq!(alias(" "), Ok(""));
        for wrong in [format!("{forty}ы"), "a\nb".to_owned(), "a\u{0}b".to_owned()] {
            assert_eq!(alias(&wrong), Err(malformed("alias")), "{wrong:?}");
        }
    }

    fn change(kind: WalletChangeKind, usd: &str, portfolio: &str) -> WalletChange {
        WalletChange {
            kind: kind.into(),
            shares: "1000".into(),
            usd: usd.into(),
            portfolio_usd: portfolio.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_change_weighs_what_was_paid_and_a_lost_one_what_it_would_have_paid() {
        let weight = |usd: i64, portfolio: Option<i64>| Weight {
            usd: Decimal::from(usd),
            portfolio: portfolio.map(Decimal::from),
        };
        let opened = change(WalletChangeKind::Opened, "250", "9000");
        assert_eq!(weigh(&opened), Ok(weight(250, Some(9_000))));
        let unknown = change(WalletChangeKind::Closed, "250", "");
        assert_eq!(weigh(&unknown), Ok(weight(250, None)), "unknown is not nothing");
        let lost = change(WalletChangeKind::Resolved, "0", "0");
        assert_eq!(weigh(&lost), Ok(weight(1_000, Some(0))));
        assert!(weigh(&change(WalletChangeKind::Unspecified, "1", "")).is_err());
        assert!(weigh(&change(WalletChangeKind::Bought, "", "")).is_err());
        assert!(weigh(&change(WalletChangeKind::Bought, "1", "much")).is_err());
    }

    #[test]
    fn a_price_alert_names_a_price_that_can_be_reached() {
        let alert = |change: fn(&mut PriceAlert)| {
            let market = MarketRef { condition_id: format!("0x{}", "a".repeat(64)), ..Default::default() };
            let mut alert = PriceAlert {
                market: Some(market),
                outcome: "Yes".into(),
                token_id: "7132104567".into(),
                price: "0.6".into(),
                ..Default::default()
            };
            change(&mut alert);
            price_alert(&alert).map(|market| market.condition_id.len())
        };
        assert_eq!(alert(|_| ()), Ok(66));
        assert_eq!(alert(|a| a.market = None), Err(malformed("market")));
        assert_eq!(alert(|a| a.market.as_mut().unwrap().condition_id.push('0')), Err(malformed("market")));
        assert_eq!(alert(|a| a.token_id = "0x1".into()), Err(malformed("token_id")));
        assert_eq!(alert(|a| a.outcome.clear()), Err(malformed("outcome")));
        for price in ["", "0", "1", "1.2", "-0.1", "half"] {
            let market = MarketRef { condition_id: format!("0x{}", "a".repeat(64)), ..Default::default() };
            let alert = PriceAlert {
                market: Some(market),
                outcome: "Yes".into(),
                token_id: "1".into(),
                price: price.into(),
                ..Default::default()
            };
            assert_eq!(price_alert(&alert), Err(malformed("price")), "{price}");
        }
    }
}
