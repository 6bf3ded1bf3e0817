//! Binance spot market streams.
//! <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>

use std::collections::BTreeSet;

use axum::http::Uri;
use serde_json::{Value, json};

use super::{Frame, Pace, Session, View, millis, text};
use crate::venues::{tape::Quote, venue::Venue};

/// Messages, pings and pongs together, that a client may send in a second.
const PER_SECOND: u32 = 5;

const METHODS: &str = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";

/// Streams `<symbol>@trade` and `<symbol>@bookTicker`, raw at `/ws` or wrapped at `/stream`. Names of unknown
/// streams are accepted and never send anything, as at Binance.
pub(super) struct Binance {
    streams: BTreeSet<String>,
    combined: bool,
    ping_every: u32,
    since_ping: u32,
    unanswered: u32,
    heard: u32,
}

impl Binance {
    pub fn new(pace: Pace, uri: &Uri) -> Self {
        let combined = uri.path() == "/stream";
        let named = if combined {
            uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("streams="))
        } else {
            uri.path().strip_prefix("/ws/")
        };
        let streams = named.unwrap_or_default().split('/').filter(|name| !name.is_empty());
        Binance {
            streams: streams.map(|name| name.replace("%40", "@")).collect(),
            combined,
            ping_every: pace.binance_ping,
            since_ping: 0,
            unanswered: 0,
            heard: 0,
        }
    }

    fn heard(&mut self) -> Vec<Frame> {
        self.heard += 1;
        if self.heard > PER_SECOND { vec![Frame::Close(1008, "Too many requests")] } else { Vec::new() }
    }

    /// The result of a request, or what is wrong with it.
    fn answer(&mut self, request: &Value) -> Result<Value, String> {
        let method = request.get("method").ok_or("missing field `method` at line 1 column 2")?;
        let method = method.as_str().ok_or("`method` must be a string")?;
        let params = request.get("params");
        match method {
            "SUBSCRIBE" => self.streams.extend(names(params)?),
            "UNSUBSCRIBE" => {
                for name in names(params)? {
                    self.streams.remove(&name);
                }
            }
            "LIST_SUBSCRIPTIONS" => return Ok(json!(self.streams)),
            "GET_PROPERTY" => {
                combined(params, 0)?;
                return Ok(json!(self.combined));
            }
            "SET_PROPERTY" => {
                let value = combined(params, 1)?.ok_or("not enough parameters")?;
                self.combined = value.as_bool().ok_or("Invalid value type: expected Boolean")?;
            }
            other => {
                return Err(format!(
                    "unknown variant `{other}`, expected one of {METHODS} at line 1 column 28"
                ));
            }
        }
        Ok(Value::Null)
    }

    fn event(&self, stream: &str, data: Value) -> Frame {
        if self.combined { text(&json!({"stream": stream, "data": data})) } else { text(&data) }
    }
}

impl Session for Binance {
    fn received(&mut self, text_: &str, _view: &View) -> Vec<Frame> {
        let excess = self.heard();
        if !excess.is_empty() {
            return excess;
        }
        let request: Value = match serde_json::from_str(text_) {
            Ok(request) => request,
            Err(error) => {
                return vec![text(&json!({"error": {"code": 3, "msg": format!("Invalid JSON: {error}")}}))];
            }
        };
        let refused = |msg: &str, id: &Value| {
            vec![text(&json!({"error": {"code": 2, "msg": format!("Invalid request: {msg}")}, "id": id}))]
        };
        let id = request.get("id").cloned().unwrap_or(Value::Null);
        let named =
            id.as_str().is_some_and(|id| id.len() <= 36 && id.chars().all(|c| c.is_ascii_alphanumeric()));
        if !(id.is_null() || id.is_i64() || id.is_u64() || named) {
            return refused("request ID must be an unsigned integer", &Value::Null);
        }
        match self.answer(&request) {
            Ok(result) => vec![text(&json!({"result": result, "id": id}))],
            Err(msg) => refused(&msg, &id),
        }
    }

    fn pinged(&mut self) -> Vec<Frame> {
        self.heard()
    }

    fn ponged(&mut self) {
        self.unanswered = 0;
        self.heard += 1;
    }

    fn quoted(&mut self, quote: &Quote) -> Vec<Frame> {
        let symbol = Venue::Binance.symbol(quote.asset);
        let eight = |mut number: rust_decimal::Decimal| {
            number.rescale(8);
            number.to_string()
        };
        let mut frames = Vec::new();
        let book = format!("{}@bookTicker", symbol.to_lowercase());
        if self.streams.contains(&book) {
            let data = json!({
                "u": quote.trade_id, "s": symbol,
                "b": eight(quote.bid), "B": eight(quote.bid_quantity),
                "a": eight(quote.ask), "A": eight(quote.ask_quantity),
            });
            frames.push(self.event(&book, data));
        }
        let trade = format!("{}@trade", symbol.to_lowercase());
        if self.streams.contains(&trade) {
            let at = millis(quote.at);
            let data = json!({
                "e": "trade", "E": at, "s": symbol, "t": quote.trade_id,
                "p": eight(quote.price), "q": eight(quote.quantity), "T": at, "m": quote.sold, "M": true,
            });
            frames.push(self.event(&trade, data));
        }
        frames
    }

    fn second(&mut self, view: &View) -> Vec<Frame> {
        self.heard = 0;
        self.since_ping += 1;
        if self.since_ping < self.ping_every {
            return Vec::new();
        }
        self.since_ping = 0;
        self.unanswered += 1;
        if self.unanswered > 3 {
            return vec![Frame::Close(1008, "Pong timeout")];
        }
        vec![Frame::Ping(millis(view.now).to_string().into_bytes())]
    }

    fn restarting(&mut self, view: &View) -> Vec<Frame> {
        let event = json!({"e": "serverShutdown", "E": millis(view.now)});
        vec![self.event("serverShutdown", event)]
    }
}

fn names(params: Option<&Value>) -> Result<Vec<String>, String> {
    let names = params.and_then(Value::as_array).ok_or("params must be an array of stream names")?;
    let names = names.iter().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<_>>().ok_or_else(|| "stream name must be a string".to_owned())
}

/// The parameter at `place` of a request about the property `combined`, the only one that there is.
fn combined(params: Option<&Value>, place: usize) -> Result<Option<&Value>, &'static str> {
    let params = params.and_then(Value::as_array).ok_or("property name must be a string")?;
    match params.first().and_then(Value::as_str) {
        Some("combined") if params.len() > 2 => Err("too many parameters"),
        Some("combined") => Ok(params.get(place)),
        Some(_) => Err("unknown property"),
        None => Err("property name must be a string"),
    }
}
