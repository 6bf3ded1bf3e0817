//! Coinbase Advanced Trade market data: the channels `ticker` and `heartbeats`.
//! <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels>

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Frame, Pace, Session, View, hms, rfc3339, text};
use crate::venues::{
    tape::Quote,
    venue::{Asset, Venue},
};

/// A client that hears nothing for so many seconds is left; the real limit lies between 60 and 90.
const QUIET: u32 = 75;

/// Every message but an error carries a number that counts up over the whole connection, across channels.
pub(super) struct Coinbase {
    sequence: u64,
    heartbeats: Option<u64>,
    tickers: BTreeSet<Asset>,
    subscribe_within: u32,
    subscribed: bool,
    quiet: u32,
}

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    product_ids: Vec<String>,
    channel: String,
}

impl Coinbase {
    pub fn new(pace: Pace) -> Self {
        Coinbase {
            sequence: 0,
            heartbeats: None,
            tickers: BTreeSet::new(),
            subscribe_within: pace.coinbase_subscribe,
            subscribed: false,
            quiet: 0,
        }
    }

    fn envelope(&mut self, channel: &str, at: OffsetDateTime, event: &Value) -> Frame {
        let sequence = self.sequence;
        self.sequence += 1;
        self.quiet = 0;
        text(&json!({
            "channel": channel, "client_id": "", "timestamp": rfc3339(at), "sequence_num": sequence,
            "events": [event],
        }))
    }

    /// What the client wants from now on, and what it gets at once; nothing if it asks for the impossible.
    fn obey(&mut self, request: &Request, view: &View) -> Option<Vec<Frame>> {
        let subscribe = match request.kind.as_str() {
            "subscribe" => true,
            "unsubscribe" => false,
            _ => return None,
        };
        let mut added = BTreeSet::new();
        match request.channel.as_str() {
            "heartbeats" if subscribe => self.heartbeats = Some(self.heartbeats.unwrap_or(0)),
            "heartbeats" => self.heartbeats = None,
            "ticker" if !request.product_ids.is_empty() => {
                let assets = request.product_ids.iter().map(|id| Venue::Coinbase.asset(id));
                added = assets.collect::<Option<BTreeSet<_>>>()?;
                if !subscribe {
                    self.tickers.retain(|asset| !added.contains(asset));
                    added.clear();
                }
            }
            _ => return None,
        }
        self.subscribed |= subscribe;
        self.tickers.extend(&added);
        let mut frames = vec![self.subscriptions(view.now)];
        for quote in view.quotes.iter().filter(|quote| added.contains(&quote.asset)) {
            frames.push(self.ticker("snapshot", quote));
        }
        Some(frames)
    }

    fn subscriptions(&mut self, now: OffsetDateTime) -> Frame {
        let mut channels = BTreeMap::new();
        if !self.tickers.is_empty() {
            let products: Vec<_> = self.tickers.iter().map(|asset| Venue::Coinbase.symbol(*asset)).collect();
            channels.insert("ticker", products);
        }
        if self.heartbeats.is_some() {
            channels.insert("heartbeats", vec!["heartbeats".to_owned()]);
        }
        self.envelope("subscriptions", now, &json!({"subscriptions": channels}))
    }

    fn ticker(&mut self, kind: &str, quote: &Quote) -> Frame {
        let change = (quote.price - quote.day.open) * Decimal::ONE_HUNDRED / quote.day.open;
        let event = json!({"type": kind, "tickers": [{
            "type": "ticker",
            "product_id": Venue::Coinbase.symbol(quote.asset),
            "price": quote.price.to_string(),
            "volume_24_h": quote.day.volume.to_string(),
            "low_24_h": quote.day.low.to_string(),
            "high_24_h": quote.day.high.to_string(),
            "low_52_w": quote.day.low.to_string(),
            "high_52_w": quote.day.high.to_string(),
            "price_percent_chg_24_h": change.round_dp(8).to_string(),
            "best_bid": quote.bid.to_string(),
            "best_bid_quantity": quote.bid_quantity.to_string(),
            "best_ask": quote.ask.to_string(),
            "best_ask_quantity": quote.ask_quantity.to_string(),
        }]});
        self.envelope("ticker", quote.at, &event)
    }
}

impl Session for Coinbase {
    fn received(&mut self, request: &str, view: &View) -> Vec<Frame> {
        serde_json::from_str(request)
            .ok()
            .and_then(|request| self.obey(&request, view))
            .unwrap_or_else(|| vec![text(&json!({"type": "error", "message": "failure to subscribe"}))])
    }

    fn quoted(&mut self, quote: &Quote) -> Vec<Frame> {
        if self.tickers.contains(&quote.asset) { vec![self.ticker("update", quote)] } else { Vec::new() }
    }

    fn second(&mut self, view: &View) -> Vec<Frame> {
        self.quiet += 1;
        if !self.subscribed && self.quiet >= self.subscribe_within {
            return vec![Frame::Close(1008, "no subscription received")];
        }
        if self.quiet >= QUIET {
            return vec![Frame::Close(1001, "idle")];
        }
        let Some(count) = self.heartbeats else { return Vec::new() };
        self.heartbeats = Some(count + 1);
        let now = view.now;
        let current = format!("{} {}.{:09} +0000 UTC m=+{count}", now.date(), hms(now), now.nanosecond());
        let event = json!({"current_time": current, "heartbeat_counter": count});
        vec![self.envelope("heartbeats", now, &event)]
    }
}
