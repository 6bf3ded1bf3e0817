use super::super::moment::Second;
use super::super::resolution::Outcome;
use super::super::testing::{OPEN, close, feed, fold, moment, steady, tick, touch, watch};
use super::super::watch::Side;
use super::*;
use rust_decimal::Decimal;

#[test]
fn a_touch_takes_three_aggregates_over_three_seconds() {
    let rising = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    let hit = feed(&mut fold(&rising), &[(500, Some(16_500)), (2_000, Some(16_600)), (3_500, Some(16_500))]);
    assert_eq!(hit.len(), 1);
    assert_eq!((hit[0].outcome, hit[0].price), (Outcome::YES, Some(Decimal::from(165))));
    assert_eq!((hit[0].first, hit[0].last), (Second::new(OPEN), Second::new(OPEN + 3)));
    let short = [(500, Some(16_500)), (1_500, Some(16_500)), (2_500, Some(16_500)), (3_499, Some(16_500))];
    assert!(feed(&mut fold(&rising), &short).is_empty());
    let falling = [watch(1, touch(Side::AtOrBelow, 16_500), 900)];
    assert_eq!(
        feed(&mut fold(&falling), &[(0, Some(16_400)), (2_000, Some(16_500)), (4_000, Some(1))]).len(),
        1
    );
}

#[test]
fn two_aggregates_are_no_run_however_far_apart_and_gaps_break_it() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    assert!(feed(&mut fold(&watches), &[(0, Some(16_500)), (2_000, Some(16_500))]).is_empty());
    let gap = [(0, Some(16_500)), (1_500, Some(16_500)), (3_501, Some(16_500)), (4_000, Some(16_500))];
    assert!(feed(&mut fold(&watches), &gap).is_empty());
}

#[test]
fn no_price_and_a_price_short_of_the_target_break_a_run() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 900)];
    for breach in [None, Some(16_499)] {
        let mut ticks = vec![(0, Some(16_500)), (1_000, Some(16_500)), (2_000, breach)];
        ticks.extend([(2_500, Some(16_500)), (4_000, Some(16_500)), (5_499, Some(16_500))]);
        let mut fold = fold(&watches);
        assert!(feed(&mut fold, &ticks).is_empty(), "{breach:?}");
        assert_eq!(feed(&mut fold, &[(5_500, Some(16_500))]).len(), 1, "{breach:?}");
    }
}

#[test]
fn a_touch_is_dated_by_its_first_aggregate() {
    let mut fold = fold(&[watch(1, touch(Side::AtOrAbove, 16_500), 900)]);
    let ticks =
        [tick(3_000, Some(16_500), 1_200), tick(4_500, Some(16_600), 1_900), tick(6_000, Some(16_600), 0)];
    let found: Vec<_> = ticks.iter().flat_map(|tick| fold.tick(tick).unwrap()).collect();
    assert_eq!(found[0].observed_at, moment(1_800));
}

#[test]
fn a_run_open_at_the_deadline_is_followed_to_its_end() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    let mut ticks = steady(0..59, 16_000);
    ticks.extend(steady(59..62, 16_500));
    let mut confirmed = fold(&watches);
    assert!(feed(&mut confirmed, &ticks).is_empty());
    assert_eq!(feed(&mut confirmed, &steady(62..63, 16_500))[0].outcome, Outcome::YES);
    let mut broken = fold(&watches);
    assert!(feed(&mut broken, &ticks).is_empty());
    assert_eq!(feed(&mut broken, &steady(62..64, 16_000))[0].outcome, Outcome::NO);
}

#[test]
fn the_date_decides_whether_a_touch_came_before_the_deadline() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    for (lag, outcome) in [(600, Outcome::YES), (500, Outcome::NO)] {
        let mut fold = fold(&watches);
        assert!(feed(&mut fold, &steady(0..60, 16_000)).is_empty());
        let late = (60..66).map(|second| tick(second * 1_000 + 500, Some(16_500), lag));
        let found: Vec<_> = late.flat_map(|tick| fold.tick(&tick).unwrap()).collect();
        assert_eq!(found[0].outcome, outcome, "dated {lag} ms before its receipt");
    }
}

#[test]
fn no_is_said_two_seconds_after_the_deadline_and_needs_coverage() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60)];
    let mut seen = fold(&watches);
    assert!(feed(&mut seen, &steady(0..62, 16_000)).is_empty());
    let no = feed(&mut seen, &steady(62..63, 16_000));
    assert_eq!((no[0].outcome, no[0].observed_at), (Outcome::NO, moment(60_000)));
    assert_eq!((no[0].first, no[0].last), (Second::new(OPEN), Second::new(OPEN + 61)));

    let mut blind = steady(0..20, 16_000);
    blind.extend(steady(27..63, 16_000));
    assert_eq!(feed(&mut fold(&watches), &blind)[0].outcome, Outcome::Insufficient);
}

#[test]
fn the_deadline_price_is_the_mean_before_the_deadline() {
    for (cents, outcome) in [(16_500, Outcome::YES), (16_501, Outcome::NO)] {
        let mut fold = fold(&[watch(1, close(Side::AtOrAbove, cents, 10), 60)]);
        let mut ticks = steady(0..50, 20_000);
        ticks.extend(steady(50..55, 16_400));
        ticks.extend(steady(55..60, 16_600));
        assert!(feed(&mut fold, &ticks).is_empty());
        let found = fold.close_before(Second::new(OPEN + 60));
        assert_eq!((found[0].outcome, found[0].price), (outcome, Some(Decimal::from(165))));
        assert_eq!((found[0].first, found[0].last), (Second::new(OPEN + 50), Second::new(OPEN + 59)));
        assert_eq!(found[0].observed_at, moment(60_000));
    }
}

#[test]
fn the_first_sufficient_window_decides_up_to_ten_minutes_late() {
    let below = [watch(1, close(Side::AtOrBelow, 16_500, 10), 60)];
    let mut late = fold(&below);
    let mut ticks = steady(0..55, 16_000);
    ticks.extend(steady(60..70, 17_000));
    // At most one second of ten may be missing: the first such window is [59, 69).
    let found = feed(&mut late, &ticks);
    assert_eq!((found[0].outcome, found[0].observed_at), (Outcome::NO, moment(69_000)));

    let last_chance = steady(651..660, 16_000);
    let mut patient = fold(&below);
    assert!(feed(&mut patient, &last_chance).is_empty());
    assert_eq!(patient.close_before(Second::new(OPEN + 660))[0].outcome, Outcome::YES);
    let mut blind = fold(&below);
    assert!(feed(&mut blind, &last_chance[1..]).is_empty());
    assert_eq!(blind.close_before(Second::new(OPEN + 660))[0].outcome, Outcome::Insufficient);
}

#[test]
fn a_tick_is_taken_once_and_in_order() {
    let mut fold = fold(&[]);
    fold.tick(&tick(1_500, Some(1), 0)).unwrap();
    assert_eq!(fold.tick(&tick(1_500, Some(1), 0)), Err(OutOfOrder));
    assert_eq!(fold.tick(&tick(999, Some(1), 0)), Err(OutOfOrder));
    fold.close_before(Second::new(OPEN + 2));
    assert_eq!(fold.tick(&tick(1_800, Some(1), 0)), Err(OutOfOrder));
}

#[test]
fn a_forgotten_room_is_never_resolved() {
    let watches = [watch(1, touch(Side::AtOrAbove, 16_500), 60), watch(2, close(Side::AtOrAbove, 1, 10), 60)];
    let mut fold = fold(&watches);
    feed(&mut fold, &steady(0..2, 16_500));
    fold.forget(watches[0].room);
    fold.forget(watches[1].room);
    assert!(feed(&mut fold, &steady(2..100, 16_500)).is_empty());
    assert!(fold.is_empty());
}
