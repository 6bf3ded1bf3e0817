//! What people type.

use rust_decimal::Decimal;

/// Most prices between ranges: eight ranges.
const BOUNDS: usize = 7;

/// Reads a target price: `165`, `$165.50`, `104,500`, `104.5k`, `2m`, `5b`.
///
/// A comma groups thousands and nothing else: `1,25` could mean two numbers and is refused.
#[must_use]
pub fn target(text: &str) -> Option<Decimal> {
    let text = text.trim().trim_start_matches('$').trim_start();
    let text = text.trim_end_matches(['$']).trim_end();
    let (number, scale) = match text.char_indices().next_back()? {
        (at, 'k' | 'K') => (text.get(..at)?, 1_000),
        (at, 'm' | 'M') => (text.get(..at)?, 1_000_000),
        (at, 'b' | 'B') => (text.get(..at)?, 1_000_000_000),
        _ => (text, 1),
    };
    let number = ungroup(number.trim_end())?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || number.len() > 20 || !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let price = number.trim_end_matches('.').parse::<Decimal>().ok()?.checked_mul(Decimal::from(scale))?;
    (price > Decimal::ZERO).then(|| price.normalize())
}

/// Reads the prices between ranges: `150 160 170`, ascending, one to seven of them. What stands between two may have a comma
/// or a semicolon.
#[must_use]
pub fn bounds(text: &str) -> Option<Vec<Decimal>> {
    let parts = text.split([' ', ';', '\n', '\t']).map(|part| part.trim_end_matches(','));
    let bounds: Vec<_> = parts.filter(|part| !part.is_empty()).map(target).collect::<Option<_>>()?;
    let ascending = bounds.is_sorted_by(|a, b| a < b);
    (ascending && (1..=BOUNDS).contains(&bounds.len())).then_some(bounds)
}

/// Takes the commas out of `104,500.25`; refuses commas anywhere else.
fn ungroup(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    if !whole.contains(',') {
        return Some(text.to_owned());
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let threes = groups.all(|group| group.len() == 3);
    let sound = threes && (1..=3).contains(&first.len()) && !fraction.is_some_and(|rest| rest.contains(','));
    let joined = whole.replace(',', "");
    sound.then(|| fraction.map_or(joined.clone(), |rest| format!("{joined}.{rest}")))
}

/// Most characters of what a host adds below a question; room-svc refuses more.
pub const SUBTITLE: usize = 80;

/// What a host adds below a question: one line; a dash alone is none.
#[must_use]
pub fn subtitle(text: &str) -> Option<String> {
    line(text, SUBTITLE).map(|line| if line == "-" { String::new() } else { line })
}

/// A text in one line, blanks put in order; nothing if it has more characters than that.
#[must_use]
pub fn line(text: &str, most: usize) -> Option<String> {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let text = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (text.chars().count() <= most).then_some(text)
}

/// Reads a time span in whole units: `45m`, `3h`, `1h30m`, `90 min`, `30s`, `1d`. In seconds.
#[must_use]
pub fn horizon(text: &str) -> Option<u32> {
    let text = text.trim().to_lowercase().replace(' ', "");
    let mut rest = text.as_str();
    let mut total: u32 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let seconds = match unit {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u32>().ok()?.checked_mul(seconds)?)?;
        rest = tail;
    }
    (total > 0).then_some(total)
}

/// Whether a text can be a Solana address: base58 of 32 bytes. Whether money can go there is
/// decided by wallet-svc.
#[must_use]
pub fn solana_address(text: &str) -> Option<String> {
    let text = text.trim();
    let mut bytes = [0; 32];
    (text.len() <= 44 && bs58::decode(text).onto(&mut bytes) == Ok(32)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_subtitle_is_one_line_of_eighty_characters() {
        assert_eq!(subtitle("  before\n\u{7} supper ").as_deref(), Some("before supper"));
        assert_eq!(subtitle(" - ").as_deref(), Some(""));
        let longest = "ж".repeat(80);
        assert_eq!(subtitle(&longest), Some(longest.clone()));
        assert_eq!(subtitle(&(longest + "ж")), None);
    }

    #[test]
    fn targets_as_people_type_them() {
        for (text, price) in [
            ("165", "165"),
            (" $165.50 ", "165.5"),
            ("104,500", "104500"),
            ("1,234,567.89", "1234567.89"),
            ("104.5k", "104500"),
            ("2m", "2000000"),
            ("5B", "5000000000"),
            ("0.25", "0.25"),
            ("165.", "165"),
        ] {
            assert_eq!(target(text).map(|price| price.to_string()).as_deref(), Some(price), "{text}");
        }
        for text in [
            "",
            "k",
            "0",
            "-1",
            "+1",
            "1e5",
            "1,25",
            "1,2345",
            "12,34,567",
            "1.2.3",
            "1.5,000",
            "NaN",
            "١٦٥",
            ".5",
            "$",
        ] {
            assert_eq!(target(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_as_people_type_them() {
        let read = |text: &str| {
            bounds(text).map(|bounds| bounds.iter().map(Decimal::to_string).collect::<Vec<_>>().join(" "))
        };
        for (text, shown) in [
            ("150 160 170", "150 160 170"),
            ("150, 160,  170", "150 160 170"),
            ("$150; $160", "150 160"),
            ("104,500\n105k", "104500 105000"),
            ("1 2 3 4 5 6 7", "1 2 3 4 5 6 7"),
            ("150", "150"),
        ] {
            assert_eq!(read(text).as_deref(), Some(shown), "{text}");
        }
        for text in ["", ",", "150 140", "150 150", "150 x", "1 2 3 4 5 6 7 8", "0 10"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn horizons_as_people_type_them() {
        for (text, seconds) in
            [("45m", 2_700), ("1h30m", 5_400), ("90 min", 5_400), ("1d", 86_400), ("10s", 10), ("2 H", 7_200)]
        {
            assert_eq!(horizon(text), Some(seconds), "{text}");
        }
        for text in ["", "45", "m", "0m", "1w", "-5m", "99999999999d", "4294967295h"] {
            assert_eq!(horizon(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_32_bytes() {
        assert!(solana_address("11111111111111111111111111111111").is_some());
        assert!(solana_address(" So11111111111111111111111111111111111111112 ").is_some());
        for text in [
            "",
            "hello",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "So1111111111111111111111111111111111111111l",
        ] {
            assert_eq!(solana_address(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = (target(&text), bounds(&text), horizon(&text), solana_address(&text));
        }
    }
}
