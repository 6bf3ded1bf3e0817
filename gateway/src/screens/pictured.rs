//! Rooms as pictures: what is drawn of one, and the words that carry its numbers in the caption.

use super::{MAX_CAPTION, Prices, Screen, format, question};
use crate::{
    domain::{Question, RoomView, Verdict},
    locales::Language,
    pictures::{Badge, Card, Chart, Drawing, Event, Level, Moment, Picture, Point, Pool, Track},
};
use proto::{Lamports, room::RoomState};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};

/// Of the horizon, how much before the opening is shown as well; between two minutes and an hour.
const LEAD: i64 = 4;
/// Of the chart, how much comes after its last moment.
const TRAIL: i64 = 40;

/// The picture above a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Art {
    /// None: a message that has one gives way to a new one.
    #[default]
    None,
    /// Whatever the changed message has.
    Kept,
    /// This one.
    New(Box<Picture>),
}

/// What happened to the prices of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Of its asset, in USD.
    pub asset: Vec<Point>,
    /// Of what that runs against.
    pub rival: Vec<Point>,
}

/// The stretch of time that a room's chart shows, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The left end.
    pub first: i64,
    /// Until here there may be prices.
    pub until: i64,
    /// The right end.
    pub end: i64,
}

/// What a chart tells, for the caption below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    since: OffsetDateTime,
    extremes: Option<(String, String)>,
    returns: Vec<(String, String)>,
}

impl Window {
    /// From before the opening to the deadline, or to the moment that decided. Nothing for a room without a price.
    #[must_use]
    pub fn of(room: &RoomView, now: OffsetDateTime) -> Option<Self> {
        if matches!(room.question, Question::Custom(_)) {
            return None;
        }
        let open = room.open_at?.unix_timestamp();
        let deadline = room.deadline.unix_timestamp();
        let lead = ((deadline - open) / LEAD).clamp(120, 3_600);
        let first = (open - lead) - (open - lead).rem_euclid(60);
        let decided = room.verdict.as_ref().and_then(|verdict| verdict.observed_at);
        let last = match decided {
            Some(at) if room.is_over() => at.unix_timestamp(),
            _ => deadline,
        };
        let end = last + ((last - first) / TRAIL).max(1);
        Some(Self { first, until: end.min(now.unix_timestamp()), end })
    }
}

/// The picture of a room as it stands, and what the caption has to say of it; nothing without a price to show.
#[must_use]
pub fn room_drawing(
    room: &RoomView,
    verdict: Option<&Verdict>,
    series: &Series,
    prices: Prices,
    now: OffsetDateTime,
) -> Option<(Drawing, Outline)> {
    let window = Window::of(room, now)?;
    let (chart, outline) = match &room.question {
        Question::HeadToHead { rival } => race(room, rival, verdict, series, window)?,
        _ => alone(room, verdict, series, prices, window)?,
    };
    let chart = Chart { moments: moments(room, now), ..chart };
    let title = match &room.question {
        Question::Buckets(_) => question::asset(&room.asset),
        _ => question::short(Language::ENGLISH, room),
    };
    let card = Card {
        number: room.number,
        title,
        badge: badge(room, verdict, now),
        price: headline(room, verdict, prices),
        chart,
        pools: (0..room.outcomes.len()).map(|outcome| pool(room, verdict, outcome)).collect(),
    };
    Some((Drawing::Card(card), outline))
}

/// The first caption that has room below a picture, with the picture above it.
#[must_use]
pub fn captioned(picture: &Picture, captions: impl IntoIterator<Item = Screen>) -> Option<Screen> {
    let screen = captions.into_iter().find(|screen| fits_caption(&screen.text))?;
    Some(Screen { art: Art::New(Box::new(picture.clone())), ..screen })
}

/// Whether a text of Telegram HTML is short enough to stand below a picture.
#[must_use]
pub fn fits_caption(text: &str) -> bool {
    let (mut length, mut hidden) = (0_usize, None);
    for character in text.chars() {
        match (character, hidden) {
            ('<', None) => hidden = Some('>'),
            // An escaped character counts once, at its end.
            ('&', None) => hidden = Some(';'),
            (end, Some(waited)) if end == waited => {
                length += usize::from(end == ';');
                hidden = None;
            }
            (_, Some(_)) => {}
            (shown, None) => length += shown.len_utf16(),
        }
    }
    length <= MAX_CAPTION
}

/// The line of a caption that has the numbers of the chart.
#[must_use]
pub fn outline(language: Language, outline: &Outline, now: OffsetDateTime) -> String {
    let since = ("since", format::moment(language, outline.since, now).into());
    match (outline.returns.as_slice(), &outline.extremes) {
        ([(asset, change), (rival, other)], _) => language.fill(
            "chart-returns",
            &[
                since,
                ("asset", asset.as_str().into()),
                ("change", change.as_str().into()),
                ("rival", rival.as_str().into()),
                ("other", other.as_str().into()),
            ],
        ),
        (_, Some((low, high))) => {
            let (low, high) = (("low", low.as_str().into()), ("high", high.as_str().into()));
            language.fill("chart-extremes", &[since, low, high])
        }
        _ => language.fill("chart-since", &[since]),
    }
}

/// One price, or one market cap, with what it is held against.
fn alone(
    room: &RoomView,
    verdict: Option<&Verdict>,
    series: &Series,
    prices: Prices,
    window: Window,
) -> Option<(Chart, Outline)> {
    let supply = room.question.supply().unwrap_or(Decimal::ONE);
    let mut points: Vec<Point> =
        series.asset.iter().filter_map(|point| each(point, |value| value.checked_mul(supply))).collect();
    let now = prices.asset.and_then(|quote| quote.price.checked_mul(supply));
    if let Some(value) = now.filter(|_| !room.is_over()) {
        points.retain(|point| point.second < window.until);
        points.push(Point { second: window.until, low: value, high: value, close: value });
    }
    if points.len() < 2 {
        return None;
    }
    let said = |value: Decimal| match room.question.supply() {
        Some(_) => format::cap(value),
        None => format::price(value),
    };
    let low = points.iter().map(|point| point.low).min().map(said)?;
    let high = points.iter().map(|point| point.high).max().map(said)?;
    let extremes = (low != high).then_some((low, high));
    let label = now.filter(|_| !room.is_over()).map(said).unwrap_or_default();
    let since = OffsetDateTime::from_unix_timestamp(window.first).ok()?;
    let decided = verdict.filter(|verdict| verdict.void.is_none()).and_then(|verdict| {
        let at = verdict.observed_at.unwrap_or(room.deadline);
        Some((at.unix_timestamp(), verdict.price?))
    });
    let chart = Chart {
        span: (window.first, window.end),
        since: clock(since),
        tracks: vec![Track { name: String::new(), points, label }],
        levels: levels(room, verdict),
        moments: Vec::new(),
        extremes: extremes.clone(),
        decided,
    };
    Some((chart, Outline { since, extremes, returns: Vec::new() }))
}

/// Two returns since betting closed, or since the chart begins.
fn race(
    room: &RoomView,
    rival: &str,
    verdict: Option<&Verdict>,
    series: &Series,
    window: Window,
) -> Option<(Chart, Outline)> {
    let lock = room.lock_at.unix_timestamp();
    let from = if window.until > lock { lock } else { window.first };
    let told = verdict.filter(|verdict| verdict.void.is_none());
    let told = told.and_then(|verdict| Some(((verdict.start?, verdict.price?), verdict.rival?)));
    let (mut tracks, mut returns) = (Vec::new(), Vec::new());
    for (index, (asset, points)) in
        [(room.asset.as_str(), &series.asset), (rival, &series.rival)].iter().enumerate()
    {
        let base = points.iter().find(|point| point.second >= from)?.close;
        let mut change = format::change(base, points.last()?.close)?;
        if let Some(((start, end), (rival_end, rival_start))) = told {
            let (start, end) = if index == 0 { (start, end) } else { (rival_start, rival_end) };
            change = format::change(start, end)?;
        }
        let name = question::asset(asset);
        let points = points.iter().filter_map(|point| each(point, |value| percent(base, value))).collect();
        tracks.push(Track { name: name.clone(), points, label: format!("{change} %") });
        returns.push((name, change));
    }
    let since = OffsetDateTime::from_unix_timestamp(from).ok()?;
    let begins = OffsetDateTime::from_unix_timestamp(window.first).ok()?;
    let chart = Chart {
        span: (window.first, window.end),
        // Where the returns count from the lock, the caption names that moment and not the left end.
        since: if from == window.first { clock(begins) } else { String::new() },
        tracks,
        levels: Vec::new(),
        moments: Vec::new(),
        extremes: None,
        decided: None,
    };
    Some((chart, Outline { since, extremes: None, returns }))
}

fn each(point: &Point, of: impl Fn(Decimal) -> Option<Decimal>) -> Option<Point> {
    Some(Point { low: of(point.low)?, high: of(point.high)?, close: of(point.close)?, ..*point })
}

fn percent(from: Decimal, to: Decimal) -> Option<Decimal> {
    let percent = (to - from).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(from)?;
    Some(percent.round_dp_with_strategy(4, RoundingStrategy::ToZero))
}

fn levels(room: &RoomView, verdict: Option<&Verdict>) -> Vec<Level> {
    match &room.question {
        Question::Touch(target) | Question::Close(target) => {
            vec![Level { value: target.level, label: question::level(room, target.level), word: "TARGET" }]
        }
        Question::UpDown => {
            let start = verdict.and_then(|verdict| verdict.start);
            let level = |value| Level { value, label: format::exact(value), word: "START" };
            start.map(level).into_iter().collect()
        }
        Question::Buckets(bounds) => {
            let level = |value: &Decimal| Level { value: *value, label: format::exact(*value), word: "" };
            bounds.iter().map(level).collect()
        }
        Question::HeadToHead { .. } | Question::Custom(_) => Vec::new(),
    }
}

/// Lock and deadline, as the caption names them: a room decided before its lock has none, and afterwards nobody asks when
/// it was.
fn moments(room: &RoomView, now: OffsetDateTime) -> Vec<Moment> {
    let locks = room.takes_bets(now) || now >= room.lock_at;
    let lock = Moment {
        second: room.lock_at.unix_timestamp(),
        event: Event::Lock,
        label: if room.is_over() { String::new() } else { clock(room.lock_at) },
    };
    let deadline = Moment {
        second: room.deadline.unix_timestamp(),
        event: Event::Deadline,
        label: format!("{} UTC", clock(room.deadline)),
    };
    locks.then_some(lock).into_iter().chain([deadline]).collect()
}

/// `17:30`, or `17:30:05`.
fn clock(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let seconds = if at.second() == 0 { String::new() } else { format!(":{:02}", at.second()) };
    format!("{:02}:{:02}{seconds}", at.hour(), at.minute())
}

fn badge(room: &RoomView, verdict: Option<&Verdict>, now: OffsetDateTime) -> Badge {
    match (room.state, verdict) {
        (RoomState::Voided, _) => Badge::Void,
        (_, Some(verdict)) if verdict.void.is_some() => Badge::Void,
        (_, Some(verdict)) => Badge::Settled(outcome(room, verdict.outcome)),
        (RoomState::Settling, None) => Badge::Settling,
        _ if room.takes_bets(now) => Badge::Open,
        _ => Badge::Locked,
    }
}

/// The price that decided, or the price now.
fn headline(room: &RoomView, verdict: Option<&Verdict>, prices: Prices) -> Option<String> {
    if matches!(room.question, Question::HeadToHead { .. }) {
        return None;
    }
    if let Some(verdict) = verdict {
        let price = verdict.price.filter(|_| verdict.void.is_none())?;
        return Some(format!("${}", question::level(room, price)));
    }
    let price = prices.asset.filter(|_| !room.is_over())?.price;
    Some(match room.question.supply() {
        Some(supply) => format!("${}", format::cap(price.checked_mul(supply)?)),
        None => format!("${}", format::price(price)),
    })
}

fn pool(room: &RoomView, verdict: Option<&Verdict>, index: usize) -> Pool {
    let amount = room.pools.get(index).copied().unwrap_or(Lamports::ZERO);
    let odds = room.odds(index).filter(|_| amount > Lamports::ZERO);
    let share = (room.pool() > Lamports::ZERO).then(|| {
        let thousandths = amount.wide() * 1_000 / room.pool().wide().max(1);
        let share = if odds.is_some() { format!("{} %", room.share(index)) } else { String::new() };
        (u16::try_from(thousandths).unwrap_or(1_000), share)
    });
    let verdict = verdict.filter(|verdict| verdict.void.is_none());
    Pool {
        label: outcome(room, index),
        amount: format!("{amount} SOL"),
        share,
        odds: odds.map(|odds| format!("×{odds}")),
        won: verdict.map(|verdict| verdict.outcome == index),
    }
}

/// An answer in Latin letters and figures.
fn outcome(room: &RoomView, index: usize) -> String {
    let Question::Buckets(bounds) = &room.question else {
        return room.outcomes.get(index).map_or_else(|| format!("#{index}"), |label| question::asset(label));
    };
    let low = index.checked_sub(1).and_then(|below| bounds.get(below)).map(|bound| format::exact(*bound));
    match (low, bounds.get(index).map(|bound| format::exact(*bound))) {
        (None, Some(high)) => format!("< {high}"),
        (Some(low), Some(high)) => format!("{low} – {high}"),
        (Some(low), None) => format!("≥ {low}"),
        (None, None) => format!("#{index}"),
    }
}
