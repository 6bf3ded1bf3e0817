//! The CLOB's REST interface: books, prices and their history. Amounts are text, and the best order of a side comes last.
//! <https://docs.polymarket.com/developers/CLOB/introduction>

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::super::Polymarket;
use super::super::book::{Book, Level};
use super::super::catalogue::Market;
use super::super::exchange::Exchange;
use super::super::holdings::Token;
use super::{Number, Refusal, date, number, one};

type Pairs = Query<Vec<(String, String)>>;

/// Orders at one price.
#[derive(Debug, Serialize)]
pub(super) struct Order {
    price: String,
    size: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    market: &'a str,
    asset_id: &'a str,
    timestamp: String,
    hash: String,
    bids: Vec<Order>,
    asks: Vec<Order>,
    min_order_size: &'a str,
    tick_size: &'a str,
    neg_risk: bool,
    last_trade_price: String,
}

#[derive(Serialize)]
struct Point {
    t: i64,
    p: Number,
}

#[derive(Deserialize)]
pub(in super::super) struct Asked {
    token_id: String,
}

/// Orders as they are listed: the best one last.
pub(super) fn orders(levels: &[Level]) -> Vec<Order> {
    let listed = levels.iter().rev();
    listed.map(|level| Order { price: text(level.price), size: text(level.shares) }).collect()
}

/// The hash of a book: of what is in it.
pub(super) fn hash(book: &Book) -> String {
    hex::encode(Sha1::digest(format!("{book:?}")))
}

/// An amount as text.
pub(super) fn text(amount: Decimal) -> String {
    amount.normalize().to_string()
}

/// The answer with a token, unless it is decided: then it has no book.
fn traded<'a>(exchange: &'a Exchange, token: &str) -> Result<(&'a Market, Token), Refusal> {
    let unknown = || Refusal::missing("No orderbook exists for the requested token id");
    let token = exchange.token(token).ok_or_else(unknown)?;
    let market = exchange.markets().get(token.market).filter(|market| market.resolution.is_none());
    market.map(|market| (market, token)).ok_or_else(unknown)
}

fn asked(pairs: &[(String, String)]) -> Result<&str, Refusal> {
    one(pairs, "token_id").ok_or_else(|| Refusal::bad("Invalid token id"))
}

fn summary(exchange: &Exchange, token: &str, now: i64) -> Result<Value, Refusal> {
    let (market, token) = traded(exchange, token)?;
    let book = Book::of(market, token.outcome);
    let summary = Summary {
        market: &market.condition,
        asset_id: market.tokens.get(token.outcome).map_or("", String::as_str),
        timestamp: now.to_string(),
        hash: hash(&book),
        bids: orders(&book.bids),
        asks: orders(&book.asks),
        min_order_size: "5",
        tick_size: "0.01",
        neg_risk: exchange.events().get(market.event).is_some_and(|event| event.exclusive),
        last_trade_price: text(market.price(token.outcome)),
    };
    serde_json::to_value(summary)
        .map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// `GET /book`
pub(in super::super) async fn book(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let token = asked(&pairs)?;
    Ok(Json(polymarket.read(|exchange, now| summary(exchange, token, now))?).into_response())
}

/// `POST /books`: those there are.
pub(in super::super) async fn books(
    State(polymarket): State<Polymarket>,
    Json(asked): Json<Vec<Asked>>,
) -> Json<Vec<Value>> {
    let books = |exchange: &Exchange, now| {
        let found = asked.iter().filter_map(|asked| summary(exchange, &asked.token_id, now).ok());
        found.collect::<Vec<_>>()
    };
    Json(polymarket.read(books))
}

/// `GET /price`: the best order of a side.
pub(in super::super) async fn price(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let token = asked(&pairs)?;
    let side = one(&pairs, "side").map(str::to_ascii_uppercase);
    let price = polymarket.read(|exchange, _| {
        let (market, token) = traded(exchange, token)?;
        let book = Book::of(market, token.outcome);
        match side.as_deref() {
            Some("BUY") => Ok(book.bid()),
            Some("SELL") => Ok(book.ask()),
            _ => Err(Refusal::bad("Invalid side")),
        }
    })?;
    let price = price.ok_or_else(|| Refusal::missing("No price"))?;
    Ok(Json(json!({"price": text(price)})).into_response())
}

/// `GET /midpoint`
pub(in super::super) async fn midpoint(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let token = asked(&pairs)?;
    let middle = polymarket.read(|exchange, _| {
        let (market, token) = traded(exchange, token)?;
        Ok(Book::of(market, token.outcome).middle())
    })?;
    let middle = middle.ok_or_else(|| Refusal::missing("No midpoint"))?;
    Ok(Json(json!({"mid": text(middle)})).into_response())
}

/// `GET /prices-history`: of a token, within bounds or the last so long.
pub(in super::super) async fn history(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let token = one(&pairs, "market").ok_or_else(|| Refusal::bad("market is required"))?;
    let bound = |name| Ok(number(&pairs, name)?.and_then(|second| i64::try_from(second).ok()));
    let (start, end) = (bound("startTs")?, bound("endTs")?);
    let fidelity = number(&pairs, "fidelity")?.and_then(|minutes| i64::try_from(minutes).ok()).unwrap_or(1);
    let interval = match one(&pairs, "interval") {
        Some("1h") => Some(3_600),
        Some("6h") => Some(6 * 3_600),
        Some("1d") => Some(86_400),
        Some("1w") => Some(7 * 86_400),
        Some("1m") => Some(30 * 86_400),
        Some("max" | "all") => Some(i64::MAX),
        None if start.is_some() => None,
        _ => return Err(Refusal::bad("one of interval and startTs is required")),
    };
    let points = polymarket.read(|exchange, now| {
        let Some(token) = exchange.token(token) else { return Vec::new() };
        let Some(market) = exchange.markets().get(token.market) else { return Vec::new() };
        let from =
            start.or_else(|| interval.map(|span| (now / 1_000).saturating_sub(span))).unwrap_or_default();
        let until = end.unwrap_or(i64::MAX);
        let step = fidelity.max(1) * 60;
        let inside = market.prices.iter().filter(|(at, _)| (from..=until).contains(at));
        // The last price of each step.
        let mut points: Vec<Point> = Vec::new();
        for (at, price) in inside {
            let price = if token.outcome == 0 { *price } else { Decimal::ONE - *price };
            let point = Point { t: *at, p: Number(price) };
            match points.last_mut().filter(|last| last.t / step == at / step) {
                Some(last) => *last = point,
                None => points.push(point),
            }
        }
        points
    });
    Ok(Json(json!({"history": points})).into_response())
}

/// `GET /markets/{condition}`
pub(in super::super) async fn market(
    State(polymarket): State<Polymarket>,
    Path(condition): Path<String>,
) -> Result<Response, Refusal> {
    let found = polymarket.read(|exchange, _| {
        let market = exchange.markets().get(exchange.market_of(&condition)?)?;
        let winner = market.resolution.map(|how| how.winner);
        let tokens = market.outcomes.iter().zip(&market.tokens).enumerate().map(|(place, (outcome, token))| {
            let price = serde_json::to_value(Number(market.price(place))).unwrap_or_default();
            json!({"token_id": token, "outcome": outcome, "price": price, "winner": winner == Some(place)})
        });
        Some(json!({
            "enable_order_book": true, "active": true, "closed": winner.is_some(), "archived": false,
            "accepting_orders": winner.is_none(), "minimum_order_size": 5, "minimum_tick_size": 0.01,
            "condition_id": market.condition, "question": market.question, "market_slug": market.slug,
            "end_date_iso": date(market.ends), "neg_risk": false, "tokens": tokens.collect::<Vec<_>>(),
        }))
    });
    found.map(|found| Json(found).into_response()).ok_or_else(|| Refusal::missing("market not found"))
}
