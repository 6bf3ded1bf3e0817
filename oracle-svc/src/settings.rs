//! What can be set from the environment.

use crate::{
    domain::{ExclusionRules, VenueId},
    venues,
};
use chassis::settings::{Endpoint, Invalid, Network, Reader, Value};
use std::time::Duration;

/// On mainnet a quorum is drawn from at least this many venues.
const MAINNET_VENUES: usize = 4;

/// A venue by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueName(pub VenueId);

impl Value for VenueName {
    fn kind() -> String {
        VenueId::ALL.iter().map(|venue| venue.name()).collect::<Vec<_>>().join(" | ")
    }

    fn parse(text: &str) -> Result<Self, String> {
        VenueId::from_name(text).map(Self).ok_or_else(|| format!("is not one of {}", Self::kind()))
    }

    fn show(&self) -> String {
        self.0.name().to_owned()
    }
}

/// The settings of oracle-svc.
#[derive(Clone, Debug)]
pub struct Settings {
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
}

impl Settings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// What is wrong is kept by the reader.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let everyone: Vec<_> = VenueId::ALL.iter().copied().map(VenueName).collect();
        let names = r.setting("ORACLE_VENUES", "Venues that are asked for prices.").or(everyone);
        let addresses: Vec<_> =
            venues::all().iter().map(|(venue, real)| (venue.id(), address(r, venue.id(), real))).collect();
        let quorum = r
            .setting("ORACLE_QUORUM", "Venues that must agree before there is a price.")
            .between(2, VenueId::ALL.len())
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
        Ok(Self { venues, quorum, pace: pace?, exclusion, series_days: series_days? })
    }
}

fn address(r: &mut Reader, venue: VenueId, real: &str) -> Result<Endpoint, Invalid> {
    let (name, doc) = match venue {
        VenueId::Binance => ("BINANCE_WS_URL", "Binance's stream server, without path."),
        VenueId::Bitstamp => ("BITSTAMP_WS_URL", "Bitstamp's WebSocket."),
        VenueId::Coinbase => ("COINBASE_WS_URL", "Coinbase's Advanced Trade WebSocket."),
        VenueId::Kraken => ("KRAKEN_WS_URL", "Kraken's WebSocket v2."),
        VenueId::Okx => ("OKX_WS_URL", "OKX' public WebSocket v5."),
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
        ] {
            assert_eq!(problems(&[weak]), Vec::<String>::new(), "{weak:?} is fine elsewhere");
            let refused = problems(&[weak, ("NETWORK", "mainnet")]);
            assert!(refused.len() == 1 && refused[0].starts_with(weak.0), "{weak:?}: {refused:?}");
        }
    }

    #[test]
    fn refuses_what_cannot_work() {
        assert_eq!(problems(&[("ORACLE_VENUES", "kraken,okx")]).len(), 1);
        assert_eq!(problems(&[("ORACLE_VENUES", "mtgox")]).len(), 1);
        assert_eq!(problems(&[("OKX_WS_URL", "http://127.0.0.1")]).len(), 1);
        assert_eq!(problems(&[("ORACLE_TICK", "2s")]).len(), 1);
    }
}
