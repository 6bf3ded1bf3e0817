//! The transcript: who said what and when, on standard error; and what of a chat is compared with
//! another run of the same evening.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::botapi::Shown;

/// Longest line of a message in the transcript.
const WIDTH: usize = 150;

/// Tells a run as it goes. Clones tell the same one.
#[derive(Clone, Debug)]
pub struct Tale(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    /// How many answers came, and how long they took together.
    answers: Mutex<(u32, Duration)>,
}

impl Tale {
    /// Time counts from here.
    pub fn begin() -> Self {
        Self(Arc::new(Inner { began: Instant::now(), answers: Mutex::default() }))
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.0.began.elapsed().as_secs_f64()
    }

    /// An answer of the bot came after so long.
    pub fn answered(&self, after: Duration) {
        let mut answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers = (answers.0.saturating_add(1), answers.1.saturating_add(after));
    }

    /// How long an answer took on average.
    pub fn pace(&self) -> Duration {
        let (count, sum) = *self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        sum.checked_div(count).unwrap_or_default()
    }

    /// A heading.
    pub fn scene(&self, title: &str) {
        eprintln!("\n{:6.1} s  == {title}", self.seconds());
    }

    /// What somebody does or hears.
    pub fn tell(&self, who: &str, what: impl Display) {
        eprintln!("{:6.1} s  {who:<5} {what}", self.seconds());
    }
}

/// A message in one line.
pub fn one_line(text: &str) -> String {
    let joined: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let joined = joined.join(" | ");
    if joined.chars().count() <= WIDTH {
        joined
    } else {
        joined.chars().take(WIDTH).collect::<String>() + "…"
    }
}

/// Beginnings of messages that tell something for good: what was decided, what came and went. All
/// others are screens: looked at, changed and looked at again.
const FOR_GOOD: &[&str] = &[
    "Bet accepted",
    "Deposit credited",
    "Deposit seen",
    "Not opened.",
    "Not placed.",
    "Not withdrawn.",
    "Stake returned",
    "Withdrawal ",
    "You lost",
    "You won",
    "Your room is open.",
];

/// Whether a message tells something for good.
pub fn is_for_good(shown: &Shown) -> bool {
    shown.from_bot && FOR_GOOD.iter().any(|beginning| shown.text.starts_with(beginning))
}

/// What of a message is the same in every run of the same evening: without numbers of rooms, times,
/// prices, addresses, signatures and hashes. `rooms` names the rooms of this run by their numbers.
pub fn timeless(text: &str, rooms: &[(i64, &str)]) -> String {
    let lines: Vec<String> = text.lines().map(|line| timeless_line(line, rooms)).collect();
    lines.join("\n")
}

fn timeless_line(line: &str, rooms: &[(i64, &str)]) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        let after = words.get(place + 1).copied().unwrap_or_default();
        kept.push(timeless_word(before, word, after, rooms));
    }
    kept.join(" ")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn timeless_word(before: &str, word: &str, after: &str, rooms: &[(i64, &str)]) -> String {
    let (bare, tail) = word.split_at(word.trim_end_matches(['.', ',', '?', ':', ';']).len());
    let is_number = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit());
    if let Some(number) = bare.strip_prefix('#').and_then(|number| number.parse::<i64>().ok()) {
        let name = rooms.iter().find(|(known, _)| *known == number).map_or("unknown", |(_, name)| *name);
        format!("#{name}{tail}")
    } else if bare.starts_with('$') {
        format!("$…{tail}")
    } else if bare.len() >= 16 && bare.chars().all(|c| c.is_ascii_alphanumeric()) {
        format!("…{tail}")
    } else if bare.contains(':') && bare.chars().all(|c| c.is_ascii_digit() || c == ':') {
        format!("00:00{tail}")
    } else if MONTHS.contains(&bare) || (is_number && MONTHS.contains(&before)) {
        format!("…{tail}")
    } else if is_number && matches!(after, "s" | "min" | "h") {
        format!("…{tail}")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_is_left_out() {
        let text = "You won 0.791 SOL · room #12\nWill SOL rise to $165.20 before Nov 22, 18:00:05 UTC?\n\
                    Betting closes 17:30 UTC · in 12 min\n\
                    5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4t";
        let same = "You won 0.791 SOL · room #touch\nWill SOL rise to $… before … …, 00:00 UTC?\n\
                    Betting closes 00:00 UTC · in … min\n…";
        assert_eq!(timeless(text, &[(12, "touch"), (1, "close")]), same);
    }

    #[test]
    fn money_stays() {
        let text = "Stake 0.500000001 SOL on NO\nFee 0.0225 SOL, taken from the losing pool";
        assert_eq!(timeless(text, &[]), text);
    }
}
