//! An endpoint between the service and the chain that misbehaves on request.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// What is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// `sendTransaction` is forwarded, then the connection breaks before the answer.
    pub breaks_after_send: bool,
    /// `sendTransaction` is answered with its signature and goes nowhere.
    pub swallows_sends: bool,
    /// Every transaction is unknown.
    pub finds_nothing: bool,
    /// Every transaction that exists has failed for good.
    pub says_failed: bool,
    /// Added to every block height.
    pub height_ahead: u64,
    /// Everything is answered with an error.
    pub refuses: bool,
    /// No preflight, so that what fails does so on chain.
    pub skips_preflight: bool,
    /// Every account that does not exist is a rich wallet.
    pub invents_accounts: bool,
}

#[derive(Clone)]
struct Shared {
    upstream: String,
    faults: Arc<Mutex<Faults>>,
    sends: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    client: reqwest::Client,
}

pub struct FaultyRpc {
    pub url: String,
    shared: Shared,
}

impl FaultyRpc {
    pub async fn start(upstream: String, faults: Faults) -> Self {
        // Fails only if the service in this process chose it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Shared {
            upstream,
            faults: Arc::new(Mutex::new(faults)),
            sends: Arc::default(),
            asked: Arc::default(),
            client: reqwest::Client::new(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub fn set(&self, faults: Faults) {
        *self.shared.faults.lock().unwrap() = faults;
    }

    /// How often it was asked what became of transactions.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Transactions handed in so far.
    pub fn sends(&self) -> usize {
        self.shared.sends.load(Ordering::SeqCst)
    }
}

async fn answer(State(shared): State<Shared>, body: Bytes) -> Response {
    let faults = shared.faults.lock().unwrap().clone();
    let mut request: Value = serde_json::from_slice(&body).unwrap();
    let method = request["method"].as_str().unwrap().to_owned();
    if faults.refuses {
        let error = json!({"code": -32005, "message": "Node is behind", "data": {"numSlotsBehind": 4}});
        return Json(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})).into_response();
    }
    if method == "sendTransaction" {
        shared.sends.fetch_add(1, Ordering::SeqCst);
        if faults.swallows_sends {
            let signature = first_signature(request["params"][0].as_str().unwrap());
            return Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": signature})).into_response();
        }
        if faults.skips_preflight {
            request["params"][1]["skipPreflight"] = json!(true);
        }
    }
    let forwarded = shared.client.post(&shared.upstream).json(&request).send().await;
    let Ok(forwarded) = forwarded else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut reply: Value = forwarded.json().await.unwrap();
    match method.as_str() {
        "sendTransaction" if faults.breaks_after_send => {
            let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken")) });
            return Response::new(Body::from_stream(broken));
        }
        "getSignatureStatuses" => {
            shared.asked.fetch_add(1, Ordering::SeqCst);
            lie_about_statuses(&faults, &mut reply);
        }
        "getTransaction" if faults.finds_nothing => reply["result"] = Value::Null,
        "getTransaction" if faults.says_failed => {
            reply["result"]["meta"]["err"] = json!("AccountInUse");
        }
        "getBlockHeight" if faults.height_ahead > 0 => {
            reply["result"] = json!(reply["result"].as_u64().unwrap() + faults.height_ahead);
        }
        "getMultipleAccounts" if faults.invents_accounts => {
            for account in reply["result"]["value"].as_array_mut().unwrap() {
                if account.is_null() {
                    *account = json!({"lamports": 1_000_000_000_u64, "owner": "11111111111111111111111111111111",
                                      "data": ["", "base64"], "executable": false, "rentEpoch": 0, "space": 0});
                }
            }
        }
        _ => {}
    }
    Json(reply).into_response()
}

fn lie_about_statuses(faults: &Faults, reply: &mut Value) {
    for status in reply["result"]["value"].as_array_mut().unwrap() {
        if faults.finds_nothing {
            *status = Value::Null;
        } else if faults.says_failed && !status.is_null() {
            status["err"] = json!("AccountInUse");
            status["status"] = json!({"Err": "AccountInUse"});
            status["confirmationStatus"] = json!("finalized");
        }
    }
}

/// The signature is the 64 bytes after the number of signatures, which is below 128.
fn first_signature(transaction: &str) -> String {
    bs58::encode(&decode_base64(transaction)[1..65]).into_string()
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = ALPHABET.iter().position(|known| *known == digit).unwrap();
        bits = (bits << 6) | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}
