//! Five venues on this machine, written from their public documentation. Each sends what was
//! subscribed to, and nothing else, ten times a second.

use crate::now;
use futures::{SinkExt, StreamExt};
use oracle_svc::domain::VenueId;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

/// How a venue misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    /// Not at all.
    #[default]
    Well,
    /// Connected, but neither quotes nor heartbeats nor pongs.
    Silent,
    /// Heartbeats and pongs, but no quotes.
    Stuck,
    /// Prices times this.
    Wrong(Decimal),
    /// Its clock is wrong by so many seconds.
    Skewed(i64),
    /// Leaves out a sequence number now and then.
    Gappy,
    /// Does not know of USDT.
    Picky,
    /// Asks every client to come back.
    Leaving,
    /// Says pong all the time, asked or not, and nothing else.
    Chatty,
    /// Says that it does not trade, and quotes on.
    Halted,
}

/// What the venues trade at, and how they feel.
#[derive(Debug, Default)]
pub struct Market {
    prices: Mutex<BTreeMap<&'static str, Decimal>>,
    moods: Mutex<HashMap<VenueId, Mood>>,
    /// Connections up to this one are asked to come back, and closed two seconds later.
    retired: Mutex<HashMap<VenueId, u32>>,
    connections: Mutex<HashMap<VenueId, Arc<AtomicU32>>>,
}

impl Market {
    /// SOL at 160, USDT at 0.998 USD.
    pub fn new() -> Arc<Self> {
        let market = Self::default();
        for (symbol, price) in [("BTC", "90000"), ("ETH", "3000"), ("SOL", "160"), ("USDT", "0.998")] {
            market.set(symbol, price);
        }
        Arc::new(market)
    }

    pub fn set(&self, symbol: &'static str, price: &str) {
        self.prices.lock().unwrap().insert(symbol, price.parse().unwrap());
    }

    pub fn mood(&self, venue: VenueId, mood: Mood) {
        self.moods.lock().unwrap().insert(venue, mood);
    }

    /// Asks the clients that a venue has now to come back, and closes their connections two seconds later.
    pub fn retire(&self, venue: VenueId) {
        self.retired.lock().unwrap().insert(venue, self.connections(venue));
    }

    fn is_retired(&self, venue: VenueId, number: u32) -> bool {
        self.retired.lock().unwrap().get(&venue).is_some_and(|retired| number <= *retired)
    }

    /// How often a venue was connected to.
    pub fn connections(&self, venue: VenueId) -> u32 {
        self.connections.lock().unwrap().get(&venue).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn mood_of(&self, venue: VenueId) -> Mood {
        self.moods.lock().unwrap().get(&venue).copied().unwrap_or_default()
    }

    /// In USD, or in USDT at venues that count in it.
    fn price(&self, venue: VenueId, symbol: &str) -> Decimal {
        let prices = self.prices.lock().unwrap();
        let usd = prices[symbol];
        let price = match venue {
            VenueId::Binance | VenueId::Okx => (usd / prices["USDT"]).round_dp(6),
            _ => usd,
        };
        match self.mood_of(venue) {
            Mood::Wrong(factor) => price * factor,
            _ => price,
        }
    }

    /// Serves a venue until the test ends and returns its address.
    pub async fn serve(self: &Arc<Self>, venue: VenueId) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let market = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let count = Arc::clone(market.connections.lock().unwrap().entry(venue).or_default());
                let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                let market = Arc::clone(&market);
                tokio::spawn(async move { Client::talk(venue, number, &market, stream).await });
            }
        });
        format!("ws://{address}")
    }
}

struct Client<'a> {
    venue: VenueId,
    number: u32,
    /// Beats since this connection was asked to come back.
    retired_for: u32,
    market: &'a Market,
    socket: WebSocketStream<TcpStream>,
    /// Names of what was subscribed to, as the venue calls it, with our symbol.
    subscribed: Vec<(String, &'static str)>,
    heartbeats: bool,
    sequence: u64,
    trades: u64,
}

impl<'a> Client<'a> {
    async fn talk(venue: VenueId, number: u32, market: &'a Market, stream: TcpStream) {
        let mut query = String::new();
        #[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
        let read_query = |request: &Request, response: Response| {
            query = request.uri().query().unwrap_or_default().to_owned();
            Ok(response)
        };
        let Ok(socket) = accept_hdr_async(stream, read_query).await else { return };
        let mut client = Self {
            venue,
            number,
            retired_for: 0,
            market,
            socket,
            subscribed: Vec::new(),
            heartbeats: false,
            sequence: 0,
            trades: 0,
        };
        if let Some(streams) = query.strip_prefix("streams=").filter(|_| venue == VenueId::Binance) {
            client.subscribe(streams.split('/').map(str::to_owned));
        }
        // The peer or the test going away ends the conversation.
        let _ = client.converse().await;
    }

    async fn converse(&mut self) -> Option<()> {
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        let mut beats = 0_u32;
        loop {
            tokio::select! {
                message = self.socket.next() => {
                    let message = message?.ok()?;
                    if self.market.mood_of(self.venue) != Mood::Silent {
                        self.answer(&message).await?;
                    }
                }
                _ = pace.tick() => {
                    beats += 1;
                    self.speak(beats).await?;
                }
            }
        }
    }

    fn subscribe(&mut self, names: impl Iterator<Item = String>) {
        for name in names {
            let symbol = ["USDT", "BTC", "ETH", "SOL"].into_iter().find(|symbol| {
                let pair = name.to_uppercase().replace("LIVE_TRADES_", "");
                pair.starts_with(symbol)
            });
            self.subscribed.push((name.clone(), symbol.unwrap_or_else(|| panic!("{}: {name}", self.venue))));
        }
    }

    async fn answer(&mut self, message: &Message) -> Option<()> {
        let Message::Text(text) = message else { return Some(()) };
        if text.as_str() == "ping" && self.venue == VenueId::Okx {
            return self.send("pong".to_owned()).await;
        }
        let request: Value = serde_json::from_str(text).expect("JSON");
        let names = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        match self.venue {
            VenueId::Binance => {}
            VenueId::Bitstamp => match request["event"].as_str().unwrap() {
                "bts:subscribe" => {
                    let channel = request["data"]["channel"].as_str().unwrap().to_owned();
                    if self.market.mood_of(self.venue) == Mood::Picky && channel.contains("usdt") {
                        let refused = json!({"event": "bts:error", "channel": "", "data": {"code": null, "message": "Bad subscription string."}});
                        return self.send(refused.to_string()).await;
                    }
                    let done = json!({"event": "bts:subscription_succeeded", "channel": channel, "data": {}});
                    self.subscribe(std::iter::once(channel));
                    self.send(done.to_string()).await?;
                }
                "bts:heartbeat" => {
                    let beat =
                        json!({"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}});
                    self.send(beat.to_string()).await?;
                }
                other => panic!("Bitstamp knows no {other}"),
            },
            VenueId::Coinbase => {
                assert_eq!(request["type"], "subscribe");
                match request["channel"].as_str().unwrap() {
                    "ticker" => self.subscribe(names(&request["product_ids"]).into_iter()),
                    "heartbeats" => self.heartbeats = true,
                    other => panic!("Coinbase was asked for {other}"),
                }
                self.numbered("subscriptions", json!([{"subscriptions": {}}])).await?;
            }
            VenueId::Kraken => match request["method"].as_str().unwrap() {
                "subscribe" => {
                    assert_eq!(request["params"]["channel"], "ticker");
                    self.subscribe(names(&request["params"]["symbol"]).into_iter());
                    self.send(json!({"method": "subscribe", "success": true}).to_string()).await?;
                }
                "ping" => self.send(json!({"method": "pong"}).to_string()).await?,
                other => panic!("Kraken knows no {other}"),
            },
            VenueId::Okx => {
                assert_eq!(request["op"], "subscribe");
                for argument in request["args"].as_array().unwrap() {
                    assert_eq!(argument["channel"], "tickers");
                    self.subscribe(std::iter::once(argument["instId"].as_str().unwrap().to_owned()));
                    let done = json!({"event": "subscribe", "arg": argument, "connId": "a4d3ae55"});
                    self.send(done.to_string()).await?;
                }
            }
            other => panic!("{other} has no WebSocket"),
        }
        Some(())
    }

    async fn speak(&mut self, beats: u32) -> Option<()> {
        let mood = self.market.mood_of(self.venue);
        match mood {
            Mood::Silent => return Some(()),
            Mood::Leaving => return self.say_farewell().await,
            Mood::Chatty => return self.say_pong().await,
            Mood::Gappy if beats.is_multiple_of(10) => {
                self.sequence += 1;
                self.trades += 1;
            }
            _ => {}
        }
        if self.market.is_retired(self.venue, self.number) {
            self.retired_for += 1;
            if self.retired_for > 20 {
                return self.socket.close(None).await.ok().and(None);
            }
            if self.retired_for == 1 {
                self.say_farewell().await?;
            }
        }
        if beats.is_multiple_of(10) {
            if mood == Mood::Halted && self.venue == VenueId::Kraken {
                let status =
                    json!({"channel": "status", "type": "update", "data": [{"system": "maintenance"}]});
                self.send(status.to_string()).await?;
            }
            if self.venue == VenueId::Kraken {
                self.send(json!({"channel": "heartbeat"}).to_string()).await?;
            } else if self.heartbeats {
                self.numbered("heartbeats", json!([{"heartbeat_counter": beats}])).await?;
            }
        }
        if mood == Mood::Stuck {
            return Some(());
        }
        let skew = if let Mood::Skewed(seconds) = mood { seconds } else { 0 };
        let now = now() + time::Duration::seconds(skew);
        for (name, symbol) in self.subscribed.clone() {
            self.quote(&name, self.market.price(self.venue, symbol), now).await?;
        }
        Some(())
    }

    /// The venue's own words for "come back".
    async fn say_farewell(&mut self) -> Option<()> {
        let farewell = match self.venue {
            VenueId::Binance => json!({"e": "serverShutdown", "E": 1}),
            VenueId::Bitstamp => json!({"event": "bts:request_reconnect", "channel": "", "data": ""}),
            VenueId::Okx => json!({"event": "notice", "code": "64008", "msg": "upgrade"}),
            _ => return self.socket.close(None).await.ok(),
        };
        self.send(farewell.to_string()).await
    }

    async fn say_pong(&mut self) -> Option<()> {
        let pong = match self.venue {
            VenueId::Bitstamp => {
                json!({"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}})
            }
            VenueId::Kraken => json!({"method": "pong"}),
            VenueId::Okx => return self.send("pong".to_owned()).await,
            _ => return self.socket.send(Message::Pong(vec![7].into())).await.ok(),
        };
        self.send(pong.to_string()).await
    }

    async fn quote(&mut self, name: &str, price: Decimal, now: OffsetDateTime) -> Option<()> {
        let micros = now.unix_timestamp_nanos() / 1_000;
        let (millis, stamp) = (micros / 1_000, now.format(&Rfc3339).unwrap());
        let quote = match self.venue {
            VenueId::Binance => {
                let symbol = name.trim_end_matches("@trade").to_uppercase();
                self.trades += u64::from(symbol.starts_with("BTC"));
                let trade = self.trades;
                format!(
                    r#"{{"stream":"{name}","data":{{"e":"trade","E":{millis},"s":"{symbol}","t":{trade},"p":"{price}","q":"1","T":{millis},"m":true,"M":true}}}}"#
                )
            }
            VenueId::Bitstamp => format!(
                r#"{{"event":"trade","channel":"{name}","data":{{"id":1,"amount":1.0,"price":{price},"price_str":"{price}","type":0,"microtimestamp":"{micros}"}}}}"#
            ),
            VenueId::Coinbase => {
                let ticker = json!({"type": "ticker", "product_id": name, "price": price.to_string(),
                    "best_bid": price.to_string(), "best_ask": price.to_string()});
                return self.numbered("ticker", json!([{"type": "update", "tickers": [ticker]}])).await;
            }
            VenueId::Kraken => format!(
                r#"{{"channel":"ticker","type":"update","data":[{{"symbol":"{name}","bid":{price},"bid_qty":1.5,"ask":{price},"ask_qty":2,"last":{price},"timestamp":"{stamp}"}}]}}"#
            ),
            VenueId::Okx => format!(
                r#"{{"arg":{{"channel":"tickers","instId":"{name}"}},"data":[{{"instType":"SPOT","instId":"{name}","last":"{price}","askPx":"{price}","bidPx":"{price}","ts":"{millis}"}}]}}"#
            ),
            other => panic!("{other} has no WebSocket"),
        };
        self.send(quote).await
    }

    async fn numbered(&mut self, channel: &str, events: Value) -> Option<()> {
        let Mood::Skewed(skew) = self.market.mood_of(self.venue) else {
            return self.number(channel, events, 0).await;
        };
        self.number(channel, events, skew).await
    }

    async fn number(&mut self, channel: &str, events: Value, skew: i64) -> Option<()> {
        let stamp = (now() + time::Duration::seconds(skew)).format(&Rfc3339).unwrap();
        let number = self.sequence;
        self.sequence += 1;
        let message = json!({"channel": channel, "client_id": "", "timestamp": stamp, "sequence_num": number, "events": events});
        self.send(message.to_string()).await
    }

    async fn send(&mut self, text: String) -> Option<()> {
        self.socket.send(Message::text(text)).await.ok()
    }
}
