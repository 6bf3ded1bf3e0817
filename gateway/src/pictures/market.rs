//! The picture of a market elsewhere: the price of one outcome, and what it is now.

use super::{
    canvas::{Area, Canvas, Style},
    card::{EDGE, HEIGHT, SIZE, WIDTH, now},
    chart::{self, Chart},
    colours,
    font::{self, Weight},
};

/// The course of a price in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Course {
    /// Above the title, in capitals.
    pub heading: String,
    /// The outcome, in Latin letters and figures.
    pub title: String,
    /// The price now: `62¢`.
    pub price: String,
    /// The series.
    pub chart: Chart,
}

const CHART_TOP: f32 = 196.0;

/// Draws it.
pub(super) fn draw(course: &Course) -> Option<Canvas> {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1, colours::GROUND)?;
    canvas.text((EDGE, 72.0), Style::new(30.0, Weight::Medium, colours::MUTED), &course.heading);
    let room = WIDTH - 2.0 * EDGE - now(&mut canvas, &course.price) - 30.0;
    let mut size = 64.0;
    while font::width(&course.title, Weight::Bold, size) > room && size > 30.0 {
        size -= 2.0;
    }
    canvas.text((EDGE, 146.0), Style::new(size, Weight::Bold, colours::INK), &course.title);
    let area = Area::new(EDGE, CHART_TOP, WIDTH - EDGE + 16.0, HEIGHT - EDGE);
    chart::draw(&mut canvas, area, &course.chart);
    Some(canvas)
}
