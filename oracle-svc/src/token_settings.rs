//! What can be set about the prices of tokens.

use crate::domain::{Gates, VenueId};
use chassis::settings::{Endpoint, Invalid, Network, Reader, Value};
use rust_decimal::Decimal;
use std::{collections::BTreeSet, time::Duration};

/// Mainnet endpoints of two operators that answer without a key. Enough to try it; not what to run on.
const PUBLIC_RPCS: [&str; 2] = ["https://api.mainnet-beta.solana.com", "https://solana-rpc.publicnode.com"];

const DEXSCREENER: &str = "https://api.dexscreener.com";

/// Where tokens are read, and which pairs are looked at.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The endpoints through which accounts are read, each with its name in quotes.
    pub rpcs: Vec<(VenueId, Endpoint)>,
    /// The listing.
    pub dexscreener: Endpoint,
    /// What a pair has to have.
    pub gates: Gates,
}

impl TokenSettings {
    /// Declares and reads them.
    ///
    /// # Errors
    /// What is wrong is kept by the reader.
    pub fn declare(r: &mut Reader) -> Result<Self, Invalid> {
        let mainnet = r.network() == Network::Mainnet;
        let can_be_trusted = move |url: &Endpoint| {
            let encrypted = url.expose().starts_with("https://");
            if encrypted || (!mainnet && url.expose().starts_with("http://")) {
                Ok(())
            } else {
                Err("is not an address that can be trusted".to_owned())
            }
        };
        let public: Result<Vec<_>, _> = PUBLIC_RPCS.iter().map(|url| Endpoint::parse(url)).collect();
        let public = public.map_err(|why| r.refuse("TOKEN_RPC_URLS", why))?;
        let listing = Endpoint::parse(DEXSCREENER).map_err(|why| r.refuse("DEXSCREENER_URL", why))?;
        let rpcs = r
            .setting(
                "TOKEN_RPC_URLS",
                "Solana endpoints that must agree on a token's accounts; best of different operators.",
            )
            .check(
                "2 or 3 different ones; http:// or https://, on mainnet https://",
                move |urls: &Vec<Endpoint>| {
                    let different: BTreeSet<&str> = urls.iter().map(Endpoint::expose).collect();
                    if different.len() < urls.len() || !(2..=VenueId::CHAIN.len()).contains(&urls.len()) {
                        return Err("are not 2 or 3 different endpoints".to_owned());
                    }
                    urls.iter().try_for_each(can_be_trusted)
                },
            )
            .or(public);
        let dexscreener = r
            .setting("DEXSCREENER_URL", "The listing that must agree with the chain on a token's price.")
            .check("http:// or https://; on mainnet https://", can_be_trusted)
            .or(listing);
        // What room-svc asks of a pair at opening has to hold while it decides: one variable for both.
        let age = r
            .setting("ROOM_CAP_PAIR_AGE", "A listed pair that is younger is not looked at.")
            .between(Duration::ZERO, Duration::from_secs(365 * 86_400))
            .mainnet_no_less()
            .or(Duration::from_secs(86_400));
        let liquidity = r
            .setting(
                "ROOM_CAP_LIQUIDITY_USD",
                "A listed pair that holds less, in whole USD, is not looked at.",
            )
            .between(0_u64, 1_000_000_000)
            .mainnet_no_less()
            .or(50_000);
        let rpcs: Vec<Endpoint> = rpcs?;
        Ok(Self {
            rpcs: VenueId::CHAIN.into_iter().zip(rpcs).collect(),
            dexscreener: dexscreener?,
            gates: Gates {
                age: i64::try_from(age?.as_micros()).unwrap_or(i64::MAX),
                liquidity: Decimal::from(liquidity?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::settings::{Variables, describe, read};

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        match read(pairs.iter().copied().collect::<Variables>(), TokenSettings::declare) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_defaults_are_good_for_mainnet() {
        let settings = read(Variables::from([("NETWORK", "mainnet")]), TokenSettings::declare).unwrap();
        assert_eq!((settings.rpcs.len(), settings.gates), (2, Gates::default()));
        assert!(describe(TokenSettings::declare).is_ok());
    }

    #[test]
    fn mainnet_refuses_weaker_values() {
        for weak in [
            ("TOKEN_RPC_URLS", "http://127.0.0.1:1,https://127.0.0.1:2"),
            ("DEXSCREENER_URL", "http://127.0.0.1:1"),
            ("ROOM_CAP_PAIR_AGE", "23h"),
            ("ROOM_CAP_LIQUIDITY_USD", "49999"),
        ] {
            assert_eq!(problems(&[weak]), Vec::<String>::new(), "{weak:?} is fine elsewhere");
            let refused = problems(&[weak, ("NETWORK", "mainnet")]);
            assert!(refused.len() == 1 && refused[0].starts_with(weak.0), "{weak:?}: {refused:?}");
        }
    }

    #[test]
    fn one_endpoint_is_not_two_however_often_it_is_named() {
        for few in ["https://a.example", "https://a.example,https://a.example"] {
            assert_eq!(problems(&[("TOKEN_RPC_URLS", few)]).len(), 1, "{few}");
        }
        let many = "https://a.example,https://b.example,https://c.example,https://d.example";
        assert_eq!(problems(&[("TOKEN_RPC_URLS", many)]).len(), 1);
        assert_eq!(problems(&[("TOKEN_RPC_URLS", "https://a.example,ws://b.example")]).len(), 1);
    }
}
