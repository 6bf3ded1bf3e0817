//! Width and height of a picture from its first bytes.

/// Pixels of a PNG or JPEG; `None` for anything else.
pub(crate) fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    png(bytes).or_else(|| jpeg(bytes)).filter(|&(width, height)| width > 0 && height > 0)
}

/// The IHDR chunk comes first (<https://www.w3.org/TR/png-3/#11IHDR>).
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let rest = rest.get(4..)?.strip_prefix(b"IHDR")?;
    let number = |at: usize| {
        let four: [u8; 4] = rest.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    Some((number(0)?, number(4)?))
}

/// The first start-of-frame segment (ITU T.81, table B.1).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        let frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if frame {
            let [_, _, _, _, _, h1, h2, w1, w2, ..] = *rest else { return None };
            return Some((u16::from_be_bytes([w1, w2]).into(), u16::from_be_bytes([h1, h2]).into()));
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(length.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_headers() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 2, 0x80, 0, 0, 1, 0x68, 8, 2]);
        assert_eq!(pixels(&png), Some((640, 360)));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 17, 8, 1, 0x68, 2, 0x80, 3, 1];
        assert_eq!(pixels(&jpeg), Some((640, 360)));
        assert_eq!(pixels(b"GIF89a"), None);
        assert_eq!(pixels(&png[..18]), None);
        assert_eq!(pixels(&jpeg[..12]), None);
    }
}
