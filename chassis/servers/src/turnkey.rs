//! Turnkey's API on this machine, as far as a wallet needs it: it checks the P-256 stamp over the exact body, knows an
//! activity by its body, and signs with real Ed25519 keys. On request it is slow, asks for approvals, or fails.
//! <https://docs.turnkey.com/developer-reference/api-overview/intro>

use anyhow::Result;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use p256::ecdsa::{DerSignature, VerifyingKey, signature::Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How far a new request's time may be from ours: it shows that the request is not an old one.
const LIVENESS_MS: u128 = 5 * 60 * 1_000;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Activities that sign wait until [`Turnkey::approve_all`].
    pub needs_approval: bool,
    /// A new activity is being done for so many looks before it is done.
    pub pending_looks: u32,
    /// Activities that sign fail.
    pub fails: bool,
    /// Every request is answered with 503.
    pub away: bool,
    /// The activity is done, and the connection is silent for longer than anybody waits.
    pub silent: bool,
}

/// One activity, for tests to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its type.
    pub kind: String,
    /// How often the same bytes were submitted.
    pub submissions: u32,
    /// Whether it is done.
    pub completed: bool,
}

/// A running server. Dropping it ends it.
pub struct Turnkey {
    /// The API, without a path.
    pub url: String,
    inner: Arc<Inner>,
    _stop: DropGuard,
}

struct Inner {
    /// The public key that requests must be stamped with, compressed, in hexadecimal.
    api_key: String,
    organization: String,
    state: Mutex<World>,
}

#[derive(Default)]
struct World {
    faults: Faults,
    wallets: Vec<Wallet>,
    /// By fingerprint, the SHA-256 of the body.
    activities: BTreeMap<String, Activity>,
}

struct Wallet {
    id: String,
    name: String,
    accounts: BTreeMap<String, SigningKey>,
}

struct Activity {
    kind: String,
    parameters: Value,
    status: &'static str,
    looks_left: u32,
    submissions: u32,
    result: Value,
    failure: Option<String>,
}

type Refused = (StatusCode, String);

impl Turnkey {
    /// Starts a server that accepts requests of one organization with the stamp of one key.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(organization: &str, api_public_key: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let inner = Arc::new(Inner {
            api_key: api_public_key.to_owned(),
            organization: organization.to_owned(),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/public/v1/submit/{what}", post(submit))
            .route("/public/v1/query/{what}", post(query))
            .with_state(Arc::clone(&inner));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            // Ends with the token; a listener that breaks shows in the test.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { url, inner, _stop: stop.drop_guard() })
    }

    /// The public half of a P-256 key in hexadecimal, as it is registered at Turnkey.
    ///
    /// # Errors
    /// Not a private key.
    pub fn public_key_of(private: &str) -> Result<String> {
        let key = p256::ecdsa::SigningKey::from_slice(&hex::decode(private)?)?;
        Ok(hex::encode(key.verifying_key().to_encoded_point(true).as_bytes()))
    }

    /// Behaves like this from now on.
    pub fn set(&self, faults: Faults) {
        self.inner.world().faults = faults;
    }

    /// Somebody at Turnkey approves everything that waits.
    pub fn approve_all(&self) {
        let mut world = self.inner.world();
        let World { wallets, activities, .. } = &mut *world;
        for activity in activities.values_mut().filter(|one| one.status == "ACTIVITY_STATUS_CONSENSUS_NEEDED")
        {
            activity.finish(wallets);
        }
    }

    /// All activities so far.
    #[must_use]
    pub fn activities(&self) -> Vec<Seen> {
        let world = self.inner.world();
        let seen = |one: &Activity| Seen {
            kind: one.kind.clone(),
            submissions: one.submissions,
            completed: one.status == "ACTIVITY_STATUS_COMPLETED",
        };
        world.activities.values().map(seen).collect()
    }
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of a request that is stamped, ours, and not to be refused on purpose.
    fn accept(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refused> {
        if self.world().faults.away {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "away".to_owned()));
        }
        if !self.stamped(headers, body) {
            return Err((StatusCode::UNAUTHORIZED, "could not verify the stamp".to_owned()));
        }
        if headers.get("content-type").is_none_or(|kind| kind != "application/json") {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "not JSON".to_owned()));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
        if text(&body, "/organizationId") != self.organization {
            return Err((StatusCode::NOT_FOUND, "no such organization".to_owned()));
        }
        Ok(body)
    }

    fn stamped(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let stamp = headers.get("X-Stamp").and_then(|stamp| URL_SAFE_NO_PAD.decode(stamp.as_bytes()).ok());
        let stamp: Value = stamp.and_then(|stamp| serde_json::from_slice(&stamp).ok()).unwrap_or_default();
        let verified = || {
            let key = VerifyingKey::from_sec1_bytes(&hex::decode(text(&stamp, "/publicKey")).ok()?).ok()?;
            let signature = DerSignature::from_bytes(&hex::decode(text(&stamp, "/signature")).ok()?).ok()?;
            key.verify(body, &signature).ok()
        };
        text(&stamp, "/scheme") == "SIGNATURE_SCHEME_TK_API_P256"
            && text(&stamp, "/publicKey") == self.api_key
            && verified().is_some()
    }
}

async fn submit(
    State(inner): State<Arc<Inner>>,
    Path(what): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let answered = inner.accept(&headers, &bytes).and_then(|body| inner.submitted(&what, &body, &bytes));
    let silent = inner.world().faults.silent;
    if silent {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    answer(answered)
}

async fn query(
    State(inner): State<Arc<Inner>>,
    Path(what): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    answer(inner.accept(&headers, &bytes).and_then(|body| inner.asked(&what, &body)))
}

impl Inner {
    fn submitted(&self, what: &str, body: &Value, bytes: &[u8]) -> Result<Value, Refused> {
        let kind = match what {
            "sign_raw_payload" => "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2",
            "create_wallet" => "ACTIVITY_TYPE_CREATE_WALLET",
            "create_wallet_accounts" => "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS",
            _ => return Err((StatusCode::NOT_FOUND, "no such activity".to_owned())),
        };
        if text(body, "/type") != kind {
            return Err(bad(format!("type is not {kind}")));
        }
        let fingerprint = hex::encode(Sha256::digest(bytes));
        let mut world = self.world();
        let World { faults, wallets, activities } = &mut *world;
        let known = activities.contains_key(&fingerprint);
        if !known {
            live(text(body, "/timestampMs"))?;
            let parameters = body.pointer("/parameters").cloned().unwrap_or_default();
            check(kind, &parameters, wallets)?;
            let activity = Activity {
                kind: kind.to_owned(),
                parameters,
                status: "ACTIVITY_STATUS_PENDING",
                looks_left: faults.pending_looks,
                submissions: 0,
                result: Value::Null,
                failure: None,
            };
            activities.insert(fingerprint.clone(), activity);
        }
        let Some(activity) = activities.get_mut(&fingerprint) else { return Err(bad("gone".to_owned())) };
        activity.submissions += 1;
        let signs = kind == "ACTIVITY_TYPE_SIGN_RAW_PAYLOAD_V2";
        match activity.status {
            "ACTIVITY_STATUS_PENDING" if signs && faults.fails => {
                activity.status = "ACTIVITY_STATUS_FAILED";
                activity.failure = Some("signer is out of order".to_owned());
            }
            "ACTIVITY_STATUS_PENDING" if signs && faults.needs_approval => {
                activity.status = "ACTIVITY_STATUS_CONSENSUS_NEEDED";
            }
            _ => activity.look(wallets),
        }
        Ok(activity.told(&fingerprint, &self.organization))
    }

    fn asked(&self, what: &str, body: &Value) -> Result<Value, Refused> {
        let mut world = self.world();
        let World { wallets, activities, .. } = &mut *world;
        match what {
            "get_activity" => {
                let id = text(body, "/activityId");
                let activity = activities.get_mut(id).ok_or_else(|| missing("activity"))?;
                activity.look(wallets);
                Ok(activity.told(id, &self.organization))
            }
            "list_wallets" => {
                let told = |wallet: &Wallet| json!({"walletId": wallet.id, "walletName": wallet.name});
                Ok(json!({"wallets": wallets.iter().map(told).collect::<Vec<_>>()}))
            }
            "get_wallet_account" => {
                let path = text(body, "/path");
                let wallet = wallets.iter().find(|wallet| wallet.id == text(body, "/walletId"));
                let key =
                    wallet.and_then(|wallet| wallet.accounts.get(path)).ok_or_else(|| missing("account"))?;
                Ok(json!({"account": {"address": address(key), "path": path, "curve": "CURVE_ED25519"}}))
            }
            _ => Err(missing("query")),
        }
    }
}

/// What Turnkey refuses before there is an activity.
fn check(kind: &str, parameters: &Value, wallets: &[Wallet]) -> Result<(), Refused> {
    let wallet = |id: &str| wallets.iter().find(|wallet| wallet.id == id);
    match kind {
        "ACTIVITY_TYPE_CREATE_WALLET" => {
            let name = text(parameters, "/walletName");
            if name.is_empty() || wallets.iter().any(|wallet| wallet.name == name) {
                return Err(bad("wallet label must be unique".to_owned()));
            }
        }
        "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS" => {
            let wallet = wallet(text(parameters, "/walletId")).ok_or_else(|| missing("wallet"))?;
            let account = "/accounts/0";
            let field = |name: &str| text(parameters, &format!("{account}/{name}")).to_owned();
            if field("curve") != "CURVE_ED25519"
                || field("pathFormat") != "PATH_FORMAT_BIP32"
                || field("addressFormat") != "ADDRESS_FORMAT_SOLANA"
            {
                return Err(bad("not a Solana account".to_owned()));
            }
            if wallet.accounts.contains_key(&field("path")) {
                return Err(bad("wallet account already exists".to_owned()));
            }
        }
        _ => {
            let plain = text(parameters, "/encoding") == "PAYLOAD_ENCODING_HEXADECIMAL"
                && text(parameters, "/hashFunction") == "HASH_FUNCTION_NOT_APPLICABLE";
            if !plain || hex::decode(text(parameters, "/payload")).is_err() {
                return Err(bad("not a payload of Ed25519".to_owned()));
            }
            if signing_key(wallets, text(parameters, "/signWith")).is_none() {
                return Err(missing("signing resource"));
            }
        }
    }
    Ok(())
}

impl Activity {
    /// Somebody looks: what is being done gets done in time.
    fn look(&mut self, wallets: &mut Vec<Wallet>) {
        if self.status != "ACTIVITY_STATUS_PENDING" {
            return;
        }
        match self.looks_left.checked_sub(1) {
            Some(left) => self.looks_left = left,
            None => self.finish(wallets),
        }
    }

    fn finish(&mut self, wallets: &mut Vec<Wallet>) {
        self.status = "ACTIVITY_STATUS_COMPLETED";
        self.result = match self.kind.as_str() {
            "ACTIVITY_TYPE_CREATE_WALLET" => {
                let id = format!("wallet-{}", wallets.len() + 1);
                let name = text(&self.parameters, "/walletName").to_owned();
                wallets.push(Wallet { id: id.clone(), name, accounts: BTreeMap::new() });
                json!({"createWalletResult": {"walletId": id, "addresses": []}})
            }
            "ACTIVITY_TYPE_CREATE_WALLET_ACCOUNTS" => {
                let key = SigningKey::from_bytes(&rand::random());
                let told = address(&key);
                let path = text(&self.parameters, "/accounts/0/path").to_owned();
                let id = text(&self.parameters, "/walletId").to_owned();
                if let Some(wallet) = wallets.iter_mut().find(|wallet| wallet.id == id) {
                    wallet.accounts.insert(path, key);
                }
                json!({"createWalletAccountsResult": {"addresses": [told]}})
            }
            _ => {
                let payload = hex::decode(text(&self.parameters, "/payload")).unwrap_or_default();
                let signature = signing_key(wallets, text(&self.parameters, "/signWith"))
                    .map(|key| hex::encode(key.sign(&payload).to_bytes()))
                    .unwrap_or_default();
                let (r, s) = signature.split_at(signature.len() / 2);
                json!({"signRawPayloadResult": {"r": r, "s": s, "v": "00"}})
            }
        };
    }

    fn told(&self, fingerprint: &str, organization: &str) -> Value {
        let mut activity = json!({
            "id": fingerprint, "organizationId": organization, "status": self.status, "type": self.kind,
            "intent": {}, "votes": [], "fingerprint": format!("sha256:{fingerprint}"),
            "canApprove": false, "canReject": false,
        });
        if let Some(fields) = activity.as_object_mut() {
            if self.status == "ACTIVITY_STATUS_COMPLETED" {
                fields.insert("result".to_owned(), self.result.clone());
            }
            if let Some(failure) = &self.failure {
                fields.insert("failure".to_owned(), json!({"code": 13, "message": failure}));
            }
        }
        json!({ "activity": activity })
    }
}

fn signing_key<'a>(wallets: &'a [Wallet], with: &str) -> Option<&'a SigningKey> {
    wallets.iter().flat_map(|wallet| wallet.accounts.values()).find(|key| address(key) == with)
}

fn address(key: &SigningKey) -> String {
    bs58::encode(key.verifying_key().as_bytes()).into_string()
}

fn live(timestamp_ms: &str) -> Result<(), Refused> {
    let asked: u128 = timestamp_ms.parse().map_err(|_| bad("timestampMs is no number".to_owned()))?;
    #[expect(clippy::disallowed_methods, reason = "a server outside of ours, with a clock of its own")]
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
    if now.abs_diff(asked) <= LIVENESS_MS { Ok(()) } else { Err(bad("the request is not of now".to_owned())) }
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn bad(message: String) -> Refused {
    (StatusCode::BAD_REQUEST, message)
}

fn missing(what: &str) -> Refused {
    (StatusCode::NOT_FOUND, format!("no such {what}"))
}

fn answer(answered: Result<Value, Refused>) -> Response {
    match answered {
        Ok(value) => Json(value).into_response(),
        Err((status, message)) => {
            (status, Json(json!({"code": 3, "message": message, "details": []}))).into_response()
        }
    }
}
