//! Aggregators: what they say is held against our price, and nothing else comes of it.

use crate::{
    eventually, now,
    world::{World, aggregate, client},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chassis::service::Running;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// All three aggregators at one address, each in its format.
#[derive(Clone, Default)]
struct Aggregators(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// What SOL is worth; nothing means 500.
    sol: Option<f64>,
    /// By the first segment of the path: how often it was asked, and with which key.
    asked: BTreeMap<String, (usize, String)>,
}

impl Aggregators {
    async fn serve(sol: f64) -> (Self, String) {
        let aggregators = Self::default();
        aggregators.say(Some(sol));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(aggregators.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (aggregators, format!("http://{address}"))
    }

    fn say(&self, sol: Option<f64>) {
        self.0.lock().unwrap().sol = sol;
    }

    fn asked(&self) -> BTreeMap<String, (usize, String)> {
        self.0.lock().unwrap().asked.clone()
    }
}

async fn answer(State(aggregators): State<Aggregators>, uri: Uri, headers: HeaderMap) -> Response {
    let mut inner = aggregators.0.lock().unwrap();
    let who = uri.path().split('/').nth(1).unwrap().to_owned();
    let key = ["authorization", "x-cg-demo-api-key"].into_iter().find_map(|name| headers.get(name));
    let key = key.map(|key| key.to_str().unwrap().to_owned()).unwrap_or_default();
    let asked = inner.asked.entry(who.clone()).or_default();
    *asked = (asked.0 + 1, key);
    let Some(sol) = inner.sol else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let second = now().unix_timestamp();
    let answer = match who.as_str() {
        "simple" => json!({"solana": {"usd": sol, "last_updated_at": second}}),
        "data" => json!({"RAW": {"SOL": {"USD": {"PRICE": sol, "LASTUPDATE": second}}}}),
        "v2" => json!({"parsed": [{"id": "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d",
            "price": {"price": format!("{:.0}", sol * 1e8), "conf": "1", "expo": -8, "publish_time": second}}]}),
        other => panic!("nobody serves {other}"),
    };
    axum::Json(answer).into_response()
}

const NAMES: [&str; 3] = ["coingecko", "cryptocompare", "hermes"];

async fn world(url: &str) -> World {
    let mut world = World::new().await;
    world.set("ORACLE_SANITY_AFTER", "2s");
    for name in ["COINGECKO", "CRYPTOCOMPARE", "HERMES"] {
        world.set(&format!("{name}_URL"), url);
        world.set(&format!("{name}_API_KEY"), &format!("key of {name}"));
        world.set(&format!("{name}_PACE"), "1s");
    }
    world
}

/// What `/health/external` says of the aggregators.
async fn external(service: &Running) -> BTreeMap<String, (String, String)> {
    let answer = reqwest::get(format!("http://{}/health/external", service.http())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "it degrades at most");
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = answer["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (text(&check["name"]), (text(&check["state"]), text(&check["last_error"]))))
        .filter(|(name, _)| NAMES.contains(&name.as_str()))
        .collect()
}

#[tokio::test]
async fn aggregators_are_asked_with_their_keys_and_have_no_vote() {
    let (aggregators, url) = Aggregators::serve(160.0).await;
    let world = world(&url).await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    eventually("each was asked three times", || async {
        let asked = aggregators.asked();
        asked.len() == 3 && asked.values().all(|(count, _)| *count >= 3)
    })
    .await;
    let keys: Vec<_> = aggregators.asked().into_values().map(|(_, key)| key).collect();
    assert_eq!(keys, ["Apikey key of CRYPTOCOMPARE", "key of COINGECKO", "Bearer key of HERMES"]);
    let found = aggregate(&mut client(&service)).await;
    assert!(found.quotes.iter().all(|quote| !NAMES.contains(&quote.venue.as_str())), "{found:?}");
    let external = external(&service).await;
    assert!(external.len() == 3 && external.values().all(|(state, _)| state == "ok"), "{external:?}");
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_lasting_contradiction_is_a_warning_and_the_price_stays() {
    let (aggregators, url) = Aggregators::serve(160.0).await;
    let world = world(&url).await;
    let service = world.start().await;
    world.priced(&service, "160").await;
    aggregators.say(Some(170.0));
    eventually("all three object", || async {
        let external = external(&service).await;
        external.values().all(|(state, why)| state == "failing" && why.contains("SOL has been 170"))
    })
    .await;
    assert_eq!(aggregate(&mut client(&service)).await.price, "160");
    let ready = reqwest::get(format!("http://{}/health/ready", service.http())).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    aggregators.say(Some(160.0));
    eventually("all is well again", || async {
        external(&service).await.values().all(|(state, _)| state == "ok")
    })
    .await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn one_replica_asks_and_another_takes_its_place() {
    let (aggregators, url) = Aggregators::serve(160.0).await;
    let world = world(&url).await;
    let first = world.start().await;
    eventually("asked", || async { aggregators.asked().len() == 3 }).await;
    let second = world.start().await;
    aggregators.say(None);
    eventually("the holder complains", || async {
        external(&first).await.values().all(|(state, why)| state == "failing" && why.contains("500"))
    })
    .await;
    assert!(external(&second).await.values().all(|(state, _)| state == "ok"), "the standby asks nobody");
    first.stop().await.unwrap();
    eventually("the standby asks", || async {
        external(&second).await.values().all(|(state, _)| state == "failing")
    })
    .await;
    second.stop().await.unwrap();
}
