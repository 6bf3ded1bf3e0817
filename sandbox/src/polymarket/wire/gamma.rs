//! Gamma: markets and events. Lists inside are JSON in strings, most numbers are there as text, too; what is closed is not
//! found unless it is asked for. <https://docs.polymarket.com/developers/gamma-markets-api/overview>

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde::Serialize;

use super::super::Polymarket;
use super::super::book::Book;
use super::super::catalogue::{Event, Market};
use super::super::exchange::Exchange;
use super::{Number, Refusal, all, date, number, one};

const PAGE: usize = 20;
const PAGE_MAX: usize = 500;

/// Prices of the last so many seconds make the volume of a day.
const DAY: i64 = 86_400;

type Pairs = Query<Vec<(String, String)>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MarketRow {
    id: String,
    question: String,
    condition_id: String,
    slug: String,
    resolution_source: String,
    end_date: String,
    liquidity: String,
    start_date: String,
    image: String,
    icon: String,
    description: String,
    outcomes: String,
    outcome_prices: String,
    volume: String,
    active: bool,
    closed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_time: Option<String>,
    archived: bool,
    restricted: bool,
    group_item_title: String,
    enable_order_book: bool,
    order_price_min_tick_size: Number,
    order_min_size: u32,
    volume_num: Number,
    liquidity_num: Number,
    end_date_iso: String,
    volume24hr: Number,
    clob_token_ids: String,
    accepting_orders: bool,
    neg_risk: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    uma_resolution_status: Option<&'static str>,
    uma_resolution_statuses: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<Number>,
    last_trade_price: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_bid: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_ask: Option<Number>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRow {
    id: String,
    ticker: String,
    slug: String,
    title: String,
    description: String,
    end_date: String,
    active: bool,
    closed: bool,
    archived: bool,
    restricted: bool,
    liquidity: Number,
    volume: Number,
    volume24hr: Number,
    enable_order_book: bool,
    neg_risk: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    markets: Vec<MarketRow>,
}

/// A page of markets that goes on at an opaque cursor.
#[derive(Serialize)]
struct Keyset {
    markets: Vec<MarketRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Found {
    events: Vec<EventRow>,
    pagination: Pagination,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    has_more: bool,
    total_results: usize,
}

/// `GET /markets`
pub(in super::super) async fn markets(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let (limit, offset) = (limit(&pairs)?, number(&pairs, "offset")?.unwrap_or_default());
    let rows = polymarket.read(|exchange, now| {
        let found = wanted(exchange, &pairs, now);
        let page = found.into_iter().skip(offset).take(limit);
        page.map(|market| market_row(exchange, market, now, true)).collect::<Vec<_>>()
    });
    Ok(Json(rows).into_response())
}

/// `GET /markets/keyset`
pub(in super::super) async fn keyset(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let (limit, after) = (limit(&pairs)?, number(&pairs, "after_cursor")?.unwrap_or_default());
    let page = polymarket.read(|exchange, now| {
        let found = wanted(exchange, &pairs, now);
        let more = found.len() > after + limit;
        let page = found.into_iter().skip(after).take(limit);
        let markets = page.map(|market| market_row(exchange, market, now, true)).collect();
        Keyset { markets, next_cursor: more.then(|| (after + limit).to_string()) }
    });
    Ok(Json(page).into_response())
}

/// `GET /markets/slug/{slug}`
pub(in super::super) async fn market_by_slug(
    State(polymarket): State<Polymarket>,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    one_market(&polymarket, |market| market.slug == slug)
}

/// `GET /markets/{id}`
pub(in super::super) async fn market_by_id(
    State(polymarket): State<Polymarket>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    one_market(&polymarket, |market| market.id.to_string() == id)
}

fn one_market(polymarket: &Polymarket, wanted: impl Fn(&Market) -> bool) -> Result<Response, Refusal> {
    let row = polymarket.read(|exchange, now| {
        let market = exchange.markets().iter().find(|market| wanted(market))?;
        Some(market_row(exchange, market, now, true))
    });
    row.map(|row| Json(row).into_response()).ok_or_else(|| Refusal::missing("market not found"))
}

/// `GET /events`
pub(in super::super) async fn events(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let (limit, offset) = (limit(&pairs)?, number(&pairs, "offset")?.unwrap_or_default());
    let (slugs, ids) = (all(&pairs, "slug"), all(&pairs, "id"));
    // Without a word about it, only closed events are listed, whatever the documentation says.
    let closed = one(&pairs, "closed") != Some("false");
    let rows = polymarket.read(|exchange, now| {
        let named = !slugs.is_empty() || !ids.is_empty();
        let fits = |event: &&Event| {
            if named {
                slugs.contains(&event.slug.as_str()) || ids.contains(&event.id.to_string().as_str())
            } else {
                is_closed(exchange, event) == closed
            }
        };
        let found = exchange.events().iter().filter(fits).skip(offset).take(limit);
        found.map(|event| event_row(exchange, event, now, true)).collect::<Vec<_>>()
    });
    Ok(Json(rows).into_response())
}

/// `GET /events/slug/{slug}`
pub(in super::super) async fn event_by_slug(
    State(polymarket): State<Polymarket>,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let row = polymarket.read(|exchange, now| {
        let event = exchange.events().iter().find(|event| event.slug == slug)?;
        Some(event_row(exchange, event, now, true))
    });
    row.map(|row| Json(row).into_response()).ok_or_else(|| Refusal::missing("event not found"))
}

/// `GET /public-search`: events in whose questions all words are.
pub(in super::super) async fn search(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let words = one(&pairs, "q").ok_or_else(|| Refusal::bad("q is required"))?.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    let limit = number(&pairs, "limit_per_type")?.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let page = number(&pairs, "page")?.unwrap_or(1).max(1);
    let open_only =
        one(&pairs, "events_status") == Some("active") || one(&pairs, "keep_closed_markets") == Some("0");
    let found = polymarket.read(|exchange, now| {
        let fits = |event: &&Event| {
            let of =
                |market: &&Market| exchange.events().get(market.event).is_some_and(|of| of.id == event.id);
            let questions = exchange.markets().iter().filter(of).map(|market| market.question.to_lowercase());
            let text = questions.fold(event.title.to_lowercase(), |text, question| text + " " + &question);
            words.iter().all(|word| text.contains(word)) && !(open_only && is_closed(exchange, event))
        };
        let all: Vec<&Event> = exchange.events().iter().filter(fits).collect();
        let total_results = all.len();
        let rows = all.into_iter().skip((page - 1) * limit).take(limit);
        let events = rows.map(|event| event_row(exchange, event, now, true)).collect();
        Found { events, pagination: Pagination { has_more: total_results > page * limit, total_results } }
    });
    Ok(Json(found).into_response())
}

fn limit(pairs: &[(String, String)]) -> Result<usize, Refusal> {
    Ok(number(pairs, "limit")?.unwrap_or(PAGE).min(PAGE_MAX))
}

/// Markets by ids, or those that trade, or those that do not; unknown parameters are passed over.
fn wanted<'a>(exchange: &'a Exchange, pairs: &[(String, String)], now: i64) -> Vec<&'a Market> {
    let closed = one(pairs, "closed") == Some("true");
    let (conditions, tokens) = (all(pairs, "condition_ids"), all(pairs, "clob_token_ids"));
    let (slugs, ids) = (all(pairs, "slug"), all(pairs, "id"));
    let fits = |market: &&Market| {
        market.resolution.is_some() == closed
            && (conditions.is_empty() || conditions.contains(&market.condition.as_str()))
            && (tokens.is_empty() || market.tokens.iter().any(|token| tokens.contains(&token.as_str())))
            && (slugs.is_empty() || slugs.contains(&market.slug.as_str()))
            && (ids.is_empty() || ids.contains(&market.id.to_string().as_str()))
    };
    let mut found: Vec<&Market> = exchange.markets().iter().filter(fits).collect();
    let ascending = one(pairs, "ascending") == Some("true");
    match one(pairs, "order") {
        Some("volume24hr") => found.sort_by_key(|market| day_volume(market, now)),
        Some("volume" | "volumeNum") => found.sort_by_key(|market| market.volume),
        Some("endDate") => found.sort_by_key(|market| market.ends),
        _ => return found,
    }
    if !ascending {
        found.reverse();
    }
    found
}

fn is_closed(exchange: &Exchange, event: &Event) -> bool {
    let mut of = markets_of(exchange, event);
    of.all(|market| market.resolution.is_some())
}

fn markets_of<'a>(exchange: &'a Exchange, event: &Event) -> impl Iterator<Item = &'a Market> {
    let place = exchange.events().iter().position(|one| one.id == event.id);
    exchange.markets().iter().filter(move |market| Some(market.event) == place)
}

/// What a market trades in a day is a part of all it ever traded, as large as it was busy of late.
fn day_volume(market: &Market, now: i64) -> Decimal {
    let since = now / 1_000 - DAY;
    let (of_day, all) = (market.prices.iter().filter(|(at, _)| *at >= since).count(), market.prices.len());
    market.volume * Decimal::from(of_day) / Decimal::from(all.max(1))
}

fn liquidity(market: &Market) -> Decimal {
    let books = [Book::of(market, 0), Book::of(market, 1)];
    let bids = books.iter().flat_map(|book| &book.bids);
    bids.map(|level| level.price * level.shares).sum()
}

/// A list as text.
fn listed<T: Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).unwrap_or_default()
}

fn market_row(exchange: &Exchange, market: &Market, now: i64, with_event: bool) -> MarketRow {
    let book = Book::of(market, 0);
    let (closed, liquidity, day) = (market.resolution.is_some(), liquidity(market), day_volume(market, now));
    let event = exchange.events().get(market.event);
    let prices = [0, 1].map(|outcome| market.price(outcome).normalize().to_string());
    MarketRow {
        id: market.id.to_string(),
        question: market.question.clone(),
        condition_id: market.condition.clone(),
        slug: market.slug.clone(),
        resolution_source: String::new(),
        end_date: date(market.ends),
        liquidity: liquidity.to_string(),
        start_date: date(market.starts),
        image: String::new(),
        icon: String::new(),
        description: event.map(|event| event.description.clone()).unwrap_or_default(),
        outcomes: listed(&market.outcomes),
        outcome_prices: listed(&prices),
        volume: market.volume.normalize().to_string(),
        active: true,
        closed,
        // Another way to write it than everywhere else.
        closed_time: market.resolution.map(|how| date(how.at).replace('T', " ").replace('Z', "+00")),
        archived: false,
        restricted: true,
        group_item_title: market.title.clone(),
        enable_order_book: true,
        order_price_min_tick_size: Number(Decimal::new(1, 2)),
        order_min_size: 5,
        volume_num: Number(market.volume),
        liquidity_num: Number(liquidity),
        end_date_iso: date(market.ends).chars().take(10).collect(),
        volume24hr: Number(day),
        clob_token_ids: listed(&market.tokens),
        accepting_orders: !closed,
        neg_risk: event.is_some_and(|event| event.exclusive),
        uma_resolution_status: closed.then_some("resolved"),
        uma_resolution_statuses: if closed { r#"["proposed","resolved"]"# } else { "[]" },
        spread: book.bid().zip(book.ask()).map(|(bid, ask)| Number(ask - bid)),
        last_trade_price: Number(market.price(0)),
        best_bid: book.bid().map(Number),
        best_ask: book.ask().map(Number),
        events: event
            .filter(|_| with_event)
            .map(|event| event_row(exchange, event, now, false))
            .into_iter()
            .collect(),
    }
}

fn event_row(exchange: &Exchange, event: &Event, now: i64, with_markets: bool) -> EventRow {
    let markets: Vec<&Market> = markets_of(exchange, event).collect();
    let sum = |of: fn(&Market) -> Decimal| Number(markets.iter().map(|market| of(market)).sum());
    let day = markets.iter().map(|market| day_volume(market, now)).sum();
    EventRow {
        id: event.id.to_string(),
        ticker: event.slug.clone(),
        slug: event.slug.clone(),
        title: event.title.clone(),
        description: event.description.clone(),
        end_date: date(markets.first().map_or(0, |market| market.ends)),
        active: true,
        closed: is_closed(exchange, event),
        archived: false,
        restricted: true,
        liquidity: sum(liquidity),
        volume: sum(|market| market.volume),
        volume24hr: Number(day),
        enable_order_book: true,
        neg_risk: event.exclusive,
        markets: if with_markets {
            markets.iter().map(|market| market_row(exchange, market, now, false)).collect()
        } else {
            Vec::new()
        },
    }
}
