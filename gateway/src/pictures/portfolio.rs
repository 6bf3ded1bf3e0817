//! How somebody has fared: what their settled bets came to, one after the other.

use super::{
    canvas::{Align, Area, Canvas, Line, Style, disc, polyline},
    card::{EDGE, SIZE, WIDTH},
    colours,
    font::{self, Weight},
    scale::Scale,
};
use rust_decimal::Decimal;
use tiny_skia::PathBuilder;

/// After a settled bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// All results so far in SOL.
    pub total: Decimal,
    /// Whether this bet was won; nothing if its stake came back.
    pub won: Option<bool>,
}

/// The results of settled bets, in words where they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Portfolio {
    /// Oldest first.
    pub steps: Vec<Step>,
    /// What they came to: `+1.25 SOL`.
    pub result: String,
    /// How many were won and lost.
    pub counts: (String, String),
    /// Highest and lowest sum on the way.
    pub extremes: Option<(String, String)>,
}

const CHART: Area = Area::new(EDGE, 226.0, WIDTH - EDGE, 736.0);

/// Draws it; nothing without a settled bet.
pub(super) fn draw(portfolio: &Portfolio) -> Option<Canvas> {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1, colours::GROUND)?;
    let last = portfolio.steps.last()?;
    let ahead = last.total >= Decimal::ZERO;
    let colour = if ahead { colours::outcome(0) } else { colours::outcome(1) };
    let title = format!("LAST {} BETS", portfolio.steps.len());
    canvas.text((EDGE, 72.0), Style::new(30.0, Weight::Medium, colours::MUTED), &title);
    canvas.text((EDGE, 158.0), Style::new(76.0, Weight::Bold, colour), &portfolio.result);
    counts(&mut canvas, portfolio);
    line(&mut canvas, portfolio);
    Some(canvas)
}

/// Won bets point up, lost ones down.
fn counts(canvas: &mut Canvas, portfolio: &Portfolio) {
    let figures = Style::new(44.0, Weight::Bold, colours::INK).align(Align::Right);
    let mut right = WIDTH - EDGE;
    for (count, up) in [(&portfolio.counts.1, false), (&portfolio.counts.0, true)] {
        let (left, _) = canvas.text((right, 150.0), figures, count);
        arrow(canvas, (left - 30.0, 134.0), 14.0, up);
        right = left - 84.0;
    }
    let words = Style::new(30.0, Weight::Medium, colours::MUTED).align(Align::Right);
    canvas.text((WIDTH - EDGE, 72.0), words, "WON · LOST");
}

fn arrow(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, up: bool) {
    let (tip, foot) = if up { (y - size, y + size) } else { (y + size, y - size) };
    let mut path = PathBuilder::new();
    path.move_to(x, tip);
    path.line_to(x + size * 1.1, foot);
    path.line_to(x - size * 1.1, foot);
    path.close();
    if let Some(path) = path.finish() {
        canvas.fill(&path, colours::outcome(usize::from(!up)));
    }
}

/// The sum over the bets, with the line of zero.
fn line(canvas: &mut Canvas, portfolio: &Portfolio) {
    let totals = || std::iter::once(Decimal::ZERO).chain(portfolio.steps.iter().map(|step| step.total));
    let (Some(low), Some(high)) = (totals().min(), totals().max()) else { return };
    let count = i64::try_from(portfolio.steps.len()).unwrap_or(i64::MAX);
    let Some(scale) = Scale::try_new(CHART, (0, count), low, high) else { return };
    let zero = scale.y(Decimal::ZERO);
    canvas.segment(
        (CHART.left, zero),
        (CHART.right, zero),
        Line { colour: colours::MUTED, width: 2.5, dash: &[4.0, 8.0] },
    );
    let points: Vec<_> = (0..).zip(totals()).map(|(at, total)| (scale.x(at), scale.y(total))).collect();
    let mut shape = PathBuilder::new();
    shape.move_to(CHART.left, zero);
    for (x, y) in &points {
        shape.line_to(*x, *y);
    }
    shape.line_to(CHART.right, zero);
    shape.close();
    if let Some(shape) = shape.finish() {
        canvas.fill(&shape, colours::PRICE.at(45));
    }
    if let Some(path) = polyline(&points) {
        canvas.stroke(&path, Line { colour: colours::PRICE, width: 5.0, dash: &[] });
    }
    // Beyond a few dozen, marks would hide the line.
    if portfolio.steps.len() <= 40 {
        for (point, step) in points.iter().skip(1).zip(&portfolio.steps) {
            mark(canvas, *point, step.won);
        }
    }
    extremes(canvas, portfolio, &points);
}

fn mark(canvas: &mut Canvas, at: (f32, f32), won: Option<bool>) {
    for (radius, colour) in [(12.0, colours::GROUND), (8.0, colours::PRICE)] {
        if let Some(disc) = disc(at, radius) {
            canvas.fill(&disc, colour);
        }
    }
    if let (Some(up), Some(disc)) = (won, disc(at, 12.0)) {
        canvas.fill(&disc, colours::GROUND);
        arrow(canvas, at, 9.0, up);
    }
}

/// The highest and the lowest sum, where they were.
fn extremes(canvas: &mut Canvas, portfolio: &Portfolio, points: &[(f32, f32)]) {
    let Some((lowest, highest)) = &portfolio.extremes else { return };
    let by_height = |a: &&(f32, f32), b: &&(f32, f32)| a.1.total_cmp(&b.1);
    let (Some(top), Some(bottom)) = (points.iter().min_by(by_height), points.iter().max_by(by_height)) else {
        return;
    };
    let style = Style::new(29.0, Weight::Bold, colours::INK).align(Align::Middle);
    for (point, text, lift) in [(top, highest, -24.0), (bottom, lowest, 44.0)] {
        let half = font::width(text, style.weight, style.size) / 2.0 + 4.0;
        let x = point.0.clamp(CHART.left + half, CHART.right - half);
        canvas.rimmed((x, point.1 + lift), style, colours::GROUND, text);
    }
}
