//! The transcript: who said what and when, on standard error; and what of a chat is compared with
//! another run of the same evening.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::botapi::Shown;

/// Longest line of a message in the transcript.
const WIDTH: usize = 150;

/// Answers that make the pace.
const LAST: usize = 12;

/// Tells a run as it goes. Clones tell the same one.
#[derive(Clone, Debug)]
pub struct Tale(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    /// How long the last answers took.
    answers: Mutex<VecDeque<Duration>>,
    /// What has begun and not ended.
    open: Mutex<BTreeMap<String, Instant>>,
    /// How long what took, each time.
    measured: Mutex<BTreeMap<&'static str, Vec<Duration>>>,
}

impl Tale {
    /// Time counts from here.
    pub fn begin() -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            answers: Mutex::default(),
            open: Mutex::default(),
            measured: Mutex::default(),
        }))
    }

    /// Seconds since the beginning.
    pub fn seconds(&self) -> f64 {
        self.0.began.elapsed().as_secs_f64()
    }

    /// An answer of the bot came after so long.
    pub fn answered(&self, after: Duration) {
        let mut answers = lock(&self.0.answers);
        answers.push_front(after);
        answers.truncate(LAST);
    }

    /// How long an answer took of late, on average.
    pub fn pace(&self) -> Duration {
        let answers = lock(&self.0.answers);
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        answers.iter().sum::<Duration>().checked_div(count).unwrap_or_default()
    }

    /// Somebody begins something that is measured.
    pub fn begins(&self, who: &str) {
        lock(&self.0.open).insert(who.to_owned(), Instant::now());
    }

    /// It ends, for the first who finds it open.
    pub fn ends(&self, who: &str, what: &'static str) {
        if let Some(began) = lock(&self.0.open).remove(who) {
            lock(&self.0.measured).entry(what).or_default().push(began.elapsed());
        }
    }

    /// What was measured: median and number.
    pub fn measured(&self) -> BTreeMap<&'static str, String> {
        let measured = lock(&self.0.measured);
        let middle = |times: &Vec<Duration>| {
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
            format!("{:.2} s (median of {})", median.as_secs_f64(), sorted.len())
        };
        measured.iter().map(|(what, times)| (*what, middle(times))).collect()
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

/// A poisoned lock only means that somebody panicked; what it protects is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message in one line, cut to what a terminal shows.
pub fn one_line(text: &str) -> String {
    let joined = joined(text);
    if joined.chars().count() <= WIDTH {
        joined
    } else {
        joined.chars().take(WIDTH).collect::<String>() + "…"
    }
}

/// A message in one line, whole.
pub fn joined(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.join(" | ")
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
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with(TAKE_BACK))
        .map(|line| timeless_line(line, rooms))
        .collect();
    lines.join("\n")
}

/// Stands under a bet for some seconds; for longer where the gateway is killed in them.
const TAKE_BACK: &str = "Changed your mind?";

fn timeless_line(line: &str, rooms: &[(i64, &str)]) -> String {
    // The price of the moment is another in every run, and there is none while oracle-svc or its venues are away.
    if let Some((asset, _)) = line.split_once(" now ")
        && asset.chars().all(|c| c.is_ascii_uppercase())
    {
        return format!("{asset} now …");
    }
    let words: Vec<&str> = line.split(' ').collect();
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        let after = words.get(place + 1).copied().unwrap_or_default();
        kept.push(timeless_word(before, word, after, rooms));
    }
    // `1 h 5 min` and `50 min` are as long.
    kept.dedup_by(|one, before| one == before && one == "…");
    kept.join(" ")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn timeless_word(before: &str, word: &str, after: &str, rooms: &[(i64, &str)]) -> String {
    let (bare, tail) = word.split_at(word.trim_end_matches(['.', ',', '?', ':', ';']).len());
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let is_unit = |word: &str| matches!(word, "s" | "min" | "h" | "d");
    let is_span = (is_number(bare) && is_unit(after)) || (is_number(before) && is_unit(bare));
    let is_date = MONTHS.contains(&bare) || (is_number(bare) && MONTHS.contains(&before));
    if let Some(number) = bare.strip_prefix('#').and_then(|number| number.parse::<i64>().ok()) {
        let name = rooms.iter().find(|(known, _)| *known == number).map_or("unknown", |(_, name)| *name);
        format!("#{name}{tail}")
    } else if bare.starts_with('$') {
        format!("$…{tail}")
    } else if bare.contains(':') && bare.chars().all(|c| c.is_ascii_digit() || c == ':') {
        format!("00:00{tail}")
    } else if is_span || is_date || (bare.len() >= 16 && bare.chars().all(|c| c.is_ascii_alphanumeric())) {
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
                    Betting closes 17:30 UTC · in 1 h 12 min\n\
                    5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4t";
        let same = "You won 0.791 SOL · room #touch\nWill SOL rise to $… before … …, 00:00 UTC?\n\
                    Betting closes 00:00 UTC · in …\n…";
        assert_eq!(timeless(text, &[(12, "touch"), (1, "close")]), same);
    }

    #[test]
    fn a_card_is_the_same_with_and_without_a_price_of_the_moment() {
        let card = |price: &str| timeless(&format!("Room #12\nSOL now {price}\nYES 0 SOL"), &[(12, "touch")]);
        assert_eq!(card("$160.12 · 3 s ago"), "Room #touch\nSOL now …\nYES 0 SOL");
        assert_eq!(card("no price at the moment"), card("$160.12 · 3 s ago"));
        assert_eq!(timeless("What now then", &[]), "What now then");
    }

    #[test]
    fn a_bet_is_the_same_while_it_can_be_taken_back() {
        let bet = "Bet accepted · room #12\n0.1 SOL on YES";
        let fresh = format!("{bet}\nChanged your mind? You can take it back within 5 seconds.");
        assert_eq!(timeless(&fresh, &[]), timeless(bet, &[]));
    }

    #[test]
    fn money_stays() {
        let text = "Stake 0.500000001 SOL on NO\nFee 0.0225 SOL, taken from the losing pool";
        assert_eq!(timeless(text, &[]), text);
    }
}
