//! What can be set from the environment.

use crate::{
    PolymarketSettings, Role, TokenSettings,
    domain::{ExclusionRules, VenueId},
    venues::{self, AggregatorId},
};
use chassis::settings::{Endpoint, Invalid, Network, Reader, Value};
use secrecy::SecretString;
use std::time::Duration;

/// On mainnet a quorum is drawn from at least this many venues.
const MAINNET_VENUES: usize = 4;

/// An exchange by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueName(pub VenueId);

impl Value for VenueName {
    fn kind() -> String {
        VenueId::EXCHANGES.iter().map(|venue| venue.name()).collect::<Vec<_>>().join(" | ")
    }

    fn parse(text: &str) -> Result<Self, String> {
        let exchange = VenueId::EXCHANGES.iter().find(|venue| venue.name() == text);
        exchange.copied().map(Self).ok_or_else(|| format!("is not one of {}", Self::kind()))
    }

    fn show(&self) -> String {
        self.0.name().to_owned()
    }
}

/// The settings of oracle-svc.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What this process does.
    pub role: Role,
    /// The venues that are asked, each with its address.
    pub venues: Vec<(VenueId, Endpoint)>,
    /// How many venues must agree on a price.
    pub quorum: usize,
    /// Time between two looks at the venues.
    pub pace: Duration,
    /// When a venue loses and regains its vote.
    pub exclusion: ExclusionRules,
    /// Days the series is kept.
    pub series_days: i32,
    /// Days its minute candles are kept.
    pub candle_days: i32,
    /// The aggregators that are asked what they think.
    pub aggregators: Vec<Asked>,
    /// Where tokens are read, and which pairs are looked at.
    pub tokens: TokenSettings,
    /// Where Polymarket is, and how closely it is watched.
    pub polymarket: PolymarketSettings,
}

/// An aggregator that is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub id: AggregatorId,
    /// Its address.
    pub url: Endpoint,
    /// Its key.
    pub key: Option<SecretString>,
    /// Time between two questions.
    pub pace: Duration,
    /// Microseconds for which it may differ from our price before anybody is told.
    pub tolerated_for: i64,
}

impl Settings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// What is wrong is kept by the reader.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let role = r
            .setting(
                "ORACLE_ROLE",
                "What this process does: prices and resolutions of rooms, or Polymarket's feeds. Also `--role`.",
            )
            .or(Role::Prices);
        let everyone: Vec<_> = VenueId::EXCHANGES.iter().copied().map(VenueName).collect();
        let names = r.setting("ORACLE_VENUES", "Venues that are asked for prices.").or(everyone);
        let addresses: Vec<_> =
            venues::all().iter().map(|(venue, real)| (venue.id(), address(r, venue.id(), real))).collect();
        let quorum = r
            .setting("ORACLE_QUORUM", "Venues that must agree before there is a price.")
            .between(2, VenueId::EXCHANGES.len())
            .mainnet_no_less()
            .or(3);
        let pace = r
            .setting("ORACLE_TICK", "Time between two aggregates; at least two fall into each second.")
            .between(Duration::from_millis(100), Duration::from_millis(500))
            .or(Duration::from_millis(500));
        let after = r
            .setting("ORACLE_EXCLUDE_AFTER", "A venue that deviates for this long loses its vote.")
            .between(Duration::from_secs(1), Duration::from_secs(3_600))
            .mainnet_no_more()
            .or(Duration::from_secs(60));
        let readmit = r
            .setting(
                "ORACLE_READMIT_AFTER",
                "An excluded venue that agrees for this long gets its vote back.",
            )
            .between(Duration::from_secs(1), Duration::from_secs(86_400))
            .mainnet_no_less()
            .or(Duration::from_secs(600));
        let series_days = r
            .setting("ORACLE_SERIES_DAYS", "Days the price series is kept; evidence keeps its own copy.")
            .between(2, 365)
            .mainnet_no_less()
            .or(7);
        let candle_days = r
            .setting("ORACLE_CANDLE_DAYS", "Days the minute candles are kept.")
            .between(2, 4_000)
            .mainnet_no_less()
            .or(400);
        let tolerated_for = r
            .setting(
                "ORACLE_SANITY_AFTER",
                "An aggregator that differs by more than 2 % for this long is a warning.",
            )
            .between(Duration::ZERO, Duration::from_secs(3_600))
            .mainnet_no_more()
            .or(Duration::from_secs(60));
        let tolerated_for = tolerated_for.map(micros);
        let aggregators = AggregatorId::ALL.map(|id| asked(r, id, tolerated_for));
        let tokens = TokenSettings::declare(r);
        let polymarket = PolymarketSettings::declare(r);
        let addresses: Result<Vec<_>, Invalid> =
            addresses.into_iter().map(|(venue, address)| Ok((venue, address?))).collect();
        let (names, quorum) = (names?, quorum?);
        let least = if r.network() == Network::Mainnet { MAINNET_VENUES.max(quorum) } else { quorum };
        let venues: Vec<_> =
            addresses?.into_iter().filter(|(venue, _)| names.contains(&VenueName(*venue))).collect();
        if venues.len() < least {
            let why = format!("names {} different venues, at least {least} are needed", venues.len());
            return Err(r.refuse("ORACLE_VENUES", why));
        }
        let exclusion = ExclusionRules { after: micros(after?), readmit: micros(readmit?) };
        let aggregators: Result<Vec<Option<Asked>>, Invalid> = aggregators.into_iter().collect();
        Ok(Self {
            role: role?,
            venues,
            quorum,
            pace: pace?,
            exclusion,
            series_days: series_days?,
            candle_days: candle_days?,
            aggregators: aggregators?.into_iter().flatten().collect(),
            tokens: tokens?,
            polymarket: polymarket?,
        })
    }
}

fn address(r: &mut Reader, venue: VenueId, real: &str) -> Result<Endpoint, Invalid> {
    let (name, doc) = match venue {
        VenueId::Binance => ("BINANCE_WS_URL", "Binance's stream server, without path."),
        VenueId::Bitstamp => ("BITSTAMP_WS_URL", "Bitstamp's WebSocket."),
        VenueId::Coinbase => ("COINBASE_WS_URL", "Coinbase's Advanced Trade WebSocket."),
        VenueId::Kraken => ("KRAKEN_WS_URL", "Kraken's WebSocket v2."),
        VenueId::Okx => ("OKX_WS_URL", "OKX' public WebSocket v5."),
        VenueId::Chain1 | VenueId::Chain2 | VenueId::Chain3 | VenueId::DexScreener => {
            return Err(r.refuse("ORACLE_VENUES", format!("names {venue}, which has no WebSocket")));
        }
    };
    let mainnet = r.network() == Network::Mainnet;
    let real = Endpoint::parse(real).map_err(|why| r.refuse(name, why))?;
    r.setting(name, doc)
        .check("ws:// or wss://; on mainnet wss://", move |url: &Endpoint| {
            let encrypted = url.expose().starts_with("wss://");
            if encrypted || (!mainnet && url.expose().starts_with("ws://")) {
                Ok(())
            } else {
                Err("is not the address of a WebSocket that can be trusted".to_owned())
            }
        })
        .or(real)
}

/// An aggregator is asked once it has a key or an address. Without either it is not: what it allows without a key is
/// little or nothing.
fn asked(
    r: &mut Reader,
    id: AggregatorId,
    tolerated_for: Result<i64, Invalid>,
) -> Result<Option<Asked>, Invalid> {
    let (url_name, key_name, pace_name) = match id {
        AggregatorId::CoinGecko => ("COINGECKO_URL", "COINGECKO_API_KEY", "COINGECKO_PACE"),
        AggregatorId::CryptoCompare => ("CRYPTOCOMPARE_URL", "CRYPTOCOMPARE_API_KEY", "CRYPTOCOMPARE_PACE"),
        AggregatorId::Hermes => ("HERMES_URL", "HERMES_API_KEY", "HERMES_PACE"),
    };
    let mainnet = r.network() == Network::Mainnet;
    let url = r
        .setting(url_name, "The aggregator's address, where it is not the public one or no key is needed.")
        .check("http:// or https://; on mainnet https://", move |url: &Endpoint| {
            let encrypted = url.expose().starts_with("https://");
            if encrypted || (!mainnet && url.expose().starts_with("http://")) {
                Ok(())
            } else {
                Err("is not an address that a key can be sent to".to_owned())
            }
        })
        .optional(id.address());
    let key = r
        .setting(key_name, "The aggregator's key; with it, its opinion is held against our price.")
        .optional("CG-0123456789abcdef");
    let pace = r
        .setting(pace_name, "Time between two questions to the aggregator, all replicas together.")
        .between(Duration::from_secs(1), Duration::from_secs(3_600))
        .mainnet_no_less()
        .or(id.pace());
    let (url, key, pace): (Option<Endpoint>, Option<SecretString>, _) = (url?, key?, pace?);
    let public = Endpoint::parse(id.address()).map_err(|why| r.refuse(url_name, why))?;
    let tolerated_for = tolerated_for?;
    let is_asked = url.is_some() || key.is_some();
    Ok(is_asked.then(|| Asked { id, url: url.unwrap_or(public), key, pace, tolerated_for }))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::settings::{Variables, describe, read};

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        let variables: Variables = pairs.iter().copied().collect();
        match read(variables, Settings::declare) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_defaults_are_the_real_venues_and_good_for_mainnet() {
        let settings = read(Variables::from([("NETWORK", "mainnet")]), Settings::declare).unwrap();
        assert_eq!((settings.venues.len(), settings.quorum), (5, 3));
        assert!(settings.venues.iter().all(|(_, url)| url.expose().starts_with("wss://")));
        assert!(describe(Settings::declare).is_ok());
    }

    #[test]
    fn mainnet_refuses_weaker_values() {
        for weak in [
            ("ORACLE_QUORUM", "2"),
            ("ORACLE_VENUES", "kraken,coinbase,okx"),
            ("ORACLE_VENUES", "kraken,kraken,coinbase,okx"),
            ("KRAKEN_WS_URL", "ws://127.0.0.1:9000"),
            ("ORACLE_READMIT_AFTER", "1s"),
            ("ORACLE_EXCLUDE_AFTER", "2m"),
            ("ORACLE_SERIES_DAYS", "3"),
            ("ORACLE_CANDLE_DAYS", "399"),
            ("HERMES_URL", "http://127.0.0.1:9"),
            ("COINGECKO_PACE", "299s"),
        ] {
            assert_eq!(problems(&[weak]), Vec::<String>::new(), "{weak:?} is fine elsewhere");
            let refused = problems(&[weak, ("NETWORK", "mainnet")]);
            assert!(refused.len() == 1 && refused[0].starts_with(weak.0), "{weak:?}: {refused:?}");
        }
    }

    #[test]
    fn aggregators_are_asked_once_they_have_a_key_or_an_address() {
        let settings = |pairs: &[(&str, &str)]| {
            let asked =
                read(pairs.iter().copied().collect::<Variables>(), Settings::declare).unwrap().aggregators;
            asked
                .iter()
                .map(|one| (one.id.name(), one.url.expose().to_owned(), one.key.is_some()))
                .collect::<Vec<_>>()
        };
        assert_eq!(settings(&[]), []);
        assert_eq!(
            settings(&[("HERMES_API_KEY", "secret"), ("COINGECKO_URL", "http://127.0.0.1:9")]),
            [
                ("coingecko", "http://127.0.0.1:9".to_owned(), false),
                ("hermes", "https://hermes.pyth.network".to_owned(), true)
            ]
        );
        assert_eq!(problems(&[("COINGECKO_URL", "ftp://127.0.0.1")]).len(), 1);
    }

    #[test]
    fn refuses_what_cannot_work() {
        assert_eq!(problems(&[("ORACLE_VENUES", "kraken,okx")]).len(), 1);
        assert_eq!(problems(&[("ORACLE_VENUES", "mtgox")]).len(), 1);
        assert_eq!(problems(&[("OKX_WS_URL", "http://127.0.0.1")]).len(), 1);
        assert_eq!(problems(&[("ORACLE_TICK", "2s")]).len(), 1);
    }
}
