//! What the tracker speaks of: wallets, markets, amounts in USD; and how people write them.

use super::{Asset, CreateDraft, Kind};
use proto::oracle::ActivityKind;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest name that somebody gives a wallet, in characters.
pub const ALIAS: usize = 40;

/// A room is open so long at most, in seconds.
const LONGEST_ROOM: i64 = 86_400;
/// Less is no room.
const SHORTEST_ROOM: i64 = 900;

macro_rules! hex_ids {
    ($($(#[$doc:meta])* $name:ident: $bytes:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Names what exists already.
            #[must_use]
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Reads `0x` and its digits, in any letter case.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(digits, &mut bytes).ok()?;
                Some(Self(bytes))
            }
        }

        /// As the contract writes it: in lower case.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "0x{}", hex::encode(self.0))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = proto::Malformed;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or(proto::Malformed(concat!("not a ", stringify!($name))))
            }
        }
    )*};
}

hex_ids! {
    /// A wallet at Polymarket.
    EvmAddress: 20;
    /// A market of Polymarket.
    ConditionId: 32;
}

impl EvmAddress {
    /// A wallet as people name it: `0x…` in any letter case, or the address of its profile page.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let page = text.split(['?', '#']).next().unwrap_or_default();
        Self::parse(page.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    }

    /// For people: the first digits and the last.
    #[must_use]
    pub fn short(&self) -> String {
        let text = self.to_string();
        let (head, tail) = (text.get(..6).unwrap_or_default(), text.get(38..).unwrap_or_default());
        format!("{head}…{tail}")
    }
}

/// A price alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertId(Uuid);

impl AlertId {
    /// Names what exists already.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// As a UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// A wallet with the name that somebody gives it.
///
/// # Errors
/// No wallet, or a name that is too long.
pub fn named_wallet(text: &str) -> Result<(EvmAddress, String), NotNamed> {
    let (wallet, alias) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let wallet = EvmAddress::read(wallet).ok_or(NotNamed::Wallet)?;
    Ok((wallet, alias_of(alias).ok_or(NotNamed::TooLong)?))
}

/// Why a text names no wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNamed {
    /// It does not begin with a wallet.
    #[error("no wallet")]
    Wallet,
    /// Its name has more than [`ALIAS`] characters.
    #[error("a name that is too long")]
    TooLong,
}

/// The name of a wallet, blanks put in order; nothing if it is too long.
#[must_use]
pub fn alias_of(text: &str) -> Option<String> {
    super::typed::line(text, ALIAS)
}

/// A price per share as people type it: `0.65`, `65¢`, `65c`, `65 %`. Between 0 and 1, both excluded.
#[must_use]
pub fn share_price(text: &str) -> Option<Decimal> {
    let text = text.trim().trim_start_matches('$');
    let cents = text.strip_suffix(['¢', 'c', 'C', '%']);
    let number = cents.unwrap_or(text).trim_end();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || number.is_empty() || number.len() > 8 {
        return None;
    }
    let value: Decimal = number.parse().ok()?;
    // `65` can only be cents: a share costs less than a dollar.
    let price = if cents.is_some() || value > Decimal::ONE {
        value.checked_div(Decimal::ONE_HUNDRED)?
    } else {
        value
    };
    (price > Decimal::ZERO && price < Decimal::ONE).then(|| price.normalize())
}

/// What a wallet's history shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityFilter {
    /// Everything.
    All,
    /// Bought and sold.
    Trades,
    /// Paid out.
    Redeemed,
    /// Splits, merges, rewards.
    Other,
}

impl ActivityFilter {
    /// In the order of the buttons.
    pub const EACH: [Self; 4] = [Self::All, Self::Trades, Self::Redeemed, Self::Other];

    /// What is asked for; nothing is everything.
    #[must_use]
    pub const fn kinds(self) -> &'static [ActivityKind] {
        match self {
            Self::All => &[],
            Self::Trades => &[ActivityKind::Buy, ActivityKind::Sell],
            Self::Redeemed => &[ActivityKind::Redeem],
            Self::Other => &[ActivityKind::Split, ActivityKind::Merge, ActivityKind::Other],
        }
    }
}

/// The room that asks what a market asks: whether BTC, ETH or SOL reaches a price. Nothing for any other question.
#[must_use]
pub fn touch_of(question: &str) -> Option<(Asset, Decimal)> {
    let lower = question.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| letter.is_whitespace() || "?!,;:()".contains(letter))
        .filter(|word| !word.is_empty())
        .collect();
    let named = |names: &[&str]| words.iter().any(|word| names.contains(&word.trim_end_matches("'s")));
    let assets: Vec<Asset> = [
        (Asset::Btc, ["btc", "bitcoin"].as_slice()),
        (Asset::Eth, ["eth", "ether", "ethereum"].as_slice()),
        (Asset::Sol, ["sol", "solana"].as_slice()),
    ]
    .into_iter()
    .filter(|(_, names)| named(names))
    .map(|(asset, _)| asset)
    .collect();
    let reaches = named(&["reach", "reaches", "hit", "hits", "touch", "touches"])
        || lower.contains(" dip to ")
        || lower.contains(" drop to ")
        || lower.contains(" fall to ");
    // A comma may group thousands, so prices are looked for in the words as written.
    let prices: Vec<Decimal> = question
        .split_whitespace()
        .filter(|word| word.starts_with('$'))
        .map(|word| super::target(word.trim_end_matches(['?', '!', ',', ';', '.', ')'])))
        .collect::<Option<_>>()?;
    match (assets.as_slice(), prices.as_slice()) {
        ([asset], [price]) if reaches => Some((*asset, *price)),
        _ => None,
    }
}

impl CreateDraft {
    /// The draft with a TOUCH question filled in, for so long as the market still runs, a day at most.
    #[must_use]
    pub fn touching(self, asset: Asset, target: Decimal, left_seconds: Option<i64>) -> Self {
        let left = left_seconds.filter(|left| *left >= SHORTEST_ROOM).map(|left| left.min(LONGEST_ROOM));
        let horizon_seconds = left.and_then(|left| u32::try_from(left - left % 60).ok());
        Self { kind: Some(Kind::Touch), asset: Some(asset), target: Some(target), horizon_seconds, ..self }
            .onward()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CreateStep;
    use proptest::prelude::*;

    const WALLET: &str = "0x6a72f61820b26b1fe4d956e17b6dc2a1ea3033ee";

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn wallets_are_read_in_any_case_and_from_pages() {
        let wallet = EvmAddress::parse(WALLET).unwrap();
        let upper = format!("0X{}", WALLET[2..].to_uppercase());
        for text in [
            WALLET.to_owned(),
            upper,
            format!("https://polymarket.com/profile/{WALLET}"),
            format!("polymarket.com/profile/{WALLET}/?tab=positions#x"),
        ] {
            assert_eq!(EvmAddress::read(&text), Some(wallet), "{text}");
        }
        assert_eq!((wallet.to_string().as_str(), wallet.short().as_str()), (WALLET, "0x6a72…33ee"));
        for text in ["", "0x", "0x12", "https://polymarket.com/@whale", &WALLET[2..], &format!("{WALLET}0")] {
            assert_eq!(EvmAddress::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_wallet_may_have_a_name() {
        let wallet = EvmAddress::parse(WALLET).unwrap();
        assert_eq!(named_wallet(&format!(" {WALLET}  big  <fish> ")), Ok((wallet, "big <fish>".into())));
        assert_eq!(named_wallet(WALLET), Ok((wallet, String::new())));
        assert_eq!(named_wallet("fish"), Err(NotNamed::Wallet));
        let long = "x".repeat(ALIAS + 1);
        assert_eq!(named_wallet(&format!("{WALLET} {long}")), Err(NotNamed::TooLong));
        assert!(named_wallet(&format!("{WALLET} {}", "ж".repeat(ALIAS))).is_ok(), "characters, not bytes");
    }

    #[test]
    fn prices_of_shares_as_people_type_them() {
        for (text, price) in [
            ("0.65", "0.65"),
            ("65¢", "0.65"),
            ("65c", "0.65"),
            ("65 %", "0.65"),
            ("65", "0.65"),
            ("$0.5", "0.5"),
        ] {
            assert_eq!(share_price(text), Some(decimal(price)), "{text}");
        }
        for text in ["", "0", "1", "100", "100%", "-1", "abc", "1e-2", "¢"] {
            assert_eq!(share_price(text), None, "{text}");
        }
    }

    #[test]
    fn a_question_about_reaching_a_price_is_a_room() {
        for (question, room) in [
            ("Will Bitcoin reach $150,000 in November?", Some((Asset::Btc, "150000"))),
            ("Will Ethereum dip to $2,500 November 17-23?", Some((Asset::Eth, "2500"))),
            ("Will SOL hit $165.50?", Some((Asset::Sol, "165.5"))),
            ("Will Solana's price touch $1k by December 31?", Some((Asset::Sol, "1000"))),
            ("Will the price of Bitcoin be above $104,000 on November 24?", None),
            ("Will Bitcoin or Ethereum reach $5,000 first?", None),
            ("Will Bitcoin reach $100k or $150k first?", None),
            ("Will Bitcoin reach a new high?", None),
            ("Will MicroStrategy hit $500?", None),
            ("Who will win the election?", None),
        ] {
            let room = room.map(|(asset, price)| (asset, decimal(price)));
            assert_eq!(touch_of(question), room, "{question}");
        }
    }

    #[test]
    fn a_room_lasts_a_day_at_most() {
        let filled = |left| CreateDraft::default().touching(Asset::Btc, decimal("150000"), left);
        assert_eq!(
            (filled(Some(7_290)).step, filled(Some(7_290)).horizon_seconds),
            (CreateStep::Review, Some(7_260))
        );
        assert_eq!(filled(Some(30 * 86_400)).horizon_seconds, Some(86_400));
        assert_eq!(filled(Some(60)).step, CreateStep::Horizon, "nearly over");
        assert_eq!(filled(None).step, CreateStep::Horizon);
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = (named_wallet(&text), share_price(&text), touch_of(&text));
        }
    }
}
