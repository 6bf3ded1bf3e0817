//! Small pictures of pages: few colours, well packed.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Most colours of a palette.
const COLOURS: usize = 256;

/// The bytes of what a browser sends as text.
///
/// # Errors
/// It is not base64.
pub fn from_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).context("a picture that is not base64")
}

/// The same picture with a palette: letters and areas look as before in a third of the bytes.
///
/// # Errors
/// It is not a PNG with eight bits a channel.
pub fn small(picture: &[u8]) -> Result<Vec<u8>> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a picture without a size")?];
    let frame = reader.next_frame(&mut pixels)?;
    ensure!(frame.bit_depth == png::BitDepth::Eight, "a picture with {:?} bits", frame.bit_depth);
    let channels = frame.color_type.samples();
    ensure!(channels >= 3, "a picture in {:?}", frame.color_type);
    pixels.truncate(frame.buffer_size());
    let colours: Vec<Colour> =
        pixels.chunks_exact(channels).filter_map(|pixel| pixel.first_chunk::<3>().copied()).collect();
    let palette = Palette::of(&colours);
    let mut known = HashMap::new();
    let indexes: Vec<u8> = colours
        .iter()
        .map(|colour| *known.entry(*colour).or_insert_with(|| palette.nearest(*colour)))
        .collect();
    let mut encoded = Vec::new();
    let mut encoder = png::Encoder::new(&mut encoded, frame.width, frame.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.0.concat());
    encoder.set_compression(png::Compression::High);
    // Neighbouring numbers of a palette mean nothing, so no filter predicts them.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&indexes)?;
    Ok(encoded)
}

type Colour = [u8; 3];

/// The commonest colours of a picture, each for all that differ from it only in the last bits.
struct Palette(Vec<Colour>);

impl Palette {
    fn of(colours: &[Colour]) -> Self {
        let mut counts: HashMap<Colour, HashMap<Colour, usize>> = HashMap::new();
        for colour in colours {
            let coarse = colour.map(|channel| channel >> 3);
            *counts.entry(coarse).or_default().entry(*colour).or_default() += 1;
        }
        let mut heaps: Vec<(usize, Colour)> = counts
            .into_values()
            .filter_map(|alike| {
                let total = alike.values().sum();
                let commonest = alike.into_iter().max_by_key(|(colour, count)| (*count, *colour));
                commonest.map(|(colour, _)| (total, colour))
            })
            .collect();
        heaps.sort_unstable_by(|one, other| other.cmp(one));
        Self(heaps.into_iter().take(COLOURS).map(|(_, colour)| colour).collect())
    }

    fn nearest(&self, wanted: Colour) -> u8 {
        let distance = |colour: &Colour| -> u32 {
            colour.iter().zip(wanted).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
        };
        let nearest = self.0.iter().enumerate().min_by_key(|(_, colour)| distance(colour));
        nearest.and_then(|(place, _)| u8::try_from(place).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(pixels: &[Colour], width: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let height = u32::try_from(pixels.len()).unwrap() / width;
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&pixels.concat()).unwrap();
        bytes
    }

    fn decode(picture: &[u8]) -> Vec<Colour> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels.as_chunks::<3>().0.to_vec()
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let pixels: Vec<Colour> = (0..200_u8).map(|place| [place & 0xF0, 7, 200 - (place & 0xF0)]).collect();
        assert_eq!(decode(&small(&encode(&pixels, 20)).unwrap()), pixels);
    }

    #[test]
    fn many_colours_become_near_ones_in_fewer_bytes() {
        // A thousand colours, none beside one of its like, as where letters are smoothed.
        let mixed = |place: u32| u8::try_from(place.wrapping_mul(2_654_435_761) >> 27 << 3).unwrap();
        let pixels: Vec<Colour> = (0..16_384).map(|place| [mixed(place), mixed(place / 7), 9]).collect();
        let picture = encode(&pixels, 256);
        let small = small(&picture).unwrap();
        let far = decode(&small)
            .iter()
            .zip(&pixels)
            .any(|(one, other)| one.iter().zip(other).any(|(one, other)| one.abs_diff(*other) > 120));
        assert!(!far && small.len() < picture.len(), "{} of {}", small.len(), picture.len());
    }
}
