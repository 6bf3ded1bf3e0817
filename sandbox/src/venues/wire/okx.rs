//! OKX v5 public channels: `tickers`. <https://www.okx.com/docs-v5/en/#public-data-websocket>

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Frame, Pace, Session, View, millis, text};
use crate::venues::{
    tape::Quote,
    venue::{Asset, Venue},
};

pub(super) struct Okx {
    connection: String,
    tickers: BTreeSet<Asset>,
    idle_after: u32,
    idle: u32,
}

#[derive(Deserialize)]
struct Request {
    id: Option<String>,
    op: String,
    args: Vec<Map<String, Value>>,
}

impl Okx {
    pub fn new(pace: Pace, number: u64) -> Self {
        let connection = format!("{number:08x}");
        Okx { connection, tickers: BTreeSet::new(), idle_after: pace.okx_idle, idle: 0 }
    }

    fn error(&self, code: &str, msg: &str, id: Option<&str>) -> Frame {
        self.event(json!({"event": "error", "code": code, "msg": msg}), id)
    }

    fn event(&self, mut event: Value, id: Option<&str>) -> Frame {
        if let Some(event) = event.as_object_mut() {
            event.insert("connId".into(), self.connection.as_str().into());
            if let Some(id) = id {
                event.insert("id".into(), id.into());
            }
        }
        text(&event)
    }

    fn apply(&mut self, subscribe: bool, request: &Request, view: &View) -> Vec<Frame> {
        let id = request.id.as_deref();
        let mut frames = Vec::new();
        for arg in &request.args {
            let field = |name| arg.get(name).and_then(Value::as_str).unwrap_or_default();
            let (channel, instrument) = (field("channel"), field("instId"));
            let asset = Venue::Okx.asset(instrument).filter(|_| channel == "tickers");
            let Some(asset) = asset else {
                let msg = format!(
                    "Wrong URL or channel:{channel},instId:{instrument} doesn't exist. Please use the \
                     correct URL, channel and parameters referring to API document."
                );
                frames.push(self.error("60018", &msg, id));
                continue;
            };
            let event = if subscribe { "subscribe" } else { "unsubscribe" };
            let arg = json!({"channel": channel, "instId": instrument});
            frames.push(self.event(json!({"event": event, "arg": arg}), id));
            if subscribe {
                self.tickers.insert(asset);
                frames.extend(view.quotes.iter().filter(|quote| quote.asset == asset).map(ticker));
            } else {
                self.tickers.remove(&asset);
            }
        }
        frames
    }
}

impl Session for Okx {
    fn received(&mut self, message: &str, view: &View) -> Vec<Frame> {
        self.idle = 0;
        if message == "ping" {
            return vec![Frame::Text("pong".into())];
        }
        match serde_json::from_str::<Request>(message) {
            Ok(request) if request.op == "subscribe" && !request.args.is_empty() => {
                self.apply(true, &request, view)
            }
            Ok(request) if request.op == "unsubscribe" && !request.args.is_empty() => {
                self.apply(false, &request, view)
            }
            _ => vec![self.error("60012", &format!("Invalid request: {message}"), None)],
        }
    }

    fn quoted(&mut self, quote: &Quote) -> Vec<Frame> {
        if !self.tickers.contains(&quote.asset) {
            return Vec::new();
        }
        self.idle = 0;
        vec![ticker(quote)]
    }

    fn second(&mut self, _view: &View) -> Vec<Frame> {
        self.idle += 1;
        if self.idle >= self.idle_after {
            return vec![Frame::Close(4004, "No data received in 30s.")];
        }
        Vec::new()
    }

    fn restarting(&mut self, _view: &View) -> Vec<Frame> {
        let msg = "The connection will soon be closed for a service upgrade. Please reconnect.";
        vec![self.event(json!({"event": "notice", "code": "64008", "msg": msg}), None)]
    }
}

fn ticker(quote: &Quote) -> Frame {
    let instrument = Venue::Okx.symbol(quote.asset);
    let day = quote.day;
    text(&json!({
        "arg": {"channel": "tickers", "instId": instrument},
        "data": [{
            "instType": "SPOT",
            "instId": instrument,
            "last": quote.price.normalize().to_string(),
            "lastSz": quote.quantity.normalize().to_string(),
            "askPx": quote.ask.normalize().to_string(),
            "askSz": quote.ask_quantity.normalize().to_string(),
            "bidPx": quote.bid.normalize().to_string(),
            "bidSz": quote.bid_quantity.normalize().to_string(),
            "open24h": day.open.normalize().to_string(),
            "high24h": day.high.normalize().to_string(),
            "low24h": day.low.normalize().to_string(),
            "volCcy24h": (day.volume * quote.price).normalize().to_string(),
            "vol24h": day.volume.normalize().to_string(),
            "sodUtc0": day.open.normalize().to_string(),
            "sodUtc8": day.open.normalize().to_string(),
            "ts": millis(quote.at).to_string(),
        }],
    }))
}
