//! Which rooms somebody means who types a few words.

/// Whether every word stands in what is told of a room, or is its number. No words mean every room.
#[must_use]
pub fn matches(words: &str, number: i64, told: &str) -> bool {
    let (words, told) = (plain(words), plain(told));
    let number = number.to_string();
    words.split_whitespace().all(|word| told.contains(word) || word.trim_start_matches('#') == number)
}

/// Without capitals, and without what separates thousands.
fn plain(text: &str) -> String {
    text.chars().filter(|character| *character != ',').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_to_fit() {
        let told = "Will BTC rise to $104,500 before 18:00 UTC? YES NO";
        for (words, fits) in [
            ("", true),
            ("  ", true),
            ("btc", true),
            ("BTC 104500", true),
            ("btc 104,5", true),
            ("#12", true),
            ("12", true),
            ("#1", false),
            ("sol", false),
            ("btc fall", false),
        ] {
            assert_eq!(matches(words, 12, told), fits, "{words:?}");
        }
    }
}
