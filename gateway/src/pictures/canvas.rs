//! Shapes and texts on pixels. Everything that is written is also kept as text: the caption below the picture has to say it.

use super::{
    colours::Colour,
    font::{self, Weight},
};
use tiny_skia::{
    FillRule, FilterQuality, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder,
    Pattern, Pixmap, Point, Rect, Shader, SpreadMode, Stroke, StrokeDash, Transform,
};

/// Pixels, with the texts among them.
pub(super) struct Canvas {
    pixels: Pixmap,
    texts: Vec<String>,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
    pub(super) align: Align,
}

impl Style {
    pub(super) const fn new(size: f32, weight: Weight, colour: Colour) -> Self {
        Self { size, weight, colour, align: Align::Left }
    }

    pub(super) const fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }
}

/// How a line looks: told apart by dashes as much as by colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) colour: Colour,
    pub(super) width: f32,
    /// Lengths of dashes and gaps by turns; empty is unbroken.
    pub(super) dash: &'static [f32],
}

/// A box in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Area {
    pub(super) const fn new(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self { left, top, right, bottom }
    }

    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }
}

impl Canvas {
    /// Nothing where there is no room for a pixel.
    pub(super) fn new(width: u32, height: u32, ground: Colour) -> Option<Self> {
        let mut pixels = Pixmap::new(width, height)?;
        pixels.fill(ground.skia());
        Some(Self { pixels, texts: Vec::new() })
    }

    pub(super) fn fill(&mut self, path: &Path, colour: Colour) {
        self.shade(path, Shader::SolidColor(colour.skia()));
    }

    /// Fills a path with a colour that fades away downwards, from `top` to `bottom`.
    pub(super) fn fade(&mut self, path: &Path, colour: Colour, top: f32, bottom: f32) {
        let stops = vec![
            GradientStop::new(0.0, colour.skia()),
            GradientStop::new(1.0, Colour { alpha: 0, ..colour }.skia()),
        ];
        let (from, to) = (Point::from_xy(0.0, top), Point::from_xy(0.0, bottom));
        let gradient = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity());
        if let Some(shader) = gradient {
            self.shade(path, shader);
        }
    }

    /// Fills a path with a repeated picture.
    pub(super) fn tile(&mut self, path: &Path, tile: &Pixmap) {
        let quality = FilterQuality::Nearest;
        let shader = Pattern::new(tile.as_ref(), SpreadMode::Repeat, quality, 1.0, Transform::identity());
        self.shade(path, shader);
    }

    fn shade(&mut self, path: &Path, shader: Shader) {
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        self.pixels.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    pub(super) fn stroke(&mut self, path: &Path, line: Line) {
        let paint =
            Paint { shader: Shader::SolidColor(line.colour.skia()), anti_alias: true, ..Paint::default() };
        let dash = (!line.dash.is_empty()).then(|| StrokeDash::new(line.dash.to_vec(), 0.0)).flatten();
        let cap = if line.dash.is_empty() { LineCap::Round } else { LineCap::Butt };
        let stroke = Stroke {
            width: line.width,
            line_cap: cap,
            line_join: LineJoin::Round,
            dash,
            ..Stroke::default()
        };
        self.pixels.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    }

    pub(super) fn segment(&mut self, from: (f32, f32), to: (f32, f32), line: Line) {
        if let Some(path) = polyline(&[from, to]) {
            self.stroke(&path, line);
        }
    }

    /// Writes a line of text at its base line; returns where it begins and ends.
    pub(super) fn text(&mut self, (x, y): (f32, f32), style: Style, text: &str) -> (f32, f32) {
        let width = font::width(text, style.weight, style.size);
        let left = match style.align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        if let Some(outline) = font::outline(text, style.weight, style.size, (left, y)) {
            self.fill(&outline, style.colour);
        }
        self.texts.push(text.to_owned());
        (left, left + width)
    }

    /// Writes a text with a rim around its letters, so that a line behind it does not cross them.
    pub(super) fn rimmed(&mut self, at: (f32, f32), style: Style, rim: Colour, text: &str) {
        let width = font::width(text, style.weight, style.size);
        let left = match style.align {
            Align::Left => at.0,
            Align::Middle => at.0 - width / 2.0,
            Align::Right => at.0 - width,
        };
        if let Some(outline) = font::outline(text, style.weight, style.size, (left, at.1)) {
            self.stroke(&outline, Line { colour: rim, width: 8.0, dash: &[] });
        }
        self.text(at, style, text);
    }

    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The picture as a PNG. Its ground covers it whole, so that colours need no division by their alpha.
    pub(super) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut picture = Vec::new();
        let mut encoder = png::Encoder::new(&mut picture, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.data())?;
        writer.finish()?;
        Ok(picture)
    }
}

/// A line through points; nothing for fewer than two.
pub(super) fn polyline(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    let mut points = points.iter();
    let first = points.next()?;
    path.move_to(first.0, first.1);
    for point in points {
        path.line_to(point.0, point.1);
    }
    path.finish()
}

/// A box with round corners.
pub(super) fn rounded(area: Area, radius: f32) -> Option<Path> {
    let Area { left, top, right, bottom } = area;
    let r = radius.min(area.width() / 2.0).min(area.height() / 2.0);
    if r <= 0.0 {
        return Some(PathBuilder::from_rect(Rect::from_ltrb(left, top, right, bottom)?));
    }
    // A quarter of a circle as a cubic curve.
    let k = r * 0.447_715_24;
    let mut path = PathBuilder::new();
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    path.cubic_to(right - k, top, right, top + k, right, top + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - k, right - k, bottom, right - r, bottom);
    path.line_to(left + r, bottom);
    path.cubic_to(left + k, bottom, left, bottom - k, left, bottom - r);
    path.line_to(left, top + r);
    path.cubic_to(left, top + k, left + k, top, left + r, top);
    path.close();
    path.finish()
}

/// A disc.
pub(super) fn disc((x, y): (f32, f32), radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}
