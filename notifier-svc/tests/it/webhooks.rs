//! The second way to be told.

use crate::{
    events::{corrected, deposit},
    eventually,
    preferences::ask,
    world::{World, account, accounts},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::LOCATION},
    response::IntoResponse,
};
use hmac::{Hmac, Mac};
use proto::{
    AccountId, Refusal,
    common::RefusalCode,
    notifier::{GetWebhookRequest, GetWebhookResponse, change_preferences::Change},
    wallet::DepositState,
};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;
use tonic::Code;

const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const SANDBOX: [(&str, &str); 2] = [("WEBHOOK_MASTER_KEY", KEY), ("WEBHOOK_PRIVATE", "on")];

/// One call as it came.
#[derive(Clone, Debug)]
struct Heard {
    path: String,
    signature: String,
    body: String,
}

/// Somebody's own server.
#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<Heard>>,
    /// What it answers to the next calls; afterwards 204.
    answers: Mutex<VecDeque<StatusCode>>,
}

impl Listener {
    async fn serve() -> (Arc<Self>, u16) {
        let this = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(hear).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (this, port)
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    fn answer(&self, codes: &[u16]) {
        let codes = codes.iter().map(|code| StatusCode::from_u16(*code).unwrap());
        self.answers.lock().unwrap().extend(codes);
    }
}

async fn hear(
    State(listener): State<Arc<Listener>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let signature = headers["x-rooms-signature"].to_str().unwrap().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    listener.heard.lock().unwrap().push(Heard { path: uri.path().to_owned(), signature, body });
    let code = listener.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT);
    (code, [(LOCATION, "/elsewhere")])
}

async fn webhook(world: &World, account: AccountId) -> Result<GetWebhookResponse, Code> {
    let request = GetWebhookRequest { account_id: account.bytes() };
    world.grpc().get_webhook(request).await.map(|found| found.into_inner()).map_err(|status| status.code())
}

async fn name(world: &World, account: AccountId, url: &str) -> Result<(), Refusal> {
    ask(world, account, Change::WebhookUrl(url.into())).await.map(|_| ())
}

fn is_genuine(heard: &Heard, key: &str) -> bool {
    let (time, signature) = heard.signature.split_once(',').unwrap();
    let (time, signature) = (time.strip_prefix("t=").unwrap(), signature.strip_prefix("v1=").unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{time}.{}", heard.body).as_bytes());
    mac.verify_slice(&hex::decode(signature).unwrap()).is_ok()
}

#[tokio::test]
async fn a_webhook_is_told_everything_once_in_order_and_signed() {
    let (listener, port) = Listener::serve().await;
    let mut world = World::new(&SANDBOX).await;
    world.start().await;
    let (anna, ben) = (account(0), account(1));
    world.register(&accounts(2)).await;
    assert_eq!(webhook(&world, anna).await.unwrap_err(), Code::NotFound);
    name(&world, anna, &format!("http://localhost:{port}/anna")).await.unwrap();
    name(&world, ben, &format!("http://127.0.0.1:{port}/ben")).await.unwrap();

    // Two replicas, each event twice, and Telegram not there at all: the door of the gateway is closed.
    for number in 1..=10 {
        world.tell(&[deposit(anna, number, DepositState::Credited)]).await;
        world.all_stored(i64::from(number)).await;
    }
    world.tell(&corrected(&[ben], 1)).await;
    eventually("told", || async { listener.heard().len() == 11 }).await;
    let keys = [webhook(&world, anna).await.unwrap().key, webhook(&world, ben).await.unwrap().key];
    assert_ne!(keys[0], keys[1]);
    let heard = listener.heard();
    let annas: Vec<&Heard> = heard.iter().filter(|heard| heard.path == "/anna").collect();
    assert!(annas.iter().all(|heard| is_genuine(heard, &keys[0]) && !is_genuine(heard, &keys[1])));
    let bodies: Vec<Value> = annas.iter().map(|heard| serde_json::from_str(&heard.body).unwrap()).collect();
    let amounts: Vec<&str> = bodies.iter().map(|body| body["data"]["lamports"].as_str().unwrap()).collect();
    let expected: Vec<String> = (1..=10).map(|number| (100_000_000 + number).to_string()).collect();
    assert_eq!(amounts, expected, "in order, each once");
    let first = &bodies[0];
    assert_eq!((&first["event"], &first["category"]), (&json!("deposit"), &json!("money")));
    assert_eq!(
        (&first["data"]["state"], &first["account_id"]),
        (&json!("credited"), &json!(anna.to_string()))
    );
    let told = heard.iter().find(|heard| heard.path == "/ben").unwrap();
    assert!(is_genuine(told, &keys[1]));
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((&told["event"], &told["data"]["reason"]), (&json!("bet_refunded"), &json!("a venue lied")));
    let success = || async { webhook(&world, anna).await.unwrap().last_success_at.is_some() };
    eventually("success is noted", success).await;
    assert_eq!(world.count("SELECT count(*) FROM notifier.webhook_call").await, 0);
}

#[tokio::test]
async fn a_webhook_that_fails_is_asked_again_and_no_redirect_is_followed() {
    let (listener, port) = Listener::serve().await;
    let world = World::new(&SANDBOX).await;
    world.gateway.open();
    let anna = account(0);
    world.register(&[anna]).await;
    let url = format!("http://127.0.0.1:{port}/hook");
    name(&world, anna, &url).await.unwrap();
    listener.answer(&[500, 302]);
    world.tell(&[deposit(anna, 1, DepositState::Credited)]).await;
    let error = async || webhook(&world, anna).await.unwrap().last_error;
    eventually("it failed", || async { error().await.starts_with("500") }).await;
    world.all_done(1).await;
    world.tell(&[deposit(anna, 2, DepositState::Credited)]).await;
    world.all_done(2).await;
    assert_eq!(listener.heard().len(), 1, "it is left alone for a while");
    world.db.advance(Duration::from_secs(60)).await.unwrap();
    eventually("redirected", || async { error().await.contains("redirects are not followed") }).await;
    world.db.advance(Duration::from_secs(60)).await.unwrap();
    eventually("told", || async { error().await.is_empty() }).await;
    eventually("both", || async { listener.heard().len() == 4 }).await;
    assert!(listener.heard().iter().all(|heard| heard.path == "/hook"), "{:?}", listener.heard());
    let ids: Vec<Value> = listener
        .heard()
        .iter()
        .map(|heard| serde_json::from_str::<Value>(&heard.body).unwrap()["id"].clone())
        .collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "the first again, then the second");

    // What could not be told within a day is given up; a new address begins anew; none is none.
    listener.answer(&[503; 4]);
    world.tell(&[deposit(anna, 3, DepositState::Credited)]).await;
    eventually("it failed again", || async { error().await.starts_with("503") }).await;
    world.db.advance(Duration::from_secs(25 * 3600)).await.unwrap();
    eventually("given up", || async { world.count("SELECT count(*) FROM notifier.webhook_call").await == 0 })
        .await;
    let before = webhook(&world, anna).await.unwrap();
    name(&world, anna, &format!("{url}/new")).await.unwrap();
    let after = webhook(&world, anna).await.unwrap();
    assert!(after.key != before.key && after.last_error.is_empty() && after.last_success_at.is_none());
    name(&world, anna, "").await.unwrap();
    assert_eq!(webhook(&world, anna).await.unwrap_err(), Code::NotFound);
}

#[tokio::test]
async fn no_webhook_leads_into_our_own_network() {
    let (listener, port) = Listener::serve().await;
    let world = World::new(&SANDBOX[..1]).await;
    let anna = account(0);
    world.register(&[anna]).await;
    let refused = Err(Refusal::new(RefusalCode::WebhookInvalid));
    for url in [
        format!("http://example.com:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://anna:secret@example.com/".to_owned(),
    ] {
        assert_eq!(name(&world, anna, &url).await, refused, "{url}");
    }
    // A name can be anything's: where it leads is seen when it is called.
    name(&world, anna, &format!("https://localhost:{port}/")).await.unwrap();
    world.tell(&[deposit(anna, 1, DepositState::Credited)]).await;
    let error = async || webhook(&world, anna).await.unwrap().last_error;
    eventually("refused", || async { error().await == "an address of our own network" }).await;
    assert!(listener.heard().is_empty());

    let keyless = World::new(&[]).await;
    assert_eq!(name(&keyless, anna, "https://example.com/").await, refused, "nobody could check the calls");
}
