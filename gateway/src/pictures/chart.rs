//! What a chart shows, as plain values; and the chart itself on its canvas.

use super::{
    canvas::{Align, Area, Canvas, Line, Style, disc, polyline, rounded},
    colours::{self, Colour},
    font::{self, Weight},
    scale::Scale,
};
use rust_decimal::Decimal;
use tiny_skia::PathBuilder;

/// A moment of a series: one value, or the range of a minute or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// Unix time.
    pub second: i64,
    /// Lowest value.
    pub low: Decimal,
    /// Highest value.
    pub high: Decimal,
    /// Last value.
    pub close: Decimal,
}

/// A line of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Track {
    /// Of what, where there are several.
    pub name: String,
    /// In ascending order.
    pub points: Vec<Point>,
    /// The last value in words; empty where it tells nothing.
    pub label: String,
}

/// A value that a price is held against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// Where.
    pub value: Decimal,
    /// In words.
    pub label: String,
    /// What it is, in a word; nothing for one of several bounds.
    pub word: &'static str,
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// No more bets.
    Lock,
    /// The question is about this moment.
    Deadline,
}

/// A line across the chart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Unix time.
    pub second: i64,
    /// What happens.
    pub event: Event,
    /// The time in words.
    pub label: String,
}

/// A chart over time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chart {
    /// Unix time of its left end and of its right end.
    pub span: (i64, i64),
    /// When it begins, in words.
    pub since: String,
    /// One price, or two returns.
    pub tracks: Vec<Track>,
    /// Target, bounds or start.
    pub levels: Vec<Level>,
    /// Lock and deadline.
    pub moments: Vec<Moment>,
    /// Lowest and highest value of a single track, in words.
    pub extremes: Option<(String, String)>,
    /// When and at what value it was decided.
    pub decided: Option<(i64, Decimal)>,
}

/// Right of the lines, for labels of values; below them, for labels of times.
const GUTTER: f32 = 178.0;
const FOOT: f32 = 46.0;
/// Between the base lines of two labels.
const LABEL: f32 = 44.0;
const SIZE: f32 = 29.0;
/// Points further apart than this many usual steps are not joined: there was no price.
const GAP: i64 = 4;

const DASHES: [&[f32]; 2] = [&[], &[14.0, 9.0]];
const TARGET: Line = Line { colour: colours::TARGET, width: 4.0, dash: &[18.0, 10.0] };
const BOUND: Line = Line { colour: colours::MUTED, width: 2.0, dash: &[18.0, 10.0] };
const LOCK: Line = Line { colour: colours::MUTED, width: 3.0, dash: &[3.0, 9.0] };
const DEADLINE: Line = Line { colour: colours::INK, width: 3.0, dash: &[] };

/// Draws a chart with its labels.
pub(super) fn draw(canvas: &mut Canvas, whole: Area, chart: &Chart) {
    let area = Area { right: whole.right - GUTTER, bottom: whole.bottom - FOOT, ..whole };
    let Some(scale) = Scale::of(chart, area) else { return };
    ground(canvas, area);
    after(canvas, area, &scale, chart);
    moments(canvas, area, &scale, chart);
    for level in &chart.levels {
        let y = scale.y(level.value);
        let line = if level.word.is_empty() { BOUND } else { TARGET };
        canvas.segment((area.left, y), (area.right, y), line);
    }
    for (index, track) in chart.tracks.iter().enumerate() {
        line(canvas, area, &scale, index, &track.points);
    }
    words(canvas, area, &scale, chart);
    extremes(canvas, area, &scale, chart);
    decided(canvas, &scale, chart);
    labels(canvas, area, &scale, chart);
}

/// Three faint lines that only lead the eye.
fn ground(canvas: &mut Canvas, area: Area) {
    let line = Line { colour: colours::GRID, width: 1.5, dash: &[] };
    for part in [0.0, 0.5, 1.0] {
        let y = area.top + area.height() * part;
        canvas.segment((area.left, y), (area.right, y), line);
    }
}

/// What lies ahead is hatched.
fn after(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart) {
    let newest = chart.tracks.iter().filter_map(|track| track.points.last()).map(|point| point.second).max();
    let Some(left) = newest.map(|second| scale.x(second)).filter(|x| *x + 2.0 < area.right) else { return };
    let line = Line { colour: colours::GRID.at(150), width: 1.5, dash: &[] };
    let mut x = left - area.height();
    while x < area.right {
        // A slanted line from the lower edge, cut at both sides.
        let rise = area.height();
        let from = (x.max(left), area.bottom - (x.max(left) - x));
        let to = ((x + rise).min(area.right), area.bottom - ((x + rise).min(area.right) - x));
        if from.0 < to.0 {
            canvas.segment(from, to, line);
        }
        x += 22.0;
    }
}

fn moments(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart) {
    let style = Style::new(SIZE, Weight::Medium, colours::MUTED);
    let y = area.bottom + FOOT - 10.0;
    // From right to left, each where the one before leaves room.
    let mut free = area.right + GUTTER;
    for moment in chart.moments.iter().rev().filter(|moment| scale.holds(moment.second)) {
        let x = scale.x(moment.second);
        let line = if moment.event == Event::Lock { LOCK } else { DEADLINE };
        canvas.segment((x, area.top), (x, area.bottom + 8.0), line);
        let width = font::width(&moment.label, style.weight, style.size) + 34.0;
        let left = (x - width / 2.0).clamp(area.left, (free - width).max(area.left));
        match moment.event {
            Event::Lock => padlock(canvas, (left, y)),
            Event::Deadline => flag(canvas, (left, y)),
        }
        if !moment.label.is_empty() {
            canvas.text((left + 34.0, y), style, &moment.label);
        }
        free = left - 24.0;
    }
    let width = font::width(&chart.since, style.weight, style.size);
    if !chart.since.is_empty() && area.left + width < free {
        canvas.text((area.left, y), style, &chart.since);
    }
}

/// Bets are closed.
fn padlock(canvas: &mut Canvas, (x, y): (f32, f32)) {
    let body = rounded(Area::new(x, y - 14.0, x + 22.0, y + 2.0), 4.0);
    let mut bow = PathBuilder::new();
    bow.move_to(x + 5.0, y - 13.0);
    bow.line_to(x + 5.0, y - 18.0);
    bow.cubic_to(x + 5.0, y - 26.0, x + 17.0, y - 26.0, x + 17.0, y - 18.0);
    bow.line_to(x + 17.0, y - 13.0);
    if let (Some(body), Some(bow)) = (body, bow.finish()) {
        canvas.stroke(&bow, Line { colour: colours::MUTED, width: 3.5, dash: &[] });
        canvas.fill(&body, colours::MUTED);
    }
}

/// The end.
fn flag(canvas: &mut Canvas, (x, y): (f32, f32)) {
    canvas.segment((x + 3.0, y + 2.0), (x + 3.0, y - 22.0), DEADLINE);
    let mut cloth = PathBuilder::new();
    cloth.move_to(x + 3.0, y - 23.0);
    cloth.line_to(x + 24.0, y - 16.0);
    cloth.line_to(x + 3.0, y - 9.0);
    cloth.close();
    if let Some(cloth) = cloth.finish() {
        canvas.fill(&cloth, colours::INK);
    }
}

/// The line of a price, its range behind it, and its last point.
fn line(canvas: &mut Canvas, area: Area, scale: &Scale, index: usize, points: &[Point]) {
    let colour = track_colour(index);
    let step = usual_step(points);
    let joined = |a: &Point, b: &Point| b.second - a.second <= step.saturating_mul(GAP);
    for run in points.chunk_by(joined) {
        let closes: Vec<_> = run.iter().map(|point| (scale.x(point.second), scale.y(point.close))).collect();
        if index == 0 {
            below(canvas, area, &closes, colour);
        }
        let up = run.iter().map(|point| (scale.x(point.second), scale.y(point.high)));
        let down = run.iter().rev().map(|point| (scale.x(point.second), scale.y(point.low)));
        if let Some(band) = closed(up.chain(down)) {
            canvas.fill(&band, colour.at(90));
        }
        if let Some(path) = polyline(&closes) {
            let dash = DASHES.get(index).copied().unwrap_or_default();
            canvas.stroke(&path, Line { colour, width: 5.0, dash });
        }
    }
    if let Some(last) = points.last() {
        let at = (scale.x(last.second), scale.y(last.close));
        for (radius, colour) in [(18.0, colour.at(60)), (10.0, colours::GROUND), (7.5, colour)] {
            if let Some(disc) = disc(at, radius) {
                canvas.fill(&disc, colour);
            }
        }
    }
}

fn below(canvas: &mut Canvas, area: Area, closes: &[(f32, f32)], colour: Colour) {
    let (Some(first), Some(last)) = (closes.first(), closes.last()) else { return };
    let top = closes.iter().map(|point| point.1).fold(area.bottom, f32::min);
    let feet = [(last.0, area.bottom), (first.0, area.bottom)];
    if let Some(path) = closed(closes.iter().copied().chain(feet)) {
        canvas.fade(&path, colour.at(70), top, area.bottom);
    }
}

fn closed(points: impl Iterator<Item = (f32, f32)>) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.enumerate() {
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    path.close();
    path.finish()
}

/// The step that most points keep.
fn usual_step(points: &[Point]) -> i64 {
    let mut steps: Vec<i64> =
        points.iter().zip(points.iter().skip(1)).map(|(a, b)| b.second - a.second).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(1).max(1)
}

const fn track_colour(index: usize) -> Colour {
    if index == 0 { colours::PRICE } else { colours::RIVAL }
}

/// What a level is, at its left end; away from the price.
fn words(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart) {
    let style = Style::new(25.0, Weight::Bold, colours::TARGET);
    let first = chart.tracks.first().and_then(|track| track.points.first());
    for level in chart.levels.iter().filter(|level| !level.word.is_empty()) {
        let y = scale.y(level.value);
        let above = first.is_none_or(|point| point.close <= level.value) && y - area.top > 40.0;
        let y = if above || area.bottom - y < 40.0 { y - 14.0 } else { y + 32.0 };
        canvas.rimmed((area.left + 6.0, y), style, colours::GROUND, level.word);
    }
}

/// Lowest and highest value where they were.
fn extremes(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart) {
    let (Some((low, high)), Some(track)) = (&chart.extremes, chart.tracks.first()) else { return };
    let bottom = track.points.iter().min_by_key(|point| point.low);
    let top = track.points.iter().max_by_key(|point| point.high);
    let (Some(bottom), Some(top)) = (bottom, top) else { return };
    if top.high == bottom.low {
        return;
    }
    let style = Style::new(25.0, Weight::Medium, colours::INK).align(Align::Middle);
    let mut tell = |second: i64, value: Decimal, text: &str, lift: f32| {
        let half = font::width(text, style.weight, style.size) / 2.0 + 4.0;
        let x = scale.x(second).clamp(area.left + half, area.right - half);
        let y = (scale.y(value) + lift).clamp(area.top + 24.0, area.bottom - 8.0);
        canvas.rimmed((x, y), style, colours::GROUND, text);
    };
    tell(top.second, top.high, high, -16.0);
    tell(bottom.second, bottom.low, low, 38.0);
}

/// A ring with a cross where the answer came.
fn decided(canvas: &mut Canvas, scale: &Scale, chart: &Chart) {
    let Some((second, value)) = chart.decided.filter(|(second, _)| scale.holds(*second)) else { return };
    let (x, y) = (scale.x(second), scale.y(value));
    let line = Line { colour: colours::INK, width: 4.0, dash: &[] };
    if let (Some(rim), Some(ring)) = (disc((x, y), 21.0), disc((x, y), 17.0)) {
        canvas.fill(&rim, colours::GROUND.at(170));
        canvas.stroke(&ring, line);
    }
    canvas.segment((x - 26.0, y), (x - 10.0, y), line);
    canvas.segment((x + 10.0, y), (x + 26.0, y), line);
    canvas.segment((x, y - 26.0), (x, y - 10.0), line);
    canvas.segment((x, y + 10.0), (x, y + 26.0), line);
}

struct Label<'a> {
    y: f32,
    name: &'a str,
    text: &'a str,
    colour: Colour,
    filled: bool,
}

impl Label<'_> {
    fn height(&self) -> f32 {
        if self.name.is_empty() { LABEL } else { LABEL + 30.0 }
    }
}

/// Values beside the chart: pushed apart where they are close to each other.
fn labels(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart) {
    let levels = chart.levels.iter().filter(|level| !level.word.is_empty()).map(|level| Label {
        y: scale.y(level.value),
        name: "",
        text: &level.label,
        colour: colours::TARGET,
        filled: false,
    });
    let named = chart.tracks.iter().enumerate().filter(|(_, track)| !track.label.is_empty());
    let tracks = named.filter_map(|(index, track)| {
        let y = scale.y(track.points.last()?.close);
        let colour = track_colour(index);
        Some(Label { y, name: &track.name, text: &track.label, colour, filled: true })
    });
    let mut labels: Vec<Label> = levels.chain(tracks).collect();
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut from = area.top - 10.0;
    for label in &mut labels {
        label.y = label.y.max(from + label.height() / 2.0);
        from = label.y + label.height() / 2.0;
    }
    let mut to = area.bottom + 10.0;
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(to - label.height() / 2.0);
        to = label.y - label.height() / 2.0;
    }
    bounds(canvas, area, scale, chart, &labels);
    for label in &labels {
        pill(canvas, area.right + 12.0, label);
    }
}

/// Bounds stand in the table as well: they are written where there is room.
fn bounds(canvas: &mut Canvas, area: Area, scale: &Scale, chart: &Chart, labels: &[Label]) {
    let style = Style::new(25.0, Weight::Medium, colours::MUTED);
    let mut taken: Vec<f32> = labels.iter().map(|label| label.y).collect();
    for level in chart.levels.iter().filter(|level| level.word.is_empty()) {
        let y = scale.y(level.value);
        if taken.iter().all(|other| (other - y).abs() >= 34.0) {
            canvas.text((area.right + 14.0, y + 9.0), style, &level.label);
            taken.push(y);
        }
    }
}

fn pill(canvas: &mut Canvas, left: f32, label: &Label) {
    let (mut size, room) = (SIZE, GUTTER - 36.0);
    let width = |size| font::width(label.text, Weight::Bold, size);
    while width(size) > room && size > 16.0 {
        size -= 1.0;
    }
    let mut y = label.y;
    if !label.name.is_empty() {
        canvas.text((left + 12.0, y - 12.0), Style::new(25.0, Weight::Bold, label.colour), label.name);
        y += 16.0;
    }
    let area = Area::new(left, y - 20.0, left + width(size) + 24.0, y + 20.0);
    let Some(shape) = rounded(area, 10.0) else { return };
    let ink = if label.filled {
        canvas.fill(&shape, label.colour);
        colours::GROUND
    } else {
        canvas.fill(&shape, colours::GROUND);
        canvas.stroke(&shape, Line { colour: label.colour, width: 3.0, dash: &[9.0, 5.0] });
        label.colour
    };
    canvas.text((left + 12.0, y + size * 0.36), Style::new(size, Weight::Bold, ink), label.text);
}
