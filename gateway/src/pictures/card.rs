//! The picture of a room: what is asked, the price so far, who stakes on what; and how it ended.

use super::{
    canvas::{Align, Area, Canvas, Line, Style, disc, polyline, rounded},
    chart::{self, Chart},
    colours::{self, Colour},
    font::{self, Weight},
    pools::{self, Pool},
};

/// A room in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Card {
    /// Short number for people.
    pub number: i64,
    /// A few characters: `SOL ↑ $165`.
    pub title: String,
    /// Where it stands.
    pub badge: Badge,
    /// Beside the title: the price now, or the one that decided.
    pub price: Option<String>,
    /// The series.
    pub chart: Chart,
    /// By outcome.
    pub pools: Vec<Pool>,
}

/// Where a room stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Badge {
    /// Takes bets.
    Open,
    /// Takes no bets any more.
    Locked,
    /// Is being paid.
    Settling,
    /// Has this result.
    Settled(String),
    /// Has no result.
    Void,
}

/// Pixels of the picture: Telegram shows at most 1,280 either way.
pub(super) const SIZE: (u32, u32) = (1200, 780);
pub(super) const WIDTH: f32 = 1200.0;
pub(super) const HEIGHT: f32 = 780.0;
pub(super) const EDGE: f32 = 44.0;
const CHART_TOP: f32 = 196.0;

/// Draws a room.
pub(super) fn draw(card: &Card) -> Option<Canvas> {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1, colours::GROUND)?;
    let below = pools::height(card.pools.len());
    head(&mut canvas, card);
    let chart = Area::new(EDGE, CHART_TOP, WIDTH - EDGE + 16.0, HEIGHT - EDGE - below);
    chart::draw(&mut canvas, chart, &card.chart);
    let pools = Area::new(EDGE, HEIGHT - EDGE + 22.0 - below, WIDTH - EDGE, HEIGHT - EDGE + 10.0);
    pools::draw(&mut canvas, pools, &card.pools);
    Some(canvas)
}

fn head(canvas: &mut Canvas, card: &Card) {
    let number = format!("ROOM #{}", card.number);
    let (_, right) = canvas.text((EDGE, 72.0), Style::new(30.0, Weight::Medium, colours::MUTED), &number);
    chip(canvas, right + 22.0, &card.badge);
    let aside = match (&card.badge, &card.price) {
        (Badge::Settled(outcome), price) => result(canvas, outcome, price.as_deref()),
        (_, Some(price)) => now(canvas, price),
        (_, None) => 0.0,
    };
    let room = WIDTH - 2.0 * EDGE - aside - 30.0;
    let mut size = 64.0;
    while font::width(&card.title, Weight::Bold, size) > room && size > 30.0 {
        size -= 2.0;
    }
    canvas.text((EDGE, 146.0), Style::new(size, Weight::Bold, colours::INK), &card.title);
}

/// The state: a sign and a word.
fn chip(canvas: &mut Canvas, left: f32, badge: &Badge) {
    let (word, colour) = match badge {
        Badge::Open => ("OPEN", colours::outcome(0)),
        Badge::Locked => ("BETS CLOSED", colours::MUTED),
        Badge::Settling => ("SETTLING", colours::TARGET),
        Badge::Settled(_) => ("SETTLED", colours::INK),
        Badge::Void => ("VOID", colours::outcome(1)),
    };
    let width = font::width(word, Weight::Bold, 24.0);
    let Some(shape) = rounded(Area::new(left, 43.0, left + width + 58.0, 83.0), 20.0) else { return };
    canvas.fill(&shape, colours::PANEL);
    sign(canvas, (left + 24.0, 63.0), badge, colour);
    canvas.text((left + 42.0, 72.0), Style::new(24.0, Weight::Bold, colour), word);
}

fn sign(canvas: &mut Canvas, (x, y): (f32, f32), badge: &Badge, colour: Colour) {
    let line = Line { colour, width: 4.0, dash: &[] };
    match badge {
        Badge::Open => {
            if let Some(disc) = disc((x, y), 8.0) {
                canvas.fill(&disc, colour);
            }
        }
        Badge::Locked => {
            if let Some(square) = rounded(Area::new(x - 7.0, y - 7.0, x + 7.0, y + 7.0), 2.0) {
                canvas.fill(&square, colour);
            }
        }
        Badge::Settling => {
            if let Some(ring) = disc((x, y), 7.0) {
                canvas.stroke(&ring, line);
            }
        }
        Badge::Settled(_) => tick(canvas, (x, y), 0.7, line),
        Badge::Void => {
            canvas.segment((x - 7.0, y - 7.0), (x + 7.0, y + 7.0), line);
            canvas.segment((x - 7.0, y + 7.0), (x + 7.0, y - 7.0), line);
        }
    }
}

/// A check mark around a point.
pub(super) fn tick(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, line: Line) {
    let points = [(x - 11.0 * size, y), (x - 3.0 * size, y + 9.0 * size), (x + 12.0 * size, y - 9.0 * size)];
    if let Some(path) = polyline(&points) {
        canvas.stroke(&path, line);
    }
}

/// The price at this moment. Returns how wide it is.
pub(super) fn now(canvas: &mut Canvas, price: &str) -> f32 {
    let right = WIDTH - EDGE;
    let word = Style::new(30.0, Weight::Medium, colours::MUTED).align(Align::Right);
    canvas.text((right, 72.0), word, "NOW");
    let style = Style::new(64.0, Weight::Bold, colours::PRICE).align(Align::Right);
    let (left, _) = canvas.text((right, 146.0), style, price);
    right - left
}

/// The answer and the price that gave it. Returns how wide that is.
fn result(canvas: &mut Canvas, outcome: &str, price: Option<&str>) -> f32 {
    let right = WIDTH - EDGE;
    let mut size = 56.0;
    while font::width(outcome, Weight::Bold, size) > 420.0 && size > 26.0 {
        size -= 2.0;
    }
    let width = font::width(outcome, Weight::Bold, size) + 112.0;
    let area = Area::new(right - width, 40.0, right, 116.0);
    if let Some(shape) = rounded(area, 22.0) {
        canvas.fill(&shape, colours::INK);
    }
    let line = Line { colour: colours::GROUND, width: 8.0, dash: &[] };
    tick(canvas, (area.left + 46.0, 78.0), 1.5, line);
    let style = Style::new(size, Weight::Bold, colours::GROUND).align(Align::Right);
    canvas.text((right - 30.0, 78.0 + size * 0.36), style, outcome);
    if let Some(price) = price {
        let style = Style::new(36.0, Weight::Bold, colours::PRICE).align(Align::Right);
        canvas.text((right, 164.0), style, price);
    }
    width
}
