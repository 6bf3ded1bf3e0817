//! Aggregators: their prices are made of venues' and come by HTTP. They never vote; what they say is held against our
//! price.

use super::WireError;
use crate::domain::Opinion;
use std::time::Duration;

/// An aggregator's wire format. Everything here is a pure function of what it sent.
pub trait Aggregator: Send + Sync {
    /// Which.
    fn id(&self) -> AggregatorId;

    /// What to ask for every asset with a series of its own; `base` is the aggregator's address or that of a stand-in.
    fn url(&self, base: &str) -> String;

    /// The header that carries the key, with what stands before it.
    fn key_header(&self, base: &str) -> (&'static str, &'static str);

    /// Reads an answer. Unknown fields are fine, wrong ones are not.
    ///
    /// # Errors
    /// An answer that does not hold what it has to, or no price at all.
    fn read(&self, body: &[u8]) -> Result<Vec<Opinion>, WireError>;
}

/// The aggregators that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AggregatorId {
    /// <https://docs.coingecko.com/reference/simple-price>
    CoinGecko,
    /// <https://developers.coindesk.com/documentation/legacy/Price/multipleSymbolsFullPriceEndpoint>
    CryptoCompare,
    /// <https://hermes.pyth.network/docs>
    Hermes,
}

impl AggregatorId {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CoinGecko, Self::CryptoCompare, Self::Hermes];

    /// Its name in health, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoinGecko => "coingecko",
            Self::CryptoCompare => "cryptocompare",
            Self::Hermes => "hermes",
        }
    }

    /// The lease of whoever asks it.
    pub(crate) const fn lease(self) -> &'static str {
        match self {
            Self::CoinGecko => "oracle.sanity.coingecko",
            Self::CryptoCompare => "oracle.sanity.cryptocompare",
            Self::Hermes => "oracle.sanity.hermes",
        }
    }

    /// Its public address.
    #[must_use]
    pub const fn address(self) -> &'static str {
        match self {
            Self::CoinGecko => "https://api.coingecko.com/api/v3",
            Self::CryptoCompare => "https://min-api.cryptocompare.com",
            Self::Hermes => "https://hermes.pyth.network",
        }
    }

    /// Between two questions within what its free or smallest plan allows, all replicas together. CoinGecko: 10,000 a
    /// month. CryptoCompare: it publishes no limit of its plans any more, so little. Hermes: 30 in 10 s.
    #[must_use]
    pub const fn pace(self) -> Duration {
        match self {
            Self::CoinGecko => Duration::from_secs(300),
            Self::CryptoCompare => Duration::from_secs(60),
            Self::Hermes => Duration::from_secs(10),
        }
    }

    /// Its wire format.
    #[must_use]
    pub fn format(self) -> Box<dyn Aggregator> {
        match self {
            Self::CoinGecko => Box::new(super::CoinGecko),
            Self::CryptoCompare => Box::new(super::CryptoCompare),
            Self::Hermes => Box::new(super::Hermes),
        }
    }
}

/// At least one price, or the answer was none.
pub(super) fn some(opinions: Vec<Opinion>) -> Result<Vec<Opinion>, WireError> {
    if opinions.is_empty() {
        Err(WireError::Refused("no price of any asset".to_owned()))
    } else {
        Ok(opinions)
    }
}
