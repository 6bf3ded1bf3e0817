//! Evidence bundles: everything from which anybody can work out the same result. A bundle is
//! written from the stored facts page by page, whatever its size.

mod check;
mod document;

use crate::{
    domain::State,
    store::{
        errand::{self, Errand},
        evidence::{self, Side},
        facts, line, settlement,
    },
};
use axum::{
    Router,
    body::Body,
    extract::{Path, State as Shared},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use chassis::{Fault, Pool};
use document::{Anchor, Bet, End, Head, Second};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use prost::Message;
use proto::{BetId, RoomId, oracle::GetSeriesResponse};
use serde::Serialize;
use serde_json::Value;
use std::{num::NonZeroU32, sync::Arc};
use uuid::Uuid;

/// Bets written at once.
const PAGE: usize = 1_000;

/// Bytes of one piece: a page of the series is many times the limit of a gRPC message.
const PIECE: usize = 256 * 1024;

/// Writes bundles.
#[derive(Clone, Debug)]
pub struct Bundles {
    pool: Pool,
}

/// How far a bundle is written.
struct Writing {
    pool: Pool,
    room: RoomId,
    next: Next,
    end: End,
}

/// The next part of a bundle to be written.
enum Next {
    Bets(Option<BetId>),
    Series(Side, i64),
    Receipt,
    Nothing,
}

/// A bundle of a room that has one.
pub struct Bundle {
    pool: Pool,
    room: RoomId,
    head: Head,
    /// The room's chat; 0 is everybody.
    scope_chat_id: i64,
}

impl Bundles {
    /// Reads from the given database.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Finds a room's bundle. There is one when all credits are posted and the series is copied;
    /// the receipt may follow.
    pub async fn find(&self, room: RoomId) -> Result<Option<Bundle>, Fault> {
        let mut connection = self.pool.reader().await?;
        let standing = settlement::read(&mut connection, room).await?;
        let Some(standing) = standing.filter(|standing| standing.settlement.state >= State::Posted) else {
            return Ok(None);
        };
        if errand::waits(&mut connection, room, Errand::CopySeries).await? {
            return Ok(None);
        }
        let frozen = facts::frozen(&mut connection, room).await?;
        let totals = facts::totals(&mut connection, room).await?;
        Ok(frozen.zip(totals).map(|(frozen, totals)| Bundle {
            pool: self.pool.clone(),
            room,
            head: Head::new(&standing, &frozen, &totals),
            scope_chat_id: frozen.terms.scope_chat_id,
        }))
    }
}

impl Bundle {
    /// The document, piece by piece. After an error it breaks off, and is no JSON.
    pub fn pieces(self) -> impl Stream<Item = Result<Bytes, Fault>> + Send + 'static {
        let Self { pool, room, head, .. } = self;
        let opening = record("", &head).map(|mut head| {
            // The members that follow stand in the same object.
            head.pop();
            head + ",\"bets\":["
        });
        let writing = Writing { pool, room, next: Next::Bets(None), end: End::default() };
        let rest = stream::try_unfold(writing, async |mut writing| {
            Ok(writing.part().await?.map(|text| (text, writing)))
        });
        StreamExt::chain(stream::iter([opening]), rest).map_ok(pieces).try_flatten()
    }
}

/// Cuts a part into pieces.
fn pieces(part: String) -> impl Stream<Item = Result<Bytes, Fault>> {
    let mut rest = Bytes::from(part);
    stream::iter(std::iter::from_fn(move || {
        (!rest.is_empty()).then(|| Ok(rest.split_to(rest.len().min(PIECE))))
    }))
}

impl Writing {
    /// Writes one part, and notes what comes after it.
    async fn part(&mut self) -> Result<Option<String>, Fault> {
        let connection = &mut *self.pool.reader().await?;
        let (text, next) = match self.next {
            Next::Bets(after) => {
                let lines = line::page(connection, self.room, after, PAGE).await?;
                match lines.last() {
                    Some(last) => {
                        let next = Next::Bets(Some(last.bet.id));
                        (members("bets", lines.iter().map(Bet::from), &mut self.end.bets)?, next)
                    }
                    None => ("],\"series\":[".to_owned(), Next::Series(Side::Own, i64::MIN)),
                }
            }
            Next::Series(side, from) => match evidence::page(connection, self.room, side, from).await? {
                Some((last, answer)) => (self.seconds(side, &answer)?, Next::Series(side, last + 1)),
                None => match side {
                    Side::Own => ("],\"rival_series\":[".to_owned(), Next::Series(Side::Rival, i64::MIN)),
                    Side::Rival => ("],\"receipt\":".to_owned(), Next::Receipt),
                },
            },
            Next::Receipt => {
                let receipt = facts::receipt(connection, self.room).await?.map(Anchor::from);
                self.end.anchored = receipt.is_some();
                let receipt = receipt.map(|receipt| record("receipt", &receipt)).transpose()?;
                let receipt = receipt.unwrap_or_else(|| "null".to_owned());
                (format!("{receipt},\"end\":{}}}\n", record("end", &self.end)?), Next::Nothing)
            }
            Next::Nothing => return Ok(None),
        };
        self.next = next;
        Ok(Some(text))
    }

    /// One answer of the oracle as it was copied.
    fn seconds(&mut self, side: Side, answer: &[u8]) -> Result<String, Fault> {
        let answer = GetSeriesResponse::decode(answer);
        let answer = answer.map_err(|_| Fault::bug("a stored series does not decode"))?;
        let (array, count) = match side {
            Side::Own => ("series", &mut self.end.series),
            Side::Rival => ("rival_series", &mut self.end.rival_series),
        };
        members(array, answer.seconds.into_iter().map(Second::from), count)
    }
}

/// Members of an array that goes on, a line each; `count` is how many it has so far.
fn members<T: Serialize>(
    array: &str,
    items: impl Iterator<Item = T>,
    count: &mut u64,
) -> Result<String, Fault> {
    let mut text = String::new();
    for item in items {
        text.push_str(if *count == 0 { "\n" } else { ",\n" });
        text.push_str(&record(&format!("{array}[{count}]"), &item)?);
        *count += 1;
    }
    Ok(text)
}

/// A record with its check. `at` is its path in the bundle, empty for the head.
fn record<T: Serialize>(at: &str, value: &T) -> Result<String, Fault> {
    let no_json = |error: serde_json::Error| Fault::bug(format!("evidence is not JSON: {error}"));
    let Value::Object(tree) = serde_json::to_value(value).map_err(no_json)? else {
        return Err(Fault::bug("a record of the evidence is no object"));
    };
    let mut text = serde_json::to_string(value).map_err(no_json)?;
    text.pop();
    Ok(format!("{text},\"check\":\"{}\"}}", check::of(at, &tree)))
}

/// The public door, for public rooms alone.
struct Public {
    bundles: Bundles,
    limit: DefaultDirectRateLimiter,
}

/// `GET /evidence/{room}`: the bundle as JSON, without login, `per_second` times a second.
pub fn routes(bundles: Bundles, per_second: NonZeroU32) -> Router {
    let public = Public { bundles, limit: RateLimiter::direct(Quota::per_second(per_second)) };
    Router::new().route("/evidence/{room}", get(serve)).with_state(Arc::new(public))
}

async fn serve(Shared(public): Shared<Arc<Public>>, Path(room): Path<Uuid>) -> Response {
    if public.limit.check().is_err() {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
    }
    match public.bundles.find(RoomId::new(room)).await {
        Ok(Some(bundle)) if bundle.scope_chat_id == 0 => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                // Whoever verifies it in a page of their own may read it there.
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            // Of unknown length: a stream that breaks off is an error to whoever reads it.
            (headers, Body::from_stream(bundle.pieces())).into_response()
        }
        // A private room's answer tells nobody that it exists.
        Ok(_) => (StatusCode::NOT_FOUND, "no evidence for this room").into_response(),
        Err(fault) => {
            tracing::warn!(%room, error = fault.chain(), "evidence not served");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
        }
    }
}
