//! Bitstamp WebSocket v2: the channels `live_trades_<pair>`. <https://www.bitstamp.net/websocket/v2/>

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Bare, Frame, Session, View, micros, text};
use crate::venues::{
    tape::Quote,
    venue::{Asset, Venue},
};

#[derive(Default)]
pub(super) struct Bitstamp {
    trades: BTreeSet<Asset>,
}

#[derive(Deserialize)]
struct Request {
    event: String,
    #[serde(default)]
    data: Value,
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'a str,
    channel: String,
    data: Trade,
}

#[derive(Serialize)]
struct Trade {
    id: u64,
    timestamp: String,
    amount: Bare,
    amount_str: String,
    price: Bare,
    price_str: String,
    /// 0: the taker bought; 1: it sold.
    r#type: u8,
    microtimestamp: String,
    buy_order_id: u64,
    sell_order_id: u64,
}

impl Session for Bitstamp {
    fn received(&mut self, message: &str, _view: &View) -> Vec<Frame> {
        let Ok(request) = serde_json::from_str::<Request>(message) else {
            return vec![error("Incorrect JSON format.")];
        };
        let subscribe = match request.event.as_str() {
            "bts:heartbeat" => {
                let status = json!({"status": "success"});
                return vec![text(&json!({"event": "bts:heartbeat", "channel": "", "data": status}))];
            }
            "bts:subscribe" => true,
            "bts:unsubscribe" => false,
            _ => return vec![error("Bad subscription string.")],
        };
        let Some(channel) = request.data.get("channel").and_then(Value::as_str) else {
            return vec![error("Bad subscription string.")];
        };
        let Some(asset) = channel.strip_prefix("live_trades_").and_then(|pair| Venue::Bitstamp.asset(pair))
        else {
            return vec![error("Invalid channel provided.")];
        };
        let event = if subscribe {
            self.trades.insert(asset);
            "bts:subscription_succeeded"
        } else {
            self.trades.remove(&asset);
            "bts:unsubscription_succeeded"
        };
        vec![text(&json!({"event": event, "channel": channel, "data": {}}))]
    }

    fn quoted(&mut self, quote: &Quote) -> Vec<Frame> {
        if !self.trades.contains(&quote.asset) {
            return Vec::new();
        }
        let trade = Trade {
            id: quote.trade_id,
            timestamp: quote.at.unix_timestamp().to_string(),
            amount: Bare(quote.quantity),
            amount_str: quote.quantity.to_string(),
            price: Bare(quote.price),
            price_str: quote.price.to_string(),
            r#type: u8::from(quote.sold),
            microtimestamp: micros(quote.at).to_string(),
            buy_order_id: quote.trade_id * 2,
            sell_order_id: quote.trade_id * 2 + 1,
        };
        let channel = format!("live_trades_{}", Venue::Bitstamp.symbol(quote.asset));
        vec![text(&Event { event: "trade", channel, data: trade })]
    }

    fn restarting(&mut self, _view: &View) -> Vec<Frame> {
        vec![text(&json!({"event": "bts:request_reconnect", "channel": "", "data": ""}))]
    }
}

fn error(message: &str) -> Frame {
    let data = json!({"code": null, "message": message});
    text(&json!({"event": "bts:error", "channel": "", "data": data}))
}
