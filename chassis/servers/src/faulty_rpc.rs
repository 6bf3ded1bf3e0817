//! An RPC endpoint between a service and a real chain, which misbehaves on request.
//!
//! It speaks for the chain behind it: whatever is not named in its [`Faults`] is forwarded as it is.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anybody waits for an answer.
const HUNG: Duration = Duration::from_secs(20);

/// What is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// `sendTransaction` is forwarded, then the connection breaks before the answer.
    pub breaks_after_send: bool,
    /// `sendTransaction` is forwarded and not answered in time.
    pub hangs_after_send: bool,
    /// `sendTransaction` is forwarded and answered with an error.
    pub errs_after_send: bool,
    /// `sendTransaction` is answered with its signature and goes nowhere.
    pub swallows_sends: bool,
    /// `sendTransaction` is answered with its signature and forwarded only so much later.
    pub delays_sends: Option<Duration>,
    /// Every transaction is unknown.
    pub finds_nothing: bool,
    /// Every transaction that exists has failed for good.
    pub says_failed: bool,
    /// Added to every block height.
    pub height_ahead: u64,
    /// So many slots of the chain have not arrived here yet: what they hold is unknown, and a
    /// transaction dated with them is refused.
    pub behind: u64,
    /// Everything is answered with an error.
    pub refuses: bool,
    /// No preflight, so that what fails does so on chain.
    pub skips_preflight: bool,
    /// Every account that does not exist is a rich wallet.
    pub invents_accounts: bool,
    /// Transfers look as if a program had made them: inner instructions of one outer one.
    pub nests_transfers: bool,
    /// `getTransaction` answers an error for this signature.
    pub keeps_back: Option<String>,
    /// What every slot of late is said to have cost, in micro-lamports per compute unit.
    pub price: Option<u64>,
}

#[derive(Clone)]
struct Shared {
    upstream: String,
    faults: Arc<Mutex<Faults>>,
    sends: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    priced: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
}

/// A running endpoint; it ends when this is dropped.
pub struct FaultyRpc {
    /// Where it answers.
    pub url: String,
    shared: Shared,
    _shutdown: DropGuard,
}

impl FaultyRpc {
    /// Starts one before the chain at `upstream`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(upstream: String, faults: Faults) -> Result<Self> {
        // Fails only if the service in this process chose it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Shared {
            upstream,
            faults: Arc::new(Mutex::new(faults)),
            sends: Arc::default(),
            asked: Arc::default(),
            priced: Arc::default(),
            client: reqwest::Client::new(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen for RPC")?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/", post(answer)).with_state(shared.clone());
        let shutdown = CancellationToken::new();
        tokio::spawn(
            shutdown.clone().run_until_cancelled_owned(async move { axum::serve(listener, router).await }),
        );
        Ok(Self { url, shared, _shutdown: shutdown.drop_guard() })
    }

    /// From now on this is wrong with it, and nothing else.
    pub fn set(&self, faults: Faults) {
        *lock(&self.shared.faults) = faults;
    }

    /// How often it was asked what became of transactions.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Transactions handed in so far.
    #[must_use]
    pub fn sends(&self) -> usize {
        self.shared.sends.load(Ordering::SeqCst)
    }

    /// The accounts for which a price was last asked.
    #[must_use]
    pub fn priced(&self) -> Vec<String> {
        lock(&self.shared.priced).clone()
    }
}

/// A poisoned lock only means that somebody panicked; what it protects is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(shared): State<Shared>, body: Bytes) -> Response {
    match reply(&shared, &body).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn reply(shared: &Shared, body: &[u8]) -> Result<Response> {
    let faults = lock(&shared.faults).clone();
    let request: Value = serde_json::from_slice(body)?;
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
    if faults.refuses {
        return Ok(error(&request, -32005, "Node is behind"));
    }
    if method == "sendTransaction" {
        return send(shared, &faults, request).await;
    }
    let first = request.pointer("/params/0").cloned().unwrap_or_default();
    if method == "getTransaction"
        && first.as_str() == faults.keeps_back.as_deref()
        && faults.keeps_back.is_some()
    {
        return Ok(error(&request, -32004, "Block not available for slot"));
    }
    let mut reply = shared.forward(&request).await?;
    let newest =
        if faults.behind > 0 { Some(shared.slot().await?.saturating_sub(faults.behind)) } else { None };
    match method.as_str() {
        "getSignatureStatuses" => {
            shared.asked.fetch_add(1, Ordering::SeqCst);
            statuses(&faults, newest, &mut reply);
        }
        "getTransaction" => transaction(&faults, newest, &mut reply),
        "getBlockHeight" => {
            shift(reply.pointer_mut("/result"), |height| {
                (height + faults.height_ahead).saturating_sub(faults.behind)
            });
        }
        "getSlot" => shift(reply.pointer_mut("/result"), |slot| slot.saturating_sub(faults.behind)),
        "getSignaturesForAddress" => {
            if let Some(items) = reply.pointer_mut("/result").and_then(Value::as_array_mut) {
                items.retain(|item| arrived(item, newest));
            }
        }
        "getMultipleAccounts" if faults.invents_accounts => invent_accounts(&mut reply),
        "getRecentPrioritizationFees" => {
            *lock(&shared.priced) = serde_json::from_value(first).unwrap_or_default();
            if let (Some(price), Some(result)) = (faults.price, reply.pointer_mut("/result")) {
                *result = (1..=150).map(|slot| json!({"slot": slot, "prioritizationFee": price})).collect();
            }
        }
        _ => {}
    }
    Ok(Json(reply).into_response())
}

fn error(request: &Value, code: i64, message: &str) -> Response {
    let error = json!({"code": code, "message": message});
    Json(json!({"jsonrpc": "2.0", "id": request.get("id"), "error": error})).into_response()
}

async fn send(shared: &Shared, faults: &Faults, mut request: Value) -> Result<Response> {
    shared.sends.fetch_add(1, Ordering::SeqCst);
    if faults.behind > 0 {
        return Ok(error(&request, -32002, "Transaction simulation failed: Blockhash not found"));
    }
    let taken = |request: &Value| -> Result<Response> {
        let transaction = request.pointer("/params/0").and_then(Value::as_str).unwrap_or_default();
        let answer =
            json!({"jsonrpc": "2.0", "id": request.get("id"), "result": first_signature(transaction)?});
        Ok(Json(answer).into_response())
    };
    if faults.swallows_sends {
        return taken(&request);
    }
    if let Some(later) = faults.delays_sends {
        let answer = taken(&request)?;
        let shared = shared.clone();
        tokio::spawn(async move {
            sleep(later).await;
            // What it says then, nobody hears.
            drop(shared.forward(&request).await);
        });
        return Ok(answer);
    }
    if faults.skips_preflight
        && let Some(config) = request.pointer_mut("/params/1").and_then(Value::as_object_mut)
    {
        config.insert("skipPreflight".to_owned(), json!(true));
    }
    let reply = shared.forward(&request).await?;
    if faults.hangs_after_send {
        sleep(HUNG).await;
    }
    if faults.errs_after_send {
        return Ok(error(&request, -32603, "Internal error"));
    }
    if faults.breaks_after_send {
        let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken")) });
        return Ok(Response::new(Body::from_stream(broken)));
    }
    Ok(Json(reply).into_response())
}

impl Shared {
    async fn forward(&self, request: &Value) -> Result<Value> {
        Ok(self.client.post(&self.upstream).json(request).send().await?.json().await?)
    }

    async fn slot(&self) -> Result<u64> {
        let ask =
            json!({"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [{"commitment": "processed"}]});
        self.forward(&ask).await?.get("result").and_then(Value::as_u64).context("no slot")
    }
}

/// Whether the slot of something has arrived at an endpoint whose newest slot is this.
fn arrived(item: &Value, newest: Option<u64>) -> bool {
    let slot = item.get("slot").and_then(Value::as_u64);
    newest.is_none_or(|newest| slot.is_some_and(|slot| slot <= newest))
}

fn shift(number: Option<&mut Value>, by: impl Fn(u64) -> u64) {
    if let Some(number) = number
        && let Some(value) = number.as_u64()
    {
        *number = by(value).into();
    }
}

fn statuses(faults: &Faults, newest: Option<u64>, reply: &mut Value) {
    shift(reply.pointer_mut("/result/context/slot"), |slot| slot.saturating_sub(faults.behind));
    let Some(statuses) = reply.pointer_mut("/result/value").and_then(Value::as_array_mut) else { return };
    for status in statuses.iter_mut().filter(|status| !status.is_null()) {
        if faults.finds_nothing || !arrived(status, newest) {
            *status = Value::Null;
        } else if faults.says_failed
            && let Some(status) = status.as_object_mut()
        {
            status.insert("err".to_owned(), json!("AccountInUse"));
            status.insert("status".to_owned(), json!({"Err": "AccountInUse"}));
            status.insert("confirmationStatus".to_owned(), json!("finalized"));
        }
    }
}

fn transaction(faults: &Faults, newest: Option<u64>, reply: &mut Value) {
    let Some(result) = reply.get_mut("result").filter(|result| !result.is_null()) else { return };
    if faults.finds_nothing || !arrived(result, newest) {
        *result = Value::Null;
        return;
    }
    if faults.says_failed
        && let Some(meta) = result.pointer_mut("/meta").and_then(Value::as_object_mut)
    {
        meta.insert("err".to_owned(), json!("AccountInUse"));
    }
    if faults.nests_transfers {
        nest(result);
    }
}

/// The same transaction as a program would have made it that pays in its callers' names: its System
/// instructions are what the first of them called.
fn nest(result: &mut Value) {
    let Some(outer) = result.pointer_mut("/transaction/message/instructions").and_then(Value::as_array_mut)
    else {
        return;
    };
    let called = std::mem::take(outer);
    outer.push(json!({"programIdIndex": 0, "accounts": [0], "data": "", "stackHeight": 1}));
    if let Some(meta) = result.pointer_mut("/meta").and_then(Value::as_object_mut) {
        meta.insert("innerInstructions".to_owned(), json!([{"index": 0, "instructions": called}]));
    }
}

fn invent_accounts(reply: &mut Value) {
    let Some(accounts) = reply.pointer_mut("/result/value").and_then(Value::as_array_mut) else { return };
    for account in accounts.iter_mut().filter(|account| account.is_null()) {
        *account = json!({"lamports": 1_000_000_000_u64, "owner": "11111111111111111111111111111111",
                          "data": ["", "base64"], "executable": false, "rentEpoch": 0, "space": 0});
    }
}

/// The signature is the 64 bytes after the number of signatures, which is below 128.
fn first_signature(transaction: &str) -> Result<String> {
    let bytes = STANDARD.decode(transaction)?;
    Ok(bs58::encode(bytes.get(1..65).context("a transaction without signature")?).into_string())
}
