//! A stand-in for Polymarket: its wire formats as far as these tests need them, told what to show and how to fail.

use crate::now;
use axum::{
    Json, Router,
    extract::{
        Path, RawQuery, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::broadcast};

/// The market of most tests: its condition, and the tokens of Yes and No.
pub const CONDITION: &str = "0x00000000000000000000000000000000000000000000000000000000000000a1";
pub const YES: &str = "11";
pub const NO: &str = "12";

/// How it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// Status 200 and an object that says what went wrong.
    ErrorObject,
    Broken,
    Limited,
}

/// A fill, as the feed and the wallet's activity show it.
#[derive(Clone, Debug)]
pub struct Fill {
    pub wallet: String,
    pub transaction: String,
    pub token: &'static str,
    pub sell: bool,
    pub shares: f64,
    pub price: f64,
    pub at: OffsetDateTime,
}

#[derive(Default)]
struct Inner {
    mood: Mood,
    /// Steps of the clock.
    ahead: Duration,
    /// In the order in which they became visible.
    fills: Vec<Fill>,
    /// The feed does not show these transactions, though the wallet's activity does.
    hidden: BTreeSet<String>,
    redemptions: Vec<(String, Value)>,
    held: BTreeMap<(String, &'static str), f64>,
    /// Paid per share of Yes, once it is decided.
    decided: Option<f64>,
    /// Rows of a page at most, and how many of the page before it repeats.
    page: usize,
    repeats: usize,
    asked: BTreeMap<String, usize>,
    subscribed: BTreeSet<String>,
}

#[derive(Clone)]
pub struct Stand {
    inner: Arc<Mutex<Inner>>,
    says: broadcast::Sender<String>,
    pub url: String,
}

impl Stand {
    pub async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let inner = Inner { page: 1_000, ..Inner::default() };
        let stand = Self { inner: Arc::new(Mutex::new(inner)), says: broadcast::channel(100).0, url };
        let router = Router::new()
            .route("/v2/trades", get(trades))
            .route("/v2/activity", get(activity))
            .route("/v2/positions", get(positions))
            .route("/markets", get(markets))
            .route("/markets/slug/{slug}", get(by_slug))
            .route("/events/slug/{slug}", get(event))
            .route("/book", get(book))
            .route("/ws/market", get(socket))
            .with_state(stand.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stand
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn mood(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    pub fn pages(&self, page: usize, repeats: usize) {
        let mut inner = self.lock();
        (inner.page, inner.repeats) = (page, repeats);
    }

    pub fn advance(&self, by: Duration) {
        self.lock().ahead += by;
    }

    pub fn now(&self) -> OffsetDateTime {
        now() + self.lock().ahead
    }

    /// Shares change hands, and everything shows it.
    pub fn fill(
        &self,
        wallet: &str,
        transaction: &str,
        (token, sell): (&'static str, bool),
        shares: f64,
        price: f64,
    ) {
        let at = self.now();
        let mut inner = self.lock();
        let (wallet, transaction) = (wallet.to_owned(), transaction.to_owned());
        *inner.held.entry((wallet.clone(), token)).or_default() += if sell { -shares } else { shares };
        inner.fills.push(Fill { wallet, transaction, token, sell, shares, price, at });
    }

    /// The feed does not show a transaction.
    pub fn hide(&self, transaction: &str) {
        self.lock().hidden.insert(transaction.to_owned());
    }

    /// Sets what a wallet holds, without a trade.
    pub fn hold(&self, wallet: &str, token: &'static str, shares: f64) {
        self.lock().held.insert((wallet.to_owned(), token), shares);
    }

    pub fn decide(&self, yes: f64) {
        self.lock().decided = Some(yes);
    }

    /// Turns what a wallet holds into money.
    pub fn redeem(&self, wallet: &str, transaction: &str) {
        let at = self.now().unix_timestamp();
        let mut inner = self.lock();
        let yes = inner.decided.unwrap();
        let mut held = |token| inner.held.remove(&(wallet.to_owned(), token)).unwrap_or_default();
        let (shares, usd) = (held(YES), held(NO));
        let row = json!({
            "proxy_wallet": wallet, "type": "REDEEM", "side": "", "token_id": "", "condition_id": CONDITION,
            "size": shares + usd, "usdc_size": shares * yes + usd * (1.0 - yes), "price": 0, "timestamp": at,
            "outcome": "", "outcome_index": 999, "title": "Rain?", "slug": "rain", "event_slug": "weather",
            "transaction_hash": transaction,
        });
        inner.redemptions.push((wallet.to_owned(), row));
    }

    /// Over the WebSocket.
    pub fn say(&self, event: &Value) {
        let _ = self.says.send(event.to_string());
    }

    pub fn asked(&self, path: &str) -> usize {
        self.lock().asked.get(path).copied().unwrap_or_default()
    }

    pub fn listens_for(&self, token: &str) -> bool {
        self.lock().subscribed.contains(token)
    }

    /// Counts a question; an answer if it fails.
    fn ask(&self, path: &str) -> Result<MutexGuard<'_, Inner>, Box<Response>> {
        let mut inner = self.lock();
        *inner.asked.entry(path.to_owned()).or_default() += 1;
        let failure = match inner.mood {
            Mood::Well => return Ok(inner),
            Mood::ErrorObject => Json(json!({"error": "internal"})).into_response(),
            Mood::Broken => StatusCode::BAD_GATEWAY.into_response(),
            Mood::Limited => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        };
        Err(Box::new(failure))
    }
}

fn pairs(query: Option<String>) -> Vec<(String, String)> {
    let url = format!("http://x/?{}", query.unwrap_or_default());
    reqwest::Url::parse(&url).unwrap().query_pairs().into_owned().collect()
}

fn one(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

impl Fill {
    fn row(&self) -> Value {
        json!({
            "proxy_wallet": self.wallet, "side": if self.sell { "SELL" } else { "BUY" }, "token_id": self.token,
            "condition_id": CONDITION, "size": self.shares, "price": self.price.to_string(),
            "timestamp": self.at.unix_timestamp(), "title": "Rain?", "slug": "rain", "event_slug": "weather",
            "outcome": if self.token == YES { "Yes" } else { "No" }, "outcome_index": 0, "name": "", "pseudonym": "Owl",
            "transaction_hash": self.transaction,
        })
    }
}

impl Inner {
    /// Newest first, from a place on; a page repeats the end of the one before, and its rows are in no good order.
    fn page(&self, rows: Vec<Value>, query: &[(String, String)]) -> Value {
        let from: usize = one(query, "cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let page: Vec<Value> =
            rows.iter().skip(from.saturating_sub(self.repeats)).take(self.page).cloned().collect();
        let end = from.saturating_sub(self.repeats) + page.len();
        let has_more = end < rows.len();
        let page: Vec<Value> = page.iter().skip(1).chain(page.first()).cloned().collect();
        json!({"data": page, "pagination": {"has_more": has_more, "next_cursor": has_more.then(|| end.to_string())}})
    }
}

async fn trades(State(stand): State<Stand>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query);
    assert_eq!(one(&query, "taker_only").as_deref(), Some("false"));
    let inner = match stand.ask("/v2/trades") {
        Ok(inner) => inner,
        Err(failure) => return *failure,
    };
    let shown = inner.fills.iter().rev().filter(|fill| !inner.hidden.contains(&fill.transaction));
    Json(inner.page(shown.map(Fill::row).collect(), &query)).into_response()
}

async fn activity(State(stand): State<Stand>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query);
    let user = one(&query, "user").unwrap();
    let start: i64 = one(&query, "start").map_or(0, |start| start.parse().unwrap());
    let types = one(&query, "type").unwrap_or_default();
    let inner = match stand.ask("/v2/activity") {
        Ok(inner) => inner,
        Err(failure) => return *failure,
    };
    let fills = inner.fills.iter().filter(|fill| fill.wallet == user).map(|fill| {
        let mut row = fill.row();
        row["type"] = "TRADE".into();
        row["usdc_size"] = json!(fill.shares * fill.price);
        row
    });
    let redemptions =
        inner.redemptions.iter().filter(|(wallet, _)| *wallet == user).map(|(_, row)| row.clone());
    let mut rows: Vec<Value> = fills.chain(redemptions).collect();
    rows.retain(|row| row["timestamp"].as_i64().unwrap() >= start);
    rows.retain(|row| types.is_empty() || types.split(',').any(|kind| row["type"] == kind));
    rows.reverse();
    Json(inner.page(rows, &query)).into_response()
}

async fn positions(State(stand): State<Stand>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query);
    let user = one(&query, "user").unwrap();
    let inner = match stand.ask("/v2/positions") {
        Ok(inner) => inner,
        Err(failure) => return *failure,
    };
    let held = inner.held.iter().filter(|((wallet, _), shares)| *wallet == user && **shares > 0.0);
    let rows = held.map(|((wallet, token), shares)| {
        let price = inner.decided.map_or(0.5, |yes| if *token == YES { yes } else { 1.0 - yes });
        let status = match (inner.decided.is_some(), price > 0.0) {
            (false, _) => "OPEN",
            (true, true) => "REDEEMABLE",
            (true, false) => "REDEEMABLE_LOST",
        };
        json!({
            "proxy_wallet": wallet, "token_id": token, "condition_id": CONDITION, "current_size": shares.to_string(),
            "avg_price": 0.4, "entry_cost_usdc": shares * 0.4, "current_price": price, "current_value": shares * price,
            "realized_pnl": 1, "unrealized_pnl": shares * (price - 0.4), "status": status, "title": "Rain?",
            "slug": "rain", "event_slug": "weather", "outcome": if *token == YES { "Yes" } else { "No" }, "name": "Owl",
        })
    });
    Json(inner.page(rows.collect(), &query)).into_response()
}

impl Inner {
    fn market(&self) -> Value {
        let yes = self.decided.unwrap_or(0.5);
        json!({
            "id": "1", "question": "Rain?", "conditionId": CONDITION, "slug": "rain", "endDate": "2026-12-31T00:00:00Z",
            "outcomes": "[\"Yes\", \"No\"]", "outcomePrices": format!("[\"{yes}\", \"{}\"]", 1.0 - yes),
            "clobTokenIds": format!("[\"{YES}\", \"{NO}\"]"), "volume": "12.5", "volume24hr": 7, "liquidity": "100.25",
            "closed": self.decided.is_some(), "umaResolutionStatus": self.decided.map(|_| "resolved"),
            "description": "If it rains.", "events": [{"id": "9", "slug": "weather"}],
        })
    }

    fn sibling() -> Value {
        json!({
            "id": "2", "question": "Snow?", "conditionId": CONDITION.replace("a1", "a2"), "slug": "snow",
            "outcomes": "[\"Yes\", \"No\"]", "outcomePrices": "[\"0.1\", \"0.9\"]", "clobTokenIds": "[\"21\", \"22\"]",
            "closed": false,
        })
    }
}

/// Ignores the filter by condition id, as a host does that does not know it (any more).
async fn markets(State(stand): State<Stand>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query);
    let inner = match stand.ask("/markets") {
        Ok(inner) => inner,
        Err(failure) => return *failure,
    };
    let closed = one(&query, "closed").as_deref() == Some("true");
    let all = [inner.market(), Inner::sibling()];
    let rows: Vec<_> = all.into_iter().filter(|market| market["closed"] == closed).collect();
    Json(rows).into_response()
}

async fn by_slug(State(stand): State<Stand>, Path(slug): Path<String>) -> Response {
    match stand.ask("/markets/slug") {
        Ok(inner) if slug == "rain" => Json(inner.market()).into_response(),
        Ok(_) => StatusCode::NOT_FOUND.into_response(),
        Err(failure) => *failure,
    }
}

async fn event(State(stand): State<Stand>, Path(slug): Path<String>) -> Response {
    match stand.ask("/events/slug") {
        Ok(inner) if slug == "weather" => {
            Json(json!({"id": "9", "slug": slug, "markets": [inner.market(), Inner::sibling()]}))
                .into_response()
        }
        Ok(_) => StatusCode::NOT_FOUND.into_response(),
        Err(failure) => *failure,
    }
}

async fn book(State(stand): State<Stand>, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query);
    match stand.ask("/book") {
        Ok(inner) if inner.decided.is_none() => {
            let offers = |prices: [&str; 2]| prices.map(|price| json!({"price": price, "size": "100"}));
            let token = one(&query, "token_id");
            Json(json!({"asset_id": token, "bids": offers(["0.48", "0.49"]), "asks": offers(["0.53", "0.51"])}))
                .into_response()
        }
        Ok(_) => (StatusCode::NOT_FOUND, Json(json!({"error": "No orderbook exists"}))).into_response(),
        Err(failure) => *failure,
    }
}

async fn socket(State(stand): State<Stand>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| talk(stand, socket))
}

async fn talk(stand: Stand, mut socket: WebSocket) {
    let mut says = stand.says.subscribe();
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) if text.as_str() == "PING" => {
                    let _ = socket.send(Message::text("PONG")).await;
                }
                Some(Ok(Message::Text(text))) => {
                    let asked: Value = serde_json::from_str(&text).unwrap();
                    let tokens = asked["assets_ids"].as_array().unwrap().iter();
                    let tokens: Vec<String> = tokens.map(|token| token.as_str().unwrap().to_owned()).collect();
                    let mut inner = stand.lock();
                    if asked["operation"] == "unsubscribe" {
                        tokens.iter().for_each(|token| { inner.subscribed.remove(token); });
                    } else {
                        inner.subscribed.extend(tokens);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            Ok(said) = says.recv() => {
                let _ = socket.send(Message::text(said)).await;
            }
        }
    }
}
