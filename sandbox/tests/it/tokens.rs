//! The simulated tokens, as the oracle's own readers see them, in front of a real chain.

use std::{future::IntoFuture, time::Duration};

use oracle_svc::{
    domain::{Curve, Gates, ListedPair, Mint, MintState, Moment, Pool, Price, Source, Survey},
    venues::{Accounts, read_accounts, read_listing},
};
use reqwest::Client;
use rust_decimal::Decimal;
use sandbox::{
    tokens::{self, FROG, TADPOLE, TokenMarket},
    venues::{self, Settings},
};
use serde_json::{Value, json};
use servers::LocalChain;
use solana_pubkey::Pubkey;
use tokio_util::sync::{CancellationToken, DropGuard};

struct Stage {
    market: TokenMarket,
    http: Client,
    chain: LocalChain,
    _guard: DropGuard,
}

async fn start() -> Stage {
    // The first to come installs it; all want the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shutdown = CancellationToken::new();
    let chain = LocalChain::for_test(Duration::from_millis(100)).await.unwrap();
    let prices = venues::serve(Settings::default(), shutdown.clone()).await.unwrap();
    let market = tokens::serve(1, chain.url(), prices, 0, shutdown.clone()).await.unwrap();
    Stage { market, http: Client::new(), chain, _guard: shutdown.drop_guard() }
}

impl Stage {
    async fn rpc(&self, endpoint: usize, method: &str, params: Value) -> Vec<u8> {
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let url = &self.market.rpc_urls()[endpoint];
        self.http.post(url).json(&ask).send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn accounts(&self, endpoint: usize, addresses: &[Pubkey]) -> Accounts {
        let names: Vec<String> = addresses.iter().map(Pubkey::to_string).collect();
        let params = json!([names, {"encoding": "base64", "commitment": "confirmed"}]);
        let body = self.rpc(endpoint, "getMultipleAccounts", params).await;
        read_accounts(&body, addresses.len()).unwrap()
    }

    async fn listing(&self, mint: &str) -> Vec<ListedPair> {
        let url = format!("{}/tokens/v1/solana/{mint}", self.market.listing_url());
        read_listing(&self.http.get(url).send().await.unwrap().bytes().await.unwrap()).unwrap()
    }

    /// Where the oracle would find the token's price.
    async fn source(&self, name: &str) -> Option<Source> {
        let mint = Mint::parse(name).unwrap();
        let survey = Survey::new(mint, &self.listing(name).await, Gates::default(), now());
        let told = self.accounts(0, &survey.accounts()).await;
        survey.look(&told.accounts).unwrap().and_then(|found| found.source)
    }

    async fn price(&self, endpoint: usize, name: &str) -> Option<Price> {
        let source = self.source(name).await?;
        let told = self.accounts(endpoint, &source.accounts()).await;
        source.price(Mint::parse(name).unwrap(), 6, &told.accounts).ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "not the service's time")]
fn now() -> Moment {
    Moment::from_time(time::OffsetDateTime::now_utc())
}

fn is_about(found: Price, expected: Decimal) -> bool {
    ((found.get() - expected) / expected).abs() < Decimal::new(1, 4)
}

#[tokio::test]
async fn the_oracle_s_readers_find_every_token_and_the_chain_keeps_its_own_accounts() {
    let stage = start().await;
    let (frog, tadpole) = (Mint::parse(FROG).unwrap(), Mint::parse(TADPOLE).unwrap());
    assert!(matches!(stage.source(FROG).await, Some(Source::Pool { gated: true, .. })));
    assert_eq!(stage.source(TADPOLE).await, Some(Source::Curve(Curve::address(tadpole))));
    for endpoint in [0, 1] {
        let price = stage.price(endpoint, FROG).await.unwrap();
        assert!((price.get() - Decimal::new(3, 5)).abs() < Decimal::new(3, 7), "{price}");
        // The chain's own accounts are seen through the endpoint, at the chain's own slot.
        let system = Pubkey::default();
        let told = stage.accounts(endpoint, &[frog.address(), system, Curve::address(frog)]).await;
        let minted = MintState::parse(told.accounts[0].as_ref().unwrap()).unwrap();
        assert_eq!(minted.supply().unwrap(), Decimal::from(1_000_000_000));
        assert!(told.accounts[1].is_some() && told.accounts[2].is_none());
        let health: Value =
            serde_json::from_slice(&stage.rpc(endpoint, "getHealth", json!([])).await).unwrap();
        assert_eq!(health["result"], "ok");
    }
    let pair = &stage.listing(FROG).await[0];
    assert!(pair.is_of(frog) && pair.passes(Gates::default(), now()), "{pair:?}");
    drop(stage.chain);
}

#[tokio::test]
async fn tokens_are_steered_over_http() {
    let stage = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sandbox/tokens", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, tokens::router(stage.market.clone())).into_future());
    let post = async |path: String, body: &'static str| -> (u16, Value) {
        let answer = stage.http.post(format!("{base}{path}")).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (frog, tadpole) = (format!("/{FROG}"), format!("/{TADPOLE}"));

    // It takes a step of the walk until the price is that of the accounts.
    assert_eq!(post(frog.clone(), r#"{"price": 0.00005, "hold": true}"#).await.0, 200);
    let arrived = async {
        while !stage.price(0, FROG).await.is_some_and(|price| is_about(price, Decimal::new(5, 5))) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived).await.expect("the price to arrive");

    assert_eq!(post(String::new(), r#"{"endpoint": 2, "fault": "wrong", "percent": 10}"#).await.0, 200);
    assert!(is_about(stage.price(1, FROG).await.unwrap(), Decimal::new(55, 6)));
    assert!(is_about(stage.price(0, FROG).await.unwrap(), Decimal::new(5, 5)));

    assert_eq!(post(tadpole.clone(), r#"{"complete": true}"#).await.0, 200);
    let after = Pool::address_after_curve(Mint::parse(TADPOLE).unwrap());
    assert_eq!(stage.source(TADPOLE).await.map(|source| source.address()), Some(after));
    assert_eq!(post(frog.clone(), r#"{"gone": true}"#).await.0, 200);
    assert_eq!(stage.source(FROG).await, None);

    for (path, body, complaint) in [
        (frog.clone(), r#"{"price": 1}"#, "is not there"),
        (tadpole.clone(), r#"{"complete": true}"#, "is not there for that"),
        (tadpole.clone(), r#"{"price": 0}"#, "above 0"),
        (tadpole.clone(), r#"{"price": 1001}"#, "at most 1000"),
        (tadpole.clone(), "{}", "give a price"),
        (tadpole, r#"{"hold": true, "gone": true}"#, "give a price"),
        (String::new(), r#"{"endpoint": 3, "fault": "away"}"#, "no endpoint 3"),
        (String::new(), r#"{"endpoint": 0, "fault": "away"}"#, "no endpoint 0"),
        (String::new(), r#"{"fault": "wrong"}"#, "known faults are"),
        (String::new(), r#"{"fault": "away", "slots": 3}"#, "known faults are"),
    ] {
        let (status, answer) = post(path, body).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(complaint), "{body}: {status} {answer}");
    }
}
