//! The faucet and the outside wallets, on a real local chain.

use std::time::Duration;

use sandbox::faucet::{self, FaucetError, Outside};
use serde_json::{Value, json};
use servers::{localchain::LocalChain, scratch::Scratch};
use solana_keypair::Keypair;
use solana_signer::Signer;

const SOL: u64 = 1_000_000_000;

struct Chain {
    process: LocalChain,
    folder: Scratch,
}

impl Chain {
    async fn start() -> Self {
        let process = LocalChain::for_test(Duration::from_millis(100)).await.unwrap();
        Chain { process, folder: Scratch::create().unwrap() }
    }

    fn outside(&self) -> Outside {
        Outside::new(self.process.url(), self.folder.path().join("outside"))
    }
}

#[tokio::test]
async fn a_player_is_funded_and_pays() {
    let chain = Chain::start().await;
    let outside = chain.outside();
    let wallet = outside.address(7).unwrap();
    assert_ne!(wallet, outside.address(8).unwrap());
    assert_eq!(outside.lamports(&wallet).await.unwrap(), 0);
    outside.airdrop(&wallet, 5 * SOL).await.unwrap();
    assert_eq!(outside.lamports(&wallet).await.unwrap(), 5 * SOL);

    // Twice the same at once is two transfers.
    let deposit = Keypair::new().pubkey();
    let (first, second) = tokio::join!(outside.send(7, &deposit, SOL), outside.send(7, &deposit, SOL));
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(outside.lamports(&deposit).await.unwrap(), 2 * SOL);
    assert_eq!(outside.lamports(&wallet).await.unwrap(), 3 * SOL - 2 * 5_000);

    // The key outlives the handle, and a user has one even if the first two calls come at once.
    assert_eq!(chain.outside().address(7).unwrap(), wallet);
    let news = std::thread::scope(|scope| {
        let makers = [(); 8].map(|()| scope.spawn(|| outside.address(99).unwrap()));
        makers.map(|maker| maker.join().unwrap())
    });
    assert!(news.iter().all(|address| *address == news[0]));
}

#[tokio::test]
async fn the_same_airdrop_twice_at_once_is_two_airdrops() {
    let chain = Chain::start().await;
    let (outside, wallet) = (chain.outside(), Keypair::new().pubkey());
    let (first, second) = tokio::join!(outside.airdrop(&wallet, SOL), outside.airdrop(&wallet, SOL));
    first.unwrap();
    second.unwrap();
    assert_eq!(outside.lamports(&wallet).await.unwrap(), 2 * SOL);
}

#[tokio::test]
async fn what_the_chain_refuses_is_told() {
    let chain = Chain::start().await;
    let outside = chain.outside();
    let wallet = outside.address(7).unwrap();
    let other = Keypair::new().pubkey();
    assert!(matches!(outside.send(7, &other, SOL).await, Err(FaucetError::Refused(_))));
    outside.airdrop(&wallet, SOL).await.unwrap();
    assert!(matches!(outside.send(7, &other, SOL).await, Err(FaucetError::Refused(_))), "the fee is missing");
    assert!(matches!(outside.send(7, &other, 1).await, Err(FaucetError::Refused(_))), "less than the rent");
    assert!(matches!(outside.send(7, &other, 0).await, Err(FaucetError::Amount)));
    assert!(matches!(outside.airdrop(&other, 0).await, Err(FaucetError::Amount)));
    assert_eq!(outside.lamports(&wallet).await.unwrap(), SOL);
    chain.process.kill().await;
    assert!(matches!(outside.lamports(&wallet).await, Err(FaucetError::Chain(_))));
}

#[tokio::test]
async fn wallets_are_used_over_http() {
    // The first to come installs it; all want the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = Chain::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sandbox", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, faucet::router(chain.outside())).into_future());
    let http = reqwest::Client::new();
    let get = async |path: &str| -> (u16, Value) {
        let answer = http.get(format!("{base}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let post = async |path: &str, body: Value| -> (u16, Value) {
        let answer = http.post(format!("{base}{path}")).body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };

    let (status, wallet) = get("/outside?user=7").await;
    assert_eq!((status, &wallet["lamports"]), (200, &json!(0)));
    let (status, given) = post("/faucet", json!({"address": wallet["address"], "lamports": 3 * SOL})).await;
    assert!(status == 200 && given["signature"].is_string(), "{given}");
    let to = Keypair::new().pubkey().to_string();
    let (status, sent) = post("/outside/send", json!({"user": 7, "to": to, "lamports": SOL})).await;
    assert!(status == 200 && sent["signature"].is_string(), "{sent}");
    assert_eq!(get("/outside?user=7").await.1["lamports"], 2 * SOL - 5_000);

    for (path, body, complaint) in [
        ("/faucet", json!({"address": "nobody", "lamports": 1}), "\"nobody\" is not a Solana address"),
        ("/faucet", json!({"address": to, "lamports": -1}), "body:"),
        ("/faucet", json!({"address": to, "lamports": u64::MAX}), "lamports must be 1 to"),
        ("/outside/send", json!({"user": 7, "to": to, "lamports": 9 * SOL}), "the chain refused"),
        ("/outside/send", json!({"user": 7, "lamports": 9}), "missing field `to`"),
    ] {
        let (status, answer) = post(path, body.clone()).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(complaint), "{body}: {status} {answer}");
    }
    assert_eq!(get("/outside?user=me").await.0, 400);
    chain.process.kill().await;
    assert_eq!(get("/outside?user=7").await.0, 503);
}
