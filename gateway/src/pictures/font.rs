//! Letters as outlines: Inter in two weights, cut down to Latin, figures and a few arrows (`fonts/`).

use std::sync::LazyLock;
use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Medium,
    Bold,
}

static MEDIUM: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../fonts/Inter-Medium.ttf"), 0).ok());
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../fonts/Inter-Bold.ttf"), 0).ok());

impl Weight {
    fn face(self) -> Option<&'static Face<'static>> {
        match self {
            Self::Medium => MEDIUM.as_ref(),
            Self::Bold => BOLD.as_ref(),
        }
    }
}

/// Width of a line of text in pixels.
pub(super) fn width(text: &str, weight: Weight, size: f32) -> f32 {
    let Some(face) = weight.face() else { return 0.0 };
    let units: u32 = text.chars().map(|letter| advance(face, glyph(face, letter))).sum();
    units as f32 * scale(face, size)
}

/// The outline of a line of text whose base line begins at this point; nothing for blanks.
pub(super) fn outline(text: &str, weight: Weight, size: f32, (x, y): (f32, f32)) -> Option<Path> {
    let face = weight.face()?;
    let mut pen = Pen { path: PathBuilder::new(), x: 0.0 };
    for letter in text.chars() {
        let glyph = glyph(face, letter);
        face.outline_glyph(glyph, &mut pen);
        pen.x += advance(face, glyph) as f32;
    }
    let scale = scale(face, size);
    // Outlines grow upwards, pictures downwards.
    pen.path.finish()?.transform(Transform::from_row(scale, 0.0, 0.0, -scale, x, y))
}

/// Letters that the font lacks show as its box.
fn glyph(face: &Face, letter: char) -> GlyphId {
    face.glyph_index(letter).unwrap_or_default()
}

fn advance(face: &Face, glyph: GlyphId) -> u32 {
    face.glyph_hor_advance(glyph).unwrap_or_default().into()
}

fn scale(face: &Face, size: f32) -> f32 {
    size / f32::from(face.units_per_em())
}

/// Draws glyphs side by side.
struct Pen {
    path: PathBuilder,
    x: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + x1, y1, self.x + x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.x + x1, y1, self.x + x2, y2, self.x + x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_pictures_say() {
        for weight in [Weight::Medium, Weight::Bold] {
            let face = weight.face().unwrap();
            let letters = ('!'..='~').chain("äéñ×·–…↑↓≤≥≈−".chars());
            for letter in letters {
                assert!(face.glyph_index(letter).is_some(), "{letter:?} in {weight:?}");
            }
            // Figures are of one width: a price does not jitter from picture to picture.
            let figures: Vec<f32> =
                ('0'..='9').map(|figure| width(&figure.to_string(), weight, 100.0)).collect();
            assert!(figures.windows(2).all(|pair| pair[0] == pair[1]), "{figures:?}");
        }
        assert!(width("WIDE", Weight::Bold, 20.0) > width("thin", Weight::Medium, 20.0));
    }
}
