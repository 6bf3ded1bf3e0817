//! The simulated Polymarket: its wire formats as the real servers speak them, and what goes wrong with them.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::{Client, StatusCode};
use rust_decimal::Decimal;
use sandbox::polymarket::{self, Deed, Fault, Fill, Host, Polymarket, Settings, Side, Token};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A market with a day behind it in which nothing happens any more by itself.
async fn still() -> (Polymarket, Client, DropGuard) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shutdown = CancellationToken::new();
    let settings = Settings { pace: None, past: 300, wallets: 40, ..Settings::default() };
    let polymarket = polymarket::serve(settings, shutdown.clone()).await.unwrap();
    (polymarket, Client::new(), shutdown.drop_guard())
}

async fn get(client: &Client, url: String) -> Value {
    let answer = client.get(&url).send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.unwrap()
}

/// Wallet 20 buys so many shares from wallet 0, who has just split for them.
fn purchase(shares: i64, cents: i64) -> [Deed; 2] {
    let token = Token { market: 0, outcome: 0 };
    let shares = Decimal::from(shares);
    let fill =
        |wallet, side, taker| Fill { wallet, token, side, shares, price: Decimal::new(cents, 2), taker };
    let trade = Deed::Trade(vec![fill(20, Side::Buy, true), fill(0, Side::Sell, false)]);
    [Deed::Split { wallet: 0, market: 0, shares }, trade]
}

fn buy(polymarket: &Polymarket, shares: i64, cents: i64) {
    for deed in purchase(shares, cents) {
        polymarket.apply(&deed).unwrap();
    }
}

fn hashes(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| format!("{}{}{}", row["transaction_hash"], row["proxy_wallet"], row["token_id"])).collect()
}

#[tokio::test]
async fn trades_are_walked_by_cursor_while_new_ones_come() {
    let (polymarket, client, _stop) = still().await;
    let url = polymarket.url(Host::Data);
    let first = get(&client, format!("{url}/v2/trades?limit=60&taker_only=false")).await;
    let row = &first["data"][0];
    for text in [
        "proxy_wallet",
        "side",
        "token_id",
        "condition_id",
        "title",
        "slug",
        "event_slug",
        "transaction_hash",
    ] {
        assert!(row[text].as_str().is_some_and(|value| !value.is_empty()), "{text}: {row}");
    }
    assert!(row["size"].is_number() && row["price"].is_number() && row["timestamp"].is_i64(), "{row}");
    buy(&polymarket, 1_000, 40);
    let mut seen = hashes(&first);
    let mut page = first;
    while let Some(cursor) = page["pagination"]["next_cursor"].as_str() {
        assert_eq!(page["pagination"]["has_more"], true);
        page = get(&client, format!("{url}/v2/trades?taker_only=false&cursor={cursor}")).await;
        seen.extend(hashes(&page));
    }
    assert_eq!(page["pagination"]["has_more"], false);
    let everything = polymarket
        .read(|exchange, _| exchange.tape().rows().iter().filter(|row| row.is_trade(false)).count());
    // Without the two that came meanwhile, and each once but where a transaction has two fills of a wallet.
    assert_eq!(seen.len(), everything - 2);
    let takers = get(&client, format!("{url}/v2/trades?limit=1000")).await;
    let takers = takers["data"].as_array().unwrap().len();
    assert!(takers < seen.len() && takers > 0, "makers are not shown unless asked for");
    for wrong in ["offset=5", "limit=1001", "cursor=nonsense", "user=0x12", "condition=0x1"] {
        let answer = client.get(format!("{url}/v2/trades?{wrong}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.json::<Value>().await.unwrap()["error"].is_string(), "{wrong}");
    }
}

#[tokio::test]
async fn what_is_done_is_shown_a_little_later_everywhere_at_once() {
    let (polymarket, client, _stop) = still().await;
    let url = polymarket.url(Host::Data);
    let user = polymarket.read(|exchange, _| exchange.wallets()[20].address.clone());
    let token = polymarket.read(|exchange, _| exchange.markets()[0].tokens[0].clone());
    let held = async || {
        let page = get(&client, format!("{url}/v2/positions?user={user}&limit=500")).await;
        let rows = page["data"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["token_id"] == token.as_str())
    };
    let before = held().await.map_or(0.0, |row| row["current_size"].as_f64().unwrap());
    buy(&polymarket, 2_000, 40);
    assert_eq!(held().await.map_or(0.0, |row| row["current_size"].as_f64().unwrap()), before);
    crate::eventually("the trade is shown", async || {
        let page = get(&client, format!("{url}/v2/activity?user={user}&type=TRADE&limit=1")).await;
        page["data"][0]["usdc_size"] == json!(800)
    })
    .await;
    let row = held().await.unwrap();
    assert_eq!(row["current_size"].as_f64().unwrap(), before + 2_000.0);
    assert_eq!((&row["status"], &row["redeemable"]), (&json!("OPEN"), &json!(false)));

    polymarket.apply(&Deed::Resolve { market: 0, winner: 0 }).unwrap();
    let won = held().await.unwrap();
    assert_eq!((&won["status"], &won["current_price"]), (&json!("REDEEMABLE"), &json!(1)));
    polymarket.apply(&Deed::Redeem { wallet: 20, market: 0 }).unwrap();
    crate::eventually("the redemption is shown", async || held().await.is_none()).await;
    let page = get(&client, format!("{url}/v2/activity?user={user}&type=REDEEM")).await;
    let redeemed = &page["data"][0];
    assert_eq!(redeemed["usdc_size"].as_f64().unwrap(), before + 2_000.0);
    assert_eq!((&redeemed["token_id"], &redeemed["outcome_index"]), (&json!(""), &json!(999)));
}

#[tokio::test]
async fn gamma_hides_what_is_closed_and_packs_lists_into_text() {
    let (polymarket, client, _stop) = still().await;
    let url = polymarket.url(Host::Gamma);
    let (condition, slug, open) = polymarket.read(|exchange, _| {
        let open = exchange.markets().iter().filter(|market| market.resolution.is_none()).count();
        let place = polymarket::life::tradable(exchange).next().unwrap();
        let market = &exchange.markets()[place];
        (market.condition.clone(), market.slug.clone(), open)
    });
    let by = |what: &str| format!("{url}/markets?{what}");
    let all = get(&client, by("closed=false&limit=500&order=volume24hr&ascending=false")).await;
    let volumes: Vec<f64> =
        all.as_array().unwrap().iter().map(|market| market["volume24hr"].as_f64().unwrap()).collect();
    assert!(volumes.len() == open && volumes.is_sorted_by(|one, two| one >= two), "{volumes:?}");
    let market = get(&client, by(&format!("condition_ids={condition}"))).await[0].clone();
    let outcomes: Vec<String> = serde_json::from_str(market["outcomes"].as_str().unwrap()).unwrap();
    let prices: Vec<Decimal> = serde_json::from_str(market["outcomePrices"].as_str().unwrap()).unwrap();
    let tokens: Vec<String> = serde_json::from_str(market["clobTokenIds"].as_str().unwrap()).unwrap();
    assert_eq!((outcomes.len(), tokens.len(), prices.iter().sum()), (2, 2, Decimal::ONE));
    assert!(market["volume"].is_string() && market["volumeNum"].is_number() && market["closed"] == false);
    // A filter that does not exist is passed over: whoever takes the first row takes any.
    assert_eq!(get(&client, by("condition_id=0x00&limit=3")).await.as_array().unwrap().len(), 3);

    let place = polymarket.read(|exchange, _| exchange.market_of(&condition).unwrap());
    polymarket.apply(&Deed::Resolve { market: place, winner: 1 }).unwrap();
    assert_eq!(get(&client, by(&format!("condition_ids={condition}"))).await, json!([]));
    let closed = get(&client, by(&format!("condition_ids={condition}&closed=true"))).await[0].clone();
    assert_eq!(
        (&closed["outcomePrices"], &closed["umaResolutionStatus"]),
        (&json!("[\"0\",\"1\"]"), &json!("resolved"))
    );
    assert_eq!(get(&client, format!("{url}/markets/slug/{slug}")).await["closed"], true);
    let missing = client.get(format!("{url}/markets/slug/nothing")).send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let event = closed["events"][0]["slug"].as_str().unwrap();
    let siblings = get(&client, format!("{url}/events/slug/{event}")).await;
    assert!(siblings["markets"].as_array().unwrap().iter().any(|market| market["slug"] == slug.as_str()));
    let found = get(&client, format!("{url}/public-search?q=bitcoin%20above")).await;
    assert!(found["pagination"]["totalResults"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_best_of_a_book_comes_last_and_a_decided_market_has_none() {
    let (polymarket, client, _stop) = still().await;
    let url = polymarket.url(Host::Clob);
    let (token, place) = polymarket.read(|exchange, _| {
        let place = polymarket::life::tradable(exchange).next().unwrap();
        (exchange.markets()[place].tokens[0].clone(), place)
    });
    let book = get(&client, format!("{url}/book?token_id={token}")).await;
    let prices = |side: &str| -> Vec<Decimal> {
        let orders = book[side].as_array().unwrap().iter();
        orders.map(|order| order["price"].as_str().unwrap().parse().unwrap()).collect()
    };
    let (bids, asks) = (prices("bids"), prices("asks"));
    assert!(bids.is_sorted() && asks.is_sorted_by(|one, two| one >= two), "{book}");
    assert!(bids.last() < asks.last());
    let middle = get(&client, format!("{url}/midpoint?token_id={token}")).await;
    let middle: Decimal = middle["mid"].as_str().unwrap().parse().unwrap();
    assert_eq!(middle, (bids.last().unwrap() + asks.last().unwrap()) / Decimal::TWO);
    let history = get(&client, format!("{url}/prices-history?market={token}&interval=1w&fidelity=60")).await;
    let points = history["history"].as_array().unwrap();
    assert!(points.len() >= 60, "{history}");
    assert!(points.is_sorted_by_key(|point| point["t"].as_i64()));
    polymarket.apply(&Deed::Resolve { market: place, winner: 0 }).unwrap();
    let gone = client.get(format!("{url}/book?token_id={token}")).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let market = polymarket.read(|exchange, _| exchange.markets()[place].condition.clone());
    assert_eq!(get(&client, format!("{url}/markets/{market}")).await["tokens"][0]["winner"], true);
}

#[tokio::test]
async fn the_socket_tells_books_trades_and_results_of_what_is_subscribed() {
    let (polymarket, _client, _stop) = still().await;
    let tokens = polymarket.read(|exchange, _| exchange.markets()[0].tokens.clone());
    let (mut socket, _) = connect_async(polymarket.socket_url()).await.unwrap();
    let next = async |socket: &mut tokio_tungstenite::WebSocketStream<_>| -> String {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap();
        message.unwrap().unwrap().to_text().unwrap().to_owned()
    };
    socket.send(Message::text("PING")).await.unwrap();
    assert_eq!(next(&mut socket).await, "PONG");
    let order = json!({"assets_ids": [tokens[0]], "type": "market", "custom_feature_enabled": true});
    socket.send(Message::text(order.to_string())).await.unwrap();
    let books: Value = serde_json::from_str(&next(&mut socket).await).unwrap();
    assert_eq!((&books[0]["event_type"], &books[0]["asset_id"]), (&json!("book"), &json!(tokens[0])));
    buy(&polymarket, 100, 40);
    let mut kinds = Vec::new();
    while !kinds.contains(&"last_trade_price".to_owned()) {
        let event: Value = serde_json::from_str(&next(&mut socket).await).unwrap();
        let kind = event["event_type"].as_str().unwrap().to_owned();
        if kind == "last_trade_price" {
            assert_eq!((&event["price"], &event["side"]), (&json!("0.4"), &json!("BUY")));
            assert!(event.get("proxy_wallet").is_none(), "no wallet is ever told");
        }
        kinds.push(kind);
    }
    assert!(kinds.contains(&"price_change".to_owned()), "{kinds:?}");
    polymarket.apply(&Deed::Resolve { market: 0, winner: 1 }).unwrap();
    let resolved: Value = serde_json::from_str(&next(&mut socket).await).unwrap();
    assert_eq!(
        (&resolved["event_type"], &resolved["winning_asset_id"]),
        (&json!("market_resolved"), &json!(tokens[1]))
    );
    polymarket.set_fault(Host::Clob, Fault::Away);
    let end = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(Ok(_)) = socket.next().await {}
    });
    end.await.unwrap();
    assert!(connect_async(polymarket.socket_url()).await.is_err());
}

#[tokio::test]
async fn faults_look_like_faults() {
    let (polymarket, client, _stop) = still().await;
    let url = format!("{}/v2/trades?limit=50", polymarket.url(Host::Data));
    let ask = async || client.get(&url).timeout(Duration::from_millis(400)).send().await;
    let honest = hashes(&ask().await.unwrap().json().await.unwrap());
    polymarket.set_fault(Host::Data, Fault::Away);
    assert_eq!(ask().await.unwrap().status(), StatusCode::BAD_GATEWAY);
    polymarket.set_fault(Host::Data, Fault::Limited(7));
    let limited = ask().await.unwrap();
    assert_eq!(
        (limited.status(), limited.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "7")
    );
    polymarket.set_fault(Host::Data, Fault::Error);
    let error: Value = ask().await.unwrap().json().await.unwrap();
    assert!(error["error"].is_string() && error.get("data").is_none());
    polymarket.set_fault(Host::Data, Fault::Garbled);
    assert!(ask().await.unwrap().json::<Value>().await.is_err());
    polymarket.set_fault(Host::Data, Fault::Silent);
    assert!(ask().await.unwrap_err().is_timeout());
    polymarket.set_fault(Host::Data, Fault::Shuffled);
    let shuffled = hashes(&ask().await.unwrap().json().await.unwrap());
    assert!(shuffled.len() == honest.len() && shuffled != honest);
    polymarket.set_fault(Host::Data, Fault::None);
    assert_eq!(hashes(&ask().await.unwrap().json().await.unwrap()), honest);
    assert_eq!(polymarket.asked(Host::Data, "/v2/trades").requests, 8);
    assert_eq!(
        polymarket.asked(Host::Gamma, "/markets").requests,
        0,
        "the others are well and were not asked"
    );
}

#[tokio::test]
async fn it_is_steered_over_http() {
    let (polymarket, client, stop) = still().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sandbox/polymarket", listener.local_addr().unwrap());
    let server = axum::serve(listener, polymarket::router(polymarket.clone()));
    tokio::spawn(async move { server.await });
    let state = get(&client, url.clone()).await;
    let slug = state["markets"][0]["slug"].as_str().unwrap().to_owned();
    let outcome = state["markets"][0]["outcomes"][1].as_str().unwrap().to_owned();
    let order = async |path: &str, body: Value| {
        let answer = client.post(format!("{url}/{path}")).json(&body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let wallet = "0x00000000000000000000000000000000000000AB";
    let deed = |deed: &str, shares: &str| json!({"deed": deed, "wallet": wallet, "market": slug, "outcome": outcome, "shares": shares});
    let (status, why) = order("deeds", deed("sell", "10")).await;
    assert!(
        status == StatusCode::BAD_REQUEST && why["error"].as_str().unwrap().contains("does not have"),
        "{why}"
    );
    assert_eq!(order("deeds", deed("buy", "1250.5")).await.0, StatusCode::OK);
    assert_eq!(order("deeds", deed("sell", "1250.5")).await.0, StatusCode::OK);
    let held = polymarket.read(|exchange, _| {
        let wallet = exchange.wallet_at(&wallet.to_lowercase()).unwrap();
        exchange.tape().rows().iter().filter(|row| row.wallet == wallet).count()
    });
    assert!(held >= 2);
    let (_, state) = order("data", json!({"fault": "limited", "seconds": 3})).await;
    assert_eq!(state["hosts"][0]["fault"], "limited");
    assert_eq!(polymarket.fault(Host::Data), Fault::Limited(3));
    let wrong = [
        ("data", json!({"fault": "tired"})),
        ("ftp", json!({"fault": "none"})),
        ("pace", json!({"every_ms": 1})),
    ];
    for (path, body) in wrong {
        assert_eq!(order(path, body).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    let end = json!({"deed": "resolve", "market": slug, "outcome": outcome});
    assert_eq!(order("deeds", end.clone()).await.0, StatusCode::OK);
    assert!(order("deeds", end).await.1["error"].as_str().unwrap().contains("decided"));
    let (_, state) = order("pace", json!({"every_ms": 20})).await;
    let before = state["deeds"].as_u64().unwrap();
    crate::eventually("life goes on", async || {
        get(&client, url.clone()).await["deeds"].as_u64().unwrap() > before + 5
    })
    .await;
    drop(stop);
}
