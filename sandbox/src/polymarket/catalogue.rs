//! The markets that there are, one after another, by the seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::names;

/// Gamma's numbers of events and markets begin here.
const FIRST_EVENT: u64 = 40_000;
const FIRST_MARKET: u64 = 900_000;

/// Days from its opening until a market ends.
const DAYS: std::ops::Range<i64> = 1..40;

/// Cents.
const FIRST_PRICES: std::ops::Range<i64> = 12..88;

/// Hours of prices that a market has behind it when the world begins.
const PAST_HOURS: i64 = 72;

const TEAMS: [&str; 10] = [
    "Rovers",
    "Albion",
    "Dynamo",
    "Harriers",
    "Wanderers",
    "Athletic",
    "Sentinels",
    "Mariners",
    "Pioneers",
    "Foxes",
];
const LEADERS: [&str; 6] = ["Ines Okafor", "Tom Varga", "Lena Brandt", "Raj Malik", "Ada Quist", "Yuki Mori"];

/// Several questions about one thing, a page of their own.
#[derive(Clone, Debug)]
pub struct Event {
    /// Gamma's number.
    pub id: u64,
    /// In the address of its page.
    pub slug: String,
    /// Above its questions.
    pub title: String,
    /// How it is decided.
    pub description: String,
    /// At most one of its questions is answered Yes.
    pub exclusive: bool,
}

/// A question with two answers.
#[derive(Clone, Debug)]
pub struct Market {
    /// Gamma's number.
    pub id: u64,
    /// `0x` and 64 digits.
    pub condition: String,
    /// In full.
    pub question: String,
    /// Within its event.
    pub title: String,
    /// In the address of its page.
    pub slug: String,
    /// Its event's place.
    pub event: usize,
    /// The answers.
    pub outcomes: [String; 2],
    /// Their tokens.
    pub tokens: [String; 2],
    /// Unix seconds.
    pub starts: i64,
    /// Unix seconds. It may be traded after that.
    pub ends: i64,
    /// What the first answer traded at: unix seconds and USD a share, ascending and never empty.
    pub prices: Vec<(i64, Decimal)>,
    /// USD that changed hands.
    pub volume: Decimal,
    /// How it was decided.
    pub resolution: Option<Resolution>,
}

/// How a market was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The place of the right answer.
    pub winner: usize,
    /// Unix seconds.
    pub at: i64,
}

impl Market {
    /// USD for a share of an answer: the last trade's, or what a decided market pays.
    #[must_use]
    pub fn price(&self, outcome: usize) -> Decimal {
        if let Some(resolution) = self.resolution {
            return if resolution.winner == outcome { Decimal::ONE } else { Decimal::ZERO };
        }
        let first = self.prices.last().map_or(Decimal::new(50, 2), |(_, price)| *price);
        if outcome == 0 { first } else { Decimal::ONE - first }
    }
}

/// An event with its markets, the `number`-th of this seed, opened at this unix second. Their places follow those that
/// are there.
pub(super) fn event(seed: u64, number: usize, place: usize, at: i64) -> (Event, Vec<Market>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::try_from(number).unwrap_or_default() + 1);
    let ends = at + random.random_range(DAYS) * 86_400;
    let day = OffsetDateTime::from_unix_timestamp(ends).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let date = format!("{} {}", day.month(), day.day());
    let asked = match number % 3 {
        0 => above(number, &date, &mut random),
        1 => nominee(number),
        _ => game(number, &date, &mut random),
    };
    let event = Event {
        id: FIRST_EVENT + u64::try_from(number).unwrap_or_default(),
        slug: slug(&asked.title, number),
        description: format!(
            "This market resolves to what really happened by {date}.\n\nThe resolution source is a consensus of \
             credible reporting."
        ),
        title: asked.title,
        exclusive: asked.exclusive,
    };
    let markets = asked.questions.into_iter().enumerate().map(|(nth, (title, question, outcomes))| {
        let place = place + nth;
        Market {
            id: FIRST_MARKET + u64::try_from(place).unwrap_or_default(),
            condition: names::condition(seed, place),
            slug: slug(&question, place),
            question,
            title,
            event: number,
            outcomes,
            tokens: [names::token(seed, place, 0), names::token(seed, place, 1)],
            starts: at - PAST_HOURS * 3_600,
            ends,
            prices: past(&mut random, at),
            volume: Decimal::from(random.random_range(10_000..5_000_000)),
            resolution: None,
        }
    });
    let markets = markets.collect();
    (event, markets)
}

struct Asked {
    title: String,
    exclusive: bool,
    /// Title, question and answers.
    questions: Vec<(String, String, [String; 2])>,
}

fn yes_no() -> [String; 2] {
    ["Yes".to_owned(), "No".to_owned()]
}

fn above(number: usize, date: &str, random: &mut ChaCha8Rng) -> Asked {
    let (asset, step) = match number % 2 {
        0 => ("Bitcoin", 2_000),
        _ => ("Solana", 5),
    };
    let middle = if step == 5 { 150 } else { 100_000 } + step * random.random_range(-3..=3);
    let level = |steps: i64| {
        let dollars = middle + step * steps;
        let shown = grouped(dollars);
        let question = format!("Will the price of {asset} be above ${shown} on {date}?");
        (shown, question, yes_no())
    };
    Asked {
        title: format!("{asset} above ___ on {date}?"),
        exclusive: false,
        questions: [-1, 0, 1].map(level).into(),
    }
}

fn nominee(number: usize) -> Asked {
    let ask = |name: &str| (name.to_owned(), format!("Will {name} win election {number}?"), yes_no());
    Asked {
        title: format!("Winner of election {number}"),
        exclusive: true,
        questions: LEADERS.iter().cycle().skip(number).take(4).map(|name| ask(name)).collect(),
    }
}

fn game(number: usize, date: &str, random: &mut ChaCha8Rng) -> Asked {
    let team = |place: usize| TEAMS.get(place % TEAMS.len()).copied().unwrap_or("Rovers").to_owned();
    let first = random.random_range(0..TEAMS.len());
    let (home, away) = (team(first), team(first + 1 + number % (TEAMS.len() - 1)));
    let title = format!("{home} vs. {away}");
    Asked {
        title: format!("{title} ({date})"),
        exclusive: false,
        questions: vec![(title.clone(), format!("{title} ({date})"), [home, away])],
    }
}

/// `100,000`
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn slug(title: &str, number: usize) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    format!("{}-{number}", words.join("-"))
}

/// A price each ten minutes until now.
fn past(random: &mut ChaCha8Rng, until: i64) -> Vec<(i64, Decimal)> {
    let mut cents = random.random_range(FIRST_PRICES);
    let steps = PAST_HOURS * 6;
    (0..=steps)
        .map(|step| {
            cents = (cents + random.random_range(-1..=1)).clamp(5, 95);
            (until - (steps - step) * 600, Decimal::new(cents, 2))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOW: i64 = 1_790_000_000;

    #[test]
    fn every_market_has_names_of_its_own() {
        let mut markets: Vec<Market> = Vec::new();
        for number in 0..20 {
            let (event, more) = event(3, number, markets.len(), NOW);
            assert!(more.iter().all(|market| market.event == number && market.ends > NOW), "{}", event.title);
            markets.extend(more);
        }
        let slugs: BTreeSet<&str> = markets.iter().map(|market| market.slug.as_str()).collect();
        let tokens: BTreeSet<&String> = markets.iter().flat_map(|market| &market.tokens).collect();
        assert_eq!((slugs.len(), tokens.len()), (markets.len(), markets.len() * 2));
        assert!(markets.iter().any(|market| market.question.contains("above $")));
    }

    #[test]
    fn the_price_of_a_decided_market_is_its_payout() {
        let (_, markets) = event(1, 0, 0, NOW);
        let mut market = markets[0].clone();
        assert_eq!(market.price(0) + market.price(1), Decimal::ONE);
        assert!(market.prices.windows(2).all(|two| two[0].0 < two[1].0));
        market.resolution = Some(Resolution { winner: 1, at: NOW });
        assert_eq!((market.price(0), market.price(1)), (Decimal::ZERO, Decimal::ONE));
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            (grouped(155), grouped(98_000), grouped(1_000_000)),
            ("155".into(), "98,000".into(), "1,000,000".into())
        );
    }
}
