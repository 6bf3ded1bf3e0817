//! Steering over HTTP, for the chat page and for scripts in other languages.

use std::str::FromStr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::exchange::{Deed, Exchange};
use super::faults::{Fault, Host};
use super::holdings::Token;
use super::life::{self, Life};
use super::tape::Side;
use super::traffic::Asked;
use super::{Polymarket, now};
use crate::venues::control::{Bad, decimal, parse};

/// Shown to people.
const MARKETS: usize = 20;
const WALLETS: usize = 12;

/// `GET /sandbox/polymarket`, `POST /sandbox/polymarket/{host}` for what is wrong with a server, `POST
/// /sandbox/polymarket/deeds` for what somebody does, and `POST /sandbox/polymarket/pace`. A request that cannot be
/// obeyed is answered with 400 and `{"error": "..."}`, the others with the new state of all.
pub fn router(polymarket: Polymarket) -> Router {
    Router::new()
        .route("/sandbox/polymarket", get(show))
        .route("/sandbox/polymarket/deeds", post(deed))
        .route("/sandbox/polymarket/pace", post(pace))
        .route("/sandbox/polymarket/{host}", post(fault))
        .with_state(polymarket)
}

#[derive(Serialize)]
struct Steered {
    hosts: Vec<HostState>,
    traffic: Vec<RouteState>,
    pace_ms: Option<u64>,
    deeds: usize,
    wallets: Vec<WalletState>,
    markets: Vec<MarketState>,
}

#[derive(Serialize)]
struct HostState {
    host: Host,
    url: String,
    fault: &'static str,
}

#[derive(Serialize)]
struct RouteState {
    host: Host,
    route: String,
    #[serde(flatten)]
    asked: Asked,
}

#[derive(Serialize)]
struct WalletState {
    address: String,
    name: String,
    usd: Decimal,
}

#[derive(Serialize)]
struct MarketState {
    slug: String,
    question: String,
    condition: String,
    outcomes: [String; 2],
    prices: [Decimal; 2],
}

async fn show(State(polymarket): State<Polymarket>) -> Json<Steered> {
    Json(state(&polymarket))
}

fn state(polymarket: &Polymarket) -> Steered {
    let host = |host| HostState { host, url: polymarket.url(host), fault: polymarket.fault(host).name() };
    let traffic = super::lock(&polymarket.0.traffic);
    let route = |(host, route, asked): (Host, &str, &Asked)| RouteState {
        host,
        route: route.to_owned(),
        asked: asked.clone(),
    };
    let traffic = traffic.all().map(route).collect();
    let pace = *polymarket.0.pace.borrow();
    polymarket.read(|exchange, _| Steered {
        hosts: Host::ALL.map(host).into(),
        traffic,
        pace_ms: pace.and_then(|pace| u64::try_from(pace.as_millis()).ok()),
        deeds: exchange.tape().rows().len(),
        wallets: richest(exchange),
        markets: life::tradable(exchange)
            .filter_map(|place| exchange.markets().get(place))
            .take(MARKETS)
            .map(|market| MarketState {
                slug: market.slug.clone(),
                question: market.question.clone(),
                condition: market.condition.clone(),
                outcomes: market.outcomes.clone(),
                prices: [market.price(0).normalize(), market.price(1).normalize()],
            })
            .collect(),
    })
}

fn richest(exchange: &Exchange) -> Vec<WalletState> {
    let wallets = exchange.wallets().iter().enumerate();
    let mut all: Vec<WalletState> = wallets
        .map(|(place, wallet)| WalletState {
            address: wallet.address.clone(),
            name: wallet.name.clone(),
            usd: exchange.worth(place).round_dp(2).normalize(),
        })
        .collect();
    all.sort_by_key(|wallet| std::cmp::Reverse(wallet.usd));
    all.truncate(WALLETS);
    all
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    fault: String,
    seconds: Option<u64>,
}

async fn fault(
    State(polymarket): State<Polymarket>,
    Path(host): Path<String>,
    body: Bytes,
) -> Result<Json<Steered>, Bad> {
    let host = Host::from_str(&host)?;
    let order: FaultOrder = parse(&body)?;
    polymarket.set_fault(host, Fault::named(&order.fault, order.seconds)?);
    Ok(Json(state(&polymarket)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceOrder {
    /// Null for a life that stands still.
    every_ms: Option<u64>,
}

async fn pace(State(polymarket): State<Polymarket>, body: Bytes) -> Result<Json<Steered>, Bad> {
    let order: PaceOrder = parse(&body)?;
    if order.every_ms.is_some_and(|millis| millis < 10) {
        return Err(Bad("every_ms is at least 10".into()));
    }
    polymarket.set_pace(order.every_ms.map(Duration::from_millis));
    Ok(Json(state(&polymarket)))
}

/// Markets are named by slug or condition, outcomes by their names. A wallet that is not there begins to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeedOrder {
    deed: String,
    market: String,
    /// Of all deeds but `resolve`.
    wallet: Option<String>,
    /// Of `buy`, `sell` and `resolve`.
    outcome: Option<String>,
    /// Of all deeds but `redeem` and `resolve`.
    shares: Option<Box<RawValue>>,
}

async fn deed(State(polymarket): State<Polymarket>, body: Bytes) -> Result<Json<Steered>, Bad> {
    let order: DeedOrder = parse(&body)?;
    let deed = understood(&mut polymarket.exchange(), order)?;
    polymarket.apply(&deed)?;
    Ok(Json(state(&polymarket)))
}

fn understood(exchange: &mut Exchange, order: DeedOrder) -> Result<Deed, Bad> {
    let market = place(exchange, &order.market)?;
    let outcome = order.outcome.as_deref().map(|name| token(exchange, market, name)).transpose()?;
    let shares = order.shares.as_deref().map(|raw| decimal("shares", raw)).transpose()?;
    let wallet = order.wallet.as_deref().map(|address| of(exchange, address)).transpose()?;
    match (order.deed.as_str(), wallet, outcome, shares) {
        ("buy", Some(wallet), Some(token), Some(shares)) => {
            Ok(trade(exchange, wallet, token, Side::Buy, shares))
        }
        ("sell", Some(wallet), Some(token), Some(shares)) => {
            Ok(trade(exchange, wallet, token, Side::Sell, shares))
        }
        ("split", Some(wallet), None, Some(shares)) => Ok(Deed::Split { wallet, market, shares }),
        ("merge", Some(wallet), None, Some(shares)) => Ok(Deed::Merge { wallet, market, shares }),
        ("redeem", Some(wallet), None, None) => Ok(Deed::Redeem { wallet, market }),
        ("resolve", None, Some(token), None) => Ok(Deed::Resolve { market, winner: token.outcome }),
        _ => Err(Bad("known deeds are buy and sell with wallet, outcome and shares, split and merge with wallet and shares, \
                      redeem with wallet, and resolve with outcome"
            .into())),
    }
}

fn trade(exchange: &Exchange, wallet: usize, token: Token, side: Side, shares: Decimal) -> Deed {
    let seed = u64::try_from(now()).unwrap_or_default();
    Life::new(seed).order(exchange, wallet, token, side, shares)
}

fn of(exchange: &mut Exchange, address: &str) -> Result<usize, Bad> {
    let digits = address.strip_prefix("0x").unwrap_or_default();
    if digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(exchange.wallet_or_new(address))
    } else {
        Err(Bad(format!("{address:?} is no address: 0x and 40 hexadecimal digits")))
    }
}

fn place(exchange: &Exchange, market: &str) -> Result<usize, Bad> {
    let by_slug = || exchange.markets().iter().position(|one| one.slug == market);
    let found = exchange.market_of(market).or_else(by_slug);
    found.ok_or_else(|| Bad(format!("no market is called {market:?}")))
}

fn token(exchange: &Exchange, market: usize, outcome: &str) -> Result<Token, Bad> {
    let outcomes = exchange.markets().get(market).map(|market| &market.outcomes);
    let found = outcomes.and_then(|names| names.iter().position(|name| name.eq_ignore_ascii_case(outcome)));
    let outcome = found.ok_or_else(|| Bad(format!("the market has no outcome {outcome:?}")))?;
    Ok(Token { market, outcome })
}
