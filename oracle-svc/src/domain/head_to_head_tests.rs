use super::super::doubt::Doubt;
use super::super::moment::SECOND;
use super::super::price::Price;
use super::super::samples::Sample;
use super::*;
use proptest::prelude::*;
use proto::timestamp;
use rust_decimal::Decimal;
use std::ops::Range;
use uuid::Uuid;

const LOCK: i64 = 1_000;
const DEADLINE: i64 = 1_100;

fn room() -> HeadToHead {
    HeadToHead {
        room: RoomId::new(Uuid::from_u128(7)),
        asset: Asset::Sol,
        rival: Asset::Btc,
        lock_at: Second::new(LOCK).begin(),
        deadline: Second::new(DEADLINE).begin(),
        mean: 10,
        suspicion_bps: 100,
    }
}

fn seconds(range: Range<i64>, price: &str) -> Vec<Sample> {
    let price = Some(Price::parse(price).unwrap());
    range.map(|second| Sample { second: Second::new(second), price, doubt: Doubt::default() }).collect()
}

fn both(asset: &[Vec<Sample>], rival: &[Vec<Sample>], end: i64) -> Both {
    let samples = |parts: &[Vec<Sample>]| parts.concat().into_iter().collect();
    Both { asset: samples(asset), rival: samples(rival), end: Second::new(end) }
}

fn answer(both: &Both) -> Resolution {
    match room().look(both) {
        Sight::Resolved(resolution) => resolution,
        later => panic!("{later:?}"),
    }
}

#[test]
fn the_larger_return_wins_whatever_the_prices() {
    for (end, rival_end, outcome) in [
        ("165", "90000", Outcome::Answer(0)),
        ("160", "90000", Outcome::Tie),
        ("160", "90000.01", Outcome::Answer(1)),
        // Both gain exactly a tenth; then one of them a trifle more.
        ("176", "99000", Outcome::Tie),
        ("176.000000000001", "99000", Outcome::Answer(0)),
        ("176", "99000.000000000001", Outcome::Answer(1)),
        ("150", "80000", Outcome::Answer(0)),
    ] {
        let found = answer(&both(
            &[seconds(1_000..1_010, "160"), seconds(1_090..1_100, end)],
            &[seconds(1_000..1_010, "90000"), seconds(1_090..1_100, rival_end)],
            1_100,
        ));
        assert_eq!(found.outcome, outcome, "{end} {rival_end}");
        assert_eq!(found.observed_at, Second::new(DEADLINE).begin());
        assert_eq!((found.first, found.last), (Second::new(LOCK), Second::new(DEADLINE - 1)));
        let told = found.verdict();
        assert_eq!((told.start_price.as_str(), told.rival_start_price.as_str()), ("160", "90000"));
        assert_eq!((told.start_window_end_second, told.window_end_second), (1_010, 1_100));
        assert_eq!(told.price, end.parse::<Decimal>().unwrap().round_dp(8).normalize().to_string());
    }
}

#[test]
fn the_windows_of_both_end_together() {
    // The asset has its first start window at 1_010, the rival at 1_020; ends at 1_100 and 1_105.
    let found = answer(&both(
        &[seconds(1_000..1_015, "160"), seconds(1_015..1_030, "170"), seconds(1_090..1_110, "170")],
        &[seconds(1_011..1_030, "90000"), seconds(1_096..1_110, "90000")],
        1_110,
    ));
    assert_eq!(
        found.start.unwrap(),
        Start { price: Some("165".parse().unwrap()), window_end: Second::new(1_020) }
    );
    assert_eq!((found.window_end, found.outcome), (Some(Second::new(1_105)), Outcome::Answer(0)));
    assert_eq!(found.observed_at, Second::new(1_105).begin());
}

#[test]
fn without_a_common_start_half_way_there_is_no_answer() {
    let asset = [seconds(1_000..1_100, "160")];
    // One second too late: [1_040, 1_050) lacks two of the rival's.
    let rival = [seconds(1_042..1_100, "90000")];
    assert_eq!(room().look(&both(&asset, &rival, 1_049)), Sight::Later(Second::new(1_049)));
    let void = answer(&both(&asset, &rival, 1_050));
    assert_eq!((void.outcome, void.start, void.rival), (Outcome::Insufficient, None, None));
    assert_eq!(void.observed_at, Second::new(DEADLINE).begin());
    let just = [seconds(1_041..1_100, "90000")];
    assert_eq!(answer(&both(&asset, &just, 1_100)).outcome, Outcome::Tie);
}

#[test]
fn a_mean_longer_than_half_of_the_time_left_is_no_start() {
    let room = HeadToHead { mean: 60, ..room() };
    let all = |end| both(&[seconds(1_000..1_100, "160")], &[seconds(1_000..1_100, "90000")], end);
    assert_eq!(room.look(&all(1_059)), Sight::Later(Second::new(1_059)));
    let Sight::Resolved(void) = room.look(&all(1_060)) else { panic!("known when the first mean is") };
    assert_eq!((void.outcome, void.start), (Outcome::Insufficient, None));
    assert_eq!((void.first, void.last), (Second::new(1_000), Second::new(1_059)));
}

#[test]
fn without_a_common_end_in_ten_minutes_there_is_no_answer() {
    let start = |price| seconds(1_000..1_010, price);
    let asset = [start("160"), seconds(1_090..1_710, "160")];
    let rival = [start("90000"), seconds(1_692..1_710, "90000")];
    assert_eq!(room().look(&both(&asset, &rival, 1_699)), Sight::Later(Second::new(1_699)));
    let void = answer(&both(&asset, &rival, 1_700));
    assert_eq!((void.outcome, void.price, void.window_end), (Outcome::Insufficient, None, None));
    let rivals = Rival { start_price: Some(Decimal::from(90_000)), price: None };
    assert_eq!((void.start.unwrap().window_end, void.rival), (Second::new(1_010), Some(rivals)));
    let just = [start("90000"), seconds(1_691..1_710, "90000")];
    assert_eq!(answer(&both(&asset, &just, 1_700)).window_end, Some(Second::new(1_700)));
}

#[test]
fn nothing_is_looked_at_before_it_can_be_known() {
    assert_eq!(room().first_look(), Second::new(1_009));
    assert_eq!(room().look(&Both::default()), Sight::Later(Second::new(1_009)));
    let started = both(&[seconds(1_000..1_010, "160")], &[seconds(1_000..1_010, "90000")], 1_010);
    assert_eq!(room().look(&started), Sight::Later(Second::new(1_099)));
    let [start, end] = room().seconds();
    assert_eq!(
        (start, end),
        (Second::new(1_000)..=Second::new(1_049), Second::new(1_090)..=Second::new(1_699),)
    );
}

#[test]
fn any_of_the_four_windows_can_be_suspicious() {
    let wide = Doubt { confidence_bps: 101, excluded: false };
    for (second, of_rival, suspicious) in [
        (1_005, false, true),
        (1_009, true, true),
        (1_095, true, true),
        (1_099, false, true),
        (1_050, true, false),
    ] {
        let mut parts = [seconds(1_000..1_100, "160"), seconds(1_000..1_100, "90000")];
        parts[usize::from(of_rival)][second - 1_000].doubt = wide;
        let [asset, rival] = parts;
        let found = answer(&both(&[asset], &[rival], 1_100));
        assert_eq!(found.suspicions.confidence, suspicious, "{second}");
    }
}

#[test]
fn refuses_terms_it_cannot_keep() {
    let at = |second: i64| Some(timestamp(Moment::from_micros(second * SECOND).time()));
    let terms = room::Terms {
        room_id: room().room.bytes(),
        kind: room::Kind::HeadToHead.into(),
        asset: "SOL".to_owned(),
        rival_asset: "BTC".to_owned(),
        open_at: at(LOCK - 100),
        lock_at: at(LOCK),
        deadline: at(DEADLINE),
        mean_seconds: 10,
        quorum: 3,
        suspicion_bps: 100,
        ..Default::default()
    };
    assert_eq!(HeadToHead::try_from_terms(&terms, 3), Ok(room()));
    type Spoil = fn(&mut room::Terms);
    let cases: [(&str, Spoil); 6] = [
        ("token", |terms| terms.rival_asset = "9BB6NFEcjBCtnNLFko2FqVQBq8HHM13kCyYcdQbgpump".to_owned()),
        ("itself", |terms| terms.rival_asset = "SOL".to_owned()),
        ("rival", |terms| terms.rival_asset.clear()),
        ("kind", |terms| terms.kind = room::Kind::UpDown.into()),
        ("lock", |terms| terms.lock_at = None),
        ("mean", |terms| terms.mean_seconds = 0),
    ];
    for (name, spoil) in cases {
        let mut terms = terms.clone();
        spoil(&mut terms);
        assert!(HeadToHead::try_from_terms(&terms, 3).is_err(), "{name}");
    }
}

proptest! {
    /// An answer never depends on when it was asked for.
    #[test]
    fn the_answer_is_the_same_whenever_it_is_asked_for(
        prices in proptest::collection::vec((0_i64..710, any::<bool>(), 1_i64..1_000), 300..1_400),
        ends in proptest::collection::vec(1_000_i64..1_712, 1..20),
    ) {
        let mut parts = [seconds(1_000..1_710, "160"), seconds(1_000..1_710, "90000")];
        for (second, of_rival, cents) in prices {
            let price = if cents < 300 { None } else { Price::try_new(Decimal::new(cents, 2)).ok() };
            parts[usize::from(of_rival)][usize::try_from(second).unwrap()].price = price;
        }
        let known = |end: i64| {
            let over = |part: &Vec<Sample>| {
                part.iter().filter(|sample| sample.second < Second::new(end)).copied().collect::<Vec<_>>()
            };
            room().look(&both(&[over(&parts[0])], &[over(&parts[1])], end))
        };
        let last = known(1_712);
        prop_assert!(matches!(last, Sight::Resolved(_)));
        for end in ends {
            match known(end) {
                resolved @ Sight::Resolved(_) => prop_assert_eq!(resolved, last),
                Sight::Later(second) => {
                    // It is indeed not known before that second is over.
                    prop_assert!(matches!(known(second.number()), Sight::Later(_)));
                }
            }
        }
    }
}
