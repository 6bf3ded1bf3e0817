//! Markets: lists, the card with its book and the course of the price, and prices to wait for.

use super::{
    LABEL, about, age, amounts, condition, outcome, page_line, page_of, polymarket_away, to_market,
    turn_pages,
};
use crate::{
    callbacks::Callback,
    clients::{Gap, Leaf},
    domain::ConditionId,
    locales::{Language, Word},
    pictures::{Chart, Course, Drawing, Point, Track},
    screens::{Button, Screen, format, home, question},
};
use proto::{
    from_timestamp,
    oracle::{BookLevel, Market, MarketOutcome},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use time::OffsetDateTime;

/// Markets on a page.
pub const MARKETS: u32 = 5;
/// The picture shows so much of the past.
pub const COURSE_SECONDS: u32 = 7 * 86_400;
/// Outcomes on a card, and other markets below it.
const OUTCOMES: usize = 4;
const SIBLINGS: usize = 3;

/// Where a list of markets comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched<'a> {
    /// The most traded.
    No,
    /// Those whose question has these words.
    For(&'a str),
}

impl Searched<'_> {
    /// The button that shows a page of it.
    const fn page(self, page: u32) -> Callback {
        match self {
            Self::No => Callback::Markets { page },
            Self::For(_) => Callback::MarketsFound { page },
        }
    }
}

/// A page of markets.
#[must_use]
pub fn markets(
    language: Language,
    searched: Searched,
    page: u32,
    found: &Leaf<Market>,
    now: OffsetDateTime,
) -> Screen {
    let mut lines = match searched {
        Searched::No => vec![language.say("markets-title"), language.say("markets-how")],
        Searched::For(words) => {
            let words = question::cut(words, super::OUTCOME).into();
            vec![language.fill("markets-found", &[("words", words)])]
        }
    };
    lines.push(String::new());
    if found.shown.is_empty() {
        lines.push(language.say("markets-none"));
    }
    for market in &found.shown {
        lines.extend([about(language, market.r#ref.as_ref()), line(language, market, now), String::new()]);
    }
    lines.extend(page_line(language, page, found.more));
    lines.extend(age(language, found.age));
    let doors = found.shown.iter().filter_map(|market| to_market(market.r#ref.as_ref()));
    let all = (searched != Searched::No)
        .then(|| Button::go(language, "button-markets", Callback::Markets { page: 0 }));
    doors
        .fold(Screen::new(lines), |screen, door| screen.row([door]))
        .row(turn_pages(language, page, found.more, |page| searched.page(page)))
        .row([Button::go(language, "button-market-search", Callback::MarketSearch)].into_iter().chain(all))
        .row([
            Button::go(language, "button-refresh", searched.page(page)),
            Button::go(language, "button-tracked", Callback::Tracked),
            home(language),
        ])
}

fn line(language: Language, market: &Market, now: OffsetDateTime) -> String {
    let price = |one: &MarketOutcome| {
        format!("{} {}", question::cut(&one.name, 20), amounts::price(language, &one.price))
    };
    let prices: Vec<_> = market.outcomes.iter().take(2).map(price).collect();
    let values = [
        ("prices", prices.join(" · ").into()),
        ("volume", amounts::volume(language, &market.volume_day_usd).into()),
        ("ends", ends(language, market, now).into()),
    ];
    language.fill("market-line", &values)
}

/// Where the market stands, in a few words.
fn ends(language: Language, market: &Market, now: OffsetDateTime) -> String {
    if !market.resolved.is_empty() {
        return language.plain("market-decided", &[("outcome", outcome(&market.resolved).into())]);
    }
    if market.closed {
        return language.plain("market-closed", &[]);
    }
    match from_timestamp(market.ends_at.as_ref()) {
        Ok(at) if at > now => {
            language.plain("market-ends", &[("when", format::relative(language, at, now).into())])
        }
        _ => language.plain("market-open", &[]),
    }
}

/// Which words?
#[must_use]
pub fn market_search(language: Language) -> Screen {
    Screen::new([language.say("market-search-ask")])
        .row([Button::go(language, "button-markets", Callback::Markets { page: 0 }), home(language)])
}

/// There is no such market, or nobody can say.
#[must_use]
pub fn market_unknown(language: Language, gap: Gap, again: Callback) -> Screen {
    if gap == Gap::Away {
        return polymarket_away(language, again);
    }
    Screen::new([language.say("market-unknown")]).row([
        Button::go(language, "button-market-search", Callback::MarketSearch),
        Button::go(language, "button-markets", Callback::Markets { page: 0 }),
        home(language),
    ])
}

/// A market with its book.
#[must_use]
pub fn market(language: Language, market: &Market, siblings: &[Market], now: OffsetDateTime) -> Screen {
    card(language, market, siblings, &[], usize::MAX, now)
}

/// The card as a caption, from long to short: with the whole book, with half of it, with the best prices alone.
#[must_use]
pub fn market_captions(
    language: Language,
    market: &Market,
    siblings: &[Market],
    course: &[Point],
    now: OffsetDateTime,
) -> [Screen; 4] {
    [5, 2, 1, 0].map(|levels| card(language, market, siblings, course, levels, now))
}

fn card(
    language: Language,
    market: &Market,
    siblings: &[Market],
    course: &[Point],
    levels: usize,
    now: OffsetDateTime,
) -> Screen {
    let reference = market.r#ref.as_ref();
    let mut lines = vec![about(language, reference), ends(language, market, now), String::new()];
    for one in market.outcomes.iter().take(OUTCOMES) {
        lines.push(prices(language, one));
        lines.extend(book(language, one, levels));
    }
    let left_out = market.outcomes.len().saturating_sub(OUTCOMES);
    if left_out > 0 {
        lines.push(language.fill("market-more-outcomes", &[("count", left_out.into())]));
    }
    lines.push(String::new());
    let volume = |text: &str| Word::from(amounts::volume(language, text));
    let volumes = [
        ("all", volume(&market.volume_usd)),
        ("day", volume(&market.volume_day_usd)),
        ("liquidity", volume(&market.liquidity_usd)),
    ];
    lines.push(language.fill("market-volume", &volumes));
    lines.extend(course_line(language, market, course));
    lines.extend(age(language, market.age_seconds));
    let screen = Screen::new(lines);
    let Some(id) = condition(reference) else { return screen.row([home(language)]) };
    doors(screen, language, market, siblings, id)
}

fn doors(
    screen: Screen,
    language: Language,
    market: &Market,
    siblings: &[Market],
    id: ConditionId,
) -> Screen {
    let bells = market.outcomes.iter().zip(0..).take(2).filter(|_| !market.closed).map(|(one, index)| {
        let label = language.plain("button-bell", &[("outcome", question::cut(&one.name, 16).into())]);
        Button::press(label, Callback::PriceAlert { market: id, outcome: index })
    });
    let room = (!market.closed)
        .then(|| Button::go(language, "button-room-from-market", Callback::RoomFromMarket { market: id }));
    let others = siblings.iter().take(SIBLINGS).filter_map(|other| to_market(other.r#ref.as_ref()));
    others
        .fold(screen.row(bells).row(room), |screen, other| screen.row([other]))
        .row(page_of(language, market.r#ref.as_ref()))
        .row([
            Button::go(language, "button-refresh", Callback::Market { market: id }),
            Button::go(language, "button-markets", Callback::Markets { page: 0 }),
            home(language),
        ])
}

fn prices(language: Language, one: &MarketOutcome) -> String {
    let price = |text: &str| Word::from(amounts::price(language, text));
    let mut values = vec![("outcome", outcome(&one.name).into()), ("price", price(&one.price))];
    if one.best_bid.is_empty() && one.best_ask.is_empty() {
        return language.fill("market-outcome", &values);
    }
    values.extend([
        ("bid", price(&one.best_bid)),
        ("ask", price(&one.best_ask)),
        ("spread", price(&one.spread)),
    ]);
    language.fill("market-outcome-book", &values)
}

/// The best orders of both sides, side by side: who buys, who sells.
fn book(language: Language, one: &MarketOutcome, levels: usize) -> Vec<String> {
    let side = |level: Option<&BookLevel>| {
        level.map_or_else(String::new, |level| {
            format!(
                "{} × {}",
                amounts::price(language, &level.price),
                amounts::shares(language, &level.shares)
            )
        })
    };
    let rows = one.bids.len().max(one.asks.len()).min(levels);
    // The best of each side stand in the line above.
    let rows = if levels <= 1 { 0 } else { rows };
    (0..rows)
        .map(|row| format!("{:<18}│ {}", side(one.bids.get(row)), side(one.asks.get(row))))
        .map(|row| language.fill("market-book-line", &[("row", row.trim_end().into())]))
        .collect()
}

/// The numbers of the picture.
fn course_line(language: Language, market: &Market, course: &[Point]) -> Option<String> {
    let low = course.iter().map(|point| point.close).min()?;
    let high = course.iter().map(|point| point.close).max()?;
    let values = [
        ("outcome", outcome(&market.outcomes.first()?.name).into()),
        ("low", amounts::cents(low).into()),
        ("high", amounts::cents(high).into()),
    ];
    Some(language.fill("market-course", &values))
}

/// The course of the first outcome's price; nothing where it is not known.
#[must_use]
pub fn market_drawing(market: &Market, course: &[Point], now: OffsetDateTime) -> Option<Drawing> {
    let first = market.outcomes.first()?;
    let (begin, end) = (course.first()?.second, course.last()?.second);
    let end = end.max(now.unix_timestamp());
    let now = amounts::number(&first.price).or_else(|| course.last().map(|point| point.close))?;
    let low = course.iter().map(|point| point.close).min().map(amounts::cents)?;
    let high = course.iter().map(|point| point.close).max().map(amounts::cents)?;
    // What the font of pictures has.
    let latin = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    let title: String = first.name.chars().filter(|letter| latin(*letter)).collect();
    let chart = Chart {
        span: (begin, end + (end - begin) / 40 + 1),
        since: String::new(),
        tracks: vec![Track {
            name: String::new(),
            points: course.to_vec(),
            label: course.last().map(|point| amounts::cents(point.close)).unwrap_or_default(),
        }],
        levels: Vec::new(),
        moments: Vec::new(),
        extremes: (low != high).then_some((low, high)),
        decided: None,
    };
    Some(Drawing::Course(Course {
        heading: "POLYMARKET · 7 DAYS".to_owned(),
        title: question::cut(title.trim(), LABEL),
        price: amounts::cents(now),
        chart,
    }))
}

/// Which price of an outcome? `wrong` if the last text was none.
#[must_use]
pub fn price_alert_ask(
    language: Language,
    market: &Market,
    index: u32,
    outcome_of: &MarketOutcome,
    wrong: bool,
) -> Screen {
    let mut lines = Vec::new();
    if wrong {
        lines.extend([language.say("price-alert-not-a-price"), String::new()]);
    }
    lines.push(about(language, market.r#ref.as_ref()));
    let values = [
        ("outcome", outcome(&outcome_of.name).into()),
        ("price", amounts::price(language, &outcome_of.price).into()),
    ];
    lines.push(language.fill("price-alert-ask", &values));
    let screen = Screen::new(lines);
    let Some(id) = condition(market.r#ref.as_ref()) else { return screen.row([home(language)]) };
    let preset = |cents: u8| {
        let price = amounts::cents(Decimal::new(i64::from(cents), 2));
        Button::press(price, Callback::PriceAlertAt { market: id, outcome: index, cents })
    };
    screen
        .row(around(&outcome_of.price).into_iter().map(preset))
        .row([Button::go(language, "button-back", Callback::Market { market: id }), home(language)])
}

/// Whole cents on both sides of a price.
fn around(price: &str) -> Vec<u8> {
    let cents = amounts::number(price)
        .and_then(|price| price.checked_mul(Decimal::ONE_HUNDRED))
        .and_then(|cents| cents.round().to_i64())
        .unwrap_or(50);
    [-10, -5, 5, 10]
        .into_iter()
        .filter_map(|step| u8::try_from(cents + step).ok().filter(|cents| (1..=99).contains(cents)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_to_wait_for_are_prices() {
        assert_eq!(around("0.62"), [52, 57, 67, 72]);
        assert_eq!(around("0.97"), [87, 92]);
        assert_eq!(around("0.005"), [5, 10]);
        assert_eq!(around(""), [40, 45, 55, 60]);
    }
}
