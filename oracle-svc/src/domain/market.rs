//! What is priced, by whom, in which currency.

use super::mint::Mint;
use std::fmt;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$item])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in messages, settings and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

/// An asset with a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// Bitcoin.
    Btc,
    /// Ether.
    Eth,
    /// Solana's coin.
    Sol,
    /// A token on Solana.
    Token(Mint),
}

impl Asset {
    /// Those that exchanges trade; their series never end. A token has one while a room asks for it.
    pub const MAJORS: &'static [Self] = &[Self::Btc, Self::Eth, Self::Sol];

    /// Its name in messages and storage: a token's is its mint in base58.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Token(mint) => mint.as_str(),
            major => major.label(),
        }
    }

    /// Its name in metrics: all tokens share one, for anybody may ask for any of them.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Btc => "BTC",
            Self::Eth => "ETH",
            Self::Sol => "SOL",
            Self::Token(_) => "token",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let major = Self::MAJORS.iter().copied().find(|major| major.label() == name);
        major.or_else(|| Mint::parse(name).map(Self::Token))
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

names! {
    /// Who says a price.
    VenueId {
        /// Binance spot, quoted in USDT.
        Binance = "binance",
        /// Bitstamp, quoted in USD.
        Bitstamp = "bitstamp",
        /// Coinbase, quoted in USD.
        Coinbase = "coinbase",
        /// Kraken, quoted in USD.
        Kraken = "kraken",
        /// OKX spot, quoted in USDT.
        Okx = "okx",
        /// A token's accounts on chain, read through the first RPC endpoint.
        Chain1 = "chain-1",
        /// The same, read through the second endpoint.
        Chain2 = "chain-2",
        /// The same, read through a third endpoint, if there is one.
        Chain3 = "chain-3",
        /// DexScreener's listing of a token's pairs, quoted in USD. Confirms what the chain says and is no price itself.
        DexScreener = "dexscreener",
    }
}

impl VenueId {
    /// Those with an order book of their own, whose median is the price of a major. An aggregator is never one.
    pub const EXCHANGES: &'static [Self] =
        &[Self::Binance, Self::Bitstamp, Self::Coinbase, Self::Kraken, Self::Okx];

    /// The RPC endpoints through which a token's accounts are read, in the order of their setting.
    pub const CHAIN: [Self; 3] = [Self::Chain1, Self::Chain2, Self::Chain3];
}

/// What a venue's price is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// United States dollar.
    Usd,
    /// Tether's token: near a dollar, never assumed to be one.
    Usdt,
}

/// What a venue trades against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pair {
    /// An asset in a currency.
    Asset(Asset, Currency),
    /// USDT in USD: the rate that corrects quotes in USDT.
    UsdtUsd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_again_by_their_names() {
        let token = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump";
        for name in ["BTC", "ETH", "SOL", token] {
            assert_eq!(Asset::from_name(name).unwrap().to_string(), name);
        }
        assert_eq!(Asset::from_name(token).unwrap().label(), "token");
        for unknown in ["", "DOGE", "sol", "token", "USDT"] {
            assert_eq!(Asset::from_name(unknown), None, "{unknown}");
        }
    }
}
