//! The servers: RPC endpoints of a chain, and DexScreener.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Addresses, Fault, Place, Token, Tokens, accounts};

/// Longer than anybody waits for an answer.
const HUNG: Duration = Duration::from_secs(20);

const SLOT: Duration = Duration::from_millis(400);

/// Running servers; they end when this is dropped.
pub struct Servers {
    /// The RPC endpoints.
    pub rpc_urls: Vec<String>,
    /// DexScreener.
    pub listing_url: String,
    _shutdown: DropGuard,
}

/// Starts so many endpoints, and the listing on this port; 0 takes a free one. Whatever an endpoint is asked that is not about these tokens it asks the
/// chain at `upstream`, if there is one; otherwise nothing else exists.
///
/// # Errors
/// No port is free.
pub async fn serve(
    tokens: &Tokens,
    endpoints: usize,
    upstream: Option<String>,
    listing_port: u16,
) -> Result<Servers> {
    // Fails only if the service in this process chose it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shutdown = CancellationToken::new();
    tokens.state().endpoints = vec![Fault::None; endpoints];
    let mut rpc_urls = Vec::new();
    for number in 0..endpoints {
        let endpoint = Endpoint {
            tokens: tokens.clone(),
            number,
            upstream: upstream.clone(),
            client: reqwest::Client::new(),
            begun: Instant::now(),
        };
        let router = Router::new().route("/", post(answer)).with_state(endpoint);
        rpc_urls.push(listen(router, 0, &shutdown).await?);
    }
    let listing = Router::new().route("/tokens/v1/{chain}/{tokens}", get(pairs)).with_state(tokens.clone());
    let listing_url = listen(listing, listing_port, &shutdown).await?;
    Ok(Servers { rpc_urls, listing_url, _shutdown: shutdown.drop_guard() })
}

async fn listen(router: Router, port: u16, shutdown: &CancellationToken) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("listen")?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving = async move { axum::serve(listener, router).await };
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(serving));
    Ok(url)
}

#[derive(Clone)]
struct Endpoint {
    tokens: Tokens,
    number: usize,
    upstream: Option<String>,
    client: reqwest::Client,
    begun: Instant,
}

/// What a fault does to any server.
async fn spoilt(fault: Fault) -> Option<Response> {
    match fault {
        Fault::Away => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Fault::Silent => {
            sleep(HUNG).await;
            Some(StatusCode::GATEWAY_TIMEOUT.into_response())
        }
        Fault::Limited(seconds) => {
            Some((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response())
        }
        Fault::Garbled => Some("<html>We'll be back soon</html>".into_response()),
        Fault::None | Fault::Wrong(_) | Fault::Behind(_) => None,
    }
}

async fn answer(Shared(endpoint): Shared<Endpoint>, body: Bytes) -> Response {
    let fault = endpoint.tokens.state().endpoints.get(endpoint.number).copied().unwrap_or_default();
    if let Some(response) = spoilt(fault).await {
        return response;
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    let asked: Vec<String> = match (method, request.pointer("/params/0")) {
        ("getMultipleAccounts", Some(names)) => serde_json::from_value(names.clone()).unwrap_or_default(),
        ("getAccountInfo", Some(Value::String(name))) => vec![name.clone()],
        _ => Vec::new(),
    };
    let mut reply = match endpoint.forward(&request).await {
        Ok(Some(reply)) => reply,
        Ok(None) => endpoint.nothing(&request, method, asked.len()),
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    };
    for (at, name) in asked.iter().enumerate() {
        let place = if method == "getAccountInfo" {
            "/result/value".to_owned()
        } else {
            format!("/result/value/{at}")
        };
        let account = name.parse().ok().and_then(|address| endpoint.account(&address, fault));
        if let (Some(place), Some(account)) = (reply.pointer_mut(&place), account) {
            *place = account;
        }
    }
    if let (Fault::Behind(slots), Some(slot)) = (fault, reply.pointer_mut("/result/context/slot")) {
        *slot = slot.as_u64().unwrap_or_default().saturating_sub(slots).into();
    }
    Json(reply).into_response()
}

impl Endpoint {
    async fn forward(&self, request: &Value) -> Result<Option<Value>> {
        let Some(upstream) = &self.upstream else { return Ok(None) };
        Ok(Some(self.client.post(upstream).json(request).send().await?.json().await?))
    }

    /// The answer of a chain on which nothing exists but these tokens.
    fn nothing(&self, request: &Value, method: &str, asked: usize) -> Value {
        let id = request.get("id");
        let slots = self.begun.elapsed().as_millis() / SLOT.as_millis();
        let slot = 1_000_u64.saturating_add(u64::try_from(slots).unwrap_or_default());
        let value: Value = match method {
            "getMultipleAccounts" => vec![Value::Null; asked].into(),
            "getAccountInfo" => Value::Null,
            _ => {
                let error = json!({"code": -32601, "message": "Method not found"});
                return json!({"jsonrpc": "2.0", "error": error, "id": id});
            }
        };
        let result = json!({"context": {"apiVersion": "3.0.6", "slot": slot}, "value": value});
        json!({"jsonrpc": "2.0", "result": result, "id": id})
    }

    fn account(&self, address: &Pubkey, fault: Fault) -> Option<Value> {
        let found = self.tokens.all().into_iter().find_map(|token| {
            let token = Token { price: off(token.price, fault), ..token };
            accounts::account(&token, address)
        })?;
        Some(json!({
            "data": [STANDARD.encode(&found.data), "base64"],
            "executable": false,
            "lamports": 2_039_280,
            "owner": found.owner.to_string(),
            "rentEpoch": u64::MAX,
            "space": found.data.len(),
        }))
    }
}

fn off(price: Decimal, fault: Fault) -> Decimal {
    match fault {
        Fault::Wrong(percent) => price + price * percent / Decimal::ONE_HUNDRED,
        _ => price,
    }
}

async fn pairs(Shared(tokens): Shared<Tokens>, Path((chain, names)): Path<(String, String)>) -> Response {
    let (fault, sol_usd) = {
        let mut state = tokens.state();
        state.asked += 1;
        (state.listing, state.sol_usd)
    };
    if let Some(response) = spoilt(fault).await {
        return response;
    }
    let names: Vec<&str> = names.split(',').collect();
    if names.len() > 30 || chain != "solana" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let listed = tokens.all().into_iter().filter(|token| names.contains(&token.mint.as_str()));
    Json(listed.filter_map(|token| pair(&token, off(sol_usd, fault))).collect::<Vec<_>>()).into_response()
}

/// A pair as it is listed. Nobody lists what lies on a curve as liquidity.
fn pair(token: &Token, sol_usd: Decimal) -> Option<Value> {
    let at = Addresses::of(token)?;
    let (units, lamports) = token.reserves();
    let number = |number: Decimal| serde_json::from_str::<Value>(&number.normalize().to_string()).ok();
    let price = (token.price * sol_usd).round_dp(12).normalize();
    let sol = Decimal::new(i64::try_from(lamports).ok()?, 9);
    let (dex, address) = match token.place {
        Place::Curve => ("pumpfun", at.curve),
        Place::AfterCurve | Place::Pool => ("pumpswap", at.pool),
    };
    let mut pair = json!({
        "chainId": token.listed_on,
        "dexId": dex,
        "url": format!("https://dexscreener.com/{}/{address}", token.listed_on),
        "pairAddress": address.to_string(),
        "baseToken": {"address": token.mint, "name": token.symbol, "symbol": token.symbol},
        "quoteToken": {"address": "So11111111111111111111111111111111111111112", "name": "Wrapped SOL", "symbol": "SOL"},
        "priceNative": token.price.normalize().to_string(),
        "priceUsd": price.to_string(),
        "txns": {"m5": {"buys": 3, "sells": 2}},
        "volume": {"h24": 1234.5},
        "pairCreatedAt": token.created_ms,
    });
    if token.place != Place::Curve
        && let Some(fields) = pair.as_object_mut()
    {
        let depth = (sol * sol_usd * Decimal::TWO).round_dp(2);
        let base = Decimal::from(units) / Decimal::from(10_u64.checked_pow(u32::from(token.decimals))?);
        let liquidity = json!({"usd": number(depth)?, "base": number(base)?, "quote": number(sol)?});
        fields.insert("liquidity".to_owned(), liquidity);
    }
    Some(pair)
}
