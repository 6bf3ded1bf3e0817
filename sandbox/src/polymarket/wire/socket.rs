//! The CLOB's market channel: books and trades of subscribed tokens, results if they are asked for, a text `PONG` for
//! a text `PING`, and no wallet in anything. <https://docs.polymarket.com/developers/CLOB/websocket/market-channel>

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::super::book::Book;
use super::super::exchange::Exchange;
use super::super::faults::{Fault, Host};
use super::super::holdings::Token;
use super::super::{Polymarket, Tick};
use super::clob::{hash, orders, text};

/// Whoever says nothing for this long is disconnected.
const SILENCE: Duration = Duration::from_secs(30);

/// What a client sends: the first time with a type, later with an operation.
#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    assets_ids: Vec<String>,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    custom_feature_enabled: bool,
}

/// What a connection gets.
#[derive(Default)]
struct Subscription {
    tokens: BTreeSet<String>,
    /// Results and best prices, too.
    more: bool,
}

/// `GET /ws/market`
pub(in super::super) async fn market(
    State(polymarket): State<Polymarket>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| async move {
        // A client that goes away is not an error of ours.
        let _ = converse(polymarket, socket).await;
    })
}

async fn converse(polymarket: Polymarket, mut socket: WebSocket) -> Result<(), axum::Error> {
    let mut ticks = polymarket.ticks();
    let mut fault = polymarket.faults(Host::Clob);
    let mut subscription = Subscription::default();
    let mut silent_until = Instant::now() + SILENCE;
    loop {
        if *fault.borrow() == Fault::Away {
            return Ok(());
        }
        let silent = *fault.borrow() == Fault::Silent;
        tokio::select! {
            changed = fault.changed() => if changed.is_err() { return Ok(()) },
            () = sleep_until(silent_until) => return Ok(()),
            message = socket.recv() => {
                silent_until = Instant::now() + SILENCE;
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => continue,
                };
                let answer = subscription.hear(&polymarket, &text);
                if let Some(answer) = answer.filter(|_| !silent) {
                    socket.send(Message::text(answer)).await?;
                }
            }
            tick = ticks.recv() => match tick {
                Ok(tick) if !silent => for event in subscription.tell(&polymarket, &tick) {
                    socket.send(Message::text(event.to_string())).await?;
                },
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

impl Subscription {
    /// Follows what the client says; what it is answered, if anything.
    fn hear(&mut self, polymarket: &Polymarket, text: &str) -> Option<String> {
        if text == "PING" {
            return Some("PONG".to_owned());
        }
        let Ok(order) = serde_json::from_str::<Order>(text) else {
            return Some("INVALID OPERATION".to_owned());
        };
        match (order.r#type.as_deref(), order.operation.as_deref()) {
            (_, Some("unsubscribe")) => {
                order.assets_ids.iter().for_each(|token| {
                    self.tokens.remove(token);
                });
                None
            }
            (Some("market" | "MARKET"), _) | (_, Some("subscribe")) => {
                self.more |= order.custom_feature_enabled;
                let books = polymarket.read(|exchange, now| {
                    let tokens = order.assets_ids.iter().filter_map(|token| exchange.token(token));
                    tokens.filter_map(|token| book(exchange, token, now)).collect::<Vec<Value>>()
                });
                self.tokens.extend(order.assets_ids);
                Some(Value::from(books).to_string())
            }
            _ => Some("INVALID OPERATION".to_owned()),
        }
    }

    /// What of a tick this client gets.
    fn tell(&self, polymarket: &Polymarket, tick: &Tick) -> Vec<Value> {
        polymarket.read(|exchange, now| match tick {
            Tick::Traded(row) => {
                let traded = exchange.tape().rows().get(*row).and_then(|row| {
                    Some((row, Token { market: row.market?, outcome: row.outcome? }))
                });
                let Some((row, token)) = traded else { return Vec::new() };
                let mut events = Vec::new();
                for outcome in 0..2 {
                    let of = Token { outcome, ..token };
                    if let Some(changed) = self.wants(exchange, of).then(|| changed(exchange, of, now)).flatten() {
                        events.push(changed);
                    }
                }
                if let Some(id) = asset(exchange, token).filter(|_| self.wants(exchange, token)) {
                    events.push(json!({
                        "event_type": "last_trade_price", "market": condition(exchange, token), "asset_id": id,
                        "fee_rate_bps": "0", "price": text(row.price), "side": row.side.map(|side| side.word()),
                        "size": text(row.shares), "timestamp": now.to_string(),
                    }));
                }
                events
            }
            Tick::Resolved(market) => {
                let Some((market, how)) =
                    exchange.markets().get(*market).and_then(|market| Some((market, market.resolution?)))
                else {
                    return Vec::new();
                };
                if !self.more || !market.tokens.iter().any(|token| self.tokens.contains(token)) {
                    return Vec::new();
                }
                vec![json!({
                    "event_type": "market_resolved", "id": market.id.to_string(), "market": market.condition,
                    "assets_ids": market.tokens, "winning_asset_id": market.tokens.get(how.winner),
                    "winning_outcome": market.outcomes.get(how.winner), "timestamp": now.to_string(), "tags": [],
                })]
            }
        })
    }

    fn wants(&self, exchange: &Exchange, token: Token) -> bool {
        asset(exchange, token).is_some_and(|id| self.tokens.contains(id))
    }
}

fn asset(exchange: &Exchange, token: Token) -> Option<&str> {
    exchange.markets().get(token.market)?.tokens.get(token.outcome).map(String::as_str)
}

fn condition(exchange: &Exchange, token: Token) -> Option<&str> {
    exchange.markets().get(token.market).map(|market| market.condition.as_str())
}

fn book(exchange: &Exchange, token: Token, now: i64) -> Option<Value> {
    let market = exchange.markets().get(token.market)?;
    let book = Book::of(market, token.outcome);
    Some(json!({
        "event_type": "book", "market": market.condition, "asset_id": asset(exchange, token)?,
        "timestamp": now.to_string(), "hash": hash(&book), "bids": orders(&book.bids), "asks": orders(&book.asks),
    }))
}

/// The best order of the side that was hit, as it is now.
fn changed(exchange: &Exchange, token: Token, now: i64) -> Option<Value> {
    let market = exchange.markets().get(token.market)?;
    let book = Book::of(market, token.outcome);
    let (bid, ask) = (book.bids.first()?, book.asks.first()?);
    Some(json!({
        "event_type": "price_change", "market": market.condition, "timestamp": now.to_string(),
        "price_changes": [{
            "asset_id": asset(exchange, token)?, "price": text(bid.price), "size": text(bid.shares), "side": "BUY",
            "hash": hash(&book), "best_bid": text(bid.price), "best_ask": text(ask.price),
        }],
    }))
}
