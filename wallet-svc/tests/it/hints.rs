//! What a webhook and a WebSocket bring: earlier reading, and nothing else.

use crate::world::{SOL, World, eventually};
use axum::http::StatusCode;
use faults::{Faults, FaultyRpc};
use proto::{
    AccountId,
    wallet::{DepositChanged, DepositState},
};
use serde_json::{Value, json};
use servers::{faulty_rpc as faults, helius};
use solana_client::{
    rpc_config::{RpcSendTransactionConfig, RpcTransactionConfig},
    rpc_request::RpcRequest,
};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer as _;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_status_client_types::UiTransactionEncoding;
use std::time::Duration;
use time::OffsetDateTime;
use wallet_svc::{hints, store};

const SECRET: &str = "tell me when there is money";

/// An address is read once and then not for an hour, unless somebody hints at it.
const SLEEPY: [(&str, &str); 3] =
    [("HELIUS_WEBHOOK_SECRET", SECRET), ("DEPOSIT_COLD_PAUSE", "1h"), ("DRIFT_PAUSE", "1h")];

/// A world with capital whose service sleeps until it is told.
async fn sleepy() -> World {
    let mut world = World::funded().await;
    world.stop().await;
    let url = world.chain.url();
    world.serve(&[&url], &SLEEPY).await;
    world
}

/// An account at whose address nobody looks, read once already.
async fn cold_account(world: &World) -> (AccountId, Pubkey) {
    let (account, address) = world.account_hot_for(Duration::ZERO).await;
    let read = || async {
        sqlx::query_scalar("SELECT due_at > wallet.db_clock() FROM wallet.address WHERE address = $1")
            .bind(address.to_bytes())
            .fetch_one(world.db.pool())
            .await
            .unwrap()
    };
    eventually("read once", read).await;
    (account, address)
}

async fn post(world: &World, secret: Option<&str>, body: String) -> (StatusCode, String) {
    let mut request =
        reqwest::Client::new().post(format!("http://{}{}", world.http(), hints::PATH)).body(body);
    if let Some(secret) = secret {
        request = request.header("authorization", secret);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn deliver(world: &World, body: &Value) {
    let (status, text) = post(world, Some(SECRET), body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
}

/// A transaction as the chain tells it.
async fn on_chain(world: &World, signature: &Signature) -> Value {
    let config = RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Json),
        commitment: Some(CommitmentConfig::confirmed()),
        max_supported_transaction_version: Some(0),
    };
    let asked = json!([signature.to_string(), config]);
    world.outside.rpc.send(RpcRequest::GetTransaction, asked).await.unwrap()
}

async fn until_final(world: &World, signature: &Signature) {
    let finalized = || async {
        let statuses = world.outside.rpc.get_signature_statuses(&[*signature]).await.unwrap().value;
        statuses[0].as_ref().is_some_and(|status| status.satisfies_commitment(CommitmentConfig::finalized()))
    };
    eventually("finalized", finalized).await;
}

async fn deposits(world: &World) -> i64 {
    let count = "SELECT count(*) FROM wallet.deposit AS d JOIN wallet.ledger_account AS a
                 ON a.owner = d.owner AND a.kind = 1";
    sqlx::query_scalar(count).fetch_one(world.db.pool()).await.unwrap()
}

async fn credits(world: &World) -> usize {
    let told: Vec<DepositChanged> = world.told().await;
    told.iter().filter(|told| told.state() == DepositState::Credited).count()
}

#[tokio::test]
async fn scenario_7_an_unauthenticated_webhook_is_refused_and_changes_nothing() {
    let world = sleepy().await;
    let (account, address) = cold_account(&world).await;
    let payer = world.outside.wallet(2 * SOL).await;
    let signature = world.outside.send(&payer, &[(address, SOL)]).await;
    let body = helius::enhanced(&[on_chain(&world, &signature).await]).to_string();
    until_final(&world, &signature).await;
    for secret in
        [None, Some(""), Some("tell me when there is mone"), Some("Bearer tell me when there is money")]
    {
        assert_eq!(post(&world, secret, body.clone()).await.0, StatusCode::UNAUTHORIZED, "{secret:?}");
        // Nor is a body looked at before its sender is known.
        assert_eq!(post(&world, secret, "{".to_owned()).await.0, StatusCode::UNAUTHORIZED);
    }
    let hot = store::address::hot(world.db.pool(), 10).await.unwrap();
    assert!(!hot.contains(&address), "nobody has to look there");
    assert_eq!((world.available(account).await, deposits(&world).await), (0, 0));
    // The same body with the secret is what it takes.
    assert_eq!(post(&world, Some(SECRET), body).await.0, StatusCode::OK);
    eventually("credited", || async { world.available(account).await == SOL }).await;
}

#[tokio::test]
async fn scenario_8_the_same_webhook_five_times_credits_once_and_tells_once() {
    let world = sleepy().await;
    let (account, address) = cold_account(&world).await;
    let payer = world.outside.wallet(2 * SOL).await;
    let amount = 5 * SOL / 4;
    let signature = world.outside.send(&payer, &[(address, amount)]).await;
    let transaction = [on_chain(&world, &signature).await];
    let (enhanced, raw) = (helius::enhanced(&transaction), helius::raw(&transaction));
    tokio::join!(deliver(&world, &enhanced), deliver(&world, &enhanced));
    deliver(&world, &enhanced).await;
    deliver(&world, &raw).await;
    eventually("credited", || async { world.available(account).await == amount }).await;
    deliver(&world, &enhanced[0]).await;
    eventually("swept", || async { world.lies_at(&address).await == 0 }).await;
    assert_eq!((world.available(account).await, deposits(&world).await), (amount, 1));
    // Seen and credited are one message of the user's, edited: both name the same deposit.
    let told: Vec<DepositChanged> = world.told().await;
    assert_eq!(credits(&world).await, 1);
    assert!(
        told.iter().all(|one| one.deposit_id == told[0].deposit_id && one.lamports == amount),
        "{told:?}"
    );
    world.check_books().await;
}

#[tokio::test]
async fn scenario_9_strangers_failures_and_half_read_bodies_credit_nothing_twice() {
    let mut world = World::funded().await;
    world.stop().await;
    let rpc = FaultyRpc::start(world.chain.url(), Faults::default()).await.unwrap();
    world.serve(&[&rpc.url], &SLEEPY).await;
    let ((one, first), (two, second)) = (cold_account(&world).await, cold_account(&world).await);
    let payer = world.outside.wallet(9 * SOL).await;

    // An address that is not ours: taken, and ignored.
    let stranger = world.outside.send(&payer, &[(Keypair::new().pubkey(), SOL)]).await;
    deliver(&world, &helius::enhanced(&[on_chain(&world, &stranger).await])).await;
    // A transaction that failed on chain moved nothing, whatever its instructions say.
    let failed = overdraw(&world, &payer, &first).await;
    let failed = on_chain(&world, &failed).await;
    assert!(!failed["meta"]["err"].is_null(), "{failed}");
    deliver(&world, &helius::enhanced(std::slice::from_ref(&failed))).await;
    deliver(&world, &helius::raw(&[failed])).await;
    assert_eq!(deposits(&world).await, 0);

    // Two transfers, of which the second cannot be read for a while.
    let both = [
        world.outside.send(&payer, &[(first, SOL)]).await,
        world.outside.send(&payer, &[(second, 2 * SOL)]).await,
    ];
    rpc.set(Faults { keeps_back: Some(both[1].to_string()), ..Faults::default() });
    let body = helius::enhanced(&[on_chain(&world, &both[0]).await, on_chain(&world, &both[1]).await]);
    deliver(&world, &body).await;
    eventually("the first is credited", || async { world.available(one).await == SOL }).await;
    assert_eq!(world.available(two).await, 0);
    rpc.set(Faults::default());
    deliver(&world, &body).await;
    eventually("the rest is credited", || async { world.available(two).await == 2 * SOL }).await;
    assert_eq!((world.available(one).await, deposits(&world).await, credits(&world).await), (SOL, 2, 2));
    world.check_books().await;
}

/// Pays more than there is, without anybody checking before.
async fn overdraw(world: &World, from: &Keypair, to: &Pubkey) -> Signature {
    let rpc = &world.outside.rpc;
    let hash = rpc.get_latest_blockhash().await.unwrap();
    let transfer = system::transfer(&from.pubkey(), to, 100_000_000_000);
    let message = v0::Message::try_compile(&from.pubkey(), &[transfer], &[], hash).unwrap();
    let transaction = VersionedTransaction::try_new(VersionedMessage::V0(message), &[from]).unwrap();
    let config = RpcSendTransactionConfig { skip_preflight: true, ..RpcSendTransactionConfig::default() };
    let signature = rpc.send_transaction_with_config(&transaction, config).await.unwrap();
    until_final(world, &signature).await;
    signature
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_refused_with_the_reason() {
    let world = sleepy().await;
    for (body, status, reason) in [
        ("{".to_owned(), StatusCode::BAD_REQUEST, "body is not JSON"),
        ("7".to_owned(), StatusCode::BAD_REQUEST, "body is neither a transaction nor a list of them"),
        (r#"[{"signature":"5"}]"#.to_owned(), StatusCode::BAD_REQUEST, "transaction 0: "),
        ("[".repeat(1_000_000), StatusCode::BAD_REQUEST, "recursion limit"),
        (format!("[{}]", " ".repeat(1024 * 1024)), StatusCode::PAYLOAD_TOO_LARGE, "length limit"),
        ("[]".to_owned(), StatusCode::OK, ""),
    ] {
        let (answered, text) = post(&world, Some(SECRET), body).await;
        assert!(answered == status && text.contains(reason), "{answered} {text}");
    }
    let get = reqwest::get(format!("http://{}{}", world.http(), hints::PATH)).await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_a_secret_there_is_no_webhook() {
    let world = World::start().await;
    assert_eq!(post(&world, Some(""), "[]".to_owned()).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn webhook_websocket_and_polling_race_and_each_deposit_is_credited_once() {
    let mut world = World::funded().await;
    world.stop().await;
    // As if a program had paid: every transfer is an inner instruction.
    let nested = Faults { nests_transfers: true, ..Faults::default() };
    let rpc = FaultyRpc::start(world.chain.url(), nested).await.unwrap();
    let ws = world.chain.ws_url();
    let roads = [("HELIUS_WEBHOOK_SECRET", SECRET), ("SOLANA_WS_URL", ws.as_str())];
    world.serve(&[&rpc.url], &roads).await;
    let payer = world.outside.wallet(20 * SOL).await;
    let mut accounts = Vec::new();
    for _ in 0..4 {
        accounts.push(world.account().await);
    }
    for round in 1..=3 {
        let transfers: Vec<_> =
            accounts.iter().flat_map(|(_, to)| [(*to, SOL / 10), (*to, SOL / 100 + round)]).collect();
        let signature = world.outside.send(&payer, &transfers).await;
        let transaction = [on_chain(&world, &signature).await];
        let (enhanced, raw) = (helius::enhanced(&transaction), helius::raw(&transaction));
        tokio::join!(deliver(&world, &enhanced), deliver(&world, &raw), deliver(&world, &enhanced));
    }
    let sum = 3 * (SOL / 10 + SOL / 100) + 6;
    for (account, _) in &accounts {
        eventually("credited", || async { world.available(*account).await == sum }).await;
    }
    for (_, address) in &accounts {
        eventually("swept", || async { world.lies_at(address).await == 0 }).await;
    }
    assert_eq!((deposits(&world).await, credits(&world).await), (24, 24));
    let inner: i64 =
        sqlx::query_scalar("SELECT count(*) FROM wallet.deposit WHERE outer_index = 0 AND inner_index >= 0")
            .fetch_one(world.db.pool())
            .await
            .unwrap();
    assert_eq!(inner, 24, "of transfers that a program made");
    for (account, _) in &accounts {
        assert_eq!(world.available(*account).await, sum);
    }
    world.check_books().await;
}

#[tokio::test]
async fn a_websocket_tells_at_once_and_again_after_it_was_lost() {
    let mut world = World::funded().await;
    world.stop().await;
    let (url, ws) = (world.chain.url(), world.chain.ws_url());
    // Addresses that somebody looks at are subscribed to and, here, hardly ever polled.
    let lazy = [
        ("SOLANA_WS_URL", ws.as_str()),
        ("DEPOSIT_HOT_PAUSE", "1h"),
        ("DEPOSIT_COLD_PAUSE", "1h"),
        ("DRIFT_PAUSE", "1h"),
    ];
    world.serve(&[&url], &lazy).await;
    let (_, address) = world.account().await;
    let payer = world.outside.wallet(4 * SOL).await;
    let seen = async |count: usize| {
        let told: Vec<DepositChanged> = world.told().await;
        told.iter().filter(|told| told.state() == DepositState::Seen).count() >= count
    };
    world.outside.send(&payer, &[(address, SOL)]).await;
    eventually("seen", || seen(1)).await;
    // The new connection's first word about an address is a hint, too.
    let read_at = async || -> OffsetDateTime {
        sqlx::query_scalar("SELECT read_at FROM wallet.address WHERE address = $1")
            .bind(address.to_bytes())
            .fetch_one(world.db.pool())
            .await
            .unwrap()
    };
    let before = read_at().await;
    world.chain.restart().await.unwrap();
    eventually("read again", || async { read_at().await > before }).await;
    world.outside.send(&payer, &[(address, 2 * SOL)]).await;
    eventually("seen again", || seen(2)).await;
}

#[tokio::test]
async fn only_so_many_addresses_are_subscribed_to_and_the_newest_first() {
    let world = World::parts().await;
    let (_, older) = world.account_hot_for(Duration::from_secs(60)).await;
    let (_, newer) = world.account_hot_for(Duration::from_secs(600)).await;
    let (_, cold) = world.account_hot_for(Duration::ZERO).await;
    let hot = async |limit| store::address::hot(world.db.pool(), limit).await.unwrap();
    assert_eq!(hot(1).await, [newer]);
    assert_eq!(hot(9).await, [newer, older]);
    let named = [cold, Keypair::new().pubkey()];
    assert_eq!(store::address::hint(world.db.pool(), &named, Duration::from_secs(30)).await.unwrap(), 1);
    assert_eq!(hot(9).await, [newer, older, cold]);
}
