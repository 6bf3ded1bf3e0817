//! Which venues and assets exist, and how each venue names and rounds them.

use std::{fmt, str::FromStr, time::Duration};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What is traded. `Usdt` is the dollar token in which Binance and OKX quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Asset {
    /// Solana.
    Sol,
    /// Bitcoin.
    Btc,
    /// Ether.
    Eth,
    /// Tether's dollar; worth exactly 1 until someone moves it.
    Usdt,
}

impl Asset {
    /// All of them, in the order in which they are listed and published.
    pub const ALL: [Asset; 4] = [Asset::Sol, Asset::Btc, Asset::Eth, Asset::Usdt];

    /// The ticker, `SOL` for example.
    #[must_use]
    pub const fn ticker(self) -> &'static str {
        match self {
            Asset::Sol => "SOL",
            Asset::Btc => "BTC",
            Asset::Eth => "ETH",
            Asset::Usdt => "USDT",
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ticker())
    }
}

/// A name that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is unknown; known are {known}")]
pub struct Unknown {
    given: String,
    known: String,
}

impl FromStr for Asset {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        by_name(Asset::ALL, text)
    }
}

/// A simulated exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Venue {
    /// Binance spot market streams.
    Binance,
    /// Coinbase Advanced Trade market data.
    Coinbase,
    /// Kraken spot WebSocket v2.
    Kraken,
    /// OKX v5 public channels.
    Okx,
    /// Bitstamp WebSocket v2.
    Bitstamp,
}

impl Venue {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Venue; 5] = [Venue::Binance, Venue::Coinbase, Venue::Kraken, Venue::Okx, Venue::Bitstamp];

    /// The name in URLs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Venue::Binance => "binance",
            Venue::Coinbase => "coinbase",
            Venue::Kraken => "kraken",
            Venue::Okx => "okx",
            Venue::Bitstamp => "bitstamp",
        }
    }

    /// The path of the real endpoint behind host and port. Binance: the combined streams; `/ws` works too.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Venue::Binance => "/stream",
            Venue::Coinbase | Venue::Bitstamp => "/",
            Venue::Kraken => "/v2",
            Venue::Okx => "/ws/v5/public",
        }
    }

    /// What the venue trades against its dollar.
    #[must_use]
    pub const fn assets(self) -> &'static [Asset] {
        match self {
            Venue::Coinbase | Venue::Kraken | Venue::Bitstamp => &Asset::ALL,
            Venue::Binance | Venue::Okx => &[Asset::Sol, Asset::Btc, Asset::Eth],
        }
    }

    /// The venue's own name of the pair.
    #[must_use]
    pub fn symbol(self, asset: Asset) -> String {
        let ticker = asset.ticker();
        match self {
            Venue::Binance => format!("{ticker}USDT"),
            Venue::Coinbase => format!("{ticker}-USD"),
            Venue::Kraken => format!("{ticker}/USD"),
            Venue::Okx => format!("{ticker}-USDT"),
            Venue::Bitstamp => format!("{}usd", ticker.to_lowercase()),
        }
    }

    /// The asset that the venue calls `symbol`, if it trades it.
    pub(super) fn asset(self, symbol: &str) -> Option<Asset> {
        self.assets().iter().copied().find(|asset| self.symbol(*asset) == symbol)
    }

    /// Whether the venue's dollar is USDT.
    pub(super) const fn quotes_in_usdt(self) -> bool {
        matches!(self, Venue::Binance | Venue::Okx)
    }

    /// Whether a client can see that a message was lost: Coinbase numbers its messages, Binance its trades.
    #[must_use]
    pub const fn numbers_messages(self) -> bool {
        matches!(self, Venue::Binance | Venue::Coinbase)
    }

    /// Time between two quotes of one asset.
    pub(super) const fn period(self) -> Duration {
        Duration::from_millis(match self {
            Venue::Binance => 100,
            Venue::Okx => 120,
            Venue::Coinbase => 130,
            Venue::Kraken => 150,
            Venue::Bitstamp => 180,
        })
    }

    /// How many steps of the walk the venue is behind.
    pub(super) const fn lag(self) -> usize {
        match self {
            Venue::Binance => 0,
            Venue::Coinbase | Venue::Okx => 1,
            Venue::Kraken => 2,
            Venue::Bitstamp => 3,
        }
    }

    /// Decimals of a price.
    pub(super) const fn decimals(self, asset: Asset) -> u32 {
        match (self, asset) {
            (_, Asset::Usdt) => 5,
            (Venue::Kraken | Venue::Okx, Asset::Btc) => 1,
            _ => 2,
        }
    }

    /// Distance of bid and ask from the middle, in units of the last decimal.
    pub(super) const fn half_spread(self) -> i64 {
        match self {
            Venue::Binance | Venue::Okx => 1,
            Venue::Coinbase => 2,
            Venue::Kraken => 3,
            Venue::Bitstamp => 4,
        }
    }

    /// How far the venue strays from the market when it is its turn, in hundredths of a basis point; at
    /// least one unit of the last decimal.
    pub(super) const fn stray(self) -> i64 {
        match self {
            Venue::Binance => 30,
            Venue::Okx => 40,
            Venue::Coinbase => 50,
            Venue::Kraken => 60,
            Venue::Bitstamp => 80,
        }
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Venue {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        by_name(Venue::ALL, text)
    }
}

fn by_name<T: Copy + fmt::Display, const N: usize>(all: [T; N], text: &str) -> Result<T, Unknown> {
    all.into_iter()
        .find(|item| item.to_string().eq_ignore_ascii_case(text))
        .ok_or_else(|| Unknown { given: text.to_owned(), known: all.map(|item| item.to_string()).join(", ") })
}

/// One value for each asset.
#[derive(Clone, Copy, Debug)]
pub struct PerAsset<T> {
    /// Of Solana.
    pub sol: T,
    /// Of Bitcoin.
    pub btc: T,
    /// Of Ether.
    pub eth: T,
    /// Of Tether's dollar.
    pub usdt: T,
}

impl<T> PerAsset<T> {
    /// The value of one asset.
    pub const fn get(&self, asset: Asset) -> &T {
        match asset {
            Asset::Sol => &self.sol,
            Asset::Btc => &self.btc,
            Asset::Eth => &self.eth,
            Asset::Usdt => &self.usdt,
        }
    }

    /// The value of one asset, to be changed.
    pub const fn get_mut(&mut self, asset: Asset) -> &mut T {
        match asset {
            Asset::Sol => &mut self.sol,
            Asset::Btc => &mut self.btc,
            Asset::Eth => &mut self.eth,
            Asset::Usdt => &mut self.usdt,
        }
    }

    /// One value for each asset, made by `make`.
    pub fn from_fn(mut make: impl FnMut(Asset) -> T) -> Self {
        PerAsset {
            sol: make(Asset::Sol),
            btc: make(Asset::Btc),
            eth: make(Asset::Eth),
            usdt: make(Asset::Usdt),
        }
    }
}

/// One value for each venue.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerVenue<T> {
    /// Of Binance.
    pub binance: T,
    /// Of Coinbase.
    pub coinbase: T,
    /// Of Kraken.
    pub kraken: T,
    /// Of OKX.
    pub okx: T,
    /// Of Bitstamp.
    pub bitstamp: T,
}

impl<T> PerVenue<T> {
    /// The value of one venue.
    pub const fn get(&self, venue: Venue) -> &T {
        match venue {
            Venue::Binance => &self.binance,
            Venue::Coinbase => &self.coinbase,
            Venue::Kraken => &self.kraken,
            Venue::Okx => &self.okx,
            Venue::Bitstamp => &self.bitstamp,
        }
    }

    /// One value for each venue, made by `make`.
    pub fn from_fn(mut make: impl FnMut(Venue) -> T) -> Self {
        PerVenue {
            binance: make(Venue::Binance),
            coinbase: make(Venue::Coinbase),
            kraken: make(Venue::Kraken),
            okx: make(Venue::Okx),
            bitstamp: make(Venue::Bitstamp),
        }
    }
}

/// What is wrong with a venue at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection lives, heartbeats go on, but no new quote comes.
    Stale,
    /// SOL, BTC and ETH are off by this many per cent. USDT/USD stays right, so that the venue is alone in
    /// being wrong.
    Wrong {
        /// Per cent added to the price; negative takes away.
        percent: Decimal,
    },
    /// Connections are accepted and stay open, but not a byte comes: no quote, no heartbeat, no pong.
    Silent,
    /// Connections are closed and new ones refused.
    Down,
    /// The venue's clock is off.
    Clock {
        /// Seconds added to every timestamp of the venue; negative is the past.
        seconds: i64,
    },
    /// Every tenth message with quotes is lost after it was numbered.
    Gap,
}

impl Fault {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::None => "none",
            Fault::Stale => "stale",
            Fault::Wrong { .. } => "wrong",
            Fault::Silent => "silent",
            Fault::Down => "down",
            Fault::Clock { .. } => "clock",
            Fault::Gap => "gap",
        }
    }
}
