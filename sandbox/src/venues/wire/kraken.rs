//! Kraken spot WebSocket v2: the channel `ticker`, with `status` and `heartbeat` sent unasked.
//! <https://docs.kraken.com/api/docs/websocket-v2/ticker>

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Bare, Frame, Session, View, rfc3339, text};
use crate::venues::{
    tape::Quote,
    venue::{Asset, Venue},
};

pub(super) struct Kraken {
    connection: u64,
    tickers: BTreeSet<Asset>,
    /// Whether something of a channel was sent since the last second.
    busy: bool,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    params: Option<Params>,
    req_id: Option<i64>,
}

#[derive(Deserialize)]
struct Params {
    channel: String,
    #[serde(default)]
    symbol: Vec<String>,
    event_trigger: Option<String>,
    snapshot: Option<bool>,
}

#[derive(Serialize)]
struct Channel<'a> {
    channel: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    data: [Ticker; 1],
}

#[derive(Serialize)]
struct Ticker {
    symbol: String,
    bid: Bare,
    bid_qty: Bare,
    ask: Bare,
    ask_qty: Bare,
    last: Bare,
    volume: Bare,
    vwap: Bare,
    low: Bare,
    high: Bare,
    change: Bare,
    change_pct: Bare,
    timestamp: String,
}

impl Kraken {
    pub fn new(number: u64) -> Self {
        Kraken { connection: number, tickers: BTreeSet::new(), busy: false }
    }

    fn status(&self, system: &str) -> Frame {
        text(&json!({"channel": "status", "type": "update", "data": [{
            "version": "2.0.10", "system": system, "api_version": "v2", "connection_id": self.connection,
        }]}))
    }

    fn subscribe(&mut self, params: &Params, req_id: Option<i64>, view: &View) -> Vec<Frame> {
        let trigger = params.event_trigger.as_deref().unwrap_or("trades");
        let snapshot = params.snapshot.unwrap_or(true);
        let mut acks = Vec::new();
        let mut snapshots = Vec::new();
        for symbol in &params.symbol {
            let Some(asset) = Venue::Kraken.asset(symbol) else {
                acks.push(unsupported("subscribe", symbol, req_id, view));
                continue;
            };
            if !self.tickers.insert(asset) {
                let error = json!({"error": "Already subscribed", "success": false, "symbol": symbol});
                acks.push(reply("subscribe", error, req_id, view));
                continue;
            }
            let result = json!({
                "channel": "ticker", "event_trigger": trigger, "snapshot": snapshot, "symbol": symbol,
            });
            acks.push(reply("subscribe", json!({"result": result, "success": true}), req_id, view));
            if snapshot {
                let quotes = view.quotes.iter().filter(|quote| quote.asset == asset);
                snapshots.extend(quotes.map(|quote| ticker("snapshot", quote)));
            }
        }
        acks.extend(snapshots);
        acks
    }

    fn unsubscribe(&mut self, params: &Params, req_id: Option<i64>, view: &View) -> Vec<Frame> {
        let answer = |symbol: &String| match Venue::Kraken.asset(symbol) {
            Some(asset) if self.tickers.remove(&asset) => {
                let result = json!({"channel": "ticker", "symbol": symbol});
                reply("unsubscribe", json!({"result": result, "success": true}), req_id, view)
            }
            Some(_) => {
                let error = json!({"error": "Subscription Not Found", "success": false, "symbol": symbol});
                reply("unsubscribe", error, req_id, view)
            }
            None => unsupported("unsubscribe", symbol, req_id, view),
        };
        params.symbol.iter().map(answer).collect()
    }
}

impl Session for Kraken {
    fn opened(&mut self, _view: &View) -> Vec<Frame> {
        vec![self.status("online")]
    }

    /// Before it restarts, the engine stops to trade.
    fn restarting(&mut self, _view: &View) -> Vec<Frame> {
        vec![self.status("maintenance")]
    }

    fn received(&mut self, message: &str, view: &View) -> Vec<Frame> {
        let refused = |method: &str, error: &str, req_id| {
            vec![reply(method, json!({"error": error, "success": false}), req_id, view)]
        };
        let Ok(request) = serde_json::from_str::<Request>(message) else {
            return refused("", "Malformed request", None);
        };
        let req_id = request.req_id;
        match (request.method.as_str(), &request.params) {
            ("ping", _) => vec![reply("pong", json!({}), req_id, view)],
            (method @ ("subscribe" | "unsubscribe"), Some(params)) => {
                let known = matches!(params.event_trigger.as_deref(), None | Some("bbo" | "trades"));
                match (params.channel.as_str(), method) {
                    ("ticker", _) if params.symbol.is_empty() => {
                        refused(method, "Symbol(s) not found", req_id)
                    }
                    ("ticker", _) if !known => refused(method, "Event trigger not supported", req_id),
                    ("ticker", "subscribe") => self.subscribe(params, req_id, view),
                    ("ticker", _) => self.unsubscribe(params, req_id, view),
                    _ => refused(method, "Channel not supported", req_id),
                }
            }
            (method @ ("subscribe" | "unsubscribe"), None) => refused(method, "Malformed request", req_id),
            (method, _) => refused(method, "Unsupported method", req_id),
        }
    }

    fn quoted(&mut self, quote: &Quote) -> Vec<Frame> {
        if !self.tickers.contains(&quote.asset) {
            return Vec::new();
        }
        self.busy = true;
        vec![ticker("update", quote)]
    }

    /// A heartbeat stands in for a second without updates, once anything is subscribed.
    fn second(&mut self, _view: &View) -> Vec<Frame> {
        let quiet = !std::mem::take(&mut self.busy) && !self.tickers.is_empty();
        if quiet { vec![text(&json!({"channel": "heartbeat"}))] } else { Vec::new() }
    }
}

fn reply(method: &str, body: Value, req_id: Option<i64>, view: &View) -> Frame {
    let mut message = match body {
        Value::Object(message) => message,
        _ => Map::new(),
    };
    if !method.is_empty() {
        message.insert("method".into(), method.into());
    }
    if let Some(id) = req_id {
        message.insert("req_id".into(), id.into());
    }
    message.insert("time_in".into(), rfc3339(view.now).into());
    message.insert("time_out".into(), rfc3339(view.now).into());
    text(&message)
}

fn unsupported(method: &str, symbol: &str, req_id: Option<i64>, view: &View) -> Frame {
    let error = format!("Currency pair not supported {symbol}");
    reply(method, json!({"error": error, "success": false, "symbol": symbol}), req_id, view)
}

fn ticker(kind: &str, quote: &Quote) -> Frame {
    let day = quote.day;
    let ticker = Ticker {
        symbol: Venue::Kraken.symbol(quote.asset),
        bid: Bare(quote.bid),
        bid_qty: Bare(quote.bid_quantity),
        ask: Bare(quote.ask),
        ask_qty: Bare(quote.ask_quantity),
        last: Bare(quote.price),
        volume: Bare(day.volume),
        vwap: Bare((day.high + day.low) / Decimal::TWO),
        low: Bare(day.low),
        high: Bare(day.high),
        change: Bare(quote.price - day.open),
        change_pct: Bare(((quote.price - day.open) * Decimal::ONE_HUNDRED / day.open).round_dp(2)),
        timestamp: rfc3339(quote.at),
    };
    text(&Channel { channel: "ticker", kind, data: [ticker] })
}
