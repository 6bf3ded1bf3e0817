//! The simulated venues, spoken to by real WebSocket clients.

use std::{str::FromStr, time::Duration};

use futures::{SinkExt, StreamExt};
use rust_decimal::Decimal;
use sandbox::venues::{self, Asset, Fault, Market, Pace, Settings, Venue};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, protocol::CloseFrame},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anything here takes, shorter than a human waits.
const BOUND: Duration = Duration::from_secs(10);

async fn start(settings: Settings) -> (Market, DropGuard) {
    let shutdown = CancellationToken::new();
    (venues::serve(settings, shutdown.clone()).await.unwrap(), shutdown.drop_guard())
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Client(connect_async(url).await?.0))
    }

    async fn open(market: &Market, venue: Venue) -> Self {
        Self::connect(&endpoint(market, venue)).await.unwrap()
    }

    /// Subscribed to SOL's prices, acknowledgements read.
    async fn of_sol(market: &Market, venue: Venue) -> Self {
        let mut client = Self::open(market, venue).await;
        client.send(&subscription(venue)).await;
        client.price(venue).await;
        client
    }

    async fn send(&mut self, message: &Value) {
        self.say(&message.to_string()).await;
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn frame(&mut self) -> Message {
        timeout(BOUND, self.0.next()).await.expect("a message in time").expect("an open connection").unwrap()
    }

    async fn text(&mut self) -> String {
        loop {
            if let Message::Text(text) = self.frame().await {
                return text.to_string();
            }
        }
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The first message that `wanted` likes.
    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        timeout(BOUND, async {
            loop {
                let message = self.json().await;
                if wanted(&message) {
                    return message;
                }
            }
        })
        .await
        .expect("the message in time")
    }

    /// The next price of `venue` and the venue's time, if it tells one.
    async fn price(&mut self, venue: Venue) -> (Decimal, Option<OffsetDateTime>) {
        timeout(BOUND, async {
            loop {
                if let Some(price) = price(venue, &self.json().await) {
                    return price;
                }
            }
        })
        .await
        .expect("a price in time")
    }

    async fn price_where(&mut self, venue: Venue, wanted: impl Fn(Decimal) -> bool) -> Decimal {
        timeout(BOUND, async {
            loop {
                let price = self.price(venue).await.0;
                if wanted(price) {
                    return price;
                }
            }
        })
        .await
        .expect("the price in time")
    }

    /// Reads on until the venue closes.
    async fn closed(&mut self) -> Option<CloseFrame> {
        timeout(BOUND, async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        })
        .await
        .expect("a close in time")
    }
}

fn endpoint(market: &Market, venue: Venue) -> String {
    market.url(venue) + if venue == Venue::Binance { "/stream" } else { "" }
}

fn subscription(venue: Venue) -> Value {
    match venue {
        Venue::Binance => json!({"method": "SUBSCRIBE", "params": ["solusdt@trade"], "id": 1}),
        Venue::Coinbase => json!({"type": "subscribe", "product_ids": ["SOL-USD"], "channel": "ticker"}),
        Venue::Kraken => json!({"method": "subscribe", "params": {
            "channel": "ticker", "symbol": ["SOL/USD"], "event_trigger": "bbo", "snapshot": true}}),
        Venue::Okx => {
            json!({"op": "subscribe", "args": [{"channel": "tickers", "instId": "SOL-USDT"}]})
        }
        Venue::Bitstamp => json!({"event": "bts:subscribe", "data": {"channel": "live_trades_solusd"}}),
    }
}

fn price(venue: Venue, message: &Value) -> Option<(Decimal, Option<OffsetDateTime>)> {
    let at = |path: &str| message.pointer(path);
    let nanos = |text: &str, unit: i128| {
        OffsetDateTime::from_unix_timestamp_nanos(text.parse::<i128>().unwrap() * unit).unwrap()
    };
    let rfc3339 = |value: &Value| OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap();
    let (price, time) = match venue {
        Venue::Binance => (at("/data/p")?, nanos(&at("/data/T")?.to_string(), 1_000_000)),
        Venue::Coinbase => (at("/events/0/tickers/0/price")?, rfc3339(at("/timestamp")?)),
        Venue::Kraken => (at("/data/0/last")?, rfc3339(at("/data/0/timestamp")?)),
        Venue::Okx => (at("/data/0/last")?, nanos(at("/data/0/ts")?.as_str().unwrap(), 1_000_000)),
        Venue::Bitstamp => {
            (at("/data/price_str")?, nanos(at("/data/microtimestamp")?.as_str().unwrap(), 1_000))
        }
    };
    let price = price.as_str().map_or_else(|| price.to_string(), str::to_owned);
    Some((Decimal::from_str(&price).unwrap(), Some(time)))
}

/// Asserts that `message` has the fields of `example`, no others, and values written the same way: numbers
/// where it has numbers, decimals in strings where it has those, and so on.
#[track_caller]
fn assert_shape(message: &Value, example: &Value) {
    let sketch = |value: &Value| serde_json::to_string_pretty(&sketch(value)).unwrap();
    assert_eq!(sketch(message), sketch(example), "in {message}");
}

fn sketch(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), sketch(value))).collect(),
        Value::Array(items) => items.iter().map(sketch).collect(),
        Value::String(text) if Decimal::from_str(text).is_ok() => "<decimal>".into(),
        Value::String(text) if OffsetDateTime::parse(text, &Rfc3339).is_ok() => "<RFC 3339>".into(),
        Value::String(text) => text.clone().into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::Null => Value::Null,
    }
}

#[tokio::test]
async fn binance_wraps_combined_streams() {
    let (market, _guard) = start(Settings::default()).await;
    let url = format!("{}/stream?streams=solusdt@trade/btcusdt@bookTicker", market.url(Venue::Binance));
    let mut client = Client::connect(&url).await.unwrap();
    let trade = client.find(|m| m["stream"] == "solusdt@trade").await;
    let data = json!({"e": "trade", "E": 123, "s": "SOLUSDT", "t": 5, "p": "0.001", "q": "100", "T": 122,
        "m": true, "M": true});
    assert_shape(&trade, &json!({"stream": "solusdt@trade", "data": data}));
    assert_eq!(trade["data"]["p"].as_str().unwrap().split('.').next_back().unwrap().len(), 8);
    let book = client.find(|m| m["stream"] == "btcusdt@bookTicker").await;
    let data = json!({"u": 4, "s": "BTCUSDT", "b": "25.3", "B": "31.2", "a": "25.4", "A": "40.6"});
    assert_shape(&book, &json!({"stream": "btcusdt@bookTicker", "data": data}));
}

#[tokio::test]
async fn binance_answers_requests_and_names_their_faults() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::open(&market, Venue::Binance).await;
    client.send(&json!({"method": "SUBSCRIBE", "params": ["nosuch@trade"], "id": 1})).await;
    assert_eq!(client.json().await, json!({"result": null, "id": 1}));
    client.send(&json!({"method": "LIST_SUBSCRIPTIONS", "id": "two"})).await;
    assert_eq!(client.json().await, json!({"result": ["nosuch@trade"], "id": "two"}));
    client.send(&json!({"method": "SUBSCRIBES", "params": [], "id": 3})).await;
    let error = client.json().await;
    assert_eq!((&error["error"]["code"], &error["id"]), (&json!(2), &json!(3)));
    assert!(error["error"]["msg"].as_str().unwrap().starts_with("Invalid request: unknown variant"));
    client.say("{").await;
    assert_eq!(client.json().await["error"]["code"], 3);
}

#[tokio::test]
async fn binance_raw_streams_come_bare_and_chatterers_are_left() {
    let (market, _guard) = start(Settings::default()).await;
    let address = market.address(Venue::Binance);
    let mut client = Client::connect(&format!("ws://{address}/ws/ethusdt@trade")).await.unwrap();
    assert_eq!(client.json().await["s"], "ETHUSDT");
    for _ in 0..12 {
        // The venue may already have left.
        let _ = client.0.send(Message::Ping("".into())).await;
    }
    assert_eq!(u16::from(client.closed().await.unwrap().code), 1008);
    let elsewhere = connect_async(format!("ws://{address}/v2")).await;
    assert!(matches!(elsewhere, Err(Error::Http(answer)) if answer.status() == 404));
}

#[tokio::test]
async fn binance_pings() {
    let pace = Pace { binance_ping: 1, ..Pace::default() };
    let (market, _guard) = start(Settings { pace, ..Settings::default() }).await;
    let mut client = Client::open(&market, Venue::Binance).await;
    // Five pings outlive the three that a client without pongs would see.
    for _ in 0..5 {
        let Message::Ping(payload) = client.frame().await else { panic!("not a ping") };
        assert!(std::str::from_utf8(&payload).unwrap().parse::<i64>().unwrap() > 1_700_000_000_000);
    }
}

#[tokio::test]
async fn coinbase_numbers_all_messages_of_a_connection() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::open(&market, Venue::Coinbase).await;
    client.send(&json!({"type": "subscribe", "channel": "heartbeats"})).await;
    client
        .send(&json!({"type": "subscribe", "channel": "ticker", "product_ids": ["USDT-USD", "SOL-USD"]}))
        .await;
    let mut seen = Vec::new();
    // Between two heartbeats there are updates, numbered on.
    while seen.iter().filter(|m: &&Value| m["channel"] == "heartbeats").count() < 2 {
        seen.push(client.json().await);
    }
    let envelope = |channel: &str, event: Value| {
        json!({"channel": channel, "client_id": "", "timestamp": "2026-04-07T14:30:00.000000Z",
            "sequence_num": 0, "events": [event]})
    };
    assert_shape(
        &seen[0],
        &envelope("subscriptions", json!({"subscriptions": {"heartbeats": ["heartbeats"]}})),
    );
    let both = json!({"subscriptions": {"heartbeats": ["heartbeats"], "ticker": ["SOL-USD", "USDT-USD"]}});
    assert_shape(&seen[1], &envelope("subscriptions", both));
    let ticker = |kind: &str, product: &str| {
        let ticker = json!({"type": "ticker", "product_id": product, "price": "1", "volume_24_h": "1",
            "low_24_h": "1", "high_24_h": "1", "low_52_w": "1", "high_52_w": "1",
            "price_percent_chg_24_h": "1", "best_bid": "1", "best_bid_quantity": "1", "best_ask": "1",
            "best_ask_quantity": "1"});
        envelope("ticker", json!({"type": kind, "tickers": [ticker]}))
    };
    assert_shape(&seen[2], &ticker("snapshot", "SOL-USD"));
    assert_shape(&seen[3], &ticker("snapshot", "USDT-USD"));
    let update = seen.iter().find(|m| m["events"][0]["type"] == "update").unwrap();
    assert_shape(update, &ticker("update", "SOL-USD"));
    let beat = seen.iter().find(|m| m["channel"] == "heartbeats").unwrap();
    assert!(beat["events"][0]["heartbeat_counter"].is_u64() && beat["events"][0]["current_time"].is_string());
    for (expected, message) in seen.iter().enumerate() {
        assert_eq!(message["sequence_num"], expected);
    }
    client.send(&json!({"type": "subscribe", "channel": "ticker", "product_ids": ["SOL-XYZ"]})).await;
    let error = client.find(|m| m["type"] == "error").await;
    assert_eq!(error, json!({"type": "error", "message": "failure to subscribe"}));
}

#[tokio::test]
async fn coinbase_leaves_who_does_not_subscribe() {
    let pace = Pace { coinbase_subscribe: 1, ..Pace::default() };
    let (market, _guard) = start(Settings { pace, ..Settings::default() }).await;
    let mut client = Client::open(&market, Venue::Coinbase).await;
    assert_eq!(u16::from(client.closed().await.unwrap().code), 1008);
}

#[tokio::test]
async fn kraken_tells_its_status_and_acknowledges_each_symbol() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::open(&market, Venue::Kraken).await;
    let status = json!({"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 1});
    assert_shape(&client.json().await, &json!({"channel": "status", "type": "update", "data": [status]}));
    let params = json!({"channel": "ticker", "symbol": ["SOL/USD", "USDT/USD", "SOL/XYZ"],
        "event_trigger": "bbo", "snapshot": true});
    client.send(&json!({"method": "subscribe", "params": params, "req_id": 7})).await;
    let instant = "2022-12-25T09:30:59.123456Z";
    for symbol in ["SOL/USD", "USDT/USD"] {
        let result = json!({"channel": "ticker", "event_trigger": "bbo", "snapshot": true, "symbol": symbol});
        let ack = json!({"method": "subscribe", "result": result, "success": true, "req_id": 7,
            "time_in": instant, "time_out": instant});
        assert_shape(&client.json().await, &ack);
    }
    let nack = json!({"error": "Currency pair not supported SOL/XYZ", "method": "subscribe", "req_id": 7,
        "success": false, "symbol": "SOL/XYZ", "time_in": instant, "time_out": instant});
    assert_shape(&client.json().await, &nack);
    let ticker = |kind: &str, symbol: &str| {
        json!({"channel": "ticker", "type": kind, "data": [{"symbol": symbol, "bid": 1, "bid_qty": 1, "ask": 1,
            "ask_qty": 1, "last": 1, "volume": 1, "vwap": 1, "low": 1, "high": 1, "change": 1,
            "change_pct": 1, "timestamp": instant}]})
    };
    assert_shape(&client.json().await, &ticker("snapshot", "SOL/USD"));
    assert_shape(&client.json().await, &ticker("snapshot", "USDT/USD"));
    let raw = client.text().await;
    assert_shape(&serde_json::from_str(&raw).unwrap(), &ticker("update", "SOL/USD"));
    let last = raw.split("\"last\":").nth(1).unwrap().split(',').next().unwrap();
    assert_eq!(Decimal::from_str_exact(last).unwrap().scale(), 2, "{raw}");
    client.send(&json!({"method": "ping", "req_id": 101})).await;
    let pong = client.find(|m| m["method"] == "pong").await;
    assert_shape(&pong, &json!({"method": "pong", "req_id": 101, "time_in": instant, "time_out": instant}));
    client.say("hello").await;
    assert_eq!(client.find(|m| m["success"] == false).await["error"], "Malformed request");
}

#[tokio::test]
async fn okx_acknowledges_pushes_and_answers_text_pings() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::open(&market, Venue::Okx).await;
    let arg = json!({"channel": "tickers", "instId": "SOL-USDT"});
    client.send(&json!({"id": "a1", "op": "subscribe", "args": [arg]})).await;
    let ack = client.json().await;
    let conn = ack["connId"].as_str().unwrap().to_owned();
    assert_eq!(ack, json!({"id": "a1", "event": "subscribe", "arg": arg, "connId": conn}));
    let data = json!({"instType": "SPOT", "instId": "SOL-USDT", "last": "1", "lastSz": "1", "askPx": "1",
        "askSz": "1", "bidPx": "1", "bidSz": "1", "open24h": "1", "high24h": "1", "low24h": "1",
        "volCcy24h": "1", "vol24h": "1", "sodUtc0": "1", "sodUtc8": "1", "ts": "1597026383085"});
    assert_shape(&client.json().await, &json!({"arg": arg, "data": [data]}));
    client.say("ping").await;
    let pong = async { while client.text().await != "pong" {} };
    timeout(BOUND, pong).await.expect("the pong in time");
    client.send(&json!({"op": "subscribe", "args": [{"channel": "tickers", "instId": "SOL-XYZ"}]})).await;
    let error = client.find(|m| m["event"] == "error").await;
    assert_eq!((&error["code"], &error["connId"]), (&json!("60018"), &json!(conn)));
    client.say("[]").await;
    assert_eq!(client.find(|m| m["event"] == "error").await["code"], "60012");
}

#[tokio::test]
async fn okx_leaves_an_idle_connection() {
    let pace = Pace { okx_idle: 2, ..Pace::default() };
    let (market, _guard) = start(Settings { pace, ..Settings::default() }).await;
    let mut client = Client::open(&market, Venue::Okx).await;
    assert_eq!(u16::from(client.closed().await.unwrap().code), 4004);
}

#[tokio::test]
async fn bitstamp_trades_heartbeats_and_asks_to_reconnect() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::open(&market, Venue::Bitstamp).await;
    let subscribe = |channel: &str| json!({"event": "bts:subscribe", "data": {"channel": channel}});
    client.send(&subscribe("live_trades_solusd")).await;
    let ack = json!({"event": "bts:subscription_succeeded", "channel": "live_trades_solusd", "data": {}});
    assert_eq!(client.json().await, ack);
    let raw = client.text().await;
    let trade: Value = serde_json::from_str(&raw).unwrap();
    let data = json!({"id": 1, "timestamp": "1565268956", "amount": 0.2, "amount_str": "0.2", "price": 1.1,
        "price_str": "1.1", "type": 1, "microtimestamp": "1565268956596198", "buy_order_id": 3,
        "sell_order_id": 3});
    assert_shape(&trade, &json!({"event": "trade", "channel": "live_trades_solusd", "data": data}));
    // The bare number has the digits of the string.
    assert!(raw.contains(&format!("\"price\":{},", trade["data"]["price_str"].as_str().unwrap())), "{raw}");
    client.send(&json!({"event": "bts:heartbeat"})).await;
    let beat = client.find(|m| m["event"] == "bts:heartbeat").await;
    assert_eq!(beat, json!({"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}));
    for (wrong, message) in [
        ("{".to_owned(), "Incorrect JSON format."),
        (json!({"event": "subscribe"}).to_string(), "Bad subscription string."),
        (subscribe("live_trades_solxyz").to_string(), "Invalid channel provided."),
    ] {
        client.say(&wrong).await;
        let error = client.find(|m| m["event"] == "bts:error").await;
        assert_eq!(error["data"], json!({"code": null, "message": message}));
    }
    client.send(&subscribe("live_trades_usdtusd")).await;
    let dollar = client.find(|m| m["event"] == "trade" && m["channel"] == "live_trades_usdtusd").await;
    let price = Decimal::from_str_exact(dollar["data"]["price_str"].as_str().unwrap()).unwrap();
    assert!((price - Decimal::ONE).abs() <= Decimal::new(1, 5), "{price}");
    market.restart(Venue::Bitstamp);
    client.find(|m| m["event"] == "bts:request_reconnect").await;
    let mut second = Client::of_sol(&market, Venue::Bitstamp).await;
    assert_eq!(u16::from(client.closed().await.unwrap().code), 1012);
    second.price(Venue::Bitstamp).await;
}

#[tokio::test]
async fn all_venues_follow_orders() {
    let (market, _guard) = start(Settings::default()).await;
    let target = Decimal::from(165);
    let mut clients = Vec::new();
    for venue in Venue::ALL {
        clients.push((venue, Client::of_sol(&market, venue).await));
    }
    market.hold_at(Asset::Sol, target).unwrap();
    for (venue, client) in &mut clients {
        client.price_where(*venue, |price| price == target).await;
        for _ in 0..8 {
            let price = client.price(*venue).await.0;
            assert!((price - target).abs() <= target / Decimal::from(10_000), "{venue}: {price}");
        }
    }
    market.drift(Asset::Sol, Decimal::from(160), Duration::from_millis(500), true).unwrap();
    for (venue, client) in &mut clients {
        client.price_where(*venue, |price| price == Decimal::from(160)).await;
    }
    assert!(market.is_held(Asset::Sol));
}

#[tokio::test]
async fn a_venue_quotes_five_to_ten_times_a_second_and_keeps_changing() {
    let (market, _guard) = start(Settings::default()).await;
    market.hold(Asset::Sol);
    let quotes = Venue::ALL.map(async |venue| {
        let mut client = Client::of_sol(&market, venue).await;
        let (_, first) = client.price(venue).await;
        let mut prices = std::collections::BTreeSet::new();
        let mut last = first;
        for _ in 0..20 {
            let (price, at) = client.price(venue).await;
            prices.insert(price);
            last = at;
        }
        let mean = (last.unwrap() - first.unwrap()) / 20_i32;
        assert!((95..=220).contains(&mean.whole_milliseconds()), "{venue}: {mean}");
        assert!(prices.len() > 1, "{venue} is frozen at {prices:?}");
    });
    futures::future::join_all(quotes).await;
}

#[tokio::test]
async fn a_stale_venue_beats_without_quotes() {
    let (market, _guard) = start(Settings::default()).await;
    let mut kraken = Client::of_sol(&market, Venue::Kraken).await;
    let mut coinbase = Client::of_sol(&market, Venue::Coinbase).await;
    coinbase.send(&json!({"type": "subscribe", "channel": "heartbeats"})).await;
    for venue in [Venue::Kraken, Venue::Coinbase] {
        market.set_fault(venue, Fault::Stale).unwrap();
    }
    // After the first heartbeat of Kraken, which only a second without quotes brings, there are no quotes.
    kraken.find(|m| m["channel"] == "heartbeat").await;
    for _ in 0..2 {
        assert_eq!(kraken.json().await, json!({"channel": "heartbeat"}));
    }
    coinbase.find(|m| m["channel"] == "heartbeats").await;
    coinbase.find(|m| m["channel"] == "heartbeats").await;
    assert_eq!(coinbase.json().await["channel"], "heartbeats");
    market.set_fault(Venue::Kraken, Fault::None).unwrap();
    kraken.price(Venue::Kraken).await;
}

#[tokio::test]
async fn a_wrong_venue_is_off_by_the_percentage_and_alone() {
    let (market, _guard) = start(Settings::default()).await;
    market.hold_at(Asset::Sol, Decimal::from(200)).unwrap();
    market.set_fault(Venue::Okx, Fault::Wrong { percent: Decimal::new(25, 1) }).unwrap();
    Client::of_sol(&market, Venue::Okx)
        .await
        .price_where(Venue::Okx, |price| price == Decimal::from(205))
        .await;
    let kraken = Client::of_sol(&market, Venue::Kraken).await.price(Venue::Kraken).await.0;
    assert!((kraken - Decimal::from(200)).abs() < Decimal::ONE);
}

#[tokio::test]
async fn a_silent_venue_does_not_even_answer_pings() {
    let (market, _guard) = start(Settings::default()).await;
    let mut old = Client::of_sol(&market, Venue::Kraken).await;
    market.set_fault(Venue::Kraken, Fault::Silent).unwrap();
    let mut new = Client::open(&market, Venue::Kraken).await;
    new.send(&json!({"method": "ping"})).await;
    new.0.send(Message::Ping("?".into())).await.unwrap();
    // What was on its way when the silence began may still arrive.
    let calm = async { while timeout(Duration::from_millis(700), old.0.next()).await.is_ok() {} };
    timeout(BOUND, calm).await.expect("silence in time");
    assert!(timeout(Duration::from_millis(1500), new.0.next()).await.is_err(), "a silent venue spoke");
    assert!(timeout(Duration::from_millis(10), old.0.next()).await.is_err(), "a silent venue spoke");
    market.set_fault(Venue::Kraken, Fault::None).unwrap();
    old.price(Venue::Kraken).await;
    assert_eq!(new.json().await["channel"], "status");
    assert_eq!(new.json().await["method"], "pong");
}

#[tokio::test]
async fn a_venue_that_is_down_leaves_its_clients_and_refuses_new_ones_until_it_is_up() {
    let (market, _guard) = start(Settings::default()).await;
    let mut client = Client::of_sol(&market, Venue::Binance).await;
    assert_eq!(market.clients(Venue::Binance), 1);
    market.set_fault(Venue::Binance, Fault::Down).unwrap();
    client.closed().await;
    let refused = async {
        while !matches!(TcpStream::connect(market.address(Venue::Binance)).await,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            tokio::task::yield_now().await;
        }
        while market.clients(Venue::Binance) > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, refused).await.expect("refusal in time");
    market.set_fault(Venue::Binance, Fault::None).unwrap();
    let back = async {
        loop {
            if let Ok(client) = Client::connect(&endpoint(&market, Venue::Binance)).await {
                return client;
            }
        }
    };
    let mut client = timeout(BOUND, back).await.expect("the venue back in time");
    client.send(&subscription(Venue::Binance)).await;
    client.price(Venue::Binance).await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a venue's clock is compared with the machine's")]
async fn a_lying_clock_shifts_every_timestamp() {
    let (market, _guard) = start(Settings::default()).await;
    for (venue, seconds) in Venue::ALL.into_iter().zip([-5, 5, 3600, -86_400, 4]) {
        market.set_fault(venue, Fault::Clock { seconds }).unwrap();
        let mut client = Client::of_sol(&market, venue).await;
        let shifted = async {
            loop {
                let off = client.price(venue).await.1.unwrap() - OffsetDateTime::now_utc();
                if (off - time::Duration::seconds(seconds)).abs() < time::Duration::seconds(1) {
                    return;
                }
            }
        };
        timeout(BOUND, shifted).await.unwrap_or_else(|_| panic!("{venue} is not {seconds} s off"));
    }
}

#[tokio::test]
async fn a_gap_loses_numbered_messages() {
    let (market, _guard) = start(Settings::default()).await;
    for (venue, number) in [(Venue::Coinbase, "/sequence_num"), (Venue::Binance, "/data/t")] {
        let mut client = Client::of_sol(&market, venue).await;
        let mut numbers = Vec::new();
        for round in 0..2 {
            if round == 1 {
                market.set_fault(venue, Fault::Gap).unwrap();
            }
            while numbers.len() < 15 * (round + 1) {
                let message = client.json().await;
                if price(venue, &message).is_some() {
                    numbers.push(message.pointer(number).unwrap().as_u64().unwrap());
                }
            }
        }
        let gaps = |numbers: &[u64]| numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert_eq!(gaps(&numbers[..15]), 0, "{venue}: {numbers:?}");
        assert!((1..=2).contains(&gaps(&numbers[15..])), "{venue}: {numbers:?}");
    }
}

#[tokio::test]
async fn prices_and_faults_are_steered_over_http() {
    // The first to come installs it; all want the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (market, _guard) = start(Settings::default()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/sandbox", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, venues::router(market.clone())).into_future());
    let http = reqwest::Client::new();
    let post = async |path: &'static str, body: &'static str| -> (u16, Value) {
        let answer = http.post(format!("{base}{path}")).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };

    let (status, world) = post("/prices", r#"{"asset": "sol", "price": 165.10, "hold": true}"#).await;
    assert_eq!(
        (status, &world["assets"][0]),
        (200, &json!({"asset": "SOL", "price": "165.1", "held": true}))
    );
    assert_eq!(post("/prices", r#"{"asset": "BTC", "price": "90000", "over_ms": 100}"#).await.0, 200);
    let arrived = async {
        while market.price(Asset::Btc) < Decimal::from(89_000)
            || market.price(Asset::Btc) > Decimal::from(91_000)
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(BOUND, arrived).await.expect("the drift to arrive");
    assert_eq!(post("/prices", r#"{"asset": "SOL", "hold": false}"#).await.1["assets"][0]["held"], false);

    let (status, world) = post("/venues/kraken", r#"{"fault": "wrong", "percent": -1.5}"#).await;
    let url = market.url(Venue::Kraken);
    let kraken = json!({"venue": "kraken", "url": url, "fault": "wrong", "percent": "-1.5", "clients": 0});
    assert_eq!((status, &world["venues"][2]), (200, &kraken));
    assert_eq!(market.fault(Venue::Kraken), Fault::Wrong { percent: Decimal::new(-15, 1) });
    assert_eq!(post("/venues/okx", r#"{"fault": "clock", "seconds": 9}"#).await.1["venues"][3]["seconds"], 9);
    assert_eq!(post("/venues/kraken", r#"{"fault": "none"}"#).await.1["venues"][2]["fault"], "none");
    let shown: Value = http.get(format!("{base}/venues")).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["venues"].as_array().unwrap().len(), 5);

    for (path, body, complaint) in [
        ("/prices", r#"{"asset": "DOGE", "price": 1}"#, "\"DOGE\" is unknown; known are SOL, BTC, ETH, USDT"),
        ("/prices", r#"{"asset": "SOL", "price": 0}"#, "above 0 and at most 10000000, not 0"),
        ("/prices", r#"{"asset": "SOL", "price": "-3"}"#, "not -3"),
        ("/prices", r#"{"asset": "SOL", "price": "abc"}"#, "price is not a decimal number: \"abc\""),
        ("/prices", r#"{"asset": "SOL"}"#, "nothing to do"),
        ("/prices", r#"{"asset": "SOL", "over_ms": 5}"#, "over_ms needs a price"),
        ("/prices", r#"{"asset": "SOL", "prize": 5}"#, "unknown field `prize`"),
        ("/prices", "", "body:"),
        ("/venues/mtgox", r#"{"fault": "down"}"#, "known are binance, coinbase, kraken, okx, bitstamp"),
        ("/venues/okx", r#"{"fault": "gone"}"#, "fault \"gone\" is unknown"),
        ("/venues/okx", r#"{"fault": "wrong"}"#, "needs percent"),
        ("/venues/okx", r#"{"fault": "wrong", "percent": -100}"#, "more than -100"),
        ("/venues/okx", r#"{"fault": "clock", "seconds": 86401}"#, "at most 86400 seconds"),
        ("/venues/okx", r#"{"fault": "down", "seconds": 3}"#, "takes neither"),
        ("/venues/okx", r#"{"fault": "gap"}"#, "does not number its messages"),
    ] {
        let (status, answer) = post(path, body).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(complaint), "{body}: {status} {answer}");
    }
}
