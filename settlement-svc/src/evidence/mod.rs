//! Evidence bundles: everything from which anybody can work out the same result. A bundle is
//! written from the stored facts page by page, whatever its size.

mod document;

use crate::{
    domain::State,
    store::{
        errand::{self, Errand},
        evidence, facts, line, settlement,
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
use chassis::Fault;
use document::{Anchor, Bet, Head, Second};
use futures::{Stream, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use prost::Message;
use proto::{BetId, RoomId, oracle::GetSeriesResponse};
use serde::Serialize;
use sqlx::PgPool;
use std::{num::NonZeroU32, sync::Arc};
use uuid::Uuid;

/// Bets written at once.
const PAGE: usize = 1_000;

/// Writes bundles.
#[derive(Clone, Debug)]
pub struct Bundles {
    pool: PgPool,
}

/// The next piece of a bundle to be written.
enum Next {
    Bets(Option<BetId>),
    Series(i64),
    End,
}

/// A bundle of a room that has one.
pub struct Bundle {
    pool: PgPool,
    room: RoomId,
    head: Head,
    /// The room's chat; 0 is everybody.
    scope_chat_id: i64,
}

impl Bundles {
    /// Reads from the given database.
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Finds a room's bundle. There is one when all credits are posted and the series is copied;
    /// the receipt may follow.
    pub async fn find(&self, room: RoomId) -> Result<Option<Bundle>, Fault> {
        let mut connection = self.pool.acquire().await?;
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
    /// The document, piece by piece.
    pub fn pieces(self) -> impl Stream<Item = Result<Bytes, Fault>> + Send + 'static {
        let Self { pool, room, head, .. } = self;
        let opening = json(&head).map(|mut head| {
            // The members that follow stand in the same object.
            head.pop();
            Bytes::from(head + ",\"bets\":[")
        });
        let rest = stream::try_unfold(Some(Next::Bets(None)), move |next| {
            let pool = pool.clone();
            async move {
                match next {
                    Some(next) => piece(&pool, room, next).await.map(Some),
                    None => Ok(None),
                }
            }
        });
        stream::StreamExt::chain(stream::iter([opening]), rest)
    }
}

/// Writes one piece and says what comes after it.
async fn piece(pool: &PgPool, room: RoomId, next: Next) -> Result<(Bytes, Option<Next>), Fault> {
    let connection = &mut *pool.acquire().await?;
    let (text, next) = match next {
        Next::Bets(after) => {
            let lines = line::page(connection, room, after, PAGE).await?;
            match lines.last() {
                Some(last) => {
                    let text = members(lines.iter().map(Bet::from), after.is_none())?;
                    (text, Some(Next::Bets(Some(last.bet.id))))
                }
                None => ("],\"series\":[".to_owned(), Some(Next::Series(i64::MIN))),
            }
        }
        Next::Series(from) => match evidence::page(connection, room, from).await? {
            Some((last, answer)) => {
                let answer = GetSeriesResponse::decode(answer.as_slice());
                let answer = answer.map_err(|_| Fault::bug("a stored series does not decode"))?;
                let seconds = answer.seconds.into_iter().map(Second::from);
                (members(seconds, from == i64::MIN)?, Some(Next::Series(last + 1)))
            }
            None => ("],\"receipt\":".to_owned(), Some(Next::End)),
        },
        Next::End => {
            let receipt = facts::receipt(connection, room).await?.map(Anchor::from);
            (json(&receipt)? + "}", None)
        }
    };
    Ok((text.into(), next))
}

/// Members of an array that goes on, a line each.
fn members<T: Serialize>(items: impl Iterator<Item = T>, first: bool) -> Result<String, Fault> {
    let mut text = String::new();
    for item in items {
        text.push_str(if first && text.is_empty() { "\n" } else { ",\n" });
        text.push_str(&json(&item)?);
    }
    Ok(text)
}

fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::bug(format!("evidence is not JSON: {error}")))
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
            let json = [(header::CONTENT_TYPE, "application/json")];
            (json, Body::from_stream(bundle.pieces())).into_response()
        }
        // A private room's answer tells nobody that it exists.
        Ok(_) => (StatusCode::NOT_FOUND, "no evidence for this room").into_response(),
        Err(fault) => {
            tracing::warn!(%room, error = fault.chain(), "evidence not served");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
        }
    }
}
