//! The pools of a room: two share one bar, more stand in a table.

use super::{
    canvas::{Align, Area, Canvas, Line, Style, polyline, rounded},
    card::tick,
    colours::{self, Colour},
    font::{self, Weight},
};

/// The stakes on an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// The outcome.
    pub label: String,
    /// In SOL.
    pub amount: String,
    /// Of all stakes: in thousandths for the bar, and in words where there is a stake.
    pub share: Option<(u16, String)>,
    /// What a stake is multiplied by.
    pub odds: Option<String>,
    /// Whether it has won, once that is known.
    pub won: Option<bool>,
}

/// A row of the table.
const ROW: f32 = 66.0;

/// How much room so many pools take.
pub(super) fn height(pools: usize) -> f32 {
    if pools <= 2 { 134.0 } else { 12.0 + ROW * pools.div_ceil(2) as f32 }
}

/// Draws the pools.
pub(super) fn draw(canvas: &mut Canvas, area: Area, pools: &[Pool]) {
    match pools {
        [first, second] => pair(canvas, area, first, second),
        _ => table(canvas, area, pools),
    }
}

/// One bar, parted by the shares; the words of each side below it.
fn pair(canvas: &mut Canvas, area: Area, first: &Pool, second: &Pool) {
    let bar = Area { bottom: area.top + 44.0, ..area };
    match &first.share {
        Some((thousandths, _)) => {
            // A side that is there is seen, however small.
            let part = f32::from(*thousandths) / 1_000.0;
            let part = if part > 0.0 && part < 1.0 { part.clamp(0.02, 0.98) } else { part };
            let at = bar.left + bar.width() * part;
            let gap = if part > 0.0 && part < 1.0 { 3.0 } else { 0.0 };
            side(canvas, Area { right: at - gap, ..bar }, 0, first);
            side(canvas, Area { left: at + gap, ..bar }, 1, second);
        }
        None => empty(canvas, bar),
    }
    let y = area.top + 92.0;
    words(canvas, (area.left, y), 0, first);
    words_to_the_left(canvas, (area.right, y), 1, second);
}

fn side(canvas: &mut Canvas, area: Area, index: usize, pool: &Pool) {
    if area.width() < 1.0 {
        return;
    }
    let tile = colours::pattern(index, colour_of(index, pool));
    if let (Some(shape), Some(tile)) = (rounded(area, 12.0), tile) {
        canvas.tile(&shape, &tile);
    }
}

fn empty(canvas: &mut Canvas, area: Area) {
    if let Some(shape) = rounded(area, 12.0) {
        canvas.fill(&shape, colours::PANEL);
        canvas.stroke(&shape, Line { colour: colours::GRID, width: 3.0, dash: &[10.0, 8.0] });
    }
}

/// Who has lost steps back.
fn colour_of(index: usize, pool: &Pool) -> Colour {
    let colour = colours::outcome(index);
    if pool.won == Some(false) { colour.at(110) } else { colour }
}

/// What is said of a pool after its name.
fn figures(pool: &Pool) -> String {
    let mut figures = pool.amount.clone();
    let more = pool.share.iter().map(|(_, share)| share).chain(&pool.odds);
    for more in more.filter(|more| !more.is_empty()) {
        figures.push_str(" · ");
        figures.push_str(more);
    }
    figures
}

fn styles(pool: &Pool) -> (Style, Style) {
    let name = if pool.won == Some(false) { colours::MUTED } else { colours::INK };
    (Style::new(32.0, Weight::Bold, name), Style::new(30.0, Weight::Medium, colours::MUTED))
}

fn words(canvas: &mut Canvas, (x, y): (f32, f32), index: usize, pool: &Pool) {
    let (name, rest) = styles(pool);
    swatch(canvas, (x, y), index, pool);
    let mut left = x + 42.0;
    if pool.won == Some(true) {
        mark(canvas, (left + 14.0, y - 11.0));
        left += 40.0;
    }
    let (_, right) = canvas.text((left, y), name, &pool.label);
    canvas.text((right + 16.0, y), rest, &figures(pool));
}

/// The same from right to left.
fn words_to_the_left(canvas: &mut Canvas, (x, y): (f32, f32), index: usize, pool: &Pool) {
    let (name, rest) = styles(pool);
    swatch(canvas, (x - 30.0, y), index, pool);
    let mut right = x - 42.0;
    if pool.won == Some(true) {
        mark(canvas, (right - 14.0, y - 11.0));
        right -= 40.0;
    }
    let (left, _) = canvas.text((right, y), name.align(Align::Right), &pool.label);
    canvas.text((left - 16.0, y), rest.align(Align::Right), &figures(pool));
}

fn mark(canvas: &mut Canvas, at: (f32, f32)) {
    tick(canvas, at, 1.1, Line { colour: colours::INK, width: 6.0, dash: &[] });
}

/// The pattern beside the name.
fn swatch(canvas: &mut Canvas, (x, y): (f32, f32), index: usize, pool: &Pool) {
    let tile = colours::pattern(index, colour_of(index, pool));
    let shape = rounded(Area::new(x, y - 27.0, x + 30.0, y + 3.0), 7.0);
    if let (Some(shape), Some(tile)) = (shape, tile) {
        canvas.tile(&shape, &tile);
    }
}

/// Two columns, from top to bottom.
fn table(canvas: &mut Canvas, area: Area, pools: &[Pool]) {
    let rows = pools.len().div_ceil(2).max(1);
    let width = (area.width() - 48.0) / 2.0;
    for (index, pool) in pools.iter().enumerate() {
        let left = area.left + (index / rows) as f32 * (width + 48.0);
        let top = area.top + (index % rows) as f32 * ROW;
        row(canvas, Area::new(left, top, left + width, top + ROW), index, pool);
    }
}

fn row(canvas: &mut Canvas, area: Area, index: usize, pool: &Pool) {
    let y = area.top + 32.0;
    let (mut name, rest) = styles(pool);
    swatch(canvas, (area.left, y), index, pool);
    let figures = figures(pool);
    let mut left = area.left + 42.0;
    if pool.won == Some(true) {
        mark(canvas, (left + 14.0, y - 11.0));
        left += 40.0;
    }
    let rest = Style { size: 27.0, ..rest }.align(Align::Right);
    let room = area.right - left - font::width(&figures, rest.weight, rest.size) - 14.0;
    name.size = 28.0;
    while font::width(&pool.label, name.weight, name.size) > room && name.size > 16.0 {
        name.size -= 1.0;
    }
    canvas.text((left, y), name, &pool.label);
    canvas.text((area.right, y), rest, &figures);
    let y = area.top + 50.0;
    let base = Line { colour: colours::GRID, width: 5.0, dash: &[] };
    canvas.segment((area.left + 2.0, y), (area.right - 2.0, y), base);
    let part = pool.share.as_ref().map_or(0.0, |(thousandths, _)| f32::from(*thousandths) / 1_000.0);
    let end = area.left + 2.0 + (area.width() - 4.0) * part;
    if let Some(path) = polyline(&[(area.left + 2.0, y), (end, y)]).filter(|_| part > 0.0) {
        canvas.stroke(&path, Line { colour: colour_of(index, pool), ..base });
    }
}
