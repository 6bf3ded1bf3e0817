//! Pictures that are drawn as they should be. What they say is tested with the captions, in `screens`.

use super::*;
use rust_decimal::Decimal;

/// A price that goes up and down, a point every ten seconds.
fn points(count: i64) -> Vec<Point> {
    let value = |at: i64| Decimal::new(16_000 + (at * 37 % 101) - (at * at) % 53, 2);
    let point = |at: i64| Point { second: at * 10, low: value(at), high: value(at), close: value(at) };
    (0..count).map(point).collect()
}

fn card(pools: usize) -> Card {
    let pool = |index: usize| Pool {
        label: format!("{index} – {}", index + 1),
        amount: "1.25 SOL".into(),
        share: Some((125, "12 %".into())),
        odds: Some("×7.76".into()),
        won: None,
    };
    let level = Level { value: Decimal::from(162), label: "162".into(), word: "TARGET" };
    Card {
        number: 12,
        title: "SOL ↑ $162".into(),
        badge: Badge::Open,
        price: Some("$160.21".into()),
        chart: Chart {
            span: (0, 6_000),
            since: "17:00".into(),
            tracks: vec![Track { name: String::new(), points: points(400), label: "160.21".into() }],
            levels: vec![level],
            moments: vec![Moment { second: 5_000, event: Event::Lock, label: "17:30".into() }],
            extremes: Some(("159.50".into(), "160.90".into())),
            decided: Some((3_000, Decimal::from(160))),
        },
        pools: (0..pools).map(pool).collect(),
    }
}

fn portfolio(bets: i64) -> Portfolio {
    let step = |at: i64| Step { total: Decimal::new(at * at % 97 - 40, 1), won: Some(at % 3 == 0) };
    Portfolio {
        steps: (1..=bets).map(step).collect(),
        result: "+1.25 SOL".into(),
        counts: ("7".into(), "14".into()),
        extremes: Some(("-4 SOL".into(), "+5.60 SOL".into())),
    }
}

#[test]
fn pictures_are_small_and_the_same_for_the_same_values() {
    let settled = Card { badge: Badge::Settled("8 – 9".into()), ..card(8) };
    let drawings = [
        Drawing::Card(card(2)),
        Drawing::Card(card(8)),
        Drawing::Card(settled),
        Drawing::Portfolio(portfolio(20)),
        Drawing::Portfolio(portfolio(500)),
    ];
    let mut keys = Vec::new();
    for drawing in &drawings {
        let picture = drawing.draw().unwrap();
        assert_eq!(picture, drawing.draw().unwrap());
        assert!(picture.bytes.len() < 300_000, "{} bytes", picture.bytes.len());
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture.bytes.clone())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), card::SIZE);
        assert!(pixels.chunks(4).all(|pixel| pixel[3] == 255), "nothing of the chat's theme shines through");
        keys.push(picture.key);
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), drawings.len());
}

#[test]
fn what_has_no_values_makes_a_picture_without_them_or_none() {
    let bare = Card { chart: Chart { span: (5, 5), ..card(2).chart }, pools: Vec::new(), ..card(2) };
    let texts = Drawing::Card(bare).texts().unwrap();
    assert_eq!(texts, ["ROOM #12", "OPEN", "NOW", "$160.21", "SOL ↑ $162"]);
    assert!(Drawing::Portfolio(portfolio(0)).draw().is_err());
}

#[tokio::test]
async fn a_picture_is_drawn_once_for_all_who_ask() {
    let pictures = Pictures::new(std::time::Duration::from_secs(60));
    let drawing = || Drawing::Card(card(2));
    let (one, other) = tokio::join!(pictures.draw(drawing()), pictures.draw(drawing()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.bytes.as_ptr(), other.bytes.as_ptr());
    assert_eq!(pictures.draw(Drawing::Portfolio(portfolio(0))).await, None, "and its text stands alone");
}

#[test]
fn the_largest_picture_can_be_handed_over() {
    let picture = Picture::new(vec![0xa5; 300_000]);
    let body = serde_json::to_vec(&picture).unwrap();
    assert!(body.len() < 1_000_000, "{} bytes of a message of at most 1 MiB", body.len());
    assert_eq!(serde_json::from_slice::<Picture>(&body).unwrap(), picture);
}
