//! A text as a QR code in a PNG picture.

use qrcode::{Color, EcLevel, QrCode, types::QrError};

/// Pixels of one module, and modules of white around the code (the standard asks for four).
const SCALE: usize = 8;
const QUIET: usize = 4;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The text is too long.
    #[error("no QR code")]
    Code(#[from] QrError),
    /// The picture could not be written.
    #[error("no PNG")]
    Png(#[from] png::EncodingError),
}

/// Draws a text, black on white.
///
/// # Errors
/// It is longer than a QR code can be.
pub fn png(text: &str) -> Result<Vec<u8>, PictureError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let dark = |x: usize, y: usize| {
        let module = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|&at| at < modules);
        matches!((module(x), module(y)), (Some(x), Some(y)) if code[(x, y)] == Color::Dark)
    };
    let pixels: Vec<u8> = (0..side)
        .flat_map(|y| (0..side).map(move |x| (x, y)))
        .map(|(x, y)| if dark(x, y) { 0 } else { 255 })
        .collect();
    let width = u32::try_from(side).unwrap_or(u32::MAX);
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_white_edge_and_three_corners() {
        let picture =
            png("otpauth://totp/ROOMS:1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ROOMS").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let side = usize::try_from(info.width).unwrap();
        let at = |x: usize, y: usize| pixels[y * side + x];
        let edge = QUIET * SCALE;
        assert!((0..side).all(|i| at(i, 0) == 255 && at(0, i) == 255 && at(side - 1, i) == 255));
        // The finder patterns: dark frames at three corners, none at the fourth.
        let finder =
            |x: usize, y: usize| (0..7).all(|i| at(x + i * SCALE, y) == 0 && at(x, y + i * SCALE) == 0);
        let far = side - edge - 7 * SCALE;
        assert!(finder(edge, edge) && finder(far, edge) && finder(edge, far) && !finder(far, far));
        assert!(png(&"x".repeat(5_000)).is_err());
    }
}
