//! What can be set about Polymarket.

use chassis::{
    choice,
    settings::{Endpoint, Invalid, Network, Reader, Value},
};
use rust_decimal::Decimal;
use std::time::Duration;

choice! {
    /// What a process of this service does.
    pub enum Role {
        /// Prices and resolutions of rooms.
        Prices = "prices",
        /// Polymarket's feeds.
        Polymarket = "polymarket",
    }
}

/// Where Polymarket is, and how closely it is watched.
#[derive(Clone, Debug)]
pub struct PolymarketSettings {
    /// The Data API: trades, activity, positions.
    pub data: Endpoint,
    /// Gamma: markets.
    pub gamma: Endpoint,
    /// The order books.
    pub clob: Endpoint,
    /// The market channel of the order books' WebSocket.
    pub socket: Endpoint,
    /// A trade of at least so many USD is told whoever made it.
    pub floor_usd: Decimal,
    /// Time between two looks at the feed of all trades.
    pub poll: Duration,
    /// Pages of the feed that one walk reads at most, of 1,000 rows each.
    pub pages: usize,
    /// Time between two looks at a followed wallet's own activity and positions.
    pub reconcile_every: Duration,
    /// Time between two questions whether a market is decided.
    pub resolutions_every: Duration,
}

impl PolymarketSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// What is wrong is kept by the reader.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let data = host(
            r,
            "POLYMARKET_DATA_URL",
            "Polymarket's Data API, without path.",
            "https://data-api.polymarket.com",
        );
        let gamma = host(
            r,
            "POLYMARKET_GAMMA_URL",
            "Polymarket's Gamma API, without path.",
            "https://gamma-api.polymarket.com",
        );
        let clob = host(
            r,
            "POLYMARKET_CLOB_URL",
            "Polymarket's order books, without path.",
            "https://clob.polymarket.com",
        );
        let socket = host(
            r,
            "POLYMARKET_WS_URL",
            "The market channel of Polymarket's WebSocket.",
            "wss://ws-subscriptions-clob.polymarket.com/ws/market",
        );
        let floor = r
            .setting(
                "POLYMARKET_LARGE_TRADE_USD",
                "A trade of at least so many USD is told, whoever made it; users' own thresholds lie above.",
            )
            .between(1_u64, 1_000_000_000)
            .or(10_000);
        let poll = r
            .setting("POLYMARKET_POLL", "Time between two looks at the feed of all trades.")
            .between(Duration::from_millis(500), Duration::from_secs(60))
            .mainnet_no_less()
            .or(Duration::from_secs(1));
        let pages = r
            .setting(
                "POLYMARKET_CATCH_UP_PAGES",
                "Pages of 1,000 trades that are read at once after an outage, some 1 MB of memory each; beyond them wallets \
                 are looked at one by one.",
            )
            .between(1, 1_000)
            .or(150);
        let reconcile_every = r
            .setting(
                "POLYMARKET_RECONCILE_EVERY",
                "Time between two looks at a followed wallet's own activity and positions, if the budget allows.",
            )
            .between(Duration::from_secs(1), Duration::from_secs(86_400))
            .or(Duration::from_secs(600));
        let resolutions_every = r
            .setting(
                "POLYMARKET_RESOLUTIONS_EVERY",
                "Time between two questions whether a market is decided, where the WebSocket did not say so.",
            )
            .between(Duration::from_secs(1), Duration::from_secs(86_400))
            .or(Duration::from_secs(300));
        Ok(Self {
            data: data?,
            gamma: gamma?,
            clob: clob?,
            socket: socket?,
            floor_usd: Decimal::from(floor?),
            poll: poll?,
            pages: pages?,
            reconcile_every: reconcile_every?,
            resolutions_every: resolutions_every?,
        })
    }
}

fn host(r: &mut Reader, name: &'static str, doc: &'static str, real: &str) -> Result<Endpoint, Invalid> {
    let mainnet = r.network() == Network::Mainnet;
    let (encrypted, open) =
        if real.starts_with("wss") { ("wss://", "ws://") } else { ("https://", "http://") };
    let real = Endpoint::parse(real).map_err(|why| r.refuse(name, why))?;
    r.setting(name, doc)
        .check(format!("{open} or {encrypted}; on mainnet {encrypted}"), move |url: &Endpoint| {
            if url.expose().starts_with(encrypted) || (!mainnet && url.expose().starts_with(open)) {
                Ok(())
            } else {
                Err("is not an address that can be trusted".to_owned())
            }
        })
        .or(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::settings::{Variables, describe, read};

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        match read(pairs.iter().copied().collect::<Variables>(), PolymarketSettings::declare) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_defaults_are_polymarket_itself_and_good_for_mainnet() {
        let settings = read(Variables::from([("NETWORK", "mainnet")]), PolymarketSettings::declare).unwrap();
        assert_eq!(settings.data.to_string(), "https://data-api.polymarket.com");
        assert_eq!(settings.floor_usd, Decimal::from(10_000));
        assert!(describe(PolymarketSettings::declare).is_ok());
    }

    #[test]
    fn mainnet_refuses_what_cannot_be_trusted() {
        for weak in [
            ("POLYMARKET_DATA_URL", "http://127.0.0.1:1"),
            ("POLYMARKET_GAMMA_URL", "http://127.0.0.1:1"),
            ("POLYMARKET_CLOB_URL", "http://127.0.0.1:1"),
            ("POLYMARKET_WS_URL", "ws://127.0.0.1:1"),
            ("POLYMARKET_POLL", "500ms"),
        ] {
            assert_eq!(problems(&[weak]), Vec::<String>::new(), "{weak:?} is fine elsewhere");
            let refused = problems(&[weak, ("NETWORK", "mainnet")]);
            assert!(refused.len() == 1 && refused[0].starts_with(weak.0), "{weak:?}: {refused:?}");
        }
        assert_eq!(problems(&[("POLYMARKET_WS_URL", "http://127.0.0.1:1")]).len(), 1);
    }
}
