//! What the pictures of rooms say is what their captions say.

use super::{play::other, *};
use crate::pictures::{Drawing, Picture, Point};
use std::collections::BTreeSet;

/// What stands below pictures.
pub(super) fn all(language: Language) -> Vec<(&'static str, Screen)> {
    let room = touch();
    let series = Series { asset: series(&room, NOW, "160.21"), rival: Vec::new() };
    let (_, outline) = room_drawing(&room, None, &series, prices("160.21"), NOW).unwrap();
    let [caption, ..] = room_captions(language, &room, &nobody(), prices("160.21"), &outline, NOW);
    vec![
        ("card_pictured", caption),
        ("portfolio", portfolio(language, course(&bets()).map(|(_, course)| course).as_ref())),
        ("portfolio_none", portfolio(language, None)),
    ]
}

/// The newest first: lost 0.5, got back, won 1.25, won 0.3, lost 0.5.
fn bets() -> [crate::domain::Settled; 5] {
    let bet = |net: &str, fate: Fate| {
        let stake = sol("0.5");
        let net = if fate == Fate::Lost { Lamports::new(-stake.get()) } else { sol(net) };
        let verdict = Verdict::of_settlement(&WireVerdict::default()).unwrap();
        let room = touch();
        crate::domain::Settled { room, verdict, outcome: 0, stake, payout: stake, net, fate, at: NOW }
    };
    [
        bet("0", Fate::Lost),
        bet("0", Fate::RoomVoid),
        bet("1.25", Fate::Won),
        bet("0.3", Fate::Won),
        bet("0", Fate::Lost),
    ]
}

/// A price of every half minute from a while before the opening on.
fn series(room: &RoomView, now: OffsetDateTime, base: &str) -> Vec<Point> {
    let window = Window::of(room, now).unwrap();
    let base: rust_decimal::Decimal = base.parse().unwrap();
    let steps = (window.first..=window.until).step_by(30).enumerate();
    let point = |(index, second): (usize, i64)| {
        let wave = rust_decimal::Decimal::new(i64::try_from(index * 37 % 23).unwrap() - 9, 4);
        let close = base + base * wave;
        Point { second, low: close, high: close, close }
    };
    steps.map(point).collect()
}

/// Numbers of a text, as they stand there: `104,500.25`, `17:30`, `1`.
fn numbers(text: &str) -> BTreeSet<String> {
    let inside = |character: char| character.is_ascii_digit() || ".,:".contains(character);
    let words = text.split(|character| !inside(character));
    let words = words.map(|word| word.trim_matches(|end: char| ".,:".contains(end)).to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// The text as it is read: without tags.
fn read(html: &str) -> String {
    let mut tag = false;
    let shown = html.chars().filter(|character| {
        let inside = tag || *character == '<';
        tag = inside && *character != '>';
        !inside
    });
    shown.collect()
}

fn carries(name: &str, drawing: &Drawing, captions: &[Screen]) {
    let drawn: BTreeSet<String> = drawing.texts().unwrap().iter().flat_map(|text| numbers(text)).collect();
    assert!(drawn.len() >= 4, "{name}: the picture says too little: {drawn:?}");
    for caption in captions {
        let told = numbers(&read(&caption.text));
        let untold: Vec<_> = drawn.difference(&told).collect();
        assert!(untold.is_empty(), "{name}: {untold:?} not in the caption\n{}", caption.text);
    }
    let picture = Picture::new(vec![1]);
    let shown = captioned(&picture, captions.to_vec());
    let shown = shown.unwrap_or_else(|| panic!("{name}: no caption is short enough"));
    assert_eq!(shown.art, Art::New(Box::new(picture)));
}

const LIVE: [WireKind; 7] = [
    WireKind::Touch,
    WireKind::Close,
    WireKind::UpDown,
    WireKind::Buckets,
    WireKind::HeadToHead,
    WireKind::CapTouch,
    WireKind::CapClose,
];

#[test]
fn captions_say_every_number_of_the_picture_in_every_language() {
    let later = datetime!(2026-11-22 17:40 UTC);
    for language in Language::all() {
        for (state, now) in [(RoomState::Open, NOW), (RoomState::Locked, later)] {
            for kind in LIVE {
                let room = other(kind, state);
                let cap = room.question.supply().is_some();
                let (base, rival) = if cap { ("0.00098", "0.00098") } else { ("160.21", "102310.5") };
                let series = Series { asset: series(&room, now, base), rival: series(&room, now, rival) };
                let prices = Prices { asset: quote(base), rival: quote(rival) };
                let (drawing, outline) = room_drawing(&room, None, &series, prices, now).unwrap();
                let me = playing(player(BetState::Accepted));
                let captions = room_captions(language, &room, &me, prices, &outline, now);
                carries(&format!("{kind:?} {state:?} {}", language.code()), &drawing, &captions);
            }
        }
    }
}

#[test]
fn captions_of_results_say_every_number_of_the_picture() {
    let after = datetime!(2026-11-22 18:02 UTC);
    let wire = |price: &str| WireVerdict {
        price: price.into(),
        observed_at: Some(timestamp(datetime!(2026-11-22 17:42:10 UTC))),
        ..WireVerdict::default()
    };
    let up = WireVerdict { start_price: "160.4".into(), ..wire("161.25") };
    let race = WireVerdict {
        start_price: "160".into(),
        rival_price: "102500".into(),
        rival_start_price: "102310.5".into(),
        ..wire("161.6")
    };
    let void = WireVerdict { void_reason: VoidReason::NoOpposition.into(), ..wire("165.02") };
    let told = [
        (WireKind::Touch, wire("165.02")),
        (WireKind::Touch, void),
        (WireKind::UpDown, up),
        (WireKind::Buckets, wire("163.3")),
        (WireKind::HeadToHead, race),
        (WireKind::CapTouch, wire("1250100.5")),
    ];
    for (kind, wire) in told {
        let room = other(kind, RoomState::Settled);
        let verdict = Verdict::of_settlement(&wire).unwrap();
        let room = RoomView { verdict: Some(verdict.clone()), ..room };
        let base = if room.question.supply().is_some() { "0.00098" } else { "160.21" };
        let series = Series { asset: series(&room, after, base), rival: series(&room, after, "102310.5") };
        let drawn = room_drawing(&room, Some(&verdict), &series, Prices::default(), after);
        let (drawing, outline) = drawn.unwrap();
        let settlement = GetSettlementResponse {
            state: SettlementState::Anchored.into(),
            verdict: Some(wire),
            root: vec![7; 32],
            receipt_signature: SIGNATURE.into(),
            protocol_fee_lamports: 15_000_000,
            ..GetSettlementResponse::default()
        };
        let venues = ["binance", "coinbase", "kraken", "okx"].map(str::to_owned);
        let settled = Settled {
            settlement: Some((&settlement, &verdict)),
            venues: &venues,
            explorer: None,
            evidence: Some("https://example.org/evidence/1".into()),
        };
        let me = playing(player(BetState::Won));
        let captions = result_captions(EN, &room, &me, &settled, &outline, after);
        carries(&format!("result of {kind:?}"), &drawing, &captions);
        let captions = room_captions(EN, &room, &me, Prices::default(), &outline, after);
        let drawing = room_drawing(&room, room.verdict.as_ref(), &series, Prices::default(), after);
        carries(&format!("card of {kind:?} afterwards"), &drawing.unwrap().0, &captions);
    }
}

#[test]
fn without_a_price_there_is_no_picture() {
    let room = touch();
    let none = room_drawing(&room, None, &Series::default(), prices("160.21"), NOW);
    assert_eq!(none, None, "one price is no chart");
    let custom = other(WireKind::Custom, RoomState::Open);
    assert_eq!((Window::of(&custom, NOW), Window::of(&touch(), NOW).is_some()), (None, true));
    let race = other(WireKind::HeadToHead, RoomState::Open);
    let one = Series { asset: series(&race, NOW, "160"), rival: Vec::new() };
    assert_eq!(room_drawing(&race, None, &one, Prices::default(), NOW), None, "nor is one of two");
}

#[test]
fn what_is_too_long_for_a_caption_stands_alone() {
    let long = |count| format!("<b>{}</b>&amp;", "é".repeat(count));
    assert!(fits_caption(&long(MAX_CAPTION - 1)) && !fits_caption(&long(MAX_CAPTION)));
    assert!(!fits_caption(&"📈".repeat(MAX_CAPTION / 2 + 1)), "counted as Telegram counts");
    let screen = |text: String| Screen { text, ..Screen::default() };
    let picture = Picture::new(vec![1]);
    let shorter = [screen(long(2_000)), screen(long(5))];
    assert_eq!(captioned(&picture, shorter).unwrap().text, long(5));
    assert_eq!(captioned(&picture, [screen(long(2_000))]), None);
    let pictured = Screen { art: Art::New(Box::new(picture)), ..screen(long(2_000)) };
    assert_eq!(crate::delivery::Letter::new(1, &pictured).art, Art::None);
}

#[test]
fn the_chart_of_settled_bets_is_told_below_it() {
    let bets = bets();
    let (drawing, told) = course(&bets).unwrap();
    assert_eq!(course(&bets[..1]), None, "one bet has no course");
    for language in Language::all() {
        let caption = portfolio(language, Some(&told));
        assert!(caption.text.contains("+0.55") && caption.text.contains("−0.5"), "{}", caption.text);
        carries("portfolio", &drawing, &[caption]);
    }
}
