//! Simulated tokens: their accounts on the world's chain through two endpoints, and their pairs at DexScreener.
//!
//! Each token's price in SOL is a seeded random walk like those of the venues, steered in the same way; see
//! [`servers::tokens`] for the servers and what can be wrong with them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::{get, post},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use servers::tokens::{Fault, Place, Servers, Token, Tokens};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::venues::{
    Asset, Market, STEP, SWING_PPB,
    control::{Bad, decimal, parse},
    walk::Walk,
};

/// A token in a pool of 1,000 SOL, three days old.
pub const FROG: &str = "6M4NzvmC78qmHKw85w9JWztt7pwuXUERoWupFf3Jd6pe";
/// A token on its bonding curve, an hour old.
pub const TADPOLE: &str = "7MsU5sMjuzaE7hvQDhLSqqSrAosEiL2YvUevKGfEEWna";

/// Endpoints between the oracle and the chain.
const ENDPOINTS: usize = 2;

/// Walks know eight decimals, and tokens cost billionths of SOL: they walk as so many of them at once.
const LOT: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

const HOUR_MS: i64 = 3_600_000;

/// The highest price that may be set, in SOL.
const HIGHEST: Decimal = Decimal::ONE_THOUSAND;

/// The tokens of a world; all clones steer the same.
#[derive(Clone)]
pub struct TokenMarket {
    tokens: Tokens,
    walks: Arc<Mutex<BTreeMap<String, Walk>>>,
    servers: Arc<Servers>,
}

/// Starts the servers in front of the chain at `rpc`, DexScreener on its port, and the walks; SOL is worth what it is in
/// `market`.
///
/// # Errors
/// No port is free.
pub async fn serve(
    seed: u64,
    rpc: String,
    market: Market,
    listing_port: u16,
    shutdown: CancellationToken,
) -> Result<TokenMarket> {
    let tokens = Tokens::new(market.price(Asset::Sol));
    let now = now_ms();
    let pooled = Token::in_pool(FROG, "FROG", now - 72 * HOUR_MS, Decimal::new(3, 5));
    for token in [pooled, Token::on_curve(TADPOLE, "TADPOLE", now - HOUR_MS)] {
        tokens.put(token);
    }
    let walk = |(token, number): (Token, u64)| {
        (token.mint, Walk::new(token.price * LOT, SWING_PPB, seed, 1_000 + number))
    };
    let walks = tokens.all().into_iter().zip(0..).map(walk).collect();
    let servers = servers::tokens::serve(&tokens, ENDPOINTS, Some(rpc), listing_port).await?;
    let made = TokenMarket { tokens, walks: Arc::new(Mutex::new(walks)), servers: Arc::new(servers) };
    let walking = made.clone();
    tokio::spawn(shutdown.run_until_cancelled_owned(async move { walking.keep_walking(&market).await }));
    Ok(made)
}

impl TokenMarket {
    /// The endpoints through which the oracle reads tokens.
    #[must_use]
    pub fn rpc_urls(&self) -> &[String] {
        &self.servers.rpc_urls
    }

    /// DexScreener.
    #[must_use]
    pub fn listing_url(&self) -> &str {
        &self.servers.listing_url
    }

    /// The tokens and what is wrong with their servers.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Jumps to a price in SOL and stays there, or walks on; whether there is such a token.
    pub fn set(&self, mint: &str, price: Decimal, hold: bool) -> bool {
        self.walks().get_mut(mint).map(|walk| walk.set(price * LOT, hold)).is_some()
    }

    /// Goes to a price in SOL in a straight line; whether there is such a token.
    pub fn drift(&self, mint: &str, price: Decimal, over: Duration, hold: bool) -> bool {
        self.walks().get_mut(mint).map(|walk| walk.drift(price * LOT, over, hold)).is_some()
    }

    /// Stays where it is, or walks on; whether there is such a token.
    pub fn hold(&self, mint: &str, hold: bool) -> bool {
        self.walks().get_mut(mint).map(|walk| walk.hold(hold)).is_some()
    }

    /// The token's curve is sold out, and its pool trades on; whether it was on a curve.
    pub fn complete(&self, mint: &str) -> bool {
        let mut was_on_curve = false;
        self.tokens.change(mint, |token| {
            was_on_curve = token.place == Place::Curve;
            if was_on_curve {
                token.place = Place::AfterCurve;
            }
        });
        was_on_curve
    }

    /// The token and its accounts are gone; whether it was there.
    pub fn remove(&self, mint: &str) -> bool {
        self.walks().remove(mint);
        self.tokens.remove(mint)
    }

    async fn keep_walking(&self, market: &Market) {
        let mut clock = interval(STEP);
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            clock.tick().await;
            self.tokens.set_sol_usd(market.price(Asset::Sol));
            for (mint, walk) in self.walks().iter_mut() {
                walk.step();
                let price = walk.price() / LOT;
                self.tokens.change(mint, |token| token.price = price);
            }
        }
    }

    fn walks(&self) -> MutexGuard<'_, BTreeMap<String, Walk>> {
        self.walks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "the outside world has a clock of its own")]
fn now_ms() -> i64 {
    let now = time::OffsetDateTime::now_utc();
    now.unix_timestamp().saturating_mul(1_000)
}

/// `GET /sandbox/tokens`, `POST /sandbox/tokens/{mint}` and `POST /sandbox/tokens` for what is wrong with the servers. A
/// request that cannot be obeyed is answered with 400 and `{"error": "..."}`; the others with the new state of all.
pub fn router(market: TokenMarket) -> Router {
    Router::new()
        .route("/sandbox/tokens", get(show).post(fault))
        .route("/sandbox/tokens/{mint}", post(token))
        .with_state(market)
}

async fn show(State(market): State<TokenMarket>) -> Json<Value> {
    let place = |place| match place {
        Place::Curve => "curve",
        Place::AfterCurve => "pool after the curve",
        Place::Pool => "pool",
    };
    let tokens: Vec<Value> = market
        .tokens
        .all()
        .into_iter()
        .map(|token| {
            json!({"mint": token.mint, "symbol": token.symbol, "place": place(token.place),
                   "price_sol": token.price.normalize().to_string()})
        })
        .collect();
    let faults: Vec<String> = market.tokens.endpoints().iter().map(|fault| format!("{fault:?}")).collect();
    let listing = format!("{:?}", market.tokens.listing());
    Json(json!({"tokens": tokens, "endpoints": faults, "listing": listing}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOrder {
    price: Option<Box<RawValue>>,
    hold: Option<bool>,
    over_ms: Option<u64>,
    /// The curve is sold out.
    complete: Option<bool>,
    /// The token and its accounts vanish.
    gone: Option<bool>,
}

async fn token(
    State(market): State<TokenMarket>,
    Path(mint): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Bad> {
    let order: TokenOrder = parse(&body)?;
    let price = order.price.as_deref().map(|raw| decimal("price", raw)).transpose()?;
    if price.is_some_and(|price| price <= Decimal::ZERO || price > HIGHEST) {
        return Err(Bad(format!("a price must be above 0 and at most {HIGHEST} SOL")));
    }
    let hold = order.hold.unwrap_or(false);
    let obeyed = match (price, order.over_ms, order.complete, order.gone) {
        (Some(price), Some(millis), None, None) => {
            market.drift(&mint, price, Duration::from_millis(millis), hold)
        }
        (Some(price), None, None, None) => market.set(&mint, price, hold),
        (None, None, Some(true), None) if order.hold.is_none() => market.complete(&mint),
        (None, None, None, Some(true)) if order.hold.is_none() => market.remove(&mint),
        (None, None, None, None) if order.hold.is_some() => market.hold(&mint, hold),
        _ => return Err(Bad("give a price with hold or over_ms, or hold, complete or gone alone".into())),
    };
    if obeyed { Ok(show(State(market)).await) } else { Err(Bad(format!("{mint} is not there for that"))) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    /// Which endpoint, from 1; without it, the listing.
    endpoint: Option<usize>,
    fault: String,
    percent: Option<Box<RawValue>>,
    slots: Option<u64>,
    seconds: Option<u64>,
}

async fn fault(State(market): State<TokenMarket>, body: Bytes) -> Result<Json<Value>, Bad> {
    let order: FaultOrder = parse(&body)?;
    let percent = order.percent.as_deref().map(|raw| decimal("percent", raw)).transpose()?;
    let fault = match (order.fault.as_str(), percent, order.slots, order.seconds) {
        ("none", None, None, None) => Fault::None,
        ("away", None, None, None) => Fault::Away,
        ("silent", None, None, None) => Fault::Silent,
        ("garbled", None, None, None) => Fault::Garbled,
        ("wrong", Some(percent), None, None) => Fault::Wrong(percent),
        ("behind", None, Some(slots), None) => Fault::Behind(slots),
        ("limited", None, None, Some(seconds)) => Fault::Limited(seconds),
        _ => {
            let known =
                "none, away, silent, garbled, wrong with percent, behind with slots, limited with seconds";
            return Err(Bad(format!("known faults are {known}")));
        }
    };
    match order.endpoint {
        None => market.tokens.set_listing(fault),
        Some(number) => {
            let set = number.checked_sub(1).is_some_and(|at| market.tokens.set_endpoint(at, fault));
            if !set {
                return Err(Bad(format!("there is no endpoint {number}")));
            }
        }
    }
    Ok(show(State(market)).await)
}
