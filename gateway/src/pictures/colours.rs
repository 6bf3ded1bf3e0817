//! Colours and the patterns that say the same without colour.
//!
//! A picture has a ground of its own, so that it reads alike in light and dark chats. Every colour has a contrast of at least
//! 4.5 to the ground (WCAG 2.2, 1.4.3), and whatever a colour tells is told by a dash, a pattern, a mark or a word, too.

use tiny_skia::{Color, LineCap, Paint, PathBuilder, Pixmap, Shader, Stroke, Transform};

/// Red, green, blue and how much it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) red: u8,
    pub(super) green: u8,
    pub(super) blue: u8,
    pub(super) alpha: u8,
}

impl Colour {
    const fn of(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self { red, green, blue, alpha: 255 }
    }

    /// The same, letting through what lies below.
    pub(super) const fn at(self, alpha: u8) -> Self {
        Self { alpha, ..self }
    }

    pub(super) fn skia(self) -> Color {
        Color::from_rgba8(self.red, self.green, self.blue, self.alpha)
    }
}

/// Behind everything.
pub(super) const GROUND: Colour = Colour::of(0x10_17_22);
/// Behind chips and empty bars.
pub(super) const PANEL: Colour = Colour::of(0x1b_26_36);
/// Thin lines that tell nothing.
pub(super) const GRID: Colour = Colour::of(0x2b_39_4d);
/// What is read first.
pub(super) const INK: Colour = Colour::of(0xf3_f7_fc);
/// What is read second.
pub(super) const MUTED: Colour = Colour::of(0x9d_b0_c8);
/// The price.
pub(super) const PRICE: Colour = Colour::of(0x4f_c3_ff);
/// The rival's price.
pub(super) const RIVAL: Colour = Colour::of(0xff_a2_6b);
/// What has to be reached.
pub(super) const TARGET: Colour = Colour::of(0xff_ce_4a);

/// By outcome.
const OUTCOMES: [Colour; 8] = [
    Colour::of(0x35_d0_a2),
    Colour::of(0xff_7d_7d),
    Colour::of(0x6c_b4_ff),
    Colour::of(0xff_ce_4a),
    Colour::of(0xc9_a0_ff),
    Colour::of(0xff_a2_6b),
    Colour::of(0x8f_dc_5a),
    Colour::of(0xf4_8f_d6),
];

/// The colour of an outcome.
pub(super) fn outcome(index: usize) -> Colour {
    OUTCOMES.get(index % OUTCOMES.len()).copied().unwrap_or(INK)
}

/// Side of a tile in pixels.
const TILE: f32 = 18.0;

/// A line of a pattern, in parts of a tile.
type Segment = [f32; 4];

/// The lines that tell outcomes apart; the first has none.
const PATTERNS: [&[Segment]; 8] = [
    &[],
    &[[-0.5, 0.5, 0.5, -0.5], [0.0, 1.0, 1.0, 0.0], [0.5, 1.5, 1.5, 0.5]],
    &[[0.0, 0.5, 1.0, 0.5]],
    &[[0.5, 0.0, 0.5, 1.0]],
    &[[-0.5, 0.5, 0.5, 1.5], [0.0, 0.0, 1.0, 1.0], [0.5, -0.5, 1.5, 0.5]],
    &[[0.5, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 0.5]],
    &[[0.3, 0.5, 0.7, 0.5], [0.5, 0.3, 0.5, 0.7]],
    &[[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0]],
];

/// The pattern of an outcome on its colour, to be repeated.
pub(super) fn pattern(index: usize, colour: Colour) -> Option<Pixmap> {
    let mut tile = Pixmap::new(18, 18)?;
    tile.fill(colour.skia());
    let paint =
        Paint { shader: Shader::SolidColor(GROUND.at(150).skia()), anti_alias: true, ..Paint::default() };
    let stroke = Stroke { width: 4.0, line_cap: LineCap::Square, ..Stroke::default() };
    for [x1, y1, x2, y2] in PATTERNS.get(index % PATTERNS.len()).copied().unwrap_or_default() {
        let mut path = PathBuilder::new();
        path.move_to(x1 * TILE, y1 * TILE);
        path.line_to(x2 * TILE, y2 * TILE);
        if let Some(path) = path.finish() {
            tile.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }
    Some(tile)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>.
    fn luminance(colour: Colour) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour.red) + 0.7152 * part(colour.green) + 0.0722 * part(colour.blue)
    }

    #[test]
    fn what_is_read_stands_out_from_its_ground() {
        for ground in [GROUND, PANEL] {
            for colour in [INK, MUTED, PRICE, RIVAL, TARGET].into_iter().chain(OUTCOMES) {
                let contrast = (luminance(colour) + 0.05) / (luminance(ground) + 0.05);
                assert!(contrast >= 4.5, "{colour:?} on {ground:?}: {contrast}");
            }
        }
    }

    #[test]
    fn outcomes_differ_without_colour() {
        let tiles: Vec<_> = (0..8).map(|index| pattern(index, INK).unwrap().take()).collect();
        for (index, tile) in tiles.iter().enumerate() {
            assert!(!tiles.iter().skip(index + 1).any(|other| other == tile), "pattern {index} comes twice");
        }
    }
}
