//! Rooms with their pictures: what is asked for one, and the text where there is none.

use super::{Member, rooms};
use crate::{
    app::App,
    domain::{Question, Reader, RoomView, Verdict},
    locales::Language,
    recent::Recent,
    screens::{self, Prices, Quote, Screen, Series, Settled, Window},
    turn::Turn,
};
use chassis::Fault;
use proto::RoomId;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

/// Whoever looks at a room within so many seconds sees the same prices in the same picture.
const TOGETHER: i64 = 5;
/// The same for a room that is over.
const AFTERWARDS: i64 = 60;
/// Rooms looked at lately; a series has some 20 KB.
const ROOMS: usize = 500;

/// Rooms as they were looked at a moment ago.
#[derive(Debug)]
pub struct Glances(Recent<Slot, Arc<OnceCell<Arc<Glance>>>>);

/// A room, whether it is over, and about when it is looked at.
type Slot = (RoomId, bool, i64);

impl Default for Glances {
    fn default() -> Self {
        Self(Recent::new(ROOMS))
    }
}

/// The prices of a room at a moment.
#[derive(Debug)]
struct Glance {
    at: OffsetDateTime,
    prices: Prices,
    series: Series,
}

impl Glance {
    /// The prices, older by what has passed since.
    fn prices(&self, now: OffsetDateTime) -> Prices {
        let aged =
            |quote: Quote| Quote { age: quote.age + (now - self.at).max(time::Duration::ZERO), ..quote };
        Prices { asset: self.prices.asset.map(aged), rival: self.prices.rival.map(aged) }
    }
}

/// A room's card for one reader, below `above` if there is something to say first.
pub(crate) async fn card(
    app: &App,
    language: Language,
    room: &RoomView,
    reader: &Reader,
    above: &str,
) -> Screen {
    let glance = glance(app, room).await;
    let now = app.clock.now();
    let prices = glance.prices(now);
    let under = |screen: Screen| if above.is_empty() { screen } else { screen.under(above) };
    let drawing = screens::room_drawing(room, room.verdict.as_ref(), &glance.series, prices, now);
    if let Some((drawing, outline)) = drawing
        && let Some(picture) = app.pictures.draw(drawing).await
    {
        let captions = screens::room_captions(language, room, reader, prices, &outline, now).map(under);
        if let Some(screen) = screens::captioned(&picture, captions) {
            return screen;
        }
    }
    under(screens::room_card(language, room, reader, prices, now))
}

/// The settlement card.
pub(crate) async fn result(
    app: &App,
    member: Member,
    room: &RoomView,
    reader: &Reader,
    settled: Settled<'_>,
) -> Screen {
    let (language, now) = (member.language, app.clock.now());
    if let Some((_, verdict)) = settled.settlement
        && let Some((drawing, outline)) = after(app, room, verdict, now).await
        && let Some(picture) = app.pictures.draw(drawing).await
    {
        let captions = screens::result_captions(language, room, reader, &settled, &outline, now);
        if let Some(screen) = screens::captioned(&picture, captions) {
            return screen;
        }
    }
    screens::result(language, room, reader, settled, now)
}

/// How the presser has fared.
///
/// # Errors
/// settlement-svc does not answer.
pub async fn portfolio(app: Arc<App>, member: Member) -> Result<Turn, Fault> {
    let found = app.clients.results(member.account, false, 0, screens::PORTFOLIO_BETS).await?;
    let Some((drawing, course)) = screens::course(&found.shown) else {
        return Ok(Turn::show(screens::portfolio(member.language, None)));
    };
    let screen = screens::portfolio(member.language, Some(&course));
    let picture = app.pictures.draw(drawing).await;
    let pictured = picture.and_then(|picture| screens::captioned(&picture, [screen.clone()]));
    Ok(Turn::show(pictured.unwrap_or(screen)))
}

/// The drawing of a room that was decided.
async fn after(
    app: &App,
    room: &RoomView,
    verdict: &Verdict,
    now: OffsetDateTime,
) -> Option<(crate::pictures::Drawing, screens::Outline)> {
    let glance = glance(app, room).await;
    screens::room_drawing(room, Some(verdict), &glance.series, glance.prices(now), now)
}

/// What is known of a room's prices; asked once for all who look at about the same time.
async fn glance(app: &App, room: &RoomView) -> Arc<Glance> {
    let now = app.clock.now();
    let slot = now.unix_timestamp() / if room.is_over() { AFTERWARDS } else { TOGETHER };
    let cell = app.glances.0.get_or_put(&(room.id, room.is_over(), slot), Arc::default);
    Arc::clone(cell.get_or_init(|| async { Arc::new(look(app, room, now).await) }).await)
}

async fn look(app: &App, room: &RoomView, now: OffsetDateTime) -> Glance {
    let prices = async { if room.is_over() { Prices::default() } else { rooms::prices_of(app, room).await } };
    let (prices, series) = tokio::join!(prices, series(app, room, now));
    Glance { at: now, prices, series }
}

/// The series of a room; empty where it is not known, or nothing to be told.
async fn series(app: &App, room: &RoomView, now: OffsetDateTime) -> Series {
    let Some(window) = Window::of(room, now) else { return Series::default() };
    let points = async |asset: &str| {
        let points = app.clients.points(asset, window.first, window.until).await;
        points
            .inspect_err(|fault| tracing::info!(asset, error = fault.chain(), "no series"))
            .unwrap_or_default()
    };
    match &room.question {
        Question::HeadToHead { rival } => {
            let (asset, rival) = tokio::join!(points(&room.asset), points(rival));
            Series { asset, rival }
        }
        _ => Series { asset: points(&room.asset).await, rival: Vec::new() },
    }
}
