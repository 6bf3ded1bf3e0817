//! What is priced, by whom, in which currency.

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

names! {
    /// An asset with a series.
    Asset {
        /// Bitcoin.
        Btc = "BTC",
        /// Ether.
        Eth = "ETH",
        /// Solana's coin.
        Sol = "SOL",
    }
}

names! {
    /// An exchange with its own order book. An aggregator is never one.
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
    }
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
