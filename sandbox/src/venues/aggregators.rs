//! Simulated aggregators: HTTP servers in the wire formats of CoinGecko, CryptoCompare and Pyth's Hermes, over the same
//! market as the venues. Each has a port of its own, so that one that fails is one host that fails.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, RawQuery, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{market::Market, venue::Asset};

/// How late a slow answer is: later than anybody waits.
const SLOW: Duration = Duration::from_secs(30);

/// A stale price is of so many seconds ago.
const STALE: i64 = 3_600;

/// What is asked for and sold: an asset by CoinGecko's id, its ticker, and the id of Pyth's feed.
const COINS: [(Asset, &str, &str); 3] = [
    (Asset::Btc, "bitcoin", "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"),
    (Asset::Eth, "ethereum", "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"),
    (Asset::Sol, "solana", "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d"),
];

/// A simulated aggregator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregator {
    /// Answers without a key; five questions a minute.
    CoinGecko,
    /// Answers with a key only; 50 questions a minute.
    CryptoCompare,
    /// Answers with a key only; 30 questions in ten seconds, and then none for a minute.
    Hermes,
}

/// What is wrong with an aggregator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AggregatorFault {
    /// Nothing.
    #[default]
    None,
    /// Answers 429 and asks to come back after so many seconds.
    Limited {
        /// For `Retry-After`.
        seconds: u32,
    },
    /// Answers 500.
    Broken,
    /// Answers half a minute later.
    Slow,
    /// Answers with something else than its format.
    Garbage,
    /// Says what was so an hour ago, and that it was then.
    Stale,
    /// Says a price that is off by so much.
    Wrong {
        /// Percent of the right price.
        percent: Decimal,
    },
}

impl Aggregator {
    /// All of them.
    pub const ALL: [Aggregator; 3] = [Aggregator::CoinGecko, Aggregator::CryptoCompare, Aggregator::Hermes];

    /// As in the names of the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Aggregator::CoinGecko => "coingecko",
            Aggregator::CryptoCompare => "cryptocompare",
            Aggregator::Hermes => "hermes",
        }
    }

    /// The path that belongs to its address.
    const fn base(self) -> &'static str {
        match self {
            Aggregator::CoinGecko => "/api/v3",
            Aggregator::CryptoCompare | Aggregator::Hermes => "",
        }
    }

    /// Questions within so much time.
    const fn limit(self) -> (usize, Duration) {
        match self {
            Aggregator::CoinGecko => (5, Duration::from_secs(60)),
            Aggregator::CryptoCompare => (50, Duration::from_secs(60)),
            Aggregator::Hermes => (30, Duration::from_secs(10)),
        }
    }

    /// The header of its key and what stands before the key; none where no key is needed.
    const fn key(self) -> Option<(&'static str, &'static str)> {
        match self {
            Aggregator::CoinGecko => None,
            Aggregator::CryptoCompare => Some(("authorization", "Apikey ")),
            Aggregator::Hermes => Some(("authorization", "Bearer ")),
        }
    }
}

/// The running aggregators. Clones steer the same ones.
#[derive(Clone)]
pub struct Aggregators {
    desks: [Desk; 3],
}

#[derive(Clone)]
struct Desk {
    aggregator: Aggregator,
    market: Market,
    address: SocketAddr,
    state: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    fault: AggregatorFault,
    asked: u64,
    refused: u64,
    recent: VecDeque<Instant>,
}

/// Starts all three; they run until `shutdown` is cancelled.
///
/// # Errors
/// No port is free.
pub async fn serve(market: &Market, host: IpAddr, shutdown: &CancellationToken) -> io::Result<Aggregators> {
    let open = |aggregator| open(market.clone(), aggregator, host, shutdown.clone());
    Ok(Aggregators {
        desks: [
            open(Aggregator::CoinGecko).await?,
            open(Aggregator::CryptoCompare).await?,
            open(Aggregator::Hermes).await?,
        ],
    })
}

async fn open(
    market: Market,
    aggregator: Aggregator,
    host: IpAddr,
    shutdown: CancellationToken,
) -> io::Result<Desk> {
    let listener = TcpListener::bind(SocketAddr::new(host, 0)).await?;
    let desk = Desk { aggregator, market, address: listener.local_addr()?, state: Arc::default() };
    let router = match aggregator {
        Aggregator::CoinGecko => Router::new().route("/api/v3/simple/price", get(coingecko)),
        Aggregator::CryptoCompare => Router::new().route("/data/pricemultifull", get(cryptocompare)),
        Aggregator::Hermes => Router::new().route("/v2/updates/price/latest", get(hermes)),
    };
    let router = router.with_state(desk.clone());
    tokio::spawn(shutdown.run_until_cancelled_owned(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(aggregator = aggregator.name(), %error, "aggregator stopped listening");
        }
    }));
    Ok(desk)
}

impl Aggregators {
    /// The URL that takes the place of the real one's.
    #[must_use]
    pub fn url(&self, aggregator: Aggregator) -> String {
        format!("http://{}{}", self.desk(aggregator).address, aggregator.base())
    }

    /// Makes an aggregator faulty, or well again with [`AggregatorFault::None`].
    pub fn set_fault(&self, aggregator: Aggregator, fault: AggregatorFault) {
        self.desk(aggregator).books().fault = fault;
    }

    /// How often it was asked, and how often of these it said that this was too often.
    #[must_use]
    pub fn asked(&self, aggregator: Aggregator) -> (u64, u64) {
        let books = self.desk(aggregator).books();
        (books.asked, books.refused)
    }

    fn desk(&self, aggregator: Aggregator) -> &Desk {
        let [coingecko, cryptocompare, hermes] = &self.desks;
        match aggregator {
            Aggregator::CoinGecko => coingecko,
            Aggregator::CryptoCompare => cryptocompare,
            Aggregator::Hermes => hermes,
        }
    }
}

/// What a question is answered with, as far as it has a price.
struct Says {
    /// Seconds since 1970.
    at: i64,
    /// Times this.
    factor: Decimal,
}

impl Desk {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the fault of the moment makes of a question, or how it is refused.
    async fn admit(&self, headers: &HeaderMap) -> Result<Says, Response> {
        let fault = {
            let mut books = self.books();
            books.asked += 1;
            if let Some(left) = self.over_the_limit(&mut books) {
                books.refused += 1;
                return Err(too_many(left));
            }
            books.fault
        };
        if let Some((header, before)) = self.aggregator.key() {
            let key = headers.get(header).and_then(|value| value.to_str().ok());
            if key.and_then(|key| key.strip_prefix(before)).is_none_or(str::is_empty) {
                return Err((StatusCode::UNAUTHORIZED, "no key").into_response());
            }
        }
        let now = self.now();
        match fault {
            AggregatorFault::None => Ok(Says { at: now, factor: Decimal::ONE }),
            AggregatorFault::Limited { seconds } => Err(too_many(u64::from(seconds))),
            AggregatorFault::Broken => Err((StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response()),
            AggregatorFault::Slow => {
                sleep(SLOW).await;
                Ok(Says { at: now, factor: Decimal::ONE })
            }
            AggregatorFault::Garbage => Err("<html>We'll be back soon</html>".into_response()),
            AggregatorFault::Stale => Ok(Says { at: now - STALE, factor: Decimal::ONE }),
            AggregatorFault::Wrong { percent } => {
                Ok(Says { at: now, factor: Decimal::ONE + percent / Decimal::ONE_HUNDRED })
            }
        }
    }

    /// Seconds to wait, if the question is one too many.
    fn over_the_limit(&self, books: &mut Books) -> Option<u64> {
        let (most, within) = self.aggregator.limit();
        let now = Instant::now();
        books.recent.retain(|asked| now.duration_since(*asked) < within);
        if books.recent.len() >= most {
            return Some(within.as_secs());
        }
        books.recent.push_back(now);
        None
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an aggregator has a clock of its own, which no test of ours steps"
    )]
    fn now(&self) -> i64 {
        time::OffsetDateTime::now_utc().unix_timestamp()
    }

    fn price(&self, asset: Asset, says: &Says) -> Decimal {
        (self.market.price(asset) * says.factor).round_dp(8)
    }
}

fn too_many(seconds: u64) -> Response {
    let body =
        Json(json!({"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}));
    (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())], body).into_response()
}

#[derive(Deserialize)]
struct SimplePrice {
    ids: String,
    vs_currencies: String,
    #[serde(default)]
    include_last_updated_at: bool,
}

async fn coingecko(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<SimplePrice>,
) -> Response {
    let says = match desk.admit(&headers).await {
        Ok(says) => says,
        Err(refused) => return refused,
    };
    let coin = |(asset, id, _): &(Asset, &str, &str)| {
        let mut fields = Vec::new();
        if asked.vs_currencies == "usd" {
            fields.push(format!(r#""usd":{}"#, desk.price(*asset, &says)));
        }
        if asked.include_last_updated_at {
            fields.push(format!(r#""last_updated_at":{}"#, says.at));
        }
        format!(r#""{id}":{{{}}}"#, fields.join(","))
    };
    let wanted = COINS.iter().filter(|(_, id, _)| asked.ids.split(',').any(|one| one == *id));
    object(wanted.map(coin))
}

#[derive(Deserialize)]
struct PriceMultiFull {
    fsyms: String,
    tsyms: String,
}

async fn cryptocompare(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<PriceMultiFull>,
) -> Response {
    let says = match desk.admit(&headers).await {
        Ok(says) => says,
        Err(refused) => return refused,
    };
    let wanted =
        |asset: &Asset| asked.tsyms == "USD" && asked.fsyms.split(',').any(|one| one == asset.ticker());
    let coins: Vec<_> = COINS.iter().filter(|(asset, ..)| wanted(asset)).collect();
    if coins.is_empty() {
        let message = "cccagg_or_exchange market does not exist for this coin pair";
        return Json(json!({"Response": "Error", "Message": message, "Type": 1, "Data": {}})).into_response();
    }
    let coin = |(asset, ..): &(Asset, &str, &str)| {
        let (ticker, price, at) = (asset.ticker(), desk.price(*asset, &says), says.at);
        format!(
            r#""{ticker}":{{"USD":{{"TYPE":"5","MARKET":"CCCAGG","FROMSYMBOL":"{ticker}","TOSYMBOL":"USD","FLAGS":"2049","PRICE":{price},"LASTUPDATE":{at},"LASTMARKET":"Coinbase"}}}}"#
        )
    };
    let raw: Vec<String> = coins.into_iter().map(coin).collect();
    object([format!(r#""RAW":{{{}}}"#, raw.join(",")), r#""DISPLAY":{}"#.to_owned()].into_iter())
}

/// A JSON object of fields that are written already: numbers keep all their digits.
fn object(fields: impl Iterator<Item = String>) -> Response {
    let text = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

async fn hermes(State(desk): State<Desk>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let says = match desk.admit(&headers).await {
        Ok(says) => says,
        Err(refused) => return refused,
    };
    let query = query.unwrap_or_default();
    let mut parsed = Vec::new();
    for (asset, _, feed) in COINS.iter().filter(|(.., feed)| query.contains(feed)) {
        let units = (desk.price(*asset, &says) * Decimal::from(100_000_000)).round().normalize();
        let price =
            json!({"price": units.to_string(), "conf": "7500000", "expo": -8, "publish_time": says.at});
        parsed.push(json!({"id": feed, "price": price, "ema_price": price, "metadata": {"slot": 1}}));
    }
    if parsed.is_empty() {
        return (StatusCode::NOT_FOUND, "Price ids not found").into_response();
    }
    Json(json!({"binary": {"encoding": "base64", "data": ["UE5BVQ=="]}, "parsed": parsed})).into_response()
}
