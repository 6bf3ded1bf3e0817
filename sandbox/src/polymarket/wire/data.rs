//! Data API v2: trades, activity and positions, each a page in `{data, pagination}`, continued by an opaque cursor.
//! Absent text is empty, an absent outcome is 999. <https://docs.polymarket.com/api-reference>

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::seq::SliceRandom;
use rust_decimal::Decimal;
use serde::Serialize;

use super::super::Polymarket;
use super::super::exchange::Exchange;
use super::super::faults::{Fault, Host};
use super::super::holdings::{Holding, Token};
use super::super::tape::Row;
use super::rows::{self, DUST, has_status, kind_of};
use super::{Number, Refusal, all, number, one};

const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;
const CONDITIONS_MAX: usize = 20;

type Pairs = Query<Vec<(String, String)>>;

#[derive(Serialize)]
struct Page<T> {
    data: Vec<T>,
    pagination: Pagination,
}

#[derive(Serialize)]
struct Pagination {
    limit: usize,
    offset: usize,
    has_more: bool,
    next_cursor: Option<String>,
}

/// Where a walk goes on, and how large its pages are.
struct Walk {
    limit: usize,
    /// Of trades and activity, the place on the tape before which it goes on; of positions, how many were shown.
    from: Option<usize>,
}

impl Walk {
    /// A cursor carries the size of the page.
    fn of(pairs: &[(String, String)], what: &str) -> Result<Self, Refusal> {
        if one(pairs, "offset").is_some() {
            return Err(Refusal::bad("offset is not supported; use cursor"));
        }
        let Some(cursor) = one(pairs, "cursor") else {
            let limit = number(pairs, "limit")?.unwrap_or(PAGE);
            let fits = (1..=PAGE_MAX).contains(&limit);
            let too_many = || Refusal::bad(format!("limit must be between 1 and {PAGE_MAX}"));
            return fits.then_some(Self { limit, from: None }).ok_or_else(too_many);
        };
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            let (limit, from) = text.strip_prefix(what)?.strip_prefix(':')?.split_once(':')?;
            Some(Self { limit: limit.parse().ok()?, from: Some(from.parse().ok()?) })
        };
        read().ok_or_else(|| Refusal::bad("invalid cursor"))
    }

    fn cursor(&self, what: &str, from: usize) -> String {
        URL_SAFE_NO_PAD.encode(format!("{what}:{}:{from}", self.limit))
    }

    fn page<T>(&self, data: Vec<T>, next_cursor: Option<String>) -> Page<T> {
        let (limit, has_more) = (self.limit, next_cursor.is_some());
        Page { data, pagination: Pagination { limit, offset: 0, has_more, next_cursor } }
    }
}

/// `GET /v2/trades`
pub(in super::super) async fn trades(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let walk = Walk::of(&pairs, "trades")?;
    let takers_only = one(&pairs, "taker_only") != Some("false");
    let wanted = Wanted::of(&pairs)?;
    let page = polymarket.read(|exchange, now| {
        let user = one(&pairs, "user").map(|user| address(exchange, user)).transpose()?;
        let fits = |row: &&Row| row.is_trade(takers_only) && wanted.fits(exchange, row, user.is_some());
        let before = walk.from.unwrap_or(usize::MAX);
        let rows: Vec<&Row> = match user {
            None => exchange.tape().shown(now, before).filter(fits).take(walk.limit + 1).collect(),
            Some(None) => Vec::new(),
            Some(Some(wallet)) => {
                let rows = exchange.tape().shown_of(wallet, now).filter(|row| row.sequence < before);
                rows.filter(fits).take(walk.limit + 1).collect()
            }
        };
        let (rows, next) = cut(&walk, "trades", rows);
        let page = walk.page(rows.into_iter().map(|row| rows::trade(exchange, row)).collect(), next);
        serde_json::to_vec(&page).map_err(|error| Refusal::bad(error.to_string()))
    })?;
    Ok(answer(shaken(&polymarket, page)))
}

/// `GET /v2/activity`
pub(in super::super) async fn activity(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let walk = Walk::of(&pairs, "activity")?;
    let wanted = Wanted::of(&pairs)?;
    let types: Vec<String> = all(&pairs, "type").into_iter().map(str::to_ascii_uppercase).collect();
    let ascending = one(&pairs, "sort_direction").is_some_and(|way| way.eq_ignore_ascii_case("ASC"));
    let user = one(&pairs, "user").ok_or_else(|| Refusal::bad("user is required"))?;
    let page = polymarket.read(|exchange, now| {
        let rows: Vec<&Row> = match address(exchange, user)? {
            None => Vec::new(),
            Some(wallet) => {
                let typed = |row: &&Row| types.is_empty() || types.iter().any(|kind| kind == kind_of(row));
                let rows = exchange.tape().shown_of(wallet, now);
                let rows = rows.filter(|row| wanted.fits(exchange, row, true)).filter(typed);
                if ascending {
                    let after = |row: &&Row| walk.from.is_none_or(|from| row.sequence > from);
                    rows.rev().filter(after).take(walk.limit + 1).collect()
                } else {
                    let before = |row: &&Row| walk.from.is_none_or(|from| row.sequence < from);
                    rows.filter(before).take(walk.limit + 1).collect()
                }
            }
        };
        let (rows, next) = cut(&walk, "activity", rows);
        let page = walk.page(rows.into_iter().map(|row| rows::deed(exchange, row)).collect(), next);
        serde_json::to_vec(&page).map_err(|error| Refusal::bad(error.to_string()))
    })?;
    Ok(answer(shaken(&polymarket, page)))
}

/// `GET /v2/positions` of a wallet.
pub(in super::super) async fn positions(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let walk = Walk::of(&pairs, "positions")?;
    let wanted = Wanted::of(&pairs)?;
    let status = one(&pairs, "status").unwrap_or("OPEN").to_ascii_uppercase();
    if !["OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED"].contains(&status.as_str()) {
        return Err(Refusal::bad(format!("invalid status: {status}")));
    }
    let user = one(&pairs, "user").ok_or_else(|| Refusal::bad("user or condition is required"))?;
    let page = polymarket.read(|exchange, _| {
        let wallet = address(exchange, user)?;
        let mut held: Vec<(Token, &Holding)> = wallet
            .into_iter()
            .flat_map(|wallet| exchange.shown().of(wallet))
            .filter(|(token, _)| wanted.is_about(exchange, token.market))
            .filter(|(token, held)| has_status(exchange, wallet, *token, held, &status))
            .collect();
        let value = |(token, held): &(Token, &Holding)| held.shares * exchange.price(*token);
        held.sort_by(|one, two| value(two).cmp(&value(one)).then(one.0.cmp(&two.0)));
        let from = walk.from.unwrap_or_default();
        let more = held.len() > from + walk.limit;
        let rows = held.into_iter().skip(from).take(walk.limit);
        let rows = rows.filter_map(|(token, held)| rows::position(exchange, wallet?, token, held)).collect();
        let page = walk.page(rows, more.then(|| walk.cursor("positions", from + walk.limit)));
        serde_json::to_vec(&page).map_err(|error| Refusal::bad(error.to_string()))
    })?;
    Ok(answer(page))
}

/// `GET /v2/value`
pub(in super::super) async fn value(
    State(polymarket): State<Polymarket>,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Value {
        proxy_wallet: String,
        value: Number,
    }
    let user = one(&pairs, "user").ok_or_else(|| Refusal::bad("user is required"))?;
    let body = polymarket.read(|exchange, _| {
        let wallet = address(exchange, user)?;
        let held = wallet.into_iter().flat_map(|wallet| exchange.shown().of(wallet));
        let value: Decimal = held.map(|(token, held)| held.shares * exchange.price(token)).sum();
        let value = Value { proxy_wallet: user.to_ascii_lowercase(), value: Number(value.round_dp(4)) };
        serde_json::to_vec(&serde_json::json!({"data": value}))
            .map_err(|error| Refusal::bad(error.to_string()))
    })?;
    Ok(answer(body))
}

fn answer(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Bytes::from(body)).into_response()
}

/// One row more than a page was looked for: whether there is a next page.
fn cut<'a>(walk: &Walk, what: &str, mut rows: Vec<&'a Row>) -> (Vec<&'a Row>, Option<String>) {
    let more = rows.len() > walk.limit;
    rows.truncate(walk.limit);
    let next = rows.last().filter(|_| more).map(|last| walk.cursor(what, last.sequence));
    (rows, next)
}

/// A wallet's place; one that never did anything has none.
fn address(exchange: &Exchange, text: &str) -> Result<Option<usize>, Refusal> {
    let digits = text.strip_prefix("0x").unwrap_or_default();
    if digits.len() != 40 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Refusal::bad(format!("invalid user: {text}")));
    }
    Ok(exchange.wallet_at(text))
}

/// What rows are asked for.
struct Wanted {
    conditions: Vec<String>,
    side: Option<String>,
    start: usize,
    end: usize,
    least: Decimal,
    by_cash: bool,
}

impl Wanted {
    fn of(pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let names = ["condition", "condition_id", "conditionId"];
        let conditions: Vec<&str> = names.iter().flat_map(|name| all(pairs, name)).collect();
        if conditions.len() > CONDITIONS_MAX {
            return Err(Refusal::bad(format!("at most {CONDITIONS_MAX} conditions")));
        }
        let sound = |id: &&str| id.len() == 66 && id.starts_with("0x");
        if let Some(wrong) = conditions.iter().find(|id| !sound(id)) {
            return Err(Refusal::bad(format!("invalid condition: {wrong}")));
        }
        let amount = one(pairs, "filter_amount").map(str::parse).transpose();
        let amount: Option<Decimal> = amount.map_err(|_| Refusal::bad("invalid filter_amount"))?;
        Ok(Self {
            conditions: conditions.into_iter().map(str::to_ascii_lowercase).collect(),
            side: one(pairs, "side").map(str::to_ascii_uppercase),
            start: number(pairs, "start")?.unwrap_or_default(),
            end: number(pairs, "end")?.filter(|end| *end > 0).unwrap_or(usize::MAX),
            least: amount.filter(|amount| !amount.is_zero()).unwrap_or(DUST),
            by_cash: one(pairs, "filter_type").is_some_and(|by| by.eq_ignore_ascii_case("CASH")),
        })
    }

    fn is_about(&self, exchange: &Exchange, market: usize) -> bool {
        let condition = exchange.markets().get(market).map(|market| &market.condition);
        self.conditions.is_empty() || condition.is_some_and(|condition| self.conditions.contains(condition))
    }

    /// A window of time is honoured for one wallet alone.
    fn fits(&self, exchange: &Exchange, row: &Row, of_user: bool) -> bool {
        let at = usize::try_from(row.at).unwrap_or_default();
        let amount = if self.by_cash { row.usd } else { row.shares };
        let side = self.side.as_deref();
        (self.conditions.is_empty() || row.market.is_some_and(|market| self.is_about(exchange, market)))
            && side.is_none_or(|side| row.side.is_some_and(|of| of.word() == side))
            && (!of_user || (self.start..=self.end).contains(&at))
            // A redemption of what turned out worthless is a row, too.
            && (amount >= self.least || !row.is_trade(false))
    }
}

/// Rows in any order, if that is what is wrong.
fn shaken(polymarket: &Polymarket, page: Vec<u8>) -> Vec<u8> {
    if polymarket.fault(Host::Data) != Fault::Shuffled {
        return page;
    }
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&page) else { return page };
    if let Some(rows) = value.get_mut("data").and_then(serde_json::Value::as_array_mut) {
        rows.shuffle(&mut rand::rng());
    }
    serde_json::to_vec(&value).unwrap_or(page)
}
