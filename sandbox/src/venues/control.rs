//! Steering over HTTP, for the chat page and for scripts in other languages.

use std::{str::FromStr, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};

use super::{
    market::Market,
    venue::{Asset, Fault, Venue},
};

/// `GET /sandbox/venues`, `POST /sandbox/prices` and `POST /sandbox/venues/{venue}`. A request that cannot
/// be obeyed is answered with 400 and `{"error": "..."}`; the others with the new state of all venues.
pub fn router(market: Market) -> Router {
    Router::new()
        .route("/sandbox/venues", get(show))
        .route("/sandbox/prices", post(price))
        .route("/sandbox/venues/{venue}", post(fault))
        .with_state(market)
}

#[derive(Serialize)]
struct World {
    assets: Vec<AssetState>,
    venues: Vec<VenueState>,
}

#[derive(Serialize)]
struct AssetState {
    asset: Asset,
    price: Decimal,
    held: bool,
}

#[derive(Serialize)]
struct VenueState {
    venue: Venue,
    url: String,
    fault: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<i64>,
    clients: usize,
}

impl World {
    fn of(market: &Market) -> Self {
        let asset =
            |asset| AssetState { asset, price: market.price(asset).normalize(), held: market.is_held(asset) };
        let venue = |venue| {
            let fault = market.fault(venue);
            VenueState {
                venue,
                url: market.url(venue),
                fault: fault.name(),
                percent: if let Fault::Wrong { percent } = fault { Some(percent) } else { None },
                seconds: if let Fault::Clock { seconds } = fault { Some(seconds) } else { None },
                clients: market.clients(venue),
            }
        };
        World { assets: Asset::ALL.map(asset).into(), venues: Venue::ALL.map(venue).into() }
    }
}

/// A request that cannot be obeyed, and why.
pub(crate) struct Bad(pub(crate) String);

impl<E: std::error::Error> From<E> for Bad {
    fn from(error: E) -> Self {
        Bad(error.to_string())
    }
}

impl IntoResponse for Bad {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": self.0}))).into_response()
    }
}

async fn show(State(market): State<Market>) -> Json<World> {
    Json(World::of(&market))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceOrder {
    asset: String,
    price: Option<Box<RawValue>>,
    hold: Option<bool>,
    over_ms: Option<u64>,
}

async fn price(State(market): State<Market>, body: Bytes) -> Result<Json<World>, Bad> {
    let order: PriceOrder = parse(&body)?;
    let asset = Asset::from_str(&order.asset)?;
    let price = order.price.as_deref().map(|raw| decimal("price", raw)).transpose()?;
    match (price, order.over_ms, order.hold) {
        (Some(price), Some(millis), hold) => {
            market.drift(asset, price, Duration::from_millis(millis), hold.unwrap_or(false))?;
        }
        (Some(price), None, Some(true)) => market.hold_at(asset, price)?,
        (Some(price), None, _) => market.set(asset, price)?,
        (None, None, Some(true)) => market.hold(asset),
        (None, None, Some(false)) => market.release(asset),
        (None, Some(_), _) => return Err(Bad("over_ms needs a price to go to".into())),
        (None, None, None) => return Err(Bad("nothing to do: give a price or hold".into())),
    }
    Ok(Json(World::of(&market)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    fault: String,
    percent: Option<Box<RawValue>>,
    seconds: Option<i64>,
}

async fn fault(
    State(market): State<Market>,
    Path(venue): Path<String>,
    body: Bytes,
) -> Result<Json<World>, Bad> {
    let venue = Venue::from_str(&venue)?;
    let order: FaultOrder = parse(&body)?;
    let percent = order.percent.as_deref().map(|raw| decimal("percent", raw)).transpose()?;
    let fault = match (order.fault.as_str(), percent, order.seconds) {
        ("wrong", Some(percent), None) => Fault::Wrong { percent },
        ("wrong", ..) => return Err(Bad("fault wrong needs percent and nothing else".into())),
        ("clock", None, Some(seconds)) => Fault::Clock { seconds },
        ("clock", ..) => return Err(Bad("fault clock needs seconds and nothing else".into())),
        (other, None, None) => match other {
            "none" => Fault::None,
            "stale" => Fault::Stale,
            "silent" => Fault::Silent,
            "down" => Fault::Down,
            "gap" => Fault::Gap,
            "restart" => {
                market.restart(venue);
                return Ok(Json(World::of(&market)));
            }
            _ => {
                let known = "none, stale, wrong, silent, down, clock, gap, restart";
                return Err(Bad(format!("fault {other:?} is unknown; known are {known}")));
            }
        },
        (other, ..) => return Err(Bad(format!("fault {other} takes neither percent nor seconds"))),
    };
    market.set_fault(venue, fault)?;
    Ok(Json(World::of(&market)))
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Bad> {
    serde_json::from_slice(body).map_err(|error| Bad(format!("body: {error}")))
}

/// A decimal written as a JSON number or string, read digit by digit.
pub(crate) fn decimal(field: &str, raw: &RawValue) -> Result<Decimal, Bad> {
    let text = raw.get();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    Decimal::from_str_exact(text).map_err(|_| Bad(format!("{field} is not a decimal number: {text:?}")))
}
