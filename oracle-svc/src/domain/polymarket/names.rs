//! What names a wallet, and what names a market.

use std::fmt;

/// The address of a wallet: `0x` and 40 hexadecimal digits, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// Reads it in any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hexadecimal(text, 40..=40).map(Self)
    }

    /// As it is written everywhere.
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

/// What the chain calls a market: `0x` and 64 hexadecimal digits, in lower case. Combined markets have 62.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionId(String);

impl ConditionId {
    /// Reads it in any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hexadecimal(text, 62..=64).map(Self)
    }

    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hexadecimal(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("0x")?;
    let good = digits.contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then_some(lower)
}

/// A market as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketName {
    /// What the chain calls it.
    pub condition: ConditionId,
    /// The question.
    pub question: String,
    /// The last part of its page's address.
    pub slug: String,
    /// The part before it: the event that the market belongs to.
    pub event_slug: String,
}

/// What a market is asked for by: its condition id, its slug, or the address of its page or of its event's page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MarketQuery {
    /// By what the chain calls it.
    Condition(ConditionId),
    /// By the last part of its page's address.
    Slug(String),
    /// By its event alone: the first market of it.
    Event(String),
}

impl MarketQuery {
    /// Reads it; nothing for what can name no market.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(condition) = ConditionId::parse(text) {
            return Some(Self::Condition(condition));
        }
        let Some((_, page)) = text.split_once("polymarket.com/") else { return slug(text).map(Self::Slug) };
        let path = page.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // A page may begin with a language: /es/event/….
        let after = |word| parts.iter().position(|part| *part == word).map(|at| at + 1);
        if let Some(at) = after("event") {
            return match (parts.get(at), parts.get(at + 1)) {
                (_, Some(market)) => slug(market).map(Self::Slug),
                (Some(event), None) => slug(event).map(Self::Event),
                (None, None) => None,
            };
        }
        after("market").and_then(|at| parts.get(at)).and_then(|market| slug(market)).map(Self::Slug)
    }
}

fn slug(text: &str) -> Option<String> {
    let good = (1..=200).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    good.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address_in_any_letter_case() {
        let lower = "0x56687bf447db6ffa42ffe2204a05edaa20f55839";
        let mixed = "0X56687BF447DB6ffA42ffe2204a05edaa20f55839";
        assert_eq!(Address::parse(mixed).unwrap().as_str(), lower);
        for wrong in [
            "",
            "0x",
            "56687bf447db6ffa42ffe2204a05edaa20f55839",
            &lower[..41],
            "So11111111111111111111111111111111111111112",
        ] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_market_is_found_by_id_slug_and_page() {
        let id = format!("0x{}", "aB".repeat(32));
        assert_eq!(MarketQuery::parse(&id), ConditionId::parse(&id).map(MarketQuery::Condition));
        let slug = |text: &str| Some(MarketQuery::Slug(text.to_owned()));
        assert_eq!(MarketQuery::parse(" btc-100k "), slug("btc-100k"));
        assert_eq!(MarketQuery::parse("https://polymarket.com/event/btc/btc-100k?tid=1"), slug("btc-100k"));
        assert_eq!(MarketQuery::parse("https://polymarket.com/es/event/btc/btc-100k"), slug("btc-100k"));
        assert_eq!(MarketQuery::parse("polymarket.com/market/btc-100k"), slug("btc-100k"));
        assert_eq!(
            MarketQuery::parse("https://polymarket.com/event/btc#x"),
            Some(MarketQuery::Event("btc".to_owned()))
        );
        for wrong in
            ["", "a b", "../../x", "https://polymarket.com/event/", "https://polymarket.com/@name", "ü"]
        {
            assert_eq!(MarketQuery::parse(wrong), None, "{wrong}");
        }
    }
}
